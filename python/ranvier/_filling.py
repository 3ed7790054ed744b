"""Where the first values of weights come from: the initializers, or a file while that is being read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ranvier._core import Parameter


class Source(Protocol):
    """A file that knows the weights of layers by their names."""

    def elements(self, layer: str) -> int:
        """Numbers it has for this layer: the layer may not ask for memory for more."""

    def fill(self, layer: str, parameters: Sequence[Parameter]) -> None:
        """Writes the weights of this layer."""


_source: ContextVar[Source | None] = ContextVar("ranvier_filling", default=None)


def source() -> Source | None:
    """The file that is being read by this thread, or None."""
    return _source.get()


@contextmanager
def filling(file: Source | None) -> Iterator[None]:
    """Fills the layers that are built meanwhile from a file."""
    token = _source.set(file)
    try:
        yield
    finally:
        _source.reset(token)
