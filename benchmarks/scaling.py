"""How cost grows with the work: a step over width and batch against the limits, threads, a neighbour, many models.

Predictions as well: threads, a neighbour, and calls from several Python threads at once.

python benchmarks/scaling.py                  # tables, and build/benchmarks/scaling.png
python benchmarks/scaling.py --parts many     # only one part
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

import report
from ranvier import Sequential, _core, fit_many, layers
from ranvier.optimizers import Adam

OUTPUT = Path(__file__).parent.parent / "build" / "benchmarks"
WIDTHS = (16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
BATCHES = (1, 4, 16, 64, 256, 1024, 4096)


def classifier(sizes: tuple[int, ...]) -> Sequential:
    """Dense ReLU layers and a softmax, compiled with Adam."""
    hidden = [layers.Dense(units, activation="relu") for units in sizes[1:-1]]
    model = Sequential([layers.Input((sizes[0],)), *hidden, layers.Dense(sizes[-1], activation="softmax")])
    model.compile(Adam(1e-4), "sparse_categorical_crossentropy")
    return model


def step_seconds(sizes: tuple[int, ...], batch: int, seconds: float, rounds: int = 3) -> float:
    """The median time of a training step."""
    model = classifier(sizes)
    random = np.random.default_rng(0)
    x = random.random((batch * 4, sizes[0]), dtype=np.float32)
    y = random.integers(0, sizes[-1], len(x))

    def epochs(count: int) -> float:
        start = time.perf_counter()
        model.fit(x, y, batch_size=batch, epochs=count, verbose=0)
        return (time.perf_counter() - start) / (4 * count)

    count = max(1, round(seconds / (4 * epochs(2))))
    return statistics.median(epochs(count) for _ in range(rounds))


def peaks() -> tuple[float, float]:
    """Flops and bytes a second that this machine reaches: a large product, and a triad on 256 MiB."""
    n = 2048
    a, b, c = (np.ones((n, n), np.float32) for _ in range(3))
    product = min(timed(lambda: _core.float32.multiply(a, b, c)) for _ in range(5))
    x, y = np.ones(1 << 25, np.float32), np.ones(1 << 25, np.float32)
    copy = min(timed(lambda: np.copyto(x, y)) for _ in range(5))
    return 2 * n**3 / product, 2 * x.nbytes / copy


def timed(run: Callable[[], Any]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def limits(sizes: tuple[int, ...], batch: int, flops: float, bandwidth: float, cache: int = 16 << 20) -> float:
    """The least time of a step: its arithmetic, and its parameters' traffic where they do not fit the cache."""
    pairs = [inputs * units for inputs, units in itertools.pairwise(sizes)]
    arithmetic = 2 * batch * (3 * sum(pairs) - pairs[0]) / flops
    parameters = 4 * sum(pairs)
    # Weights are read twice; weights and two moments are read and written by the update.
    return max(arithmetic, 8 * parameters / bandwidth if 3 * parameters > cache else 0.0)


