"""Type names shared by the package. Only a type checker evaluates them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import TypeAlias

    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]
    Shape: TypeAlias = tuple[int, ...]
    BatchShape: TypeAlias = tuple[int | None, ...]
    # Whatever NumPy can read: lists, frames, memory maps, scalars. Frames are no part of numpy.typing.ArrayLike.
    ArrayLike: TypeAlias = Any
