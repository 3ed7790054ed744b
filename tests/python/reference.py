"""Independent NumPy float64: random streams, differentiation, dense networks and their gradients, optimizers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray

# --- Random streams ---------------------------------------------------------------------------------------------------


def philox(seed: int, stream: int, count: int) -> Array:
    """The first words of a stream of Philox4x32-10 (Salmon et al., SC 2011): key (seed), counter (i, stream)."""
    blocks = np.arange((count + 3) // 4, dtype=np.uint64)
    low = np.uint64(0xFFFFFFFF)
    c = [
        blocks & low,
        blocks >> np.uint64(32),
        np.full_like(blocks, stream & 0xFFFFFFFF),
        np.full_like(blocks, stream >> 32),
    ]
    key = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [
            (b >> np.uint64(32)) ^ c[1] ^ np.uint64(key[0]),
            b & low,
            (a >> np.uint64(32)) ^ c[3] ^ np.uint64(key[1]),
            a & low,
        ]
        key = [(key[0] + 0x9E3779B9) & 0xFFFFFFFF, (key[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return np.stack(c, axis=1).reshape(-1)[:count].astype(np.uint32)


def row_order(rows: int, seed: int, epoch: int) -> Array:
    """The order in which an epoch takes the rows: Fisher and Yates, with Lemire's unbiased integers."""
    bits = iter(philox(seed, (1 << 63) + epoch, 2 * rows + 64).tolist())
    order = list(range(rows))
    for n in range(rows, 1, -1):
        product = next(bits) * n
        while product % 2**32 < 2**32 % n:
            product = next(bits) * n
        i = product >> 32
        order[n - 1], order[i] = order[i], order[n - 1]
    return np.array(order)


# --- Differentiation --------------------------------------------------------------------------------------------------

STEP = 1e-5  # cube root of the rounding error: truncation and rounding are both about 1e-10


def numeric_gradient(f: Callable[[Array], float], x: Array) -> Array:
    """Central differences of a scalar function, element by element."""
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        ends = []
        for step in (STEP, -STEP):
            moved = x.copy()
            moved[i] += step
            ends.append(f(moved))
        gradient[i] = (ends[0] - ends[1]) / (2 * STEP)
    return gradient


def relative_error(found: Array, expected: Array) -> float:
    """The greatest difference, in units of the greatest expected element."""
    if expected.size == 0:
        return 0.0
    return float(np.max(np.abs(found - expected)) / max(np.max(np.abs(expected)), 1e-3))


# --- Dense networks ---------------------------------------------------------------------------------------------------


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(z: Array) -> Array:
    return 0.5 * (1 + np.tanh(z / 2))


def softmax_backward(y: Array, dy: Array) -> Array:
    return y * (dy - np.sum(dy * y, -1, keepdims=True))


# Each activation with its derivative times dy, from its output.
ACTIVATIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array, Array], Array]]] = {
    "linear": (lambda z: z, lambda y, dy: dy),
    "relu": (lambda z: np.maximum(z, 0), lambda y, dy: dy * (y > 0)),
    "tanh": (np.tanh, lambda y, dy: dy * (1 - y**2)),
    "sigmoid": (sigmoid, lambda y, dy: dy * y * (1 - y)),
    "softmax": (softmax, softmax_backward),
}


def squared_error(y: Array, p: Array) -> tuple[Array, Array]:
    """The loss of each row and its derivative by the prediction; so the others."""
    return np.mean((p - y) ** 2, -1), 2 * (p - y) / p.shape[-1]


def sparse_crossentropy(y: Array, p: Array) -> tuple[Array, Array]:
    total, own = p.sum(-1, keepdims=True), np.take_along_axis(p, y[:, None], -1)
    target = np.eye(p.shape[-1], dtype=p.dtype)[y]
    return -np.log(own / total)[:, 0], 1 / total - target / own


LOSSES = {"mean_squared_error": squared_error, "sparse_categorical_crossentropy": sparse_crossentropy}


