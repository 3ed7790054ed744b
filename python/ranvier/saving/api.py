"""What users call to save and load models and weights."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from ranvier import _core
from ranvier._custom_objects import custom_object_scope
from ranvier.errors import ModelFileError, brief

if TYPE_CHECKING:
    from pathlib import Path

    from ranvier.models import Model

_NATIVE, _KERAS, _KERAS_WEIGHTS = ".safetensors", ".keras", ".weights.h5"
_Loaded = TypeVar("_Loaded")
# What a hostile description can make the constructors raise, besides their own ValueError.
_CAUSES = (
    TypeError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RuntimeError,
    MemoryError,
)


def save_model(
    model: Model, filepath: str | os.PathLike[str], overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
) -> None:
    """Writes a model to a file: layers, weights, what `compile` was told and the optimizer's state.

    The file appears whole or not at all: it is written under a temporary name, synced and renamed.

    Args:
        model: any model.
        filepath: ends in ".safetensors", our own format, from which training goes on exactly as if it had not
            stopped; or in ".keras", which Keras 3 reads (needs `pip install ranvier[keras]`).
        overwrite: whether a file of this name may be replaced.
        zipped: accepted for compatibility; a model is always one file.
        **kwargs: `include_optimizer=False` leaves out what `compile` was told and the optimizer's state.

    Raises: ValueError for another ending; FileExistsError if there is a file and `overwrite` is false; OSError where
        it cannot be written; TypeError for objects that cannot be written down.

    >>> import ranvier, tempfile
    >>> model = ranvier.Sequential([ranvier.Input((2,)), ranvier.layers.Dense(1)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_model(model, f"{folder}/model.safetensors")
    ...     load_model(f"{folder}/model.safetensors").count_params()
    3
    """
    include_optimizer = bool(kwargs.pop("include_optimizer", True))
    if kwargs:
        raise TypeError(f"[save] unknown argument {next(iter(kwargs))!r}. Valid: include_optimizer")
    name = os.fspath(filepath)
    if name.endswith(_NATIVE):
        from ranvier.saving import native_model

        native_model.save(model, name, overwrite, include_optimizer)
    elif name.endswith(_KERAS):
        from ranvier.saving import keras_file

        keras_file.save(model, name, overwrite, include_optimizer)
    else:
        raise ValueError(
            f"[save] filepath must end in '{_NATIVE}' (our own format) or '{_KERAS}' (Keras 3), got {name!r}"
        )


def load_model(
    filepath: str | os.PathLike[str],
    custom_objects: Mapping[str, Any] | None = None,
    compile: bool = True,
    safe_mode: bool = True,
) -> Model:
    """The model of a file, with its weights and, if it was compiled, ready to train on.

    A file is data: nothing in it is run, and it takes no more memory than its own size allows.

    Args:
        filepath: a ".safetensors" file of ours, or a ".keras" file of Keras 3 (needs `pip install ranvier[keras]`).
        custom_objects: classes and functions of your own that the file names.
        compile: whether to compile the model as it was.
        safe_mode: accepted for compatibility; code in a file is never run.

    Raises: FileNotFoundError; ModelFileError, a ValueError, for a file that is damaged, foreign or names something
        unknown.

    >>> import ranvier, tempfile
    >>> model = ranvier.Sequential([ranvier.Input((2,)), ranvier.layers.Dense(1)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/model.safetensors")
    ...     load_model(f"{folder}/model.safetensors").layers[0].units
    1
    """
    path, magic = _found(filepath)
    if magic[:2] == b"PK":
        from ranvier.saving import keras_file

        return _guarded(path.name, custom_objects, lambda: keras_file.load(path, compile))
    if magic[:4] == b"\x89HDF":
        raise ModelFileError(
            f"[{path.name}] is an HDF5 file: of those only weights are read, by model.load_weights; save the model in "
            "Keras 3 as '.keras'"
        )
    from ranvier.saving import native_model

    return _guarded(path.name, custom_objects, lambda: native_model.load(path, compile))


def save_weights(
    model: Model,
    filepath: str | os.PathLike[str],
    overwrite: bool = True,
    max_shard_size: float | None = None,
    **kwargs: Any,
) -> None:
    """Writes the weights of a model to a file.

    Args:
        model: a model that is built.
        filepath: ends in ".safetensors", or in ".weights.h5", which Keras 3 reads (needs `pip install ranvier[keras]`).
        overwrite: whether a file of this name may be replaced.
        max_shard_size: must be None: weights are one file.
        **kwargs: none.

    Raises: ValueError for another ending, or a model without weights; see `save_model` for the rest.

    >>> import ranvier, tempfile
    >>> model = ranvier.Sequential([ranvier.Input((2,)), ranvier.layers.Dense(1)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_weights(model, f"{folder}/model.safetensors")
    ...     load_weights(model, f"{folder}/model.safetensors")
    """
    if kwargs:
        raise TypeError(f"[save_weights] unknown argument {next(iter(kwargs))!r}")
    if max_shard_size is not None:
        raise ValueError(f"[save_weights] max_shard_size must be None: weights are one file, got {max_shard_size!r}")
    if not model.built:
        raise ValueError(f"[{model.name}] has no weights before it knows its input shape: build it first")
    name = os.fspath(filepath)
    if name.endswith(_NATIVE):
        from ranvier.saving import native_model

        native_model.save_weights(model, name, overwrite)
    elif name.endswith(_KERAS_WEIGHTS):
        from ranvier.saving import keras_file

        keras_file.save_weights(model, name, overwrite)
    else:
        raise ValueError(f"[save_weights] filepath must end in '{_NATIVE}' or '{_KERAS_WEIGHTS}', got {name!r}")


def load_weights(
    model: Model, filepath: str | os.PathLike[str], skip_mismatch: bool = False, by_name: bool = False, **kwargs: Any
) -> None:
    """Gives a model the weights of a file; if they do not fit, nothing is changed.

    Args:
        model: a model that is built.
        filepath: what `save_weights` or `save_model` wrote, here or in Keras 3.
        skip_mismatch: whether layers whose weights have other shapes are left as they are, with a warning.
        by_name: whether layers that have the name of one in the file get its weights, and the others none; otherwise
            all layers get theirs in order.
        **kwargs: none.

    Raises: FileNotFoundError; ModelFileError, a ValueError, if the file is damaged or does not fit.

    >>> import ranvier, tempfile
    >>> model = ranvier.Sequential([ranvier.Input((2,)), ranvier.layers.Dense(1)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save_weights(f"{folder}/model.safetensors")
    ...     load_weights(model, f"{folder}/model.safetensors")
    """
    if kwargs:
        raise TypeError(f"[load_weights] unknown argument {next(iter(kwargs))!r}. Valid: skip_mismatch, by_name")
    if not model.built:
        raise ValueError(f"[{model.name}] has no weights before it knows its input shape: build it first")
    path, magic = _found(filepath)
    if magic[:2] == b"PK" or magic[:4] == b"\x89HDF":
        from ranvier.saving import keras_file

        _guarded(path.name, None, lambda: keras_file.load_weights(model, path, by_name, skip_mismatch))
        return
    from ranvier.saving import native_model

    _guarded(path.name, None, lambda: native_model.load_weights(model, path, by_name, skip_mismatch))


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Model:
    """The model that `Model.to_json` wrote, here or in Keras 3, with new weights.

    Args:
        json_string: the text.
        custom_objects: classes and functions of your own that it names.

    Raises: ModelFileError, a ValueError, for a text that describes no model.

    >>> import ranvier
    >>> model = ranvier.Sequential([ranvier.Input((2,)), ranvier.layers.Dense(1)])
    >>> model_from_json(model.to_json()).output_shape
    (None, 1)
    """
    from ranvier.saving import describing, keras_config
    from ranvier.saving.json_data import mapping, parse

    def make() -> Model:
        description = mapping(parse(json_string, "model_from_json"), "model_from_json")
        if description.get("module") != "ranvier":
            description = keras_config.from_keras(description)
        model = describing.make(description)
        if description.get("compile_config") is not None:
            model.compile_from_config(mapping(description["compile_config"], "model_from_json"))
        return model

    return _guarded("model_from_json", custom_objects, make)


def to_json(model: Model, **kwargs: Any) -> str:
    """A model without its weights as JSON; `kwargs` are those of `json.dumps`."""
    import json

    from ranvier.saving import describing

    described = {
        "module": "ranvier",
        **describing.describe(model),
        "compile_config": model.get_compile_config(),
        "ranvier_version": _core.__version__,
    }
    return json.dumps(described, **kwargs)


def _found(filepath: str | os.PathLike[str]) -> tuple[Path, bytes]:
    from pathlib import Path  # slow to import

    path = Path(filepath)
    if path.is_dir():
        raise ModelFileError(f"[{path.name}] expected a file, got a folder")
    with path.open("rb") as file:
        return path, file.read(4)


def _guarded(where: str, custom_objects: Mapping[str, Any] | None, load: Callable[[], _Loaded]) -> _Loaded:
    with custom_object_scope(custom_objects):
        try:
            return load()
        except ModelFileError:
            raise
        except _CAUSES as error:
            raise ModelFileError(f"[{where}] describes no model that can be made: {brief(error)}") from error
