"""Forty random networks, trained for twenty steps here and in Keras: the same losses and weights.

    make test-peers

Each has an optimizer with options of its own, penalties, constraints and normalization layers, drawn from its number.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras")

import ranvier  # noqa: E402

# Warnings of Keras are its own affair.
pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("default")]

NETWORKS, STEPS, ROWS, INPUTS, OUTPUTS = 40, 20, 24, 6, 3
# Of the greatest weight or loss, in float32.
TOLERANCE = 1e-4

Choice = dict[str, Any]

OPTIMIZERS: list[tuple[str, Choice]] = [
    ("SGD", {"learning_rate": 0.05}),
    ("SGD", {"learning_rate": 0.02, "momentum": 0.9, "nesterov": True, "clipnorm": 0.5}),
    ("RMSprop", {"learning_rate": 0.003}),
    ("RMSprop", {"learning_rate": 0.003, "momentum": 0.5, "centered": True, "epsilon": 1e-4}),
    ("Adam", {"learning_rate": 0.01}),
    ("Adam", {"learning_rate": 0.01, "amsgrad": True, "global_clipnorm": 0.3}),
    ("Adam", {"learning_rate": 0.01, "gradient_accumulation_steps": 3}),
    ("Adam", {"learning_rate": 0.01, "use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 5}),
    ("AdamW", {"learning_rate": 0.01, "weight_decay": 0.1}),
    ("Adamax", {"learning_rate": 0.01}),
    ("Nadam", {"learning_rate": 0.01}),
    ("Adagrad", {"learning_rate": 0.05, "weight_decay": 0.02}),
    ("Adadelta", {"learning_rate": 1.0}),
    ("Ftrl", {"learning_rate": 0.05, "l1_regularization_strength": 0.01, "l2_regularization_strength": 0.02}),
    ("Ftrl", {"learning_rate": 0.05, "l2_shrinkage_regularization_strength": 0.01, "beta": 0.1}),
    ("Lion", {"learning_rate": 0.002}),
    ("Adafactor", {"learning_rate": 0.05}),
    ("Lamb", {"learning_rate": 0.01, "clipvalue": 0.1}),
]
SCHEDULES: list[tuple[str, Choice]] = [
    ("ExponentialDecay", {"initial_learning_rate": 0.02, "decay_steps": 5, "decay_rate": 0.7}),
    ("CosineDecay", {"initial_learning_rate": 0.001, "decay_steps": 15, "warmup_target": 0.02, "warmup_steps": 5}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.02, "first_decay_steps": 6}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.02, "decay_steps": 5, "decay_rate": 0.5, "staircase": True}),
    ("PiecewiseConstantDecay", {"boundaries": [4, 11], "values": [0.02, 0.01, 0.003]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.02, "decay_steps": 8, "cycle": True, "power": 2.0}),
]
REGULARIZERS: list[tuple[str, Choice] | None] = [
    None,
    ("L1", {"l1": 0.003}),
    ("L2", {"l2": 0.01}),
    ("L1L2", {"l1": 0.002, "l2": 0.004}),
    ("OrthogonalRegularizer", {"factor": 0.1, "mode": "columns"}),
]
SMOOTH = [choice for choice in REGULARIZERS if choice is None or choice[0] == "L2"]
CONSTRAINTS: list[tuple[str, Choice] | None] = [
    None,
    ("MaxNorm", {"max_value": 1.0}),
    ("NonNeg", {}),
    ("UnitNorm", {"axis": 1}),
    ("MinMaxNorm", {"min_value": 0.5, "max_value": 0.9, "rate": 0.6}),
]
NORMALIZATIONS: list[tuple[str, Choice] | None] = [
    None,
    ("BatchNormalization", {"momentum": 0.8}),
    ("LayerNormalization", {}),
    ("GroupNormalization", {"groups": 2}),
    ("RMSNormalization", {}),
    ("UnitNormalization", {}),
]


def network(library: Any, number: int) -> Any:
    """The network of this number, compiled; the same layers in either library."""
    random = np.random.default_rng(number)

    def made(module: Any, choice: tuple[str, Choice] | None) -> Any:
        return None if choice is None else getattr(module, choice[0])(**choice[1])

    def pick(choices: list[Any]) -> Any:
        return choices[random.integers(len(choices))]

    layers, regularizers, constraints = library.layers, library.regularizers, library.constraints
    stack: list[Any] = [library.Input((INPUTS,))]
    name, arguments = OPTIMIZERS[number % len(OPTIMIZERS)]

    def penalty(constraint: Any) -> Any:
        # Where weights become exactly 0, the slope of |x| is 0 here and in most backends, but 1 in JAX.
        zeros = name == "Ftrl" or (constraint is not None and constraint[0] == "NonNeg")
        return made(regularizers, pick(SMOOTH if zeros else REGULARIZERS))

    for _ in range(random.integers(1, 3)):
        # Ftrl forgets the initial weights; stretched back to a norm, what rounding left of them would be compared.
        constraint = None if name == "Ftrl" else pick(CONSTRAINTS)
        stack.append(
            layers.Dense(
                2 * int(random.integers(3, 8)),
                activation=pick(["tanh", "gelu", "softplus"]),
                kernel_regularizer=penalty(constraint),
                bias_regularizer=made(regularizers, pick(SMOOTH)),
                activity_regularizer=made(regularizers, pick([*SMOOTH, *REGULARIZERS[1:4:2]])),
                kernel_constraint=made(constraints, constraint),
            )
        )
        normalization = made(layers, pick(NORMALIZATIONS))
        stack += [] if normalization is None else [normalization]
    stack.append(layers.Dense(OUTPUTS, kernel_regularizer=penalty(None)))
    model = library.Sequential(stack)
    if number >= len(OPTIMIZERS) and number % 3 == 0:
        schedules = library.optimizers.schedules
        arguments = arguments | {"learning_rate": made(schedules, SCHEDULES[number // 3 % len(SCHEDULES)])}
    optimizer = getattr(library.optimizers, name)(**arguments)
    if number % 2:
        optimizer.exclude_from_weight_decay(var_names=["bias"])
    model.compile(optimizer=optimizer, loss=pick(["mse", "huber", "log_cosh"]))
    return model


@pytest.mark.parametrize("number", range(NETWORKS))
def test_losses_and_weights_are_those_of_keras(number: int) -> None:
    keras.utils.set_random_seed(number)
    random = np.random.default_rng(1000 + number)
    ours, theirs = network(ranvier, number), network(keras, number)
    weights = [
        w if "variance" in variable.path else w + random.normal(scale=0.3, size=w.shape).astype("f4")
        for variable, w in zip(theirs.weights, theirs.get_weights(), strict=True)
    ]
    assert [variable.path.split("/")[-1] for variable in ours.weights] == [
        variable.path.split("/")[-1] for variable in theirs.weights
    ]
    for model in (ours, theirs):
        model.set_weights(weights)
    x = random.normal(size=(STEPS, ROWS, INPUTS)).astype("f4")
    y = random.normal(size=(STEPS, ROWS, OUTPUTS)).astype("f4")

    def assert_close(found: Any, expected: Any, what: str) -> None:
        found, expected = np.asarray(found, float), np.asarray(expected, float)
        assert np.max(abs(found - expected)) <= TOLERANCE * max(np.max(abs(expected)), 0.1), what

    for step in range(STEPS):
        losses = [float(np.asarray(model.train_on_batch(x[step], y[step]))) for model in (ours, theirs)]
        assert_close(losses[0], losses[1], f"loss of step {step}")
        assert_close(ours.optimizer.learning_rate, np.asarray(theirs.optimizer.learning_rate), f"rate after {step}")
    for found, expected, variable in zip(ours.get_weights(), theirs.get_weights(), theirs.weights, strict=True):
        assert_close(found, expected, variable.path)
    assert_close(ours.predict(x[0]), theirs.predict(x[0], verbose=0), "predictions")
    assert_close(ours.evaluate(x[0], y[0], verbose=0), theirs.evaluate(x[0], y[0], verbose=0), "evaluation")
