"""How files of data sets are found and read: they are data, and run no code."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from zipfile import ZipFile

import numpy as np

from ranvier.utils.file_utils import get_file

if TYPE_CHECKING:
    import os
    from collections.abc import Callable
    from typing import TypeAlias

    from ranvier._typing import Array

    Split: TypeAlias = tuple[tuple[Array, Array], tuple[Array, Array]]

STORE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

# What pickled arrays are made with, under NumPy's old and new names.
_MAKERS = {("numpy", "ndarray"), ("numpy", "dtype")} | {
    (f"numpy.{core}.multiarray", "_reconstruct") for core in ("core", "_core")
}


def stored(path: str | os.PathLike[str], name: str, file_hash: str, **options: Any) -> Path:
    """Where the file `name` of Keras's store is, kept as `path`."""
    return Path(get_file(path, STORE + name, file_hash=file_hash, **options))


def arrays(path: Path) -> dict[str, Array]:
    """The arrays of an .npz file, those of lists too."""
    with ZipFile(path) as members:
        return {Path(name).stem: _array(members, name) for name in members.namelist()}


def _array(members: ZipFile, name: str) -> Array:
    with members.open(name) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        if read(file)[2].hasobject:
            return np.asarray(unpickled(file), dtype=object)
    with members.open(name) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _MAKERS:
            raise pickle.UnpicklingError(f"[datasets] the file asks for {module}.{name}, which is no part of an array")
        return super().find_class(module, name)


def unpickled(file: IO[bytes]) -> Any:
    """Arrays, lists, dicts, texts and numbers from a pickle.

    Raises: pickle.UnpicklingError for anything else.
    """
    return _Unpickler(file, encoding="bytes").load()


def shuffler(seed: int) -> Callable[..., list[Array]]:
    """What brings the rows of arrays, and then those of others, into the orders that Keras gives them for a seed."""
    random = np.random.RandomState(seed)

    def shuffled(*columns: Array) -> list[Array]:
        order = np.arange(len(columns[0]))
        random.shuffle(order)
        return [column[order] for column in columns]

    return shuffled


def parted(x: Array, y: Array, test_split: float) -> Split:
    """The first rows for training, the last for testing.

    Raises: ValueError unless 0 <= test_split < 1.
    """
    if not 0 <= test_split < 1:
        raise ValueError(f"[datasets] test_split must be from 0 to below 1, got {test_split}")
    count = int(len(x) * (1 - test_split))
    return (x[:count], y[:count]), (x[count:], y[count:])
