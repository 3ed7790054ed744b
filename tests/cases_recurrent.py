"""One row for each layer of sequences and each form of it, with its NumPy float64 formula: a loop over the steps.

tests/python/test_cases_layers.py makes the tests of every layer from its row; the functions here also judge masks,
states and wrappers in tests/python/test_recurrent.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from cases import Array, Layer, dropped, gelu, negative, relu, sigmoid, softmax

Step = Callable[..., tuple[Array, ...]]


def embedding(x: Array, table: Array) -> Array:
    return table[np.rint(x).astype(int)]


# --- Cells: the states after a step from x (batch, features) and the states before it ---------------------------------


def simple_step(x: Array, states: Sequence[Array], weights: Sequence[Array], activation: Any = np.tanh) -> Any:
    kernel, recurrent, *bias = weights
    return (activation(x @ kernel + states[0] @ recurrent + (bias[0] if bias else 0)),)


def lstm_step(
    x: Array, states: Sequence[Array], weights: Sequence[Array], activation: Any = np.tanh, gate: Any = sigmoid
) -> Any:
    """Gers, Schmidhuber and Cummins, 2000, without peepholes; columns i, f, g, o."""
    kernel, recurrent, *bias = weights
    h, c = states
    sums = x @ kernel + h @ recurrent + (bias[0] if bias else 0)
    i, f, g, o = np.split(sums, 4, axis=-1)
    c = gate(f) * c + gate(i) * activation(g)
    return gate(o) * activation(c), c


def gru_step(
    x: Array,
    states: Sequence[Array],
    weights: Sequence[Array],
    activation: Any = np.tanh,
    gate: Any = sigmoid,
    reset_after: bool = True,
    masked: Array | None = None,
) -> Any:
    """Cho et al., 2014; columns z, r, g. With reset_after there is a bias for each of x and h. `masked`: h as products
    see it."""
    kernel, recurrent, *bias = weights
    [h] = states
    seen = h if masked is None else masked
    units = h.shape[-1]
    for_x = bias[0] if bias and not reset_after else bias[0][0] if bias else 0
    for_h = bias[0][1] if bias and reset_after else np.zeros(3 * units)
    xz, xr, xg = np.split(x @ kernel + for_x, 3, axis=-1)
    uz, ur, ug = np.split(recurrent, 3, axis=-1)
    bz, br, bg = np.split(for_h, 3, axis=-1)
    z, r = gate(xz + seen @ uz + bz), gate(xr + seen @ ur + br)
    g = activation(xg + r * (seen @ ug + bg)) if reset_after else activation(xg + (r * seen) @ ug)
    return (z * h + (1 - z) * g,)


STATES = {simple_step: 1, lstm_step: 2, gru_step: 1}


# --- Sequences --------------------------------------------------------------------------------------------------------


def run(
    step: Step,
    x: Array,
    weights: Sequence[Array],
    *,
    states: Sequence[Array] | None = None,
    mask: Array | None = None,
    backwards: bool = False,
    zero_output: bool = False,
    drop: tuple[Array | float, Array | float] = (1.0, 1.0),
    **options: Any,
) -> tuple[Array, tuple[Array, ...]]:
    """What comes out of each step, in the order of the steps, and the last states. Masked steps leave the states.

    `drop`: what x and h are multiplied with before each step.
    """
    units = weights[1].shape[0]
    now = tuple(np.zeros((len(x), units)) for _ in range(STATES[step])) if states is None else tuple(states)
    outputs = []
    for t in reversed(range(x.shape[1])) if backwards else range(x.shape[1]):
        if step is gru_step:
            new = step(x[:, t] * drop[0], now, weights, masked=now[0] * drop[1], **options)
        else:
            new = step(x[:, t] * drop[0], (now[0] * drop[1], *now[1:]), weights, **options)
        counts = np.ones((len(x), 1), bool) if mask is None else mask[:, t : t + 1] != 0
        now = tuple(np.where(counts, after, before) for after, before in zip(new, now, strict=True))
        outputs.append(np.where(counts, now[0], 0) if zero_output else now[0])
    return np.stack(outputs, axis=1), now


def last(step: Step, **options: Any) -> Callable[..., Array]:
    """A layer that returns what comes out of the last step."""
    return lambda x, *weights: run(step, x, weights, **options)[0][:, -1]


def sequence(step: Step, **options: Any) -> Callable[..., Array]:
    """A layer that returns what comes out of each step."""
    return lambda x, *weights: run(step, x, weights, **options)[0]


def with_dropout(step: Step, rate: float, recurrent_rate: float, **options: Any) -> Callable[..., Array]:
    """In training: one mask of the inputs and one of the states for all steps."""

    def formula(x: Array, *arguments: Any) -> Array:
        *weights, bits = arguments
        rows, features, units = len(x), x.shape[2], weights[1].shape[0]
        begin = -(-rows * features // 4) * 4
        words = bits(begin + rows * units)
        inputs, states = words[: rows * features].reshape(rows, features), words[begin:].reshape(rows, units)
        drop = (
            dropped(np.ones((rows, features)), rate, inputs),
            dropped(np.ones((rows, units)), recurrent_rate, states),
        )
        return run(step, x, weights, drop=drop, **options)[0][:, -1]

    return formula


def hard_sigmoid(x: Array) -> Array:
    return np.clip(x / 6 + 0.5, 0, 1)


def softsign(x: Array) -> Array:
    return x / (1 + abs(x))


def elu(x: Array) -> Array:
    return np.where(x > 0, x, np.expm1(negative(x)))


BAD_UNITS = ({"units": 0}, "units must be an integer of at least 1, got 0")
BAD_SHAPES = (
    (((4,),), "expected input (*, steps, features), got (*, 4)"),
    (((5, 4), (2,), (2,), (2,)), "expected 1 input, or "),
)

LAYERS = [
    Layer(
        "Embedding",
        {"input_dim": 5, "output_dim": 3},
        "embedding",
        ((4,),),
        embedding,
        samples="classes",
        bad_arguments=(
            ({"input_dim": 0, "output_dim": 3}, "input_dim must be an integer of at least 1, got 0"),
            ({"input_dim": 3, "output_dim": 1.5}, "output_dim must be an integer of at least 1, got 1.5"),
            ({"input_dim": 2**25, "output_dim": 1}, "input_dim must be at most 16777216, got 33554432: float32 holds"),
            ({"input_dim": 3, "output_dim": 1, "lora_rank": 2}, "lora_rank is not available, got 2"),
        ),
        bad_shapes=((((3,), (3,)), "expected 1 input, got 2"),),
    ),
    Layer("Embedding", {"input_dim": 7, "output_dim": 40}, "embedding", ((2, 3),), embedding, samples="classes"),
    Layer(
        "Masking",
        {"mask_value": 1},
        "masking",
        ((4, 2),),
        lambda x: np.where(np.all(np.rint(x) == 1, -1, keepdims=True), 0, x),
        samples="classes",
        bad_arguments=(({"mask_value": "none"}, "mask_value must be a number, got 'none'"),),
        bad_shapes=((((),), "expected input (*, features), got (*,)"),),
    ),
]
