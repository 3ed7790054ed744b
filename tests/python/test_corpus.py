"""Corpora: the same from every source, and what is refused."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from itertools import pairwise
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


def pruned(sentences: list[list[str]], most: int) -> tuple[dict[str, int], list[list[str]]]:
    """Counts and what is left of sentences, by the definition."""
    counts: dict[str, int] = {}
    left: list[list[str]] = []
    least = 1
    for sentence in sentences:
        left.append(list(sentence))
        for word in sentence:
            counts[word] = counts.get(word, 0) + 1
        if len(counts) > most:
            counts = {word: count for word, count in counts.items() if count >= least}
            left = [[word for word in kept if word in counts] for kept in left]
            least += 1
    return counts, left


def whole(corpus: Corpus) -> tuple[dict[str, int], list[list[str]]]:
    words, tokens = corpus.words, corpus.tokens
    counts = dict(zip(words, corpus.counts.tolist(), strict=True))
    return counts, [[words[i] for i in tokens[begin:end]] for begin, end in pairwise(corpus.starts)]


@given(st.lists(st.lists(st.integers(0, 30).map(str), max_size=8), max_size=40), st.integers(1, 12), st.integers(1, 9))
def test_a_limit_of_words_prunes_by_the_definition(sentences: list[list[str]], most: int, longest: int) -> None:
    cut = [part[i : i + longest] for part in sentences for i in range(0, max(len(part), 1), longest)]
    expected = pruned(cut, most)
    assert whole(Corpus(sentences, max_vocab_size=most, max_sentence_length=longest)) == expected
    numbers = [np.array(sentence, np.int64) for sentence in sentences]
    assert whole(Corpus(numbers, max_vocab_size=most, max_sentence_length=longest)) == expected


@pytest.mark.parametrize("name", ["a.txt", "a.gz"])
def test_a_limit_of_words_is_the_same_for_every_source(tmp_path: Path, name: str) -> None:
    random = np.random.default_rng(5)
    sentences = [[f"w{int(k)}" for k in random.pareto(0.15, random.integers(0, 40))] for _ in range(8000)]
    expected = pruned(sentences, 500)
    assert sum(expected[0].values()) < sum(map(len, sentences)) - (1 << 16)  # so much that it is taken out on the way
    text = "\n".join(map(" ".join, sentences)) + "\n"
    with gzip.open(tmp_path / name, "wt") if name == "a.gz" else (tmp_path / name).open("w") as file:
        file.write(text)
    assert whole(Corpus(corpus_file=tmp_path / name, max_vocab_size=500, workers=4)) == expected
    assert whole(Corpus(sentences, max_vocab_size=500)) == expected


BOUNDED = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
from peak import peak
from ranvier.text import Corpus, Word2Vec

def stream(sentences):
    for i in range(sentences):
        yield [f"never-twice-{10 * i + k}" for k in range(10)] + ["often", "as often", "and this"]

Word2Vec(stream(100), vector_size=4, epochs=1, max_vocab_size=10_000)
before = peak()
model = Word2Vec(stream(200_000), vector_size=4, epochs=1, max_vocab_size=10_000)
print(peak() - before)
print({word: int(model.wv.get_vecattr(word, "count")) for word in model.wv.index_to_key})
"""


def test_memory_stays_bounded_while_words_never_end() -> None:
    command = [sys.executable, "-c", BOUNDED, json.dumps(sys.path)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    grown, words = run.stdout.splitlines()
    # Two million words that occur once would take 80 MB and more; what is kept of the text takes 4 MB.
    assert int(grown) < 20e6
    assert words == "{'often': 200000, 'as often': 200000, 'and this': 200000}"


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
