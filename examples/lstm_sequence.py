"""The adding problem: an LSTM learns to add the two numbers of a sequence that are marked (Hochreiter et al., 1997).

    python examples/lstm_sequence.py

Each of 30 steps has a number from 0 to 1 and a mark that is 1 at two steps, somewhere in the first and somewhere in
the second half; the answer is the sum of the two marked numbers. Without a memory of the first mark the best guess is
1, with a mean squared error of 0.167. After 20 epochs the error on new sequences is 0.0001, in 4 seconds.
"""

import sys

import numpy as np
from numpy.typing import NDArray

import ranvier
from ranvier import Input, Sequential
from ranvier.layers import LSTM, Dense
from ranvier.optimizers import Adam

STEPS = 30


def sequences(rows: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Numbers and marks, (rows, STEPS, 2), and the sums of the marked numbers, (rows, 1)."""
    random = np.random.default_rng(seed)
    numbers, marks = random.uniform(size=(rows, STEPS)), np.zeros((rows, STEPS))
    every = np.arange(rows)
    marks[every, random.integers(0, STEPS // 2, rows)] = 1
    marks[every, random.integers(STEPS // 2, STEPS, rows)] = 1
    x = np.stack([numbers, marks], axis=-1).astype("float32")
    return x, np.sum(numbers * marks, axis=1, keepdims=True)


def main(rows: int = 10_000, epochs: int = 20) -> float:
    """Trains, prints errors and some examples; returns the mean squared error on new sequences."""
    ranvier.utils.set_random_seed(1)
    x, y = sequences(rows, seed=1)
    model = Sequential([Input((STEPS, 2)), LSTM(48), Dense(1)])
    model.summary()
    model.compile(Adam(learning_rate=0.005), loss="mse")
    model.fit(x, y, batch_size=50, epochs=epochs, verbose=2)

    new_x, new_y = sequences(1000, seed=2)
    error: float = model.evaluate(new_x, new_y, verbose=0)
    print(f"\nMean squared error on new sequences: {error:.5f}; always answering 1: {np.mean((new_y - 1) ** 2):.5f}\n")
    for found, (numbers, marks), expected in zip(
        model.predict(new_x[:5])[:, 0], new_x[:5].transpose(0, 2, 1), new_y[:, 0], strict=False
    ):
        first, second = numbers[marks == 1]
        print(f"{first:.3f} + {second:.3f} = {expected:.3f}, said {found:.3f}")
    return error


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
