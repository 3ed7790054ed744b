"""Models: networks that train."""

from ranvier.models.cloning import clone_model
from ranvier.models.many import fit_many
from ranvier.models.model import Model
from ranvier.models.sequential import Sequential
from ranvier.saving.api import load_model, model_from_json, save_model

__all__ = ["Model", "Sequential", "clone_model", "fit_many", "load_model", "model_from_json", "save_model"]
