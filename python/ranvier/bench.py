"""How fast is Ranvier on this machine, against NumPy: `python -m ranvier.bench`.

Whole training is timed: shuffling, gathering rows, forward, softmax cross-entropy, backward, Adam, in float32. The
workloads and the NumPy network are also those of the programs in `benchmarks/`.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LEARNING_RATE = 1e-4


@dataclass(frozen=True)
class Workload:
    """A classifier of dense layers, ReLU between them, and the size of what it learns from."""

    name: str
    sizes: tuple[int, ...]
    batch: int
    rows: int

    def data(self) -> tuple[Array, Array]:
        """Normal features, float32 (rows, inputs), and the class, int64 (rows,), a random linear map gives each."""
        random = np.random.default_rng(0)
        x = random.standard_normal((self.rows, self.sizes[0]), dtype=np.float32)
        teacher = random.standard_normal((self.sizes[0], self.sizes[-1]), dtype=np.float32)
        return x, (x @ teacher).argmax(axis=1)


# All of whole batches, so that every library takes the same steps.
WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("seed", (1, 16, 32, 2), batch=10, rows=2_100),
        Workload("tabular", (30, 64, 64, 2), batch=32, rows=100_000),
        Workload("mnist", (784, 512, 512, 10), batch=128, rows=468 * 128),
        Workload("wide", (1024, 4096, 4096, 1000), batch=512, rows=4_096),
    )
}


class NumpyClassifier:
    """Dense layers with ReLU between them, softmax cross-entropy and Adam, as one writes them in NumPy.

    All parameters lie in one vector, so that Adam takes a handful of NumPy calls however many layers there are.
    """

    def __init__(self, sizes: tuple[int, ...], seed: int = 0) -> None:
        self._random = np.random.default_rng(seed)
        shapes = [shape for pair in itertools.pairwise(sizes) for shape in (pair, pair[1:])]
        ends = np.cumsum([np.prod(shape) for shape in shapes])
        self._parameters, self._gradients, self._m, self._v = np.zeros((4, ends[-1]), dtype=np.float32)
        self._step = 0

        def views(vector: Array) -> list[tuple[Array, Array]]:
            parts = [part.reshape(shape) for part, shape in zip(np.split(vector, ends[:-1]), shapes, strict=True)]
            return list(zip(parts[::2], parts[1::2], strict=True))

        self._layers = views(self._parameters)
        self._layer_gradients = views(self._gradients)
        for weight, _ in self._layers:
            limit = np.sqrt(6 / sum(weight.shape))
            weight[...] = self._random.uniform(-limit, limit, weight.shape)

    def fit(self, x: Array, y: Array, batch_size: int, epochs: int) -> None:
        """Trains on the classes `y` of the rows of `x`, in a new order each epoch."""
        for _ in range(epochs):
            order = self._random.permutation(len(x))
            for start in range(0, len(x), batch_size):
                rows = order[start : start + batch_size]
                self._train_on_batch(x[rows], y[rows])

    def predict(self, x: Array) -> Array:
        """The probabilities of the classes, (rows, classes)."""
        return self._forward(x)[-1]

    def _forward(self, x: Array) -> list[Array]:
        values = [x]
        for weight, bias in self._layers:
            z = values[-1] @ weight
            z += bias
            values.append(z)
            if len(values) <= len(self._layers):
                np.maximum(z, 0, out=z)
        z -= z.max(axis=1, keepdims=True)
        np.exp(z, out=z)
        z /= z.sum(axis=1, keepdims=True)
        return values

    def _train_on_batch(self, x: Array, y: Array) -> None:
        *values, dz = self._forward(x)
        dz[np.arange(len(y)), y] -= 1
        dz /= len(y)
        for layer in reversed(range(len(self._layers))):
            dweight, dbias = self._layer_gradients[layer]
            np.matmul(values[layer].T, dz, out=dweight)
            dz.sum(axis=0, out=dbias)
            if layer > 0:
                dz = dz @ self._layers[layer][0].T
                dz *= values[layer] > 0
        self._adam()

    def _adam(self, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7) -> None:
        self._step += 1
        rate = LEARNING_RATE * np.sqrt(1 - beta_2**self._step) / (1 - beta_1**self._step)
        self._m += (1 - beta_1) * (self._gradients - self._m)
        self._v += (1 - beta_2) * (np.square(self._gradients) - self._v)
        self._parameters -= np.float32(rate) * self._m / (np.sqrt(self._v) + epsilon)


def steps(rows: int, batch: int, epochs: int) -> int:
    """Training steps in `epochs` passes over `rows`."""
    return -(-rows // batch) * epochs


def plan(train: Callable[[int, int], float], workload: Workload, seconds: float) -> tuple[int, int]:
    """Warms up and finds how many (rows, epochs) train in about `seconds`; fewer rows only where one epoch is too long.

    `train(rows, epochs)` trains on the first rows and returns how long it took, in seconds.
    """
    rows, epochs = min(4 * workload.batch, workload.rows), 1
    for _ in range(2):
        train(rows, epochs)
        wanted = seconds * steps(rows, workload.batch, epochs) / train(rows, epochs)
        epoch = steps(workload.rows, workload.batch, 1)
        if wanted >= 0.5 * epoch:
            rows, epochs = workload.rows, max(1, round(wanted / epoch))
        else:
            rows, epochs = max(1, int(wanted)) * workload.batch, 1
    train(rows, epochs)
    return rows, epochs


def _trainers(workload: Workload) -> dict[str, Callable[[int, int], float]]:
    # Imported here, so that whoever only wants the workloads or the NumPy network is not kept waiting.
    from ranvier import Input, Sequential, layers, optimizers

    x, y = workload.data()
    hidden = [layers.Dense(units, activation="relu") for units in workload.sizes[1:-1]]
    model = Sequential([Input((workload.sizes[0],)), *hidden, layers.Dense(workload.sizes[-1], activation="softmax")])
    model.compile(optimizers.Adam(learning_rate=LEARNING_RATE), loss="sparse_categorical_crossentropy")
    reference = NumpyClassifier(workload.sizes)

    def timed(fit: Callable[..., object], **options: Any) -> Callable[[int, int], float]:
        def train(rows: int, epochs: int) -> float:
            start = time.perf_counter()
            fit(x[:rows], y[:rows], batch_size=workload.batch, epochs=epochs, **options)
            return time.perf_counter() - start

        return train

    return {"Ranvier": timed(model.fit, verbose=0), "NumPy": timed(reference.fit)}


def measure(workload: Workload, seconds: float = 0.3, rounds: int = 3) -> dict[str, float]:
    """Microseconds a training step of Ranvier and of NumPy, taken in turns; the median of the rounds."""
    trainers = _trainers(workload)
    plans = {name: plan(train, workload, seconds) for name, train in trainers.items()}
    times: dict[str, list[float]] = {name: [] for name in trainers}
    for _, (name, train) in itertools.product(range(rounds), trainers.items()):
        rows, epochs = plans[name]
        times[name].append(1e6 * train(rows, epochs) / steps(rows, workload.batch, epochs))
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    """Prints a table of the three smaller workloads."""
    from ranvier import _core

    print(f"Microseconds a training step (Adam, float32); {_core.num_threads()} threads, {_core.isa()} kernels.\n")
    print(f"{'workload':<9} {'layers':<16} {'batch':>5} {'Ranvier':>9} {'NumPy':>9} {'faster':>8}")
    for name in ("seed", "tabular", "mnist"):
        workload = WORKLOADS[name]
        times = measure(workload)
        ours, numpy = times["Ranvier"], times["NumPy"]
        sizes = "-".join(map(str, workload.sizes))
        print(f"{name:<9} {sizes:<16} {workload.batch:>5} {ours:>9.1f} {numpy:>9.1f} {numpy / ours:>7.1f}x", flush=True)


if __name__ == "__main__":
    main()
