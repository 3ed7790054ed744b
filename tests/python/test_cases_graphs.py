"""Random graphs: shared layers, many readers, several inputs and outputs: values, gradients, threads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cases import softmax
from harness import FLOAT64, SHARED_ROWS, THREADS, Array, assert_same_bits

from ranvier import _core

GRAPHS = 60
SEED = 5

# Along random directions, by central differences of the NumPy form.
STEP, DIRECTIONAL = 1e-5, 1e-6

Scalars = _core.float64
Value = dict[int, Array]


class RandomGraph:
    """A native network, and the same one as a list of NumPy operations.

    Smooth functions only: a difference's step over a kink would look like an error.
    """

    def __init__(self, number: int, width: int = 4) -> None:
        self.random = np.random.default_rng(number)
        self.network = Scalars.Network(f"graph_{number}")
        self.operations: list[Callable[[Value, list[Array]], None]] = []
        self.shapes: dict[int, tuple[int, ...]] = {}
        self.parameters: list[Any] = []
        self.shared: list[Any] = []
        self.width = width
        self.inputs = [self._input() for _ in range(self.random.integers(1, 4))]
        for _ in range(self.random.integers(2, 14)):
            getattr(
                self,
                self.random.choice(
                    ["_dense", "_dense", "_again", "_elementwise", "_softmax", "_view", "_add", "_beside"]
                ),
            )()
        unread = [value for value in self.shapes if value not in self.inputs]
        outputs = list(self.random.permutation(unread)[: self.random.integers(1, 4)]) or [self._last_resort()]
        self.outputs = [int(value) for value in outputs]
        self.network.set_outputs(self.outputs)

    def _input(self) -> int:
        shape = (self.width,) if self.random.random() < 0.7 else (2, self.width)
        value = self.network.add_input(shape, f"input_{len(self.shapes)}")
        self.shapes[value] = shape
        return value

    def _pick(self, rank: int | None = None) -> int:
        fitting = [value for value, shape in self.shapes.items() if rank is None or len(shape) == rank]
        return int(self.random.choice(fitting)) if fitting else -1

    def _add_layer(self, layer: Any, inputs: list[int], compute: Callable[..., Array]) -> int:
        [value] = self.network.add(layer, inputs)
        self.shapes[value] = tuple(self.network.shape(value))
        for parameter in layer.parameters:
            if not any(parameter is known for known in self.parameters):
                parameter.numpy()[...] = self.random.normal(scale=0.5, size=parameter.shape)
                self.parameters.append(parameter)
        own = [next(i for i, known in enumerate(self.parameters) if known is p) for p in layer.parameters]

        def operation(values: Value, weights: list[Array]) -> None:
            values[value] = compute(*(values[i] for i in inputs), *(weights[i] for i in own))

        self.operations.append(operation)
        return value

    def _dense(self) -> None:
        source = self._pick()
        activation, function = [("linear", lambda z: z), ("tanh", np.tanh), ("softmax", softmax)][
            self.random.integers(3)
        ]
        units = self.width if self.random.random() < 0.7 else self.width + 2
        layer = Scalars.Layer("dense", {"units": units, "activation": activation}, f"dense_{len(self.operations)}")
        layer.build([self.shapes[source]])

        def compute(x: Array, kernel: Array, bias: Array) -> Array:
            return function(x @ kernel + bias)

        self.shared.append((layer, self.shapes[source][-1], compute))
        self._add_layer(layer, [source], compute)

    def _again(self) -> None:
        """A layer that is in the graph already, on another value or on the same one."""
        for layer, features, compute in self.shared:
            fitting = [value for value, shape in self.shapes.items() if shape[-1] == features]
            if self.random.random() < 0.5:
                self._add_layer(layer, [int(self.random.choice(fitting))], compute)
                return

    def _elementwise(self) -> None:
        name, function = [("tanh", np.tanh), ("linear", lambda x: x), ("exponential", np.exp)][self.random.integers(3)]
        if name == "exponential":  # tamed, or chains of it would overflow
            name, function = "softsign", lambda x: x / (1 + abs(x))
        layer = Scalars.Layer("activation", {"activation": name}, f"activation_{len(self.operations)}")
        self._add_layer(layer, [self._pick()], function)

    def _softmax(self) -> None:
        layer = Scalars.Layer("axis_activation", {"activation": "softmax"}, f"softmax_{len(self.operations)}")
        self._add_layer(layer, [self._pick()], softmax)

    def _view(self) -> None:
        source = self._pick()
        if self.random.random() < 0.5:
            layer = Scalars.Layer("flatten", {}, f"flatten_{len(self.operations)}")
            self._add_layer(layer, [source], lambda x: x.reshape(len(x), -1))
        else:
            layer = Scalars.Layer("identity", {}, f"identity_{len(self.operations)}")
            self._add_layer(layer, [source], lambda x: x)

    def _add(self) -> None:
        source = self._pick()
        fitting = [value for value, shape in self.shapes.items() if shape == self.shapes[source]]
        terms = [source, *(int(i) for i in self.random.choice(fitting, self.random.integers(1, 3)))]
        self._add_layer(
            Scalars.Layer("primitive", {"function": "add"}, f"add_{len(self.operations)}"),
            terms,
            lambda *x: sum(x[1:], x[0]),
        )

    def _beside(self) -> None:
        source = self._pick()
        fitting = [value for value, shape in self.shapes.items() if shape[:-1] == self.shapes[source][:-1]]
        parts = [source, *(int(i) for i in self.random.choice(fitting, self.random.integers(0, 3)))]
        layer = Scalars.Layer("concatenate", {}, f"beside_{len(self.operations)}")
        self._add_layer(layer, parts, lambda *x: np.concatenate(x, -1))

    def _last_resort(self) -> int:
        self._dense()
        return max(self.shapes)

    def draw(self, rows: int) -> list[Array]:
        return [self.random.normal(size=(rows, *self.shapes[value])) for value in self.inputs]

    def order(self) -> list[int]:
        """Positions of the network's parameters, which it lists by first use, among ours."""
        return [next(i for i, known in enumerate(self.parameters) if known is p) for p in self.network.parameters]

    def compute(self, inputs: list[Array], weights: list[Array]) -> list[Array]:
        values = dict(zip(self.inputs, inputs, strict=True))
        for operation in self.operations:
            operation(values, weights)
        return [values[value] for value in self.outputs]


