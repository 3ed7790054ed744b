"""What plans hold: in training activations, and gradients that are alive at a time; in inference what is alive."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier import Input, Model, Sequential, layers

RANDOM = np.random.default_rng(0)
FLOAT = 4  # bytes


def cnn() -> tuple[Model, int, int, int]:
    """A model, rows of a batch, and by hand: numbers of a row that are made, and the greatest two that follow."""
    chain = [layers.Conv2D(16, 3, padding="same", activation="relu"), layers.MaxPooling2D()]
    chain += [layers.Conv2D(32, 3, padding="same", activation="relu"), layers.MaxPooling2D(), layers.Flatten()]
    model = Sequential([Input((28, 28, 1)), *chain, layers.Dense(128, activation="relu"), layers.Dense(10)])
    made = [28 * 28 * 16, 14 * 14 * 16, 14 * 14 * 32, 7 * 7 * 32, 128, 10]
    return model, 64, sum(made), made[0] + made[1]


def lstm() -> tuple[Model, int, int, int]:
    model = Sequential([Input((50, 16)), layers.LSTM(64, return_sequences=True), layers.LSTM(64), layers.Dense(10)])
    inside = 50 * 64 * 6  # four gates, the cell and its tanh, of each step
    return model, 64, 2 * inside + 50 * 64 + 64 + 10, 2 * 50 * 64


def gpt() -> tuple[Model, int, int, int]:
    steps, width, heads, blocks = 64, 64, 4, 2
    x = Input((steps,))
    h = layers.Embedding(60, width)(x)
    for _ in range(blocks):
        n = layers.LayerNormalization()(h)
        h = layers.Add()([h, layers.MultiHeadAttention(heads, width // heads)(n, n, use_causal_mask=True)])
        n = layers.LayerNormalization()(h)
        h = layers.Add()([h, layers.Dense(width)(layers.Dense(4 * width, activation="gelu")(n))])
    model = Model(x, layers.Dense(60)(h))
    # Two normalizations, query, key, value, what is attended to, the projection, two sums, the narrow and the wide
    # layer with what its activation was made of; and the probabilities of attention with their logits.
    block = steps * width * (10 + 2 * 4) + 2 * heads * steps * steps
    return model, 16, steps * width + blocks * block + steps * 60, 2 * steps * 4 * width


def held(plan: dict[str, int]) -> int:
    """All but what threads scratch in, which does not grow with the batch."""
    return sum(plan.values()) - plan["scratch"]


def trained(model: Model, rows: int) -> Any:
    """The native trainer of a model that has seen two batches."""
    model.compile("adam", "mse")
    x = RANDOM.integers(0, 9, size=(2 * rows, *model.input_shape[1:])).astype("float32")
    model.fit(x, np.zeros((2 * rows, *model.output_shape[1:]), "float32"), batch_size=rows, verbose=0)
    assert model._compiled is not None
    [made] = model._compiled._trainers[False]._made.values()
    return made.trainer


@pytest.mark.parametrize("make", [cnn, lstm, gpt])
def test_training_holds_activations_gradients_and_a_tenth(make: Any) -> None:
    model, rows, activations, following = make()
    plan, evaluation = trained(model, rows).memory()
    inputs = int(np.prod(model.input_shape[1:]))
    gradients = rows * following + model.count_params()
    assert held(plan) <= 1.1 * FLOAT * (rows * (activations + inputs) + gradients)
    assert held(plan) >= FLOAT * rows * activations / 2  # it is counted
    assert held(evaluation) == 0  # nothing was evaluated


def test_inference_reuses_memory() -> None:
    deep, width = 20, 256
    model = Sequential([Input((width,)), *(layers.Dense(width, activation="tanh") for _ in range(deep))])
    trainer = trained(model, 64)
    model.predict(RANDOM.normal(size=(64, width)).astype("float32"))
    layer = 64 * width * FLOAT
    assert sum(plan["values"] for plan in model.network.memory()) <= 3 * layer  # each thread has a part of the rows
    assert trainer.memory()[0]["values"] >= deep * layer
    model.evaluate(np.zeros((64, width)), np.zeros((64, width)), batch_size=64, verbose=0)
    assert trainer.memory()[1]["values"] <= 3 * layer


MEASURED = """
import os, sys
import numpy as np
sys.path.insert(0, {folder!r})
from test_plan_memory import cnn, held, trained

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

trained(cnn()[0], 8)
model = cnn()[0]
before = resident()
trainer = trained(model, 640)
plan = trainer.memory()[0]
own = model.count_params() * 4 * 4  # weights, two moments, the last finite weights
data = 2 * 640 * (28 * 28 * (8 + 4) + 10 * 4)  # whole numbers and floats
print(resident() - before, held(plan) + plan["scratch"] + own + data)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_account_is_what_the_system_sees() -> None:
    script = MEASURED.format(folder=str(Path(__file__).parent))
    found = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=120)
    seen, counted = map(int, found.stdout.split())
    assert 0.7 * counted < seen < 1.1 * counted + (8 << 20)
