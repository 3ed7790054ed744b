"""All of a `fit` that runs, in a native file: from it another process goes on bit for bit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier._configurable import plain
from ranvier.errors import ModelFileError
from ranvier.saving import state
from ranvier.saving.native_file import NativeFile, write

if TYPE_CHECKING:
    from ranvier.models import Model
    from ranvier.models.run import Run

_ARRAY = "__array__"


def write_backup(path: Path, model: Model, run: Run) -> None:
    """Writes weights, optimizer, seed, place in the data, and what the callbacks keep.

    Raises: OSError where it cannot be written; TypeError for a callback's state that cannot be written down.
    """
    tensors: state.Tensors = {}
    description = {
        "weights": state.write_weights(model, tensors),
        "optimizer": state.write_optimizer(model, tensors),
        "learning_rate": _rate(model),
        "seed": run.trainer.seed,
        "epoch": run.epoch,
        "progress": run.trainer.progress() if run.inside else None,
        "stopped": bool(model.stop_training),
        "callbacks": [
            {"class_name": type(callback).__name__, "state": _packed(kept, tensors)}
            for callback in run.hooks.callbacks
            if (kept := callback.get_state()) is not None
        ],
    }
    write(path, "backup", description, tensors, overwrite=True)


def _rate(model: Model) -> float | None:
    # A schedule is a function of the steps, which are kept.
    optimizer = model.optimizer
    return optimizer.learning_rate if optimizer is not None and isinstance(optimizer._rate, float) else None


def _packed(value: Any, tensors: state.Tensors) -> Any:
    if isinstance(value, np.ndarray) and value.ndim:
        name = f"callbacks/{len(tensors)}"
        tensors[name] = value
        return {_ARRAY: name}
    if isinstance(value, dict):
        return {str(key): _packed(item, tensors) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_packed(item, tensors) for item in value]
    return plain(value)


class Backup:
    """A backup that has been read and found whole.

    Args:
        path: of the file.

    Raises: ModelFileError if it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._file = NativeFile(path)
        try:
            self._file.require("backup")
            for name in self._file.names:
                self._file.tensor(name)
        except BaseException:
            self._file.close()
            raise

    def resume(self, model: Model, run: Run) -> None:
        """Lets a `fit` that has just begun go on where the backup was made.

        Raises: ModelFileError if the model or the callbacks are others.
        """
        description = self._file.description
        seed, epoch, progress = (description.get(key) for key in ("seed", "epoch", "progress"))
        if not isinstance(seed, int) or not isinstance(epoch, int) or not isinstance(progress, list | None):
            raise ModelFileError(f"[{self._file.where}] lacks the place where training was")
        run.trainer.seed = seed
        run.go_on(epoch, progress, lambda: self._restore(model, run))

    def _restore(self, model: Model, run: Run) -> None:
        with self._file as file:
            weights = state.read_weights(file)
            weights.assign(model, by_name=False, skip_mismatch=False)
            stored = [f"model/{layer.name}/{variable.name}" for layer in weights.layers for variable in layer.variables]
            state.read_optimizer(model, file, dict(zip(stored, model.variables, strict=True)))
            rate = file.description.get("learning_rate")
            if rate is not None and model.optimizer is not None:
                model.optimizer.learning_rate = rate
            self._restore_callbacks(run)
            run.stopped = model.stop_training = bool(file.description.get("stopped"))

    def _restore_callbacks(self, run: Run) -> None:
        kept = self._file.description["callbacks"]
        keepers = [callback for callback in run.hooks.callbacks if callback.get_state() is not None]
        names, wanted = [item["class_name"] for item in kept], [type(callback).__name__ for callback in keepers]
        if names != wanted:
            raise ModelFileError(
                f"[{self._file.where}] was made with the callbacks {names}, but there are {wanted}: give the same, or "
                "remove the backup to start anew"
            )
        for callback, item in zip(keepers, kept, strict=True):
            callback.set_state(self._unpacked(item["state"]))

    def _unpacked(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._unpacked(item) for item in value]
        if not isinstance(value, dict):
            return value
        if list(value) == [_ARRAY]:
            return self._file.tensor(value[_ARRAY])
        return {key: self._unpacked(item) for key, item in value.items()}
