"""Data that come batch by batch: generators, other iterables of batches, and `PyDataset`s."""

from __future__ import annotations

import itertools
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ranvier.models.prefetch import Prefetched, made_by_threads
from ranvier.random import generator
from ranvier.utils.py_dataset import PyDataset, unpack_x_y_sample_weight

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier.models.data import Data

_AHEAD = 4  # batches of an iterable; a PyDataset says how many


def is_stream(x: Any) -> bool:
    """Whether x gives batches one by one, rather than all rows at once.

    >>> is_stream(iter([])), is_stream([[1.0]])
    (True, False)
    """
    if isinstance(x, PyDataset) or hasattr(x, "__next__"):
        return True
    if isinstance(x, list | tuple | Mapping | str | bytes) or hasattr(x, "__array__") or hasattr(x, "__dlpack__"):
        return False
    if hasattr(x, "__getitem__"):
        return hasattr(x, "__len__") and hasattr(x, "on_epoch_end")
    return hasattr(x, "__iter__") and not hasattr(x, "__array_interface__")


def parts(where: str, batch: Any) -> tuple[Any, Any, Any]:
    """x, y and weights of a batch.

    Raises: ValueError for a tuple of another length.
    """
    if not isinstance(batch, tuple):  # a list is inputs
        return batch, None, None
    try:
        return unpack_x_y_sample_weight(batch)
    except ValueError as error:
        raise ValueError(f"[{where}] {error}") from None


def each_batch(x: Any, most: int) -> Iterator[Any]:
    """The batches of x, as they are, in order; at most `most` (-1: all). A thread makes the next ones."""
    items = iter(x) if hasattr(x, "__iter__") else (x[i] for i in range(len(x)))
    with Prefetched(itertools.islice(items, None if most < 0 else most), _AHEAD) as batches:
        yield from batches


class Stream:
    """Batches of one data set.

    Args:
        where: who wants them.
        source: a `PyDataset` or the like, an iterable of batches, or an iterator, which can be gone through once.
        take: makes `Data` of x, y and weights, with all checks.
        most: batches that will be asked for in all passes, or -1: an iterator is not read further than that.

    Raises: ValueError if there is no first batch.
    """

    def __init__(self, where: str, source: Any, take: Callable[[Any, Any, Any], Data], most: int = -1) -> None:
        self._where = where
        self._source = source
        self._take = take
        self._indexed = hasattr(source, "__getitem__") and not hasattr(source, "__next__")
        self.once = hasattr(source, "__next__")
        self._running: Prefetched | None = None
        self.batches: int | None = None
        if self._indexed:
            self.batches = source.num_batches if hasattr(source, "num_batches") else len(source)
            if self.batches == 0:
                raise ValueError(f"[{where}] expected at least one batch, got a data set of none")
            self.first = self._data(source[0])
            return
        if hasattr(source, "__len__"):
            self.batches = len(source)
        items = iter(source)
        first = next(items, None)
        if first is None:
            raise ValueError(f"[{where}] expected at least one batch, got an iterator that is at its end")
        self.first = self._data(first)
        self._items = itertools.islice(itertools.chain([first], items), None if most < 0 else most)

    def _data(self, batch: Any) -> Data:
        return self._take(*parts(self._where, batch))

    # What a data set in memory has as well.

    @property
    def x(self) -> list[Any]:
        """Inputs of the first batch."""
        return self.first.x

    @property
    def y(self) -> list[Any]:
        """Targets of the first batch."""
        return self.first.y

    @property
    def rows(self) -> int:
        """Rows of the first batch."""
        return self.first.rows

    @property
    def from_binary_labels(self) -> tuple[bool, ...]:
        """See `Data`; decided by the first batch."""
        return self.first.from_binary_labels

    def part(self, begin: int, end: int) -> Data:
        """Rows of the first batch."""
        return self.first.part(begin, min(end, self.first.rows))

    def feed(self) -> _core.Feed:
        """Itself: a `StreamTrainer` knows what to do with it."""
        return self  # type: ignore[return-value]

    def steps(self, most: int) -> int | None:
        """Batches of a pass of at most `most` (-1: all), if that is known."""
        if self.batches is None:
            return None if most < 0 else most
        return self.batches if most < 0 else min(most, self.batches)

    # Passes.

    def start(self, order: tuple[int, int] | None, skipped: int = 0) -> Iterator[Data]:
        """Begins a pass, and gives its batches.

        Args:
            order: seed and epoch, which decide the order of a `PyDataset`'s batches; None for its own.
            skipped: batches to leave out.
        """
        if self._indexed:
            self.close()
            self._call("on_epoch_begin")
            items = self._by_number(order, skipped)
            self._running = Prefetched(items, getattr(self._source, "max_queue_size", _AHEAD))
            return self._running
        if self.once:
            if self._running is None:
                self._running = Prefetched(map(self._data, self._items), _AHEAD)
        else:
            self.close()
            batches = self._items if self._items is not None else iter(self._source)
            self._items = None  # type: ignore[assignment]  # of the first pass only
            self._running = Prefetched(map(self._data, batches), _AHEAD)
        for _ in range(skipped):
            next(self._running, None)
        return self._running

    def _by_number(self, order: tuple[int, int] | None, skipped: int) -> Iterator[Data]:
        indices: Any = itertools.count(skipped)
        if self.batches is not None:
            indices = range(self.batches)
            if order is not None:
                seed, epoch = order
                indices = generator(seed + epoch).permutation(self.batches).tolist()
            indices = indices[skipped:]
        workers = getattr(self._source, "workers", 1)
        if workers > 1:
            return made_by_threads(lambda i: self._data(self._source[i]), indices, workers, self._source.max_queue_size)
        return (self._data(self._source[i]) for i in indices)

    def finish(self) -> None:
        """A pass is over."""
        if self._indexed:
            self.close()
            self._call("on_epoch_end")

    def _call(self, hook: str) -> None:
        if hasattr(self._source, hook):
            getattr(self._source, hook)()

    def close(self) -> None:
        """Stops the thread that makes batches."""
        if self._running is not None:
            self._running.close()
            self._running = None


