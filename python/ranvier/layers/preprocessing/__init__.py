"""Layers that prepare data: scales, statistics, categories."""

from ranvier.layers.preprocessing.category_encoding import CategoryEncoding
from ranvier.layers.preprocessing.discretization import Discretization
from ranvier.layers.preprocessing.normalization import Normalization
from ranvier.layers.preprocessing.rescaling import Rescaling

__all__ = ["CategoryEncoding", "Discretization", "Normalization", "Rescaling"]
