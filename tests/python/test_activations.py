"""Activations: the list comes from the native core, and each is a function that looks like one.

Values and gradients are tested from the table of cases.
"""

import copy
import functools
import inspect
import math
import pickle

import numpy as np
import pytest

from ranvier import Input, Model, _core, activations, layers

X = np.linspace(-3, 3, 24).reshape(2, 3, 4)
ELEMENTWISE = [row["name"] for row in _core.activations()]
ALONG_AXIS = [row["name"] for row in _core.axis_activations()]


def test_every_native_activation_is_a_function_of_the_module() -> None:
    assert set(ELEMENTWISE + ALONG_AXIS) <= set(dir(activations))
    assert {"relu", "gelu", "silu", "softplus", "exponential"} <= set(ELEMENTWISE)
    assert {"softmax", "log_softmax", "sparsemax", "glu"} <= set(ALONG_AXIS)
    assert activations.swish is activations.silu
    assert activations.hard_swish is activations.hard_silu
    with pytest.raises(AttributeError, match="unknown name 'rellu'; did you mean 'relu'"):
        _ = activations.rellu


@pytest.mark.parametrize("name", ELEMENTWISE + ALONG_AXIS)
def test_they_look_like_functions(name: str) -> None:
    function = activations.get(name)
    assert function.__name__ == name
    assert function.__doc__ is not None
    assert function.__doc__.startswith(f"{name}: ")
    first = next(iter(inspect.signature(function).parameters))
    assert first == "x"
    assert activations.get(activations.serialize(function)) is function
    assert pickle.loads(pickle.dumps(function)) is function
    assert copy.deepcopy(function) is function
    assert repr(function) == f"<activation {name}>"


@pytest.mark.parametrize("name", ELEMENTWISE + ALONG_AXIS)
def test_dtypes_and_shapes(name: str) -> None:
    function = activations.get(name)
    double, single = function(X), function(X.astype("f4"))
    assert (double.dtype, single.dtype) == (np.float64, np.float32)
    assert function(X.tolist()).dtype == np.float32
    assert function(X.astype(int)).dtype == np.float32
    assert double.shape == ((2, 3, 2) if name == "glu" else X.shape)
    np.testing.assert_allclose(single, double, rtol=1e-5, atol=1e-6)


def test_signatures_are_those_of_keras() -> None:
    assert str(inspect.signature(activations.relu)) == "(x, negative_slope=0.0, max_value=None, threshold=0.0)"
    assert str(inspect.signature(activations.elu)) == "(x, alpha=1.0)"
    assert str(inspect.signature(activations.softmax)) == "(x, axis=-1)"


def test_parameters() -> None:
    x = np.array([-2.0, 0.5, 9.0])
    np.testing.assert_allclose(activations.relu(x, max_value=6), [0, 0.5, 6])
    np.testing.assert_allclose(activations.relu(x, 0.5, None, 1.0), [-1.5, -0.25, 9])
    np.testing.assert_allclose(activations.leaky_relu(x, negative_slope=0.1), [-0.2, 0.5, 9])
    np.testing.assert_allclose(activations.gelu(np.array([1.0]), approximate=False), [0.8413447], rtol=1e-6)
    np.testing.assert_allclose(activations.gelu(np.array([1.0]), approximate=True), [0.8411920], rtol=1e-6)
    assert activations.relu.values(max_value=None)["max_value"] == math.inf
    with pytest.raises(TypeError, match="unknown parameter 'slope'"):
        activations.relu(x, slope=1)
    with pytest.raises(TypeError, match="takes x and 1 parameters, got 2"):
        activations.elu(x, 1, 2)
    with pytest.raises(TypeError, match="got alpha twice"):
        activations.elu(x, 1, alpha=1)


def test_axes() -> None:
    np.testing.assert_allclose(activations.softmax(X, axis=1).sum(1), np.ones((2, 4)))
    np.testing.assert_allclose(activations.softmax(X).sum(-1), np.ones((2, 3)))
    assert activations.glu(X[:, :2], axis=1).shape == (2, 1, 4)
    with pytest.raises(TypeError, match="axis must be an integer"):
        activations.softmax(X, axis="last")


def test_serialization_of_parameters() -> None:
    partial = functools.partial(activations.relu, max_value=6.0)
    assert activations.serialize(partial) == {"class_name": "relu", "config": {"max_value": 6.0}}
    assert activations.serialize(functools.partial(activations.softmax, axis=1))["config"] == {"axis": 1}
    again = activations.deserialize(activations.serialize(partial))
    np.testing.assert_array_equal(again(X), partial(X))
    assert activations.serialize(layers.LeakyReLU()) == {"class_name": "leaky_relu", "config": {"negative_slope": 0.3}}
    assert activations.serialize(None) == "linear"


def test_on_symbols() -> None:
    x = Input((4,))
    model = Model(x, activations.relu(x, max_value=1.0))
    np.testing.assert_array_equal(model.predict([[-1.0, 0.5, 1.0, 2.0]]), [[0, 0.5, 1, 1]])
    x = Input((2, 4))
    model = Model(x, activations.softmax(x, axis=1))
    np.testing.assert_allclose(model.predict(np.ones((1, 2, 4))), np.full((1, 2, 4), 0.5))
