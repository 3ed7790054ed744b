"""What draws random numbers: with a shape of numbers at once, with NumPy; on symbols and in `call`, in each pass."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import config
from ranvier.random.seeds import generator_of
from ranvier.random.symbolic import checked_shape, drawn
from ranvier.symbol import KerasTensor

if TYPE_CHECKING:
    from ranvier._typing import Array


def normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normally distributed numbers.

    In a layer's `call`, in a Lambda, and with what `ops.shape` gives for a symbol, they are drawn natively: others for
    each row and in each pass, in training and in inference.

    Args:
        shape: sizes of the axes; in a network the first may be None, the batch of the symbols at hand.
        mean: mean.
        stddev: standard deviation, at least 0.
        dtype: number type of an array, by default `ranvier.config.floatx()`; in a network that of the layer is taken.
        seed: an integer, for the same numbers each time; a `SeedGenerator` or None for others.

    Raises: ValueError for a deviation below 0 or a shape that is not known.

    >>> normal((2, 3), seed=1).shape
    (2, 3)
    >>> from ranvier import Input, Model, ops
    >>> x = Input((3,))
    >>> noisy = Model(x, x + normal(ops.shape(x), stddev=0.1))
    >>> noisy.predict(np.zeros((2, 3))).shape
    (2, 3)
    """
    numbers = {"mean": _number("normal", "mean", mean), "stddev": _number("normal", "stddev", stddev, least=0)}
    symbol = drawn("normal", numbers, shape, seed)
    if symbol is not None:
        return symbol
    values = generator_of(seed).standard_normal(_sizes("normal", shape))
    return _typed(numbers["mean"] + numbers["stddev"] * values, dtype)


