"""What callbacks and metrics cost: the notes' network with and without them, in microseconds a step.

Those that write files are charged for what they do besides: the time of the same writes, measured alone between the
rounds, is shown in a column of its own and taken off before the ratio. Variants take turns.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import ranvier
import report
import teams
from ranvier import callbacks
from ranvier.layers import Dense

ROWS, BATCH = 2100, 10


def network(metrics: list[str]) -> ranvier.Sequential:
    """The network of the notes, 1-16-32-2."""
    stack = [
        Dense(16, input_shape=(1,), activation="relu"),
        Dense(32, activation="relu"),
        Dense(2, activation="softmax"),
    ]
    model = ranvier.Sequential(stack)
    model.compile(ranvier.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=metrics)
    return model


def variants(folder: Path) -> dict[str, tuple[list[str], Callable[[], list[Any]]]]:
    """Metrics, and what makes the callbacks, of each variant."""

    def stopping() -> list[Any]:
        return [callbacks.EarlyStopping("loss", patience=10**9, restore_best_weights=True)]

    def log() -> list[Any]:
        return [callbacks.CSVLogger(folder / "log.csv")]

    def checkpoint() -> list[Any]:
        return [callbacks.ModelCheckpoint(folder / "model.safetensors", monitor="loss")]

    return {
        "nothing": ([], list),
        "accuracy": (["accuracy"], list),
        "EarlyStopping": ([], stopping),
        "CSVLogger": ([], log),
        "ModelCheckpoint": ([], checkpoint),
        "all of them": (["accuracy"], lambda: stopping() + log() + checkpoint()),
    }


def writes(model: ranvier.Sequential, kinds: list[Any], epochs: int, logs: dict[str, float]) -> float:
    """Seconds that the files of a round take by themselves."""
    spent = 0.0
    for one in kinds:
        start = time.perf_counter()
        if isinstance(one, callbacks.ModelCheckpoint):
            for _ in range(epochs):
                model.save(one.filepath)
        if isinstance(one, callbacks.CSVLogger):
            one.on_train_begin()
            for epoch in range(epochs):
                one.on_epoch_end(epoch, logs)
            one.on_train_end()
        spent += time.perf_counter() - start
    return spent


def main() -> None:
    """Prints a table and writes the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="turns of each variant")
    parser.add_argument("--epochs", type=int, default=100, help="in a round, of 210 steps each")
    options = parser.parse_args()
    random = np.random.default_rng(1)
    x, y = random.random((ROWS, 1), dtype=np.float32), random.integers(0, 2, ROWS)
    steps = options.epochs * -(-ROWS // BATCH)
    times: dict[str, list[float]] = {}
    spent: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        chosen = variants(Path(name))
        models = {variant: network(metrics) for variant, (metrics, _) in chosen.items()}

        def fit(variant: str) -> None:
            models[variant].fit(x, y, BATCH, options.epochs, verbose=0, callbacks=chosen[variant][1]())

        for turn in range(options.rounds + 1):  # the first warms up
            for variant, (_, make) in chosen.items():
                start = time.perf_counter()
                fit(variant)
                took = time.perf_counter() - start
                written = writes(models[variant], make(), options.epochs, {"accuracy": 0.5, "loss": 0.5})
                if turn:
                    times.setdefault(variant, []).append(1e6 * took / steps)
                    spent.setdefault(variant, []).append(1e6 * written / steps)

    def ratio(variant: str) -> float:
        pairs = zip(times[variant], spent[variant], times["nothing"], strict=True)
        return statistics.median((took - written) / plain for took, written, plain in pairs)

    rows = [
        [name, f"{statistics.median(times[name]):.2f}", f"{statistics.median(spent[name]):.2f}", f"{ratio(name):.3f}"]
        for name in times
    ]
    print("\nMicroseconds a step, those of file writes alone, and the ratio without them:\n")
    print(report.table(["", "us/step", "files", "ratio"], rows))
    ratios = {name: ratio(name) for name in times}
    teams.OUTPUT.mkdir(parents=True, exist_ok=True)
    report.write(teams.OUTPUT / "callbacks.json", {"microseconds_a_step": times, "files": spent, "ratios": ratios})


if __name__ == "__main__":
    main()
