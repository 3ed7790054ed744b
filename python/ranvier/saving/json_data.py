"""JSON that comes from a file: parsed within bounds, so that a small file cannot take much memory."""

from __future__ import annotations

import json
from typing import Any

from ranvier.errors import ModelFileError

_MOST_BYTES = 16 << 20
# A list of empty lists takes 20 times the memory of its text. Configurations have one list or object in 30 bytes.
_BYTES_PER_ITEM, _FREE_ITEMS = 8, 1 << 12


def parse(data: bytes | str, where: str) -> Any:
    """The value of a JSON text.

    Raises: ModelFileError for anything that is no JSON, or is too large or too deep for a configuration.

    >>> parse('{"units": 3}', "config")
    {'units': 3}
    """
    if len(data) > _MOST_BYTES:
        raise ModelFileError(f"[{where}] expected a configuration of at most {_MOST_BYTES} bytes, got {len(data)}")
    try:
        text = data.decode() if isinstance(data, bytes) else data
        items = text.count("[") + text.count("{")
        if items > len(text) // _BYTES_PER_ITEM + _FREE_ITEMS:
            raise ModelFileError(f"[{where}] {items} lists and objects in {len(text)} bytes are no configuration")
        return json.loads(text)
    except RecursionError:
        raise ModelFileError(f"[{where}] the configuration is nested too deeply") from None
    except ModelFileError:
        raise
    except ValueError as error:
        raise ModelFileError(f"[{where}] the configuration is no JSON: {error}") from None


def mapping(value: Any, where: str) -> dict[str, Any]:
    """`value` if it is an object of JSON.

    Raises: ModelFileError otherwise.

    >>> mapping({"units": 3}, "config")
    {'units': 3}
    """
    if not isinstance(value, dict):
        raise ModelFileError(f"[{where}] expected an object of names and values, got {value!r:.80}")
    return value