def truncated_normal(shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Normally distributed numbers, drawn again where they are more than two standard deviations away from the mean.

    Args:
        shape: see `normal`.
        mean: mean.
        stddev: standard deviation before the cut, at least 0.
        dtype: see `normal`.
        seed: see `normal`.

    Raises: as `normal`.

    >>> bool(abs(truncated_normal((1000,), seed=1)).max() <= 2)
    True
    """
    where = "truncated_normal"
    numbers = {"mean": _number(where, "mean", mean), "stddev": _number(where, "stddev", stddev, least=0)}
    symbol = drawn(where, numbers, shape, seed)
    if symbol is not None:
        return symbol
    from ranvier.initializers.initializer import truncated_normal as values

    return _typed(numbers["mean"] + numbers["stddev"] * values(generator_of(seed), _sizes(where, shape)), dtype)


def uniform(shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None) -> Any:
    """Uniformly distributed numbers, at least `minval` and below `maxval`.

    Args:
        shape: see `normal`.
        minval: the least.
        maxval: above all of them.
        dtype: see `normal`; for an array an integer type too.
        seed: see `normal`.

    Raises: as `normal`; ValueError if `minval` is above `maxval`.

    >>> values = uniform((1000,), -1, 1, seed=1)
    >>> bool((values >= -1).all() and (values < 1).all())
    True
    """
    return _uniform("uniform", shape, minval, maxval, dtype, seed)


def _uniform(
    where: str, shape: Any, minval: Any, maxval: Any, dtype: Any, seed: Any, like: KerasTensor | None = None
) -> Any:
    numbers = {"minval": _number(where, "minval", minval), "maxval": _number(where, "maxval", maxval)}
    if numbers["minval"] > numbers["maxval"]:
        raise ValueError(f"[random.{where}] minval must not be above maxval, got {minval!r} and {maxval!r}")
    symbol = drawn("uniform", numbers, shape, seed, like)
    if symbol is not None:
        return symbol
    if dtype is not None and np.dtype(dtype).kind in "iu":
        return randint(shape, minval, maxval, dtype, seed)
    low, high = numbers["minval"], numbers["maxval"]
    values = _typed(generator_of(seed).uniform(low, high, _sizes(where, shape)), dtype)
    # Rounding to fewer digits must not reach the end.
    return np.minimum(values, np.nextafter(values.dtype.type(high), values.dtype.type(low)))


def randint(shape: Any, minval: int, maxval: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Uniformly distributed whole numbers, at least `minval` and below `maxval`.

    Args:
        shape: see `normal`.
        minval: the least.
        maxval: above all of them.
        dtype: number type of an array; in a network that of the layer is taken.
        seed: see `normal`.

    Raises: as `normal`; ValueError unless `minval` is below `maxval`.

    >>> sorted(set(randint((100,), 0, 3, seed=1).tolist()))
    [0, 1, 2]
    """
    if not math.floor(_number("randint", "minval", minval)) < math.floor(_number("randint", "maxval", maxval)):
        raise ValueError(f"[random.randint] minval must be below maxval, got {minval!r} and {maxval!r}")
    low, high = math.floor(minval), math.floor(maxval)
    symbol = drawn("uniform", {"minval": float(low), "maxval": float(high)}, shape, seed)
    if symbol is not None:
        from ranvier import ops

        return ops.floor(symbol)
    return generator_of(seed).integers(low, high, _sizes("randint", shape)).astype(dtype)


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Classes drawn with the probabilities softmax(logits).

    Args:
        logits: (batch, classes), an array or a symbol.
        num_samples: how many classes are drawn for each row.
        dtype: number type of an array; in a network that of the layer is taken.
        seed: see `normal`.

    Returns: (batch, num_samples).
    Raises: ValueError for logits of another shape, or no samples.

    >>> categorical(np.array([[0.0, 100.0]]), 3, seed=1)
    array([[1, 1, 1]], dtype=int32)
    """
    from ranvier import ops

    if ops.ndim(logits) != 2:
        raise ValueError(f"[random.categorical] expected logits (batch, classes), got shape {ops.shape(logits)}")
    classes = ops.shape(logits)[1]
    if isinstance(logits, KerasTensor):
        drawn_for_each = (None, num_samples, classes)
        noise = -ops.log(-ops.log(_uniform("categorical", drawn_for_each, 0, 1, None, seed, like=logits)))
        return ops.argmax(ops.expand_dims(logits, 1) + noise, axis=-1)
    values: Array = np.asarray(logits, np.float64)
    noise = generator_of(seed).gumbel(size=_sizes("categorical", (len(values), num_samples, classes)))
    return np.argmax(values[:, None] + noise, axis=-1).astype(dtype)


def dropout(inputs: Any, rate: float, noise_shape: Sequence[int | None] | None = None, seed: Any = None) -> Any:
    """Each number is 0 with probability `rate`, the others are scaled by 1 / (1 - rate): in training and in inference.

    Args:
        inputs: an array or a symbol.
        rate: from 0 to below 1.
        noise_shape: shape of what is drawn, 1 along axes where one draw is for all; None takes the size of the input.
        seed: see `normal`.

    Raises: ValueError for a rate outside that range, or a shape that does not fit.

    >>> sorted(set(dropout(np.ones(100), 0.75, seed=1).tolist()))
    [0.0, 4.0]
    """
    from ranvier import ops
    from ranvier.layers.regularization.noise import checked_rate

    rate = checked_rate("random.dropout", rate)
    if noise_shape is not None and len(noise_shape) != ops.ndim(inputs):
        raise ValueError(f"[random.dropout] noise_shape {noise_shape} does not fit inputs {ops.shape(inputs)}")
    sizes = ops.shape(inputs)
    if noise_shape is not None:
        sizes = tuple(own if axis is None else axis for axis, own in zip(noise_shape, sizes, strict=True))
    if isinstance(inputs, KerasTensor):
        kept = ops.greater_equal(_uniform("dropout", sizes, 0, 1, None, seed, like=inputs), rate)
        return inputs * kept / (1 - rate)
    values = np.asarray(inputs)
    kept = generator_of(seed).random(_sizes("dropout", sizes)) >= rate
    return (values * kept / (1 - rate)).astype(values.dtype if values.dtype.kind == "f" else config.floatx())


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    """The same in another order along an axis.

    Args:
        x: an array.
        axis: which.
        seed: see `normal`.

    Raises: TypeError for a symbol.

    >>> sorted(shuffle(np.arange(4), seed=1).tolist())
    [0, 1, 2, 3]
    """
    _at_once("shuffle", x)
    return generator_of(seed).permutation(np.asarray(x), axis=axis)


def binomial(shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None) -> Any:
    """How many of `counts` trials succeed.

    Args:
        shape: sizes of the axes.
        counts: numbers of trials.
        probabilities: of each to succeed.
        dtype: number type, by default `ranvier.config.floatx()`.
        seed: see `normal`.

    Raises: TypeError in a network; ValueError for probabilities outside 0 .. 1.

    >>> binomial((2,), 5, 1.0)
    array([5., 5.], dtype=float32)
    """
    _at_once("binomial", counts, probabilities, shape=shape)
    return _typed(generator_of(seed).binomial(counts, probabilities, _sizes("binomial", shape)), dtype)


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Numbers of a beta distribution.

    Args:
        shape: sizes of the axes.
        alpha: its first parameter, above 0.
        beta: its second parameter, above 0.
        dtype: number type, by default `ranvier.config.floatx()`.
        seed: see `normal`.

    Raises: TypeError in a network; ValueError for parameters that are not above 0.

    >>> beta((2, 3), 1.0, 2.0).shape
    (2, 3)
    """
    _at_once("beta", alpha, beta, shape=shape)
    return _typed(generator_of(seed).beta(alpha, beta, _sizes("beta", shape)), dtype)


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Any:
    """Numbers of a gamma distribution of scale 1.

    Args:
        shape: sizes of the axes.
        alpha: its parameter, above 0.
        dtype: number type, by default `ranvier.config.floatx()`.
        seed: see `normal`.

    Raises: TypeError in a network; ValueError for a parameter below 0.

    >>> gamma((2, 3), 1.0).shape
    (2, 3)
    """
    _at_once("gamma", alpha, shape=shape)
    return _typed(generator_of(seed).gamma(alpha, 1.0, _sizes("gamma", shape)), dtype)


def _number(where: str, name: str, value: Any, least: float = -math.inf) -> float:
    if isinstance(value, KerasTensor) or not hasattr(value, "__float__"):
        raise TypeError(f"[random.{where}] {name} must be a number, got {value!r:.80}")
    if not least <= float(value) < math.inf:
        raise ValueError(
            f"[random.{where}] {name} must be a finite number{' of at least 0' * (least == 0)}, got {value}"
        )
    return float(value)


def _sizes(where: str, shape: Any) -> tuple[int, ...]:
    return tuple(axis for axis in checked_shape(f"random.{where}", shape) if axis is not None)


def _typed(values: Any, dtype: Any) -> Array:
    return np.asarray(values, dtype=dtype or config.floatx())


def _at_once(where: str, *values: Any, shape: Any = ()) -> None:
    from ranvier.layers import tracing

    if (
        tracing.recording() is not None
        or any(isinstance(value, KerasTensor) for value in values)
        or (hasattr(shape, "__iter__") and None in tuple(shape))
    ):
        raise TypeError(f"[random.{where}] draws NumPy arrays only, and cannot be a part of a network")
