"""Initializers: spread, limits, seeds, names, configuration."""

import json
import math
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import initializers
from ranvier.initializers import initializer as base

SHAPE = (300, 200)

# Name, standard deviation at SHAPE, limit or None.
SCALED: list[tuple[str, float, float | None]] = [
    ("glorot_uniform", math.sqrt(2 / 500), math.sqrt(6 / 500)),
    ("glorot_normal", math.sqrt(2 / 500), 2 * math.sqrt(2 / 500) / 0.8796),
    ("he_uniform", math.sqrt(2 / 300), math.sqrt(6 / 300)),
    ("he_normal", math.sqrt(2 / 300), 2 * math.sqrt(2 / 300) / 0.8796),
    ("lecun_uniform", math.sqrt(1 / 300), math.sqrt(3 / 300)),
    ("lecun_normal", math.sqrt(1 / 300), 2 * math.sqrt(1 / 300) / 0.8796),
    ("random_uniform", 0.1 / math.sqrt(12), 0.05),
    ("random_normal", 0.05, None),
    ("truncated_normal", 0.05 * 0.8796, 0.1),
    ("variance_scaling", math.sqrt(1 / 300), 2 * math.sqrt(1 / 300) / 0.8796),
]
RANDOM_NAMES = [line[0] for line in SCALED] + ["orthogonal"]


@pytest.mark.parametrize(("name", "deviation", "limit"), SCALED, ids=RANDOM_NAMES[:-1])
def test_spread(name: str, deviation: float, limit: float | None) -> None:
    values = getattr(initializers, name)(seed=1)(SHAPE, dtype="float64")
    # 60,000 draws: the mean and the deviation are known to a few per cent of the deviation.
    assert abs(values.mean()) < 0.02 * deviation
    assert values.std() == pytest.approx(deviation, rel=0.02)
    if limit is not None:
        assert abs(values).max() <= limit * 1.0001
        assert abs(values).max() > limit * 0.99


@pytest.mark.parametrize("name", RANDOM_NAMES)
def test_seeds(name: str) -> None:
    cls = getattr(initializers, name)
    seeded = cls(seed=5)
    np.testing.assert_array_equal(seeded((4, 6)), seeded((4, 6)))
    np.testing.assert_array_equal(seeded((4, 6)), cls(seed=5)((4, 6)))
    assert not np.array_equal(seeded((4, 6)), cls(seed=6)((4, 6)))
    unseeded = cls()
    np.testing.assert_array_equal(unseeded((4, 6)), unseeded((4, 6)))
    assert not np.array_equal(unseeded((4, 6)), cls()((4, 6)))
    assert not np.array_equal(unseeded((4, 6)), initializers.get(unseeded)((4, 6)))
    stream = cls(seed=ranvier.random.SeedGenerator(3))
    assert not np.array_equal(stream((4, 6)), stream((4, 6)))
    ranvier.utils.set_random_seed(9)
    first = cls()((4, 6))
    ranvier.utils.set_random_seed(9)
    np.testing.assert_array_equal(cls()((4, 6)), first)


@pytest.mark.parametrize("shape", [(4, 6), (6, 4), (5, 5), (2, 3, 4)])
def test_orthogonal(shape: tuple[int, ...]) -> None:
    q = initializers.Orthogonal(gain=2.0, seed=1)(shape, dtype="float64").reshape(-1, shape[-1])
    small = q @ q.T if len(q) <= shape[-1] else q.T @ q
    np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-12)


