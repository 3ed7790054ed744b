"""The code cells of the four notes run unchanged but for the name of the library. The note 004 has no code."""

import re
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import Sequential, layers

CELLS = Path(__file__).parent / "seeds_cells"
# As the notes list them.
LOSSES = [
    "mean_squared_error",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "squared_hinge",
    "hinge",
    "categorical_hinge",
    "logcosh",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "binary_crossentropy",
    "kullback_leibler_divergence",
    "poisson",
    "cosine_proximity",
]


def run(note: str) -> dict[str, Any]:
    return runpy.run_path(str(CELLS / f"{note}.py"))


def test_note_000_builds_its_networks() -> None:
    model = run("note_000")["model"]
    assert [layer.units for layer in model.layers] == [6, 6, 4]
    assert model.count_params() == 8 * 6 + 6 + 6 * 6 + 6 + 6 * 4 + 4


def test_note_001_learns_as_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("sklearn")
    model = run("note_001")["model"]
    history = model.history.history
    assert history["loss"][0] > 0.55
    assert history["loss"][-1] < 0.45
    assert history["accuracy"][-1] > 0.85
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "Epoch 1/20"
    assert printed[38] == "Epoch 20/20"
    assert re.fullmatch(r"210/210 - 0s - \d+us/step - accuracy: 0\.\d{4} - loss: 0\.\d{4}", printed[39])


def test_note_003_goes_on_to_train() -> None:
    model = run("note_003")["model"]
    x = np.linspace(0, 1, 2100)
    # The note leaves its fit commented out, for want of the data of another one.
    model.fit(x, (x > 0.6).astype(int), batch_size=10, epochs=1, shuffle=True, verbose=0)
    assert [layer.units for layer in model.layers] == [16, 32, 2]
    assert np.isfinite(model.history.history["loss"]).all()


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_of_the_notes_trains(name: str) -> None:
    random = np.random.default_rng(1)
    x = random.random((64, 4))
    labels = random.integers(0, 3, 64)
    y = labels if name == "sparse_categorical_crossentropy" else ranvier.utils.to_categorical(labels, 3)
    model = Sequential([layers.Dense(8, activation="tanh"), layers.Dense(3, activation="softmax")])
    model.compile("sgd", name, metrics=[getattr(ranvier.metrics, name)])
    loss = model.fit(x, y, epochs=4, verbose=0).history["loss"]
    assert np.isfinite(loss).all()
    assert loss[-1] < loss[0]
    assert getattr(ranvier.losses, name)(y, model.predict(x)).shape == (64,)


def test_logits_equal_log_softmax_and_negative_log_likelihood() -> None:
    """The note 004: cross-entropy without activation, or NLLLoss with log-softmax."""
    random = np.random.default_rng(2)
    x, y = random.random((50, 4)), random.integers(0, 3, 50)
    histories = []
    for activation, loss in (
        (None, ranvier.losses.SparseCategoricalCrossentropy(from_logits=True)),
        ("log_softmax", "negative_log_likelihood"),
        ("softmax", "sparse_categorical_crossentropy"),
    ):
        ranvier.utils.set_random_seed(3)
        model = Sequential([layers.Dense(3, activation=activation)])
        model.compile("sgd", loss)
        histories.append(model.fit(x, y, epochs=3, verbose=0).history["loss"])
    np.testing.assert_allclose(histories[1:], [histories[0]] * 2, rtol=1e-5)
