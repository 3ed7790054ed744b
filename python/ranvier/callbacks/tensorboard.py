from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from ranvier.callbacks.callback import Callback

if TYPE_CHECKING:
    from ranvier.callbacks.event_files import EventFile


class TensorBoard(Callback):
    """Writes what training does for TensorBoard to show: `tensorboard --logdir logs`. No TensorFlow is needed.

    Numbers of the epochs go to "epoch_loss" and the like, in the folders "train" and "validation"; the learning rate
    to "epoch_learning_rate". A thread of its own writes them.

    Args:
        log_dir: folder of the event files.
        histogram_freq: every so many epochs the weights are drawn as histograms; 0 for never.
        write_graph: whether to write the table of layers, as text.
        write_images: must be false: weights are not drawn as images.
        write_steps_per_second: whether to write "epoch_steps_per_second".
        update_freq: "epoch"; or "batch", or a number of batches, after which "batch_loss" and the like are written as
            well. Then a hook is called after each batch.
        profile_batch: must be 0: there is no profile.
        embeddings_freq: must be 0: embeddings are not projected.
        embeddings_metadata: must be None.

    Raises: ValueError for an argument out of range; ImportError, when training begins, without the package tensorboard.

    >>> TensorBoard("logs", histogram_freq=1).update_freq
    'epoch'
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: int | str = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        for name, value in (
            ("write_images", write_images),
            ("profile_batch", profile_batch),
            ("embeddings_freq", embeddings_freq),
            ("embeddings_metadata", embeddings_metadata),
        ):
            if value:
                raise ValueError(f"[TensorBoard] {name} is not supported, got {value!r}: leave it out")
        if isinstance(histogram_freq, bool) or not hasattr(histogram_freq, "__index__") or histogram_freq < 0:
            raise ValueError(f"[TensorBoard] histogram_freq must be an integer of at least 0, got {histogram_freq!r}")
        whole = isinstance(update_freq, int) and not isinstance(update_freq, bool) and update_freq >= 1
        if update_freq not in ("epoch", "batch") and not whole:
            raise ValueError(
                f"[TensorBoard] update_freq must be 'epoch', 'batch' or an integer of at least 1, got {update_freq!r}"
            )
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = int(histogram_freq)
        self.write_graph = bool(write_graph)
        self.write_steps_per_second = bool(write_steps_per_second)
        self.update_freq = update_freq
        self._files: dict[str, EventFile] = {}
        self._epoch_begun = (0.0, 0)
        if update_freq != "epoch":
            self.on_train_batch_end = self._write_batch  # type: ignore[method-assign]  # only then a hook of batches

    def _file(self, name: str) -> EventFile:
        from ranvier.callbacks.event_files import EventFile

        if name not in self._files:
            self._files[name] = EventFile(os.path.join(self.log_dir, name))  # noqa: PTH118  pathlib is slow to import
        return self._files[name]

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self.close()
        train = self._file("train")
        if self.write_graph:
            lines: list[str] = []
            self.model.summary(print_fn=lines.append, line_length=100)
            train.text("model", "\n".join(f"    {line}" for line in lines), 0)

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch_begun = (time.perf_counter(), self.model.optimizer.iterations)

    def _write_batch(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        step = self.model.optimizer.iterations
        every = 1 if self.update_freq == "batch" else int(self.update_freq)
        if step % every == 0:
            self._file("train").scalars({f"batch_{name}": value for name, value in (logs or {}).items()}, step)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = logs or {}
        train = {f"epoch_{name}": value for name, value in logs.items() if not name.startswith("val_")}
        train["epoch_learning_rate"] = self.model.optimizer.learning_rate
        if self.write_steps_per_second:
            seconds, steps = self._epoch_begun
            done = self.model.optimizer.iterations - steps
            train["epoch_steps_per_second"] = done / max(time.perf_counter() - seconds, 1e-9)
        self._file("train").scalars(train, epoch)
        validation = {f"epoch_{name[4:]}": value for name, value in logs.items() if name.startswith("val_")}
        if validation:
            self._file("validation").scalars(validation, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for variable in self.model.variables:
                self._file("train").histogram(f"{variable.path}/histogram", variable.numpy(), epoch)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self.close()

    def close(self) -> None:
        """Writes what is still to be written and closes the files."""
        for file in self._files.values():
            file.close()
        self._files = {}
