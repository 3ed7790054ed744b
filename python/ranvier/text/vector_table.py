"""Vectors with names: the table that queries, files and pictures stand on."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.text.errors import UnknownWordError

if TYPE_CHECKING:
    from ranvier._typing import Array, ArrayLike


def is_position(key: object) -> bool:
    """Whether a key is a row number, and no word."""
    return hasattr(key, "__index__") and not isinstance(key, (bool, np.ndarray))


class VectorTable:
    """Rows of a matrix, each under a word: see `KeyedVectors`."""

    def __init__(
        self,
        vector_size: int,
        *,
        keys: Iterable[str] = (),
        vectors: Array | None = None,
        counts: ArrayLike | None = None,
        dtype: Any = np.float32,
    ) -> None:
        if not is_position(vector_size) or vector_size < 1:
            raise ValueError(f"[KeyedVectors] vector_size must be an integer of at least 1, got {vector_size!r}")
        self.vector_size = operator.index(vector_size)
        self.index_to_key = list(keys)
        self.vectors = np.zeros((0, self.vector_size), dtype) if vectors is None else np.asanyarray(vectors)
        if self.vectors.shape != (expected := (len(self.index_to_key), self.vector_size)):
            raise ValueError(
                f"[KeyedVectors] expected vectors of shape {expected} for {expected[0]} keys, got {self.vectors.shape}"
            )
        if self.vectors.dtype.kind != "f":
            raise TypeError(f"[KeyedVectors] expected vectors of floating-point numbers, got {self.vectors.dtype}")
        self.key_to_index = _numbered(self.index_to_key)
        self.expandos: dict[str, Array] = {}
        if counts is not None:
            self.expandos["count"] = self._attribute("counts", counts, np.int64)

    def _attribute(self, name: str, values: ArrayLike, dtype: Any = None) -> Array:
        array = np.asarray(values, dtype)
        if array.shape != (len(self.index_to_key),):
            raise ValueError(
                f"[KeyedVectors] expected {len(self.index_to_key)} {name}, one for each key, got shape {array.shape}"
            )
        return array

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the numbers."""
        return self.vectors.dtype

    def __len__(self) -> int:
        return len(self.index_to_key)

    def __contains__(self, key: object) -> bool:
        return self.get_index(key, -1) >= 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}<vector_size={self.vector_size}, {len(self)} keys>"

    def has_index_for(self, key: object) -> bool:
        """Whether there is a vector of this key."""
        return key in self

    def get_index(self, key: object, default: int | None = None) -> int:
        """Row of a key, or `default` where it is given and there is none.

        Raises: UnknownWordError, a KeyError.
        """
        found = self.key_to_index.get(key) if isinstance(key, str) else None  # type: ignore[call-overload]
        if found is not None:
            return int(found)
        if is_position(key) and 0 <= (position := operator.index(key)) < len(self):  # type: ignore[arg-type]
            return position
        if default is not None:
            return default
        raise UnknownWordError(key, self.index_to_key)

    def get_vector(self, key: str | int, norm: bool = False) -> Array:
        """The vector of a key as a view that cannot be written to, or a copy of length 1.

        Raises: UnknownWordError, a KeyError.
        """
        vector: Array = self.vectors[self.get_index(key)]
        if norm and (length := np.linalg.norm(vector.astype(np.float64))) > 0:
            vector = (vector / length).astype(self.dtype)
        vector.flags.writeable = False
        return vector

    def __getitem__(self, keys: str | int | Sequence[str | int]) -> Array:
        if isinstance(keys, str) or is_position(keys):
            return self.get_vector(keys)  # type: ignore[arg-type]
        return self.vectors[[self.get_index(key) for key in keys]]  # type: ignore[union-attr]

    def get_vecattr(self, key: str | int, attr: str) -> Any:
        """What is kept under the name `attr` for a key, such as its "count".

        Raises: UnknownWordError, a KeyError; KeyError for an attribute that there is not.
        """
        if attr not in self.expandos:
            raise KeyError(f"[KeyedVectors] no attribute {attr!r}; there are {sorted(self.expandos)}")
        return self.expandos[attr][self.get_index(key)]


def _numbered(keys: Sequence[str]) -> dict[str, int]:
    numbers = {key: number for number, key in enumerate(keys)}
    if len(numbers) < len(keys):
        first: dict[str, int] = {}
        for number, key in enumerate(keys):
            if first.setdefault(key, number) != number:
                raise ValueError(f"[KeyedVectors] the key {key!r} is there twice, at {first[key]} and {number}")
    if not all(isinstance(key, str) for key in keys):
        wrong = next(key for key in keys if not isinstance(key, str))
        raise TypeError(f"[KeyedVectors] expected keys that are strings, got {wrong!r}")
    return numbers
