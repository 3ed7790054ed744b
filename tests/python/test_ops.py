"""Every operation on symbols and on arrays; layers, losses and functions that are written with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases_ops import OPERATIONS, Operation
from harness import DTYPES, GRADIENT, SHARED_ROWS, THREADS, TOLERANCE, Array, assert_same_bits
from reference import numeric_gradient, relative_error

from ranvier import Input, Model, Sequential, _core, gradients, layers, losses, models, ops
from ranvier.saving import register_keras_serializable

every_operation = pytest.mark.parametrize("case", OPERATIONS, ids=lambda case: case.name)


def draw(case: Operation, rows: int, dtype: str = "float64") -> list[Array]:
    random = np.random.default_rng(1)
    return [random.uniform(case.low, case.high, size=(rows, *shape)).astype(dtype) for shape in case.shapes]


def model_of(case: Operation, dtype: str) -> Model:
    inputs = [Input(shape, dtype=dtype) for shape in case.shapes]
    return Model(inputs, case.function(*inputs))


@every_operation
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.usefixtures("isa")
def test_value(case: Operation, dtype: str) -> None:
    x = draw(case, 7, dtype)
    expected = case.formula(*(array.astype("f8") for array in x))
    found = model_of(case, dtype).predict(x)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected, **TOLERANCE[dtype])


@every_operation
def test_arrays_are_numpy_s(case: Operation) -> None:
    x = draw(case, 7)
    if case.name in ("ravel", "broadcast_to"):
        return  # of a symbol each row by itself
    np.testing.assert_allclose(case.function(*x), case.formula(*x), rtol=1e-12, atol=1e-12)


@every_operation
def test_gradient(case: Operation) -> None:
    x = draw(case, 3)
    dy = np.random.default_rng(3).normal(size=case.formula(*x).shape)
    found = gradients(case.function, *x, output_gradient=dy)
    for i, gradient in enumerate(found if isinstance(found, list) else [found]):

        def scalar(value: Array, i: int = i) -> float:
            return float(np.sum(dy * case.formula(*x[:i], value, *x[i + 1 :])))

        numeric = numeric_gradient(scalar, x[i])
        if case.smooth and abs(numeric).max() > 0:
            assert relative_error(gradient, numeric) <= 10 * GRADIENT
        else:
            assert not gradient.any()


@every_operation
def test_any_number_of_threads_gives_the_same_bits(case: Operation) -> None:
    x = draw(case, SHARED_ROWS, "float32")
    inputs = [Input(shape) for shape in case.shapes]
    wide = layers.Dense(600)(layers.Dense(600)(layers.Flatten()(case.function(*inputs))))
    model, dy = Model(inputs, wide), np.ones((SHARED_ROWS, 600), "f4")
    results = []
    for threads in THREADS:
        _core.set_num_threads(threads)
        results.append([model.predict(x), *model.network.gradients(x, [dy], False, 0)[0]])
    for result in results[1:]:
        for found, expected in zip(result, results[0], strict=True):
            assert_same_bits(found, expected)


@pytest.fixture(autouse=True)
def _registered() -> None:
    for thing in (Scaled, bent):  # other tests forget everything
        register_keras_serializable("tests")(thing)


# --- Layers -----------------------------------------------------------------------------------------------------------


class Scaled(layers.Layer):
    """A dense layer of one's own, with a weight that everything is multiplied by and a layer inside."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.inner = layers.Dense(units, activation="tanh", dtype=self.dtype)

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")
        self.scale = self.add_weight(initializer="ones", name="scale")
        self.offset = self.add_weight((self.units,), "zeros", name="offset", trainable=False)

    def call(self, x: Any) -> Any:
        return ops.exp(self.scale) * (x @ self.kernel) + self.offset + self.inner(x)


def scaled(x: Array, kernel: Array, scale: Array, offset: Array, w: Array, b: Array) -> Array:
    return np.exp(scale) * (x @ kernel) + offset + np.tanh(x @ w + b)


X = np.random.default_rng(2).normal(size=(64, 4))


