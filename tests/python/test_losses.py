"""Losses as functions and objects: values against NumPy, reductions, shapes, names, configuration.

Gradients and every kernel are tested from the table of cases; here is what Python adds.
"""

import functools
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import _core, losses

RANDOM = np.random.default_rng(3)
VALUES, OTHERS = RANDOM.normal(size=(5, 4)), RANDOM.normal(size=(5, 4))
P, Q = (rows / rows.sum(1, keepdims=True) for rows in RANDOM.random((2, 5, 4)))
CLASSES = np.array([0, 3, 1, 2, 3])
ONE_HOT = np.eye(4)[CLASSES]
LOGITS = RANDOM.normal(size=(5, 4))
SIGNS = np.sign(OTHERS)


def log_softmax(z: np.ndarray) -> np.ndarray:
    return np.asarray(z - np.log(np.exp(z).sum(-1, keepdims=True)))


def huber(y: np.ndarray, p: np.ndarray, delta: float = 1.0) -> np.ndarray:
    e = np.abs(y - p)
    return np.where(e <= delta, e**2 / 2, delta * e - delta**2 / 2).mean(-1)


# Name of the function, of the class, y_true, y_pred, value.
TABLE: list[tuple[str, str, Any, Any, Any]] = [
    ("mean_squared_error", "MeanSquaredError", VALUES, OTHERS, ((VALUES - OTHERS) ** 2).mean(-1)),
    ("mean_absolute_error", "MeanAbsoluteError", VALUES, OTHERS, np.abs(VALUES - OTHERS).mean(-1)),
    (
        "mean_absolute_percentage_error",
        "MeanAbsolutePercentageError",
        VALUES,
        OTHERS,
        100 * np.abs((VALUES - OTHERS) / VALUES).mean(-1),
    ),
    (
        "mean_squared_logarithmic_error",
        "MeanSquaredLogarithmicError",
        P,
        Q,
        ((np.log1p(P) - np.log1p(Q)) ** 2).mean(-1),
    ),
    ("log_cosh", "LogCosh", VALUES, OTHERS, np.log(np.cosh(VALUES - OTHERS)).mean(-1)),
    ("huber", "Huber", VALUES, 2 * OTHERS, huber(VALUES, 2 * OTHERS)),
    (
        "cosine_similarity",
        "CosineSimilarity",
        VALUES,
        OTHERS,
        -(VALUES * OTHERS).sum(-1) / np.linalg.norm(VALUES, axis=-1) / np.linalg.norm(OTHERS, axis=-1),
    ),
    ("hinge", "Hinge", SIGNS, VALUES, np.maximum(1 - SIGNS * VALUES, 0).mean(-1)),
    ("squared_hinge", "SquaredHinge", SIGNS, VALUES, (np.maximum(1 - SIGNS * VALUES, 0) ** 2).mean(-1)),
    (
        "categorical_hinge",
        "CategoricalHinge",
        ONE_HOT,
        VALUES,
        np.maximum(((1 - ONE_HOT) * VALUES).max(-1) - (ONE_HOT * VALUES).sum(-1) + 1, 0),
    ),
    ("kl_divergence", "KLDivergence", P, Q, (P * np.log(P / Q)).sum(-1)),
    ("poisson", "Poisson", P, Q, (Q - P * np.log(Q + 1e-7)).mean(-1)),
    ("binary_crossentropy", "BinaryCrossentropy", P, Q, -(P * np.log(Q) + (1 - P) * np.log(1 - Q)).mean(-1)),
    ("categorical_crossentropy", "CategoricalCrossentropy", ONE_HOT, Q, -np.log(Q[range(5), CLASSES])),
    ("sparse_categorical_crossentropy", "SparseCategoricalCrossentropy", CLASSES, Q, -np.log(Q[range(5), CLASSES])),
    (
        "binary_focal_crossentropy",
        "BinaryFocalCrossentropy",
        ONE_HOT,
        Q,
        (-np.log(np.where(ONE_HOT, Q, 1 - Q)) * np.where(ONE_HOT, 1 - Q, Q) ** 2).mean(-1),
    ),
    (
        "categorical_focal_crossentropy",
        "CategoricalFocalCrossentropy",
        ONE_HOT,
        Q,
        -0.25 * (1 - Q[range(5), CLASSES]) ** 2 * np.log(Q[range(5), CLASSES]),
    ),
    ("negative_log_likelihood", "NegativeLogLikelihood", CLASSES, np.log(Q), -np.log(Q[range(5), CLASSES])),
]
LINES = pytest.mark.parametrize(("name", "cls", "y", "p", "expected"), TABLE, ids=[line[0] for line in TABLE])


