from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import constraints, initializers, regularizers
from ranvier.layers.core.step_mask import StepMask
from ranvier.layers.layer import Layer

if TYPE_CHECKING:
    from ranvier.variable import Variable


class Embedding(Layer):
    """The row of a table for each index: y = E[x], where E is trained.

    Training changes all rows as the optimizer says, as in Keras: rows that do not occur have a gradient of zero, which
    still moves them while Adam's moments fade. Rows that have never occurred are not touched.

    Args:
        input_dim: number of rows: indices are from 0 to input_dim - 1.
        output_dim: size of a row.
        embeddings_initializer: initial values of E, (input_dim, output_dim).
        embeddings_regularizer: penalty on E that is added to the loss.
        embeddings_constraint: condition on E that is restored after each update.
        mask_zero: whether index 0 is padding, which layers that take masks and the loss leave out.
        weights: initial E as an array, or a list of it, in place of the initializer.
        lora_rank, lora_alpha, quantization_config: not available: None.
        **kwargs: those of `Layer`.

    Input shape: (batch, ...), whole numbers. Output shape: (batch, ..., output_dim).
    Raises: ValueError for sizes below 1, and for indices outside the table, with their position.

    >>> import numpy as np
    >>> Embedding(3, 2, weights=np.array([[0, 1], [2, 3], [4, 5]]))(np.array([[2, 0]]))
    array([[[4., 5.],
            [0., 1.]]], dtype=float32)
    """

    kind = "embedding"
    unsaved = ("weights", "lora_rank", "lora_alpha", "quantization_config")

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        for name, value in (("input_dim", input_dim), ("output_dim", output_dim)):
            if isinstance(value, bool) or not hasattr(value, "__index__") or value < 1:
                raise ValueError(f"[Embedding] {name} must be an integer of at least 1, got {value!r}")
        absent = {"lora_rank": lora_rank, "lora_alpha": lora_alpha, "quantization_config": quantization_config}
        for name, given in absent.items():
            if given is not None:
                raise ValueError(f"[Embedding] {name} is not available, got {given!r}")
        self.input_dim = int(input_dim)
        self.output_dim = int(output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = bool(mask_zero)
        self.supports_masking = self.mask_zero
        kwargs.pop("input_length", None)  # of older code; the shape says it
        super().__init__(**kwargs)
        if weights is not None:
            table = np.asarray(weights[0] if isinstance(weights, list) and len(weights) == 1 else weights)
            self.build((None, 1))
            self.set_weights([table])

    @property
    def embeddings(self) -> Variable | None:
        """E, (input_dim, output_dim)."""
        return self.weight("embeddings")

    def native_config(self) -> dict[str, Any]:
        return {"input_dim": self.input_dim, "output_dim": self.output_dim}

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return StepMask(dtype=self.dtype).add_node((inputs,))
