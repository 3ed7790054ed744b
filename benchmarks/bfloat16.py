"""What `mixed_bfloat16` gains: whole training and prediction against float32 in the same process.

Two models that differ in nothing but their policy take turns; a ratio is the median over all rounds of float32's time
over that of mixed_bfloat16 in the same round. `--isa` chooses the instruction set: "amx" multiplies bfloat16 itself,
the others compute the same bits in float32 arithmetic.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

import ranvier
import report
from ranvier import _core
from ranvier.bench import WORKLOADS, Workload

POLICIES = ("float32", "mixed_bfloat16")
BATCHES = {"tabular": 1000, "mnist": 40, "wide": 4}  # of one turn
PREDICTED_ROWS = (1, 128, 2048)

Times: TypeAlias = dict[str, list[tuple[float, float]]]
"""What was measured -> microseconds of each policy, one pair a round."""


def network(workload: Workload, policy: str) -> ranvier.Sequential:
    ranvier.config.set_dtype_policy(policy)
    ranvier.utils.set_random_seed(0)
    *hidden, classes = workload.sizes[1:]
    model = ranvier.Sequential([ranvier.Input((workload.sizes[0],))])
    for units in hidden:
        model.add(ranvier.layers.Dense(units, activation="relu"))
    model.add(ranvier.layers.Dense(classes, activation="softmax"))
    model.compile(ranvier.optimizers.Adam(1e-4), "sparse_categorical_crossentropy")
    return model


def measure(name: str, rounds: int) -> Times:
    """Times one workload in this process."""
    workload, batches = WORKLOADS[name], BATCHES[name]
    random = np.random.default_rng(0)
    x = random.normal(size=(batches * workload.batch, workload.sizes[0])).astype(np.float32)
    y = random.integers(0, workload.sizes[-1], len(x))
    models = [network(workload, policy) for policy in POLICIES]

    def train(model: ranvier.Sequential) -> float:
        model.fit(x, y, batch_size=workload.batch, verbose=0)
        return batches

    def predict(rows: int) -> Callable[[ranvier.Sequential], float]:
        calls = max(1, 4096 // rows // (16 if name == "wide" else 1))
        part = np.resize(x, (rows, x.shape[1]))

        def run(model: ranvier.Sequential) -> float:
            for _ in range(calls):
                model.predict(part)
            return calls

        return run

    works = {f"{name}: training step": train} | {f"{name}: predict {rows}": predict(rows) for rows in PREDICTED_ROWS}
    times: Times = {what: [] for what in works}
    for number in range(rounds + 1):  # the first one warms up
        for what, work in works.items():
            pair = []
            for model in models:
                start = time.perf_counter()
                count = work(model)
                pair.append(1e6 * (time.perf_counter() - start) / count)
            if number > 0:
                times[what].append((pair[0], pair[1]))
    return times


def show(times: Times) -> None:
    """Prints medians, in microseconds, and ratios."""
    rows = []
    for what, pairs in times.items():
        single, mixed = zip(*pairs, strict=True)
        ratio = statistics.median(a / b for a, b in pairs)
        rows.append([what, f"{statistics.median(single):,.1f}", f"{statistics.median(mixed):,.1f}", f"{ratio:.2f}x"])
    print(report.table(["microseconds", *POLICIES, "gain"], rows))


def main() -> None:
    parser = report.arguments(__doc__, rounds=9)
    parser.add_argument("--workloads", nargs="+", choices=BATCHES, default=list(BATCHES))
    parser.add_argument("--isa", choices=_core.available_isas(), default=_core.isa())
    parser.add_argument("--measure", help=argparse.SUPPRESS)  # how this program calls itself
    options = parser.parse_args()
    _core.select_isa(options.isa)
    _core.set_num_threads(options.threads)
    if options.measure:
        print(json.dumps(measure(options.measure, options.rounds)))
        return
    print(
        f"{options.isa}, {options.threads} threads, {options.rounds} rounds in each of {options.processes} processes\n"
    )
    times: Times = {}
    for _ in range(options.processes):
        for name in options.workloads:
            settings = ["--isa", options.isa, "--threads", str(options.threads), "--rounds", str(options.rounds)]
            command = [sys.executable, __file__, "--measure", name, *settings]
            output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            for what, pairs in json.loads(output).items():
                times.setdefault(what, []).extend((a, b) for a, b in pairs)
    show(times)


if __name__ == "__main__":
    main()
