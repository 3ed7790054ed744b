"""Constructor arguments of the perceptrons, checked when they are used, as scikit-learn does."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any

import numpy as np

from ranvier.errors import one_of
from ranvier.optimizers import Optimizer

SOLVERS = ("lbfgs", "sgd", "adam")


def _real(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _whole(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _sizes(value: Any) -> bool:
    return all(_whole(size) and size >= 1 for size in (value if np.iterable(value) else [value]))


_VALID: dict[str, tuple[Callable[[Any], bool], str]] = {
    "hidden_layer_sizes": (_sizes, "an integer of at least 1, or a sequence of such"),
    "alpha": (lambda value: _real(value) and 0 <= value < np.inf, "a finite number of at least 0"),
    "batch_size": (lambda value: value == "auto" or (_whole(value) and value >= 1), "'auto' or an integer >= 1"),
    "learning_rate_init": (lambda value: _real(value) and 0 < value < np.inf, "a finite number above 0"),
    "power_t": (lambda value: _real(value) and value >= 0, "a number of at least 0"),
    "max_iter": (lambda value: _whole(value) and value >= 1, "an integer of at least 1"),
    "tol": (lambda value: _real(value) and value >= 0, "a number of at least 0"),
    "momentum": (lambda value: _real(value) and 0 <= value <= 1, "a number from 0 to 1"),
    "validation_fraction": (lambda value: _real(value) and 0 <= value < 1, "a number from 0 to below 1"),
    "beta_1": (lambda value: _real(value) and 0 <= value < 1, "a number from 0 to below 1"),
    "beta_2": (lambda value: _real(value) and 0 <= value < 1, "a number from 0 to below 1"),
    "epsilon": (lambda value: _real(value) and 0 < value < np.inf, "a finite number above 0"),
    "n_iter_no_change": (lambda value: value == np.inf or (_whole(value) and value >= 1), "an integer >= 1, or inf"),
    "max_fun": (lambda value: _whole(value) and value >= 1, "an integer of at least 1"),
    "dropout": (lambda value: _real(value) and 0 <= value < 1, "a number from 0 to below 1"),
}


def check(estimator: Any) -> None:
    """Raises ValueError that names the argument, the valid values and what came."""
    where = type(estimator).__name__
    if isinstance(estimator.loss, int | tuple | list):
        raise ValueError(f"[{where}] loss comes first, as in scikit-learn: hidden_layer_sizes={estimator.loss!r}")
    for name, (valid, description) in _VALID.items():
        value = getattr(estimator, name)
        if not valid(value):
            raise ValueError(f"[{where}] {name} must be {description}, got {value!r}")
    if not isinstance(estimator.solver, Optimizer):
        one_of(where, "solver", estimator.solver, SOLVERS)
    one_of(where, "learning_rate", estimator.learning_rate, ("constant", "invscaling", "adaptive"))
    one_of(where, "dtype", estimator.dtype, (None, "float32", "float64"))
    if estimator.solver == "lbfgs":
        for name, off in {"dropout": 0, "batch_normalization": False, "callbacks": None}.items():
            if getattr(estimator, name) != off:
                raise ValueError(
                    f"[{where}] solver='lbfgs' sees all rows at once and has no epochs: {name} must be {off!r}, got "
                    f"{getattr(estimator, name)!r}; 'adam' and 'sgd' take it"
                )