def growth(seconds: float) -> None:
    """Time of a step over width and over batch, as tables and a chart."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    flops, bandwidth = peaks()
    print(
        f"\nlarge product {flops / 1e9:.0f} GFLOP/s, copy {bandwidth / 1e9:.1f} GB/s, {_core.num_threads()} threads\n"
    )
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.5), sharey=True)
    sweeps = (
        ("width (batch 64)", WIDTHS, [((64, width, width, 10), 64) for width in WIDTHS]),
        ("batch (784-512-512-10)", BATCHES, [((784, 512, 512, 10), batch) for batch in BATCHES]),
    )
    for axis, (label, values, cases) in zip(axes, sweeps, strict=True):
        measured = [step_seconds(sizes, batch, seconds) for sizes, batch in cases]
        least = [limits(sizes, batch, flops, bandwidth) for sizes, batch in cases]
        rows = [
            [str(value), f"{1e6 * took:,.1f}", f"{1e6 * limit:,.1f}", f"{took / limit:.1f}"]
            for value, took, limit in zip(values, measured, least, strict=True)
        ]
        print(report.table([label, "us a step", "limit, us", "ratio"], rows), "\n")
        axis.loglog(values, [1e6 * took for took in measured], "o-", label="measured")
        axis.loglog(values, [1e6 * limit for limit in least], "--", color="gray", label="arithmetic or bandwidth")
        axis.set(xlabel=label, xticks=values, xticklabels=values)
        axis.minorticks_off()
        axis.grid(alpha=0.3)
        axis.legend()
    axes[0].set_ylabel("microseconds a training step")
    figure.tight_layout()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    figure.savefig(OUTPUT / "scaling.png", dpi=120)
    print(f"Written: {OUTPUT / 'scaling.png'}")


@contextmanager
def neighbour() -> Iterator[None]:
    """A process that keeps one processor busy."""
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            time.sleep(0.5)
            yield
        finally:
            process.kill()


def on_one_and_all_threads(measure: Callable[[], float]) -> list[str]:
    """Two cells in microseconds, and a third: how many times all threads are faster."""
    times = []
    for threads in (1, 0):
        _core.set_num_threads(threads)
        times.append(measure())
    return [*(f"{1e6 * took:,.0f}" for took in times), f"{times[0] / times[1]:.2f}"]


def threads_and_neighbour(seconds: float) -> None:
    """784-512-512-10, batch 128: one thread and all, alone and beside a process that keeps one processor busy."""

    def row() -> list[str]:
        return on_one_and_all_threads(lambda: step_seconds((784, 512, 512, 10), 128, seconds))

    rows = [["alone", *row()]]
    with neighbour():
        rows.append(["one processor busy", *row()])
    print(report.table(["784-512-512-10, b 128", "1 thread, us", f"{_core.num_threads()} threads, us", "gain"], rows))


def predictions(seconds: float, rounds: int = 5) -> None:
    """`predict` of 784-128-10: one thread and all, alone and with a neighbour; calls from several Python threads."""
    model = classifier((784, 128, 10))
    random = np.random.default_rng(0)

    def calls_of(x: np.ndarray, callers: int) -> float:
        """Seconds a call, of `callers` threads at once."""
        count = max(3, round(seconds / timed(lambda: model.predict(x)) / callers))

        def call() -> None:
            for _ in range(count):
                model.predict(x)

        took = []
        with ThreadPoolExecutor(callers) as pool:
            for _ in range(rounds):
                start = time.perf_counter()
                for done in [pool.submit(call) for _ in range(callers)]:
                    done.result()
                took.append((time.perf_counter() - start) / (count * callers))
        return statistics.median(took)

    batches = {rows: random.random((rows, 784), dtype=np.float32) for rows in (1, 32, 128, 1000, 10_000)}
    table = {rows: on_one_and_all_threads(lambda x=x: calls_of(x, 1)) for rows, x in batches.items()}  # type: ignore[misc]
    with neighbour():
        for rows, x in batches.items():
            table[rows] += on_one_and_all_threads(lambda x=x: calls_of(x, 1))  # type: ignore[misc]
    for rows, x in batches.items():
        alone = calls_of(x, 1)
        table[rows] += [f"{alone / calls_of(x, callers):.2f}" for callers in (2, 4)]
    everything = f"{_core.num_threads()} threads, us"
    header = ["rows", "1 thread, us", everything, "gain", "busy: 1, us", everything, "gain", "2 callers", "4 callers"]
    print(report.table(header, [[f"{rows:,}", *cells] for rows, cells in table.items()]))


def many_models(count: int, rounds: int = 5) -> None:
    """`fit_many` of small networks against fitting them one after the other."""
    random = np.random.default_rng(0)
    x = random.random((2100, 1))
    y = (x[:, 0] > 0.6).astype(int)
    ratios = []
    for _ in range(rounds):
        ones, others = ([classifier((1, 16, 32, 2)) for _ in range(count)] for _ in range(2))
        start = time.perf_counter()
        for model in ones:
            model.fit(x, y, batch_size=10, epochs=20, verbose=0)
        middle = time.perf_counter()
        fit_many(others, x, y, batch_size=10, epochs=20)
        ratios.append((middle - start) / (time.perf_counter() - middle))
    listed = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    print(
        f"fit_many of {count} networks 1-16-32-2: {statistics.median(ratios):.2f} times one after the other ({listed})"
    )


def main() -> None:
    """Runs the parts asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=0.3, help="length of one measurement")
    parts: dict[str, Callable[[float], None]] = {
        "growth": growth,
        "neighbour": threads_and_neighbour,
        "predictions": predictions,
        "many": lambda _: many_models(64),
    }
    parser.add_argument("--parts", nargs="+", default=list(parts), choices=list(parts), help="only these")
    options = parser.parse_args()
    for part in options.parts:
        parts[part](options.seconds)


if __name__ == "__main__":
    main()