@dataclass
class DenseNetwork:
    """Dense layers one after the other; `weights` are kernel, bias, kernel, bias, ... Computes in their type."""

    weights: list[Array]
    activations: list[str]

    def outputs(self, x: Array) -> list[Array]:
        """x and what every layer makes of it."""
        values = [x]
        for i, name in enumerate(self.activations):
            kernel, bias = self.weights[2 * i : 2 * i + 2]
            values.append(ACTIVATIONS[name][0](values[-1] @ kernel + bias))
        return values

    def gradients(self, x: Array, y: Array, loss: str) -> tuple[Array, list[Array], Array]:
        """Loss of each row, the gradients of their mean, and the predictions."""
        values = self.outputs(x)
        rows, d = LOSSES[loss](y, values[-1])
        d = d / len(x)
        gradients: list[Array] = []
        for i in range(len(self.activations) - 1, -1, -1):
            d = ACTIVATIONS[self.activations[i]][1](values[i + 1], d)
            gradients = [values[i].T @ d, d.sum(0), *gradients]
            d = d @ self.weights[2 * i].T
        return rows, gradients, values[-1]


# --- Optimizers -------------------------------------------------------------------------------------------------------


def clip(gradients: list[Array], clipnorm: float = 0, clipvalue: float = 0, global_clipnorm: float = 0) -> list[Array]:
    """As Keras: the norm of each gradient, each element, or the norm of all together is limited."""
    if clipvalue:
        return [np.clip(g, -clipvalue, clipvalue) for g in gradients]
    if clipnorm:
        return [g * min(1, clipnorm / np.sqrt(np.sum(g**2))) for g in gradients]
    if global_clipnorm:
        factor = min(1, global_clipnorm / np.sqrt(sum(np.sum(g**2) for g in gradients)))
        return [g * factor for g in gradients]
    return gradients


@dataclass
class Stepper:
    """Steps of a formula of `cases.OPTIMIZERS`, with what all optimizers share around it."""

    update: Callable[..., Array]
    arguments: dict[str, Any]
    default_rate: float
    default_decay: float = 0
    keep: tuple[int, ...] = ()  # weights that do not decay
    batches: int = 0
    states: list[dict[str, Array]] = field(default_factory=list)
    averages: list[Array] = field(default_factory=list)
    accumulated: list[Array] = field(default_factory=list)

    def step(self, weights: list[Array], gradients: list[Array]) -> list[Array]:
        """The next weights: gradients are collected and clipped, weights decay, the formula, the average."""
        own = dict(self.arguments)
        limits = {name: own.pop(name) for name in ("clipnorm", "clipvalue", "global_clipnorm") if name in own}
        decay = own.pop("weight_decay", self.default_decay) * own.get("learning_rate", self.default_rate)
        every = own.pop("gradient_accumulation_steps", 1)
        use_ema, momentum = own.pop("use_ema", False), own.pop("ema_momentum", 0.99)
        overwrite = own.pop("ema_overwrite_frequency", 0)
        own.pop("loss_scale_factor", None)
        self.states = self.states or [{} for _ in weights]
        self.accumulated = self.accumulated or [np.zeros_like(w) for w in weights]
        self.averages = self.averages or [np.zeros_like(w) for w in weights]
        update = self.batches // every
        self.batches += 1
        gradients = [a + g for a, g in zip(self.accumulated, gradients, strict=True)]
        if self.batches % every:
            self.accumulated = gradients
        else:
            self.accumulated = [np.zeros_like(w) for w in weights]
            gradients = clip([g / every for g in gradients], **limits)
            decays = [0 if i in self.keep else decay for i in range(len(weights))]
            weights = [
                self.update(w - w * d, g, state, update + 1, **own)
                for w, d, g, state in zip(weights, decays, gradients, self.states, strict=True)
            ]
        if use_ema:
            kept = momentum if update else 0
            self.averages = [kept * a + (1 - kept) * w for a, w in zip(self.averages, weights, strict=True)]
            if overwrite and (update + 1) % overwrite == 0:
                weights = [a.copy() for a in self.averages]
        return weights
