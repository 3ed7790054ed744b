"""Helpers around models: seeding, one-hot labels, sequences of one length, names."""

from importlib import import_module
from typing import TYPE_CHECKING

from ranvier.config import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
    standardize_dtype,
)
from ranvier.utils.naming import reset_names
from ranvier.utils.numpy_utils import normalize, to_categorical
from ranvier.utils.py_dataset import PyDataset, pack_x_y_sample_weight, unpack_x_y_sample_weight
from ranvier.utils.seeding import set_random_seed
from ranvier.utils.sequence_utils import pad_sequences

if TYPE_CHECKING:
    from ranvier.saving import (
        CustomObjectScope,
        custom_object_scope,
        deserialize_keras_object,
        get_custom_objects,
        get_registered_name,
        get_registered_object,
        register_keras_serializable,
        serialize_keras_object,
    )
    from ranvier.utils.file_utils import get_file
    from ranvier.utils.model_plot import model_to_dot, plot_model

__all__ = [
    "CustomObjectScope",
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "standardize_dtype",
    "to_categorical",
    "unpack_x_y_sample_weight",
]

Sequence = PyDataset  # its older name


def clear_session(free_memory: bool = True) -> None:
    """Starts the numbering of layer names anew. There is no other global state: models are freed with their last use.

    Args:
        free_memory: accepted for compatibility.

    >>> clear_session()
    """
    reset_names()


def is_keras_tensor(x: object) -> bool:
    """Whether `x` is a symbol, as `Input` returns.

    >>> is_keras_tensor([1.0])
    False
    """
    from ranvier.symbol import KerasTensor

    return isinstance(x, KerasTensor)


if not TYPE_CHECKING:
    # What imports something that nothing else needs; the rest is `ranvier.saving`, under the name it has here in Keras.
    _ELSEWHERE = {"get_file": "utils.file_utils", "plot_model": "utils.model_plot", "model_to_dot": "utils.model_plot"}

    def __getattr__(name: str) -> object:
        if name in __all__:
            return getattr(import_module(f"ranvier.{_ELSEWHERE.get(name, 'saving')}"), name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
