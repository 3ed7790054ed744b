"""JAX as its experts write it: "scan" jits a whole epoch, "step" one training step."""

import functools
import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from contestants.base import LEARNING_RATE, Array, Contestant

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7


def logits(parameters: Any, x: Any, network: Any) -> Any:
    *hidden, (weight, bias) = parameters
    for layer, (w, b, *scale) in enumerate(hidden):
        if not network:
            x = jax.nn.relu(x @ w + b)
            continue
        kind, padding, normalized, halved = network[layer]
        if isinstance(kind, str):
            x = SEQUENCES[kind](x, w, b, *scale)
            continue
        x = jax.lax.conv_general_dilated(x, w, (1, 1), padding.upper(), dimension_numbers=("NHWC", "HWIO", "NHWC")) + b
        if normalized:
            mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
            x = (x - mean) * (jax.lax.rsqrt(variance + 1e-3) * scale[0]) + scale[1]
        x = jax.nn.relu(x)
        if halved:
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
    return x.reshape(len(x), -1) @ weight + bias


def lstm(x: Any, kernel: Any, bias: Any, recurrent: Any) -> Any:
    """The last state; what does not wait for it is one product for all steps."""

    def step(state: Any, sums: Any) -> Any:
        h, c = state
        i, f, g, o = jnp.split(sums + h @ recurrent, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    zeros = jnp.zeros((len(x), len(recurrent)))
    return jax.lax.scan(step, (zeros, zeros), jnp.swapaxes(x @ kernel + bias, 0, 1))[0][0]


def gru(x: Any, kernel: Any, bias: Any, recurrent: Any, more: Any) -> Any:
    """The same, with the reset gate behind the product."""

    def step(h: Any, sums: Any) -> Any:
        (xz, xr, xg), (hz, hr, hg) = (jnp.split(part, 3, axis=-1) for part in (sums, h @ recurrent + more))
        z, r = jax.nn.sigmoid(xz + hz), jax.nn.sigmoid(xr + hr)
        return z * h + (1 - z) * jnp.tanh(xg + r * hg), None

    zeros = jnp.zeros((len(x), len(recurrent)))
    return jax.lax.scan(step, zeros, jnp.swapaxes(x @ kernel + bias, 0, 1))[0]


SEQUENCES: dict[str, Any] = {"lstm": lstm, "gru": gru, "embedding": lambda x, table, _: table[x].mean(axis=1)}


def loss(parameters: Any, x: Any, y: Any, network: Any) -> Any:
    # Comparing with each class is up to 7 % faster than picking the right one with take_along_axis.
    log_probabilities = jax.nn.log_softmax(logits(parameters, x, network))
    return -jnp.where(jnp.arange(log_probabilities.shape[1]) == y[:, None], log_probabilities, 0).sum(axis=1).mean()


def step(state: Any, x: Any, y: Any, network: Any) -> Any:
    parameters, m, v, t = state
    t = t + 1
    gradients = jax.grad(loss)(parameters, x, y, network)
    m = jax.tree.map(lambda m, g: m + (1 - BETA_1) * (g - m), m, gradients)
    v = jax.tree.map(lambda v, g: v + (1 - BETA_2) * (g * g - v), v, gradients)
    rate = LEARNING_RATE * jnp.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
    parameters = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + EPSILON), parameters, m, v)
    return parameters, m, v, t


@functools.partial(jax.jit, static_argnames=("batch", "network"), donate_argnums=0)
def epoch(state: Any, key: Any, x: Any, y: Any, batch: int, network: Any) -> Any:
    # Gathering the whole epoch first, not batch by batch: 1.4 times faster on "tabular", 4 % slower on "mnist".
    order = jax.random.permutation(key, len(x))
    batches = (x[order].reshape(-1, batch, *x.shape[1:]), y[order].reshape(-1, batch))
    return jax.lax.scan(lambda state, rows: (step(state, rows[0], rows[1], network), None), state, batches)[0]


class Jax(Contestant):
    def __init__(self, shapes: list[tuple[int, ...]], network: Any, batch: int) -> None:
        self.batch, self.network = batch, network
        self.key = jax.random.key(0)
        glorot = jax.nn.initializers.glorot_uniform()
        parameters: list[Any] = [
            (glorot(key, shape), jnp.zeros(shape[-1]))
            for key, shape in zip(jax.random.split(self.key, len(shapes)), shapes, strict=True)
        ]
        for layer, block in enumerate(network):
            if block[0] in ("lstm", "gru"):  # the recurrent kernel, and GRU's second bias
                width = shapes[layer][1]
                parameters[layer] += (jax.nn.initializers.orthogonal()(self.key, (block[1], width)),)
                parameters[layer] += (jnp.zeros(width),) if block[0] == "gru" else ()
            if block[2]:  # batch normalization: gamma and beta
                parameters[layer] += (jnp.ones(block[0]), jnp.zeros(block[0]))
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        self.state = (parameters, zeros, jax.tree.map(jnp.copy, zeros), jnp.float32(0))
        self.infer = jax.jit(lambda parameters, x: jax.nn.softmax(logits(parameters, x, network)))

    def predict(self, x: Array) -> Array:
        return np.asarray(self.infer(self.state[0], x))


class JaxScan(Jax):
    def load(self, x: Array, y: Array) -> None:
        self.x, self.y = jnp.asarray(x), jnp.asarray(y)

    def train(self, epochs: int) -> None:
        for _ in range(epochs):
            self.key, key = jax.random.split(self.key)
            self.state = epoch(self.state, key, self.x, self.y, self.batch, self.network)
        jax.block_until_ready(self.state)


class JaxStep(Jax):
    def __init__(self, shapes: list[tuple[int, ...]], network: Any, batch: int) -> None:
        super().__init__(shapes, network, batch)
        self.random = np.random.default_rng(0)
        self.step = jax.jit(step, static_argnames="network", donate_argnums=0)

    def train(self, epochs: int) -> None:
        for _ in range(epochs):
            for rows in self.random.permutation(len(self.x)).reshape(-1, self.batch):
                self.state = self.step(self.state, self.x[rows], self.y[rows], network=self.network)
        jax.block_until_ready(self.state)


def create(sizes: tuple[int, ...], batch: int, variant: str) -> Contestant:
    return (JaxScan if variant == "scan" else JaxStep)(list(itertools.pairwise(sizes)), (), batch)


def create_convolutional(shape: list[int], blocks: list[Any], classes: int, batch: int, variant: str) -> Contestant:
    shapes: list[tuple[int, ...]] = []
    (height, width, channels) = shape
    for filters, padding, _, halved in blocks:
        shapes.append((3, 3, channels, filters))
        cut, channels = 2 if padding == "valid" else 0, filters
        height, width = ((size - cut) // (2 if halved else 1) for size in (height, width))
    shapes.append((channels * height * width, classes))
    network = tuple(map(tuple, blocks))
    return (JaxScan if variant == "scan" else JaxStep)(shapes, network, batch)


def create_sequence(kind: str, shape: tuple[int, int], sizes: tuple[int, ...], batch: int, variant: str) -> Contestant:
    units, classes = sizes
    width = {"lstm": 4, "gru": 3, "embedding": 1}[kind] * units
    network = ((kind, units, False, False),)
    return (JaxScan if variant == "scan" else JaxStep)([(shape[1], width), (units, classes)], network, batch)
