"""What optimizers do besides their formulas: schedules, exclusions from decay, averages, state, names."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cases import OPTIMIZERS, SCHEDULES, Schedule

from ranvier import Input, Sequential, _core, callbacks, layers, optimizers
from ranvier.optimizers import schedules

X = np.random.default_rng(1).normal(size=(24, 3))
Y = np.random.default_rng(2).normal(size=(24, 2))


def model(optimizer: Any, **compile_arguments: Any) -> Sequential:
    made = Sequential([Input((3,)), layers.Dense(2, kernel_initializer="ones", dtype="float64", name="dense")])
    made.compile(optimizer, "mse", **compile_arguments)
    return made


def fit(made: Sequential, batches: int = 6, **arguments: Any) -> None:
    made.fit(X, Y, batch_size=24 // batches, shuffle=False, verbose=0, **arguments)


class Steps(callbacks.Callback):
    """What the learning rate is before each batch, and by how much a gradient of 1 would move a weight."""

    def __init__(self) -> None:
        super().__init__()
        self.rates: list[float] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self.rates.append(self.model.optimizer.learning_rate)


def test_every_native_optimizer_has_a_row_and_a_class() -> None:
    assert _core.optimizer_kinds() == sorted({case.kind for case in OPTIMIZERS})
    classes = {name for name in optimizers.__all__ if isinstance(getattr(optimizers, name), type)}
    assert classes - {"Optimizer"} == {case.name for case in OPTIMIZERS}


def test_every_native_schedule_has_a_row_and_a_class() -> None:
    assert _core.schedule_kinds() == sorted({getattr(schedules, case.name).kind for case in SCHEDULES})


@pytest.mark.parametrize(
    ("case", "arguments"),
    [pytest.param(case, a, id=f"{case.name}-{a}") for case in SCHEDULES for a in case.arguments],
)
def test_schedules(case: Schedule, arguments: dict[str, Any]) -> None:
    schedule = getattr(schedules, case.name)(**arguments)
    for step in [*range(75), 99, 100, 101, 150, 310, 1000]:
        assert schedule(step) == pytest.approx(case.formula(step, **arguments), rel=1e-12, abs=1e-15), step
    again = schedules.deserialize(json.loads(json.dumps(schedules.serialize(schedule))))
    assert type(again) is type(schedule)
    assert again.get_config() == schedule.get_config()
    assert again(7) == schedule(7)


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [pytest.param(case.name, a, words, id=words) for case in SCHEDULES for a, words in case.bad_arguments],
)
def test_bad_schedules_are_named(name: str, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        getattr(schedules, name)(**arguments)


class Halving(schedules.LearningRateSchedule):
    def __init__(self, start: float) -> None:
        self.start = start

    def __call__(self, step: int) -> float:
        return self.start / 2**step


@pytest.mark.parametrize("schedule", [schedules.ExponentialDecay(0.1, 1, 0.5), Halving(0.1)], ids=["native", "own"])
@pytest.mark.parametrize("watched", [False, True])
def test_training_follows_a_schedule(schedule: schedules.LearningRateSchedule, watched: bool) -> None:
    made, expected = model(optimizers.SGD(schedule)), model(optimizers.SGD(0.1))
    steps = Steps()
    for _ in range(2):
        fit(made, callbacks=[steps] if watched else [])
    for step in range(12):
        expected.optimizer.learning_rate = 0.1 / 2**step
        part = slice(step % 6 * 4, step % 6 * 4 + 4)
        expected.train_on_batch(X[part], Y[part])
    np.testing.assert_allclose(made.get_weights()[0], expected.get_weights()[0], rtol=1e-13)
    assert made.optimizer.learning_rate == pytest.approx(0.1 / 2**12)
    if watched:
        assert steps.rates == pytest.approx([0.1 / 2**step for step in range(12)])


def test_a_schedule_cannot_be_set_to_a_number_but_to_a_schedule() -> None:
    optimizer = optimizers.Adam(schedules.ExponentialDecay(0.1, 10, 0.5))
    with pytest.raises(TypeError, match="follows ExponentialDecay, it cannot be set to a number"):
        optimizer.learning_rate = 0.1
    optimizer.learning_rate = schedules.CosineDecay(0.4, 10)
    assert optimizer.learning_rate == pytest.approx(0.4)
    assert optimizers.deserialize(optimizers.serialize(optimizer)).learning_rate == pytest.approx(0.4)


def test_a_function_gives_the_rate_of_each_pass() -> None:
    rates = iter([0.1, 0.0])
    optimizer = optimizers.SGD(lambda: next(rates))
    made = model(optimizer)
    fit(made)
    before = made.get_weights()[0]
    fit(made)
    assert (made.get_weights()[0] == before).all()
    with pytest.raises(TypeError, match="cannot be written down: subclass LearningRateSchedule"):
        optimizer.get_config()


@pytest.mark.parametrize(("value", "error"), [(-1.0, ValueError), (math.nan, ValueError), ("x", ValueError)])
def test_a_bad_rate_of_a_schedule_stops_before_training(value: Any, error: type[Exception]) -> None:
    class Bad(schedules.LearningRateSchedule):
        def __call__(self, step: int) -> Any:
            return 0.1 if step < 3 else value

    made = model(optimizers.SGD(Bad()))
    before = made.get_weights()[0].copy()
    with pytest.raises(error):
        fit(made)
    assert (made.get_weights()[0] == before).all()


def test_the_rate_can_be_set_between_batches() -> None:
    class Silence(callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.model.optimizer.learning_rate = 0.1 if batch == 0 else 0.0

    made, expected = model("sgd"), model(optimizers.SGD(0.1))
    fit(made, callbacks=[Silence()])
    expected.train_on_batch(X[:4], Y[:4])
    np.testing.assert_allclose(made.get_weights()[0], expected.get_weights()[0], rtol=1e-14)


@pytest.mark.parametrize(
    ("choose", "keeps"),
    [
        (lambda made: {"var_names": ["bia"]}, {"bias"}),
        (lambda made: {"var_names": ["^k", "x"]}, {"kernel"}),
        (lambda made: {"var_list": made.weights[:1]}, {"kernel"}),
        (lambda made: {"var_list": made.weights[:1], "var_names": ["bias"]}, {"kernel", "bias"}),
    ],
)
def test_exclusion_from_weight_decay(choose: Callable[[Any], dict[str, Any]], keeps: set[str]) -> None:
    optimizer = optimizers.SGD(0.5, weight_decay=0.2)
    made = model(optimizer, loss_weights=[0.0])
    optimizer.exclude_from_weight_decay(**choose(made))
    made.layers[0].set_weights([np.ones((3, 2)), np.ones(2)])
    fit(made, 1)
    for weight in made.weights:
        np.testing.assert_allclose(weight.numpy(), 1 if weight.name in keeps else 0.9)
    with pytest.raises(ValueError, match="must be called before the first step"):
        optimizer.exclude_from_weight_decay(var_names=["bias"])


def test_the_average_takes_the_place_of_the_weights_when_fit_ends() -> None:
    averaging, plain = model(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)), model(optimizers.SGD(0.1))
    fit(averaging, 2)
    average, weights = None, []
    for part in (slice(0, 12), slice(12, 24)):
        plain.train_on_batch(X[part], Y[part])
        weights = plain.get_weights()
        average = weights if average is None else [0.5 * a + 0.5 * w for a, w in zip(average, weights, strict=True)]
    for found, expected, last in zip(averaging.get_weights(), average, weights, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13)
        assert (found != last).any()


def test_accumulated_gradients_are_those_of_one_large_batch() -> None:
    made, expected = model(optimizers.Adam(0.1, gradient_accumulation_steps=4)), model(optimizers.Adam(0.1))
    fit(made, 4)
    fit(expected, 1)
    np.testing.assert_allclose(made.get_weights()[0], expected.get_weights()[0], rtol=1e-12)
    assert made.optimizer.iterations == expected.optimizer.iterations == 1


def test_compile_uses_rmsprop_by_default() -> None:
    made = Sequential([Input((3,)), layers.Dense(2)])
    made.compile(loss="mse")
    assert isinstance(made.optimizer, optimizers.RMSprop)


@pytest.mark.parametrize("name", ["RMSprop", "rmsprop", "AdamW", "adamw", "FTRL", "lion"])
def test_optimizers_have_names_in_any_case(name: str) -> None:
    assert type(optimizers.get(name)).__name__.lower() == name.lower()
