"""What layers and models add to the loss, against NumPy formulas in float64."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import DTYPES, SHARED_ROWS, TAIL, THREADS, Array, assert_same_bits, assert_steps_follow_the_gradient

from ranvier import Input, Model, Sequential, _core, gradients, layers, ops, random, regularizers, saving

RANDOM = np.random.default_rng(7)
X, Y = RANDOM.normal(size=(12, 3)), RANDOM.normal(size=(12, 2))
FLOAT = {"float64": 1e-12, "float32": 2e-6}


@saving.register_keras_serializable("test_added_losses")
class Watched(layers.Layer):
    """Passes its input on, and adds what a function makes of it."""

    def __init__(self, factor: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        self.add_loss(self.factor * ops.mean(ops.square(inputs)))
        return inputs


def added(function: Callable[[Any], Any], **kwargs: Any) -> layers.Layer:
    """A layer that passes its input on, and adds what a function makes of it."""

    class Added(layers.Layer):
        def call(self, inputs: Any) -> Any:
            self.add_loss(function(inputs))
            return inputs

    return Added(**kwargs)


def chain(*middle: layers.Layer, dtype: str = "float64") -> Sequential:
    model = Sequential([Input((3,), dtype=dtype), layers.Dense(2, dtype=dtype), *middle])
    model.compile("sgd", "mse")
    return model


def squares(a: Array) -> float:
    return float(np.mean(np.square(a)))


# --- The loss and its gradient ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
def test_steps_and_losses_are_those_of_the_formula(dtype: str) -> None:
    """loss = mean((h - y)^2) + 0.3 mean(h^2), h = x w + b; three steps of SGD by hand."""
    model = chain(Watched(0.3, dtype=dtype), dtype=dtype)
    w, b = (np.asarray(weight, np.float64) for weight in model.get_weights())
    x, y = X.astype(dtype).astype(float), Y.astype(dtype).astype(float)
    for _ in range(3):
        h = x @ w + b
        expected = squares(h - y) + 0.3 * squares(h)
        for found in (model.evaluate(X, Y, verbose=0), model.test_on_batch(X, Y), model.train_on_batch(X, Y)):
            np.testing.assert_allclose(found, expected, rtol=FLOAT[dtype])
        dh = (2 * (h - y) + 0.6 * h) / h.size
        w, b = w - 0.01 * x.T @ dh, b - 0.01 * dh.sum(0)
        for weight, wanted in zip(model.get_weights(), (w, b), strict=True):
            np.testing.assert_allclose(weight, wanted, rtol=10 * FLOAT[dtype], atol=FLOAT[dtype])


def test_fit_reports_the_whole_loss_and_predict_none() -> None:
    model, plain = chain(Watched(dtype="float64")), chain()
    plain.set_weights(model.get_weights())
    h = model.predict(X)
    assert_same_bits(h, plain.predict(X))
    history = model.fit(X, Y, batch_size=12, epochs=1, verbose=0, validation_data=(X, Y)).history
    np.testing.assert_allclose(history["loss"], [squares(h - Y) + squares(h)], rtol=1e-12)
    h = model.predict(X)
    np.testing.assert_allclose(history["val_loss"], [squares(h - Y) + squares(h)], rtol=1e-12)


def test_the_mean_over_batches_weighs_rows() -> None:
    model = chain(Watched(dtype="float64"))
    h = model.predict(X)
    parts = [slice(0, 5), slice(5, 10), slice(10, 12)]
    expected = sum((squares(h[p] - Y[p]) + squares(h[p])) * len(h[p]) for p in parts) / 12
    np.testing.assert_allclose(model.evaluate(X, Y, batch_size=5, verbose=0), expected, rtol=1e-12)


def test_sample_weights_are_of_the_other_loss() -> None:
    model = chain(Watched(dtype="float64"))
    h = model.predict(X)
    weights = np.linspace(0, 2, 12)
    expected = float(np.mean(weights * np.mean((h - Y) ** 2, axis=1))) + squares(h)
    np.testing.assert_allclose(model.evaluate(X, Y, sample_weight=weights, verbose=0), expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("function", "formula"),
    [
        (ops.mean, np.mean),
        (lambda h: ops.sum(ops.square(h), axis=-1), lambda h: np.sum(h**2)),
        (ops.square, lambda h: np.sum(h**2)),
        (lambda h: [ops.max(h), ops.min(h)], lambda h: h.max() + h.min()),
        (lambda h: ops.mean(h) * random.normal((1,), seed=3) * 0, lambda _: 0.0),
    ],
    ids=["number", "row", "element", "list", "noise"],
)
def test_the_sum_of_all_numbers_is_added(function: Callable[[Any], Any], formula: Callable[[Array], Any]) -> None:
    model = chain(added(function, dtype="float64"))
    h = model.predict(X)
    np.testing.assert_allclose(model.evaluate(X, Y, verbose=0), squares(h - Y) + formula(h), rtol=1e-12)


def test_each_call_adds_wherever_it_is() -> None:
    """A layer that is called twice, in a model that is called twice, whose second output nobody uses."""
    layer = Watched(dtype="float64")
    a = Input((3,), dtype="float64")
    inner = Model(a, [layer(layer(a) * 2), layers.Dense(1, dtype="float64")(a)])
    b = Input((3,), dtype="float64")
    model = Model(b, inner(inner(b * 3)[0])[0] + layers.Dense(3, dtype="float64")(b) * 0)
    model.compile("sgd", "mse")
    expected = squares(12 * X - X) + sum(squares(factor * X) for factor in (3, 6, 6, 12))
    np.testing.assert_allclose(model.evaluate(X, X, verbose=0), expected, rtol=1e-12)


def test_models_and_layers_with_call_inside_each_other() -> None:
    class Inner(layers.Layer):
        def __init__(self) -> None:
            super().__init__(dtype="float64")
            self.watched = Watched(2.0, dtype="float64")

        def call(self, inputs: Any) -> Any:
            self.add_loss(ops.mean(inputs))
            return self.watched(inputs), inputs * 2

    class Outer(Model):
        def __init__(self) -> None:
            super().__init__(dtype="float64")
            self.inner, self.dense = Inner(), layers.Dense(2, dtype="float64")

        def call(self, inputs: Any) -> Any:
            first, second = self.inner(inputs)
            self.add_loss(ops.mean(first) * 3)
            return self.dense(second)

    model = Outer()
    model.compile("sgd", "mse")
    found = model.evaluate(X, Y, verbose=0)
    expected = squares(model.predict(X) - Y) + X.mean() * 4 + 2 * squares(X)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_calls_count_whose_values_nobody_uses() -> None:
    class Inner(Model):
        def __init__(self) -> None:
            super().__init__(dtype="float64")
            self.watched = Watched(2.0, dtype="float64")

        def call(self, inputs: Any) -> Any:
            self.watched(inputs * 3)
            return inputs

    class Outer(Model):
        def __init__(self) -> None:
            super().__init__(dtype="float64")
            self.inner, self.dense = Inner(), layers.Dense(2, dtype="float64")

        def call(self, inputs: Any, training: bool = False) -> Any:
            h = self.dense(inputs)
            self.inner(inputs)
            self.inner(h)
            return h * (2 if training else 1)

    model = Outer()
    model.compile("sgd", "mse")
    for scale, run in ((1, model.test_on_batch), (2, model.train_on_batch)):
        h = model(X)
        np.testing.assert_allclose(run(X, Y), squares(scale * h - Y) + 18 * (squares(X) + squares(h)), rtol=1e-12)


@pytest.mark.parametrize("always", [False, True])
def test_losses_of_training_alone(always: bool) -> None:
    class Trained(layers.Layer):
        def call(self, inputs: Any, training: bool = False) -> Any:
            if training or always:
                self.add_loss(ops.mean(ops.square(inputs)) * (3 if training else 1))
            return inputs * 2 if training else inputs

    model = chain(Trained(dtype="float64"))
    h = model.predict(X)
    np.testing.assert_allclose(model.test_on_batch(X, Y), squares(h - Y) + always * squares(h), rtol=1e-12)
    np.testing.assert_allclose(model.train_on_batch(X, Y), squares(2 * h - Y) + 3 * squares(h), rtol=1e-12)


def test_both_branches_of_a_model_add_once() -> None:
    """The layer inside is called in each branch, of which one runs; its activity penalty is counted once too."""

    class Branched(Model):
        def __init__(self) -> None:
            super().__init__(dtype="float64")
            self.watched = Watched(dtype="float64")
            self.dense = layers.Dense(2, dtype="float64", activity_regularizer=regularizers.L2(0.5))

        def call(self, inputs: Any, training: bool = False) -> Any:
            return self.dense(self.watched(inputs)) * (2 if training else 1)

    model = Branched()
    model.compile("sgd", "mse")
    model.predict(X)
    for scale, run in ((1, model.test_on_batch), (2, model.train_on_batch)):
        h = model.predict(X)
        expected = squares(scale * h - Y) + squares(X) + 0.5 * np.sum(h**2) / 12
        np.testing.assert_allclose(run(X, Y), expected, rtol=1e-12)


def test_open_sizes() -> None:
    x = Input((None, 3), dtype="float64")
    model = Model(x, Watched(dtype="float64")(layers.Dense(2, dtype="float64")(x)))
    model.compile("sgd", "mse")
    for steps in (2, 5):
        data = RANDOM.normal(size=(4, steps, 3))
        h = model.predict(data)
        np.testing.assert_allclose(model.evaluate(data, h * 0, verbose=0), 2 * squares(h), rtol=1e-12)


def test_masks_go_on_behind_what_adds() -> None:
    class Passing(Watched):
        supports_masking = True

    tokens = np.array([[1, 2, 0], [3, 0, 0]])

    def last(*middle: Any) -> Array:
        model = Sequential([Input((3,)), layers.Embedding(4, 2, mask_zero=True), *middle, layers.LSTM(2)])
        for weight in model.weights:
            weight.assign(np.linspace(-1, 1, weight.numpy().size).reshape(weight.shape))
        return np.asarray(model.predict(tokens))

    assert_same_bits(last(Passing()), last())


def test_a_softmax_is_still_joined_with_its_loss() -> None:
    """Cross-entropy of logits of 200 is exact only where no probability is rounded to 0."""

    class Scaled(Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(2, activation="softmax", kernel_initializer="ones", use_bias=False)

        def call(self, inputs: Any) -> Any:
            self.add_loss(ops.mean(inputs))
            return self.dense(inputs)

    model = Scaled()
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.predict(np.zeros((1, 1)))
    model.set_weights([np.array([[0.0, 200.0]])])
    assert model.evaluate(np.ones((1, 1)), np.array([0]), verbose=0) == pytest.approx(201, rel=1e-6)


def test_numeric_gradient_of_a_variational_autoencoder() -> None:
    """With its noise held: what SGD subtracts, against differences of the loss that the model reports."""

    class Autoencoder(Model):
        def __init__(self) -> None:
            super().__init__(dtype="float64")
            self.mean, self.log_var, self.out = (layers.Dense(n, dtype="float64") for n in (2, 2, 3))

        def call(self, inputs: Any) -> Any:
            mean, log_var = self.mean(inputs), self.log_var(inputs)
            self.add_loss(-0.5 * ops.mean(ops.sum(1 + log_var - ops.square(mean) - ops.exp(log_var), axis=1)))
            return self.out(mean + ops.exp(0.5 * log_var) * random.normal(ops.shape(mean), seed=1))

    model = Autoencoder()
    model.compile("sgd", "mse")
    model.predict(X)
    assert_steps_follow_the_gradient(model, X, X)


def test_any_number_of_threads() -> None:
    results = []
    x = np.random.default_rng(0).normal(size=(SHARED_ROWS, 3))
    for threads in THREADS:
        _core.set_num_threads(threads)
        model = Sequential([Input((3,)), *(layers.Dense(TAIL, kernel_initializer="ones") for _ in range(2)), Watched()])
        model.compile("sgd", "mse")
        model.fit(x, np.zeros((SHARED_ROWS, TAIL)), batch_size=SHARED_ROWS, epochs=2, shuffle=False, verbose=0)
        results.append(model.get_weights())
    for weights in results[1:]:
        for found, expected in zip(weights, results[0], strict=True):
            assert_same_bits(found, expected)


# --- Without another loss ---------------------------------------------------------------------------------------------


def test_a_model_whose_layers_add_all_of_the_loss() -> None:
    model = chain(Watched(dtype="float64"))
    model.compile("sgd")
    h = model.predict(X)
    history = model.fit(X, batch_size=12, epochs=2, verbose=0, validation_data=(X, None)).history
    assert history["loss"][0] == pytest.approx(squares(h), rel=1e-12)
    assert history["loss"][1] < history["loss"][0]
    assert model.evaluate(X, verbose=0) == pytest.approx(history["val_loss"][1], rel=1e-12)
    assert model.train_on_batch(X) == pytest.approx(history["val_loss"][1], rel=1e-12)


def test_batches_without_targets() -> None:
    model = chain(Watched(dtype="float64"))
    model.compile("sgd")
    h = model.predict(X)
    for batches in ([X[:6], X[6:]], [(X[:6], None), (X[6:], None)]):
        assert model.evaluate(iter(batches), verbose=0) == pytest.approx(squares(h), rel=1e-12)


def test_weights_that_no_loss_needs_stay() -> None:
    x = Input((3,))
    model = Model(x, layers.Dense(2)(Watched()(layers.Dense(2)(x))))
    model.compile("adam")
    before = model.get_weights()
    model.fit(X, epochs=2, verbose=0)
    same = [np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert same == [False, False, True, True]


# --- Models of symbols ------------------------------------------------------------------------------------------------


def functional(dtype: str = "float64") -> Model:
    x = Input((3,), dtype=dtype)
    h = layers.Dense(2, dtype=dtype)(x)
    model = Model(x, layers.Activation("tanh", name="end", dtype=dtype)(h))
    model.add_loss(0.5 * ops.mean(ops.square(h)))
    model.add_loss([ops.mean(x), ops.mean(h)])
    return model


def test_add_loss_of_a_model_of_symbols(tmp_path: Path) -> None:
    model = functional()
    model.save(tmp_path / "model.safetensors")
    for each in (model, saving.load_model(tmp_path / "model.safetensors")):
        assert each.output_names == ["end"]
        each.compile("sgd", "mse")
        h = X @ each.get_weights()[0]
        expected = squares(np.tanh(h) - Y) + 0.5 * squares(h) + X.mean() + h.mean()
        assert each.evaluate(X, Y, verbose=0) == pytest.approx(expected, rel=1e-12)


def test_saved_and_loaded(tmp_path: Path) -> None:
    model = chain(Watched(3.0, dtype="float64"))
    model.save(tmp_path / "model.safetensors")
    again = saving.load_model(tmp_path / "model.safetensors")
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)
    assert again.train_on_batch(X, Y) == model.train_on_batch(X, Y)
    assert again.test_on_batch(X, Y) == model.test_on_batch(X, Y)


def test_gradients_are_of_the_outputs_alone() -> None:
    np.testing.assert_array_equal(gradients(Watched(dtype="float64"), X), np.ones_like(X))


# --- Errors -----------------------------------------------------------------------------------------------------------


class Numbers(layers.Layer):
    def call(self, inputs: Any) -> Any:
        self.add_loss(3.0)
        return inputs


def of_another_graph() -> None:
    model, other = functional(), Input((3,), dtype="float64")
    model.add_loss(ops.mean(other))


def without_any() -> None:
    model = chain()
    model.compile("sgd")
    model.fit(X, Y, verbose=0)


def metrics_without_a_loss() -> None:
    model = chain(Watched(dtype="float64"))
    model.compile("sgd", metrics=["mae"])
    model.fit(X, Y, verbose=0)


def weights_without_a_loss() -> None:
    model = chain(Watched(dtype="float64"))
    model.compile("sgd")
    model.fit(X, sample_weight=np.ones(12), verbose=0)


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda: layers.Dense(2, name="one").add_loss(np.ones(())), ValueError, r"\[one\] add_loss works while `call`"),
        (lambda: Numbers()(X), TypeError, r"add_loss expects symbols.*got 3\.0"),
        (lambda: functional().add_loss(3.0), TypeError, r"symbols of the model's graph, got 3\.0"),
        (of_another_graph, ValueError, "need the input"),
        (lambda: chain().add_loss(ops.mean(Input((3,)))), TypeError, "Sequential takes no loss"),
        (without_any, ValueError, "compiled without a loss, and no layer adds one"),
        (weights_without_a_loss, ValueError, "compiled without a loss: there is none that weights"),
        (metrics_without_a_loss, ValueError, "compiled without a loss, which metrics need"),
    ],
)
def test_errors(act: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        act()
