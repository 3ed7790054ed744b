"""Inference and footprint: one row and 60,000 rows through a 784-128-10 classifier, import time, installed size.

Contestants take turns as in `training.py`. "call" is the quickest documented way for a few rows, `model(x)` in Keras.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import report
import teams
from contestants import CONTESTANTS
from ranvier.bench import Workload

WORKLOAD = Workload("inference", (784, 128, 10), batch=100, rows=60_000)
QUANTITIES = ("predict 1 row, us", "call 1 row, us", "predict 60,000 rows, ms", "import, ms", "installed, MB")

Results: TypeAlias = dict[str, dict[str, list[float]]]
"""Quantity -> contestant -> one value a round."""


def calls(process: teams.Process, request: str, rows: int, seconds: float) -> int:
    """Warms up and finds how many calls take about `seconds`."""
    process.ask(request, rows=rows, calls=2)
    elapsed: float = process.ask(request, rows=rows, calls=2)
    return max(1, round(seconds / elapsed))


def infer(contestants: Mapping[str, teams.Place], threads: int, rounds: int, seconds: float, results: Results) -> None:
    """Adds the times of one set of processes."""
    requests = {QUANTITIES[0]: ("predict", 1, 1e6), QUANTITIES[1]: ("call", 1, 1e6)}
    requests[QUANTITIES[2]] = ("predict", WORKLOAD.rows, 1e3)
    with teams.team(contestants, WORKLOAD, threads) as team:
        for process in team.values():
            process.ask("train", rows=WORKLOAD.batch, epochs=1)  # scikit-learn predicts only after it
        for quantity, (request, rows, unit) in requests.items():
            repeats = {name: calls(process, request, rows, seconds) for name, process in team.items()}
            for _ in range(rounds):
                for name, process in team.items():
                    elapsed = process.ask(request, rows=rows, calls=repeats[name])
                    results[quantity][name].append(unit * elapsed)


def footprint(contestants: Mapping[str, teams.Place], rounds: int, results: Results) -> None:
    """Adds import times and installed sizes; a first import, which fills the file caches, is left out."""
    for round_number in range(rounds + 1):
        for name, place in contestants.items():
            environment = os.environ | {"KERAS_BACKEND": name.removeprefix("keras-"), "TF_CPP_MIN_LOG_LEVEL": "3"}
            command: list[str | Path] = [place.python, teams.HERE / "footprint.py", *CONTESTANTS[name].imports]
            output = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
            answer = json.loads(output.splitlines()[-1])
            if round_number > 0:
                results[QUANTITIES[3]][name].append(1e3 * answer["seconds"])
                results[QUANTITIES[4]][name].append(answer["bytes"] / 2**20)


def show(results: Results) -> None:
    """Prints the medians."""

    def cell(values: list[float]) -> str:
        return f"{statistics.median(values):,.1f}" if values else "-"

    names = list(results[QUANTITIES[0]])
    rows = [
        [" on ".join(CONTESTANTS[name].imports), *(cell(results[quantity].get(name, [])) for quantity in QUANTITIES)]
        for name in names
    ]
    print(report.table(["784-128-10", *QUANTITIES], rows))


def main() -> None:
    """Measures, prints a table and writes it."""
    parser = report.arguments(__doc__, rounds=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="length of a turn, at least one call")
    options = parser.parse_args()
    found = teams.find([Path(sys.executable), *options.python], options.threads)
    # Variants that differ in training only are one contestant here.
    selected = teams.selected(found, options.contestants)
    variants = {CONTESTANTS[name].imports: name for name in reversed(selected)}
    contestants = {name: selected[name] for name in reversed(variants.values())}

    results: Results = {quantity: defaultdict(list) for quantity in QUANTITIES}
    for _ in range(options.processes):
        infer(contestants, options.threads, options.rounds, options.seconds, results)
    footprint(contestants, options.rounds, results)
    show(results)
    environment = report.environment(options.threads, teams.versions(contestants))
    report.write(teams.OUTPUT / "latency.json", {"environment": environment, "results": results})


if __name__ == "__main__":
    main()