class StreamTrainer:
    """A native trainer that is given the batches of a `Stream` one by one; other data go straight to it.

    Args:
        inner: the trainer.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._stream: Stream | None = None

    @property
    def seed(self) -> int:
        """See `_core.Trainer`, as for all that follows."""
        seed: int = self._inner.seed
        return seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._inner.seed = seed

    @property
    def batch(self) -> int:
        """Batches done in this pass."""
        batch: int = self._inner.batch
        return batch

    @property
    def batches(self) -> int:
        """Batches of the whole pass; where nobody knows, those that are known to come."""
        if self._stream is None:
            batches: int = self._inner.batches
            return batches
        if self._over:
            return self.batch
        return max(self._steps or 0, self.batch + 1)

    def begin(self, feed: Any, batch_size: int, training: bool, shuffle: bool, epoch: int, steps: int) -> None:
        """Starts a pass.

        Raises: EOFError if a stream that can be gone through once is at its end.
        """
        if not isinstance(feed, Stream):
            self._stream = None
            self._inner.begin(feed, batch_size, training, shuffle, epoch, steps)
            return
        self._stream, self._training, self._epoch, self._most = feed, training, epoch, steps
        self._steps, self._over = feed.steps(steps), steps == 0
        self._order = (self.seed, epoch) if shuffle else None
        self._start(0)

    def _start(self, skipped: int) -> None:
        assert self._stream is not None
        self._batches = self._stream.start(self._order, skipped)
        data = next(self._batches, None)
        if data is None:
            raise EOFError
        self._inner.begin(data.feed(), data.rows, self._training, False, self._epoch, -1)

    def run(self, seconds: float, batches: int) -> bool:
        """Runs batches until one of both is used up; False once the pass is complete."""
        if self._stream is None:
            more: bool = self._inner.run(seconds, batches)
            return more
        end = time.perf_counter() + seconds
        while batches != 0 and not self._over:
            self._inner.run(float("inf"), 1)
            batches -= 1
            data = None if self.batch == self._most else next(self._batches, None)
            if data is None:
                self._over = True
                self._warn_of_early_end()
                self._stream.finish()
            else:
                self._inner.extend(data.feed())
            if time.perf_counter() >= end:
                break
        return not self._over

    def _warn_of_early_end(self) -> None:
        if 0 <= self.batch < self._most:
            warnings.warn(
                f"[fit] the data ended after {self.batch} batches of {self._most}: give an iterator that goes on, or "
                "fewer steps",
                UserWarning,
                stacklevel=2,
            )

    def progress(self) -> list[float]:
        """Where the pass is."""
        numbers: list[float] = self._inner.progress()
        return numbers

    def resume(self, progress: Sequence[float]) -> None:
        """Goes on in the middle of a pass."""
        if self._stream is None:
            self._inner.resume(progress)
            return
        done = int(progress[0])
        if not done:
            self._inner.resume(progress)
            return
        # After the last batch there is no other to begin with: that one is taken again, but not run.
        self._over = self._steps is not None and done >= self._steps
        skipped = done - self._over
        self._start(skipped - self._stream.once)  # of an iterator one batch has been taken already
        self._inner.resume(progress, skipped)

    def results(self) -> list[Any]:
        """The losses, then the metrics."""
        results: list[Any] = self._inner.results()
        return results
