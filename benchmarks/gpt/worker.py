"""The process of one contestant: `python worker.py NAME THREADS ROWS BATCH`.

Trains for as many epochs as each line of the standard input says, and answers with the seconds.
"""

import importlib
import os
import sys
import time
from pathlib import Path

NAME, THREADS, ROWS, BATCH = sys.argv[1], *map(int, sys.argv[2:])
if hasattr(os, "sched_setaffinity"):
    # Before any import: libraries count the processors when they are loaded.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
library, _, backend = NAME.partition("-")
os.environ["KERAS_BACKEND"] = backend
sys.path[0] = str(Path(__file__).parents[1])

import numpy as np  # noqa: E402

from gpt import Sizes  # noqa: E402


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    sizes, random = Sizes(), np.random.default_rng(0)
    tokens = random.integers(sizes.vocabulary, size=(ROWS, sizes.time + 1))
    contestant = importlib.import_module(f"gpt.{library}").create(sizes, BATCH)
    contestant.load(np.ascontiguousarray(tokens[:, :-1]), np.ascontiguousarray(tokens[:, 1:]))
    for line in sys.stdin:
        start = time.perf_counter()
        contestant.train(int(line))
        answers.write(f"{time.perf_counter() - start}\n")


if __name__ == "__main__":
    main()
