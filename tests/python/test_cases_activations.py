"""Every activation of the table: value, gradient, extremes, and the same inside a dense layer as behind one."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import pytest
from cases import ACTIVATIONS, AXIS_ACTIVATIONS, Activation, AxisActivation
from harness import (
    DTYPES,
    GRADIENT,
    SHARED_ROWS,
    THREADS,
    TOLERANCE,
    Array,
    assert_same_bits,
    draw,
    identifier,
)
from reference import numeric_gradient, relative_error

from ranvier import _core, activations, config

every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_activation = pytest.mark.parametrize(
    ("case", "arguments"),
    [
        pytest.param(case, arguments, id=identifier(case, arguments))
        for case in ACTIVATIONS
        for arguments in ({}, *case.arguments)
    ],
)
every_axis_activation = pytest.mark.parametrize("case", AXIS_ACTIVATIONS, ids=lambda case: case.name)

# All of the axis, rows of fewer columns than a vector has lanes, more, and an axis in the middle.
AXES = [((2,), -1), ((6,), -1), ((40,), -1), ((6, 3), 1), ((6, 4, 20), 2), ((4, 10), -1)]


def native_parameters(case: Activation, arguments: dict[str, float]) -> dict[str, float]:
    row = next(row for row in _core.activations() if row["name"] == case.name)
    return {**row["parameters"], **arguments}


def points(dtype: str) -> Array:
    """From -9 to 9, no kink closer than a difference's step; more than a vector, and no multiple of one."""
    return np.linspace(-9.0123, 9.0457, 203).astype(dtype)


@every_activation
@every_dtype
@pytest.mark.usefixtures("isa")
def test_value(case: Activation, arguments: dict[str, float], dtype: str) -> None:
    x = points(dtype)
    found = config.scalars(dtype).activation(case.name, list(native_parameters(case, arguments).values()), x)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, case.formula(x.astype(float), **arguments), **TOLERANCE[dtype])


@every_activation
def test_public_function(case: Activation, arguments: dict[str, float]) -> None:
    found = getattr(activations, case.name)(points("float64"), **arguments)
    np.testing.assert_allclose(found, case.formula(points("float64"), **arguments), **TOLERANCE["float64"])


@pytest.mark.parametrize("case", ACTIVATIONS, ids=lambda case: case.name)
def test_defaults_are_those_of_keras(case: Activation) -> None:
    own = [] if isinstance(case.formula, np.ufunc) else list(inspect.signature(case.formula).parameters.values())[1:]
    assert native_parameters(case, {}) == {parameter.name: parameter.default for parameter in own}


@every_activation
@every_dtype
@pytest.mark.usefixtures("isa")
def test_extremes(case: Activation, arguments: dict[str, float], dtype: str) -> None:
    """Far from 0 the formula's own value, infinities included; NaN stays NaN."""
    far = [-1e15, -1e4, -100, -30, -1e-30, -0.0, 0, 1e-30, 30, 80, 1e4, 1e15]
    x = np.array([-math.inf, *far, math.inf], dtype)
    run = config.scalars(dtype).activation
    parameters = list(native_parameters(case, arguments).values())
    found = run(case.name, parameters, x).astype(float)
    with np.errstate(all="ignore"):
        expected = case.formula(x.astype(float), **arguments).astype(dtype).astype(float)
    known = ~np.isnan(expected)  # infinity times 0: the limit is as good an answer
    # Subnormal results may be flushed: only their size counts.
    np.testing.assert_allclose(found[known], expected[known], rtol=TOLERANCE[dtype]["rtol"], atol=1e-30)
    if case.name not in ("threshold", "hard_shrink", "soft_shrink"):  # of a NaN nothing can be said: is it above?
        assert np.isnan(run(case.name, parameters, np.array([math.nan], dtype))[0])


def native_layer(kind: str, case: Any, arguments: dict[str, Any], dtype: str, **own: Any) -> _core.Layer:
    parameters = {} if isinstance(case, AxisActivation) else {"activation_parameters": list(arguments.values())}
    return config.scalars(dtype).Layer(kind, {"activation": case.name, **parameters, **own}, kind)


def network(layers: list[_core.Layer], shape: tuple[int, ...], dtype: str) -> _core.Network:
    made = config.scalars(dtype).Network("network")
    value = made.add_input(shape, "x")
    for layer in layers:
        [value] = made.add(layer, [value])
    made.set_outputs([value])
    random = np.random.default_rng(2)
    for parameter in made.parameters:
        parameter.numpy()[...] = random.normal(scale=0.6, size=parameter.shape)
    return made


@every_activation
@pytest.mark.usefixtures("isa")
def test_gradient(case: Activation, arguments: dict[str, float]) -> None:
    x = points("float64")[None]
    dy = np.random.default_rng(3).normal(size=x.shape)
    made = network(
        [native_layer("activation", case, native_parameters(case, arguments), "float64")], x.shape[1:], "float64"
    )
    [found], _ = made.gradients([x], [dy], False, 0)
    expected = dy * numeric_derivative(lambda value: case.formula(value, **arguments), x)
    # Relative to each element but the exponential's, which has all sizes: central differences are relative to it.
    np.testing.assert_allclose(found, expected, rtol=GRADIENT, atol=1e-9)


