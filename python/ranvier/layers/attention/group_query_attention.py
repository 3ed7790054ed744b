from __future__ import annotations

from typing import Any

from ranvier.layers.attention.multi_head_attention import Projected, sizes


class GroupQueryAttention(Projected):
    """Attention where several heads of the query share one of key and value.

    Args:
        head_dim: features of a head.
        num_query_heads: heads of the query.
        num_key_value_heads: heads of key and value, which divide those of the query.
        dropout: share of the probabilities to drop in training.
        use_bias: whether the projections add a bias.
        sliding_window: how far away keys may be, their own place included; None for any.
        flash_attention: accepted for compatibility.
        kernel_initializer: what draws the kernels.
        bias_initializer: what draws the biases.
        kernel_regularizer: penalty on the kernels.
        bias_regularizer: penalty on the biases.
        activity_regularizer: penalty on the output.
        kernel_constraint: condition that the kernels satisfy after each update.
        bias_constraint: condition that the biases satisfy after each update.
        use_gate: whether what heads give is multiplied by sigmoid(x W_g).
        seed: an integer for masks of its own; None draws it from the library's generator.
        **kwargs: those of `Layer`.

    Input shape: query (batch, time, features), value and key (batch, keys, features).
    Output shape: that of the query; with `return_attention_scores` also (batch, heads, time, keys).
    Raises: ValueError for sizes below 1, or heads that do not divide.
    Source: Ainslie et al., EMNLP, 2023.

    >>> import numpy as np
    >>> layer = GroupQueryAttention(head_dim=4, num_query_heads=4, num_key_value_heads=2)
    >>> x = np.ones((1, 3, 8))
    >>> layer(x, x).shape
    (1, 3, 8)
    """

    _private = "_"

    def __init__(
        self,
        head_dim: int,
        num_query_heads: int,
        num_key_value_heads: int,
        dropout: float = 0.0,
        use_bias: bool = True,
        sliding_window: int | None = None,
        flash_attention: bool | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        use_gate: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        self.head_dim, self.num_query_heads, self.num_key_value_heads = sizes(
            "GroupQueryAttention", head_dim, num_query_heads, num_key_value_heads
        )
        if self.num_query_heads % self.num_key_value_heads:
            raise ValueError(
                f"[GroupQueryAttention] num_key_value_heads must divide num_query_heads, got {num_key_value_heads} and "
                f"{num_query_heads}"
            )
        self._heads, self._shared_heads = self.num_query_heads, self.num_key_value_heads
        self._key_size = self._value_size = self.head_dim
        self.flash_attention = flash_attention
        self._configure(
            dropout,
            use_bias,
            sliding_window,
            use_gate,
            seed,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)


GroupedQueryAttention = GroupQueryAttention
