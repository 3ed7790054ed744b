"""Layers that make one value of several."""

from ranvier.layers.merging.add import Add, add
from ranvier.layers.merging.concatenate import Concatenate, concatenate

__all__ = ["Add", "Concatenate", "add", "concatenate"]
