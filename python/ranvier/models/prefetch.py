"""Batches made in other threads while the native loop works on the present one."""

from __future__ import annotations

import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

_END = object()
_PATIENCE = 5.0  # seconds


class Prefetched:
    """What an iterator gives, fetched by a thread some items ahead.

    An error of the iterator is raised where its item would have come.

    Args:
        items: the iterator; only the thread touches it.
        size: how many items may wait.

    >>> with Prefetched(iter(range(3)), 2) as items:
    ...     list(items)
    [0, 1, 2]
    """

    def __init__(self, items: Iterator[Any], size: int) -> None:
        self._items = items
        self._queue: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(size)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._over = False

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._over:
            raise StopIteration
        if self._thread is None:
            self._thread = threading.Thread(target=self._fetch, name="ranvier-batches", daemon=True)
            self._thread.start()
        item, error = self._queue.get()
        if error is not None:
            self._over = True
            raise error
        if item is _END:
            self._over = True
            raise StopIteration
        return item

    def _fetch(self) -> None:
        try:
            for item in self._items:
                if not self._put(item, None):
                    return
            self._put(_END, None)
        except BaseException as error:  # noqa: BLE001  raised again where the item is wanted
            self._put(_END, error)

    def _put(self, item: Any, error: BaseException | None) -> bool:
        while not self._stopped.is_set():
            try:
                self._queue.put((item, error), timeout=0.05)
            except queue.Full:
                continue
            return True
        return False

    def close(self) -> None:
        """Stops the thread after the item that it is at."""
        self._stopped.set()
        self._over = True
        if self._thread is not None:
            self._thread.join(_PATIENCE)  # an iterator may wait for something that never comes

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def made_by_threads(make: Callable[[int], Any], indices: Iterable[int], workers: int, ahead: int) -> Iterator[Any]:
    """make(index) for each index, in their order, made by several threads.

    >>> list(made_by_threads(lambda i: i * i, range(4), workers=2, ahead=3))
    [0, 1, 4, 9]
    """
    from concurrent.futures import Future, ThreadPoolExecutor

    waiting: deque[Future[Any]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for index in indices:
            waiting.append(pool.submit(make, index))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
