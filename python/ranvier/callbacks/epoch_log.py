"""The base of callbacks that write a line an epoch to a text file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ranvier.callbacks.callback import Callback

if TYPE_CHECKING:
    from pathlib import Path


class EpochLog(Callback):
    """Writes lines to a file that is open only while it writes, so that it is complete whenever training ends.

    Args:
        filename: of the file.
        append: whether what is in it stays.
    """

    def __init__(self, filename: str | os.PathLike[str], append: bool) -> None:
        super().__init__()
        self.filename = os.fspath(filename)
        self.append = bool(append)
        self._begun = False

    def _path(self) -> Path:
        from pathlib import Path  # slow to import

        return Path(self.filename)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._begun = False

    def write(self, text: str) -> None:
        """Adds text; the first of a `fit` replaces what was there, unless that is to stay."""
        path = self._path()
        with path.open("a" if self._begun or self.append else "w", encoding="utf-8", newline="") as file:
            file.write(text)
        self._begun = True

    def is_empty(self) -> bool:
        """Whether what is written next comes first in the file."""
        path = self._path()
        return not (self._begun or self.append) or not path.exists() or path.stat().st_size == 0

    def get_state(self) -> dict[str, Any]:
        path = self._path()
        return {"begun": self._begun, "size": path.stat().st_size if path.exists() else 0}

    def set_state(self, state: dict[str, Any]) -> None:
        # Lines of epochs that are not in the backup will be written again.
        self._begun = state["begun"]
        path = self._path()
        if self._begun and path.exists() and path.stat().st_size > state["size"]:
            os.truncate(path, state["size"])
