"""Corpora: the same from every source, and what is refused."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ranvier.text import Corpus

TEXTS = st.text(alphabet=st.sampled_from("abAB \t\n\r\x0b\x1c\x85\xa0äÖßİ中\u2003\u3000😀"), max_size=60)


def parts(corpus: Corpus) -> tuple[list[str], list[int], list[int], list[int]]:
    return corpus.words, corpus.counts.tolist(), corpus.tokens.tolist(), corpus.starts.tolist()


@given(TEXTS, st.integers(1, 5), st.booleans())
def test_words_are_those_of_split(
    tmp_path_factory: pytest.TempPathFactory, text: str, workers: int, lower: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "text.txt"
    path.write_bytes(text.encode())
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    expected = Corpus([(line.lower() if lower else line).split() for line in lines])
    assert parts(Corpus(corpus_file=path, workers=workers, lower=lower)) == parts(expected)
    assert parts(Corpus([line.split() for line in lines], lower=lower)) == parts(expected)


def test_large_files_are_the_same_for_any_threads_and_compressed(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    sentences = [[f"w{int(k)}" for k in random.pareto(1, random.integers(0, 30)) * 3] for _ in range(20_000)]
    text = "\n".join(map(" ".join, sentences)).encode()
    (tmp_path / "a.txt").write_bytes(text)
    with gzip.open(tmp_path / "a.gz", "wb", compresslevel=1) as file:
        file.write(text)
    expected = parts(Corpus(sentences))
    for workers in (1, 2, 7):
        assert parts(Corpus(corpus_file=tmp_path / "a.txt", workers=workers)) == expected
    assert parts(Corpus(corpus_file=tmp_path / "a.gz")) == expected


def test_long_sentences_are_cut_and_nothing_is_lost() -> None:
    corpus = Corpus([["a"] * 25, ["b"] * 10], max_sentence_length=10)
    assert corpus.starts.tolist() == [0, 10, 20, 25, 35]


def test_integers_are_the_words_of_their_digits() -> None:
    rows = np.array([[3, 1], [1, -2]])
    assert parts(Corpus(rows)) == parts(Corpus([["3", "1"], ["1", "-2"]]))
    assert parts(Corpus(rows[0])) == parts(Corpus([["3", "1"]]))
    assert Corpus([[2**40, np.int8(5)]]).words == [str(2**40), "5"]


@pytest.mark.parametrize("workers", [1, 3])
def test_invalid_utf8_is_named_or_mended(tmp_path: Path, workers: int) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes(b"good words\n" * 10 + b"na\xffja \xc3\n" + b"\xed\xa0\x80 more\n" * 3)
    with pytest.raises(ValueError, match=r"\[bad.txt\] .*0xff in line 11, byte 3 \(offset 112\).*errors='replace'"):
        Corpus(corpus_file=path, workers=workers)
    assert "na\ufffdja" in Corpus(corpus_file=path, errors="replace", workers=workers).words
    assert "naja" in Corpus(corpus_file=path, errors="ignore", workers=workers).words


def test_an_empty_file_is_an_empty_corpus(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert parts(Corpus(corpus_file=tmp_path / "empty")) == ([], [], [], [0])


@pytest.mark.parametrize("sentences", [[["a", None]], [3], [["\ud800"]], [[b"bytes"]], ["line"], "text"])
def test_what_is_no_sentence_is_refused(sentences: object) -> None:
    with pytest.raises(TypeError, match="expected"):
        Corpus(sentences)  # type: ignore[arg-type]
