"""What the benchmark programs print and write."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ranvier import _core


def arguments(description: str | None, rounds: int) -> argparse.ArgumentParser:
    """The options that all programs have."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--threads", type=int, default=_core.num_threads(), help="threads of every contestant")
    parser.add_argument("--rounds", type=int, default=rounds, help="turns that each contestant has in a process")
    parser.add_argument("--processes", type=int, default=1, help="times that all is repeated in new processes")
    parser.add_argument(
        "--python", type=Path, action="append", default=[], help="a further interpreter to look for contestants in"
    )
    parser.add_argument("--contestants", nargs="+", help="only these; ranvier takes part in any case")
    return parser


def environment(threads: int, versions: Mapping[str, str]) -> dict[str, Any]:
    """Machine, date and versions."""
    cpu = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        names = [line for line in information.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0].partition(":")[2].strip() if names else cpu
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).date().isoformat(),
        "cpu": cpu,
        "processors": os.cpu_count(),
        "isa": _core.isa(),
        "threads": threads,
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": dict(versions),
    }


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table, aligned so that it can be read as it is."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        first, *others = [(cell, width) for cell, width in zip(cells, widths, strict=True)]
        return "| " + " | ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]) + " |"

    rule = "|".join(["", "-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:]), ""])
    return "\n".join([line(header), rule, *(line(row) for row in rows)])


def write(path: Path, results: Mapping[str, Any]) -> None:
    """Writes the results as JSON."""
    path.write_text(json.dumps(results, indent=2) + "\n")
    print(f"\nWritten: {path}")
