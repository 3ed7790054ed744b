"""The process that one contestant lives in: `python worker.py THREADS`.

It reads one JSON request a line from the standard input and answers each with one line. Between requests it waits
without using the processor, so that contestants can take turns. Whatever the libraries print goes to the error output.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

THREADS = int(sys.argv[1])
if hasattr(os, "sched_setaffinity"):
    # Before any import: libraries count the processors when they are loaded.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])

import numpy as np  # noqa: E402

from contestants import available, create  # noqa: E402


class Worker:
    """The requests: one method each, whose arguments are the fields of the request."""

    def available(self) -> dict[str, dict[str, str]]:
        """The contestants that this interpreter can run, with the versions of their packages."""
        return available()

    def open(self, contestant: str, sizes: list[int], batch: int, x: str, y: str, **told: dict[str, Any]) -> None:
        """Builds the contestant's network; `x` and `y` are .npy files with the data.

        `told`: what images.py or sequences.py say of one that is not of dense layers alone.
        """
        self.x, self.y = np.load(x), np.load(y)
        self.loaded = 0
        self.contestant = create(contestant, tuple(sizes), batch, **told)

    def train(self, rows: int, epochs: int) -> float:
        """Seconds that `epochs` passes over the first rows take."""
        if rows != self.loaded:
            self.contestant.load(self.x[:rows], self.y[:rows])
            self.loaded = rows
        return self.seconds(self.contestant.train, epochs)

    def predict(self, rows: int, calls: int) -> float:
        """Seconds that a prediction of the first rows takes, the mean of `calls`."""
        return self.repeat(self.contestant.predict, rows, calls)

    def call(self, rows: int, calls: int) -> float:
        """The same, by the quickest documented way for a few rows."""
        return self.repeat(self.contestant.call, rows, calls)

    def repeat(self, function: Callable[[Any], object], rows: int, calls: int) -> float:
        x = self.x[:rows]

        def run() -> None:
            for _ in range(calls):
                function(x)

        return self.seconds(run) / calls

    @staticmethod
    def seconds(function: Callable[..., object], *arguments: object) -> float:
        start = time.perf_counter()
        function(*arguments)
        return time.perf_counter() - start


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    worker = Worker()
    for line in sys.stdin:
        request = json.loads(line)
        answer = getattr(worker, request.pop("request"))(**request)
        answers.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
