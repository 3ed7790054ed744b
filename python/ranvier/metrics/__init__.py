"""Metrics: numbers about predictions, gathered batch by batch. Every loss is a metric too."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from ranvier import losses
from ranvier._configurable import from_description, plain
from ranvier.errors import unknown
from ranvier.losses import (
    BCE,
    KLD,
    MAE,
    MAPE,
    MSE,
    MSLE,
    bce,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    cosine_proximity,
    cosine_similarity,
    hinge,
    huber,
    huber_loss,
    kl_divergence,
    kld,
    kullback_leibler_divergence,
    log_cosh,
    logcosh,
    mae,
    mape,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    mse,
    msle,
    negative_log_likelihood,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from ranvier.metrics.accuracy import (
    Accuracy,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from ranvier.metrics.auc import AUC
from ranvier.metrics.confusion import (
    FalseNegatives,
    FalsePositives,
    Precision,
    PrecisionAtRecall,
    Recall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
    TrueNegatives,
    TruePositives,
)
from ranvier.metrics.correlation import (
    ConcordanceCorrelation,
    PearsonCorrelation,
    concordance_correlation,
    pearson_correlation,
)
from ranvier.metrics.f_score import F1Score, FBetaScore
from ranvier.metrics.from_losses import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Hinge,
    KLDivergence,
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanLoss,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    RootMeanSquaredError,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from ranvier.metrics.iou import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from ranvier.metrics.metric import Metric
from ranvier.metrics.r2_score import R2Score
from ranvier.metrics.reduction import Mean, MeanMetricWrapper, Sum
from ranvier.utils.naming import snake_case

__all__ = [
    "AUC",
    "BCE",
    "KLD",
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "Accuracy",
    "BinaryAccuracy",
    "BinaryCrossentropy",
    "BinaryIoU",
    "CategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "ConcordanceCorrelation",
    "CosineSimilarity",
    "F1Score",
    "FBetaScore",
    "FalseNegatives",
    "FalsePositives",
    "Hinge",
    "IoU",
    "KLDivergence",
    "LogCoshError",
    "Mean",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanIoU",
    "MeanLoss",
    "MeanMetricWrapper",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Metric",
    "OneHotIoU",
    "OneHotMeanIoU",
    "PearsonCorrelation",
    "Poisson",
    "Precision",
    "PrecisionAtRecall",
    "R2Score",
    "Recall",
    "RecallAtPrecision",
    "RootMeanSquaredError",
    "SensitivityAtSpecificity",
    "SparseCategoricalAccuracy",
    "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy",
    "SpecificityAtSensitivity",
    "SquaredHinge",
    "Sum",
    "TopKCategoricalAccuracy",
    "TrueNegatives",
    "TruePositives",
    "bce",
    "binary_accuracy",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_accuracy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "concordance_correlation",
    "cosine_proximity",
    "cosine_similarity",
    "deserialize",
    "get",
    "hinge",
    "huber",
    "huber_loss",
    "kl_divergence",
    "kld",
    "kullback_leibler_divergence",
    "log_cosh",
    "logcosh",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
    "negative_log_likelihood",
    "pearson_correlation",
    "poisson",
    "serialize",
    "sparse_categorical_accuracy",
    "sparse_categorical_crossentropy",
    "sparse_top_k_categorical_accuracy",
    "squared_hinge",
    "top_k_categorical_accuracy",
]

_CLASSES: dict[str, type[Metric]] = {
    name: globals()[name]
    for name in __all__
    if isinstance(globals().get(name), type) and name not in ("Metric", "MeanLoss", "MeanMetricWrapper")
}
_NAMES = {snake_case(name): cls for name, cls in _CLASSES.items()}
_FUNCTIONS = {
    name: globals()[name]
    for name in __all__
    if name in _NAMES and callable(globals()[name]) and name.endswith(("accuracy", "correlation"))
}


def get(identifier: Any) -> Metric:
    """The metric that a name, a description, a class, a loss or an object stands for.

    Args:
        identifier: a name such as "mse" or "binary_accuracy"; what `serialize` returned; a class; a function of
            `ranvier.losses` or of this module, or a `functools.partial` of one; a loss object; any function of targets
            and predictions; or a metric object, given back as it is.

    Raises: ValueError for an unknown name; TypeError for another kind of object.

    >>> get("mse")
    <MeanSquaredError name=mean_squared_error>
    """
    return as_metric(identifier, "metrics")


def as_metric(identifier: Any, where: str) -> Metric:
    """What `get` returns; `where` is who complains if there is no such metric."""
    if isinstance(identifier, Metric):
        return identifier
    if isinstance(identifier, str):
        return _by_name(identifier, where)
    if isinstance(identifier, dict):
        found: Metric = deserialize(identifier)
        return found
    if isinstance(identifier, type) and issubclass(identifier, Metric):
        return identifier()
    function: Any = identifier
    arguments: dict[str, Any] = {}
    if isinstance(identifier, functools.partial):
        function, arguments = identifier.func, dict(identifier.keywords)
    name = getattr(function, "__name__", "")
    if _FUNCTIONS.get(name) is function:
        return _NAMES[name](**arguments)
    if isinstance(identifier, losses.Loss):
        by_function = identifier.whole_batch or identifier.is_traced
        return MeanMetricWrapper(identifier.rows, identifier.name) if by_function else MeanLoss(identifier)
    if callable(identifier):
        try:
            return MeanLoss(identifier, name or None)
        except TypeError:
            return MeanMetricWrapper(identifier, name or type(identifier).__name__)
    raise TypeError(
        f"[{where}] expected the name of a metric, a Metric, or a function of targets and predictions, got "
        f"{identifier!r}"
    )


def _by_name(name: str, where: str) -> Metric:
    if name in _CLASSES:
        return _CLASSES[name]()
    if name in _NAMES:
        return _NAMES[name]()
    try:
        loss = losses.as_loss(name, where)
    except ValueError:
        valid = {*_NAMES, *_CLASSES, *losses.__all__} - {"Loss", "get", "serialize", "deserialize"}
        raise ValueError(unknown(where, "metric", name, valid)) from None
    return _NAMES[loss.kind]() if loss.kind in _NAMES else MeanLoss(loss, name)


def serialize(metric: Metric) -> Any:
    """A metric as JSON can hold it.

    >>> serialize(BinaryAccuracy(threshold=0.4))["config"]["threshold"]
    0.4
    """
    return plain(metric)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The metric that `serialize` described.

    Args:
        config: a name, or {"class_name", "config"}.
        custom_objects: classes and functions of the caller's own, by the names that stand for them.

    Raises: ValueError for an unknown name or class.

    >>> deserialize({"class_name": "BinaryAccuracy", "config": {"threshold": 0.4}}).threshold
    0.4
    """
    custom = dict(custom_objects or {})
    if isinstance(config, str):
        return custom[config] if config in custom else get(config)
    classes = _CLASSES | {"MeanLoss": MeanLoss, "MeanMetricWrapper": MeanMetricWrapper} | custom
    return from_description(config, classes, "metrics", "metric")
