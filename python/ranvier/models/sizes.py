"""Models whose inputs may have any size: what runs them is made for each size, and the latest are kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ranvier.models.graph import native_network

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Shape
    from ranvier.subgraph import Subgraph

# Sizes whose networks, plans and memory are kept: users sort data into buckets, and there are few of them.
KEPT = 8

_Made = TypeVar("_Made")


class Latest(Generic[_Made]):
    """The latest used of things that are made for sizes."""

    def __init__(self) -> None:
        self._made: OrderedDict[Any, _Made] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Any, make: Callable[[], _Made], kept: int = KEPT) -> _Made:
        """What was made for a key, or is now; of all that are made, so many are kept."""
        with self._lock:
            if key in self._made:
                self._made.move_to_end(key)
                return self._made[key]
        made = make()
        with self._lock:
            self._made[key] = made
            while len(self._made) > kept:
                self._made.popitem(last=False)
        return made

    def __len__(self) -> int:
        return len(self._made)

    def clear(self) -> None:
        """Forgets all."""
        with self._lock:
            self._made.clear()


class Sized:
    """A model for inputs of certain sizes.

    Args:
        name: of the model.
        graph: the nodes, of these sizes.
    """

    def __init__(self, name: str, graph: Subgraph) -> None:
        self.graph = graph
        self.outputs = [symbol.row_shape for symbol in graph.outputs]
        self._name = name
        self._network: tuple[_core.Network, str] | None = None

    @property
    def network(self) -> tuple[_core.Network, str]:
        """The native network, made when first needed, and its number type."""
        if self._network is None:
            self._network = native_network(self._name, self.graph)
        return self._network


class SizedTrainer:
    """Native trainers for data of different sizes, which go on in each other's passes: what the loops see is one.

    Args:
        make: a trainer for rows of inputs and targets of these shapes.
        first: shapes of the data that come first.
    """

    def __init__(self, make: Callable[[Any], Any], first: Any) -> None:
        self._make = make
        self._native = make(first)
        self._key = first
        self._seed = 0
        self._options: tuple[Any, ...] = ()

    @property
    def seed(self) -> int:
        """See `_core.Trainer`, as for all that follows."""
        return self._seed

    @seed.setter
    def seed(self, seed: int) -> None:
        self._seed = self._native.seed = seed

    @property
    def batch(self) -> int:
        """Batches done in this pass."""
        batch: int = self._native.batch
        return batch

    @property
    def batches(self) -> int:
        """Batches of the whole pass."""
        batches: int = self._native.batches
        return batches

    def _turn_to(self, feed: _core.Feed) -> bool:
        # Whether another trainer takes over.
        key = (feed.x_shapes, feed.y_shapes)
        if key == self._key:
            return False
        self._native, self._key = self._make(key), key
        self._native.seed = self._seed
        return True

    def begin(self, feed: _core.Feed, batch_size: int, training: bool, shuffle: bool, epoch: int, steps: int) -> None:
        """Starts a pass."""
        self._turn_to(feed)
        self._options = (training, epoch)
        self._native.begin(feed, batch_size, training, shuffle, epoch, steps)

    def extend(self, feed: _core.Feed) -> None:
        """Goes on in the same pass with another feed, whose rows are one more batch."""
        done, progress = self.batch, self._native.progress()
        if not self._turn_to(feed):
            self._native.extend(feed)
            return
        training, epoch = self._options
        self._native.begin(feed, feed.rows, training, False, epoch, -1)
        self._native.resume(progress, done)

    def run(self, seconds: float, batches: int) -> bool:
        """Runs batches; False once the pass is complete."""
        more: bool = self._native.run(seconds, batches)
        return more

    def progress(self) -> list[float]:
        """Where the pass is."""
        progress: list[float] = self._native.progress()
        return progress

    def resume(self, progress: Sequence[float], skipped: int = 0) -> None:
        """Goes on in the middle of a pass."""
        self._native.resume(progress, skipped)

    def results(self) -> list[Any]:
        """The losses, then the metrics."""
        results: list[Any] = self._native.results()
        return results


def keys_of(data: Any) -> tuple[list[Shape], list[Shape]]:
    """What a `SizedTrainer` tells data apart by."""
    return [tuple(array.shape[1:]) for array in data.x], [tuple(array.shape[1:]) for array in data.y]
