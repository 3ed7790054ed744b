"""What goes wrong with words and their files."""

from __future__ import annotations

from collections.abc import Sequence


class UnknownWordError(KeyError):
    """A word was asked for that has no vector.

    Args:
        word: the word.
        known: the words that there are, of which the nearest in spelling are named when the message is read.

    >>> issubclass(UnknownWordError, KeyError)
    True
    """

    def __init__(self, word: object, known: Sequence[str] = ()) -> None:
        super().__init__(word)
        self.word = word
        self._known = known

    def __str__(self) -> str:
        return f"[KeyedVectors] {self.word!r} is not among the {len(self._known)} words"
