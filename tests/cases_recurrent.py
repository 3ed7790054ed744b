"""One row for each layer of sequences and each form of it, with its NumPy float64 formula: a loop over the steps.

tests/python/test_cases_layers.py makes the tests of every layer from its row; the functions here also judge masks,
states and wrappers in tests/python/test_recurrent.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from cases import Array, Layer, dropped, negative, sigmoid, softmax

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


def cell(name: str, **arguments: Any) -> dict[str, Any]:
    """A layer or a cell as an argument of another one."""
    return {"class_name": name, "config": arguments}


def stacked(x: Array, *weights: Array) -> Array:
    """An LSTM on a GRU."""
    return sequence(lstm_step)(sequence(gru_step)(x, *weights[:3]), *weights[3:])


def bidirectional(mode: str, sequences: bool) -> Callable[..., Array]:
    """Two GRUs, of which the second reads backwards and is turned around."""
    join = {"concat": lambda a, b: np.concatenate([a, b], -1), "sum": np.add, "mul": np.multiply}
    join["ave"] = lambda a, b: (a + b) / 2

    def formula(x: Array, *weights: Array) -> Array:
        forward, backward = sequence(gru_step)(x, *weights[:3]), sequence(gru_step)(x[:, ::-1], *weights[3:])
        return join[mode](forward, backward[:, ::-1]) if sequences else join[mode](forward[:, -1], backward[:, -1])

    return formula


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
    Layer(
        "SimpleRNN",
        {"units": 5},
        "simple_rnn",
        ((6, 3),),
        last(simple_step),
        bad_arguments=(
            BAD_UNITS,
            ({"units": 2, "activation": "tahn"}, "unknown activation 'tahn'; did you mean 'tanh'"),
            ({"units": 2, "dropout": "half"}, "dropout must be a number from 0 to 1, got 'half'"),
            ({"units": 2, "go_backward": True}, "unknown argument 'go_backward'; did you mean 'go_backwards'"),
        ),
        bad_shapes=BAD_SHAPES,
    ),
    Layer(
        "SimpleRNN",
        {"units": 4, "activation": "elu", "use_bias": False, "return_sequences": True, "go_backwards": True},
        "simple_rnn",
        ((5, 3),),
        sequence(simple_step, activation=elu, backwards=True),
    ),
    Layer(
        "LSTM",
        {"units": 5},
        "lstm",
        ((6, 3),),
        last(lstm_step),
        bad_arguments=(BAD_UNITS, ({"units": 2, "activation": "glu"}, "activation 'glu' changes the shape")),
        bad_shapes=BAD_SHAPES,
    ),
    Layer(
        "LSTM",
        {"units": 17, "return_sequences": True, "go_backwards": True, "use_bias": False},
        "lstm",
        ((4, 5),),
        sequence(lstm_step, backwards=True),
    ),
    Layer(
        "LSTM",
        {"units": 4, "activation": "elu", "recurrent_activation": "hard_sigmoid", "return_sequences": True},
        "lstm",
        ((4, 3),),
        sequence(lstm_step, activation=elu, gate=hard_sigmoid),
    ),
    Layer(
        "LSTM",
        {"units": 4, "activation": "softsign", "recurrent_activation": "softmax"},
        "lstm",
        ((3, 2),),
        last(lstm_step, activation=softsign, gate=softmax),
    ),
    Layer(
        "LSTM",
        {"units": 4, "dropout": 0.3, "recurrent_dropout": 0.4, "seed": 3},
        "lstm",
        ((5, 3),),
        last(lstm_step),
        training=with_dropout(lstm_step, 0.3, 0.4),
    ),
    Layer(
        "LSTM",
        {
            "units": 3,
            "kernel_regularizer": "l2",
            "recurrent_regularizer": "l1",
            "bias_regularizer": "l2",
            "activity_regularizer": "l2",
            "kernel_constraint": "max_norm",
            "recurrent_constraint": "unit_norm",
            "bias_constraint": "non_neg",
        },
        "lstm",
        ((4, 2),),
        last(lstm_step),
    ),
    Layer("GRU", {"units": 5}, "gru", ((6, 3),), last(gru_step), bad_arguments=(BAD_UNITS,), bad_shapes=BAD_SHAPES),
    Layer(
        "GRU",
        {"units": 17, "return_sequences": True, "go_backwards": True, "use_bias": False},
        "gru",
        ((4, 5),),
        sequence(gru_step, backwards=True),
    ),
    Layer(
        "GRU",
        {"units": 5, "reset_after": False, "return_sequences": True},
        "gru",
        ((4, 3),),
        sequence(gru_step, reset_after=False),
    ),
    Layer(
        "GRU",
        {"units": 4, "activation": "elu", "recurrent_activation": "softsign"},
        "gru",
        ((4, 3),),
        last(gru_step, activation=elu, gate=softsign),
    ),
    Layer(
        "GRU",
        {"units": 4, "activation": "elu", "reset_after": False, "use_bias": False},
        "gru",
        ((4, 3),),
        last(gru_step, activation=elu, reset_after=False),
    ),
    *(
        Layer(
            "GRU",
            {"units": 4, "dropout": 0.3, "recurrent_dropout": 0.4, "seed": 3, "reset_after": after},
            "gru",
            ((5, 3),),
            last(gru_step, reset_after=after),
            training=with_dropout(gru_step, 0.3, 0.4, reset_after=after),
        )
        for after in (True, False)
    ),
    Layer("RNN", {"cell": cell("LSTMCell", units=4)}, "lstm", ((4, 3),), last(lstm_step)),
    Layer(
        "RNN",
        {"cell": [cell("GRUCell", units=4), cell("LSTMCell", units=3)], "return_sequences": True},
        "lstm",
        ((4, 3),),
        stacked,
    ),
    *(
        Layer(
            "Bidirectional",
            {"layer": cell("GRU", units=4, return_sequences=sequences), "merge_mode": mode},
            "bidirectional",
            ((4, 3),),
            bidirectional(mode, sequences),
            bad_arguments=(
                ({"layer": cell("Dense", units=2)}, "layer must be a recurrent layer"),
                ({"layer": cell("GRU", units=2), "merge_mode": "max"}, "merge_mode must be one of 'sum', 'mul'"),
            )
            if mode == "mul"
            else (),
        )
        for mode, sequences in (("concat", True), ("concat", False), ("sum", True), ("ave", False), ("mul", True))
    ),
    Layer(
        "TimeDistributed",
        {"layer": cell("Dense", units=4, activation="tanh")},
        "time_distributed",
        ((3, 2, 5),),
        lambda x, kernel, bias: np.tanh(x @ kernel + bias),
    ),
    Layer(
        "TimeDistributed",
        {"layer": cell("GRU", units=4)},
        "time_distributed",
        ((2, 3, 5),),
        lambda x, *weights: last(gru_step)(x.reshape(-1, 3, 5), *weights).reshape(-1, 2, 4),
        bad_arguments=(({"layer": 3}, "layer must be a layer, got 3"),),
        bad_shapes=((((3,),), "expected inputs (*, steps, ...) of the same steps, got (*, 3)"),),
    ),
]

# Called with states, they are tested by themselves.
CELLS = {"SimpleRNNCell", "LSTMCell", "GRUCell", "StackedRNNCells"}
