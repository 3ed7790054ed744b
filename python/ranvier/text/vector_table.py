"""Vectors under words: the table that queries, files and pictures stand on."""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import _core
from ranvier.text.errors import UnknownWordError

if TYPE_CHECKING:
    from typing_extensions import Self

    from ranvier._typing import Array, ArrayLike


def is_position(key: object) -> bool:
    """Whether a key is a row number, and no word."""
    return hasattr(key, "__index__") and not isinstance(key, (bool, np.ndarray))


def is_key(key: object) -> bool:
    """Whether it stands for one row: a word, or the number of the row."""
    return isinstance(key, str) or is_position(key)


class VectorTable:
    """Rows of a matrix, each under a word: see `KeyedVectors`."""

    vectors: Array
    index_to_key: list[str]
    key_to_index: dict[str, int]
    expandos: dict[str, Array]

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
        if self.vectors.dtype not in ("float32", "float64", "float16"):
            raise TypeError(f"[KeyedVectors] expected numbers of 16, 32 or 64 bits, got {self.vectors.dtype}")
        self.key_to_index = _numbered(self.index_to_key)
        self.expandos = {}
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

    # --- Reading ------------------------------------------------------------------------------------------------------

    def has_index_for(self, key: object) -> bool:
        """Whether there is a vector of this key."""
        return key in self

    def get_index(self, key: object, default: int | None = None) -> int:
        """Row of a key, or `default` where it is given and there is none.

        Raises: UnknownWordError, a KeyError that names the nearest spellings.
        """
        if isinstance(key, str):
            found = self.key_to_index.get(key)
            if found is not None:
                return found
        elif is_position(key) and 0 <= (position := operator.index(key)) < len(self):  # type: ignore[arg-type]
            return position
        if default is not None:
            return default
        raise UnknownWordError(key, self.index_to_key)

    def get_vector(self, key: str | int, norm: bool = False) -> Array:
        """The vector of a key as a view that cannot be written to, or with `norm` a copy of length 1.

        Raises: UnknownWordError, a KeyError.
        """
        vector: Array = self.vectors[self.get_index(key)]
        if norm:
            vector = unit(vector).astype(self.dtype)
        vector.flags.writeable = False
        return vector

    def __getitem__(self, keys: str | int | slice | Sequence[str | int]) -> Array:
        if is_key(keys):
            return self.get_vector(keys)  # type: ignore[arg-type]
        if isinstance(keys, slice):
            rows: Array = self.vectors[keys]
            rows.flags.writeable = False
            return rows
        chosen: Array = self.vectors[[self.get_index(key) for key in keys]]  # type: ignore[union-attr]
        return chosen

    @property
    def norms(self) -> Array:
        """Length of each vector, (words,): computed anew each time, so that it is never out of date."""
        return _core.text.row_norms(self.vectors)

    def fill_norms(self, force: bool = False) -> None:
        """Nothing: lengths are found in the same pass over memory as similarities. gensim has a use for it."""

    def get_normed_vectors(self) -> Array:
        """A copy of all vectors, (words, vector_size), scaled to length 1; zeros stay zeros."""
        norms = self.norms
        scaled: Array = self.vectors / np.where(norms > 0, norms, 1).astype(self.dtype)[:, None]
        return scaled

    def get_vecattr(self, key: str | int, attr: str) -> Any:
        """What is kept under the name `attr` for a key, such as its "count".

        Raises: UnknownWordError, a KeyError; KeyError for an attribute that there is not.
        """
        if attr not in self.expandos:
            raise KeyError(f"[KeyedVectors] no attribute {attr!r}; there are {sorted(self.expandos)}")
        return self.expandos[attr][self.get_index(key)]

    # --- Changing -----------------------------------------------------------------------------------------------------

    def set_vecattr(self, key: str | int, attr: str, val: Any) -> None:
        """Keeps a number or truth value under the name `attr` for a key; other keys have 0 where they have none.

        Raises: UnknownWordError, a KeyError; TypeError for another type than the attribute has.
        """
        row, value = self.get_index(key), np.asarray(val)
        if value.ndim or value.dtype.kind not in "biuf":
            raise TypeError(f"[KeyedVectors] expected a number for {attr!r}, got {val!r}")
        array = self.expandos.get(attr)
        if array is None:
            array = self.expandos[attr] = np.zeros(len(self), value.dtype)
        elif not np.can_cast(value.dtype, array.dtype, "same_kind"):
            raise TypeError(f"[KeyedVectors] {attr!r} is of {array.dtype}, got {val!r}")
        array[row] = val

    def add_vector(self, key: str, vector: ArrayLike) -> int:
        """Adds one vector and returns its row; many at once are much faster: `add_vectors`.

        Raises: as `add_vectors`; ValueError for a key that there is.
        """
        if key in self.key_to_index:
            raise ValueError(f"[KeyedVectors] there is a vector of {key!r} already; wv[{key!r}] = ... replaces it")
        self.add_vectors([key], np.asarray(vector)[None])
        return len(self) - 1

    def add_vectors(
        self,
        keys: str | Sequence[str],
        weights: ArrayLike,
        extras: Mapping[str, ArrayLike] | None = None,
        replace: bool = False,
    ) -> None:
        """Adds vectors at the end.

        Args:
            keys: their words.
            weights: (keys, vector_size).
            extras: attributes, an array with a number for each key by name; keys without one have 0.
            replace: whether words that there are get the new vector; otherwise they keep theirs.

        Raises: ValueError for shapes that do not fit; TypeError for keys that are no strings. Nothing is changed then.
        """
        keys = [keys] if isinstance(keys, str) else list(keys)
        weights = np.asarray(weights, self.dtype).reshape((1, -1) if len(keys) == 1 else np.shape(weights))
        if weights.shape != (len(keys), self.vector_size):
            raise ValueError(
                f"[KeyedVectors] expected weights of shape {(len(keys), self.vector_size)}, got {weights.shape}"
            )
        given = {name: np.asarray(values) for name, values in (extras or {}).items()}
        for name, values in given.items():
            if values.shape != (len(keys),) or values.dtype.kind not in "biuf":
                raise ValueError(f"[KeyedVectors] expected {len(keys)} numbers for {name!r}, got {values!r:.200}")
        _numbered(keys)
        new = [i for i, key in enumerate(keys) if key not in self.key_to_index]
        old = [i for i, key in enumerate(keys) if key in self.key_to_index] if replace else []
        before, total = len(self), len(self) + len(new)
        if new:
            self.vectors = np.concatenate([self.vectors, weights[new]])
        for name in {*self.expandos, *given}:
            self._extend(name, total, given.get(name))
        for row, i in enumerate(new, start=before):
            self.index_to_key.append(keys[i])
            self.key_to_index[keys[i]] = row
        rows = list(range(before, total))
        if old:
            if not self.vectors.flags.writeable:  # a file that is mapped
                self.vectors = np.array(self.vectors)
            replaced = [self.key_to_index[keys[i]] for i in old]
            self.vectors[replaced] = weights[old]
            rows, new = rows + replaced, new + old
        for name, values in given.items():
            self.expandos[name][rows] = values[new]

    def _extend(self, name: str, total: int, given: Array | None) -> None:
        array = self.expandos.get(name)
        if array is None:
            array = np.zeros(0, given.dtype if given is not None else float)
        self.expandos[name] = np.concatenate([array, np.zeros(total - len(array), array.dtype)])

    def __setitem__(self, keys: str | Sequence[str], weights: ArrayLike) -> None:
        self.add_vectors(keys, weights, replace=True)

    def unit_normalize_all(self) -> None:
        """Scales all vectors to length 1, for good."""
        self.vectors = self.get_normed_vectors()

    def sort_by_descending_frequency(self) -> None:
        """Sorts the rows by the attribute "count", the greatest first.

        Raises: KeyError if there are no counts.
        """
        if not len(self):
            return
        if "count" not in self.expandos:
            raise KeyError(f"[KeyedVectors] no attribute 'count'; there are {sorted(self.expandos)}")
        self._take(np.argsort(-self.expandos["count"], kind="stable"))

    def _take(self, rows: Array) -> None:
        self.vectors = self.vectors[rows]
        self.expandos = {name: values[rows] for name, values in self.expandos.items()}
        self.index_to_key = [self.index_to_key[row] for row in rows]
        self.key_to_index = {key: row for row, key in enumerate(self.index_to_key)}

    def vectors_for_all(self, keys: Iterable[str], allow_inference: bool = True, copy_vecattrs: bool = False) -> Self:
        """A table of its own with the vectors of those keys that there are, each once, in the order given.

        Args:
            keys: words; those without a vector are left out.
            allow_inference: has no effect here: no vector is made up.
            copy_vecattrs: whether attributes come along.
        """
        found = [key for key in dict.fromkeys(keys) if key in self]
        rows = [self.get_index(key) for key in found]
        table = type(self)(self.vector_size, keys=[self.index_to_key[row] for row in rows], vectors=self.vectors[rows])
        if copy_vecattrs:
            table.expandos = {name: values[rows] for name, values in self.expandos.items()}
        return table

    # --- Copies -------------------------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in self.__dict__.items() if name != "key_to_index"}
        return state | {"vectors": np.asarray(self.vectors)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.key_to_index = {key: row for row, key in enumerate(self.index_to_key)}

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        copy = type(self).__new__(type(self))
        memo[id(self)] = copy
        copy.vector_size = self.vector_size
        copy.vectors = np.array(self.vectors)
        copy.index_to_key = list(self.index_to_key)
        copy.key_to_index = dict(self.key_to_index)
        copy.expandos = {name: values.copy() for name, values in self.expandos.items()}
        return copy


def unit(vector: ArrayLike) -> Array:
    """A vector scaled to length 1, in double; zeros stay zeros."""
    vector = np.asarray(vector, np.float64)
    length = math.sqrt(vector.dot(vector))
    scaled: Array = vector / length if length > 0 else vector
    return scaled


def _numbered(keys: Sequence[str]) -> dict[str, int]:
    for key in keys:
        if not isinstance(key, str):
            raise TypeError(f"[KeyedVectors] expected keys that are strings, got {key!r:.200}")
    numbers = {key: number for number, key in enumerate(keys)}
    if len(numbers) < len(keys):
        first: dict[str, int] = {}
        for number, key in enumerate(keys):
            if first.setdefault(key, number) != number:
                raise ValueError(f"[KeyedVectors] the key {key!r:.200} is there twice, at {first[key]} and {number}")
    return numbers
