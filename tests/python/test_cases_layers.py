"""Every layer: shape, value, gradient, threads, instruction sets, batches, configuration, weights, errors."""

from __future__ import annotations

import json
import re
from typing import Any

import cases
import cases_convolution
import cases_recurrent
import numpy as np
import pytest
from cases import Layer
from cases_attention import ATTENTION
from cases_merging import MERGING
from harness import (
    DTYPES,
    GRADIENT,
    SHARED_ROWS,
    TAIL,
    THREADS,
    TOLERANCE,
    Array,
    assert_same_bits,
    draw,
    identifier,
    network_of,
)
from reference import numeric_gradient, philox, relative_error

from ranvier import Input, _core, layers

LAYERS = [*cases.LAYERS, *cases_convolution.LAYERS, *cases_recurrent.LAYERS, *MERGING, *ATTENTION]
SEED = 11  # of a pass in training
FLAT = 1e-8  # a difference of values that are equal but for rounding

every_layer = pytest.mark.parametrize("case", LAYERS, ids=identifier)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def make(case: Layer, dtype: str) -> layers.Layer:
    return getattr(layers, case.name)(**case.arguments, dtype=dtype)


def inputs_of(case: Layer, rows: int, dtype: str) -> list[Array]:
    inputs = draw(case.shapes, rows, dtype)
    return [np.clip(np.floor(x), -1, 1) + 1 for x in inputs] if case.samples == "classes" else inputs


def weights_of(layer: layers.Layer) -> list[Array]:
    return [variable.numpy().astype(np.float64) for variable in layer.variables]


def formula(case: Layer, training: bool, inputs: list[Array], weights: list[Array]) -> Array:
    doubles = [x.astype(np.float64) for x in inputs]
    if training and case.training:
        return case.training(*doubles, *weights, lambda n: philox(SEED ^ case.arguments.get("seed", 0), case.node, n))
    return case.formula(*doubles, *weights)


@every_layer
@every_dtype
@pytest.mark.usefixtures("isa")
def test_shape_and_value(case: Layer, dtype: str) -> None:
    layer = make(case, dtype)
    network, inputs = network_of(layer, case.shapes, call=case.call), inputs_of(case, 9, dtype)
    expected = formula(case, False, inputs, weights_of(layer))
    assert case.call(layer, [Input(shape, dtype=dtype) for shape in case.shapes]).shape[1:] == expected.shape[1:]
    for found in (network.predict(inputs)[0], network.run(inputs, False, SEED)[0]):
        assert found.dtype == dtype
        np.testing.assert_allclose(found, expected, **TOLERANCE[dtype])


@every_layer
@every_dtype
@pytest.mark.usefixtures("isa")
def test_value_in_training(case: Layer, dtype: str) -> None:
    layer = make(case, dtype)
    network, inputs = network_of(layer, case.shapes, call=case.call), inputs_of(case, 9, dtype)
    expected = formula(case, True, inputs, weights_of(layer))
    np.testing.assert_allclose(network.run(inputs, True, SEED)[0], expected, **TOLERANCE[dtype])


@every_layer
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.usefixtures("isa")
def test_gradient(case: Layer, training: bool) -> None:
    layer = make(case, "float64")
    network, inputs = network_of(layer, case.shapes, call=case.call), inputs_of(case, 3, "float64")
    weights = weights_of(layer)
    dy = np.random.default_rng(3).normal(size=formula(case, training, inputs, weights).shape)
    found = network.gradients(inputs, [dy], training, SEED)
    variables = [*inputs, *weights]
    trained = [True] * len(inputs) + [variable.trainable for variable in layer.variables]
    order = [network.parameters.index(variable.native) for variable in layer.variables]
    for i, gradient in enumerate([*found[0], *(found[1][position] for position in order)]):
        if not trained[i]:
            assert not gradient.any()
            continue

        def scalar(value: Array, i: int = i) -> float:
            moved = [*variables[:i], value, *variables[i + 1 :]]
            return float(np.sum(dy * formula(case, training, moved[: len(inputs)], moved[len(inputs) :])))

        numeric = numeric_gradient(scalar, variables[i])
        if abs(numeric).max() < FLAT:  # nothing depends on it, as on the bias of keys: the difference is rounding
            assert abs(gradient).max() < FLAT, f"variable {i}"
        else:
            assert relative_error(gradient, numeric) <= GRADIENT, f"variable {i}"


