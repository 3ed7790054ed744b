"""Every metric: the value of each row, means over batches with weights, and the same while a model trains."""

from __future__ import annotations

import inspect
import json
from typing import Any

import numpy as np
import pytest
from cases import METRICS, SAMPLES, Metric
from harness import DTYPES, TOLERANCE, Array, identifier

from ranvier import _core, config, metrics

every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_metric = pytest.mark.parametrize(
    ("case", "arguments"),
    [
        pytest.param(case, arguments, id=f"{identifier(case, arguments)}-{case.targets}")
        for case in METRICS
        for arguments in case.arguments
        if set(arguments) <= set(inspect.signature(getattr(metrics, case.name)).parameters)
    ],
)
SHAPES = [(11, 1), (11, 7), (5, 40), (3, 4, 7)]


def make(case: Metric, arguments: dict[str, Any], dtype: str = "float64") -> metrics.Metric:
    return getattr(metrics, case.name)(**arguments, dtype=dtype)


def draw(case: Metric, shape: tuple[int, ...], dtype: str, seed: int = 5) -> tuple[Array, Array]:
    random = np.random.default_rng(seed)
    return SAMPLES[case.targets](random, shape), SAMPLES[case.predictions](random, shape).astype(dtype)


def expected_rows(case: Metric, arguments: dict[str, Any], y: Array, p: Array) -> Array:
    return np.asarray(case.formula(y.astype(p.dtype).astype(float), p.astype(float), **arguments), float)


@every_metric
@pytest.mark.parametrize("shape", SHAPES)
@every_dtype
@pytest.mark.usefixtures("isa")
def test_value_of_each_row(case: Metric, arguments: dict[str, Any], shape: tuple[int, ...], dtype: str) -> None:
    y, p = draw(case, shape, dtype)
    metric = make(case, arguments, dtype)
    expected = expected_rows(case, arguments, y, p)
    found = metric.rows(y, p)
    assert found.dtype == dtype
    assert found.shape == shape[:-1]
    np.testing.assert_allclose(found, expected, **TOLERANCE[dtype])
    function = getattr(metrics, case.kind, None)
    if callable(function):
        np.testing.assert_allclose(function(y, p, **arguments), expected, **TOLERANCE["float32"])


@every_metric
@pytest.mark.parametrize("weighted", [False, True])
def test_mean_over_batches(case: Metric, arguments: dict[str, Any], weighted: bool) -> None:
    metric = make(case, arguments)
    random = np.random.default_rng(6)
    for _ in range(2):  # a reset forgets everything
        total = weight = 0.0
        assert metric.result() == case.finish(0) == 0
        for batch, rows in enumerate((4, 1, 7)):
            y, p = draw(case, (rows, 7), "float64", batch)
            weights = random.uniform(0, 2, rows) if weighted else None
            metric.update_state(y, p, weights)
            ones = np.ones(rows) if weights is None else weights
            total += np.sum(ones * expected_rows(case, arguments, y, p))
            weight += np.sum(ones)
            np.testing.assert_allclose(metric.result(), case.finish(total / weight), **TOLERANCE["float64"])
        metric.reset_state()


@every_metric
@every_dtype
def test_mean_while_a_model_is_evaluated(case: Metric, arguments: dict[str, Any], dtype: str) -> None:
    """Batches of different sizes, as a metric and as a weighted one."""
    y, p = draw(case, (23, 7), dtype)
    weights = np.random.default_rng(6).uniform(0, 2, 23).astype(dtype)
    scalars = config.scalars(dtype)
    network = scalars.Network("network")
    network.set_outputs(network.add(scalars.Layer("identity", {}, "same"), [network.add_input((7,), "x")]))
    sparse = case.targets == "classes"
    loss = scalars.Loss("sparse_categorical_crossentropy" if sparse else "mean_squared_error", {}, "mean")
    binary = bool(np.isin(y, (0, 1)).all())
    native = [metric.native(dtype, metric.binary_labels and binary) for metric in (make(case, arguments) for _ in "ab")]
    trainer = scalars.Trainer(network, [loss], [1.0], [native[:1]], [native[1:]], scalars.Optimizer("sgd", {}))
    trainer.begin(_core.Feed([p], [y], [weights]), 5, False, False, 0, -1)
    assert not trainer.run(float("inf"), -1)
    rows = expected_rows(case, arguments, y, p)
    expected = [np.mean(rows), np.sum(weights.astype(float) * rows) / np.sum(weights.astype(float))]
    np.testing.assert_allclose(trainer.results()[2:], expected, **TOLERANCE[dtype])


@every_metric
def test_configuration_survives_json(case: Metric, arguments: dict[str, Any]) -> None:
    metric = make(case, arguments)
    again = metrics.deserialize(json.loads(json.dumps(metrics.serialize(metric))))
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()
    assert again.native_config() == metric.native_config()


def test_equal_scores_count_for_the_first_class() -> None:
    """As NumPy's and Keras's argmax, and in_top_k's "fewer than k are greater"."""
    y, p = np.array([0.0, 1.0, 2.0]), np.full((3, 3), 0.25)
    assert metrics.sparse_categorical_accuracy(y, p).tolist() == [1, 0, 0]
    assert metrics.sparse_top_k_categorical_accuracy(y, p, k=1).tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("BinaryAccuracy", {"threshold": 1.5}, "threshold must be from 0 to 1, got 1.5"),
        ("TopKCategoricalAccuracy", {"k": 0}, "k must be an integer of at least 1, got 0"),
        ("SparseTopKCategoricalAccuracy", {"k": 1.5}, "k must be an integer of at least 1, got 1.5"),
    ],
)
def test_bad_arguments_are_named(name: str, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=rf"\[{name}\] {words}"):
        getattr(metrics, name)(**arguments)


@every_metric
def test_bad_shapes_are_named(case: Metric, arguments: dict[str, Any]) -> None:
    y, p = draw(case, (4, 7), "float64")
    with pytest.raises(ValueError, match=r"\[y_true\] expected shape \(4,.*\) for y_pred of shape \(4, 7\), got "):
        make(case, arguments).update_state(y[:3], p)
