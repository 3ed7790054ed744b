"""Helpers around models: seeding, one-hot labels, sequences of one length, names."""

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

__all__ = [
    "PyDataset",
    "Sequence",
    "clear_session",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
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


def __getattr__(name: str) -> object:
    # Pictures, which import what nothing else needs.
    if name in ("plot_model", "model_to_dot"):
        from ranvier.utils import model_plot

        return getattr(model_plot, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
