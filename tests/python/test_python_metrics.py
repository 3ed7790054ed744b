"""Metrics written in Python: a class or a function, in compile and alone; arrays and dicts in logs; means and sums."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import callbacks, losses, metrics, models
from ranvier.layers import Dense, Input

RANDOM = np.random.default_rng(4)
X = RANDOM.normal(size=(50, 3))
Y = np.eye(2)[(X[:, 0] > 0).astype(int)]


class Recorder(metrics.Metric):
    """Keeps what it is shown, and the sum of absolute errors."""

    def __init__(self, name: str = "recorder", dtype: str | None = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_weight(name="total")
        self.count = self.add_variable((), "zeros", name="count")
        self.shown: list[tuple[Any, Any, Any]] = []

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.shown.append((y_true, y_pred, sample_weight))
        self.total.assign_add(np.abs(y_true - y_pred).sum())
        self.count.assign(self.count + y_pred.size)

    def result(self) -> Any:
        return self.total / self.count if self.count > 0 else 0.0


def mean_error(y_true: Any, y_pred: Any) -> Any:
    return np.abs(y_true - y_pred).mean(-1)


def greatest_error(y_true: Any, y_pred: Any) -> Any:
    return np.abs(y_true - y_pred).max()


def model(**settings: Any) -> models.Sequential:
    ranvier.utils.set_random_seed(1)
    made = models.Sequential([Input((3,)), Dense(4, "tanh"), Dense(2, "softmax")])
    made.compile("sgd", "categorical_crossentropy", **settings)
    return made


def test_a_class_a_function_and_a_native_metric_say_the_same() -> None:
    trained = model(metrics=[Recorder(), "mae", mean_error, greatest_error])
    history = trained.fit(X, Y, batch_size=8, epochs=2, verbose=0, validation_data=(X[:20], Y[:20])).history
    assert list(history) == [
        *("greatest_error", "loss", "mae", "mean_error", "recorder"),
        *("val_greatest_error", "val_loss", "val_mae", "val_mean_error", "val_recorder"),
    ]
    for prefix in ("", "val_"):
        np.testing.assert_allclose(history[prefix + "recorder"], history[prefix + "mae"], rtol=1e-5)
        np.testing.assert_allclose(history[prefix + "mean_error"], history[prefix + "mae"], rtol=1e-5)
    results = trained.evaluate(X, Y, verbose=0, return_dict=True)
    assert results["mean_error"] == pytest.approx(np.abs(trained.predict(X) - Y).mean(), rel=1e-5)
    assert results["recorder"] == pytest.approx(results["mae"], rel=1e-5)


def test_python_metrics_do_not_change_training() -> None:
    plain = model()
    plain.fit(X, Y, epochs=2, verbose=0)
    watched = model(metrics=[mean_error])
    watched.fit(X, Y, epochs=2, verbose=0)
    for a, b in zip(plain.get_weights(), watched.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_a_metric_is_shown() -> None:
    """Each batch once, in order; weights only if it is a weighted metric."""
    plain, weighted = Recorder("plain"), Recorder("weighted")
    watched = model(metrics=[plain], weighted_metrics=[weighted])
    weights = RANDOM.uniform(size=50)
    watched.evaluate(X, Y, batch_size=20, sample_weight=weights, verbose=0)
    assert [len(y) for y, _, _ in plain.shown] == [20, 20, 10]
    np.testing.assert_array_equal(np.concatenate([y for y, _, _ in plain.shown]), Y)
    np.testing.assert_allclose(np.concatenate([p for _, p, _ in plain.shown]), watched.predict(X), rtol=1e-6)
    assert all(w is None for _, _, w in plain.shown)
    np.testing.assert_allclose(np.concatenate([w for _, _, w in weighted.shown]), weights, rtol=1e-6)
    watched.train_on_batch(X, Y)
    assert len(plain.shown[-1][0]) == 50


def test_classes_come_as_integers() -> None:
    recorder = Recorder()
    made = models.Sequential([Input((3,)), Dense(2, "softmax")])

    def right(y_true: Any, y_pred: Any) -> Any:
        return y_pred[np.arange(len(y_true)), y_true] > 0.5

    made.compile("sgd", "sparse_categorical_crossentropy", metrics=[right, "accuracy"])
    history = made.fit(X, Y.argmax(1), verbose=0).history
    assert history["right"] == pytest.approx(history["accuracy"])
    assert not recorder.shown


def test_several_outputs() -> None:
    x = Input((3,))
    shared = Dense(4, "tanh")(x)
    made = models.Model(x, [Dense(2, "softmax", name="kind")(shared), Dense(1, name="size")(shared)])
    made.compile(
        "sgd",
        ["categorical_crossentropy", "mse"],
        metrics={"size": ["mae", mean_error], "kind": [mean_error, "mae"]},
    )
    logs = made.evaluate(X, [Y, X[:, :1]], verbose=0, return_dict=True)
    for output in ("kind", "size"):
        assert logs[f"{output}_mean_error"] == pytest.approx(logs[f"{output}_mae"], rel=1e-5)


def test_an_evaluation_inside_a_pass_has_metrics_of_its_own() -> None:
    trained = model(metrics=[mean_error, "mae"])

    class Evaluate(callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.evaluate(X[:5], Y[:5], verbose=0)

    history = trained.fit(X, Y, batch_size=25, verbose=0, callbacks=Evaluate()).history
    assert history["mean_error"] == pytest.approx(history["mae"], rel=1e-5)


def test_a_native_metric_with_another_result() -> None:
    class Wrong(metrics.CategoricalAccuracy):
        def result(self) -> float:
            return 1 - float(super().result())

    logs = model(metrics=[Wrong("wrong"), "accuracy"]).evaluate(X, Y, verbose=0, return_dict=True)
    assert logs["wrong"] == pytest.approx(1 - logs["accuracy"])


def test_arrays_and_dicts_in_logs(capsys: pytest.CaptureFixture[str]) -> None:
    class Both(Recorder):
        def result(self) -> Any:
            return {"mean": super().result(), "count": self.count}

    trained = model(metrics=[metrics.F1Score(), metrics.Precision([0.2, 0.8], name="p"), Both("both")])
    history = trained.fit(X, Y, epochs=2, verbose=2, validation_split=0.2).history
    assert [np.shape(value) for value in history["f1_score"]] == [(2,), (2,)]
    assert np.shape(history["val_p"][0]) == (2,)
    assert history["both"][0]["count"] == 80
    printed = capsys.readouterr().out
    assert "f1_score: [0." in printed
    assert "both: {mean: 0." in printed


def test_a_loss_of_whole_batches_as_a_metric() -> None:
    logs = model(metrics=[losses.Dice(), losses.dice]).evaluate(X, Y, batch_size=50, verbose=0, return_dict=True)
    assert logs["dice"] == logs["dice_1"] > 0


def test_names_are_numbered_as_in_keras() -> None:
    ranvier.utils.clear_session()
    assert [metrics.AUC().name, metrics.AUC().name, metrics.Precision().name] == ["auc", "auc_1", "precision"]
    assert metrics.MeanIoU(2).name == "mean_io_u"


def test_an_exception_in_a_metric_reaches_the_caller_and_the_model_stays_usable() -> None:
    calls = []

    def fails_once(y_true: Any, y_pred: Any) -> Any:
        calls.append(np.asarray(y_pred))  # symbols have no numbers: it is called with arrays only
        if len(calls) == 1:
            raise KeyError("mine")
        return 0.0

    trained = model(metrics=[fails_once])
    with pytest.raises(KeyError, match="mine"):
        trained.fit(X, Y, verbose=0)
    assert trained.evaluate(X, Y, verbose=0)[1] == 0


def test_incomplete_metrics_say_what_is_missing() -> None:
    class Nothing(metrics.Metric):
        pass

    with pytest.raises(NotImplementedError, match=r"\[Nothing\] a metric of your own must override update_state"):
        Nothing().update_state([1], [1])
    with pytest.raises(NotImplementedError, match=r"\[Nothing\] a metric of your own must override result"):
        Nothing().result()


def test_an_axis_that_is_not_the_last_is_an_error_of_compile() -> None:
    with pytest.raises(ValueError, match="cosine_similarity is gathered along the last axis only, got axis=1"):
        model(metrics=[metrics.CosineSimilarity(axis=1)])


# --- Means and sums of values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "weights", "mean", "total"),
    [
        (3.0, None, 3, 3),
        ([1, 2, 6], None, 3, 9),
        ([1, 2, 6], [1, 1, 0], 1.5, 3),
        ([[1, 3], [5, 7]], None, 4, 16),
        ([[1, 3], [5, 7]], [3, 1], 3, 24),
        ([[1, 3], [5, 7]], [[1, 0], [0, 1]], 4, 8),
        ([1, 2], [[3], [1]], 1.25, 5),
    ],
)
def test_mean_and_sum(values: Any, weights: Any, mean: float, total: float) -> None:
    for metric, expected in ((metrics.Mean(), mean), (metrics.Sum(), total)):
        assert metric.result() == 0
        assert metric(values, sample_weight=weights) == pytest.approx(expected)
        metric.reset_state()
        assert metric.result() == 0


def test_mean_over_batches_counts_rows() -> None:
    mean = metrics.Mean()
    mean.update_state([1, 1, 1])
    mean.update_state([[5, 5]])
    assert mean.result() == 2
    with pytest.raises(ValueError, match="does not fit values of shape"):
        mean.update_state([1, 2], sample_weight=[1, 2, 3])


def test_a_wrapped_function() -> None:
    wrapped = metrics.MeanMetricWrapper(losses.huber, name="mine", delta=0.3)
    y, p = RANDOM.normal(size=(2, 6, 3))
    assert wrapped(y, p) == pytest.approx(losses.Huber(0.3)(y, p))
    again = metrics.deserialize(metrics.serialize(wrapped))
    assert again(y, p) == pytest.approx(wrapped.result())
    with pytest.raises(ValueError, match=r"the function 'mean_error' is not one of ranvier\.metrics"):
        metrics.deserialize(metrics.serialize(metrics.get(mean_error)))
    with pytest.raises(TypeError, match="fn must be a function of y_true and y_pred, got 3"):
        metrics.MeanMetricWrapper(3)  # type: ignore[arg-type]


def test_custom_objects() -> None:
    made = metrics.deserialize({"class_name": "Recorder", "config": {"name": "x"}}, {"Recorder": Recorder})
    assert (type(made), made.name) == (Recorder, "x")
    assert metrics.deserialize("mean_error", {"mean_error": mean_error}) is mean_error
    assert losses.deserialize("mean_error", custom_objects={"mean_error": mean_error}) is mean_error


def test_variables() -> None:
    recorder = Recorder()
    assert [variable.name for variable in recorder.variables] == ["total", "count"]
    total = recorder.total
    total.assign(4)
    assert (total + 1, 2 * total, float(total), np.sqrt(total), total > 3) == (5, 8, 4, 2, True)
    assert (total.shape, total.dtype, str(total)) == ((), "float32", "<MetricVariable name=total, value=4.0>")
    with pytest.raises(ValueError, match=r"\[total\] expected values of shape \(\), got \(2,\)"):
        total.assign([1, 2])
    recorder.reset_state()
    assert total.numpy() == 0
