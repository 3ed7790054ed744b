from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ranvier.layers.attention.core import AttentionCore
from ranvier.layers.layer import Layer
from ranvier.layers.regularization.dropout import Dropout
from ranvier.random import draw_seed


class Attention(Layer):
    """Attention of one head and without projections: y = softmax(score(q, k)) v.

    Args:
        use_scale: whether the scores are multiplied by a weight.
        score_mode: "dot": q k^T; or "concat": a weight times the sum of tanh(q + k).
        dropout: share of the probabilities to drop in training.
        seed: an integer for masks of its own; None draws it from the library's generator.
        **kwargs: those of `Layer`.

    Input shape: a list: query (batch, time, features), value (batch, keys, features) and, if it is another, key like
    the value. Output shape: (batch, time, features of the value); with `return_attention_scores` also (batch, time,
    keys).
    Raises: ValueError for another score, or inputs that do not fit.
    Source: Luong et al., EMNLP, 2015.

    >>> import numpy as np
    >>> Attention()([np.zeros((1, 2, 3)), np.ones((1, 4, 3))]).shape
    (1, 2, 3)
    """

    supports_masking = True

    def __init__(
        self,
        use_scale: bool = False,
        score_mode: str = "dot",
        dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        if score_mode not in ("dot", "concat"):
            raise ValueError(f"[{type(self).__name__}] score_mode must be 'dot' or 'concat', got {score_mode!r}")
        if not hasattr(dropout, "__float__") or not 0 <= dropout < 1:
            raise ValueError(f"[{type(self).__name__}] dropout must be a number from 0 to below 1, got {dropout!r}")
        self.use_scale = bool(use_scale)
        self.score_mode = score_mode
        self.dropout = float(dropout)
        self.seed = seed
        self._stream = draw_seed() if seed is None else int(seed)
        super().__init__(**kwargs)

    def build(self, input_shape: Any) -> None:
        """Makes the weights.

        Args:
            input_shape: a list of the shapes of query, value and, if there is one, key.

        Raises: ValueError for another number of inputs.
        """
        self._check(input_shape)
        self._scale = self.add_weight((), "ones", name="scale") if self.use_scale else None
        concat = self.score_mode == "concat"
        self._factor = self.add_weight((), "ones", name="concat_score_weight") if concat else None

    def _check(self, inputs: Any) -> None:
        if not isinstance(inputs, list | tuple) or len(inputs) not in (2, 3):
            raise ValueError(
                f"[{self.name}] expected a list of query and value, or query, value and key, got {inputs!r:.80}"
            )

    def call(
        self, inputs: Any, mask: Any = None, return_attention_scores: bool = False, use_causal_mask: bool = False
    ) -> Any:
        """What the layer is called with.

        Args:
            inputs: a list of query, value and, if it is another, key.
            mask: a list of masks of query and value, (batch, time) and (batch, keys), where they have none themselves.
            return_attention_scores: whether to return the probabilities as well.
            use_causal_mask: whether each query sees keys up to its own place only.
        """
        from ranvier import ops

        self._check(inputs)
        query, value, key = inputs[0], inputs[1], inputs[2] if len(inputs) > 2 else inputs[1]
        given = list(mask) if isinstance(mask, list | tuple) else [mask]
        given += [None] * (2 - len(given))
        query_mask, value_mask = (own.mask if one is None else one for own, one in zip(inputs, given, strict=False))
        seen = None if value_mask is None else ops.expand_dims(value_mask, 1)
        made = self._attend(query, value, key, seen, bool(use_causal_mask), bool(return_attention_scores))
        attended, scores = made if return_attention_scores else (made, None)
        if query_mask is not None:
            attended = attended * ops.expand_dims(query_mask, -1)
        return (attended, scores) if return_attention_scores else attended

    def _attend(self, query: Any, value: Any, key: Any, seen: Any, causal: bool, scores: bool) -> Any:
        if self.score_mode != "dot":
            return self._composed(query, value, key, seen, causal, scores)
        settings = {
            "mask": seen is not None,
            "causal": causal,
            "scores": scores,
            "dropped_scores": True,
            "dropout": self.dropout,
            "seed": self._stream,
        }
        scaled = query if self._scale is None else query * self._scale
        inputs = [scaled, value, key, *([] if seen is None else [seen])]
        return AttentionCore(settings, name="attention", dtype=self.dtype_policy)(inputs)

    def _scores(self, query: Any, key: Any) -> Any:
        from ranvier import ops
        from ranvier.ops import nn

        both = ops.expand_dims(query, 2) + ops.expand_dims(key, 1)
        scores = ops.sum(nn.FUNCTIONS["tanh"](both if self._scale is None else both * self._scale), axis=-1)
        return scores * self._factor

    def _composed(self, query: Any, value: Any, key: Any, seen: Any, causal: bool, scores: bool) -> Any:
        from ranvier import ops
        from ranvier.ops import nn

        found = self._scores(query, key)
        hidden = []
        if causal:
            hidden.append(1 - np.tri(query.shape[1], key.shape[1])[None])
        if seen is not None:
            hidden.append(1 - seen)
        for where in hidden:
            found = found - where * 1e9
        weights = nn.FUNCTIONS["softmax"](found)
        if self.dropout > 0:
            weights = Dropout(self.dropout, seed=self._stream, name="dropout", dtype=self.dtype_policy)(weights)
        attended = ops.matmul(weights, value)
        return (attended, weights) if scores else attended

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return previous_mask[0] if isinstance(previous_mask, Sequence) else previous_mask


class AdditiveAttention(Attention):
    """Attention whose score is a sum: y = softmax(sum over d of scale[d] tanh(q[d] + k[d])) v.

    Args:
        use_scale: whether there are weights `scale`; without them they are 1.
        dropout: share of the probabilities to drop in training.
        **kwargs: those of `Layer`, and `seed`.

    Input shape: a list: query (batch, time, features), value (batch, keys, features) and, if it is another, key like
    the value. Output shape: (batch, time, features); with `return_attention_scores` also (batch, time, keys).
    Raises: ValueError for inputs that do not fit.
    Source: Bahdanau, Cho and Bengio, ICLR, 2015.

    >>> import numpy as np
    >>> AdditiveAttention()([np.zeros((1, 2, 3)), np.ones((1, 4, 3))]).shape
    (1, 2, 3)
    """

    def __init__(self, use_scale: bool = True, dropout: float = 0.0, **kwargs: Any) -> None:
        super().__init__(use_scale=use_scale, score_mode="concat", dropout=dropout, **kwargs)

    def build(self, input_shape: Any) -> None:
        """Makes the weights; see `Attention.build`."""
        self._check(input_shape)
        self._scale = None
        if self.use_scale:
            self._scale = self.add_weight((input_shape[0][-1],), "glorot_uniform", name="scale")

    def _scores(self, query: Any, key: Any) -> Any:
        from ranvier import ops
        from ranvier.ops import nn

        waves = nn.FUNCTIONS["tanh"](ops.expand_dims(query, 2) + ops.expand_dims(key, 1))
        return ops.sum(waves if self._scale is None else waves * self._scale, axis=-1)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | ({} if self.seed is None else {"seed": self.seed})
