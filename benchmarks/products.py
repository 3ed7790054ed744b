"""The three products of a dense layer, y = relu(x W + b), dx = dy W^T and dW = x^T dy, against NumPy and PyTorch.

All run in this process, in turns with a pause between them, since the pools of two libraries disturb each other while
they spin. Only y of Ranvier includes bias and ReLU. PyTorch takes part where it is installed beside Ranvier.

    python benchmarks/products.py --threads 1
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

SHAPES = (
    (4096, 4096, 4096),
    (512, 4096, 4096),
    (512, 1024, 4096),
    (256, 2048, 2048),
    (128, 784, 512),
    (128, 512, 512),
    (128, 512, 10),
    (32, 64, 64),
    (32, 30, 64),
    (10, 16, 32),
    (4, 784, 128),
    (1, 784, 128),
    (1, 4096, 4096),
)
PRODUCTS = ("y", "dx", "dw")
PAUSE = 0.02  # seconds in which an idle pool goes to sleep

Runs = dict[str, Callable[[], Any]]


def ranvier_runs(shape: tuple[int, int, int]) -> Runs:
    """The three products by Ranvier."""
    import numpy as np

    from ranvier import _core

    m, k, n = shape
    random = np.random.default_rng(0)
    x, w, dy = (random.standard_normal(size, dtype=np.float32) for size in ((m, k), (k, n), (m, n)))
    bias, y, dx, dw = (np.zeros(size, np.float32) for size in (n, (m, n), (m, k), (k, n)))
    multiply = _core.float32.multiply
    return {
        "y": lambda: multiply(x, w, y, bias, True),
        "dx": lambda: multiply(dy, w.T, dx),
        "dw": lambda: multiply(x.T, dy, dw),
    }


def numpy_runs(shape: tuple[int, int, int]) -> Runs:
    """The three products by NumPy."""
    import numpy as np

    m, k, n = shape
    random = np.random.default_rng(0)
    x, w, dy = (random.standard_normal(size, dtype=np.float32) for size in ((m, k), (k, n), (m, n)))
    y, dx, dw = (np.zeros(size, np.float32) for size in ((m, n), (m, k), (k, n)))
    return {
        "y": lambda: np.matmul(x, w, out=y),
        "dx": lambda: np.matmul(dy, w.T, out=dx),
        "dw": lambda: np.matmul(x.T, dy, out=dw),
    }


def torch_runs(shape: tuple[int, int, int]) -> Runs:
    """The three products by PyTorch."""
    import torch

    m, k, n = shape
    x, w, dy = torch.randn(m, k), torch.randn(k, n), torch.randn(m, n)
    y, dx, dw = torch.empty(m, n), torch.empty(m, k), torch.empty(k, n)
    return {
        "y": lambda: torch.mm(x, w, out=y),
        "dx": lambda: torch.mm(dy, w.T, out=dx),
        "dw": lambda: torch.mm(x.T, dy, out=dw),
    }


def contestants(threads: int) -> dict[str, Callable[[tuple[int, int, int]], Runs]]:
    """Those that are installed, each told its number of threads."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(threads)
    from ranvier import _core

    _core.set_num_threads(threads)
    found: dict[str, Callable[[tuple[int, int, int]], Runs]] = {"ranvier": ranvier_runs, "numpy": numpy_runs}
    try:
        import torch
    except ImportError:
        return found
    torch.set_num_threads(threads)
    return found | {"torch": torch_runs}


def seconds_of(run: Callable[[], Any], repeats: int) -> float:
    """The mean time of so many calls."""
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - start) / repeats


def measure(shape: tuple[int, int, int], kinds: Mapping[str, Any], rounds: int, turn: float) -> dict[str, list[float]]:
    """Median GFLOP/s of each contestant's three products."""
    runs = {name: make(shape) for name, make in kinds.items()}
    work = 2.0 * shape[0] * shape[1] * shape[2]
    result: dict[str, list[float]] = {name: [] for name in runs}
    for product in PRODUCTS:
        repeats = {name: max(1, round(turn / max(seconds_of(run[product], 2), 1e-7))) for name, run in runs.items()}
        times: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(rounds):
            for name, run in runs.items():
                time.sleep(PAUSE)
                run[product]()
                times[name].append(seconds_of(run[product], repeats[name]))
        for name, measured in times.items():
            result[name].append(work / statistics.median(measured) / 1e9)
    return result


def main() -> None:
    """Prints GFLOP/s, and Ranvier's over the best other's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.03, help="length of a turn, at least one product")
    parser.add_argument("--largest", type=int, default=4096, help="leaves out shapes with a greater number of rows")
    options = parser.parse_args()
    kinds = contestants(options.threads)

    import report  # after the environment is set: it imports NumPy

    rows = []
    for shape in SHAPES:
        if shape[0] > options.largest:
            continue
        speeds = measure(shape, kinds, options.rounds, options.seconds)
        others = [max(values) for values in zip(*(speeds[name] for name in kinds if name != "ranvier"), strict=True)]
        ratios = [own / other for own, other in zip(speeds["ranvier"], others, strict=True)]
        cells = [" / ".join(f"{value:.0f}" for value in speeds[name]) for name in kinds]
        rows.append([str(shape), *cells, " / ".join(f"{ratio:.2f}" for ratio in ratios)])
    print(report.table(["(rows, inputs, units)", *kinds, "ranvier / best other"], rows))


if __name__ == "__main__":
    main()