def test_the_table_names_every_native_loss() -> None:
    native = {row["name"].removesuffix("_from_logits") for row in _core.losses()}
    # The function of this one has an argument without a default.
    assert native - {"categorical_generalized_cross_entropy"} == {line[0] for line in TABLE}


@LINES
def test_values(name: str, cls: str, y: Any, p: Any, expected: Any) -> None:
    function: Callable[..., Any] = getattr(losses, name)
    np.testing.assert_allclose(function(y, p), expected, rtol=1e-6, atol=1e-9)
    single = function(y, p.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, expected, rtol=1e-4, atol=1e-6)
    assert function(y.tolist(), p.tolist()).dtype == np.float32
    assert getattr(losses, cls)()(y, p) == pytest.approx(expected.mean(), rel=1e-6)


@LINES
def test_rows_may_have_any_number_of_axes(name: str, cls: str, y: Any, p: Any, expected: Any) -> None:
    function: Callable[..., Any] = getattr(losses, name)
    stacked = function(np.stack([y, y]), np.stack([p, p]))
    assert stacked.shape == (2, 5)
    np.testing.assert_allclose(stacked, [expected, expected], rtol=1e-6, atol=1e-9)


@LINES
def test_named_by_function_class_string_and_object(name: str, cls: str, y: Any, p: Any, expected: Any) -> None:
    function = getattr(losses, name)
    assert losses.get(name) is function
    assert losses.get(function) is function
    assert losses.serialize(function) == name
    loss = losses.get(cls)
    assert type(loss).__name__ == cls
    assert type(losses.get(type(loss))) is type(loss)
    assert losses.get(loss) is loss
    assert losses.as_loss(name).native_kind() == losses.as_loss(function).native_kind() == name
    again = losses.deserialize(json.loads(json.dumps(losses.serialize(loss))))
    assert again.get_config() == loss.get_config()
    assert again(y, p) == loss(y, p)


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("mse", "mean_squared_error"),
        ("MSE", "mean_squared_error"),
        ("mae", "mean_absolute_error"),
        ("MAE", "mean_absolute_error"),
        ("mape", "mean_absolute_percentage_error"),
        ("MAPE", "mean_absolute_percentage_error"),
        ("msle", "mean_squared_logarithmic_error"),
        ("MSLE", "mean_squared_logarithmic_error"),
        ("bce", "binary_crossentropy"),
        ("BCE", "binary_crossentropy"),
        ("kld", "kl_divergence"),
        ("KLD", "kl_divergence"),
        ("kullback_leibler_divergence", "kl_divergence"),
        ("logcosh", "log_cosh"),
        ("cosine_proximity", "cosine_similarity"),
        ("nll", "negative_log_likelihood"),
    ],
)
def test_aliases(alias: str, name: str) -> None:
    assert losses.get(alias) is getattr(losses, alias) is getattr(losses, name)
    assert getattr(ranvier.metrics, name) is getattr(losses, name)


