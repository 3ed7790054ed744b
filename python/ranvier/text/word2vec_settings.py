"""What a Word2Vec is told, checked once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ranvier import _core
from ranvier.errors import one_of

_MOST = 2**31 - 1


def _whole(least: int, most: int = _MOST) -> Callable[[str, Any], int]:
    def check(name: str, value: Any) -> int:
        if not hasattr(value, "__index__") or not least <= int(value) <= most:
            upper = "" if most == _MOST else f" and at most {most}"
            raise ValueError(f"[Word2Vec] {name} must be an integer of at least {least}{upper}, got {value!r}")
        return int(value)

    return check


def _number(least: float) -> Callable[[str, Any], float]:
    def check(name: str, value: Any) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if not least <= number < float("inf"):
            raise ValueError(f"[Word2Vec] {name} must be a number of at least {least:g}, got {value!r}")
        return number

    return check


def _flag(name: str, value: Any) -> int:
    if value not in (0, 1):
        raise ValueError(f"[Word2Vec] {name} must be 0 or 1, got {value!r}")
    return int(value)


def _or_none(check: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    return lambda name, value: None if value is None else check(name, value)


def _word(*valid: str) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        one_of("Word2Vec", name, value, valid)
        return str(value)

    return check


def _verbose(name: str, value: Any) -> Any:
    one_of("Word2Vec", name, value, (0, 1, 2, "auto"))
    return value


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "vector_size": _whole(1, 1 << 20),
    "alpha": _number(0),
    "window": _whole(1, 1 << 16),
    "min_count": _whole(0),
    "max_vocab_size": _or_none(_whole(1)),
    "sample": _number(0),
    "seed": _whole(0, 2**63 - 1),
    "workers": _or_none(_whole(1, 1024)),
    "min_alpha": _number(0),
    "sg": _flag,
    "hs": _flag,
    "negative": _whole(0, 1 << 16),
    "ns_exponent": _number(-100),
    "cbow_mean": _flag,
    "epochs": _whole(1),
    "sorted_vocab": _flag,
    "compute_loss": _flag,
    "comment": _or_none(lambda _, value: str(value)),
    "max_final_vocab": _or_none(_whole(1)),
    "shrink_windows": _flag,
    "deterministic": _flag,
    "lower": _flag,
    "errors": _word("strict", "replace", "ignore"),
    "verbose": _verbose,
}


class Settings:
    """The arguments of Word2Vec that stay with it, as attributes of the same names."""

    NAMES = frozenset([*_CHECKS, "null_word"])

    vector_size: int
    alpha: float
    window: int
    min_count: int
    max_vocab_size: int | None
    sample: float
    seed: int
    workers: int
    min_alpha: float
    sg: int
    hs: int
    negative: int
    ns_exponent: float
    cbow_mean: int
    epochs: int
    sorted_vocab: int
    compute_loss: int
    comment: str | None
    max_final_vocab: int | None
    shrink_windows: int
    deterministic: int
    lower: int
    errors: str
    verbose: Any

    def __init__(self, null_word: int = 0, **values: Any) -> None:
        if null_word:
            raise ValueError(f"[Word2Vec] null_word must be 0, got {null_word!r}: there is no padding to have a vector")
        for name, check in _CHECKS.items():
            setattr(self, name, check(name, values[name]))
        if not self.hs and not self.negative:
            raise ValueError(
                "[Word2Vec] expected hs=1 or negative > 0, got hs=0 and negative=0: nothing would be learnt"
            )
        if self.workers is None:
            self.workers = _core.num_threads()

    def settings(self) -> dict[str, Any]:
        """The attributes by name, as the constructor takes them."""
        return {name: getattr(self, name) for name in _CHECKS}