def test_constants() -> None:
    np.testing.assert_array_equal(initializers.Zeros()((2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(initializers.Ones()((2,), dtype="float64"), [1, 1])
    np.testing.assert_array_equal(initializers.Constant(0.5)((2,)), [0.5, 0.5])
    np.testing.assert_array_equal(initializers.Constant([1, 2])((3, 2)), [[1, 2]] * 3)
    np.testing.assert_array_equal(initializers.Identity(2.0)((2, 3)), [[2, 0, 0], [0, 2, 0]])
    with pytest.raises(ValueError, match="shape of a matrix"):
        initializers.Identity()((2, 2, 2))
    with pytest.raises(ValueError, match="at least two axes"):
        initializers.Orthogonal()((3,))


@pytest.mark.parametrize("side", ["real", "imag"])
@pytest.mark.parametrize("scaling", ["density", "spectrum", None])
def test_stft_is_a_fourier_transform(side: str, scaling: str | None) -> None:
    kernel = initializers.STFT(side, "hann", scaling, periodic=True)((8, 1, 5), dtype="float64")[:, 0]
    signal = np.random.default_rng(1).normal(size=8)
    window = np.hanning(9)[:-1]
    spectrum = np.fft.rfft(signal * window)
    scale = {"density": np.sqrt((window**2).sum()), "spectrum": window.sum(), None: 1.0}[scaling]
    expected = (spectrum.real if side == "real" else spectrum.imag) / scale
    np.testing.assert_allclose(signal @ kernel, expected, atol=1e-12)


def test_stft_windows() -> None:
    ones = initializers.STFT(window=None, scaling=None)((8, 1, 5), dtype="float64")
    np.testing.assert_array_equal(ones[:, 0, 0], np.ones(8))
    own = initializers.STFT(window=np.arange(8), scaling=None)((8, 1, 5), dtype="float64")
    np.testing.assert_array_equal(own[:, 0, 0], np.arange(8))
    with pytest.raises(ValueError, match="window must be one of 'hann', 'hamming'; got 'kaiser'"):
        initializers.STFT(window="kaiser")


def test_fans_of_every_shape() -> None:
    assert base.fans(()) == (1, 1)
    assert base.fans((7,)) == (7, 7)
    assert base.fans((7, 3)) == (7, 3)
    assert base.fans((5, 5, 7, 3)) == (175, 75)
    assert base.fans((10, 20, 200), [0], [1, 2]) == (10, 4000)
    assert base.fans((10, 20, 200), [0]) == (200, 2000)


def test_variance_scaling_arguments() -> None:
    for mode, fan in (("fan_in", 300), ("fan_out", 200), ("fan_avg", 250)):
        for distribution in ("normal", "truncated_normal", "untruncated_normal", "uniform"):
            values = initializers.VarianceScaling(2.0, mode, distribution, seed=1)(SHAPE)
            assert values.std() == pytest.approx(math.sqrt(2 / fan), rel=0.02)
    with pytest.raises(ValueError, match="scale must be positive, got 0"):
        initializers.VarianceScaling(0)
    with pytest.raises(ValueError, match="mode must be one of 'fan_in', 'fan_out', 'fan_avg'; got 'fan'"):
        initializers.VarianceScaling(1, "fan")
    with pytest.raises(ValueError, match="distribution must be one of"):
        initializers.VarianceScaling(1, "fan_in", "cauchy")


@pytest.mark.parametrize(
    "name", [name for name in initializers.__all__ if name not in ("Initializer", "get", "serialize", "deserialize")]
)
def test_names_and_configuration(name: str) -> None:
    made: Any = initializers.get(name)
    described = json.loads(json.dumps(initializers.serialize(made)))
    again = initializers.deserialize(described)
    assert type(again) is type(made)
    assert again.get_config() == made.get_config()
    assert type(initializers.get(described)) is type(made)


def test_dtype_and_functions() -> None:
    assert initializers.HeNormal(seed=1)((2, 2)).dtype == np.float32
    assert initializers.HeNormal(seed=1)((2, 2), dtype="float64").dtype == np.float64
    function = initializers.get(np.zeros)
    assert function((2,), dtype="float64").dtype == np.float64
    with pytest.raises(ValueError, match="seed must be an integer or None, got 'x'"):
        initializers.HeNormal(seed="x")
    with pytest.raises(TypeError, match="expected a name"):
        initializers.get(3)
