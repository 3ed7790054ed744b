"""Convolutions of every shape, as far as they are cut into blocks: against shifted images, and their gradients exactly.

A convolution is linear in its input and in its kernel. So its gradients are right if, for any change of either, the
change of the output times dy is the change times the gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cases_convolution as reference
import numpy as np
import pytest
from harness import THREADS, TOLERANCE, Array, assert_same_bits, network_of

import ranvier
from ranvier import _core, layers


@dataclass(frozen=True)
class Shape:
    """A layer without activation, a row of its input and the rows of a batch."""

    name: str
    arguments: dict[str, Any]
    row: tuple[int, ...]
    rows: int


SHAPES = [
    Shape("Conv1D", {"filters": 40, "kernel_size": 5, "padding": "causal"}, (33, 300), 3),  # two parts of columns
    Shape("Conv1D", {"filters": 70, "kernel_size": 3, "strides": 2, "padding": "same"}, (61, 30), 4),
    Shape("Conv2D", {"filters": 16, "kernel_size": 3}, (28, 28, 1), 5),
    Shape("Conv2D", {"filters": 33, "kernel_size": 3, "padding": "same"}, (13, 17, 19), 7),
    Shape("Conv2D", {"filters": 20, "kernel_size": (5, 3), "strides": (2, 3), "padding": "same"}, (20, 23, 9), 5),
    Shape("Conv2D", {"filters": 12, "kernel_size": 3, "dilation_rate": (2, 4), "padding": "same"}, (11, 13, 6), 5),
    Shape("Conv2D", {"filters": 64, "kernel_size": 1}, (9, 9, 130), 4),
    Shape("Conv2D", {"filters": 30, "kernel_size": 1, "strides": 2}, (9, 10, 70), 4),
    Shape("Conv2D", {"filters": 24, "kernel_size": 3, "groups": 4, "padding": "same"}, (12, 10, 16), 5),
    Shape("Conv2D", {"filters": 20, "kernel_size": 3, "groups": 20, "padding": "same"}, (12, 10, 20), 5),
    Shape("Conv2D", {"filters": 600, "kernel_size": 3, "padding": "same"}, (4, 3, 128), 3),
    Shape("Conv3D", {"filters": 18, "kernel_size": 3, "padding": "same", "strides": (1, 2, 2)}, (6, 9, 8, 7), 3),
    Shape("Conv1D", {"filters": 20, "kernel_size": 4, "strides": 3}, (100, 7), 3),
    Shape("Conv2D", {"filters": 10, "kernel_size": 3}, (8, 9, 200), 3),  # a kernel row is deeper than a block
    Shape("Conv2D", {"filters": 24, "kernel_size": 3, "padding": "same"}, (40, 9, 64), 2),  # lines copied in parts
    Shape("Conv2D", {"filters": 24, "kernel_size": 3, "groups": 4, "dilation_rate": 2}, (12, 14, 16), 5),
    Shape("Conv3D", {"filters": 9, "kernel_size": 3, "padding": "same"}, (5, 6, 9, 7), 3),
    Shape("Conv3D", {"filters": 9, "kernel_size": (2, 3, 2), "dilation_rate": 2}, (7, 8, 10, 6), 3),
    Shape("DepthwiseConv2D", {"kernel_size": 5, "padding": "same"}, (17, 12, 37), 4),
    Shape("DepthwiseConv2D", {"kernel_size": 3, "strides": 2, "depth_multiplier": 3}, (17, 12, 5), 4),
    Shape("Conv1DTranspose", {"filters": 20, "kernel_size": 7, "strides": 4}, (40, 21), 3),
    Shape("Conv2DTranspose", {"filters": 17, "kernel_size": 4, "strides": 2, "padding": "same"}, (13, 12, 40), 4),
    Shape("Conv2DTranspose", {"filters": 6, "kernel_size": 2, "strides": 3}, (13, 12, 9), 4),
    Shape("Conv2DTranspose", {"filters": 6, "kernel_size": 3, "dilation_rate": 2}, (13, 12, 9), 4),
    Shape("Conv3DTranspose", {"filters": 6, "kernel_size": 3, "strides": (2, 1, 2)}, (4, 5, 6, 9), 3),
]
FORMULAS = {"Depthwise": reference.depthwise}

every_shape = pytest.mark.parametrize("shape", SHAPES, ids=str)


def formula(shape: Shape, x: Array, kernel: Array, bias: Array | float = 0) -> Array:
    options = {
        key: value
        for key, value in shape.arguments.items()
        if key not in ("filters", "kernel_size", "depth_multiplier")
    }
    base = reference.transposed if shape.name.endswith("Transpose") else reference.convolved
    if shape.name.startswith("Depthwise"):
        base = reference.depthwise
    return base(x, kernel, bias, **options)


def drawn(shape: Shape, dtype: str) -> tuple[_core.Network, Array]:
    network = network_of(getattr(layers, shape.name)(**shape.arguments, dtype=dtype), [shape.row])
    x = np.random.default_rng(1).normal(size=(shape.rows, *shape.row)).astype(dtype)
    return network, x


@every_shape
@pytest.mark.usefixtures("isa")
def test_values(shape: Shape) -> None:
    for dtype in ("float64", "float32"):
        network, x = drawn(shape, dtype)
        kernel, bias = (p.numpy().astype(float) for p in network.parameters)
        expected = formula(shape, x.astype(float), kernel, bias)
        # Sums of up to 1,500 terms: their rounding goes with the norm of what is added up.
        size = float(np.sqrt(np.mean(expected**2)))
        np.testing.assert_allclose(network.predict([x])[0] / size, expected / size, **TOLERANCE[dtype])


@every_shape
@pytest.mark.usefixtures("isa")
def test_gradients(shape: Shape) -> None:
    network, x = drawn(shape, "float64")
    kernel, bias = (p.numpy().copy() for p in network.parameters)
    random = np.random.default_rng(2)
    dy = random.normal(size=formula(shape, x, kernel).shape)
    (dx,), (dkernel, dbias) = network.gradients([x], [dy], True, 0)
    np.testing.assert_allclose(dbias, dy.sum(tuple(range(dy.ndim - 1))), rtol=1e-11, atol=1e-11)
    for _ in range(3):
        u, v = random.normal(size=x.shape), random.normal(size=kernel.shape)
        for change, gradient, along in ((u, dx, (u, kernel)), (v, dkernel, (x, v))):
            changed = dy * formula(shape, *along)
            assert abs(np.sum(change * gradient) - np.sum(changed)) <= 1e-13 * np.sum(abs(changed))
    del bias


@every_shape
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_same_bits_for_any_threads_and_batch(shape: Shape, dtype: str) -> None:
    network, x = drawn(shape, dtype)
    x = np.concatenate([x] * (1 + 40 // shape.rows))  # work that is worth threads, mostly
    results = []
    for threads in THREADS:
        _core.set_num_threads(threads)
        y = network.predict([x])[0]
        dx, dparameters = network.gradients([x], [y], True, 0)
        results.append([y, *dx, *dparameters])
    for result in results[1:]:
        for found, expected in zip(result, results[0], strict=True):
            assert_same_bits(found, expected)
    for rows in (1, 2, 5):
        assert_same_bits(network.predict([x[-rows:]])[0], results[0][0][-rows:])


def test_a_smaller_last_batch_needs_no_more_memory() -> None:
    x = np.random.default_rng(1).normal(size=(37, 9, 9, 3)).astype("float32")
    model = ranvier.Sequential(
        [
            layers.Conv2D(8, 3, strides=2, activation="gelu", input_shape=(9, 9, 3)),
            layers.Conv2DTranspose(3, 3, strides=2, padding="same", activation="tanh"),
            layers.MaxPooling2D(3, 2, padding="same"),
            layers.GlobalAveragePooling2D(),
            layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse")
    losses = model.fit(x, x.mean((1, 2, 3)), batch_size=8, epochs=20, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]


def test_a_mask_chooses_the_steps_of_a_mean() -> None:
    x = np.random.default_rng(1).normal(size=(3, 4, 2)).astype("float32")
    mask = np.array([[1, 0, 1, 1], [0, 0, 1, 0], [0, 0, 0, 0]], bool)
    expected = np.stack([x[0, [0, 2, 3]].mean(0), x[1, 2], [0, 0]])
    np.testing.assert_allclose(layers.GlobalAveragePooling1D()(x, mask=mask), expected, rtol=1e-6)
    steps = ranvier.Input((4,))
    means = layers.GlobalAveragePooling1D()(layers.Embedding(9, 1, mask_zero=True)(steps))
    model = ranvier.Model(steps, means)
    model.set_weights([np.arange(9.0).reshape(9, 1)])
    assert model.predict(np.array([[3, 5, 0, 0], [0, 7, 0, 8]]))[:, 0].tolist() == [4, 7.5]
    model.compile("sgd", "mse")
    before = model.get_weights()[0].copy()
    model.train_on_batch(np.array([[3, 5, 0, 0]]), np.array([[0.0]]))
    assert np.flatnonzero(model.get_weights()[0] != before).tolist() == [3, 5]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("MaxPooling2D", {"pool_size": 2**40, "padding": "same"}),
        ("DepthwiseConv2D", {"kernel_size": 3, "dilation_rate": 2**62, "padding": "same"}),
        ("Conv2D", {"filters": 1, "kernel_size": 3, "strides": 2**62}),
        ("Conv2DTranspose", {"filters": 1, "kernel_size": 1, "strides": 2**61}),
        ("UpSampling2D", {"size": 2**61}),
        ("ZeroPadding2D", {"padding": 2**62}),
    ],
)
def test_numbers_that_overflow_are_refused(name: str, arguments: dict[str, Any]) -> None:
    """They may come from a file."""
    with pytest.raises(ValueError, match=r"must be from -?[0-9]+ to 16777216, got"):
        getattr(layers, name)(**arguments)(np.ones((1, 4, 4, 1)))


def test_windows_larger_than_the_input() -> None:
    x = np.random.default_rng(1).normal(size=(2, 3, 4, 5)).astype("float32")
    pooled = layers.MaxPooling2D(2**20, padding="same")(x)
    np.testing.assert_array_equal(pooled[:, 0, 0], x.max((1, 2)))


def test_nan_is_not_pooled_away() -> None:
    x = np.zeros((1, 4, 4, 1))
    x[0, 1, 2, 0] = np.nan
    assert np.isnan(layers.MaxPooling2D()(x)[0, :, :, 0]).tolist() == [[False, True], [False, False]]
    assert np.isnan(layers.GlobalMaxPooling2D()(x)).all()


def test_the_first_of_equal_elements_has_the_gradient() -> None:
    network = network_of(layers.MaxPooling1D(4), [(4, 1)])
    (dx,), _ = network.gradients([np.ones((1, 4, 1), "f4")], [np.ones((1, 1, 1), "f4")], True, 0)
    assert dx[0, :, 0].tolist() == [1, 0, 0, 0]


def test_a_layer_that_is_built_takes_other_sizes_but_not_other_channels() -> None:
    layer = layers.Conv2D(4, 3, name="conv")
    assert layer(np.ones((1, 5, 6, 2))).shape == (1, 3, 4, 4)
    assert layer(np.ones((1, 9, 9, 2))).shape == (1, 7, 7, 4)
    with pytest.raises(ValueError, match=r"\[conv\] its kernel has shape \(3, 3, 2, 4\), but an input"):
        layer(np.ones((1, 9, 9, 3)))


def test_dense_works_on_the_last_axis_of_images() -> None:
    x = np.random.default_rng(1).normal(size=(2, 3, 4, 5)).astype("float32")
    layer = layers.Dense(6)
    y = layer(x)
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(y, x @ kernel + bias, rtol=1e-5, atol=1e-5)
