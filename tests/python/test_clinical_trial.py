"""The clinical trial of the course: learns as Keras learns, and exactly as independent float64 arithmetic says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases import OPTIMIZERS
from clinical_data import trial
from harness import Array
from reference import DenseNetwork, Stepper, row_order
from scipy.stats import ks_2samp

import ranvier
from ranvier.layers import Dense
from ranvier.models import Sequential
from ranvier.optimizers import Adam

# Both networks of the notes, 1-6-32-2 and 1-16-32-2: width of the first layer, activation of the last one.
FORMS = {"sigmoid": (6, "sigmoid"), "softmax": (16, "softmax")}
BATCH, EPOCHS, RATE = 10, 20, 0.0001

# What Keras reported at the end, for twenty draws of the data: seed, then loss and accuracy of each form.
KERAS = np.loadtxt(Path(__file__).with_name("keras_clinical.csv"), delimiter=",")
SEEDS = KERAS[:, 0].astype(int)

# Two samples of one distribution are farther apart than this once in a thousand; seeds are fixed, so it is drawn once.
LEVEL = 0.001

# After 4200 steps from the same weights over the same batches: what float64 rounds away.
AGREEMENT = 1e-9
# Float32 drifts: Adam takes full steps along gradients that are rounding errors, of units that are nearly dead. Then
# NumPy's own float32 says how far is usual; by chance one drift may be a few times the other.
SAME_DRIFT, NO_DRIFT = 5, 1e-4


def network(form: str, rate: float = RATE, dtype: str = "float32") -> Sequential:
    width, last = FORMS[form]
    model = Sequential(
        [
            Dense(width, input_shape=(1,), activation="relu", dtype=dtype),
            Dense(32, activation="relu", dtype=dtype),
            Dense(2, activation=last, dtype=dtype),
        ]
    )
    model.compile(Adam(lr=rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def results(form: str, rate: float = RATE) -> Array:
    """Loss and accuracy of the last epoch for each seed, on the data that Keras had."""
    ends = []
    for seed in SEEDS.tolist():
        ranvier.utils.set_random_seed(seed)
        x, y = trial(seed)
        history = network(form, rate).fit(x, y, batch_size=BATCH, epochs=EPOCHS, shuffle=True, verbose=0).history
        ends.append((history["loss"][-1], history["accuracy"][-1]))
    return np.array(ends)


def keras_results(form: str) -> Array:
    first = 1 + 2 * list(FORMS).index(form)
    return KERAS[:, first : first + 2]


@pytest.mark.parametrize("form", FORMS)
def test_learns_as_keras_does(form: str) -> None:
    """The two distributions agree (Kolmogorov and Smirnov), and so do their means. `pytest -s` shows the spread."""
    for name, ours, theirs in zip(("loss", "accuracy"), results(form).T, keras_results(form).T, strict=True):
        for library, numbers in (("Ranvier", ours), ("Keras", theirs)):
            quartiles = " ".join(f"{number:.4f}" for number in np.quantile(numbers, (0, 0.25, 0.5, 0.75, 1)))
            print(f"\n{form:<8}{name:<9}{library:<8} least, quartiles, greatest: {quartiles}", end="")
        assert ks_2samp(ours, theirs).pvalue > LEVEL, name
        standard_error = np.sqrt((ours.var(ddof=1) + theirs.var(ddof=1)) / len(SEEDS))
        assert abs(ours.mean() - theirs.mean()) < 3 * standard_error, name


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("factor", [0.5, 2])
def test_the_comparison_tells_another_learning_rate_apart(form: str, factor: float) -> None:
    """Or agreement would mean nothing."""
    assert ks_2samp(results(form, factor * RATE)[:, 0], keras_results(form)[:, 0]).pvalue < LEVEL


def train_in_numpy(
    start: list[Array], last: str, x: Array, y: Array, orders: list[Array], dtype: str
) -> tuple[list[Array], dict[str, list[float]]]:
    """The weights after an epoch for each order of the rows, and the loss and accuracy of each epoch."""
    reference = DenseNetwork([weight.astype(dtype) for weight in start], ["relu", "relu", last])
    adam = next(case for case in OPTIMIZERS if case.name == "Adam")
    stepper = Stepper(adam.update, {"learning_rate": RATE}, RATE)
    x = x.astype(dtype)
    history: dict[str, list[float]] = {"loss": [], "accuracy": []}
    for order in orders:
        losses, right = [], []
        for begin in range(0, len(order), BATCH):
            rows = order[begin : begin + BATCH]
            loss, gradients, p = reference.gradients(x[rows], y[rows], "sparse_categorical_crossentropy")
            reference.weights = stepper.step(reference.weights, gradients)
            losses.append(loss)
            right.append(p.argmax(-1) == y[rows])
        history["loss"].append(float(np.mean(losses, dtype=float)))
        history["accuracy"].append(float(np.mean(right)))
    assert reference.weights[0].dtype == dtype
    return reference.weights, history


def distance(found: Sequence[Any], expected: Sequence[Any]) -> float:
    """The norm of the difference, in units of the norm of what is expected."""
    ours, theirs = (np.concatenate([np.ravel(part).astype(float) for part in parts]) for parts in (found, expected))
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("shuffle", [True, False])
def test_agrees_with_float64_arithmetic(form: str, shuffle: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    seed = 77
    monkeypatch.setattr("ranvier.models.training.draw_seed", lambda: seed)
    x, y = trial(0)
    x = x.astype(np.float32)  # or the difference would be that of the data
    orders = [row_order(len(x), seed, epoch) if shuffle else np.arange(len(x)) for epoch in range(EPOCHS)]
    start = network(form).get_weights()

    def train(dtype: str) -> tuple[list[Array], dict[str, list[float]]]:
        model = network(form, dtype=dtype)
        model.set_weights(start)
        history = model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, shuffle=shuffle, verbose=0).history
        return model.get_weights(), history

    exact, exact_history = train_in_numpy(start, FORMS[form][1], x, y, orders, "float64")
    weights, history = train("float64")
    assert history["accuracy"] == pytest.approx(exact_history["accuracy"], abs=AGREEMENT)
    assert history["loss"] == pytest.approx(exact_history["loss"], abs=AGREEMENT)
    for found, expected in zip(weights, exact, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=AGREEMENT)

    usual, usual_history = train_in_numpy(start, FORMS[form][1], x, y, orders, "float32")
    weights, history = train("float32")
    assert distance(weights, exact) <= NO_DRIFT + SAME_DRIFT * distance(usual, exact)
    for name in ("loss", "accuracy"):
        drift = distance(usual_history[name], exact_history[name])
        assert distance(history[name], exact_history[name]) <= NO_DRIFT + SAME_DRIFT * drift
    assert distance(history["loss"], exact_history["loss"]) < 1e-3
