"""Contestants in processes of their own, so that they can take turns without disturbing one another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ranvier.bench import Workload

HERE = Path(__file__).parent
OUTPUT = HERE.parent / "build" / "benchmarks"


class Place(NamedTuple):
    """Where a contestant is installed."""

    python: Path
    versions: dict[str, str]


class ContestantError(RuntimeError):
    """A contestant's process died; its log says why."""


class Process:
    """One worker and the line protocol that it speaks: see `worker.py`."""

    def __init__(self, python: Path, threads: int, log: Path) -> None:
        variables = ("OMP", "OPENBLAS", "MKL", "RANVIER", "TF_INTRAOP", "TF_INTEROP")
        names = {"TF_INTRAOP": "TF_NUM_INTRAOP_THREADS", "TF_INTEROP": "TF_NUM_INTEROP_THREADS"}
        limits = {names.get(variable, f"{variable}_NUM_THREADS"): str(threads) for variable in variables}
        # NPROC is JAX's; the log level is TensorFlow's.
        environment = os.environ | limits | {"NPROC": str(threads), "TF_CPP_MIN_LOG_LEVEL": "2"}
        self.log = log
        with log.open("w") as errors:
            self.process = subprocess.Popen(
                [python, HERE / "worker.py", str(threads)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                text=True,
                bufsize=1,
            )

    def ask(self, request: str, **fields: Any) -> Any:
        """The worker's answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps({"request": request} | fields) + "\n")
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise ContestantError(f"{self.log.stem} failed: see {self.log}")
        # Thread pools spin for a while after their last piece of work: not in the next contestant's time.
        time.sleep(0.05)
        return json.loads(answer)

    def close(self) -> None:
        """Ends the worker."""
        self.process.communicate()


def find(pythons: Sequence[Path], threads: int) -> dict[str, Place]:
    """Each contestant that can be run, in the first of the interpreters that can run it."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    found: dict[str, Place] = {}
    for python in pythons:
        worker = Process(python, threads, OUTPUT / "available.log")
        for contestant, versions in worker.ask("available").items():
            found.setdefault(contestant, Place(python, versions))
        worker.close()
    return found


def selected(found: Mapping[str, Place], wanted: Sequence[str] | None) -> dict[str, Place]:
    """Those of the contestants that were asked for."""
    if missing := sorted(set(wanted or ()) - set(found)):
        sys.exit(f"not installed in any of the interpreters: {', '.join(missing)}; found: {', '.join(found)}")
    return {name: place for name, place in found.items() if not wanted or name in {"ranvier", *wanted}}


def versions(contestants: Mapping[str, Place]) -> dict[str, str]:
    """The packages of all of them."""
    return {package: version for place in contestants.values() for package, version in place.versions.items()}


@contextmanager
def team(contestants: Mapping[str, Place], workload: Workload, threads: int) -> Iterator[dict[str, Process]]:
    """A process for each contestant, its network for the workload built; those that fail are named and left out."""
    x, y = workload.data()
    files = {"x": OUTPUT / "x.npy", "y": OUTPUT / "y.npy"}
    np.save(files["x"], x)
    np.save(files["y"], y)
    told = {name: str(path) for name, path in files.items()} | getattr(workload, "told", dict)()
    with ExitStack() as stack:
        processes = {}
        for name, place in contestants.items():
            process = Process(place.python, threads, OUTPUT / f"{name}.log")
            stack.callback(process.close)
            try:
                process.ask("open", contestant=name, sizes=workload.sizes, batch=workload.batch, **told)
            except ContestantError as error:
                print(error)
            else:
                processes[name] = process
        yield processes
