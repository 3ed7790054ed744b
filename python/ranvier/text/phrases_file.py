"""The counts behind phrases as a file."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ranvier import _core
from ranvier._custom_objects import get_registered_name, get_registered_object
from ranvier.errors import ModelFileError
from ranvier.saving import native_file

_ARRAYS = ("text", "ends", "counts", "first", "last")


def write(path: str | os.PathLike[str], config: dict[str, Any], counts: _core.text.PhraseCounts) -> None:
    """Writes a configuration and counts."""
    scoring = config["scoring"]
    if callable(scoring):
        name = get_registered_name(scoring)
        if get_registered_object(name) is not scoring:
            raise ValueError(
                f"[Phrases] save cannot write the function {name!r} of scoring: a file holds no code. Give it a name "
                "with @ranvier.saving.register_keras_serializable()"
            )
        config = config | {"scoring": name}
    *arrays, total, least = counts.state()
    tensors = dict(zip(_ARRAYS, arrays, strict=True)) | {"total": np.array([total, least])}
    native_file.write(path, "phrases", {"config": config}, tensors, overwrite=True)


def read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], _core.text.PhraseCounts]:
    """The configuration and the counts of a file."""
    with native_file.NativeFile(path) as file:
        file.require("phrases")
        config = file.part("config")
        text, ends, counts, first, last = (file.tensor(name) for name in _ARRAYS)
        total, least = file.tensor("total").tolist()
        if config.get("scoring") not in ("default", "npmi"):
            name = str(config.get("scoring"))
            if (scoring := get_registered_object(name)) is None:
                raise ModelFileError(
                    f"[{file.where}] needs the function {name!r} as scoring: define it, with "
                    "@ranvier.saving.register_keras_serializable(), before"
                )
            config["scoring"] = scoring
    return config, _core.text.PhraseCounts(text, ends, counts, first, last, total, least)
