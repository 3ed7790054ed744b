from __future__ import annotations

import math
import os
from typing import Any

from ranvier._configurable import plain
from ranvier.callbacks.epoch_log import EpochLog


class JSONLogger(EpochLog):
    """Writes the logs of each epoch as a line of JSON: {"epoch": 0, "loss": 0.5, ...}.

    Numbers that are not finite are null, since JSON has none.

    Args:
        filename: of the file.
        append: whether lines that are there stay.

    >>> JSONLogger("training.jsonl").append
    False
    """

    def __init__(self, filename: str | os.PathLike[str], append: bool = False) -> None:
        super().__init__(filename, append)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        import json

        values = {name: _finite(plain(value)) for name, value in (logs or {}).items()}
        self.write(json.dumps({"epoch": epoch, **values}) + "\n")


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