def test_logits() -> None:
    sigmoid = 1 / (1 + np.exp(-LOGITS))
    expected = -(P * np.log(sigmoid) + (1 - P) * np.log(1 - sigmoid)).mean(-1)
    np.testing.assert_allclose(losses.binary_crossentropy(P, LOGITS, from_logits=True), expected, rtol=1e-6)
    expected = -log_softmax(LOGITS)[range(5), CLASSES]
    np.testing.assert_allclose(losses.categorical_crossentropy(ONE_HOT, LOGITS, from_logits=True), expected, rtol=1e-6)
    sparse = losses.sparse_categorical_crossentropy
    np.testing.assert_allclose(sparse(CLASSES, LOGITS, from_logits=True), expected, rtol=1e-6)
    assert losses.SparseCategoricalCrossentropy(from_logits=True)(CLASSES, LOGITS) == pytest.approx(expected.mean())
    # The naive form gives infinity here.
    assert sparse([0], [[-1000.0, 0.0]], from_logits=True) == pytest.approx([1000])


def test_label_smoothing() -> None:
    smoothed = P * 0.9 + 0.05
    expected = -(smoothed * np.log(Q) + (1 - smoothed) * np.log(1 - Q)).mean(-1)
    np.testing.assert_allclose(losses.binary_crossentropy(P, Q, label_smoothing=0.1), expected, rtol=1e-6)
    smoothed = ONE_HOT * 0.9 + 0.1 / 4
    expected = -(smoothed * np.log(Q)).sum(-1)
    loss = losses.CategoricalCrossentropy(label_smoothing=0.1, reduction="none")
    np.testing.assert_allclose(loss(ONE_HOT, Q), expected, rtol=1e-6)


def test_parameters() -> None:
    np.testing.assert_allclose(losses.huber(VALUES, OTHERS, delta=0.3), huber(VALUES, OTHERS, 0.3), rtol=1e-6)
    np.testing.assert_allclose(losses.Huber(0.3, "none")(VALUES, OTHERS), huber(VALUES, OTHERS, 0.3), rtol=1e-6)
    loss = losses.as_loss(functools.partial(losses.huber, delta=0.3))
    assert loss.get_config()["delta"] == 0.3


def test_axis() -> None:
    np.testing.assert_allclose(
        losses.cosine_similarity(VALUES.T, OTHERS.T, axis=0), losses.cosine_similarity(VALUES, OTHERS)
    )
    np.testing.assert_allclose(
        losses.sparse_categorical_crossentropy(CLASSES, Q.T, axis=0), -np.log(Q[range(5), CLASSES]), rtol=1e-6
    )


def test_hinge_takes_zeros_and_ones() -> None:
    for loss in (losses.hinge, losses.squared_hinge):
        np.testing.assert_array_equal(loss((SIGNS + 1) / 2, VALUES), loss(SIGNS, VALUES))


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [
        ("sum_over_batch_size", 5 / 3),
        ("mean", 5 / 3),
        ("sum", 5.0),
        ("mean_with_sample_weight", 1.0),
        ("none", [0.0, 2.0, 3.0]),
        (None, [0.0, 2.0, 3.0]),
    ],
)
def test_reductions(reduction: Any, expected: Any) -> None:
    loss = losses.MeanSquaredError(reduction=reduction)
    ones = np.ones((3, 2))
    np.testing.assert_allclose(loss(ones, 0 * ones, sample_weight=[0, 2, 3]), expected)
    np.testing.assert_allclose(loss(ones, 0 * ones, sample_weight=[[0], [2], [3]]), expected)


def test_shapes_are_brought_together() -> None:
    column = np.ones((3, 1))
    assert losses.mean_squared_error(np.zeros(3), column).shape == (3,)
    assert losses.mean_squared_error(np.zeros((3, 4, 1)), np.ones((3, 4))).shape == (3,)
    assert losses.sparse_categorical_crossentropy(CLASSES[:, None], Q).shape == (5,)


def test_reprs_and_names() -> None:
    assert repr(losses.MeanSquaredError()) == "<MeanSquaredError name=mean_squared_error>"
    assert losses.Huber().name == "huber_loss"
    assert losses.LogCosh(name="mine").name == "mine"
