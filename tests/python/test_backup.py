"""A run that is killed goes on bit for bit."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier import Input, Sequential, callbacks, layers
from ranvier.saving import ModelFileError
from ranvier.utils import set_random_seed

X = np.random.default_rng(1).normal(size=(40, 3))
Y = X.sum(1)


class Stop(Exception):
    """Stands for the end of a process."""


class StopAt(callbacks.Callback):
    """Ends a run in the middle, with some state of its own."""

    def __init__(self, epoch: int | None) -> None:
        super().__init__()
        self.epoch = epoch
        self.seen: list[Any] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == self.epoch:
            raise Stop
        self.seen.append((np.arange(epoch + 1.0), {"n": np.float32(epoch)}))

    def get_state(self) -> dict[str, Any]:
        return {"seen": self.seen}

    def set_state(self, state: dict[str, Any]) -> None:
        self.seen = state["seen"]


def run(*used: callbacks.Callback, units: int = 4, epochs: int = 6, seed: int = 1) -> tuple[Sequential, Any]:
    set_random_seed(seed)
    model = Sequential([Input((3,)), layers.Dense(units, activation="relu"), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"])
    return model, model.fit(X, Y, batch_size=7, epochs=epochs, verbose=0, callbacks=list(used)).history


@pytest.mark.parametrize("save_freq", ["epoch", 4])
@pytest.mark.parametrize("double", [False, True])
def test_goes_on_in_the_same_process(tmp_path: Path, save_freq: int | str, double: bool) -> None:
    whole = StopAt(None)
    expected, history = run(whole)
    backup = callbacks.BackupAndRestore(tmp_path / "backup", save_freq, double_checkpoint=double)
    with pytest.raises(Stop):
        run(backup, StopAt(4))
    assert sorted(path.name for path in (tmp_path / "backup").iterdir()) == (
        ["latest.safetensors", "previous.safetensors"] if double else ["latest.safetensors"]
    )
    # Another seed and other weights: all of it must come from the backup.
    second = StopAt(None)
    found, resumed = run(second, backup, seed=99)
    assert resumed == history
    for ours, theirs in zip(found.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert len(second.seen) == 6
    np.testing.assert_array_equal(second.seen[3][0], np.arange(4.0))
    assert not (tmp_path / "backup").exists()


def test_a_kept_backup_of_a_complete_run_is_complete(tmp_path: Path) -> None:
    backup = callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    _, history = run(backup)
    _, again = run(backup)
    assert again == history
    _, longer = run(backup, epochs=8)
    assert {name: values[:6] for name, values in longer.items()} == history
    assert len(longer["loss"]) == 8


def test_a_run_that_was_stopped_stays_stopped(tmp_path: Path) -> None:
    def used() -> list[callbacks.Callback]:
        return [
            callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False),
            callbacks.EarlyStopping("loss", min_delta=10, patience=1),
        ]

    _, history = run(*used())
    assert len(history["loss"]) == 2
    assert run(*used())[1] == history


def test_damage_and_strangers(tmp_path: Path) -> None:
    backup = callbacks.BackupAndRestore(tmp_path, double_checkpoint=True)
    with pytest.raises(Stop):
        run(backup, StopAt(4))
    latest = tmp_path / "latest.safetensors"
    whole = latest.read_bytes()
    leftover = tmp_path / ".latest.safetensors.1-00.partial"
    leftover.mkdir()
    (leftover / ".tmp1a").write_bytes(b"left by a process that was killed while it wrote")
    latest.write_bytes(whole[:-9])
    _, history = run(StopAt(None), backup, seed=5)
    assert history == run(StopAt(None))[1]
    assert not leftover.exists()

    single = callbacks.BackupAndRestore(tmp_path)
    tmp_path.mkdir(exist_ok=True)
    latest.write_bytes(whole[:-9])
    with pytest.raises(ModelFileError, match="damaged"):
        run(single)
    latest.write_bytes(whole)
    with pytest.raises(ModelFileError, match=r"made with the callbacks \['StopAt', 'History'\]"):
        run(single)
    with pytest.raises(ModelFileError, match="shapes"):
        run(StopAt(None), single, units=5)


def test_bad_arguments(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must name a folder"):
        callbacks.BackupAndRestore("")
    for wrong in ("batch", 0, -1, 2.5, True):
        with pytest.raises(ValueError, match="save_freq must be 'epoch' or a number of batches"):
            callbacks.BackupAndRestore(tmp_path, save_freq=wrong)


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_killed_fifty_times_at_random_moments(tmp_path: Path) -> None:
    program = Path(__file__).with_name("killed_runs.py")
    done = subprocess.run(
        [sys.executable, program, tmp_path, "50"], capture_output=True, text=True, check=False, timeout=110
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["kills"] >= 50
    assert set(told["found"]) == {told["expected"]}
