"""Layers that join their inputs element by element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ranvier.layers.core.step_mask import common
from ranvier.layers.layer import Layer


class _Merge(Layer):
    # A chain of one function of two operands; shapes are broadcast as in NumPy.
    kind = "primitive"
    supports_masking = True
    merges = True
    function: ClassVar[str] = ""
    mean: ClassVar[bool] = False
    operands: ClassVar[int] = 0  # how many inputs it takes, or 0 for any number

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"function": self.function, "mean": self.mean, "operands": self.operands}

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return common(previous_mask)


class Add(_Merge):
    """Sums its inputs element by element: y = x_0 + x_1 + ...

    Args:
        **kwargs: those of `Layer`.

    Input shape: a list of at least two; an axis of size 1, or one that is missing in front, stands for any size.
    Output shape: what they are broadcast to.
    Raises: ValueError where the shapes do not go together.

    >>> import numpy as np
    >>> Add()([np.array([[1.0]]), np.array([[2.0]])])
    array([[3.]], dtype=float32)
    """

    function = "add"


class Subtract(_Merge):
    """The difference of two inputs: y = x_0 - x_1.

    Args:
        **kwargs: those of `Layer`.

    Input shape: a list of two, broadcast as in `Add`. Output shape: what they are broadcast to.
    Raises: ValueError where the shapes do not go together.

    >>> import numpy as np
    >>> Subtract()([np.array([[1.0]]), np.array([[2.0]])])
    array([[-1.]], dtype=float32)
    """

    function = "subtract"
    operands = 2


class Multiply(_Merge):
    """Multiplies its inputs element by element: y = x_0 x_1 ...

    Args:
        **kwargs: those of `Layer`.

    Input shape: a list of at least two, broadcast as in `Add`. Output shape: what they are broadcast to.
    Raises: ValueError where the shapes do not go together.

    >>> import numpy as np
    >>> Multiply()([np.array([[3.0]]), np.array([[2.0]])])
    array([[6.]], dtype=float32)
    """

    function = "multiply"


class Average(_Merge):
    """The mean of its inputs element by element: y = (x_0 + x_1 + ...) / n.

    Args:
        **kwargs: those of `Layer`.

    Input shape: a list of at least two, broadcast as in `Add`. Output shape: what they are broadcast to.
    Raises: ValueError where the shapes do not go together.

    >>> import numpy as np
    >>> Average()([np.array([[1.0]]), np.array([[2.0]])])
    array([[1.5]], dtype=float32)
    """

    function = "add"
    mean = True


class Maximum(_Merge):
    """The greatest of its inputs element by element: y = max(x_0, x_1, ...).

    Args:
        **kwargs: those of `Layer`.

    Input shape: a list of at least two, broadcast as in `Add`. Output shape: what they are broadcast to.
    Raises: ValueError where the shapes do not go together.

    >>> import numpy as np
    >>> Maximum()([np.array([[1.0]]), np.array([[2.0]])])
    array([[2.]], dtype=float32)
    """

    function = "maximum"


class Minimum(_Merge):
    """The least of its inputs element by element: y = min(x_0, x_1, ...).

    Args:
        **kwargs: those of `Layer`.

    Input shape: a list of at least two, broadcast as in `Add`. Output shape: what they are broadcast to.
    Raises: ValueError where the shapes do not go together.

    >>> import numpy as np
    >>> Minimum()([np.array([[1.0]]), np.array([[2.0]])])
    array([[1.]], dtype=float32)
    """

    function = "minimum"


def add(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Sums symbols or arrays element by element; see `Add`.

    Args:
        inputs: a list of at least two.
        **kwargs: those of `Layer`.

    >>> import numpy as np
    >>> add([np.array([[1.0]]), np.array([[2.0]])])
    array([[3.]], dtype=float32)
    """
    return Add(**kwargs)(inputs)


def subtract(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The difference of two symbols or arrays; see `Subtract`.

    Args:
        inputs: a list of two.
        **kwargs: those of `Layer`.

    >>> import numpy as np
    >>> subtract([np.array([[1.0]]), np.array([[2.0]])])
    array([[-1.]], dtype=float32)
    """
    return Subtract(**kwargs)(inputs)


def multiply(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """Multiplies symbols or arrays element by element; see `Multiply`.

    Args:
        inputs: a list of at least two.
        **kwargs: those of `Layer`.

    >>> import numpy as np
    >>> multiply([np.array([[3.0]]), np.array([[2.0]])])
    array([[6.]], dtype=float32)
    """
    return Multiply(**kwargs)(inputs)


def average(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The mean of symbols or arrays element by element; see `Average`.

    Args:
        inputs: a list of at least two.
        **kwargs: those of `Layer`.

    >>> import numpy as np
    >>> average([np.array([[1.0]]), np.array([[2.0]])])
    array([[1.5]], dtype=float32)
    """
    return Average(**kwargs)(inputs)


def maximum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The greatest of symbols or arrays element by element; see `Maximum`.

    Args:
        inputs: a list of at least two.
        **kwargs: those of `Layer`.

    >>> import numpy as np
    >>> maximum([np.array([[1.0]]), np.array([[2.0]])])
    array([[2.]], dtype=float32)
    """
    return Maximum(**kwargs)(inputs)


def minimum(inputs: Sequence[Any], **kwargs: Any) -> Any:
    """The least of symbols or arrays element by element; see `Minimum`.

    Args:
        inputs: a list of at least two.
        **kwargs: those of `Layer`.

    >>> import numpy as np
    >>> minimum([np.array([[1.0]]), np.array([[2.0]])])
    array([[1.]], dtype=float32)
    """
    return Minimum(**kwargs)(inputs)
