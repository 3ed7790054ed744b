from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ranvier.errors import one_of
from ranvier.layers.layer import Layer


class CategoryEncoding(Layer):
    """Encodes integers as vectors: which occur ("multi_hot"), how often ("count"), or each by itself ("one_hot").

    Args:
        num_tokens: number of categories: integers are from 0 to below it.
        output_mode: "multi_hot", "count" or "one_hot".
        sparse: must be False: outputs are dense.
        **kwargs: those of `Layer`.

    Input shape: (batch, ..., n) integers. Output shape: (batch, ..., num_tokens); for "one_hot" of more than one
    integer (batch, ..., n, num_tokens).
    Raises: ValueError for another mode or fewer than one category, and, for arrays, for integers out of range. In a
    network such integers count as none.

    >>> import numpy as np
    >>> CategoryEncoding(4)(np.array([[0, 2]]))
    array([[1., 0., 1., 0.]], dtype=float32)
    """

    kind = "category_encoding"

    def __init__(
        self, num_tokens: int | None = None, output_mode: str = "multi_hot", sparse: bool = False, **kwargs: Any
    ) -> None:
        if num_tokens is None or isinstance(num_tokens, bool) or not hasattr(num_tokens, "__index__") or num_tokens < 1:
            raise ValueError(f"[CategoryEncoding] num_tokens must be an integer of at least 1, got {num_tokens!r}")
        one_of("CategoryEncoding", "output_mode", output_mode, ("multi_hot", "count", "one_hot"))
        if sparse:
            raise ValueError("[CategoryEncoding] sparse outputs are not available: leave out sparse")
        self.num_tokens = int(num_tokens)
        self.output_mode = output_mode
        self.sparse = False
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return {"num_tokens": self.num_tokens, "output_mode": self.output_mode}

    def _compute(
        self, arrays: list[Any], training: bool, masks: Sequence[Any] = (), options: Mapping[str, Any] | None = None
    ) -> Any:
        tokens = np.asarray(arrays[0])
        wrong = (tokens < 0) | (tokens >= self.num_tokens) | (tokens != np.floor(tokens))
        if wrong.any():
            raise ValueError(
                f"[{self.name}] expected integers from 0 to {self.num_tokens - 1}, got {tokens[wrong].flat[0]}"
            )
        return super()._compute(arrays, training, masks, options)
