"""The texts of errors: who complains, what was expected, what came, the way out."""

from __future__ import annotations

from collections.abc import Iterable

from ranvier._core import NonFiniteLossError

NonFiniteLossError.__module__ = "ranvier"
NonFiniteLossError.__doc__ = """The loss of a batch was NaN or infinite: training stopped before the update.

The message names the epoch and the batch, and says which weights the model has now; they are finite.

>>> issubclass(NonFiniteLossError, ArithmeticError)
True
"""

__all__ = ["ModelFileError", "NonFiniteLossError", "nearest", "one_of", "unknown"]


class ModelFileError(ValueError):
    """A file is no model file, is damaged, or does not fit what it is loaded into.

    >>> issubclass(ModelFileError, ValueError)
    True
    """


def brief(error: BaseException) -> str:
    """The text of an error, or its beginning where a hostile file has made it long.

    >>> len(brief(ValueError("a" * 10_000)))
    504
    """
    text = str(error) or type(error).__name__
    return text if len(text) <= 500 else f"{text[:500]} ..."


def nearest(name: str, valid: Iterable[str]) -> str | None:
    """The valid name that looks most like `name`, ignoring case, or None if none does.

    >>> nearest("addam", ["sgd", "adam"])
    'adam'
    """
    from difflib import get_close_matches

    by_lower = {candidate.lower(): candidate for candidate in valid}
    found = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def unknown(where: str, what: str, name: str, valid: Iterable[str], way_out: str = "") -> str:
    """The message for a name nobody knows: the nearest valid one, another way out, then all of them.

    >>> unknown("compile", "optimizer", "addam", ["sgd", "adam"])
    "[compile] unknown optimizer 'addam'; did you mean 'adam'? Valid: adam, sgd"
    """
    valid = sorted(valid)
    suggestion = nearest(name, valid)
    hint = f"; did you mean '{suggestion}'?" if suggestion else "."
    return f"[{where}] unknown {what} '{name}'{hint}{way_out} Valid: {', '.join(valid)}"


def one_of(where: str, argument: str, value: object, valid: Iterable[object]) -> None:
    """Raises ValueError unless `value` is one of the words `valid`.

    >>> one_of("VarianceScaling", "mode", "fan_in", ["fan_in", "fan_out"])
    """
    if value not in (words := list(valid)):
        raise ValueError(f"[{where}] {argument} must be one of {', '.join(map(repr, words))}; got {value!r}")
