"""Layers that keep a network from learning its data by heart."""

from ranvier.layers.regularization.dropout import Dropout

__all__ = ["Dropout"]
