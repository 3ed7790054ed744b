"""Layers: the building blocks of models."""

from __future__ import annotations

from typing import Any

from ranvier._configurable import from_description, plain
from ranvier.layers.activations import ELU, LeakyReLU, ReLU, Softmax
from ranvier.layers.core import Activation, Dense, Identity, Input, InputLayer
from ranvier.layers.layer import Layer
from ranvier.layers.merging import Add, Concatenate, add, concatenate
from ranvier.layers.normalization import (
    BatchNormalization,
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
    UnitNormalization,
)
from ranvier.layers.preprocessing import CategoryEncoding, Discretization, Normalization, Rescaling
from ranvier.layers.regularization import (
    ActivityRegularization,
    AlphaDropout,
    Dropout,
    GaussianDropout,
    GaussianNoise,
    SpatialDropout1D,
    SpatialDropout2D,
    SpatialDropout3D,
)
from ranvier.layers.reshaping import Flatten, Reshape

__all__ = [
    "ELU",
    "Activation",
    "ActivityRegularization",
    "Add",
    "AlphaDropout",
    "BatchNormalization",
    "CategoryEncoding",
    "Concatenate",
    "Dense",
    "Discretization",
    "Dropout",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "GroupNormalization",
    "Identity",
    "Input",
    "InputLayer",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Normalization",
    "RMSNormalization",
    "ReLU",
    "Rescaling",
    "Reshape",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "UnitNormalization",
    "add",
    "concatenate",
    "deserialize",
    "serialize",
]


def serialize(layer: Layer) -> Any:
    """A layer as JSON can hold it, without its weights.

    >>> serialize(Flatten(name="flat"))["class_name"]
    'Flatten'
    """
    return plain(layer)


def deserialize(description: dict[str, Any]) -> Layer:
    """The layer that `serialize` described, with new weights.

    Raises: ValueError for an unknown class.

    >>> deserialize({"class_name": "Dense", "config": {"units": 2, "name": "pair"}})
    <Dense name=pair, built=False>
    """
    layer: Layer = from_description(description, layer_classes(), "layers", "layer")
    if not isinstance(layer, Layer):
        raise ValueError(f"[layers] expected the description of a layer, got that of {layer!r:.80}")
    if "stream" in description:
        layer._stream = description["stream"]  # type: ignore[attr-defined]  # a file's: training goes on as it was
    return layer


def layer_classes() -> dict[str, type[Layer]]:
    """Every layer class of this module by its name, the base left out."""
    members = ((name, globals()[name]) for name in __all__)
    return {
        name: member
        for name, member in members
        if isinstance(member, type) and issubclass(member, Layer) and member is not Layer
    }
