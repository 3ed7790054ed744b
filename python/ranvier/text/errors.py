"""What goes wrong with words and their files."""

from __future__ import annotations


class UnknownWordError(KeyError):
    """A word was asked for that has no vector.

    The message names the words that are spelled most like it. They are looked for when it is read, so that code which
    catches the error for many words loses no time.

    Args:
        word: the word.
        known: the words that there are, more frequent ones first.

    >>> print(UnknownWordError("swedn", ["norway", "sweden"]))
    [KeyedVectors] 'swedn' is not among the 2 words; did you mean 'sweden'?
    """

    def __init__(self, word: object, known: list[str] | None = None) -> None:
        super().__init__(word)
        self.word = word
        self._known = [] if known is None else known

    def suggestions(self, most: int = 3) -> list[str]:
        """The nearest spellings: in another case, or with few letters changed."""
        from ranvier._core import text

        if not isinstance(self.word, str) or not self.word:
            return []
        known = set(self._known)
        cases = [self.word.lower(), self.word.capitalize(), self.word.title(), self.word.upper()]
        found = [word for word in dict.fromkeys(cases) if word in known]
        near = text.nearest_spellings(self._known, self.word, most)
        return list(dict.fromkeys([*found, *(self._known[i] for i in near)]))[:most]

    def __str__(self) -> str:
        if not isinstance(self.word, str):
            return f"[KeyedVectors] {self.word!r} is neither a word nor a row of the {len(self._known)} that there are"
        found = " or ".join(repr(word) for word in self.suggestions())
        hint = f"; did you mean {found}?" if found else ""
        return f"[KeyedVectors] {self.word!r:.200} is not among the {len(self._known)} words{hint}"

    def __reduce__(self) -> tuple[type[KeyError], tuple[str]]:
        return KeyError, (str(self),)  # without the words, which may be many


class VectorFileError(ValueError):
    """A file of vectors is damaged, or none; the message says where.

    >>> issubclass(VectorFileError, ValueError)
    True
    """
