"""A vocabulary as a JSON file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from ranvier._custom_objects import get_registered_name, get_registered_object
from ranvier.errors import ModelFileError
from ranvier.saving.atomic import replacing

_KIND = "ranvier.text.Vocabulary"
_VERSION = 1


def write(path: str | os.PathLike[str], config: dict[str, Any]) -> None:
    """Writes a configuration, with functions as the names they are registered under."""
    described = {name: _name_of(name, value) if callable(value) else value for name, value in config.items()}
    text = json.dumps({"kind": _KIND, "version": _VERSION, "config": described}, ensure_ascii=False, indent=1)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The configuration of a file."""
    where = Path(path).name
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"[{where}] is no file of a vocabulary: {error}") from None
    if not isinstance(data, dict) or data.get("kind") != _KIND or not isinstance(data.get("config"), dict):
        raise ModelFileError(f"[{where}] is JSON, but no file of a vocabulary")
    if data.get("version") != _VERSION:
        raise ModelFileError(f"[{where}] expected a file of version {_VERSION}, got {data.get('version')!r}")
    config = {
        name: _function(where, value) if isinstance(value, dict) else value for name, value in data["config"].items()
    }
    if isinstance(config.get("ngrams"), list):
        config["ngrams"] = tuple(config["ngrams"])
    return config


def _name_of(argument: str, function: Any) -> dict[str, str]:
    name = get_registered_name(function)
    if get_registered_object(name) is not function:
        raise ValueError(
            f"[Vocabulary] save cannot write the function {name!r} of {argument}: a file holds no code. Give it a name "
            "with @ranvier.saving.register_keras_serializable()"
        )
    return {"registered_name": name}


def _function(where: str, described: dict[str, Any]) -> Any:
    function = get_registered_object(str(described.get("registered_name")))
    if function is None:
        raise ModelFileError(
            f"[{where}] needs the function {described.get('registered_name')!r}: define it, with "
            "@ranvier.saving.register_keras_serializable(), before"
        )
    return function
