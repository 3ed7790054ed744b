"""Metrics: streaming, weighted, named, and the losses among them."""

import functools
import json
from typing import Any

import numpy as np
import pytest

from ranvier import _core, losses, metrics

P = np.array([[0.9, 0.1, 0.0], [0.2, 0.3, 0.5], [0.4, 0.35, 0.25], [0.1, 0.1, 0.8]])
CLASSES = np.array([0, 1, 1, 2])
ONE_HOT = np.eye(3)[CLASSES]


def test_every_native_metric_has_a_class() -> None:
    classes = [getattr(metrics, name) for name in metrics.__all__ if name[0].isupper()]
    kinds = {cls.kind for cls in classes if isinstance(cls, type) and cls.kind}
    assert kinds == set(_core.metric_kinds())


@pytest.mark.parametrize(
    ("metric", "y", "p", "rows"),
    [
        (metrics.Accuracy(), [[1, 2], [3, 4]], [[1, 2], [3, 0]], [1, 0.5]),
        (metrics.BinaryAccuracy(), [[1, 0], [1, 1]], [[0.9, 0.6], [0.4, 0.51]], [0.5, 0.5]),
        (metrics.BinaryAccuracy(threshold=0.3), [[1, 0], [1, 1]], [[0.9, 0.6], [0.4, 0.51]], [0.5, 1]),
        (metrics.CategoricalAccuracy(), ONE_HOT, P, [1, 0, 0, 1]),
        (metrics.SparseCategoricalAccuracy(), CLASSES, P, [1, 0, 0, 1]),
        (metrics.SparseCategoricalAccuracy(), CLASSES[:, None], P, [1, 0, 0, 1]),
        (metrics.TopKCategoricalAccuracy(k=2), ONE_HOT, P, [1, 1, 1, 1]),
        (metrics.TopKCategoricalAccuracy(k=1), ONE_HOT, P, [1, 0, 0, 1]),
        (metrics.SparseTopKCategoricalAccuracy(k=2), CLASSES, P, [1, 1, 1, 1]),
        (metrics.SparseTopKCategoricalAccuracy(k=1), CLASSES, P, [1, 0, 0, 1]),
    ],
    ids=repr,
)
def test_accuracies(metric: metrics.Metric, y: Any, p: Any, rows: list[float]) -> None:
    np.testing.assert_allclose(metric.rows(y, p), rows)
    metric.update_state(y, p)
    assert metric.result() == pytest.approx(np.mean(rows))
    half = len(rows) // 2
    metric.reset_state()
    assert metric.result() == 0
    metric.update_state(y[:half], p[:half], sample_weight=np.full(half, 3))
    metric.update_state(y[half:], p[half:])
    weights = [3] * half + [1] * (len(rows) - half)
    assert metric.result() == pytest.approx(np.average(rows, weights=weights))
    again = metrics.deserialize(json.loads(json.dumps(metrics.serialize(metric))))
    assert again.get_config() == metric.get_config()
    assert again(y, p) == pytest.approx(np.mean(rows))


def test_functions() -> None:
    np.testing.assert_array_equal(metrics.binary_accuracy([[1, 0]], [[0.9, 0.8]], threshold=0.85), [1])
    np.testing.assert_array_equal(metrics.categorical_accuracy(ONE_HOT, P), [1, 0, 0, 1])
    np.testing.assert_array_equal(metrics.sparse_categorical_accuracy(CLASSES, P), [1, 0, 0, 1])
    np.testing.assert_array_equal(metrics.top_k_categorical_accuracy(ONE_HOT, P, k=2), [1, 1, 1, 1])
    np.testing.assert_array_equal(metrics.sparse_top_k_categorical_accuracy(CLASSES, P, k=1), [1, 0, 0, 1])


@pytest.mark.parametrize(
    ("metric", "loss"),
    [
        (metrics.MeanSquaredError(), losses.mean_squared_error),
        (metrics.MeanAbsoluteError(), losses.mean_absolute_error),
        (metrics.MeanAbsolutePercentageError(), losses.mean_absolute_percentage_error),
        (metrics.MeanSquaredLogarithmicError(), losses.mean_squared_logarithmic_error),
        (metrics.LogCoshError(), losses.log_cosh),
        (metrics.KLDivergence(), losses.kl_divergence),
        (metrics.Poisson(), losses.poisson),
        (metrics.Hinge(), losses.hinge),
        (metrics.SquaredHinge(), losses.squared_hinge),
        (metrics.CategoricalHinge(), losses.categorical_hinge),
        (
            metrics.BinaryCrossentropy(label_smoothing=0.1),
            functools.partial(losses.binary_crossentropy, label_smoothing=0.1),
        ),
        (
            metrics.CategoricalCrossentropy(from_logits=True),
            functools.partial(losses.categorical_crossentropy, from_logits=True),
        ),
        (metrics.MeanLoss(functools.partial(losses.huber, delta=0.2)), functools.partial(losses.huber, delta=0.2)),
    ],
    ids=repr,
)
def test_losses_as_metrics(metric: metrics.Metric, loss: Any) -> None:
    metric.update_state(ONE_HOT[:2], P[:2])
    metric.update_state(ONE_HOT[2:], P[2:])
    assert metric.result() == pytest.approx(loss(ONE_HOT, P.astype("f4")).mean(), rel=1e-5)


def test_metrics_that_are_more_than_a_loss() -> None:
    assert metrics.RootMeanSquaredError()([[1.0], [2.0]], [[4.0], [6.0]]) == pytest.approx(np.sqrt(12.5))
    assert metrics.CosineSimilarity()(ONE_HOT, P) == pytest.approx(
        -losses.cosine_similarity(ONE_HOT, P).mean(), rel=1e-5
    )
    sparse = metrics.SparseCategoricalCrossentropy()
    assert sparse([0, 2], P[[0, 3]]) == pytest.approx(-np.log([0.9, 0.8]).mean(), rel=1e-5)


def test_hinge_metrics_take_zeros_and_ones() -> None:
    assert metrics.Hinge()(ONE_HOT, P) == metrics.Hinge()(2 * ONE_HOT - 1, P)


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        ("mse", "MeanSquaredError"),
        ("MSE", "MeanSquaredError"),
        ("mean_squared_error", "MeanSquaredError"),
        ("mae", "MeanAbsoluteError"),
        ("kld", "KLDivergence"),
        ("cosine_proximity", "CosineSimilarity"),
        ("cosine_similarity", "CosineSimilarity"),
        ("binary_accuracy", "BinaryAccuracy"),
        ("BinaryAccuracy", "BinaryAccuracy"),
        ("bce", "BinaryCrossentropy"),
        ("logcosh", "MeanLoss"),
        ("huber", "MeanLoss"),
        ("top_k_categorical_accuracy", "TopKCategoricalAccuracy"),
    ],
)
def test_names(name: str, cls: str) -> None:
    assert type(metrics.get(name)).__name__ == cls


def test_anything_that_stands_for_a_metric() -> None:
    assert type(metrics.get(metrics.binary_accuracy)) is metrics.BinaryAccuracy
    assert metrics.get(functools.partial(metrics.binary_accuracy, threshold=0.2)).get_config()["threshold"] == 0.2
    assert metrics.get(losses.Huber()).name == "huber_loss"
    assert metrics.get(losses.huber).name == "huber"
    assert type(metrics.get(metrics.Accuracy)) is metrics.Accuracy
    metric = metrics.Accuracy()
    assert metrics.get(metric) is metric
    assert metrics.get({"class_name": "MeanSquaredError", "config": {"name": "mine"}}).name == "mine"
