"""Metrics written with `ranvier.ops`: recorded once, then part of the native loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import _core, callbacks, losses, metrics, models, ops
from ranvier.layers import LSTM, Dense, Input

RANDOM = np.random.default_rng(4)
X = RANDOM.normal(size=(50, 3))
Y = np.eye(2)[(X[:, 0] > 0).astype(int)]
WEIGHTS = RANDOM.uniform(size=50)


class Counted:
    """A metric that counts how often Python is asked."""

    def __init__(self, function: Any) -> None:
        self.function, self.calls, self.__name__ = function, 0, function.__name__

    def __call__(self, y_true: Any, y_pred: Any) -> Any:
        self.calls += 1
        return self.function(y_true, y_pred)


def mean_error(y_true: Any, y_pred: Any) -> Any:
    return ops.mean(ops.absolute(y_true - y_pred), axis=-1)


def errors(y_true: Any, y_pred: Any) -> Any:
    return ops.absolute(y_true - y_pred)


def greatest_error(y_true: Any, y_pred: Any) -> Any:
    return ops.max(ops.absolute(y_true - y_pred))


def model(dtype: str = "float32", **settings: Any) -> models.Sequential:
    ranvier.utils.set_random_seed(1)
    made = models.Sequential([Input((3,)), Dense(4, "tanh", dtype=dtype), Dense(2, "softmax", dtype=dtype)])
    made.compile("sgd", "categorical_crossentropy", **settings)
    return made


@pytest.mark.parametrize("function", [mean_error, errors])
def test_python_is_asked_once(function: Any) -> None:
    counted = Counted(function)
    trained = model(metrics=[counted, "mae"])
    history = trained.fit(X, Y, batch_size=8, epochs=3, verbose=0, validation_data=(X[:20], Y[:20])).history
    assert counted.calls == 1
    for prefix in ("", "val_"):
        np.testing.assert_allclose(history[prefix + function.__name__], history[prefix + "mae"], rtol=1e-6)
    trained.evaluate(X, Y, verbose=0)
    assert counted.calls == 1


def test_weights() -> None:
    """A row counts as its weight says; unweighted metrics see no weights."""
    trained = model("float64", metrics=[mean_error], weighted_metrics=[mean_error, errors, greatest_error])
    found = trained.evaluate(X, Y, batch_size=20, sample_weight=WEIGHTS, verbose=0, return_dict=True)
    error = np.abs(trained.predict(X) - Y)
    assert found["mean_error"] == pytest.approx(error.mean(), rel=1e-12)
    for name in ("weighted_mean_error", "errors"):
        assert found[name] == pytest.approx(np.average(error.mean(1), weights=WEIGHTS), rel=1e-12)
    batches = [slice(0, 20), slice(20, 40), slice(40, 50)]
    greatest, weight = [error[b].max() for b in batches], [WEIGHTS[b].sum() for b in batches]
    assert found["greatest_error"] == pytest.approx(np.average(greatest, weights=weight), rel=1e-12)


def test_one_value_for_a_batch() -> None:
    counted = Counted(greatest_error)
    trained = model("float64", metrics=[counted])
    found = trained.evaluate(X, Y, batch_size=30, verbose=0)[1]
    error = np.abs(trained.predict(X) - Y)
    assert counted.calls == 1
    assert found == pytest.approx((error[:30].max() + error[30:].max()) / 2, rel=1e-12)


def test_positions_have_weights_of_their_own() -> None:
    x, y = RANDOM.normal(size=(6, 5, 2)), RANDOM.normal(size=(6, 5, 3))
    weights = RANDOM.uniform(size=(6, 5))
    made = models.Sequential([Input((5, 2)), LSTM(3, return_sequences=True, dtype="float64")])

    def of_positions(y_true: Any, y_pred: Any) -> Any:
        return ops.max(ops.absolute(y_true - y_pred), axis=-1)

    def of_rows(y_true: Any, y_pred: Any) -> Any:
        return ops.max(ops.absolute(y_true - y_pred), axis=(1, 2))

    made.compile("sgd", "mse", weighted_metrics=[of_positions, errors, of_rows])
    found = made.evaluate(x, y, sample_weight=weights, batch_size=4, verbose=0, return_dict=True)
    error = np.abs(made.predict(x) - y)
    assert found["of_positions"] == pytest.approx(np.average(error.max(-1), weights=weights), rel=1e-12)
    assert found["errors"] == pytest.approx(np.average(error.mean(-1), weights=weights), rel=1e-12)
    assert found["of_rows"] == pytest.approx(np.average(error.max((1, 2)), weights=weights.sum(1)), rel=1e-12)


def test_classes_and_several_outputs() -> None:
    x = Input((3,))
    kind, size = Dense(2, "softmax", name="kind")(x), Dense(1, name="size")(x)
    made = models.Model(x, [kind, size])

    def right(y_true: Any, y_pred: Any) -> Any:
        return ops.cast(ops.equal(y_true, ops.argmax(y_pred, axis=-1)), "float32")

    counted = [Counted(right), Counted(mean_error)]
    made.compile(
        "sgd",
        ["sparse_categorical_crossentropy", "mse"],
        metrics={"kind": [counted[0], "accuracy"], "size": [counted[1], "mae"]},
    )
    logs = made.evaluate(X, [Y.argmax(1), X[:, :1]], verbose=0, return_dict=True)
    assert [one.calls for one in counted] == [1, 1]
    assert logs["kind_right"] == pytest.approx(logs["kind_accuracy"])
    assert logs["size_mean_error"] == pytest.approx(logs["size_mae"], rel=1e-6)


def test_beside_a_metric_that_cannot_be_recorded() -> None:
    def with_numpy(y_true: Any, y_pred: Any) -> Any:
        return np.abs(np.asarray(y_true) - np.asarray(y_pred)).mean(-1)

    counted = Counted(mean_error)
    trained = model(metrics=[with_numpy, counted, "mae"], weighted_metrics=[with_numpy, counted])
    logs = trained.evaluate(X, Y, sample_weight=WEIGHTS, verbose=0, return_dict=True)
    assert counted.calls == 2  # once as a metric, once as a weighted one
    assert logs["with_numpy"] == pytest.approx(logs["mae"], rel=1e-6)
    assert logs["mean_error"] == pytest.approx(logs["mae"], rel=1e-6)
    assert logs["weighted_with_numpy"] == pytest.approx(logs["weighted_mean_error"], rel=1e-6)


def test_a_loss_of_ones_own_as_a_metric() -> None:
    class Squares(losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return ops.mean(ops.square(y_true - y_pred), axis=-1)

    trained = model(metrics=[Squares(), "mse"])
    logs = trained.evaluate(X, Y, verbose=0, return_dict=True)
    assert logs["squares"] == pytest.approx(logs["mse"], rel=1e-6)


def test_the_object_follows_the_model_and_counts_by_hand() -> None:
    metric = metrics.MeanMetricWrapper(mean_error, name="own")
    trained = model(metrics=[metric])
    found = trained.evaluate(X, Y, verbose=0)[1]
    assert metric.result() == pytest.approx(found)
    metric.reset_state()
    assert metric.result() == 0
    assert metric(Y, trained.predict(X)) == pytest.approx(found, rel=1e-6)
    assert metric.get_config()["fn"] == "mean_error"


def test_a_subclass_that_does_more_is_left_to_python() -> None:
    class Doubled(metrics.MeanMetricWrapper):
        def result(self) -> float:
            return 2 * super().result()

    trained = model(metrics=[Doubled(mean_error, name="doubled"), "mae"])
    logs = trained.evaluate(X, Y, verbose=0, return_dict=True)
    assert logs["doubled"] == pytest.approx(2 * logs["mae"], rel=1e-6)


def test_an_evaluation_inside_a_pass_has_metrics_of_its_own() -> None:
    trained = model(metrics=[mean_error, "mae"])
    inner: list[Any] = []
    hook = callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: inner.append(trained.evaluate(X[:9], Y[:9], verbose=0))
    )
    history = trained.fit(X, Y, batch_size=25, verbose=0, callbacks=[hook]).history
    np.testing.assert_allclose(history["mean_error"], history["mae"], rtol=1e-6)
    assert len(inner) == 2


def test_threads_change_nothing() -> None:
    x, y = RANDOM.normal(size=(600, 3)), RANDOM.normal(size=(600, 2))
    found = []
    threads = _core.num_threads()
    try:
        for number in (1, 2):
            _core.set_num_threads(number)
            ranvier.utils.set_random_seed(2)
            made = models.Sequential([Input((3,)), Dense(300, "relu"), Dense(300, "relu"), Dense(2)])
            made.compile("sgd", "mse", metrics=[mean_error, greatest_error])
            found.append(made.fit(x, y, batch_size=300, verbose=0).history)
    finally:
        _core.set_num_threads(threads)
    assert found[0] == found[1]


def test_targets_of_another_shape_are_recorded_again() -> None:
    x = Input((3,))
    made = models.Model(x, Dense(4)(x))

    class Own(losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return ops.mean(y_pred, axis=-1) - ops.mean(y_true, axis=-1)

    def least(y_true: Any, y_pred: Any) -> Any:
        return ops.min(y_true, axis=-1)

    made.compile("sgd", Own(), metrics=[least])
    for columns in (2, 4):
        y = RANDOM.normal(size=(50, columns))
        assert made.evaluate(X, y, verbose=0)[1] == pytest.approx(y.min(1).mean(), rel=1e-5)
