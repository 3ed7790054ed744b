from __future__ import annotations

import io
import os
from collections.abc import Iterable
from typing import Any

from ranvier.callbacks.epoch_log import EpochLog


class CSVLogger(EpochLog):
    """Writes the logs of each epoch as a line of a CSV file, "epoch" first, the others in alphabetical order.

    Numbers of the validation have columns also where there is none at first; what is missing is "NA".

    Args:
        filename: of the file.
        separator: between columns; one character.
        append: whether lines that are there stay.

    Raises: ValueError for another separator.

    >>> CSVLogger("training.csv", separator=";").filename
    'training.csv'
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__(filename, append)
        if not isinstance(separator, str) or len(separator) != 1:
            raise ValueError(f"[CSVLogger] separator must be one character, got {separator!r}")
        self.sep = separator
        self.keys: list[str] | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        super().on_train_begin(logs)
        self.keys = None

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        import csv

        logs = logs or {}
        text = io.StringIO()
        writer = csv.writer(text, delimiter=self.sep, lineterminator="\n")
        if self.keys is None:
            self.keys = sorted(logs)
            if not any(key.startswith("val_") for key in self.keys):
                self.keys += [f"val_{key}" for key in self.keys]
            if self.is_empty():
                writer.writerow(["epoch", *self.keys])
        writer.writerow([epoch, *(_cell(logs.get(key, "NA")) for key in self.keys)])
        self.write(text.getvalue())

    def get_state(self) -> dict[str, Any]:
        return super().get_state() | {"keys": self.keys}

    def set_state(self, state: dict[str, Any]) -> None:
        super().set_state(state)
        self.keys = state["keys"]


def _cell(value: Any) -> Any:
    if isinstance(value, str) or not isinstance(value, Iterable) or getattr(value, "ndim", 1) == 0:
        return value
    return f"[{', '.join(map(str, value))}]"
