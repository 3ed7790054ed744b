"""A model without its weights, as JSON can hold it: {"class_name", "config"}."""

from __future__ import annotations

from typing import Any

from ranvier._custom_objects import find, get_registered_name
from ranvier.errors import ModelFileError, unknown
from ranvier.models.model import Model
from ranvier.models.sequential import Sequential

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
    return {"class_name": "Functional" if type(model) is Model else registered, "config": config}


def _add_streams(model: Model, config: dict[str, Any]) -> None:
    for layer, described in zip(model.layers, config["layers"], strict=True):
        if (stream := getattr(layer, "_stream", None)) is not None:
            described["stream"] = stream
        if isinstance(layer, Model):
            _add_streams(layer, described["config"])


def make(description: dict[str, Any]) -> Model:
    """The model that `describe` described, with new weights.

    Raises: ModelFileError for an unknown class; ValueError and TypeError for a configuration that makes no model.
    """
    name, config = description.get("class_name"), description.get("config")
    cls = find(description) or (_CLASSES.get(name) if isinstance(name, str) else None)
    if cls is None:
        own = " A class of your own needs custom_objects={name: class}, or register_keras_serializable."
        raise ModelFileError(unknown("load_model", "model class", str(name)[:80], _CLASSES, own))
    if not isinstance(config, dict):
        raise ModelFileError(f"[load_model] expected a configuration of the model, got {config!r:.80}")
    model: Model = cls.from_config(config)
    return model
