"""Layers of sequences, images and volumes train as in Keras: each row, between a dense layer and a loss."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import cases_convolution
import keras
import numpy as np
import pytest

import ranvier

STEPS, ROWS = 3, 4
TOLERANCE = 2e-5  # of the greatest number: the two round differently

pytestmark = pytest.mark.filterwarnings("ignore")


def network(library: ModuleType, case: Any) -> Any:
    shape = case.shapes[0]
    model = library.Sequential(
        [
            library.Input((3,)),
            library.layers.Dense(int(np.prod(shape)), activation="tanh"),
            library.layers.Reshape(shape),
            getattr(library.layers, case.name)(**case.arguments),
            library.layers.Flatten(),
            library.layers.Dense(2),
        ]
    )
    model.compile(optimizer=library.optimizers.SGD(0.05), loss="mse")
    return model


@pytest.mark.parametrize("case", cases_convolution.LAYERS, ids=lambda case: f"{case.name}-{case.arguments}")
def test_losses_and_weights_are_those_of_keras(case: Any) -> None:
    ours, theirs = network(ranvier, case), network(keras, case)
    random = np.random.default_rng(1)
    weights = [random.normal(scale=0.4, size=weight.shape).astype("float32") for weight in theirs.get_weights()]
    assert [weight.shape for weight in ours.get_weights()] == [weight.shape for weight in weights]
    for model in (ours, theirs):
        model.set_weights(weights)
    for _ in range(STEPS):
        x, y = random.normal(size=(ROWS, 3)).astype("float32"), random.normal(size=(ROWS, 2)).astype("float32")
        found, expected = (float(np.asarray(model.train_on_batch(x, y))) for model in (ours, theirs))
        assert found == pytest.approx(expected, rel=TOLERANCE, abs=TOLERANCE)
    for found, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert np.max(abs(found - expected)) <= TOLERANCE * max(np.max(abs(expected)), 1)
