"""Every optimizer: fifty steps against the formula in float64, with each way of clipping, and its state."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from cases import OPTIMIZERS, Optimizer
from harness import DTYPES, assert_same_bits, identifier
from reference import DenseNetwork, Stepper

from ranvier import _core, config, optimizers

STEPS = 50
# Rounding errors of fifty steps. Training may amplify them without end, which says nothing about an optimizer, where a
# gradient is nothing but a rounding error and is divided by its own size (RMSprop, Nadam) or gives its sign (Lion). So
# there are 200 rows, since 20 are learnt by heart within fifty steps and leave no gradient; and of the seeds 1 to 30
# this is one with which no gradient passes so near to 0.
AFTER_STEPS = {"float64": {"rtol": 1e-10, "atol": 1e-12}, "float32": {"rtol": 2e-4, "atol": 2e-5}}
ROWS, SEED = 200, 15
# A step of this Adafactor may be 0.3 of the weights' own size: what float32 rounds grows tenfold by the fiftieth.
AFTER_LEAPS = {"rtol": 2e-3, "atol": 2e-4}


def tolerance(case: Optimizer, arguments: dict[str, Any], dtype: str) -> dict[str, float]:
    leaps = case.name == "Adafactor" and arguments.get("learning_rate", 0) >= 0.3
    return AFTER_LEAPS if leaps and dtype == "float32" else AFTER_STEPS[dtype]


every_optimizer = pytest.mark.parametrize(
    ("case", "arguments"),
    [
        pytest.param(case, arguments, id=identifier(case, arguments))
        for case in OPTIMIZERS
        for arguments in case.arguments
    ],
)
# Weights that fill less than a vector, and such that they are updated tile by tile of the product, without a gradient
# in memory: from 4096 elements on.
SIZES = {"small": (3, 5, 2), "large": (70, 90, 3)}


def default_rate(case: Optimizer) -> float:
    return getattr(optimizers, case.name)().learning_rate


class Both:
    """A network with two dense layers, native and in NumPy, on the same data."""

    def __init__(self, case: Optimizer, arguments: dict[str, Any], dtype: str, sizes: tuple[int, ...]) -> None:
        random = np.random.default_rng(SEED)
        self.x = random.normal(size=(ROWS, sizes[0])).astype(dtype)
        self.y = random.normal(size=(ROWS, sizes[-1])).astype(dtype)
        scalars = config.scalars(dtype)
        network = scalars.Network("network")
        value = network.add_input(sizes[:1], "x")
        for units, activation in zip(sizes[1:], ("tanh", "linear"), strict=True):
            [value] = network.add(
                scalars.Layer("dense", {"units": units, "activation": activation}, activation), [value]
            )
        network.set_outputs([value])
        self.parameters = network.parameters
        for parameter in self.parameters:
            parameter.numpy()[...] = random.normal(scale=0.3, size=parameter.shape)
        self.optimizer = getattr(optimizers, case.name)(**arguments)
        self.native = self.optimizer.native_for(self, dtype)
        loss = scalars.Loss("mean_squared_error", {}, "mean")
        self.trainer = scalars.Trainer(network, [loss], [1.0], [[]], [[]], self.native)
        self.feed = _core.Feed([self.x], [self.y], [None])
        self.reference = DenseNetwork([p.numpy().astype(float) for p in self.parameters], ["tanh", "linear"])
        self.stepper = Stepper(case.update, arguments, default_rate(case), case.decay)

    def step(self) -> tuple[float, float]:
        """One step of each; the losses before it."""
        self.trainer.begin(self.feed, ROWS, True, False, 0, -1)
        self.trainer.run(float("inf"), -1)
        loss, gradients, _ = self.reference.gradients(self.x.astype(float), self.y.astype(float), "mean_squared_error")
        self.reference.weights = self.stepper.step(self.reference.weights, gradients)
        return self.trainer.results()[0], float(np.mean(loss))


@every_optimizer
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.usefixtures("isa")
def test_fifty_steps(case: Optimizer, arguments: dict[str, Any], size: str, dtype: str) -> None:
    both = Both(case, arguments, dtype, SIZES[size])
    close = tolerance(case, arguments, dtype)
    for _ in range(STEPS):
        np.testing.assert_allclose(*both.step(), **close)
    assert both.native.iterations == STEPS
    assert both.optimizer.iterations == STEPS // arguments.get("gradient_accumulation_steps", 1)
    for parameter, expected in zip(both.parameters, both.reference.weights, strict=True):
        np.testing.assert_allclose(parameter.numpy(), expected, **close)
    stepper, names = both.stepper, [parameter.name for parameter in both.parameters]
    expected_state = []
    if "use_ema" in arguments:
        expected_state += [(f"{name}_average", a) for name, a in zip(names, stepper.averages, strict=True)]
    if "gradient_accumulation_steps" in arguments:
        expected_state += [
            (f"{name}_gradient_accumulator", a) for name, a in zip(names, stepper.accumulated, strict=True)
        ]
    expected_state += [
        (f"{name}_{slot}", state[slot])
        for name, state in zip(names, stepper.states, strict=True)
        for slot in case.slots(arguments)
        if slot in state
    ]
    for (name, found), (expected_name, expected) in zip(both.native.state(), expected_state, strict=True):
        assert name == expected_name
        np.testing.assert_allclose(found, expected, **close)


@every_optimizer
def test_a_new_learning_rate_takes_effect_with_the_next_step(case: Optimizer, arguments: dict[str, Any]) -> None:
    both = Both(case, arguments, "float64", SIZES["small"])
    for rate in (None, 0.05, 0.002, 0.0):
        if rate is not None:
            both.optimizer.learning_rate = rate
            both.stepper.arguments = {**arguments, "learning_rate": rate}
        for _ in range(3):
            np.testing.assert_allclose(*both.step(), **AFTER_STEPS["float64"])
    for parameter, expected in zip(both.parameters, both.reference.weights, strict=True):
        np.testing.assert_allclose(parameter.numpy(), expected, **AFTER_STEPS["float64"])


@every_optimizer
def test_weights_that_are_not_trained_stay(case: Optimizer, arguments: dict[str, Any]) -> None:
    both = Both(case, arguments, "float64", SIZES["small"])
    frozen = [parameter.numpy().copy() for parameter in both.parameters]
    for parameter in both.parameters[1:3]:
        parameter.trainable = False
    for _ in range(4):
        both.step()
    for i, (parameter, before) in enumerate(zip(both.parameters, frozen, strict=True)):
        if i in (1, 2):
            assert_same_bits(parameter.numpy(), before)
        else:
            assert (parameter.numpy() != before).any()
    # Both kernels and biases may share a name, but only those that are trained have state.
    shared = ("use_ema" in arguments) + ("gradient_accumulation_steps" in arguments)
    assert len(both.native.state()) == 2 * shared + sum(
        parameter.name == "kernel" or slot not in ("rows", "columns")
        for parameter in (both.parameters[0], both.parameters[3])
        for slot in case.slots(arguments)
    )


@every_optimizer
def test_configuration_survives_json(case: Optimizer, arguments: dict[str, Any]) -> None:
    optimizer = getattr(optimizers, case.name)(**arguments)
    again = optimizers.deserialize(json.loads(json.dumps(optimizers.serialize(optimizer))))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()
    assert again.native_config() == optimizer.native_config()


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        pytest.param(case.name, arguments, words, id=f"{case.name}-{words}")
        for case in OPTIMIZERS
        for arguments, words in case.bad_arguments
    ],
)
def test_bad_arguments_are_named(name: str, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=re.escape(words)) as error:
        getattr(optimizers, name)(**arguments)
    assert str(error.value).startswith(f"[{name}] ")


@pytest.mark.parametrize("case", OPTIMIZERS, ids=lambda case: case.name)
def test_the_older_name_of_the_learning_rate(case: Optimizer) -> None:
    assert getattr(optimizers, case.name)(lr=0.25).learning_rate == 0.25
