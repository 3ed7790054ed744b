"""Saving and loading, as every model offers them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ranvier.models.training import Training


class Saved(Training):
    """What a model does with files. The formats are in `ranvier.saving`."""

    def save(
        self, filepath: str | os.PathLike[str], overwrite: bool = True, zipped: bool | None = None, **kwargs: Any
    ) -> None:
        """Writes layers, weights, what `compile` was told and the optimizer's state to one file.

        Args:
            filepath: ends in ".safetensors", our own format, or in ".keras", which Keras 3 reads.
            overwrite: whether a file of this name may be replaced.
            zipped: accepted for compatibility; a model is always one file.
            **kwargs: `include_optimizer=False` leaves out what `compile` was told and the optimizer's state.

        Raises: see `ranvier.saving.save_model`.
        """
        from ranvier import saving

        saving.save_model(self, filepath, overwrite, zipped, **kwargs)  # type: ignore[arg-type]  # Model is the only heir

    def save_weights(
        self, filepath: str | os.PathLike[str], overwrite: bool = True, max_shard_size: float | None = None
    ) -> None:
        """Writes the weights to one file.

        Args:
            filepath: ends in ".safetensors", or in ".weights.h5", which Keras 3 reads.
            overwrite: whether a file of this name may be replaced.
            max_shard_size: must be None.

        Raises: see `ranvier.saving.save_weights`.
        """
        from ranvier import saving

        saving.save_weights(self, filepath, overwrite, max_shard_size)  # type: ignore[arg-type]

    def load_weights(
        self, filepath: str | os.PathLike[str], skip_mismatch: bool = False, by_name: bool = False, **kwargs: Any
    ) -> None:
        """Takes the weights of a file; if they do not fit, nothing is changed.

        Args:
            filepath: what `save_weights` or `save` wrote, here or in Keras 3.
            skip_mismatch: whether layers whose weights have other shapes are left as they are, with a warning.
            by_name: whether layers that have the name of one in the file get its weights, and the others none.
            **kwargs: none.

        Raises: see `ranvier.saving.load_weights`.
        """
        from ranvier import saving

        saving.load_weights(self, filepath, skip_mismatch, by_name, **kwargs)  # type: ignore[arg-type]

    def to_json(self, **kwargs: Any) -> str:
        """The model without its weights as JSON, for `ranvier.models.model_from_json`.

        Args:
            **kwargs: those of `json.dumps`, such as `indent`.
        """
        from ranvier.saving import api

        return api.to_json(self, **kwargs)  # type: ignore[arg-type]

    def get_compile_config(self) -> dict[str, Any] | None:
        """What `compile` was told, as JSON can hold it; None before that.

        Raises: TypeError for functions without a name.
        """
        from ranvier.saving import compiling

        if self._compiled is None:
            return None
        return compiling.describe(self._compile_arguments, self.optimizer)

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compiles the model as another one was, from what `get_compile_config` returned.

        Raises: ValueError for unknown names.
        """
        from ranvier.saving import compiling

        self.compile(**compiling.arguments(config))
