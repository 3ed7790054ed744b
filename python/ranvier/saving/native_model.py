"""A whole model, or its weights, in a native file."""

from __future__ import annotations

import os
from typing import Any

from ranvier import _filling
from ranvier.models.model import Model
from ranvier.saving import describing, state
from ranvier.saving.json_data import mapping
from ranvier.saving.native_file import NativeFile, write


def save(model: Model, path: str | os.PathLike[str], overwrite: bool, include_optimizer: bool) -> None:
    """Writes layers, weights, what `compile` was told and the optimizer's state."""
    tensors: state.Tensors = {}
    description = {
        "model": describing.describe(model, with_streams=True),
        "weights": state.write_weights(model, tensors),
        "compile": model.get_compile_config() if include_optimizer else None,
        "optimizer": state.write_optimizer(model, tensors) if include_optimizer else None,
    }
    write(path, "model", description, tensors, overwrite)


def load(path: str | os.PathLike[str], compile: bool) -> Model:
    """The model of a file.

    Raises: ModelFileError, and whatever the constructors of layers raise for hostile arguments.
    """
    with NativeFile(path) as file:
        file.require("model")
        with _filling.filling(state.read_weights(file)):
            model = describing.make(file.part("model"))
        state.read_flags(model, file)
        if compile and file.description.get("compile") is not None:
            model.compile_from_config(mapping(file.description["compile"], file.where))
            if file.description.get("optimizer") is not None:
                state.read_optimizer(model, file)
        return model


def save_weights(model: Model, path: str | os.PathLike[str], overwrite: bool) -> None:
    """Writes the weights alone."""
    tensors: state.Tensors = {}
    write(path, "weights", {"weights": state.write_weights(model, tensors)}, tensors, overwrite)


def load_weights(model: Model, path: str | os.PathLike[str], by_name: bool, skip_mismatch: bool) -> None:
    """Gives a model the weights of a file, which may be of the weights or of a whole model."""
    with NativeFile(path) as file:
        file.require("weights", "model")
        state.read_weights(file).assign(model, by_name, skip_mismatch)


def description_of(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What the header of a native file says."""
    with NativeFile(path) as file:
        return file.description
