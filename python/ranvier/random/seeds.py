"""Seeds: one generator that everything unseeded draws its seed from, and streams of one's own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.random import Generator

_SEED_LIMIT = 2**63


def generator(seed: int) -> Generator:
    """A NumPy generator on Philox4x64, the counter-based generator of Salmon et al., SC 2011.

    >>> generator(1).random() == generator(1).random()
    True
    """
    from numpy.random import Generator, Philox

    return Generator(Philox(seed))


class SeedGenerator:
    """A stream of seeds: every `next()` is another one, the same ones again for the same start.

    Args:
        seed: where the stream starts; None takes it from the library's generator.
        name: accepted for compatibility.
        **kwargs: none.

    Raises: ValueError for a seed that is no integer; TypeError for other arguments.

    >>> SeedGenerator(7).next() == SeedGenerator(7).next()
    True
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        for argument in kwargs:
            raise TypeError(f"[SeedGenerator] there is no argument {argument!r}")
        self.seed = draw_seed() if seed is None else _whole(seed)
        self.name = name
        self._generator = generator(self.seed)

    def next(self) -> int:
        """The next seed, in 0 .. 2**63 - 1."""
        return int(self._generator.integers(_SEED_LIMIT))


def _whole(seed: Any) -> int:
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        raise ValueError(f"[random] seed must be an integer, a SeedGenerator or None, got {seed!r}")
    return int(seed)


def generator_of(seed: Any) -> Generator:
    """A NumPy generator for an argument `seed`: the same one for an integer, otherwise another each time.

    Raises: ValueError for anything else.

    >>> generator_of(1).random() == generator_of(1).random()
    True
    """
    if seed is None:
        return generator(draw_seed())
    return generator(seed.next() if isinstance(seed, SeedGenerator) else _whole(seed) % _SEED_LIMIT)


def native_seed(seed: Any) -> dict[str, Any]:
    """What a native node is told of an argument `seed`.

    With an integer it draws the same numbers in each pass, as Keras does; otherwise others each time.

    Raises: ValueError for anything else.

    >>> native_seed(3), native_seed(None)
    ({'seed': 3, 'fixed': True}, {})
    """
    if seed is None:
        return {}
    if isinstance(seed, SeedGenerator):
        return {"seed": seed.seed % _SEED_LIMIT}
    return {"seed": _whole(seed) % _SEED_LIMIT, "fixed": True}


_global: SeedGenerator | None = None
_own: ContextVar[SeedGenerator | None] = ContextVar("ranvier_seeds", default=None)


def seed_global(seed: int) -> None:
    """Starts the library's generator anew.

    >>> seed_global(7)
    >>> first = draw_seed()
    >>> seed_global(7)
    >>> first == draw_seed()
    True
    """
    global _global
    _global = SeedGenerator(seed)


@contextmanager
def preserved() -> Iterator[None]:
    """Puts the library's generator back to where it is now, whatever is drawn meanwhile.

    >>> seed_global(7)
    >>> with preserved():
    ...     first = draw_seed()
    >>> first == draw_seed()
    True
    """
    global _global
    kept = _global
    before = None if kept is None else kept._generator.bit_generator.state
    try:
        yield
    finally:
        _global = kept
        if kept is not None and before is not None:
            kept._generator.bit_generator.state = before


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Lets this thread draw from a generator of its own meanwhile, which starts from `seed`.

    >>> with seeded(7):
    ...     first = draw_seed()
    >>> with seeded(7):
    ...     first == draw_seed()
    True
    """
    token = _own.set(SeedGenerator(seed))
    try:
        yield
    finally:
        _own.reset(token)


def draw_seed() -> int:
    """A seed from the library's generator, which starts from the operating system's entropy unless it was seeded.

    >>> draw_seed() == draw_seed()
    False
    """
    global _global
    if (own := _own.get()) is not None:
        return own.next()
    if _global is None:
        import os

        _global = SeedGenerator(int.from_bytes(os.urandom(8), "little") % _SEED_LIMIT)
    return _global.next()
