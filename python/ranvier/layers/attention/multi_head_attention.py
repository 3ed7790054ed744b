from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from ranvier import constraints, initializers, regularizers
from ranvier.layers.attention.core import AttentionCore
from ranvier.layers.core.einsum_dense import EinsumDense
from ranvier.layers.layer import Layer, checked_shape
from ranvier.random import draw_seed


class Projected(Layer):
    """What attention of several heads shares: projections of query, key and value, and of what comes out."""

    supports_masking = True

    _private: ClassVar[str] = ""  # in front of the names of the projections, as files of Keras have them
    _heads: int  # of the query
    _shared_heads: int  # of key and value
    _key_size: int
    _value_size: int
    _output_sizes: tuple[int, ...] | None = None
    _axes: tuple[int, ...] | None = None

    dropout: float
    use_bias: bool
    sliding_window: int | None
    flash_attention: bool | None
    use_gate: bool
    seed: int | None

    def _configure(
        self,
        dropout: float,
        use_bias: bool,
        sliding_window: int | None,
        use_gate: bool,
        seed: int | None,
        **objects: Any,
    ) -> None:
        who = type(self).__name__
        if not hasattr(dropout, "__float__") or not 0 <= dropout < 1:
            raise ValueError(f"[{who}] dropout must be a number from 0 to below 1, got {dropout!r}")
        if sliding_window is not None:
            checked_shape(who, sliding_window)
        self.dropout = float(dropout)
        self.use_bias = bool(use_bias)
        self.sliding_window = sliding_window
        self.use_gate = bool(use_gate)
        self.seed = seed
        self._stream = draw_seed() if seed is None else int(seed)
        for name, value in objects.items():
            module = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}
            setattr(self, name, module[name.rpartition("_")[2]].get(value))

    def build(  # type: ignore[override]  # each input has its shape, as in Keras
        self, query_shape: Any, value_shape: Any, key_shape: Any = None
    ) -> None:
        """Makes the projections.

        Args:
            query_shape: (batch, time, features).
            value_shape: (batch, keys, features).
            key_shape: the same; by default that of the value.

        Raises: ValueError for shapes of fewer axes.
        """
        if len(query_shape) < 3:
            raise ValueError(f"[{self.name}] expected a query (batch, time, features), got {tuple(query_shape)}")
        parts: dict[str, EinsumDense] = {}
        rank = len(query_shape)
        axes = "btuvwxyz"[: rank - 1]
        ends = {"query": (self._heads, self._key_size), "key": (self._shared_heads, self._key_size)}
        ends["value"] = (self._shared_heads, self._value_size)
        parts["query"] = self._projection("query", axes, ends["query"])
        parts["key"] = self._projection("key", axes, ends["key"])
        if self.use_gate:
            gate = (self._heads, self._value_size)
            parts["gate"] = self._projection("gate", axes, gate, activation="sigmoid")
        parts["value"] = self._projection("value", axes, ends["value"])
        sizes = self._output_sizes or (query_shape[-1],)
        new = "mnopqrs"[: len(sizes)]
        parts["output"] = EinsumDense(
            f"{axes}he,he{new}->{axes}{new}",
            (*(None for _ in axes[1:]), *sizes),
            bias_axes=new if self.use_bias else None,
            name="attention_output",
            **self._common(),
        )

        for name, part in parts.items():
            setattr(self, self._attribute(name), part)

    def _attribute(self, name: str) -> str:
        return f"{'_' if name == 'gate' else self._private}{name}_dense"

    def _part(self, name: str) -> EinsumDense:
        part: EinsumDense = getattr(self, self._attribute(name))
        return part

    def _projection(self, name: str, axes: str, sizes: tuple[int, int], activation: Any = None) -> EinsumDense:
        return EinsumDense(
            f"{axes}d,dhe->{axes}he",
            (*(None for _ in axes[1:]), *sizes),
            activation=activation,
            bias_axes="he" if self.use_bias else None,
            name=name,
            **self._common(),
        )

    def _common(self) -> dict[str, Any]:
        names = [
            f"{what}_{kind}" for kind in ("initializer", "regularizer", "constraint") for what in ("kernel", "bias")
        ]
        return {name: getattr(self, name) for name in names} | {"dtype": self.dtype_policy}

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        query_mask: Any = None,
        value_mask: Any = None,
        key_mask: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """What the layer is called with.

        Args:
            query: (batch, time, features).
            value: (batch, keys, features).
            key: the same; by default the value.
            query_mask: must be None; masks of layers in front come by themselves.
            value_mask: the same.
            key_mask: the same.
            attention_mask: (batch, time, keys), 0 where no attention may go.
            return_attention_scores: whether to return the probabilities (batch, heads, time, keys) as well.
            use_causal_mask: whether each query sees keys up to its own place only.
        """
        for name, mask in (("query_mask", query_mask), ("value_mask", value_mask), ("key_mask", key_mask)):
            if mask is not None:
                raise ValueError(f"[{self.name}] {name} cannot be given: use attention_mask")
        attention_mask = self._joined_mask(query, value, key, attention_mask)
        outer, time = self._split(query.shape)
        inputs = [
            self._part("query")(query),
            self._part("value")(value),
            self._part("key")(value if key is None else key),
        ]
        if attention_mask is not None:
            inputs.append(attention_mask)
        settings = {
            "heads": True,
            "mask": attention_mask is not None,
            "causal": bool(use_causal_mask),
            "scores": bool(return_attention_scores),
            "scale": 1 / math.sqrt(self._key_size),
            "dropout": self.dropout,
            "window": self.sliding_window or 0,
            "seed": self._stream,
        }
        folded = [*map(self._fold, inputs[:3], [outer] * 3), *inputs[3:]]
        made = AttentionCore(settings, name="attention", dtype=self.dtype_policy)(folded)
        attended, scores = made if return_attention_scores else (made, None)
        if len(time) > 1:
            attended = self._reshaped(attended, (*outer, *time, self._heads, self._value_size))
        if self.use_gate:
            attended = self._gated(attended, self._part("gate")(query))
        result = self._part("output")(attended)
        return (result, scores) if return_attention_scores else result

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return previous_mask

    def _joined_mask(self, query: Any, value: Any, key: Any, mask: Any) -> Any:
        # Where query, value and key all count, as far as they say so.
        from ranvier import ops

        parts = [] if query.mask is None else [ops.expand_dims(query.mask, -1)]
        parts += [ops.expand_dims(each.mask, -2) for each in (value, key) if each is not None and each.mask is not None]
        for part in parts:
            mask = part if mask is None else mask * part
        return mask

    def _split(self, shape: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
        # The axes that attention keeps apart, and those that it goes along: the last ones before the features.
        rank = len(shape)
        axes = self._axes or tuple(range(1, rank - 1))
        places = sorted(axis % rank for axis in axes)
        if places != list(range(places[0], rank - 1)) or places[0] < 1:
            raise ValueError(
                f"[{self.name}] attention_axes must be the last axes before the features of {tuple(shape)}, got {axes}"
            )
        return tuple(shape[1 : places[0]]), tuple(shape[places[0] : -1])

    def _fold(self, projected: Any, outer: tuple[int, ...]) -> Any:
        shape = projected.shape[1:]
        time = shape[len(outer) : -2]
        return projected if len(time) == 1 else self._reshaped(projected, (*outer, math.prod(time), *shape[-2:]))

    def _reshaped(self, value: Any, shape: tuple[int, ...]) -> Any:
        from ranvier.layers.reshaping.reshape import Reshape

        return Reshape(shape, name="folded", dtype=self.dtype_policy)(value)

    def _gated(self, value: Any, gate: Any) -> Any:
        from ranvier.layers.merging.elementwise import Multiply

        return Multiply(name="gated", dtype=self.dtype_policy)([value, gate])


class MultiHeadAttention(Projected):
    """Attention of several heads: y = W_o [softmax(q_h k_h^T / sqrt(key_dim)) v_h], q_h = x W_q, and so on.

    Args:
        num_heads: number of heads.
        key_dim: features of a head's query and key.
        value_dim: features of a head's value; by default `key_dim`.
        dropout: share of the probabilities to drop in training.
        use_bias: whether the projections add a bias.
        output_shape: features of the output; by default those of the query.
        attention_axes: axes that attention goes along, the last ones before the features; by default all.
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
    Output shape: (batch, time, output features); with `return_attention_scores` also (batch, heads, time, keys).
    Raises: ValueError for sizes below 1.
    Source: Vaswani et al., NeurIPS, 2017.

    >>> import numpy as np
    >>> layer = MultiHeadAttention(num_heads=2, key_dim=4)
    >>> x = np.ones((1, 3, 8))
    >>> layer(x, x, use_causal_mask=True).shape
    (1, 3, 8)
    """

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Sequence[int] | int | None = None,
        attention_axes: Sequence[int] | int | None = None,
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
        self.num_heads, self.key_dim, self.value_dim = sizes(
            "MultiHeadAttention", num_heads, key_dim, value_dim or key_dim
        )
        self._heads = self._shared_heads = self.num_heads
        self._key_size, self._value_size = self.key_dim, self.value_dim
        self._output_sizes = None if output_shape is None else checked_shape("MultiHeadAttention", output_shape)
        axes = (attention_axes,) if isinstance(attention_axes, int) else attention_axes
        self.attention_axes = self._axes = None if axes is None else tuple(axes)
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

    def get_config(self) -> dict[str, Any]:
        shape = None if self._output_sizes is None else list(self._output_sizes)
        return super().get_config() | {"output_shape": shape}


def sizes(who: str, *values: Any) -> list[int]:
    """Whole numbers of at least 1.

    Raises: ValueError for anything else.
    """
    for value in values:
        if isinstance(value, bool) or not hasattr(value, "__index__") or value < 1:
            raise ValueError(f"[{who}] heads and features must be integers of at least 1, got {value!r}")
    return [int(value) for value in values]
