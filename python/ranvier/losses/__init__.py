"""Losses: what training makes small. Functions give a number for each row, objects its mean or sum."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any

from ranvier._configurable import from_description, plain
from ranvier.errors import unknown
from ranvier.losses.circle import Circle, circle
from ranvier.losses.focal import (
    BinaryFocalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy,
    binary_focal_crossentropy,
    categorical_focal_crossentropy,
    categorical_generalized_cross_entropy,
)
from ranvier.losses.hinge import (
    CategoricalHinge,
    Hinge,
    SquaredHinge,
    categorical_hinge,
    hinge,
    squared_hinge,
)
from ranvier.losses.loss import Loss
from ranvier.losses.overlap import Dice, Tversky, dice, tversky
from ranvier.losses.probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    KLDivergence,
    NegativeLogLikelihood,
    Poisson,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    categorical_crossentropy,
    kl_divergence,
    negative_log_likelihood,
    poisson,
    sparse_categorical_crossentropy,
)
from ranvier.losses.regression import (
    CosineSimilarity,
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    cosine_similarity,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)

__all__ = [
    "BCE",
    "KLD",
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalGeneralizedCrossEntropy",
    "CategoricalHinge",
    "Circle",
    "CosineSimilarity",
    "Dice",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "NegativeLogLikelihood",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "Tversky",
    "bce",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "circle",
    "cosine_proximity",
    "cosine_similarity",
    "deserialize",
    "dice",
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
    "nll",
    "poisson",
    "serialize",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
]

MSE = mse = mean_squared_error
MAE = mae = mean_absolute_error
MAPE = mape = mean_absolute_percentage_error
MSLE = msle = mean_squared_logarithmic_error
BCE = bce = binary_crossentropy
KLD = kld = kullback_leibler_divergence = kl_divergence
logcosh = log_cosh
cosine_proximity = cosine_similarity
huber_loss = huber
nll = negative_log_likelihood

_CLASSES: dict[str, type[Loss]] = {
    name: globals()[name] for name in __all__ if name != "Loss" and isinstance(globals().get(name), type)
}
_KINDS = {cls.kind: cls for cls in _CLASSES.values()}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    name: globals()[name] for name in __all__ if getattr(globals().get(name), "__name__", None) in _KINDS
}


def get(identifier: Any) -> Any:
    """The loss that a name, a description, a class or an object stands for.

    Args:
        identifier: a name such as "mse", which gives a function, or "MeanSquaredError", which gives an object; what
            `serialize` returned; a class; a function of this module or an object, given back as it is; or None.

    Raises: ValueError for an unknown name; TypeError for another kind of object.

    >>> get("mse").__name__
    'mean_squared_error'
    """
    if isinstance(identifier, str):
        if identifier in _FUNCTIONS:
            return _FUNCTIONS[identifier]
        if identifier in _CLASSES:
            return _CLASSES[identifier]()
        raise ValueError(unknown("losses", "loss", identifier, [*_FUNCTIONS, *_CLASSES]))
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, type) and issubclass(identifier, Loss):
        return identifier()
    if identifier is None or callable(identifier):
        return identifier
    raise TypeError(f"[losses] expected a name, a function of ranvier.losses or a Loss, got {identifier!r}")


def as_loss(identifier: Any, where: str = "compile", own: bool = True) -> Loss:
    """The loss object that a name, a function, a `functools.partial` of one, a class or an object stands for.

    Args:
        identifier: any of these.
        where: who complains.
        own: whether functions of the caller's are taken, which are written with `ranvier.ops`.

    Raises: ValueError for an unknown name; TypeError for what is no loss.

    >>> as_loss("mse")
    <MeanSquaredError name=mean_squared_error>
    """
    if isinstance(identifier, str) and identifier not in _FUNCTIONS and identifier not in _CLASSES:
        raise ValueError(unknown(where, "loss", identifier, [*_FUNCTIONS, *_CLASSES]))
    found = get(identifier)
    arguments: dict[str, Any] = {}
    if isinstance(identifier, functools.partial):
        found, arguments = identifier.func, dict(identifier.keywords)
    if isinstance(found, Loss):
        return found
    kind = getattr(found, "__name__", "")
    if _FUNCTIONS.get(kind) is not found:
        if own and callable(found) and not isinstance(found, type):
            from ranvier.losses.traced import FunctionLoss

            return FunctionLoss(found, **arguments)
        raise TypeError(
            f"[{where}] expected the name of a loss, a function of targets and predictions or a Loss, got "
            f"{identifier!r}"
        )
    return _KINDS[kind](**arguments)


def serialize(loss: Any) -> Any:
    """A loss as JSON can hold it: a function's name, an object's class and arguments.

    >>> serialize(mean_squared_error), serialize(Huber(2.0))["config"]["delta"]
    ('mean_squared_error', 2.0)
    """
    return plain(loss) if isinstance(loss, Loss) else get(loss).__name__


def deserialize(name: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The loss that `serialize` described.

    Args:
        name: a name, or {"class_name", "config"}.
        custom_objects: classes and functions of the caller's own, by the names that stand for them.

    Raises: ValueError for an unknown name or class.

    >>> deserialize({"class_name": "Huber", "config": {"delta": 2.0}}).delta
    2.0
    """
    custom = dict(custom_objects or {})
    if isinstance(name, str):
        return custom[name] if name in custom else get(name)
    return from_description(name, _CLASSES | custom, "losses", "loss")