def test_a_layer_of_one_s_own() -> None:
    layer = Scaled(3, dtype="float64")
    assert layer(X).shape == (64, 3)
    weights = [np.random.default_rng(i).normal(size=weight.shape) for i, weight in enumerate(layer.get_weights())]
    layer.set_weights(weights)
    np.testing.assert_allclose(layer(X), scaled(X, *weights), rtol=1e-12)
    assert [variable.name for variable in layer.variables] == ["kernel", "scale", "offset", "kernel", "bias"]
    assert len(layer.trainable_variables) == 4
    found = gradients(layer, X, variables=layer.variables)
    for i, gradient in enumerate(found):

        def scalar(value: Array, i: int = i) -> float:
            return float(scaled(X, *weights[:i], value, *weights[i + 1 :]).sum())

        expected = numeric_gradient(scalar, weights[i]) if layer.variables[i].trainable else np.zeros_like(weights[i])
        np.testing.assert_allclose(gradient, expected, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("ending", ["safetensors"])
def test_a_layer_of_one_s_own_trains_and_is_saved(ending: str, tmp_path: Path) -> None:
    model = Sequential([Input((4,)), Scaled(5, name="mine"), layers.Dense(1)])
    model.compile("adam", "mse")
    start = model.get_weights()
    losses = model.fit(X, X[:, :1] * 2, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2
    changed = [not np.array_equal(one, other) for one, other in zip(start, model.get_weights(), strict=True)]
    assert changed == [True, True, False, True, True, True, True]
    model.save(tmp_path / f"model.{ending}")
    loaded = models.load_model(tmp_path / f"model.{ending}")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    again = Sequential.from_config(json.loads(json.dumps(model.get_config())))
    assert again.get_config() == model.get_config()
    model.get_layer("mine").trainable = False
    assert len(model.trainable_variables) == 2


def bent(x: Any, power: int = 2) -> Any:
    return ops.sign(x) * ops.absolute(x) ** power


def test_lambda(tmp_path: Path) -> None:
    model = Sequential([Input((4,)), layers.Lambda(bent, arguments={"power": 3}), layers.Dense(1)])
    model.save(tmp_path / "model.safetensors")
    loaded = models.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    np.testing.assert_allclose(layers.Lambda(bent)(X), np.sign(X) * X**2, rtol=1e-6)
    with pytest.raises(TypeError, match="files hold no code"):
        layers.Lambda(lambda x: x + 1).get_config()


def test_models_with_operations_are_written_down(tmp_path: Path) -> None:
    x = Input((4,))
    model = Model(x, ops.softmax(layers.Dense(3)(ops.square(x) + 1) * 0.5))
    model.save(tmp_path / "model.safetensors")
    loaded = models.load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.predict(X), model.predict(X))
    assert Model.from_config(json.loads(json.dumps(model.get_config()))).count_params() == 15
    config = model.get_config()
    operation = next(layer for layer in config["layers"] if layer["class_name"] == "Operation")
    operation["config"]["operation"] = "dense"
    with pytest.raises(ValueError, match="the operation must be one of"):
        Model.from_config(config)


# --- Losses -----------------------------------------------------------------------------------------------------------


def mean_of_squares(y: Any, p: Any) -> Any:
    return ops.mean(ops.square(y - p), axis=-1)


class Whole(losses.Loss):
    """One number for the whole batch."""

    def call(self, y_true: Any, y_pred: Any) -> Any:
        return ops.mean(ops.square(y_true - y_pred))


def fitted(loss: Any, **options: Any) -> tuple[list[Array], list[float]]:
    model = Sequential([Input((4,), dtype="float64"), layers.Dense(3, dtype="float64")])
    model.set_weights([np.linspace(-1, 1, 12).reshape(4, 3), np.zeros(3)])
    model.compile("sgd", loss)
    history = model.fit(X, X[:, :3] ** 2, epochs=3, shuffle=False, verbose=0, **options)
    return model.get_weights(), history.history["loss"]


@pytest.mark.parametrize(
    "loss", [mean_of_squares, Whole(), lambda y, p: ops.square(y - p)], ids=["rows", "whole", "all"]
)
@pytest.mark.parametrize("weighted", [False, True])
def test_losses_of_one_s_own(loss: Any, weighted: bool) -> None:
    options = {"sample_weight": np.linspace(0, 2, 64)} if weighted else {}
    if weighted and isinstance(loss, Whole):
        return
    expected, expected_loss = fitted("mse", **options)
    found, found_loss = fitted(loss, **options)
    np.testing.assert_allclose(found_loss, expected_loss, rtol=1e-12)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


def test_losses_of_one_s_own_with_metrics_and_class_indices() -> None:
    model = Sequential([Input((4,)), layers.Dense(3)])
    model.compile(
        "sgd",
        lambda y, z: ops.sparse_categorical_crossentropy(y, z, from_logits=True),
        metrics=["sparse_categorical_accuracy"],
    )
    twin = Sequential([Input((4,)), layers.Dense(3)])
    twin.set_weights(model.get_weights())
    twin.compile("sgd", losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["sparse_categorical_accuracy"])
    y = np.arange(64) % 3
    results = [each.fit(X, y, epochs=3, shuffle=False, verbose=0).history for each in (model, twin)]
    for name in results[0]:
        np.testing.assert_allclose(results[0][name], results[1][name], rtol=1e-5)


def test_losses_of_one_s_own_on_any_number_of_threads() -> None:
    weights = []
    for threads in THREADS:
        _core.set_num_threads(threads)
        model = Sequential([Input((4,)), layers.Dense(1500, activation="relu"), layers.Dense(3)])
        model.set_weights([np.random.default_rng(i).normal(size=w.shape) for i, w in enumerate(model.get_weights())])
        model.compile("sgd", mean_of_squares)
        model.fit(np.tile(X, (20, 1)), np.tile(X[:, :3], (20, 1)), batch_size=640, epochs=2, shuffle=False, verbose=0)
        weights.append(model.get_weights())
    for found in weights[1:]:
        for one, other in zip(found, weights[0], strict=True):
            assert_same_bits(one, other)


# --- What is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (lambda x: ops.concatenate([x, x], 0), r"\[concatenate\] axis 0 is the batch"),
        (lambda x: x + np.ones((5, 2, 3)), "does not go together with a batch"),
        (lambda x: x + ops.sum(x, -1), "use expand_dims for axes that are missing"),
        (lambda x: ops.reshape(x, (6,)), "the first axis is the batch"),
        (ops.transpose, "the first axis is the batch and stays in front"),
        (lambda x: x[0], "the key must begin with :"),
        (lambda x: ops.matmul(x, np.ones((4, 2))), "cannot be multiplied: 3 columns, but 4 rows"),
        (lambda x: ops.sum(x, 3), "axis 3 does not exist"),
        (lambda x: Model(x.node.layer.symbol, ops.mean(x)), "one for the whole batch"),
        (lambda x: ops.einsum("bij,bjk->ik", x, x), "do not fit|batch"),
        (layers.Lambda(lambda value: np.ones(3)), "call must return symbols"),
    ],
)
def test_what_is_refused(attempt: Any, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        attempt(Input((2, 3)))


def test_an_unknown_operation() -> None:
    with pytest.raises(AttributeError, match="unknown operation 'sqare'; did you mean 'square'"):
        _ = ops.sqare
