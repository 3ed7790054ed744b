"""How good vectors are: analogies, and similarities that people gave."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ranvier.text.correlation import Correlation, pearson, spearman
from ranvier.text.vector_files import opened

if TYPE_CHECKING:
    from ranvier.text.vector_queries import VectorQueries

_NEIGHBOURS = 5  # among which the answer to an analogy is looked for
_AT_ONCE = 4096  # analogies that are solved in one pass


def _lines(source: str | os.PathLike[str], encoding: str = "utf-8") -> Iterator[tuple[int, str]]:
    with opened(Path(source)) as (file, _):
        text = file.read().decode(encoding)
    yield from enumerate(text.split("\n"), start=1)


def _known(vectors: VectorQueries, restrict_vocab: int | None, upper: bool) -> dict[str, int]:
    """Rows of the words that take part, by their spelling; of several cases of a word, the first."""
    known: dict[str, int] = {}
    for row, word in enumerate(vectors.index_to_key[:restrict_vocab]):
        known.setdefault(word.upper() if upper else word, row)
    return known


def _sections(source: Any) -> Iterator[tuple[str, list[Sequence[str]]]]:
    """The sections of a file, or of a list of analogies, with the analogies in them."""
    if not isinstance(source, (str, os.PathLike)):
        yield "analogies", [tuple(item.split() if isinstance(item, str) else item) for item in source]
        return
    name: str | None = None
    questions: list[Sequence[str]] = []
    for number, line in _lines(source):
        if line.startswith(":"):
            if name is not None:
                yield name, questions
            name, questions = line.lstrip(": ").strip(), []
        elif line.strip():
            if name is None:
                raise ValueError(
                    f"[evaluate_word_analogies] {Path(source).name}, line {number}: expected the name of a section, as "
                    f"in ': capitals', got {line[:60]!r}"
                )
            questions.append(tuple(line.split()))
    if name is not None:
        yield name, questions


def word_analogies(
    vectors: VectorQueries,
    analogies: str | os.PathLike[str] | Iterable[Any],
    restrict_vocab: int | None,
    case_insensitive: bool,
    dummy4unknown: bool,
) -> tuple[float, list[dict[str, Any]]]:
    """See `KeyedVectors.evaluate_word_analogies`."""
    known = _known(vectors, restrict_vocab, case_insensitive)
    sections: list[dict[str, Any]] = []
    asked: list[tuple[dict[str, Any], tuple[str, ...]]] = []
    count = 0
    for name, questions in _sections(analogies):
        section: dict[str, Any] = {"section": name, "correct": [], "incorrect": []}
        sections.append(section)
        for question in questions:
            if len(question) != 4:
                continue
            count += 1
            words = tuple(word.upper() if case_insensitive else word for word in question)
            if all(word in known for word in words):
                asked.append((section, words))
            elif dummy4unknown:
                section["incorrect"].append(words)
    if not count:
        raise ValueError("[evaluate_word_analogies] expected analogies of four words each, got none")
    for begin in range(0, len(asked), _AT_ONCE):
        part = asked[begin : begin + _AT_ONCE]
        solved = _solve(vectors, known, part, restrict_vocab, case_insensitive)
        for (section, words), right in zip(part, solved, strict=True):
            section["correct" if right else "incorrect"].append(words)
    total = {
        "section": "Total accuracy",
        "correct": [words for section in sections for words in section["correct"]],
        "incorrect": [words for section in sections for words in section["incorrect"]],
    }
    answered = len(total["correct"]) + len(total["incorrect"])
    return (len(total["correct"]) / answered if answered else 0.0), [*sections, total]


def _solve(
    vectors: VectorQueries,
    known: dict[str, int],
    asked: Sequence[tuple[Any, tuple[str, ...]]],
    restrict_vocab: int | None,
    upper: bool,
) -> Iterator[bool]:
    """Whether the nearest word to b - a + c that is none of the three is the one expected."""
    queries = [([known[b], known[c]], [known[a]]) for _, (a, b, c, _) in asked]
    answers = vectors.most_similar_many(queries, topn=_NEIGHBOURS, restrict_vocab=restrict_vocab)
    for (_, (a, b, c, expected)), found in zip(asked, answers, strict=True):
        spelled = [word.upper() if upper else word for word, _ in found]
        yield next((word for word in spelled if word not in (a, b, c)), None) == expected


def word_pairs(
    vectors: VectorQueries,
    pairs: str | os.PathLike[str] | Iterable[tuple[str, str, float]],
    delimiter: str,
    encoding: str,
    restrict_vocab: int | None,
    case_insensitive: bool,
    dummy4unknown: bool,
) -> tuple[Correlation, Correlation, float]:
    """See `KeyedVectors.evaluate_word_pairs`."""
    known = _known(vectors, restrict_vocab, case_insensitive)
    if isinstance(pairs, (str, os.PathLike)):
        lines = (line for _, line in _lines(pairs, encoding) if line and not line.startswith("#"))
        rows: Iterable[Sequence[Any]] = (line.split(delimiter) for line in lines)
    else:
        rows = pairs
    given, found, unknown = [], [], 0
    for row in rows:
        try:
            a, b, value = row
            value = float(value)
        except ValueError:
            continue
        a, b = (a.upper(), b.upper()) if case_insensitive else (a, b)
        if a in known and b in known:
            given.append(value)
            found.append(vectors.similarity(known[a], known[b]))
            continue
        unknown += 1
        if dummy4unknown:
            given.append(value)
            found.append(0.0)
    if not given:
        raise ValueError(
            f"[evaluate_word_pairs] expected lines of two words and a number, between {delimiter!r}, got none whose "
            f"words are known; {unknown} were not"
        )
    total = len(given) if dummy4unknown else len(given) + unknown
    return pearson(given, found), spearman(given, found), 100 * unknown / total
