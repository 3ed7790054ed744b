"""Whole training of ten networks, against every peer that is installed.

Contestants take turns, each in a process of its own with the same number of threads; a ratio is the median, over all
rounds, of a contestant's time over Ranvier's in the same round.
"""

from __future__ import annotations

import statistics
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import report
import teams
from images import IMAGES
from ranvier.bench import WORKLOADS, Workload, plan, steps
from sequences import SEQUENCES

ALL: dict[str, Workload] = {**WORKLOADS, **IMAGES, **SEQUENCES}

Times: TypeAlias = dict[str, list[float]]
"""Microseconds a step of each contestant, one value a round."""


def run(workload: Workload, contestants: dict[str, teams.Place], threads: int, rounds: int, seconds: float) -> Times:
    """Times a workload in new processes."""
    times: Times = defaultdict(list)
    with teams.team(contestants, workload, threads) as team:
        plans = {}
        for name, process in list(team.items()):
            try:
                plans[name] = plan(
                    lambda rows, epochs, process=process: process.ask("train", rows=rows, epochs=epochs),  # type: ignore[misc]
                    workload,
                    seconds,
                )
            except teams.ContestantError as error:
                print(error)
                del team[name]
        for _ in range(rounds):
            for name, process in team.items():
                rows, epochs = plans[name]
                elapsed = process.ask("train", rows=rows, epochs=epochs)
                times[name].append(1e6 * elapsed / steps(rows, workload.batch, epochs))
    return times


def ratio(times: Mapping[str, list[float]], name: str) -> float:
    """How many times Ranvier is faster: the median of the rounds."""
    return statistics.median(theirs / ours for theirs, ours in zip(times[name], times["ranvier"], strict=True))


def show(results: Mapping[str, Times]) -> None:
    """Prints microseconds a step and, in brackets, the ratio."""
    names = list(dict.fromkeys(name for times in results.values() for name in times))

    def cell(times: Times, name: str) -> str:
        if name not in times:
            return "-"
        return f"{statistics.median(times[name]):,.1f} ({ratio(times, name):,.2f}x)"

    rows = [[name, *(cell(times, name) for times in results.values())] for name in names]
    print("\nMicroseconds a training step, and how many times Ranvier is faster:\n")
    print(report.table(["", *results], rows))


def draw(results: Mapping[str, Times], path: Path) -> None:
    """A bar chart on a logarithmic scale, one panel a workload."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import NullFormatter

    columns = min(len(results), 2)
    lines = -(-len(results) // columns)
    figure = Figure(figsize=(5.5 * columns, 3 * lines), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).flat
    for panel, (workload, times) in zip(panels, results.items(), strict=False):
        names = sorted(times, key=lambda name: -statistics.median(times[name]))
        medians = [statistics.median(times[name]) for name in names]
        colours = ["tab:orange" if name == "ranvier" else "tab:blue" for name in names]
        bars = panel.barh(names, medians, color=colours)
        panel.bar_label(bars, [f"{median:,.1f}" for median in medians], padding=3)
        panel.set(xscale="log", title=f"{workload}: microseconds a step", xlim=(min(medians) / 2, max(medians) * 4))
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
    print(f"Written: {path}")


def main() -> None:
    """Runs the workloads asked for, prints a table, writes the times and a chart."""
    parser = report.arguments(__doc__, rounds=5)
    parser.add_argument("--workloads", nargs="+", default=list(ALL), choices=list(ALL), help="only these")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a turn, at least one step")
    options = parser.parse_args()
    found = teams.find([Path(sys.executable), *options.python], options.threads)
    contestants = teams.selected(found, options.contestants)

    results: dict[str, Times] = {name: defaultdict(list) for name in options.workloads}
    for process in range(1, options.processes + 1):
        for workload in options.workloads:
            times = run(ALL[workload], contestants, options.threads, options.rounds, options.seconds)
            for name, values in times.items():
                results[workload][name] += values
            print(f"{process}/{options.processes} {workload}: ranvier {statistics.median(times['ranvier']):,.1f}")
    show(results)
    environment = report.environment(options.threads, teams.versions(contestants))
    report.write(teams.OUTPUT / "training.json", {"environment": environment, "microseconds_a_step": results})
    draw(results, teams.OUTPUT / "training.png")


if __name__ == "__main__":
    main()
