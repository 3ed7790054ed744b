"""Dense networks trained by Keras and by Ranvier from the same weights over the same batches: the same numbers.

Needs Keras and one of its backends: `make test-peers`. Nothing is skipped where they are missing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest
from cases import SAMPLES, Array

import ranvier

# The warning is Keras's own business with NumPy.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept:DeprecationWarning")

BATCHES, ROWS = 20, 16

# Both compute in float32, with other orders of summation.
AGREEMENT = 1e-4

# Losses with what they are told about, and the activation that makes predictions of that kind.
LOSSES = [
    ("mean_squared_error", "real", "linear"),
    ("mean_absolute_error", "real", "linear"),
    ("mean_absolute_percentage_error", "positive", "linear"),
    ("mean_squared_logarithmic_error", "positive", "softplus"),
    ("huber", "real", "linear"),
    ("log_cosh", "real", "linear"),
    ("cosine_similarity", "real", "linear"),
    ("hinge", "binary", "tanh"),
    ("squared_hinge", "signs", "tanh"),
    ("categorical_hinge", "one_hot", "softmax"),
    ("kl_divergence", "distribution", "softmax"),
    ("poisson", "count", "exponential"),
    ("binary_crossentropy", "binary", "sigmoid"),
    ("categorical_crossentropy", "one_hot", "softmax"),
    ("categorical_crossentropy", "distribution", "sigmoid"),
    ("sparse_categorical_crossentropy", "classes", "softmax"),
    ("sparse_categorical_crossentropy", "classes", "sigmoid"),
]
OPTIMIZERS: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"learning_rate": 0.02}),
    ("SGD", {"learning_rate": 0.01, "momentum": 0.9}),
    ("SGD", {"learning_rate": 0.01, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"learning_rate": 0.05, "clipnorm": 0.1}),
    ("SGD", {"learning_rate": 0.05, "clipvalue": 0.01}),
    ("SGD", {"learning_rate": 0.05, "global_clipnorm": 0.1}),
    ("Adam", {"learning_rate": 0.001, "epsilon": 1e-4}),
    ("Adam", {"learning_rate": 0.001, "epsilon": 1e-4, "amsgrad": True, "beta_2": 0.9}),
    ("Adam", {"learning_rate": 0.001, "epsilon": 1e-4, "weight_decay": 0.1, "beta_1": 0.7}),
    ("Adam", {"learning_rate": 0.001, "epsilon": 1e-4, "global_clipnorm": 0.1}),
]
ACTIVATIONS = ["relu", "tanh", "gelu", "elu", "selu", "silu", "softplus", "sigmoid", "leaky_relu", "mish", "softsign"]


@dataclass
class Network:
    """A random network with its data, made from its number."""

    number: int
    loss: str = field(init=False)
    layers: list[tuple[int, str]] = field(init=False)
    optimizer: tuple[str, dict[str, Any]] = field(init=False)
    x: Array = field(init=False)
    y: Array = field(init=False)

    def __post_init__(self) -> None:
        random = np.random.default_rng(self.number)
        self.loss, targets, last = LOSSES[self.number % len(LOSSES)]
        # Gradients of a percentage are so large that only Adam's steps stay small.
        self.optimizer = OPTIMIZERS[-2 if "percentage" in self.loss else self.number % len(OPTIMIZERS)]
        hidden = [(int(random.integers(2, 40)), str(random.choice(ACTIVATIONS))) for _ in range(random.integers(1, 4))]
        self.layers = [*hidden, (int(random.integers(2, 8)), last)]
        self.x = random.normal(size=(BATCHES * ROWS, random.integers(1, 20))).astype("float32")
        y = SAMPLES[targets](random, (len(self.x), self.layers[-1][0]))
        self.y = y.astype("int32" if targets == "classes" else "float32")

    def build(self, library: ModuleType) -> Any:
        model = library.Sequential([library.Input((self.x.shape[1],))])
        for units, activation in self.layers:
            model.add(library.layers.Dense(units, activation=activation, bias_initializer="random_normal"))
        name, arguments = self.optimizer
        model.compile(getattr(library.optimizers, name)(**arguments), loss=self.loss)
        return model


def relative_error(found: Any, expected: Any) -> float:
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))


@pytest.mark.parametrize("number", range(2 * len(LOSSES)))
def test_the_same_losses_and_weights(number: int) -> None:
    network = Network(number)
    theirs, ours = network.build(keras), network.build(ranvier)
    ours.set_weights(theirs.get_weights())
    losses = []
    for begin in range(0, len(network.x), ROWS):
        rows = slice(begin, begin + ROWS)
        theirs.reset_metrics()
        losses.append(
            (
                float(theirs.train_on_batch(network.x[rows], network.y[rows])),
                ours.train_on_batch(network.x[rows], network.y[rows]),
            )
        )
    expected, found = np.transpose(losses)
    assert relative_error(found, expected) < AGREEMENT
    for ours_weight, theirs_weight in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert relative_error(ours_weight, theirs_weight) < AGREEMENT
    assert relative_error(ours.predict(network.x), theirs.predict(network.x, verbose=0)) < AGREEMENT


@pytest.mark.parametrize("number", range(0, 2 * len(LOSSES), 3))
def test_the_same_history_of_a_fit(number: int) -> None:
    """In the order of the rows, with a validation set and a smaller last batch."""
    network = Network(number)
    theirs, ours = network.build(keras), network.build(ranvier)
    ours.set_weights(theirs.get_weights())
    settings = {"batch_size": 24, "epochs": 2, "shuffle": False, "verbose": 0, "validation_split": 0.2}
    expected, found = (model.fit(network.x, network.y, **settings).history for model in (theirs, ours))
    assert set(found) == set(expected)
    for name in expected:
        assert relative_error(found[name], expected[name]) < AGREEMENT
    expected, found = (model.evaluate(network.x, network.y, verbose=0) for model in (theirs, ours))
    assert relative_error(found, expected) < AGREEMENT
