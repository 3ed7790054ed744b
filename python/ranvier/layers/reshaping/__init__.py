"""Layers that move elements and change none."""

from ranvier.layers.reshaping.cropping import Cropping1D, Cropping2D, Cropping3D
from ranvier.layers.reshaping.flatten import Flatten
from ranvier.layers.reshaping.permute import Permute
from ranvier.layers.reshaping.repeat_vector import RepeatVector
from ranvier.layers.reshaping.reshape import Reshape
from ranvier.layers.reshaping.up_sampling import UpSampling1D, UpSampling2D, UpSampling3D
from ranvier.layers.reshaping.zero_padding import ZeroPadding1D, ZeroPadding2D, ZeroPadding3D

__all__ = [
    "Cropping1D",
    "Cropping2D",
    "Cropping3D",
    "Flatten",
    "Permute",
    "RepeatVector",
    "Reshape",
    "UpSampling1D",
    "UpSampling2D",
    "UpSampling3D",
    "ZeroPadding1D",
    "ZeroPadding2D",
    "ZeroPadding3D",
]
