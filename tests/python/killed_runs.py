"""Kills a training again and again at random moments and prints, as JSON, what came out and what should have.

A program of its own since it forks: run by test_backup.py as `python killed_runs.py FOLDER KILLS`.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np

from ranvier import Input, Sequential, callbacks, layers, optimizers
from ranvier.utils import set_random_seed

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(200, 6))
Y = (X @ RANDOM.normal(size=(6, 3))).argmax(1)


def train(folder: Path, save_freq: int | str | None, log: Path) -> str:
    """A digest of everything that a training leaves: weights, history, log file, optimizer."""
    set_random_seed(4)
    model = Sequential(
        [Input((6,)), layers.Dense(16, activation="relu"), layers.Dropout(0.2), layers.Dense(3, activation="softmax")]
    )
    model.compile(optimizers.Adam(0.01), "sparse_categorical_crossentropy", metrics=["acc"])
    backup = [] if save_freq is None else [callbacks.BackupAndRestore(folder, save_freq)]
    history = model.fit(
        X,
        Y,
        batch_size=10,
        epochs=30,
        validation_split=0.2,
        verbose=0,
        callbacks=[
            *backup,
            callbacks.EarlyStopping(patience=6, restore_best_weights=True),
            callbacks.ReduceLROnPlateau(patience=2, min_delta=0.05, cooldown=1),
            callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.99),
            callbacks.CSVLogger(log),
        ],
    )
    arrays = [*model.get_weights(), *model.optimizer.variables]
    told = [history.history, history.epoch, model.optimizer.iterations, model.optimizer.learning_rate]
    return hashlib.sha256(
        b"".join(array.tobytes() for array in arrays) + repr(told).encode() + log.read_bytes()
    ).hexdigest()


def run_killed(folder: Path, save_freq: int | str, kills: int, chance: random.Random) -> tuple[str, int]:
    """Forks and kills until a run ends by itself, `kills` times at most; returns its digest and the number of kills."""
    backup, log = folder / f"backup-{save_freq}", folder / f"{save_freq}.csv"
    read, write = os.pipe()
    killed, patience = 0, 0.01
    while True:
        child = os.fork()
        if child == 0:
            os.write(write, train(backup, save_freq, log).encode())
            os._exit(0)
        before = _stamp(backup)
        if killed < kills:
            time.sleep(chance.uniform(0, patience))
            os.kill(child, signal.SIGKILL)
        if os.waitpid(child, 0)[1] == 0:
            assert not backup.exists(), "the backup of a complete run is removed"
            return os.read(read, 64).decode(), killed
        killed += 1
        if _stamp(backup) == before:
            patience *= 1.3  # too short for a single backup on this machine


def _stamp(backup: Path) -> float:
    latest = backup / "latest.safetensors"
    return latest.stat().st_mtime_ns if latest.exists() else 0


def main(folder: Path, kills: int) -> None:
    """Alternates between backups of epochs and of batches."""
    chance = random.Random(1)
    expected = train(folder, None, folder / "whole.csv")
    found, left = [], kills
    while left > 0:
        for save_freq in ("epoch", 7):
            digest, killed = run_killed(folder, save_freq, min(left, kills // 3), chance)
            found.append(digest)
            left -= killed
    print(json.dumps({"expected": expected, "found": found, "kills": kills - left}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
