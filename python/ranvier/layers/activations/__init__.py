"""Activations that are layers of their own."""

from ranvier.layers.activations.elementwise import ELU, LeakyReLU, ReLU
from ranvier.layers.activations.prelu import PReLU
from ranvier.layers.activations.softmax import Softmax

__all__ = ["ELU", "LeakyReLU", "PReLU", "ReLU", "Softmax"]
