"""The parts of Keras's `backend` module that a program on one CPU uses."""

from __future__ import annotations

from typing import Any

import numpy as np

from ranvier.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    standardize_dtype,
)
from ranvier.utils import clear_session, is_keras_tensor
from ranvier.utils.naming import unique_name

__all__ = [
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]


def get_uid(prefix: str = "") -> int:
    """How many names with this prefix there are now, this one included.

    >>> get_uid("example"), get_uid("example")
    (1, 2)
    """
    name = unique_name(prefix)
    return int(name[len(prefix) + 1 :] or 0) + 1


def is_float_dtype(dtype: Any) -> bool:
    """Whether a type holds real numbers.

    >>> is_float_dtype("float32"), is_float_dtype("int8")
    (True, False)
    """
    return bool(np.dtype(dtype).kind == "f")


def is_int_dtype(dtype: Any) -> bool:
    """Whether a type holds integers.

    >>> is_int_dtype("uint8"), is_int_dtype("bool")
    (True, False)
    """
    return np.dtype(dtype).kind in "iu"
