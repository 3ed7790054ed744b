"""One row for each loss and metric that is not a mean of rows: its formula in NumPy float64 sees everything at once.

tests/python/test_cases_batches.py makes all tests of a thing from its row.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from cases import EPSILON, Arguments, Array, sigmoid

# --- Losses of whole batches: values, whose weighted sum is divided by a number of them -------------------------------


@dataclass(frozen=True)
class BatchLoss:
    """`formula`: the values of predictions (batch, ...). `weight`: how the weights of rows go with the values.

    `counts`: which values a mean is over, all if None.
    """

    name: str
    kind: str
    formula: Callable[..., Array]
    targets: str
    predictions: str
    shape: tuple[int, ...]
    arguments: Arguments
    by_row: bool = True  # a value, or several, for each row
    counts: Callable[[Array], Array] = np.isfinite


def axes_of(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def dice(y: Array, p: Array, axis: Any = None) -> Array:
    axis = axes_of(axis)
    return 1 - 2 * np.sum(y * p, axis) / (np.sum(y, axis) + np.sum(p, axis) + EPSILON)


def tversky(y: Array, p: Array, alpha: float = 0.5, beta: float = 0.5, axis: Any = None) -> Array:
    axis = axes_of(axis)
    both, missed, invented = np.sum(y * p, axis), np.sum(y * (1 - p), axis), np.sum((1 - y) * p, axis)
    return 1 - both / (both + alpha * missed + beta * invented + EPSILON)


def circle(y: Array, p: Array, gamma: float = 80, margin: float = 0.4, remove_diagonal: bool = True) -> Array:
    """Sums of exponentials as equation 6 of Sun et al., 2020 has them; fit for small gamma only."""
    losses = []
    for i in range(len(y)):
        close = far = 0.0
        for j in range(len(y)):
            d = max(1 - float(p[i] @ p[j]), 0)
            if y[i] != y[j]:
                far += math.exp(gamma * max(1 + margin - d, 0) * (1 - margin - d))
            elif i != j or not remove_diagonal:
                close += math.exp(-gamma * (margin + d) * (margin - d))
        losses.append(math.log1p(close * far))
    return np.array(losses)


BATCH_LOSSES = [
    BatchLoss("Dice", "dice", dice, "binary", "probability", (6, 4), {}, by_row=False),
    BatchLoss("Dice", "dice", dice, "binary", "probability", (6, 3, 4), {"axis": -1}),
    BatchLoss("Dice", "dice", dice, "binary", "probability", (6, 3, 4), {"axis": [1, 2]}),
    BatchLoss("Dice", "dice", dice, "binary", "probability", (6, 3, 4), {"axis": 1}),
    BatchLoss("Dice", "dice", dice, "binary", "probability", (6, 3, 4), {"axis": [0, 2]}, by_row=False),
    BatchLoss("Tversky", "tversky", tversky, "binary", "probability", (6, 4), {}, by_row=False),
    BatchLoss(
        "Tversky",
        "tversky",
        tversky,
        "distribution",
        "distribution",
        (6, 3, 4),
        {"alpha": 0.3, "beta": 0.9, "axis": [1, 2]},
    ),
    BatchLoss("Circle", "circle", circle, "labels", "unit", (7, 4), {"gamma": 2.0}, counts=lambda v: v > 0),
    BatchLoss(
        "Circle",
        "circle",
        circle,
        "labels",
        "probability",  # a row of length 1 and itself are at the kink of the distance
        (7, 4),
        {"gamma": 3.0, "margin": 0.25, "remove_diagonal": False},
        counts=lambda v: v > 0,
    ),
]


# --- Metrics of everything seen: result = formula(targets, predictions, weights of rows, **arguments) -----------------


@dataclass(frozen=True)
class BatchMetric:
    """`shape`: of a row of predictions. `kind`: of the native metric."""

    name: str
    kind: str
    formula: Callable[..., Any]
    targets: str
    predictions: str
    shape: tuple[int, ...]
    arguments: Arguments


def counts(y: Array, p: Array, w: Array, threshold: float) -> tuple[float, float, float, float]:
    """True and false positives, true and false negatives."""
    w = np.broadcast_to(w.reshape(w.shape + (1,) * (p.ndim - w.ndim)), p.shape)
    told = p > threshold
    return (
        float(np.sum(w * (y != 0) * told)),
        float(np.sum(w * (y == 0) * told)),
        float(np.sum(w * (y == 0) * ~told)),
        float(np.sum(w * (y != 0) * ~told)),
    )


def part(a: float, b: float) -> float:
    return a / b if b else 0.0


def precision(tp: float, fp: float, tn: float, fn: float) -> float:
    return part(tp, tp + fp)


def recall(tp: float, fp: float, tn: float, fn: float) -> float:
    return part(tp, tp + fn)


def specificity(tp: float, fp: float, tn: float, fn: float) -> float:
    return part(tn, tn + fp)


def at_thresholds(number: Callable[..., float]) -> Callable[..., Any]:
    def formula(
        y: Array, p: Array, w: Array, thresholds: Any = 0.5, top_k: int | None = None, class_id: int | None = None
    ) -> Any:
        if top_k is not None:
            greatest = np.argsort(-p, -1, kind="stable")[..., :top_k]
            allowed = np.zeros(p.shape, bool)
            np.put_along_axis(allowed, greatest, True, -1)
            p = np.where(allowed, p, -np.inf)
            thresholds = -np.inf
        if class_id is not None:
            y, p = y[..., class_id : class_id + 1], p[..., class_id : class_id + 1]
        if np.ndim(thresholds):
            return [number(*counts(y, p, w, t)) for t in thresholds]
        return number(*counts(y, p, w, thresholds))

    return formula


def best(wanted: Callable[..., float], bound: Callable[..., float]) -> Callable[..., float]:
    def formula(y: Array, p: Array, w: Array, num_thresholds: int = 200, class_id: int | None = None, **least: float):
        if class_id is not None:
            y, p = y[..., class_id : class_id + 1], p[..., class_id : class_id + 1]
        thresholds = np.linspace(0, 1, num_thresholds) if num_thresholds > 1 else [0.5]
        seen = [counts(y, p, w, t) for t in thresholds]
        return max([0.0, *(wanted(*c) for c in seen if bound(*c) >= next(iter(least.values())))])

    return formula


def auc(
    y: Array,
    p: Array,
    w: Array,
    num_thresholds: int = 200,
    curve: str = "ROC",
    summation_method: str = "interpolation",
    thresholds: Any = None,
    multi_label: bool = False,
    label_weights: Any = None,
    from_logits: bool = False,
    num_labels: int | None = None,
) -> float:
    p = sigmoid(p) if from_logits else np.clip(p, 0, 1)
    inner = np.linspace(0, 1, num_thresholds)[1:-1] if thresholds is None else sorted(thresholds)
    cuts = [-EPSILON, *inner, 1 + EPSILON]
    if multi_label:
        areas = [
            auc(y[:, [c]], p[:, [c]], w, num_thresholds, curve, summation_method, thresholds) for c in range(p.shape[1])
        ]
        return float(np.average(areas, weights=label_weights))
    w = np.broadcast_to(w.reshape(w.shape + (1,) * (p.ndim - w.ndim)), p.shape)
    w = w * (1 if label_weights is None else np.array(label_weights))
    seen = [counts(y, p, w, t) for t in cuts]
    points = []
    for tp, fp, tn, fn in seen:
        if curve == "ROC":
            points.append((part(fp, fp + tn), recall(tp, fp, tn, fn)))
        elif curve == "PR":
            points.append((recall(tp, fp, tn, fn), precision(tp, fp, tn, fn)))
        else:
            odds = part(tp + fn, tn + fp)
            points.append((max(1 - odds * fn / tp, 0), 1 - odds * fp / tp) if tp else (0, 1))
    if curve == "PR" and summation_method == "interpolation":
        return interpolated(seen)
    height = {"interpolation": lambda a, b: (a + b) / 2, "minoring": min, "majoring": max}[summation_method]
    pairs = itertools.pairwise(points)
    return sum((left[0] - right[0]) * height(left[1], right[1]) for left, right in pairs)


def interpolated(seen: list[tuple[float, float, float, float]]) -> float:
    """Section 4 of Davis and Goadrich, 2006, as an integral of precision over recall, summed in small steps."""
    area = 0.0
    for (more, more_false, _, _), (fewer, fewer_false, _, missed) in itertools.pairwise(seen):
        steps = np.linspace(0, 1, 20001)
        true = fewer + (more - fewer) * steps
        false = fewer_false + (more_false - fewer_false) * steps
        value = np.where(true + false > 0, true / np.maximum(true + false, 1e-300), 0)
        if fewer + fewer_false == 0:
            value[0] = value[1]
        area += float(np.sum((value[1:] + value[:-1]) / 2 * np.diff(true))) / (fewer + missed)
    return area


def fbeta(
    y: Array, p: Array, w: Array, average: str | None = None, beta: float = 1, threshold: float | None = None
) -> Any:
    told = (p == p.max(1, keepdims=True)) & (abs(p) > 1e-09) if threshold is None else p > threshold
    axis = None if average == "micro" else 0
    w = w[:, None]
    tp, fp, fn = np.sum(w * y * told, axis), np.sum(w * (1 - y) * told, axis), np.sum(w * y * ~told, axis)
    precise, found = tp / (tp + fp + EPSILON), tp / (tp + fn + EPSILON)
    score = (1 + beta**2) * precise * found / (beta**2 * precise + found + EPSILON)
    if average == "weighted":
        often = np.sum(w * y, 0)
        return np.sum(score * often) / (np.sum(often) + EPSILON)
    return score if average in (None, "micro") else np.mean(score)


def iou(
    y: Array,
    p: Array,
    w: Array,
    num_classes: int = 2,
    target_class_ids: Any = None,
    ignore_class: int | None = None,
    threshold: float | None = None,
    sparse_y_true: bool = True,
    sparse_y_pred: bool = True,
) -> float:
    y = y if sparse_y_true else y.argmax(-1)
    p = p if sparse_y_pred else p.argmax(-1)
    if threshold is not None:
        p = p >= threshold
    w = np.broadcast_to(w.reshape(w.shape + (1,) * (p.ndim - w.ndim)), p.shape)
    valid = (y >= 0) & (y < num_classes) & (p >= 0) & (p < num_classes) & (y != ignore_class)
    shares = []
    for c in range(num_classes) if target_class_ids is None else target_class_ids:
        either = np.sum(w * valid * ((y == c) | (p == c)))
        if either:
            shares.append(np.sum(w * valid * (y == c) * (p == c)) / (either + EPSILON))
    return sum(shares) / (len(shares) + EPSILON)


def r2(y: Array, p: Array, w: Array, class_aggregation: str | None = "uniform_average", num_regressors: int = 0) -> Any:
    w = w[:, None]
    mean = np.sum(w * y, 0) / np.sum(w, 0)
    around = np.sum(w * (y - mean) ** 2, 0)
    score = 1 - np.sum(w * (y - p) ** 2, 0) / around
    if class_aggregation == "uniform_average":
        score = np.mean(score)
    elif class_aggregation:
        score = np.sum(score * around) / np.sum(around)
    if num_regressors:
        score = 1 - (1 - score) * (y.size - 1) / (y.size - num_regressors - 1)
    return score


def sparse_iou(**arguments: Any) -> Callable[..., float]:
    return lambda y, p, w, **own: iou(y, p, w, **{**arguments, **own})


def rows_of(name: str, kind: str, formula: Any, targets: str, predictions: str, shape: Any, *arguments: Any) -> list:
    return [BatchMetric(name, kind, formula, targets, predictions, shape, one) for one in arguments]


COUNTS = {
    "TruePositives": ("true_positives", lambda tp, fp, tn, fn: tp),
    "FalsePositives": ("false_positives", lambda tp, fp, tn, fn: fp),
    "TrueNegatives": ("true_negatives", lambda tp, fp, tn, fn: tn),
    "FalseNegatives": ("false_negatives", lambda tp, fp, tn, fn: fn),
}
OF_POSITIVES = ({}, {"thresholds": [0.7, 0.2, 0.7]}, {"top_k": 2}, {"class_id": 1}, {"top_k": 2, "class_id": 3})
SEGMENTS = {"num_classes": 4, "sparse_y_pred": False}

BATCH_METRICS = [
    *(
        row
        for name, (kind, number) in COUNTS.items()
        for row in rows_of(
            name, kind, at_thresholds(number), "binary", "probability", (4,), {}, {"thresholds": [0.8, 0.3]}
        )
    ),
    *rows_of("Precision", "precision", at_thresholds(precision), "binary", "probability", (4,), *OF_POSITIVES),
    *rows_of("Recall", "recall", at_thresholds(recall), "binary", "probability", (4,), *OF_POSITIVES),
    *rows_of("Recall", "recall", at_thresholds(recall), "binary", "probability", (3, 4), {}),
    *rows_of(
        "SensitivityAtSpecificity",
        "sensitivity_at_specificity",
        best(recall, specificity),
        "binary",
        "probability",
        (3,),
        {"specificity": 0.4},
        {"specificity": 0.6, "num_thresholds": 11, "class_id": 2},
        {"specificity": 0.1, "num_thresholds": 1},
    ),
    *rows_of(
        "SpecificityAtSensitivity",
        "specificity_at_sensitivity",
        best(specificity, recall),
        "binary",
        "probability",
        (3,),
        {"sensitivity": 0.4},
    ),
    *rows_of(
        "PrecisionAtRecall",
        "precision_at_recall",
        best(precision, recall),
        "binary",
        "probability",
        (3,),
        {"recall": 0.6},
    ),
    *rows_of(
        "RecallAtPrecision",
        "recall_at_precision",
        best(recall, precision),
        "binary",
        "probability",
        (3,),
        {"precision": 0.6},
        {"precision": 1.0},
    ),
    *rows_of(
        "AUC",
        "auc",
        auc,
        "binary",
        "probability",
        (3,),
        {},
        {"num_thresholds": 7},
        {"num_thresholds": 2},
        {"curve": "PR", "num_thresholds": 9},
        {"curve": "PRGAIN", "num_thresholds": 20},
        {"thresholds": [0.4, 0.1, 0.9]},
        {"label_weights": [0.5, 1.0, 2.0]},
        {"multi_label": True, "num_thresholds": 20},
        {"multi_label": True, "num_labels": 3, "label_weights": [0.5, 1.0, 2.0], "num_thresholds": 20},
        *(
            {"curve": curve, "summation_method": method, "num_thresholds": 20}
            for curve in ("ROC", "PR", "PRGAIN")
            for method in ("minoring", "majoring")
        ),
    ),
    *rows_of("AUC", "auc", auc, "binary", "real", (2,), {"from_logits": True, "num_thresholds": 20}),
    *rows_of("AUC", "auc", auc, "binary", "real", (2,), {"num_thresholds": 20}),
    *rows_of(
        "FBetaScore",
        "fbeta_score",
        fbeta,
        "one_hot",
        "distribution",
        (4,),
        {},
        {"beta": 2.0, "average": "micro"},
        {"beta": 0.5, "average": "macro"},
        {"beta": 0.5, "average": "weighted"},
        {"threshold": 0.4},
    ),
    *rows_of("F1Score", "fbeta_score", fbeta, "binary", "probability", (3,), {"threshold": 0.6}, {"average": "macro"}),
    *rows_of("FBetaScore", "fbeta_score", fbeta, "binary", "probability", (1,), {"threshold": 0.6}),
    *rows_of(
        "IoU",
        "iou",
        iou,
        "segments",
        "segments",
        (5,),
        {"num_classes": 4, "target_class_ids": [0, 2]},
        {"num_classes": 3, "target_class_ids": [1]},
    ),
    *rows_of("IoU", "iou", iou, "classes", "distribution", (4,), {**SEGMENTS, "target_class_ids": [0, 3]}),
    *rows_of(
        "MeanIoU",
        "iou",
        iou,
        "classes",
        "distribution",
        (3, 4),
        SEGMENTS,
        {**SEGMENTS, "ignore_class": 1},
    ),
    *rows_of(
        "BinaryIoU",
        "iou",
        sparse_iou(threshold=0.5, num_classes=2),
        "binary",
        "probability",
        (5,),
        {},
        {"target_class_ids": [1], "threshold": 0.3},
    ),
    *rows_of(
        "OneHotIoU",
        "iou",
        sparse_iou(sparse_y_true=False, sparse_y_pred=False),
        "one_hot",
        "distribution",
        (4,),
        {"num_classes": 4, "target_class_ids": [1, 2]},
    ),
    *rows_of(
        "OneHotMeanIoU",
        "iou",
        sparse_iou(sparse_y_true=False, sparse_y_pred=False),
        "one_hot",
        "distribution",
        (3, 4),
        {"num_classes": 4},
        {"num_classes": 4, "ignore_class": 2},
    ),
    *rows_of(
        "R2Score",
        "r2_score",
        r2,
        "real",
        "real",
        (3,),
        {},
        {"class_aggregation": None},
        {"class_aggregation": "variance_weighted_average"},
        {"num_regressors": 4},
    ),
    *rows_of("R2Score", "r2_score", r2, "real", "real", (1,), {"class_aggregation": None}),
]