@every_layer
@every_dtype
@pytest.mark.usefixtures("isa")
@pytest.mark.filterwarnings("ignore:.*flatten.* does not support masks:UserWarning")
def test_any_number_of_threads_gives_the_same_bits(case: Layer, dtype: str) -> None:
    network = network_of(make(case, dtype), case.shapes, big=True, call=case.call)
    inputs, dy = inputs_of(case, SHARED_ROWS, dtype), draw([(TAIL,)], SHARED_ROWS, dtype)
    results = []
    start = [parameter.numpy().copy() for parameter in network.parameters]
    for threads in THREADS:
        _core.set_num_threads(threads)
        for parameter, value in zip(network.parameters, start, strict=True):
            parameter.numpy()[...] = value  # a pass in training moves statistics
        dx, dparameters = network.gradients(inputs, dy, True, SEED)
        results.append([*network.run(inputs, True, SEED), *network.predict(inputs), *dx, *dparameters])
        results[-1] += [parameter.numpy().copy() for parameter in network.parameters]
    for threads, result in zip(THREADS[1:], results[1:], strict=True):
        for i, (found, expected) in enumerate(zip(result, results[0], strict=True)):
            assert_same_bits(found, expected, f"array {i} on {threads} threads")


@every_layer
@every_dtype
@pytest.mark.usefixtures("isa")
def test_a_row_does_not_depend_on_its_batch(case: Layer, dtype: str) -> None:
    network, inputs = network_of(make(case, dtype), case.shapes, call=case.call), inputs_of(case, 70, dtype)
    together = network.predict(inputs)[0]
    for rows in (1, 2, 3, 7, 16, 33, 64):
        begin = 70 - rows
        assert_same_bits(network.predict([x[begin:] for x in inputs])[0], together[begin:], f"{rows} rows")
    for row in range(70):
        assert_same_bits(network.predict([x[row : row + 1] for x in inputs])[0], together[row : row + 1], f"row {row}")


@every_layer
def test_configuration_survives_json(case: Layer) -> None:
    layer = make(case, "float64")
    written = json.loads(json.dumps(layer.get_config()))
    again = type(layer).from_config(written)
    assert again.get_config() == layer.get_config()
    assert again.native_config() == layer.native_config()
    assert (again.name, again.dtype, again.trainable) == (layer.name, "float64", True)
    assert layers.deserialize(layers.serialize(layer)).get_config() == layer.get_config()


@every_layer
def test_weights_can_be_taken_and_given(case: Layer) -> None:
    values = []
    weights: list[Array] | None = None
    inputs = inputs_of(case, 4, "float32")
    for _ in range(2):
        layer = make(case, "float32")
        case.call(layer, [Input(shape) for shape in case.shapes])
        if weights is None:
            weights = [
                np.random.default_rng(4).normal(size=weight.shape).astype("f4") for weight in layer.get_weights()
            ]
        layer.set_weights(weights)
        for found, given in zip(layer.get_weights(), weights, strict=True):
            assert_same_bits(found, given)
        values.append(case.call(layer, inputs))
    assert_same_bits(values[0], values[1])


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        pytest.param(case.name, arguments, words, id=f"{case.name}-{words}")
        for case in LAYERS
        for arguments, words in case.bad_arguments
    ],
)
def test_bad_arguments_are_named(name: str, arguments: dict[str, Any], words: str) -> None:
    def attempt() -> None:
        layer = getattr(layers, name)(**arguments)
        if not layer.is_traced:
            _ = layer.native

    with pytest.raises((ValueError, TypeError), match=re.escape(words)) as error:
        attempt()
    assert str(error.value).startswith("["), "the message must begin with who complains"


@pytest.mark.parametrize(
    ("case", "shapes", "words"),
    [
        pytest.param(case, shapes, words, id=f"{case.name}-{words}")
        for case in LAYERS
        for shapes, words in case.bad_shapes
    ],
)
def test_bad_shapes_are_named(case: Layer, shapes: tuple[tuple[int, ...], ...], words: str) -> None:
    layer = make(case, "float32")
    for attempt in (layer.native.output_shapes, layer.native.build):
        with pytest.raises(ValueError, match=re.escape(f"[{layer.name}] {words}")):
            attempt(shapes)
    assert not layer.built
