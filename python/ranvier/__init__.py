"""Ranvier: neural networks at full speed on ordinary CPUs, the Keras 3 API on a native core."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ranvier import (
    activations,
    backend,
    callbacks,
    config,
    constraints,
    dtype_policies,
    initializers,
    layers,
    losses,
    metrics,
    models,
    optimizers,
    random,
    regularizers,
    saving,
    utils,
)
from ranvier._core import __version__
from ranvier.constraints import Constraint
from ranvier.dtype_policies import DTypePolicy
from ranvier.errors import NonFiniteLossError
from ranvier.initializers import Initializer
from ranvier.layers import Input, Layer
from ranvier.losses import Loss
from ranvier.metrics import Metric
from ranvier.models import Model, Sequential, fit_many
from ranvier.optimizers import Optimizer
from ranvier.regularizers import Regularizer
from ranvier.symbol import KerasTensor
from ranvier.variable import Variable

if TYPE_CHECKING:
    from ranvier import datasets, ops
    from ranvier.differentiation import gradients

__all__ = [
    "Constraint",
    "DTypePolicy",
    "Initializer",
    "Input",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "NonFiniteLossError",
    "Optimizer",
    "Regularizer",
    "Sequential",
    "Variable",
    "__version__",
    "activations",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "dtype_policies",
    "fit_many",
    "gradients",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "random",
    "regularizers",
    "saving",
    "utils",
    "version",
]


def __getattr__(name: str) -> Any:
    # What few programs use is imported when it is first used; the last two import scikit-learn.
    if name in ("datasets", "ops", "text", "sklearn", "wrappers"):
        return import_module(f"ranvier.{name}")
    if name == "gradients":
        return import_module("ranvier.differentiation").gradients
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def version() -> str:
    """The version of the library.

    >>> version() == __version__
    True
    """
    return __version__
