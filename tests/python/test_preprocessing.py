"""Layers that learn from data before training."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import assert_same_bits

from ranvier import Input, Sequential, layers

RANDOM = np.random.default_rng(1)


@pytest.mark.parametrize("axis", [-1, 1, (1, 2), None])
def test_normalization_adapts_to_arrays_and_batches(axis: Any) -> None:
    data = RANDOM.normal(3, 2, size=(70001, 2, 3)).astype("f4")
    kept = (1, 2) if axis == (1, 2) else () if axis is None else (axis % 3,)
    over = tuple(a for a in range(3) if a not in kept)
    whole, batched = layers.Normalization(axis=axis), layers.Normalization(axis=axis)
    whole.adapt(data)
    batched.adapt((data[i : i + 1000], None) for i in range(0, len(data), 1000))
    exact = data.astype(float)
    for layer in (whole, batched):
        np.testing.assert_allclose(layer.mean, exact.mean(over), rtol=1e-6)
        np.testing.assert_allclose(layer.variance, exact.var(over), rtol=1e-6)
        y = layer(data)
        np.testing.assert_allclose(y.mean(over), 0, atol=1e-4)
        np.testing.assert_allclose(y.std(over), 1, rtol=1e-4)
    assert [w.name for w in whole.weights] == ["mean", "variance", "count"]
    assert not whole.trainable_weights


def test_normalization_is_left_alone_by_training_and_undone_by_its_inverse() -> None:
    x = RANDOM.normal(5, 3, size=(40, 4))
    layer = layers.Normalization(dtype="float64")
    layer.adapt(x)
    model = Sequential([Input((4,)), layer, layers.Dense(1, dtype="float64")])
    before = [w.copy() for w in layer.get_weights()]
    model.compile("adam", "mse")
    model.fit(x, x[:, :1], verbose=0)
    for found, expected in zip(layer.get_weights(), before, strict=True):
        assert_same_bits(found, expected)
    back = layers.Normalization(mean=layer.mean, variance=layer.variance, invert=True, dtype="float64")
    np.testing.assert_allclose(back(layer(x)), x, rtol=1e-12)
    with pytest.raises(ValueError, match="its mean and variance were given"):
        back.adapt(x)
    with pytest.raises(ValueError, match="adapt expected at least one row of data, got none"):
        layers.Normalization().adapt(np.zeros((0, 3)))


def test_discretization_adapts_to_quantiles() -> None:
    data = RANDOM.exponential(size=(4000, 1))
    layer = layers.Discretization(num_bins=8)
    layer.adapt(data)
    counts = np.bincount(layer(data)[:, 0].astype(int))
    assert len(counts) == 8
    assert abs(counts - 500).max() <= 1
    again = layers.Discretization.from_config(layer.get_config())
    assert again.bin_boundaries == layer.bin_boundaries
    with pytest.raises(ValueError, match="it cannot be adapted"):
        layer.adapt(data)


def test_categories_out_of_range_are_named() -> None:
    layer = layers.CategoryEncoding(3, name="words")
    for value in (3, -1, 0.5):
        with pytest.raises(ValueError, match=rf"\[words\] expected integers from 0 to 2, got {value}"):
            layer(np.array([[0, value]]))
    model = Sequential([Input((2,)), layer])
    assert model.predict(np.array([[0, 3.0]])).tolist() == [[1, 0, 0]]
