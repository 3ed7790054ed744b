"""Keras 3's own files: `.keras`, a zip archive of a configuration and weights, and `.weights.h5`."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, BinaryIO

from ranvier import _filling
from ranvier.errors import ModelFileError
from ranvier.models.model import Model
from ranvier.saving import describing, keras_config, keras_weights
from ranvier.saving.atomic import replacing
from ranvier.saving.json_data import mapping, parse

# The version of Keras whose format is written.
_KERAS = "3.15.1"
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"


def save(model: Model, path: str | os.PathLike[str], overwrite: bool, include_optimizer: bool) -> None:
    """Writes a whole model."""
    h5py = keras_weights.h5py_module()
    config = json.dumps(keras_config.to_keras(model, include_optimizer))
    saved = datetime.now(timezone.utc).strftime("%Y-%m-%d@%H:%M:%S")
    metadata = json.dumps({"keras_version": _KERAS, "date_saved": saved})
    weights = io.BytesIO()
    with h5py.File(weights, "w") as file:
        keras_weights.write(file, model, include_optimizer)
    with replacing(path, overwrite) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        archive.writestr(_METADATA, metadata)
        archive.writestr(_CONFIG, config)
        archive.writestr(_WEIGHTS, weights.getbuffer())


def save_weights(model: Model, path: str | os.PathLike[str], overwrite: bool) -> None:
    """Writes the weights alone."""
    h5py = keras_weights.h5py_module()
    with replacing(path, overwrite) as temporary, h5py.File(temporary, "w") as file:
        keras_weights.write(file, model, include_optimizer=True)


def load(path: Path, compile: bool) -> Model:
    """The model of a `.keras` file.

    Raises: ModelFileError, and whatever the constructors of layers raise for hostile arguments.
    """
    with _archive(path, _CONFIG, _WEIGHTS) as members:
        description = mapping(parse(members[_CONFIG].read(), path.name), path.name)
        ours = keras_config.from_keras(description)
        with keras_weights.opened(members[_WEIGHTS], path.name, members[_WEIGHTS].size) as weights:
            with _filling.filling(weights.described(_layers(description))):
                model = describing.make(ours)
            if compile and ours.get("compile_config") is not None:
                model.compile_from_config(ours["compile_config"])
                weights.read_optimizer(model)
            return model


def _layers(description: dict[str, Any]) -> list[dict[str, Any]]:
    layers = description["config"]["layers"]
    chain = description["class_name"] == "Sequential"
    return [layer for layer in layers if not chain or layer["class_name"] != "InputLayer"]


def load_weights(model: Model, path: Path, by_name: bool, skip_mismatch: bool) -> None:
    """Gives a model the weights of a `.weights.h5` or `.keras` file."""
    with path.open("rb") as file:
        zipped = file.read(2) == b"PK"
    if not zipped:
        with keras_weights.opened(path, path.name, path.stat().st_size) as weights:
            weights.assign(model, by_name, skip_mismatch)
        return
    with (
        _archive(path, _WEIGHTS) as members,
        keras_weights.opened(members[_WEIGHTS], path.name, members[_WEIGHTS].size) as weights,
    ):
        weights.assign(model, by_name, skip_mismatch)


@contextmanager
def _archive(path: Path, *names: str) -> Iterator[dict[str, Member]]:
    """Members of an archive, which is never unpacked to a folder, and whose checksums have been found right."""
    size = path.stat().st_size
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                found = {name: [info for info in archive.infolist() if info.filename == name] for name in names}
            for name, infos in found.items():
                if len(infos) != 1:
                    raise ModelFileError(f"[{path.name}] expected one member {name}, found {len(infos)}")
            members = {name: Member(file, infos[0], size) for name, infos in found.items()}
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, ValueError) as error:
            if isinstance(error, ModelFileError):
                raise
            raise ModelFileError(f"[{path.name}] is damaged, or no '.keras' file: {error}") from None
        yield members


class Member(io.RawIOBase):
    """A member of an archive, read where it lies in the file: nothing is kept in memory.

    Args:
        file: the archive.
        info: which member.
        size: of the archive in bytes.

    Raises: ModelFileError if it is compressed, encrypted, not all there, or damaged.
    """

    def __init__(self, file: BinaryIO, info: zipfile.ZipInfo, size: int) -> None:
        self._file = file
        self.size = info.file_size
        self._at = 0
        file.seek(info.header_offset)
        header = file.read(30)
        self._begin = info.header_offset + 30 + sum(int.from_bytes(header[i : i + 2], "little") for i in (26, 28))
        plain = info.compress_type == zipfile.ZIP_STORED and not info.flag_bits & 1
        if not plain or info.compress_size != info.file_size:
            raise ModelFileError(f"[{info.filename[:80]}] is compressed or encrypted: Keras stores models plainly")
        if header[:4] != b"PK\x03\x04" or not 0 <= self._begin <= size - self.size:
            raise ModelFileError(f"[{info.filename[:80]}] declares {self.size} bytes in a file of {size}")
        checksum = 0
        while piece := super().read(1 << 20):
            checksum = zlib.crc32(piece, checksum)
        if checksum != info.CRC:
            raise ModelFileError(f"[{info.filename[:80]}] is damaged: it does not match its checksum")
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        wanted = max(0, min(len(view), self.size - self._at))
        self._file.seek(self._begin + self._at)
        view[:wanted] = self._file.read(wanted)
        self._at += wanted
        return wanted
