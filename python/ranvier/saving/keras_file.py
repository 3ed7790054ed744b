"""Keras 3's own files: `.keras`, a zip archive of a configuration and weights, and `.weights.h5`."""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ranvier import _filling
from ranvier.errors import ModelFileError
from ranvier.models.model import Model
from ranvier.saving import describing, keras_config, keras_weights
from ranvier.saving.atomic import replacing
from ranvier.saving.json_data import mapping, parse

# The version of Keras whose format is written.
_KERAS = "3.15.1"
_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
# Keras stores without compressing. What declares more than the file holds, and this, is no model but a bomb.
_SLACK = 1 << 20


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
    members = _members(path, _CONFIG, _WEIGHTS)
    description = mapping(parse(members[_CONFIG], path.name), path.name)
    ours = keras_config.from_keras(description)
    with keras_weights.opened(io.BytesIO(members[_WEIGHTS]), path.name, len(members[_WEIGHTS])) as weights:
        with _filling.filling(weights.described(_layers(description))):
            model = describing.make(ours)
        if compile and ours.get("compile_config") is not None:
            model.compile_from_config(ours["compile_config"])
            weights.read_optimizer(model)
        return model


def _layers(description: dict[str, Any]) -> list[dict[str, Any]]:
    layers = description["config"]["layers"]
    return [
        layer for layer in layers if description["class_name"] != "Sequential" or layer["class_name"] != "InputLayer"
    ]


def load_weights(model: Model, path: Path, by_name: bool, skip_mismatch: bool) -> None:
    """Gives a model the weights of a `.weights.h5` or `.keras` file."""
    source: Any = path
    size = path.stat().st_size
    with path.open("rb") as file:
        zipped = file.read(2) == b"PK"
    if zipped:
        data = _members(path, _WEIGHTS)[_WEIGHTS]
        source, size = io.BytesIO(data), len(data)
    with keras_weights.opened(source, path.name, size) as weights:
        weights.assign(model, by_name, skip_mismatch)


def _members(path: Path, *names: str) -> dict[str, bytes]:
    """Members of an archive, which is never unpacked to a folder."""
    size = path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            found = {name: [info for info in archive.infolist() if info.filename == name] for name in names}
            for name, infos in found.items():
                if len(infos) != 1:
                    raise ModelFileError(f"[{path.name}] expected one member {name}, found {len(infos)}")
            declared = sum(infos[0].file_size for infos in found.values())
            if declared > size + _SLACK:
                raise ModelFileError(
                    f"[{path.name}] declares {declared} bytes in a file of {size}: models are stored uncompressed"
                )
            return {name: archive.read(infos[0]) for name, infos in found.items()}
    except ModelFileError:
        raise
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise ModelFileError(f"[{path.name}] is damaged, or no '.keras' file: {error}") from None
