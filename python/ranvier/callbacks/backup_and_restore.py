from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from ranvier.callbacks.callback import Callback
from ranvier.callbacks.model_checkpoint import frequency

if TYPE_CHECKING:
    from ranvier.saving.backup import Backup


class BackupAndRestore(Callback):
    """Lets a `fit` whose process was killed, at whatever moment, go on as if it had not been: run the program again.

    The weights, the history and what the other callbacks do are bit for bit those of a run without interruption. Kept
    are the weights, the optimizer's state, the seed and the place in the data, the history, and what the other
    callbacks need (`Callback.get_state`). It is called after all other callbacks, whatever its place among them.

    Args:
        backup_dir: folder for the backup; one for each `fit`.
        save_freq: "epoch", or a number of batches; then a hook is called after each batch.
        double_checkpoint: whether to keep the backup before the last as well, for disks that lose data.
        delete_checkpoint: whether to remove the backup when training is complete.

    Raises: ValueError without a folder, or for another frequency; ModelFileError if the backup is damaged, or of
        another model or other callbacks.

    >>> BackupAndRestore("backup", save_freq=100).delete_checkpoint
    True
    """

    called_last: ClassVar[bool] = True

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: int | str = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise ValueError("[BackupAndRestore] backup_dir must name a folder, got ''")
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = frequency("BackupAndRestore", save_freq)
        self.double_checkpoint = bool(double_checkpoint)
        self.delete_checkpoint = bool(delete_checkpoint)
        from pathlib import Path  # slow to import

        folder = Path(self.backup_dir).absolute()
        self._latest, self._previous = folder / "latest.safetensors", folder / "previous.safetensors"
        self._batches = 0
        if self.save_freq != "epoch":
            self.on_train_batch_end = self._count_batch  # type: ignore[method-assign]  # only then a hook of batches

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        from ranvier.saving.atomic import remove_leftovers

        self._batches = 0
        self._latest.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(self._latest)
        backup = self._found()
        if backup is not None:
            backup.resume(self.model, self.model._run)

    def _found(self) -> Backup | None:
        from ranvier.errors import ModelFileError
        from ranvier.saving.backup import Backup

        candidates = [path for path in (self._latest, self._previous) if path.exists()]
        for path in candidates[:-1]:
            with suppress(ModelFileError):
                return Backup(path)
        return Backup(candidates[-1]) if candidates else None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        if self.save_freq == "epoch":
            self._save()

    def _count_batch(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._batches += 1
        if self._batches == self.save_freq:
            self._batches = 0
            self._save()

    def _save(self) -> None:
        from ranvier.saving.backup import write_backup

        if self.double_checkpoint and self._latest.exists():
            self._latest.replace(self._previous)
        write_backup(self._latest, self.model, self.model._run)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        from ranvier.saving.atomic import remove_leftovers

        if not self.delete_checkpoint:
            return
        self._previous.unlink(missing_ok=True)
        self._latest.unlink(missing_ok=True)
        remove_leftovers(self._latest)
        with suppress(OSError):
            self._latest.parent.rmdir()
