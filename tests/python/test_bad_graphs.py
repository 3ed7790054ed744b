"""Layers that do not fit together, and graphs that are none: each is an error that names the layer and what it got."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ranvier import Input, Model, Sequential, layers

WINDOWED = {
    "Conv2D": lambda **told: layers.Conv2D(2, 3, **told),
    "Conv2DTranspose": lambda **told: layers.Conv2DTranspose(2, 3, **told),
    "DepthwiseConv2D": lambda **told: layers.DepthwiseConv2D(3, **told),
    "SeparableConv2D": lambda **told: layers.SeparableConv2D(2, 3, **told),
    "MaxPooling2D": lambda **told: layers.MaxPooling2D(2, **told),
    "AveragePooling2D": lambda **told: layers.AveragePooling2D(2, **told),
}


@pytest.mark.parametrize("strides", [0, -1, (1, 0), (2, -2)])
@pytest.mark.parametrize("name", WINDOWED)
def test_strides(name: str, strides: Any) -> None:
    with pytest.raises(ValueError, match=rf"\[{name}\] strides must be an integer or 2 integers of at least 1, got"):
        WINDOWED[name](strides=strides)


def inputs(*shapes: tuple[int, ...]) -> list[Any]:
    return [Input(shape) for shape in shapes]


def again(layer: Any, first: Any, other: Any) -> None:
    """A layer that is built for one shape, on another."""
    layer(*([first] if not isinstance(first, list) else first))
    layer(*([other] if not isinstance(other, list) else other))


CASES: list[tuple[Callable[[], Any], str]] = [
    # Merging.
    (lambda: layers.Add()(inputs((3,), (4,))), r"\[add.*the shapes \(\*, 3\) and \(\*, 4\) do not go together"),
    (lambda: layers.Maximum()(inputs((3, 2), (4, 2))), r"\[maximum.*do not go together"),
    (lambda: layers.Concatenate(axis=1)(inputs((3, 4), (3, 5))), r"\[concatenate.*differ along axis 1 only, got"),
    (lambda: layers.Dot(1)(inputs((3,), (4,))), r"\[dot.*one size along axes 1 and 1, got \(\*, 3\) and \(\*, 4\)"),
    # Windows larger than what they go over.
    (lambda: layers.Conv1D(2, 5)(Input((3, 2))), r"\[conv1d.*kernel_size \(5,\) is larger than the input \(\*, 3, 2\)"),
    (lambda: layers.Conv2D(2, (2, 9))(Input((8, 8, 2))), r"\[conv2d.*kernel_size \(2, 9\) is larger than the input"),
    (lambda: layers.Conv3D(2, 3)(Input((4, 2, 4, 1))), r"\[conv3d.*is larger than the input \(\*, 4, 2, 4, 1\)"),
    (lambda: layers.Conv1D(2, 3, dilation_rate=4)(Input((8, 2))), r"\[conv1d.*is larger than the input"),
    (lambda: layers.DepthwiseConv2D(9)(Input((8, 8, 2))), r"\[depthwise_conv2d.*is larger than the input"),
    (lambda: layers.SeparableConv1D(2, 9)(Input((8, 2))), r"\[separable_conv1d.*is larger than the input"),
    (lambda: layers.MaxPooling2D(9)(Input((8, 8, 2))), r"\[max_pooling2d.*pool_size \(9, 9\) is larger than the input"),
    (lambda: layers.AveragePooling1D(9)(Input((8, 2))), r"\[average_pooling1d.*pool_size \(9,\) is larger"),
    # Built for another shape.
    (lambda: again(layers.Dense(2), Input((3,)), Input((4,))), r"\[dense.*expected input \(\*, 3\), got \(\*, 4\)"),
    (lambda: again(layers.Dense(2), np.ones((1, 3)), np.ones((1, 4))), r"\[dense.*expected input \(\*, 3\), got"),
    (
        lambda: again(layers.LSTM(2), Input((5, 3)), Input((5, 4))),
        r"\[lstm.*expected input \(\*, 5, 3\), got \(\*, 5, 4\)",
    ),
    (
        lambda: again(layers.Conv2D(2, 3), Input((8, 8, 3)), Input((8, 8, 1))),
        r"\[conv2d.*its kernel has shape \(3, 3, 3, 2\), but an input \(\*, 8, 8, 1\) needs \(3, 3, 1, 2\)",
    ),
    (
        lambda: again(layers.BatchNormalization(), Input((3,)), Input((4,))),
        r"\[batch_norm.*expected 3 channels along axis",
    ),
    (
        lambda: again(layers.MultiHeadAttention(2, 2), inputs((4, 6), (4, 6)), inputs((4, 5), (4, 5))),
        r"expected input \(\*, 6\), got \(\*, 4, 5\)",
    ),
    (
        lambda: Sequential([Input((3,)), layers.Dense(2)])(Input((4,))),
        r"\[sequential.*is built for the input \(None, 3\)",
    ),
]


@pytest.mark.parametrize(("call", "pattern"), CASES)
def test_what_does_not_fit(call: Callable[[], Any], pattern: str) -> None:
    with pytest.raises(ValueError, match=pattern):
        call()


def test_disconnected_graphs() -> None:
    x = Input((3,), name="given")
    made = layers.Dense(2)(x)
    with pytest.raises(
        ValueError, match=r"\[Model\] the outputs need the input 'given', which is not among inputs: \['no'\]"
    ):
        Model(Input((3,), name="no"), made)
    with pytest.raises(ValueError, match="the outputs need the input 'other'"):
        Model(x, layers.Add()([made, layers.Dense(2)(Input((5,), name="other"))]))


def test_cyclic_graphs() -> None:
    """Symbols cannot make one; a description can, and so can a layer that calls itself."""
    x = Input((3,))
    config = Model(x, layers.Dense(2)(x)).get_config()
    itself, later = copy.deepcopy(config), copy.deepcopy(config)
    itself["nodes"][1]["inputs"] = [[1, 0]]
    later["nodes"].insert(1, {"layer": 1, "inputs": [[2, 0]]})
    for cyclic, node in ((itself, 1), (later, 2)):
        with pytest.raises(ValueError, match=rf"\[Model\] there is no output 0 of node {node} before it is used"):
            Model.from_config(cyclic)

    class Endless(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return self(inputs)

    with pytest.raises(ValueError, match=r"\[endless.*calls itself, which would make a network without an end"):
        Endless()(x)
