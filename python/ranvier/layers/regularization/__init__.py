"""Layers that keep a network from learning its data by heart."""

from ranvier.layers.regularization.activity_regularization import ActivityRegularization
from ranvier.layers.regularization.alpha_dropout import AlphaDropout
from ranvier.layers.regularization.dropout import Dropout
from ranvier.layers.regularization.noise import GaussianDropout, GaussianNoise
from ranvier.layers.regularization.spatial_dropout import SpatialDropout1D, SpatialDropout2D, SpatialDropout3D

__all__ = [
    "ActivityRegularization",
    "AlphaDropout",
    "Dropout",
    "GaussianDropout",
    "GaussianNoise",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
]
