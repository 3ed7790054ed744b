"""JAX: an epoch in one jitted scan."""

import functools
from typing import Any

import jax
import jax.numpy as jnp

from contestants.base import LEARNING_RATE, Array
from gpt import Sizes

BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7


def normalized(x: Any, scale: Any, shift: Any) -> Any:
    mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-3) * scale + shift


def logits(parameters: Any, x: Any, heads: int) -> Any:
    x = parameters["tokens"][x] + parameters["places"]
    for p in parameters["blocks"]:
        y = normalized(x, *p["first"])
        batch, time, width = y.shape
        q, k, v = ((y @ w + b).reshape(batch, time, heads, -1) for w, b in (p["q"], p["k"], p["v"]))
        y = jax.nn.dot_product_attention(q, k, v, is_causal=True).reshape(batch, time, width)
        x = x + y @ p["out"][0] + p["out"][1]
        y = jax.nn.gelu(normalized(x, *p["second"]) @ p["up"][0] + p["up"][1], approximate=False)
        x = x + y @ p["down"][0] + p["down"][1]
    return normalized(x, *parameters["norm"]) @ parameters["head"][0] + parameters["head"][1]


def loss(parameters: Any, x: Any, y: Any, heads: int) -> Any:
    log_probabilities = jax.nn.log_softmax(logits(parameters, x, heads))
    return -jnp.where(jnp.arange(log_probabilities.shape[-1]) == y[..., None], log_probabilities, 0).sum(-1).mean()


def step(state: Any, rows: Any, heads: int) -> Any:
    parameters, m, v, t = state
    t = t + 1
    gradients = jax.grad(loss)(parameters, *rows, heads)
    m = jax.tree.map(lambda m, g: m + (1 - BETA_1) * (g - m), m, gradients)
    v = jax.tree.map(lambda v, g: v + (1 - BETA_2) * (g * g - v), v, gradients)
    rate = LEARNING_RATE * jnp.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
    parameters = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + EPSILON), parameters, m, v)
    return (parameters, m, v, t), None


@functools.partial(jax.jit, static_argnames=("batch", "heads"), donate_argnums=0)
def epoch(state: Any, key: Any, x: Any, y: Any, batch: int, heads: int) -> Any:
    order = jax.random.permutation(key, len(x))
    batches = (x[order].reshape(-1, batch, x.shape[1]), y[order].reshape(-1, batch, y.shape[1]))
    return jax.lax.scan(functools.partial(step, heads=heads), state, batches)[0]


class Jax:
    def __init__(self, sizes: Sizes, batch: int) -> None:
        self.batch, self.heads = batch, sizes.heads
        self.key = jax.random.key(0)
        glorot, width = jax.nn.initializers.glorot_uniform(), sizes.width

        def dense(inputs: int, outputs: int) -> tuple[Any, Any]:
            self.key, key = jax.random.split(self.key)
            return glorot(key, (inputs, outputs)), jnp.zeros(outputs)

        def norm() -> tuple[Any, Any]:
            return jnp.ones(width), jnp.zeros(width)

        def block() -> dict[str, Any]:
            square = {name: dense(width, width) for name in ("q", "k", "v", "out")}
            wide = {"up": dense(width, 4 * width), "down": dense(4 * width, width)}
            return square | wide | {"first": norm(), "second": norm()}

        parameters = {
            "tokens": dense(sizes.vocabulary, width)[0],
            "places": dense(sizes.time, width)[0],
            "blocks": [block() for _ in range(sizes.blocks)],
            "norm": norm(),
            "head": dense(width, sizes.vocabulary),
        }
        zeros = jax.tree.map(jnp.zeros_like, parameters)
        self.state = (parameters, zeros, jax.tree.map(jnp.copy, zeros), jnp.float32(0))

    def load(self, x: Array, y: Array) -> None:
        self.x, self.y = jnp.asarray(x), jnp.asarray(y)

    def train(self, epochs: int) -> None:
        for _ in range(epochs):
            self.key, key = jax.random.split(self.key)
            self.state = epoch(self.state, key, self.x, self.y, self.batch, self.heads)
        jax.block_until_ready(self.state)


def create(sizes: Sizes, batch: int) -> Jax:
    return Jax(sizes, batch)
