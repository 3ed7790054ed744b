"""Where the first values of weights come from: the initializers, or a file while that is being read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ranvier._core import Parameter


class Source(Protocol):
    """A file that knows the weights of layers by their names, or their paths in layers that are made of layers."""

    def elements(self, layer: str) -> int:
        """Numbers it has for this layer: the layer may not ask for memory for more."""

    def fill(self, layer: str, parameters: Sequence[Parameter]) -> None:
        """Writes the weights of this layer."""


_source: ContextVar[Source | None] = ContextVar("ranvier_filling", default=None)
_above: ContextVar[str] = ContextVar("ranvier_filling_above", default="")


def source() -> Source | None:
    """The file that is being read by this thread, or None."""
    return _source.get()


def path(layer: str) -> str:
    """What a file calls a layer that is built now: its name, behind those of the layers that it is in."""
    return _above.get() + layer


def above() -> str:
    """What a file calls the layer that is built now, if `inside` says that it is."""
    return _above.get().rstrip("/")


@contextmanager
def inside(layer: str) -> Iterator[None]:
    """Layers that are made or built meanwhile are in this one."""
    token = _above.set(f"{_above.get()}{layer}/")
    try:
        yield
    finally:
        _above.reset(token)


@contextmanager
def filling(file: Source | None) -> Iterator[None]:
    """Fills the layers that are built meanwhile from a file."""
    token, above = _source.set(file), _above.set("")
    try:
        yield
    finally:
        _source.reset(token)
        _above.reset(above)
