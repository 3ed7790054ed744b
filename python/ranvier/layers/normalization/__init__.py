"""Layers that give activations mean 0 and deviation 1, or length 1."""

from ranvier.layers.normalization.batch_normalization import BatchNormalization
from ranvier.layers.normalization.group_normalization import GroupNormalization
from ranvier.layers.normalization.layer_normalization import LayerNormalization
from ranvier.layers.normalization.rms_normalization import RMSNormalization
from ranvier.layers.normalization.unit_normalization import UnitNormalization

__all__ = [
    "BatchNormalization",
    "GroupNormalization",
    "LayerNormalization",
    "RMSNormalization",
    "UnitNormalization",
]