def numeric_derivative(f: Any, x: Array) -> Array:
    """Central differences of an elementwise function."""
    step = 1e-5
    return (f(x + step) - f(x - step)) / (2 * step)


@every_axis_activation
@pytest.mark.parametrize(("shape", "axis"), AXES)
@every_dtype
@pytest.mark.usefixtures("isa")
def test_value_along_an_axis(case: AxisActivation, shape: tuple[int, ...], axis: int, dtype: str) -> None:
    [x] = draw([shape], 9, dtype)
    expected = case.formula(x.astype(float), axis)
    made = network([native_layer("axis_activation", case, {}, dtype, axis=axis)], shape, dtype)
    for found in (
        made.predict([x])[0],
        config.scalars(dtype).axis_activation(case.name, x, axis),
        getattr(activations, case.name)(x, axis=axis),
    ):
        np.testing.assert_allclose(found, expected, **TOLERANCE[dtype])
    x *= 1000
    far = config.scalars(dtype).axis_activation(case.name, x, axis)
    np.testing.assert_allclose(far, case.formula(x.astype(float), axis), **TOLERANCE[dtype])


@every_axis_activation
@pytest.mark.parametrize(("shape", "axis"), AXES)
@pytest.mark.usefixtures("isa")
def test_gradient_along_an_axis(case: AxisActivation, shape: tuple[int, ...], axis: int) -> None:
    [x] = draw([shape], 2, "float64")
    made = network([native_layer("axis_activation", case, {}, "float64", axis=axis)], shape, "float64")
    dy = np.random.default_rng(3).normal(size=case.formula(x, axis).shape)
    [found], _ = made.gradients([x], [dy], False, 0)
    expected = numeric_gradient(lambda value: float(np.sum(dy * case.formula(value, axis))), x)
    assert relative_error(found, expected) <= GRADIENT


everything_in_dense = pytest.mark.parametrize(
    "case", [*ACTIVATIONS, *(case for case in AXIS_ACTIVATIONS if case.fits_dense)], ids=lambda case: case.name
)


def in_two_ways(case: Any, inputs: int, units: int, dtype: str) -> list[_core.Network]:
    """A dense layer that ends in the activation, and one with the activation as a layer of its own behind it."""
    kind = "axis_activation" if isinstance(case, AxisActivation) else "activation"
    arguments = native_parameters(case, {}) if kind == "activation" else {}
    parameters = {"activation_parameters": list(arguments.values())} if arguments else {}
    scalars = config.scalars(dtype)
    inside = scalars.Layer("dense", {"units": units, "activation": case.name, **parameters}, "dense")
    plain = scalars.Layer("dense", {"units": units}, "dense")
    outside = native_layer(kind, case, arguments, dtype)
    return [network([inside], (inputs,), dtype), network([plain, outside], (inputs,), dtype)]


@everything_in_dense
@pytest.mark.usefixtures("isa")
def test_inside_a_dense_layer(case: Any) -> None:
    for made in in_two_ways(case, 7, 6, "float64"):
        [x] = draw([(7,)], 3, "float64")
        variables = [x, *(parameter.numpy().copy() for parameter in made.parameters)]
        dy = np.random.default_rng(3).normal(size=(3, 6))

        def value(x: Array, kernel: Array, bias: Array) -> Array:
            return case.formula(x @ kernel + bias)

        np.testing.assert_allclose(made.predict([x])[0], value(*variables), **TOLERANCE["float64"])
        found = made.gradients([x], [dy], False, 0)
        for i, gradient in enumerate([*found[0], *found[1]]):

            def scalar(moved: Array, i: int = i, variables: list[Array] = variables, dy: Array = dy) -> float:
                return float(np.sum(dy * value(*variables[:i], moved, *variables[i + 1 :])))

            assert relative_error(gradient, numeric_gradient(scalar, variables[i])) <= GRADIENT


@everything_in_dense
@every_dtype
@pytest.mark.usefixtures("isa")
def test_fused_or_not_the_bits_are_the_same(case: Any, dtype: str) -> None:
    """On any number of threads, too: the units are more than a block of the product."""
    inputs, units = 64, 200
    [x], [dy] = draw([(inputs,)], SHARED_ROWS, dtype), draw([(units,)], SHARED_ROWS, dtype)
    results = []
    for made in in_two_ways(case, inputs, units, dtype):
        for threads in THREADS:
            _core.set_num_threads(threads)
            dx, dparameters = made.gradients([x], [dy], False, 0)
            results.append([*made.run([x], False, 0), *made.predict([x]), *dx, *dparameters])
    for result in results[1:]:
        for i, (found, expected) in enumerate(zip(result, results[0], strict=True)):
            assert_same_bits(found, expected, f"array {i}")
