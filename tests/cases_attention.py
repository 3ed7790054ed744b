"""One row for each layer of attention, in NumPy float64 from the papers' formulas, head by head."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from cases import Array, Layer, dropped, sigmoid, softmax


def visible(queries: int, keys: int, causal: bool = False, window: int = 0) -> Array:
    i, j = np.arange(queries)[:, None], np.arange(keys)
    seen = np.ones((queries, keys), bool)
    if causal:
        seen &= i >= j
    if window:
        seen &= abs(i - j) < window
    return seen


def attend(q: Array, k: Array, v: Array, seen: Array, scale: float = 1, drop: Any = None) -> tuple[Array, Array]:
    """Vaswani et al., 2017, equation 1, for q (..., T, D), k (..., S, D), v (..., S, E)."""
    scores = np.where(seen, scale * (q @ np.swapaxes(k, -1, -2)), -np.inf)
    probabilities = softmax(scores)
    return (probabilities if drop is None else drop(probabilities)) @ v, probabilities


def multi_head(
    query: Array,
    value: Array,
    *rest: Array,
    key: bool = False,
    mask: bool = False,
    bias: bool = True,
    gate: bool = False,
    causal: bool = False,
    window: int = 0,
    drop: Any = None,
) -> Array:
    """Of inputs (batch, ..., time, features); weights are those of query, key, gate, value and output."""
    given = list(rest)
    keys = given.pop(0) if key else value
    seen = visible(query.shape[-2], value.shape[-2], causal, window)
    if mask:
        seen = seen & (given.pop(0) != 0)[:, None]
    names = ["query", "key", *(["gate"] if gate else []), "value", "output"]
    weights = {name: (given.pop(0), given.pop(0) if bias else 0) for name in names}

    def heads(x: Array, name: str) -> Array:
        kernel, offset = weights[name]
        return np.moveaxis(np.einsum("...d,dhe->...he", x, kernel) + offset, -2, -3)

    q, k, v = heads(query, "query"), heads(keys, "key"), heads(value, "value")
    shared = q.shape[-3] // k.shape[-3]
    k, v = np.repeat(k, shared, -3), np.repeat(v, shared, -3)
    y, _ = attend(q, k, v, seen, 1 / math.sqrt(q.shape[-1]), drop)
    if gate:
        y = y * sigmoid(heads(query, "gate"))
    kernel, offset = weights["output"]
    return np.einsum("...hte,heo->...to", y, kernel) + offset


def dropping(rate: float, bits: Any) -> Any:
    """Masks are drawn head by head from one stream."""
    return lambda p: dropped(p, rate, bits(p.size).reshape(p.shape))


def plain(q: Array, v: Array, *rest: Array, key: bool = False, causal: bool = False, drop: Any = None) -> Array:
    """Of one head, with a factor of the scores as the only weight, if there is one."""
    given = list(rest)
    k = given.pop(0) if key else v
    seen = visible(q.shape[1], v.shape[1], causal)
    return attend(q, k, v, seen, float(given[0]) if given else 1, drop)[0]


def additive(q: Array, v: Array, *scale: Array, causal: bool = False) -> Array:
    """Bahdanau et al., 2015, without projections."""
    weight = scale[0] if scale else 1
    scores = np.sum(weight * np.tanh(q[:, :, None] + v[:, None]), -1)
    return softmax(np.where(visible(q.shape[1], v.shape[1], causal), scores, -np.inf)) @ v


ATTENTION = [
    Layer(
        "Attention",
        {},
        "",
        ((5, 3), (6, 3)),
        plain,
        bad_arguments=(
            ({"score_mode": "sum"}, "score_mode must be 'dot' or 'concat', got 'sum'"),
            ({"dropout": 1}, "dropout must be a number from 0 to below 1, got 1"),
        ),
        listed=True,
    ),
    Layer("Attention", {"use_scale": True}, "", ((5, 3), (6, 4), (6, 3)), lambda *a: plain(*a, key=True), listed=True),
    Layer(
        "Attention",
        {"dropout": 0.4, "seed": 2},
        "",
        ((4, 3), (8, 3)),
        plain,
        training=lambda *a: plain(*a[:-1], drop=dropping(0.4, a[-1])),
        listed=True,
    ),
    Layer(
        "Attention",
        {},
        "",
        ((35, 2), (35, 2)),
        lambda *a: plain(*a, causal=True),
        options={"use_causal_mask": True},
        listed=True,
    ),
    Layer(
        "Attention",
        {"score_mode": "concat", "use_scale": True},
        "",
        ((4, 3), (5, 3)),
        lambda q, v, scale, factor: softmax(factor * np.tanh(scale * (q[:, :, None] + v[:, None])).sum(-1)) @ v,
        listed=True,
    ),
    Layer("AdditiveAttention", {}, "", ((4, 3), (5, 3)), additive, listed=True),
    Layer(
        "AdditiveAttention",
        {"use_scale": False},
        "",
        ((5, 3), (5, 3)),
        lambda *a: additive(*a, causal=True),
        options={"use_causal_mask": True},
        listed=True,
    ),
    Layer(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3},
        "",
        ((5, 4), (6, 4)),
        multi_head,
        spread=True,
        bad_arguments=(
            ({"num_heads": 0, "key_dim": 3}, "heads and features must be integers of at least 1, got 0"),
            ({"num_heads": 2, "key_dim": 3, "dropout": 1}, "dropout must be a number from 0 to below 1, got 1"),
            ({"num_heads": 2, "key_dim": 3, "dropuot": 1}, "unknown argument 'dropuot'; did you mean 'dropout'"),
        ),
    ),
    Layer(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "value_dim": 5, "output_shape": 7, "use_bias": False},
        "",
        ((5, 4), (6, 2), (6, 3)),
        lambda *a: multi_head(*a, key=True, bias=False),
        spread=True,
    ),
    Layer(
        "MultiHeadAttention",
        {"num_heads": 3, "key_dim": 2},
        "",
        ((37, 2), (37, 2)),
        lambda *a: multi_head(*a, causal=True),
        spread=True,
        options={"use_causal_mask": True},
    ),
    Layer(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 2, "sliding_window": 3, "use_gate": True},
        "",
        ((34, 2), (33, 2)),
        lambda *a: multi_head(*a, window=3, gate=True),
        spread=True,
    ),
    Layer(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 2, "sliding_window": 4},
        "",
        ((9, 3), (9, 3)),
        lambda *a: multi_head(*a, window=4, causal=True),
        spread=True,
        options={"use_causal_mask": True},
    ),
    Layer(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 4, "dropout": 0.3, "seed": 3},
        "",
        ((4, 5), (8, 5)),
        multi_head,
        training=lambda *a: multi_head(*a[:-1], drop=dropping(0.3, a[-1])),
        node=3,
        spread=True,
    ),
    Layer(
        "MultiHeadAttention",
        {"num_heads": 2, "key_dim": 3, "attention_axes": 2},
        "",
        ((3, 5, 4), (3, 6, 4)),
        multi_head,
        spread=True,
    ),
    Layer(
        "GroupQueryAttention",
        {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
        "",
        ((5, 4), (6, 4)),
        multi_head,
        spread=True,
        bad_arguments=(
            (
                {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 3},
                "num_key_value_heads must divide num_query_heads, got 3 and 4",
            ),
        ),
    ),
    Layer(
        "GroupQueryAttention",
        {"head_dim": 2, "num_query_heads": 3, "num_key_value_heads": 1, "use_bias": False, "use_gate": True},
        "",
        ((7, 4), (7, 4)),
        lambda *a: multi_head(*a, bias=False, gate=True, causal=True),
        spread=True,
        options={"use_causal_mask": True},
    ),
]
