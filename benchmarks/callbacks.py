"""What callbacks and metrics cost: the notes' network with and without them, in microseconds a step.

Processor time, and variants take turns, so a busy machine hits all alike. Checkpoints are not written meanwhile: what a
file costs is measured by itself, on the clock, and shown beside.
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


def seconds_of_a_file(model: ranvier.Sequential, path: Path, files: int = 50) -> float:
    """On the clock: most of it is waiting for the disk."""
    start = time.perf_counter()
    for _ in range(files):
        model.save(path)
    return (time.perf_counter() - start) / files


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
    with tempfile.TemporaryDirectory() as name:
        chosen = variants(Path(name))
        models = {variant: network(metrics) for variant, (metrics, _) in chosen.items()}
        for turn in range(options.rounds + 1):  # the first warms up
            for variant, (_, make) in chosen.items():
                models[variant].save = lambda *_, **__: None  # type: ignore[method-assign]
                start = time.process_time()
                models[variant].fit(x, y, BATCH, options.epochs, verbose=0, callbacks=make())
                if turn:
                    times.setdefault(variant, []).append(1e6 * (time.process_time() - start) / steps)
        saved = network([])
        saved.fit(x, y, BATCH, verbose=0)
        file = seconds_of_a_file(saved, Path(name) / "model.safetensors")
    ratios = {
        name: statistics.median(mine / plain for mine, plain in zip(times[name], times["nothing"], strict=True))
        for name in times
    }
    rows = [[name, f"{statistics.median(times[name]):.2f}", f"{ratio:.3f}"] for name, ratio in ratios.items()]
    print("\nMicroseconds of a processor for a step:\n")
    print(report.table(["", "us/step", "ratio"], rows))
    print(f"\nA checkpoint, which an epoch of {-(-ROWS // BATCH)} steps writes, takes {1e3 * file:.1f} ms.")
    teams.OUTPUT.mkdir(parents=True, exist_ok=True)
    report.write(
        teams.OUTPUT / "callbacks.json", {"microseconds_a_step": times, "ratios": ratios, "seconds_a_file": file}
    )


if __name__ == "__main__":
    main()
