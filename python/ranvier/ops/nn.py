"""Activations, and what losses are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ranvier import activations
from ranvier.ops import graph, reductions
from ranvier.ops.elementwise import clip, primitive
from ranvier.ops.shaping import one_hot

EPSILON = 1e-7

NAMES = (
    *(
        "celu",
        "elu",
        "glu",
        "hard_shrink",
        "hard_sigmoid",
        "hard_silu",
        "hard_swish",
        "hard_tanh",
        "leaky_relu",
    ),
    *("log_sigmoid", "log_softmax", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax", "softplus"),
    *(
        "softsign",
        "sparse_plus",
        "sparse_sigmoid",
        "sparsemax",
        "squareplus",
        "swish",
        "tanh",
        "tanh_shrink",
        "threshold",
    ),
)


def _activation(name: str) -> Callable[..., Any]:
    own: Any = activations.get(name)

    def function(x: Any, *args: Any, **kwargs: Any) -> Any:
        if not graph.symbolic(x):
            return own(np.asarray(x), *args, **kwargs)
        [symbol] = graph.symbols(x)
        told: dict[str, Any] = {"activation": own.__name__}
        if own.along_axis:
            bound = own.__signature__.bind(x, *args, **kwargs).arguments
            told["axis"] = graph.behind_batch(name, symbol, bound.get("axis", -1))
            return graph.node("axis_activation", told, [symbol], name)
        told["activation_parameters"] = list(own.values(*args, **kwargs).values())
        return graph.node("activation", told, [symbol], name)

    function.__name__ = function.__qualname__ = name
    function.__module__ = "ranvier.ops"
    function.__doc__ = (
        f"The activation {name}; see `ranvier.activations`.\n\nArgs:\n    x: an array or a symbol.\n\n"
        f">>> {name}([[0.5, 1.0]]).shape\n{(1, 1) if name == 'glu' else (1, 2)}"
    )
    function.__signature__ = own.__signature__  # type: ignore[attr-defined]  # what inspect asks for
    return function


FUNCTIONS: dict[str, Callable[..., Any]] = {name: _activation(name) for name in NAMES}
_GELU = _activation("gelu")


def gelu(x: Any, approximate: bool = True) -> Any:
    """X times the normal distribution's share below it.

    Args:
        x: an array or a symbol.
        approximate: whether that is computed with tanh, as is Keras's default here, or exactly.

    >>> float(gelu(0.0))
    0.0
    """
    return _GELU(x, approximate=float(approximate))


def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    """-target log(p) - (1 - target) log(1 - p), element by element.

    Args:
        target: from 0 to 1, an array or a symbol.
        output: probabilities p, or logits.
        from_logits: whether they are logits.

    >>> binary_crossentropy([1.0], [0.5])
    array([0.693...])
    """
    relu, softplus, absolute = FUNCTIONS["relu"], FUNCTIONS["softplus"], _absolute
    if not graph.symbolic(target, output):
        target, output = np.asarray(target), np.asarray(output)
    if from_logits:
        return relu(output) - output * target + softplus(-1 * absolute(output))
    p = clip(output, EPSILON, 1 - EPSILON)
    return -1 * (target * _log(p) + (1 - target) * _log(1 - p))


def categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-sum(target log(p)) along an axis.

    Args:
        target: probabilities of the classes, an array or a symbol.
        output: probabilities p, or logits.
        from_logits: whether they are logits.
        axis: that of the classes.

    >>> categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])
    array([0.693...])
    """
    if not graph.symbolic(target, output):
        target, output = np.asarray(target), np.asarray(output)
    if from_logits:
        return -1 * reductions.sum(target * FUNCTIONS["log_softmax"](output, axis=axis), axis)
    p = clip(output / reductions.sum(output, axis, keepdims=True), EPSILON, 1 - EPSILON)
    return -1 * reductions.sum(target * _log(p), axis)


def sparse_categorical_crossentropy(target: Any, output: Any, from_logits: bool = False, axis: int = -1) -> Any:
    """-log(p) of the class that is the target.

    Args:
        target: class indices, an array or a symbol.
        output: probabilities p, or logits.
        from_logits: whether they are logits.
        axis: that of the classes.

    >>> sparse_categorical_crossentropy([1], [[0.5, 0.5]])
    array([0.693...])
    """
    classes = (output.shape if hasattr(output, "shape") else np.shape(output))[axis]
    return categorical_crossentropy(one_hot(target, classes, axis), output, from_logits, axis)


def normalize(x: Any, axis: int = -1, order: int = 2, epsilon: float | None = None) -> Any:
    """X divided by its length along an axis.

    Args:
        x: an array or a symbol.
        axis: along which.
        order: 1 or 2: of which norm.
        epsilon: the least length.

    >>> normalize([3.0, 4.0])
    array([0.6, 0.8])
    """
    if not graph.symbolic(x):
        x = np.asarray(x)
    length = reductions.norm(x, order, axis, keepdims=True)
    least = EPSILON if epsilon is None else epsilon
    return x / (primitive("maximum", length, least) if graph.symbolic(length) else np.maximum(length, least))


def _log(x: Any) -> Any:
    return primitive("log", x) if graph.symbolic(x) else np.log(x)


def _absolute(x: Any) -> Any:
    return primitive("absolute", x) if graph.symbolic(x) else np.absolute(x)
