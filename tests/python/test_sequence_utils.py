"""Sequences of different lengths become one array."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ranvier import Input, Sequential, layers
from ranvier.utils import pad_sequences

RAGGED = [[1, 2, 3], [4, 5], [], [6]]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, [[1, 2, 3], [0, 4, 5], [0, 0, 0], [0, 0, 6]]),
        ({"padding": "post"}, [[1, 2, 3], [4, 5, 0], [0, 0, 0], [6, 0, 0]]),
        ({"maxlen": 2}, [[2, 3], [4, 5], [0, 0], [0, 6]]),
        ({"maxlen": 2, "truncating": "post", "value": -1}, [[1, 2], [4, 5], [-1, -1], [-1, 6]]),
        ({"maxlen": 0}, [[], [], [], []]),
    ],
)
def test_pad_sequences(arguments: dict[str, Any], expected: list[list[int]]) -> None:
    padded = pad_sequences(RAGGED, **arguments)
    assert padded.dtype == np.int32
    np.testing.assert_array_equal(padded, np.array(expected, np.int32).reshape(4, -1))


def test_steps_with_features_strings_and_other_types() -> None:
    steps = np.arange(6.0).reshape(3, 2)
    padded = pad_sequences([steps, steps[:1]], dtype="float32", padding="post", value=9)
    assert padded.dtype == np.float32
    np.testing.assert_array_equal(padded, [steps, [[0, 1], [9, 9], [9, 9]]])
    words = pad_sequences([["a", "long", "way"], ["home"]], dtype=object, value="-")
    assert words.tolist() == [["a", "long", "way"], ["-", "-", "home"]]
    assert pad_sequences([]).shape == (0, 0)


def test_padding_is_what_mask_zero_skips() -> None:
    model = Sequential([Input((None,)), layers.Embedding(9, 3, mask_zero=True), layers.LSTM(4)])
    short = model.predict(np.array([[4, 5]]))
    np.testing.assert_allclose(model.predict(pad_sequences([[4, 5]], maxlen=7)), short, atol=1e-6)
    np.testing.assert_allclose(model.predict(pad_sequences([[4, 5]], maxlen=7, padding="post")), short, atol=1e-6)


@pytest.mark.parametrize(
    ("sequences", "arguments", "error", "message"),
    [
        (RAGGED, {"padding": "both"}, ValueError, "padding must be one of 'pre', 'post'; got 'both'"),
        (RAGGED, {"truncating": None}, ValueError, "truncating must be one of 'pre', 'post'; got None"),
        (RAGGED, {"maxlen": -1}, ValueError, "maxlen must be at least 0, got -1"),
        (RAGGED, {"value": "-"}, ValueError, "dtype int32 cannot hold '-': choose dtype=object"),
        (7, {}, TypeError, "expected a list of sequences, got int"),
        ([[1], 2], {}, TypeError, "sequence 1 must be a list or an array, got 2"),
        ([[[1, 2]], [], [[3]]], {}, ValueError, "those of sequence 0 have (2,), of sequence 2 (1,)"),
        ([[1], [[1], [2, 3]]], {}, ValueError, "sequence 1 has steps of different shapes"),
        ([[1], ["two"]], {}, ValueError, "sequence 1 holds values that int32 cannot"),
        ([[1, 2**40]], {}, ValueError, "sequence 0 holds 1099511627776, which int32 cannot"),
        ([[1.0, float("nan")]], {}, ValueError, "sequence 0 holds nan, which int32 cannot"),
    ],
)
def test_bad_input_is_named(sequences: Any, arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error) as raised:
        pad_sequences(sequences, **arguments)
    assert message in str(raised.value)
