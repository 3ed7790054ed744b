"""Models: networks that train."""

from ranvier.models.many import fit_many
from ranvier.models.model import Model
from ranvier.models.sequential import Sequential

__all__ = ["Model", "Sequential", "fit_many"]
