"""A model without its weights, as JSON can hold it: {"class_name", "config"}."""

from __future__ import annotations

from typing import Any

from ranvier._custom_objects import find, get_registered_name
from ranvier.errors import ModelFileError, unknown
from ranvier.models.model import Model
from ranvier.models.sequential import Sequential
from ranvier.saving.json_data import mapping

_CLASSES: dict[str, type[Model]] = {"Sequential": Sequential, "Functional": Model, "Model": Model}


def describe(model: Model, with_streams: bool = False) -> dict[str, Any]:
    """Class and configuration of a model.

    Args:
        model: any model.
        with_streams: whether layers that draw random numbers keep theirs, so that training goes on as it was.
    """
    config = model.get_config()
    if with_streams:
        _add_streams(model, config)
    registered = get_registered_name(type(model))
    described = {"class_name": "Functional" if type(model) is Model else registered, "config": config}
    if model.is_traced and model.built:
        described["built_for"] = {"form": model._form, "shapes": [list(shape) for shape in model._probe_shapes()]}
        if with_streams:
            streams = {path: getattr(layer, "_stream", None) for path, layer in model.all_layers()}
            described["streams"] = {path: stream for path, stream in streams.items() if stream is not None}
    return described


def _add_streams(model: Model, config: dict[str, Any]) -> None:
    if model.is_traced:
        return
    for layer, described in zip(model.layers, config["layers"], strict=True):
        if (stream := getattr(layer, "_stream", None)) is not None:
            described["stream"] = stream
        if isinstance(layer, Model):
            _add_streams(layer, described["config"])


def make(description: dict[str, Any]) -> Model:
    """The model that `describe` described, with new weights.

    Raises: ModelFileError for an unknown class; ValueError and TypeError for a configuration that makes no model.
    """
    name = description.get("class_name")
    cls = find(description) or (_CLASSES.get(name) if isinstance(name, str) else None)
    if cls is None:
        own = " A class of your own needs custom_objects={name: class}, or register_keras_serializable."
        raise ModelFileError(unknown("load_model", "model class", str(name)[:80], _CLASSES, own))
    return remade(cls, description)


def remade(cls: type[Model], description: dict[str, Any]) -> Model:
    """The same for a class that is known.

    Raises: ValueError and TypeError for a configuration that makes no model.
    """
    model: Model = cls.from_config(mapping(description.get("config"), "load_model, configuration of the model"))
    streams = mapping(description.get("streams", {}), "load_model, streams")
    for path, layer in model.all_layers() if streams else ():  # before their native layers are made
        if path in streams:
            vars(layer)["_stream"] = int(streams[path])
    if description.get("built_for") is not None:
        built_for = mapping(description["built_for"], "load_model, built_for")
        model._form = built_for["form"]
        model._build_for([tuple(map(int, shape)) for shape in built_for["shapes"]])
    return model
