"""The native file: one `.safetensors` file, whose header holds a description as JSON next to the table of tensors.

The description is text with a checksum, and has a checksum of each tensor: damage is noticed wherever it is.
"""

from __future__ import annotations

import json
import os
import stat
import zlib
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier._core import __version__
from ranvier.errors import ModelFileError
from ranvier.saving import json_data
from ranvier.saving.atomic import replacing

if TYPE_CHECKING:
    from typing_extensions import Self

    from ranvier._typing import Array, Shape

VERSION = 1
_PIECE = 1 << 20  # bytes that are read at once, and still in the cache when their checksum is taken
_MOST_HEADER = 100 << 20  # bytes; the format's own limit
_DTYPES = {
    "F16": "float16",
    "F32": "float32",
    "F64": "float64",
    "I32": "int32",
    "I64": "int64",
    "U8": "uint8",
    "BOOL": "bool",
}


def write(
    path: str | os.PathLike[str], kind: str, description: dict[str, Any], tensors: Mapping[str, Array], overwrite: bool
) -> None:
    """Writes a file; `kind` is "model", "weights" or "backup".

    Raises: OSError where it cannot be written; TypeError for a description that is no JSON.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    arrays = {name: np.asarray(array, order="C") for name, array in tensors.items()}
    checksums = {name: _checksum(array) for name, array in arrays.items()}
    head = {"version": VERSION, "ranvier": __version__, "kind": kind, "crc32": checksums}
    text = json.dumps(head | description)
    metadata = {"format": "np", "ranvier": text, "crc32": f"{zlib.crc32(text.encode()):08x}"}
    with replacing(path, overwrite) as temporary:
        try:
            save_file(arrays, temporary, metadata)
        except SafetensorError as error:
            raise OSError(f"[save] cannot write {str(path)!r}: {error}") from error


def _checksum_of_kind(array: Array) -> int:
    return zlib.crc32(f"{array.dtype.str}{array.shape}".encode())


def _checksum(array: Array) -> int:
    return zlib.crc32(np.asarray(array, order="C").reshape(-1).view(np.uint8).data, _checksum_of_kind(array))


class NativeFile:
    """A native file that is open for reading, as a context manager.

    Args:
        path: of the file.

    Raises: FileNotFoundError; ModelFileError if it is none of ours, damaged, or from a newer version.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        from safetensors import SafetensorError, safe_open

        self.path = Path(path)
        self.where = self.path.name
        self._check_header()
        try:
            file: Callable[..., Any] = safe_open
            self._file = file(self.path, framework="numpy").__enter__()
            metadata = self._file.metadata() or {}
            self.names = set(self._file.keys())
        except SafetensorError as error:
            raise ModelFileError(f"[{self.where}] is damaged, or no .safetensors file: {error}") from None
        try:
            self.description = self._described(metadata)
        except BaseException:
            self.close()
            raise

    def _check_header(self) -> None:
        status = self.path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ModelFileError(f"[{self.where}] expected a file, got a folder or a device")
        with self.path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
        if not 2 <= size <= min(status.st_size - 8, _MOST_HEADER):
            raise ModelFileError(
                f"[{self.where}] is damaged, or no .safetensors file: a header of {size} bytes in a file of "
                f"{status.st_size}"
            )

    def _described(self, metadata: dict[str, str]) -> dict[str, Any]:
        if metadata.get("format") != "np" or "ranvier" not in metadata:
            raise ModelFileError(
                f"[{self.where}] is a .safetensors file, but none that Ranvier wrote: it has no description of a model"
            )
        text = metadata["ranvier"]
        if metadata.get("crc32") != f"{zlib.crc32(text.encode(errors='replace')):08x}":
            raise ModelFileError(f"[{self.where}] is damaged: its description does not match its checksum")
        description = json_data.mapping(json_data.parse(text, self.where), self.where)
        if description.get("version") != VERSION:
            raise ModelFileError(
                f"[{self.where}] expected a file of version {VERSION}, got {description.get('version')!r}: it was "
                f"written by Ranvier {description.get('ranvier')!r}; this is {__version__}"
            )
        self._checksums = json_data.mapping(description.get("crc32"), self.where)
        return description

    def require(self, *kinds: str) -> None:
        """Raises ModelFileError unless the file is of one of these kinds."""
        if (kind := self.description.get("kind")) not in kinds:
            hint = ": use load_weights" if kind == "weights" else ""
            raise ModelFileError(f"[{self.where}] expected a file of a {' or '.join(kinds)}, got one of {kind!r}{hint}")

    def part(self, key: str) -> dict[str, Any]:
        """An object of the description.

        Raises: ModelFileError if it is missing.
        """
        return json_data.mapping(self.description.get(key), f"{self.where}, {key}")

    def shape(self, name: str) -> Shape:
        """Shape of a tensor, which is not read for that.

        Raises: ModelFileError if there is none of this name.
        """
        if not isinstance(name, str) or name not in self.names:
            raise ModelFileError(f"[{self.where}] lacks the tensor {name!r:.80}")
        return tuple(self._file.get_slice(name).get_shape())

    def tensor(self, name: str) -> Array:
        """The numbers of a tensor.

        Raises: ModelFileError if there is none of this name, its type is unknown, or its checksum differs.
        """
        array, checksum = self._read(name)
        if checksum != self._checksums.get(name):
            raise ModelFileError(f"[{self.where}] is damaged: the tensor {name} does not match its checksum")
        return array

    def _read(self, name: str) -> tuple[Array, int]:
        """A tensor and its checksum, read straight into its place: pages of a mapped file would count as memory too."""
        begin, dtype, shape = self._place(name)
        array = np.empty(shape, dtype)
        checksum, bytes_ = _checksum_of_kind(array), array.reshape(-1).view(np.uint8).data
        with self.path.open("rb", buffering=0) as file:
            file.seek(begin)
            done = 0
            while done < len(bytes_):
                piece = bytes_[done : done + _PIECE]
                if not (count := file.readinto(piece)):
                    raise ModelFileError(f"[{self.where}] is damaged: it ends within the tensor {name}")
                checksum = zlib.crc32(piece[:count], checksum)
                done += count
        return array, checksum

    def mapped(self, name: str) -> Array:
        """The same as a view of the file, which is read where it is looked at, and unchecked; it cannot be written to.

        Raises: ModelFileError if there is none of this name, or its type is unknown.
        """
        begin, dtype, shape = self._place(name)
        if 0 in shape:
            return self.tensor(name)
        return np.asarray(np.memmap(self.path, dtype, "r", begin, shape))

    def _place(self, name: str) -> tuple[int, str, Shape]:
        """Where a tensor begins in the file, its type and its shape."""
        shape = self.shape(name)
        dtype = self._file.get_slice(name).get_dtype()
        if dtype not in _DTYPES:
            raise ModelFileError(f"[{self.where}] expected numbers of {', '.join(_DTYPES)}, but {name} holds {dtype}")
        return self._offsets[name], _DTYPES[dtype], shape

    @cached_property
    def _offsets(self) -> dict[str, int]:
        """Where each tensor begins, as the header says that `safe_open` has checked but does not tell."""
        with self.path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(size))
        return {name: 8 + size + header[name]["data_offsets"][0] for name in self.names}

    def close(self) -> None:
        """Lets go of the file."""
        self._file.__exit__(None, None, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
