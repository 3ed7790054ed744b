"""Training of GloVe vectors: pairs a second, against the same steps in NumPy and in PyTorch, and against the machine.

The text is made up, with words as frequent as in English (Zipf-Mandelbrot). The NumPy contestant takes the very steps
of the paper's program, pair by pair; PyTorch takes them in batches, with sparse gradients and its own Adagrad.
Contestants take turns in one process. Two limits are printed: what a vocabulary reaches whose parameters all fit the
second-level cache, which is the arithmetic, and what could be reached if every pair fetched its rows from memory and
wrote them back.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np

from ranvier import _core
from ranvier.text import Corpus, GloVe

X_MAX, ALPHA, RATE = 100.0, 0.75, 0.05


def zipf_corpus(words: int, tokens: int, seed: int = 0) -> Corpus:
    """Sentences of 20 words with the frequencies of Zipf and Mandelbrot."""
    odds = 1 / (np.arange(words) + 2.7)
    drawn = np.random.default_rng(seed).choice(words, tokens, p=odds / odds.sum())
    return Corpus(drawn.reshape(-1, 20))


def ranvier_model(corpus: Corpus, size: int, threads: int) -> GloVe:
    """A model whose pairs are counted."""
    return GloVe(corpus, vector_size=size, epochs=0, workers=threads)


def ranvier_turn(model: GloVe) -> Callable[[], float]:
    """Pairs a second of an epoch."""

    def turn() -> float:
        begun = time.perf_counter()
        model.train(epochs=1)
        return float(model._native.total / (time.perf_counter() - begun))

    return turn


def numpy_turn(order: Any, words: int, size: int, pairs: int) -> Callable[[], float]:
    """The steps of the paper's program, pair by pair."""
    random = np.random.default_rng(0)
    w, c = ((random.random((words, size + 1), np.float32) - 0.5) / size for _ in range(2))
    w_sums, c_sums = np.ones_like(w), np.ones_like(c)

    def turn() -> float:
        begun = time.perf_counter()
        for i, j, x in zip(*(column[:pairs] for column in order), strict=True):
            difference = w[i, :-1] @ c[j, :-1] + w[i, -1] + c[j, -1] - np.log(x)
            slope = RATE * min(1.0, x / X_MAX) ** ALPHA * difference
            dw, dc = np.append(slope * c[j, :-1], slope), np.append(slope * w[i, :-1], slope)
            w[i] -= dw / np.sqrt(w_sums[i])
            c[j] -= dc / np.sqrt(c_sums[j])
            w_sums[i] += dw**2
            c_sums[j] += dc**2
        return pairs / (time.perf_counter() - begun)

    return turn


def torch_turn(order: Any, words: int, size: int, pairs: int, batch: int, threads: int) -> Callable[[], float]:
    """The same in batches, as it is usually written in PyTorch."""
    import torch

    torch.set_num_threads(threads)
    tables = [torch.nn.Embedding(words, width, sparse=True) for width in (size, size, 1, 1)]
    for table in tables:
        torch.nn.init.uniform_(table.weight, -0.5 / size, 0.5 / size)
    parameters = [table.weight for table in tables]
    optimizer = torch.optim.Adagrad(parameters, lr=RATE, initial_accumulator_value=1)
    i, j, x = (torch.from_numpy(column[:pairs].copy()) for column in order)
    log_x, weight = x.log(), (x / X_MAX).clamp(max=1) ** ALPHA

    def batches() -> Iterator[slice]:
        return (slice(first, first + batch) for first in range(0, pairs, batch))

    def turn() -> float:
        begun = time.perf_counter()
        for part in batches():
            optimizer.zero_grad()
            w, c, b, d = (table(k[part]) for table, k in zip(tables, (i, j, i, j), strict=True))
            difference = (w * c).sum(1) + b[:, 0] + d[:, 0] - log_x[part]
            (0.5 * weight[part] * difference**2).sum().backward()
            optimizer.step()
        return pairs / (time.perf_counter() - begun)

    return turn


def memory_bandwidth() -> float:
    """Bytes a second that one thread reads and writes, adding to an array that no cache holds."""
    array = np.ones(64 << 20, np.float32)
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        np.add(array, 1, out=array)
        times.append(time.perf_counter() - begun)
    return 2 * array.nbytes / min(times)


def main() -> None:
    """Prints the median of each contestant and the limits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=20_000)
    parser.add_argument("--tokens", type=int, default=2_000_000)
    parser.add_argument("--size", type=int, default=100, help="of the vectors")
    parser.add_argument("--threads", type=int, nargs="+", default=[1])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=4096, help="of PyTorch")
    options = parser.parse_args()
    corpus = zipf_corpus(options.words, options.tokens)
    _core.set_num_threads(max(options.threads))
    turns: dict[str, Callable[[], float]] = {}
    for threads in options.threads:
        begun = time.perf_counter()
        model = ranvier_model(corpus, options.size, threads)
        seconds = time.perf_counter() - begun
        print(f"{threads} threads counted {options.tokens / seconds / 1e6:.1f} million words a second")
        turns[f"ranvier, {threads} threads"] = ranvier_turn(model)
    small = ranvier_model(zipf_corpus(400, options.tokens), options.size, 1)
    turns["limit of arithmetic, 1 thread"] = ranvier_turn(small)
    order, known = model._native.next_order(), len(model.wv)
    if find_spec("torch"):
        count = min(1_000_000, model._native.total)
        turns["torch"] = torch_turn(order, known, options.size, count, options.batch, max(options.threads))
    turns["numpy"] = numpy_turn(order, known, options.size, 10_000)
    print(f"{known} words, {model._native.total / 1e6:.1f} million pairs, vectors of {options.size}")
    reached: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(options.rounds):
        for name, turn in turns.items():
            reached[name].append(turn())
    first = reached[next(iter(turns))]
    for name, values in reached.items():
        slower = statistics.median(ours / theirs for ours, theirs in zip(first, values, strict=True))
        print(f"{name:<30} {statistics.median(values) / 1e6:>10.3f} million pairs a second {slower:>9.2f}x")
    moved = model.estimate_memory(words=1, pairs=0)["parameters"]  # of a word and a context; read and written
    limit = memory_bandwidth() / (2 * moved)
    print(f"{'limit of memory, 1 thread':<30} {limit / 1e6:>10.3f} million pairs a second")


if __name__ == "__main__":
    main()
