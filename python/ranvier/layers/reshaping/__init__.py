"""Layers that move elements and change none."""

from ranvier.layers.reshaping.flatten import Flatten
from ranvier.layers.reshaping.reshape import Reshape

__all__ = ["Flatten", "Reshape"]
