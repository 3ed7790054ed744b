"""Models: networks that train."""

from ranvier.models.model import Model
from ranvier.models.sequential import Sequential

__all__ = ["Model", "Sequential"]
