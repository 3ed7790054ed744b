"""Whole training of a small GPT, against every peer that is installed.

Vocabulary 65, 64 characters, 4 pre-norm blocks of width 128 with 4 heads, causal; batches of 16. Contestants take
turns, each in a process of its own with the same number of threads; a ratio is the median, over all rounds, of a
contestant's time over Ranvier's in the same round.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
CONTESTANTS = ("ranvier", "torch", "jax", "keras-jax", "keras-torch")


def open_worker(name: str, python: Path, options: argparse.Namespace) -> subprocess.Popen[str]:
    """A contestant's process, once it has trained an epoch."""
    limits = {f"{library}_NUM_THREADS": str(options.threads) for library in ("OMP", "OPENBLAS", "MKL", "RANVIER")}
    arguments = [name, str(options.threads), str(options.steps * options.batch), str(options.batch)]
    return subprocess.Popen(
        [python, HERE / "gpt" / "worker.py", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | limits | {"NPROC": str(options.threads)},
        text=True,
        bufsize=1,
    )


def seconds(worker: subprocess.Popen[str]) -> float:
    """How long an epoch takes; NaN if the process died, as where the library is not installed."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        worker.stdin.write("1\n")
        answer = worker.stdout.readline()
    except BrokenPipeError:
        answer = ""
    time.sleep(0.05)  # thread pools spin for a while: not in the next contestant's time
    return float(answer or "nan")


def main() -> None:
    """Prints microseconds a step and how many times Ranvier is faster."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", nargs="*", type=Path, default=[], help="interpreters that have peers")
    parser.add_argument("--contestants", nargs="+", default=CONTESTANTS, choices=CONTESTANTS, help="only these")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20, help="steps a turn")
    parser.add_argument("--batch", type=int, default=16)
    options = parser.parse_args()
    workers = {}
    for name in dict.fromkeys(["ranvier", *options.contestants]):
        for python in [Path(sys.executable), *options.python]:
            worker = open_worker(name, python, options)
            if seconds(worker) > 0:
                workers[name] = worker
                break
            worker.communicate()
    times: dict[str, list[float]] = defaultdict(list)
    for _ in range(options.rounds):
        for name, worker in workers.items():
            times[name].append(1e6 * seconds(worker) / options.steps)
    for name, values in times.items():
        faster = statistics.median(theirs / ours for theirs, ours in zip(values, times["ranvier"], strict=True))
        print(f"{name:<12} {statistics.median(values):>12,.0f} us a step {faster:>7.2f}x")
    for worker in workers.values():
        worker.communicate()


if __name__ == "__main__":
    main()