@pytest.mark.parametrize("number", range(GRAPHS))
def test_value_and_gradient(number: int) -> None:
    graph = RandomGraph(number)
    inputs = graph.draw(3)
    weights = [parameter.numpy().copy() for parameter in graph.parameters]
    expected = graph.compute(inputs, weights)
    for found in (graph.network.predict(inputs), graph.network.run(inputs, True, SEED)):
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, **FLOAT64)

    dy = [graph.random.normal(size=y.shape) for y in expected]
    dx, dweights = graph.network.gradients(inputs, dy, False, SEED)
    gradients = [*dx, *(dweights[graph.order().index(i)] for i in range(len(weights)))]
    variables = [*inputs, *weights]
    for i, gradient in enumerate(gradients):
        direction = graph.random.normal(size=gradient.shape)
        ends = []
        for step in (STEP, -STEP):
            moved = [v + step * direction if j == i else v for j, v in enumerate(variables)]
            outputs = graph.compute(moved[: len(inputs)], moved[len(inputs) :])
            ends.append(sum(float(np.sum(d * y)) for d, y in zip(dy, outputs, strict=True)))
        slope = (ends[0] - ends[1]) / (2 * STEP)
        scale = np.linalg.norm(gradient) * np.linalg.norm(direction) + 1e-3
        assert abs(np.sum(gradient * direction) - slope) <= DIRECTIONAL * scale, f"variable {i}"


def frozen(graph: RandomGraph) -> list[int]:
    """Positions, in the network's list, of parameters that are not to be trained from now on."""
    chosen = [i for i in range(len(graph.network.parameters)) if graph.random.random() < 0.4]
    for i in chosen:
        graph.network.parameters[i].trainable = False
    return chosen


@pytest.mark.parametrize("number", range(GRAPHS))
def test_parameters_that_are_not_trained_have_no_gradient(number: int) -> None:
    """And nothing else changes, though the plan leaves out what nobody needs."""
    graph = RandomGraph(number)
    inputs = graph.draw(3)
    dy = [graph.random.normal(size=(3, *graph.shapes[value])) for value in graph.outputs]
    dx, dweights = graph.network.gradients(inputs, dy, False, SEED)
    left_out = frozen(graph)
    frozen_dx, frozen_dweights = graph.network.gradients(inputs, dy, False, SEED)
    for found, expected in zip(frozen_dx, dx, strict=True):
        assert_same_bits(found, expected)
    for i, (found, expected) in enumerate(zip(frozen_dweights, dweights, strict=True)):
        assert_same_bits(found, np.zeros_like(expected) if i in left_out else expected)


@pytest.mark.parametrize("number", range(0, GRAPHS, 6))
@pytest.mark.usefixtures("isa")
def test_any_number_of_threads_and_any_batch_give_the_same_bits(number: int) -> None:
    graph = RandomGraph(number, width=96)
    inputs = graph.draw(SHARED_ROWS)
    dy = [graph.random.normal(size=(SHARED_ROWS, *graph.shapes[value])) for value in graph.outputs]
    results = []
    for threads in THREADS:
        _core.set_num_threads(threads)
        dx, dweights = graph.network.gradients(inputs, dy, True, SEED)
        results.append([*graph.network.predict(inputs), *dx, *dweights])
    for result in results[1:]:
        for found, expected in zip(result, results[0], strict=True):
            assert_same_bits(found, expected)
    for rows in (slice(0, 1), slice(3, 20), slice(700, 1000)):
        part = graph.network.predict([x[rows] for x in inputs])
        for found, expected in zip(part, graph.network.predict(inputs), strict=True):
            assert_same_bits(found, expected[rows])
