"""What a library costs before it does anything: `python footprint.py PACKAGE...`, run by the interpreter that has it.

Prints JSON: the seconds of importing the packages and the bytes of their distributions with all that they require.
"""

from __future__ import annotations

import importlib
import json
import re
import sys
import time
from importlib import metadata


def import_seconds(packages: list[str]) -> float:
    start = time.perf_counter()
    for package in packages:
        importlib.import_module(package)
    return time.perf_counter() - start


def requirements(distribution: str, seen: set[str]) -> set[str]:
    """The distribution and whatever of its requirements is installed, extras left out."""
    name = re.sub(r"[-_.]+", "-", distribution).lower()
    if name in seen:
        return seen
    try:
        required = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return seen  # required on other systems only
    seen.add(name)
    for requirement in required:
        if "extra ==" not in requirement:
            requirements(re.split(r"[^\w.-]", requirement, maxsplit=1)[0], seen)
    return seen


def installed_bytes(packages: list[str]) -> int:
    distributions = metadata.packages_distributions()
    seen: set[str] = set()
    for package in packages:
        for name in distributions.get(package, [package]):
            requirements(name, seen)
    paths = {path.locate().resolve() for name in seen for path in metadata.files(name) or []}  # type: ignore[attr-defined]
    return sum(path.stat().st_size for path in paths if path.is_file())


if __name__ == "__main__":
    size = installed_bytes(sys.argv[1:])
    print(json.dumps({"seconds": import_seconds(sys.argv[1:]), "bytes": size}))
