"""Settings of the process: the default number type and policy, the fuzz factor, how much is printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import _core
from ranvier.errors import one_of

if TYPE_CHECKING:
    from ranvier._core import Scalars
    from ranvier.dtype_policies import DTypePolicy

FLOAT_TYPES = ("float32", "float64")

_floatx = "float32"
_dtype_policy: DTypePolicy | None = None  # None: that of _floatx
_epsilon = 1e-7
_image_data_format = "channels_last"
_interactive_logging = True


def backend() -> str:
    """Name of the engine that computes: always "ranvier".

    >>> backend()
    'ranvier'
    """
    return "ranvier"


def floatx() -> str:
    """Number type of layers that are not told another.

    >>> floatx()
    'float32'
    """
    return _floatx


def set_floatx(value: Any) -> None:
    """Sets the number type of layers made from now on: "float32" or "float64".

    Raises: ValueError for any other type.

    >>> set_floatx("float32")
    """
    global _floatx
    _floatx = standardize_dtype(value)


def dtype_policy() -> DTypePolicy:
    """The policy of layers that are not told another; that of `floatx()` unless `set_dtype_policy` was called.

    >>> dtype_policy()
    <DTypePolicy "float32">
    """
    from ranvier import dtype_policies

    return dtype_policies.DTypePolicy(_floatx) if _dtype_policy is None else _dtype_policy


def set_dtype_policy(policy: Any) -> None:
    """Sets the policy of layers made from now on; None returns to that of `floatx()`.

    Args:
        policy: "float32", "float64", "mixed_bfloat16" or a `ranvier.DTypePolicy`.

    Raises: ValueError for any other policy.

    >>> set_dtype_policy("mixed_bfloat16")
    >>> dtype_policy().compute_dtype
    'bfloat16'
    >>> set_dtype_policy(None)
    """
    global _dtype_policy
    from ranvier import dtype_policies

    _dtype_policy = None if policy is None else dtype_policies.get(policy)


def standardize_dtype(dtype: Any) -> str:
    """Either "float32" or "float64", for a name, a NumPy type or None (the default, `floatx()`).

    Raises: ValueError for any other type.

    >>> standardize_dtype(float)
    'float64'
    """
    if dtype is None:
        return _floatx
    try:
        name: str = np.dtype(dtype).name
    except TypeError:
        name = str(dtype)
    if name not in FLOAT_TYPES:
        raise ValueError(f"[dtype] expected 'float32' or 'float64', got {dtype!r}")
    return name


def scalars(dtype: str) -> Scalars:
    """The native classes for a number type."""
    return _core.float64 if dtype == "float64" else _core.float32


def epsilon() -> float:
    """The small number that keeps logarithms and quotients finite.

    >>> epsilon()
    1e-07
    """
    return _epsilon


def set_epsilon(value: float) -> None:
    """Sets `epsilon()`. The native losses keep Keras's 1e-7.

    >>> set_epsilon(1e-7)
    """
    global _epsilon
    _epsilon = float(value)


def image_data_format() -> str:
    """Where images keep their channels: "channels_last" or "channels_first".

    >>> image_data_format()
    'channels_last'
    """
    return _image_data_format


def set_image_data_format(data_format: str) -> None:
    """Sets `image_data_format()`.

    Raises: ValueError unless it is "channels_last" or "channels_first".

    >>> set_image_data_format("channels_last")
    """
    global _image_data_format
    one_of("set_image_data_format", "data_format", data_format, ("channels_last", "channels_first"))
    _image_data_format = data_format


def is_interactive_logging_enabled() -> bool:
    """Whether `verbose="auto"` may draw a live bar.

    >>> is_interactive_logging_enabled()
    True
    """
    return _interactive_logging


def enable_interactive_logging() -> None:
    """Lets `verbose="auto"` draw a live bar where the output is a terminal or a notebook.

    >>> enable_interactive_logging()
    """
    global _interactive_logging
    _interactive_logging = True


def disable_interactive_logging() -> None:
    """Makes `verbose="auto"` print one line an epoch everywhere.

    >>> disable_interactive_logging()
    >>> enable_interactive_logging()
    """
    global _interactive_logging
    _interactive_logging = False
