"""Losses and metrics of whole batches: values, gradients, reductions, streaming, threads, while a model trains."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from cases import SAMPLES
from cases_batches import BATCH_LOSSES, BATCH_METRICS, BatchLoss, BatchMetric
from harness import DTYPES, GRADIENT, THREADS, TOLERANCE, Array, assert_same_bits, identifier
from reference import numeric_gradient, relative_error
from test_cases_losses import step

from ranvier import _core, config, losses, metrics

every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_loss = pytest.mark.parametrize("case", BATCH_LOSSES, ids=identifier)
every_metric = pytest.mark.parametrize("case", BATCH_METRICS, ids=lambda case: f"{identifier(case)}-{case.targets}")


def make(case: BatchLoss | BatchMetric, **own: Any) -> Any:
    module = losses if isinstance(case, BatchLoss) else metrics
    return getattr(module, case.name)(**case.arguments, **own)


def draw(case: BatchLoss | BatchMetric, shape: tuple[int, ...], dtype: str, seed: int = 5) -> tuple[Array, Array]:
    random = np.random.default_rng(seed)
    return SAMPLES[case.targets](random, shape), SAMPLES[case.predictions](random, shape).astype(dtype)


# --- Losses -----------------------------------------------------------------------------------------------------------


def reduced(case: BatchLoss, y: Array, p: Array, reduction: str, weights: Array | None) -> float:
    values = case.formula(y, p, **case.arguments)
    if not case.by_row:  # one number for the batch counts as the weights of its rows do
        factor = 1.0
        if weights is not None:
            factor = {"sum": np.sum(weights), "mean_with_sample_weight": 1.0}.get(reduction, np.mean(weights))
        return float(factor * (np.sum(values) if reduction == "sum" else np.mean(values)))
    ones = np.ones(values.shape)
    spread = ones if weights is None else np.broadcast_to(weights.reshape(-1, *[1] * (values.ndim - 1)), values.shape)
    counted = case.counts(values)
    divisor = {"sum": 1, "mean_with_sample_weight": np.sum(spread * counted)}.get(reduction, np.sum(counted))
    return float(np.sum(spread * values) / divisor)


@every_loss
@every_dtype
def test_values(case: BatchLoss, dtype: str) -> None:
    y, p = draw(case, case.shape, dtype)
    expected = case.formula(y.astype(dtype).astype(float), p.astype(float), **case.arguments)
    function = getattr(losses, case.kind)
    for found in (make(case).rows(y, p), function(y, p, **case.arguments)):
        assert found.dtype == dtype
        assert found.shape == np.shape(expected)
        np.testing.assert_allclose(found, expected, **TOLERANCE[dtype])


@every_loss
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
@pytest.mark.parametrize("weighted", [False, True])
def test_training(case: BatchLoss, reduction: str, weighted: bool) -> None:
    """The number and the gradient, in training and in a call."""
    y, p = draw(case, case.shape, "float64")
    weights = np.random.default_rng(7).uniform(0.1, 2, len(y)) if weighted else None
    factor = 0.7
    expected = factor * reduced(case, y, p, reduction, weights)
    loss = make(case, reduction=reduction)
    results, gradient = step(p, y, loss.native("float64"), weights=weights, factor=factor)
    np.testing.assert_allclose(results, [expected, expected / factor], **TOLERANCE["float64"])
    slope = numeric_gradient(lambda moved: factor * reduced(case, y, moved, reduction, weights), p)
    assert relative_error(gradient, slope) <= GRADIENT
    if np.ndim(case.formula(y, p, **case.arguments)) == 0 or case.by_row or not weighted:
        called = loss(y, p, sample_weight=weights)
        np.testing.assert_allclose(factor * called, expected, **TOLERANCE["float64"])


@every_loss
def test_losses_are_the_same_for_any_number_of_threads(case: BatchLoss) -> None:
    """Work is made enough to be shared by a wide dense layer in front."""
    rows = 200
    y, _p = draw(case, (rows, *case.shape[1:]), "float32")
    x = np.random.default_rng(1).normal(size=(rows, 700)).astype("float32")
    trained = []
    for threads in THREADS:
        _core.set_num_threads(threads)
        network = config.scalars("float32").Network("network")
        value = network.add_input((700,), "x")
        for name, settings in (
            ("dense", {"units": 300, "activation": "tanh"}),
            ("dense", {"units": int(np.prod(case.shape[1:])), "activation": "sigmoid"}),
            ("reshape", {"target_shape": list(case.shape[1:])}),
        ):
            [value] = network.add(_core.float32.Layer(name, settings, f"{name}_{value}"), [value])
        network.set_outputs([value])
        random = np.random.default_rng(2)
        for parameter in network.parameters:
            parameter.numpy()[...] = random.normal(scale=0.05, size=parameter.shape)
        optimizer = _core.float32.Optimizer("sgd", {"learning_rate": 0.1})
        trainer = _core.float32.Trainer(network, [make(case).native("float32")], [1.0], [[]], [[]], optimizer)
        trainer.begin(_core.Feed([x], [y], [None]), 64, True, False, 0, -1)
        assert not trainer.run(float("inf"), -1)
        trained.append(np.concatenate([*(q.numpy().ravel() for q in network.parameters), trainer.results()]))
    for others in trained[1:]:
        assert_same_bits(others, trained[0])


@every_loss
def test_loss_configuration_survives_json(case: BatchLoss) -> None:
    loss = make(case, reduction="sum")
    again = losses.deserialize(json.loads(json.dumps(losses.serialize(loss))))
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    assert again.native_config() == loss.native_config()


def test_axes_are_checked() -> None:
    y = p = np.full((2, 3), 0.5)
    with pytest.raises(ValueError, match=r"\[axis\] expected axes from -2 to 1 for predictions \(\*, 3\), got 2"):
        losses.dice(y, p, axis=2)
    with pytest.raises(TypeError, match=r"\[Dice\] axis must be None, an integer or a list of integers, got 'rows'"):
        losses.Dice(axis="rows")


def test_circle_takes_other_rows_to_compare_with() -> None:
    y, p = draw(next(case for case in BATCH_LOSSES if case.name == "Circle"), (6, 4), "float64")
    own = {"gamma": 2.0, "remove_diagonal": False}
    np.testing.assert_allclose(losses.circle(y, p, ref_labels=y, ref_embeddings=p, **own), losses.circle(y, p, **own))
    assert losses.circle(y, p, ref_labels=y[:2], ref_embeddings=p[:2], remove_diagonal=False).shape == (6,)
    with pytest.raises(ValueError, match="ref_labels and ref_embeddings belong together"):
        losses.circle(y, p, ref_labels=y)


def test_circle_of_great_gamma_stays_finite() -> None:
    y, p = draw(next(case for case in BATCH_LOSSES if case.name == "Circle"), (6, 4), "float32")
    results, gradient = step(p, y, losses.Circle(gamma=1e4).native("float32"))
    assert np.isfinite(results[0])
    assert np.isfinite(gradient).all()


# --- Metrics ----------------------------------------------------------------------------------------------------------


def expected_result(case: BatchMetric, y: Array, p: Array, weights: Array | None = None) -> Any:
    ones = np.ones(len(y)) if weights is None else weights.astype(float)
    return case.formula(y.astype(p.dtype).astype(float), p.astype(float), ones, **case.arguments)


def tolerance(case: BatchMetric, dtype: str) -> dict[str, float]:
    # The reference of this one sums small steps.
    return {"rtol": 1e-6} if case.arguments.get("curve") == "PR" else TOLERANCE[dtype]


@every_metric
@every_dtype
@pytest.mark.parametrize("weighted", [False, True])
def test_streaming(case: BatchMetric, dtype: str, weighted: bool) -> None:
    metric = make(case, dtype=dtype)
    random = np.random.default_rng(6)
    for _ in range(2):  # a reset forgets everything
        assert np.all(np.asarray(metric.result()) == 0)
        seen: list[tuple[Array, ...]] = []
        for batch, rows in enumerate((8, 1, 14)):
            y, p = draw(case, (rows, *case.shape), dtype, batch)
            weights = random.uniform(0.1, 2, rows)
            metric.update_state(y, p, weights if weighted else None)
            seen.append((y, p, weights))
        y, p, weights = (np.concatenate(parts) for parts in zip(*seen, strict=True))
        expected = expected_result(case, y, p, weights if weighted else None)
        assert np.shape(metric.result()) == np.shape(expected)
        np.testing.assert_allclose(metric.result(), expected, **tolerance(case, dtype))
        metric.reset_state()


@every_metric
@every_dtype
def test_while_a_model_is_evaluated(case: BatchMetric, dtype: str) -> None:
    """Batches of different sizes, as a metric and as a weighted one."""
    y, p = draw(case, (23, *case.shape), dtype)
    weights = np.random.default_rng(6).uniform(0.1, 2, 23).astype(dtype)
    scalars = config.scalars(dtype)
    network = scalars.Network("network")
    network.set_outputs(network.add(scalars.Layer("identity", {}, "same"), [network.add_input(case.shape, "x")]))
    loss = scalars.Loss("sparse_categorical_crossentropy" if y.ndim < p.ndim else "mean_squared_error", {}, "mean")
    chosen = [make(case) for _ in "ab"]
    native = [metric.native(dtype) for metric in chosen]
    trainer = scalars.Trainer(network, [loss], [1.0], [native[:1]], [native[1:]], scalars.Optimizer("sgd", {}))
    for _ in range(2):
        trainer.begin(_core.Feed([p], [y], [weights]), 5, False, False, 0, -1)
        assert not trainer.run(float("inf"), -1)
        plain, weighted = (m.finish(found) for m, found in zip(chosen, trainer.results()[2:], strict=True))
        np.testing.assert_allclose(plain, expected_result(case, y, p), **tolerance(case, dtype))
        np.testing.assert_allclose(weighted, expected_result(case, y, p, weights), **tolerance(case, dtype))


@every_metric
def test_metric_configuration_survives_json(case: BatchMetric) -> None:
    metric = make(case)
    again = metrics.deserialize(json.loads(json.dumps(metrics.serialize(metric))))
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()
    assert again.native_config() == metric.native_config()


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("Precision", {"thresholds": 1.5}, "thresholds must be from 0 to 1, got 1.5"),
        ("Recall", {"thresholds": [0.5, -1]}, "thresholds must be from 0 to 1, got -1"),
        ("Precision", {"thresholds": []}, "thresholds must hold at least one number"),
        ("Precision", {"top_k": 0}, "top_k must be an integer of at least 1, got 0"),
        ("Recall", {"class_id": -1}, "class_id must be an integer of at least 0, got -1"),
        ("AUC", {"num_thresholds": 1}, "num_thresholds must be an integer of at least 2, got 1"),
        ("AUC", {"curve": "DET"}, "curve must be one of 'ROC', 'PR', 'PRGAIN'; got 'DET'"),
        ("AUC", {"summation_method": "simpson"}, "summation_method must be one of .*; got 'simpson'"),
        ("AUC", {"num_labels": 3}, "num_labels has a meaning only with multi_label=True"),
        ("PrecisionAtRecall", {"recall": 2}, "recall must be from 0 to 1, got 2"),
        ("RecallAtPrecision", {"precision": -1}, "precision must be from 0 to 1, got -1"),
        ("SensitivityAtSpecificity", {"specificity": 2}, "specificity must be from 0 to 1, got 2"),
        ("SpecificityAtSensitivity", {"sensitivity": 2}, "sensitivity must be from 0 to 1, got 2"),
        ("FBetaScore", {"beta": 0}, "beta must be a number above 0, got 0"),
        ("FBetaScore", {"average": "mean"}, "average must be one of None, 'micro', 'macro', 'weighted'; got 'mean'"),
        ("F1Score", {"threshold": 0}, "threshold must be None, or above 0 and at most 1, got 0"),
        ("IoU", {"num_classes": 2, "target_class_ids": [2]}, r"target_class_ids must be from 0 to 1, got \[2\]"),
        ("MeanIoU", {"num_classes": 0}, "num_classes must be an integer of at least 1, got 0"),
        ("R2Score", {"num_regressors": -1}, "num_regressors must be an integer of at least 0, got -1"),
        ("R2Score", {"class_aggregation": "mean"}, "class_aggregation must be one of None, .*; got 'mean'"),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=rf"\[{name}\] {words}"):
        getattr(metrics, name)(**arguments)


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        (metrics.Precision(class_id=2), "class_id is 2, but the predictions have 2 columns"),
        (metrics.Recall(top_k=3), "top_k is 3, but the predictions have 2 columns"),
        (metrics.AUC(label_weights=[1]), "label_weights holds 1 numbers, but the predictions have 2 columns"),
        (metrics.AUC(multi_label=True, num_labels=3), "num_labels is 3, but the predictions have 2 columns"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_predictions_that_do_not_fit_are_named(metric: metrics.Metric, words: str) -> None:
    with pytest.raises(ValueError, match=rf"\[{type(metric).__name__}\] {words}"):
        metric.update_state([[1, 0]], [[0.2, 0.8]])
    with pytest.raises(ValueError, match=r"expected a weight for each of 2 rows, got an array of shape \(3,\)"):
        metrics.Precision().update_state([0, 1], [0.5, 0.5], [1, 2, 3])


def test_agrees_with_scikit_learn() -> None:
    from sklearn import metrics as judge

    random = np.random.default_rng(3)
    y, p = random.integers(0, 2, 300), (random.integers(0, 100, 300) + 0.5) / 100
    weights = random.uniform(0.1, 2, 300)
    np.testing.assert_allclose(metrics.AUC(101, dtype="float64")(y, p), judge.roc_auc_score(y, p), atol=1e-12)
    area = metrics.AUC(101, dtype="float64")(y, p, weights)
    np.testing.assert_allclose(area, judge.roc_auc_score(y, p, sample_weight=weights), atol=1e-12)
    assert metrics.Precision()(y, p, weights) == pytest.approx(judge.precision_score(y, p > 0.5, sample_weight=weights))
    assert metrics.Recall()(y, p) == pytest.approx(judge.recall_score(y, p > 0.5))
    classes, told = random.integers(0, 4, 300), random.integers(0, 4, 300)
    hot, soft = np.eye(4)[classes], np.eye(4)[told]
    for average in (None, "micro", "macro", "weighted"):
        np.testing.assert_allclose(
            metrics.FBetaScore(average, 2.0)(hot, soft), judge.fbeta_score(classes, told, beta=2, average=average), 1e-5
        )
    jaccard = judge.jaccard_score(classes, told, average="macro")
    assert metrics.MeanIoU(4)(classes, told) == pytest.approx(jaccard, rel=1e-5)
    a, b = random.normal(size=(2, 50, 3)) + 1e3
    score = metrics.R2Score("variance_weighted_average", dtype="float64")(a, b)
    assert score == pytest.approx(judge.r2_score(a, b, multioutput="variance_weighted"), rel=1e-9)


def test_a_prediction_at_the_threshold_is_negative() -> None:
    assert metrics.TruePositives([0.5, 0.25])([1, 1], [0.5, 0.25]).tolist() == [0, 1]
    assert metrics.TruePositives(0.1)([1], [0.1]) == 0
    assert metrics.BinaryIoU([1])([1], [0.5]) == pytest.approx(1)  # but here it is not, as in Keras


def test_axes_other_than_the_last() -> None:
    y, p = np.random.default_rng(1).normal(size=(2, 4, 6))
    for name in ("PearsonCorrelation", "ConcordanceCorrelation", "CosineSimilarity"):
        cls = getattr(metrics, name)
        assert cls(axis=0)(y.T, p.T) == pytest.approx(cls()(y, p))
    classes = np.random.default_rng(2).integers(0, 4, 6)
    expected = metrics.MeanIoU(4, sparse_y_pred=False)(classes, p.T)
    assert metrics.MeanIoU(4, sparse_y_pred=False, axis=0)(classes, p) == expected


def test_one_hot_targets_and_predicted_classes() -> None:
    classes, told = np.random.default_rng(2).integers(0, 4, (2, 30))
    assert metrics.OneHotMeanIoU(4, sparse_y_pred=True)(np.eye(4)[classes], told) == metrics.MeanIoU(4)(classes, told)


def test_classes_in_the_order_of_their_scores() -> None:
    ids = [[2, 1, 0], [0, 1, 2], [1, 2, 0]]
    function = metrics.sparse_top_k_categorical_accuracy
    assert function([2, 2, 2], ids, k=2, from_sorted_ids=True).tolist() == [1, 0, 1]
    assert metrics.SparseTopKCategoricalAccuracy(k=1, from_sorted_ids=True)([2, 2, 7], ids) == pytest.approx(1 / 3)
