"""What the tests of cases share: tolerances, native networks of one layer, and work that is big enough to be shared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from reference import numeric_gradient, relative_error

from ranvier import Input, Model, _core, layers

Array = np.ndarray
Shape = tuple[int, ...]

# Values in float64: a few units of the last place, of sums of some tens of terms.
FLOAT64 = {"rtol": 1e-12, "atol": 1e-13}
# The same in float32, whose unit of the last place is 1.2e-7, against float64 of the same float32 arguments.
FLOAT32 = {"rtol": 4e-6, "atol": 2e-6}
# Gradients in float64 against central differences, which are good to about 1e-9 of the greatest element.
GRADIENT = 1e-7

TOLERANCE = {"float64": FLOAT64, "float32": FLOAT32}
DTYPES = list(TOLERANCE)

# Native code shares a pass of 20 million operations or more among threads: these rows of a network that has two dense
# layers of TAIL units are more, and more than a block of inference for each of four threads.
SHARED_ROWS, TAIL = 1100, 128
THREADS = (1, 2, 4)


def identifier(case: Any, arguments: dict[str, Any] | None = None) -> str:
    """What pytest calls a case."""
    own = case.arguments if arguments is None else arguments
    return (
        "-".join([case.name, *(f"{name}={value}" for name, value in own.items())])
        if isinstance(own, dict)
        else case.name
    )


def assert_same_bits(found: Array, expected: Array, what: str = "") -> None:
    """Equal to the last bit, NaN and signed zeros included."""
    assert found.shape == expected.shape, what
    assert found.dtype == expected.dtype, what
    if found.tobytes() != expected.tobytes():
        wrong = np.flatnonzero(found != expected)
        raise AssertionError(f"{what}: {len(wrong)} of {found.size} differ, the first at {wrong[:1]}")


def draw(shapes: Sequence[Shape], rows: int, dtype: str, seed: int = 1) -> list[Array]:
    """Inputs of one to three standard deviations: both sides of every kink, no kink closer than a difference's step."""
    random = np.random.default_rng(seed)
    return [random.normal(scale=1.5, size=(rows, *shape)).astype(dtype) for shape in shapes]


def network_of(layer: layers.Layer, shapes: Sequence[Shape], big: bool = False, call: Any = None) -> _core.Network:
    """A native network of this layer alone, its weights drawn; `big`: with work enough to be shared behind it.

    `call`: how the layer is called on symbols, if not on its only input.
    """
    inputs = [Input(shape, dtype=layer.dtype) for shape in shapes]
    output = layer(inputs[0]) if call is None else call(layer, inputs)
    if big:
        output = layers.Flatten(dtype=layer.dtype)(output)
        for _ in range(2):
            output = layers.Dense(TAIL, dtype=layer.dtype)(output)
    network = Model(inputs, output).network
    random = np.random.default_rng(2)
    for parameter in network.parameters:
        values = random.normal(scale=0.6, size=parameter.shape)
        parameter.numpy()[...] = abs(values) + 0.2 if parameter.name.endswith("variance") else values
    return network


def assert_steps_follow_the_gradient(model: Any, x: Array, y: Array) -> None:
    """A step of a model compiled with "sgd" moves each weight along the numeric gradient of the loss it reports."""
    start = model.get_weights()
    for position, weight in enumerate(start):

        def loss(values: Array, position: int = position) -> float:
            model.set_weights([*start[:position], values, *start[position + 1 :]])
            return float(model.test_on_batch(x, y))

        expected = numeric_gradient(loss, weight)
        model.set_weights(start)
        model.train_on_batch(x, y)
        found = (start[position] - model.get_weights()[position]) / model.optimizer.learning_rate
        assert relative_error(found, expected) < GRADIENT
