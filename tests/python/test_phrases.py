"""Phrases against a plain Python reference."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier import saving
from ranvier.text import ENGLISH_CONNECTOR_WORDS, Corpus, FrozenPhrases, Phrases

CONNECTORS = frozenset(["of", "the"])


def random_text(seed: int, sentences: int = 300) -> list[list[str]]:
    random = np.random.default_rng(seed)
    odds = 1 / np.arange(1, 41)
    text = []
    for n in random.integers(0, 15, sentences):
        sentence = [f"w{i}" for i in random.choice(40, n, p=odds / odds.sum())]
        if random.random() < 0.4:
            at = random.integers(0, n + 1)
            sentence[at:at] = [["new", "york"], ["bank", "of", "the", "west"], ["of"]][random.integers(3)]
        text.append(sentence)
    return text


class Reference:
    """What Mikolov et al. describe, word by word."""

    def __init__(self, min_count: float, threshold: float, scoring: str, connectors: frozenset[str], most: int) -> None:
        self.min_count, self.threshold, self.scoring = min_count, threshold, scoring
        self.connectors, self.most = connectors, most
        self.counts: dict[str, int] = {}
        self.total, self.least = 0, 1

    def learn(self, text: list[list[str]]) -> None:
        counts: dict[str, int] = {}
        least = 1
        for sentence in text:
            begin, between = None, []
            for word in sentence:
                self.total += 1
                if word in self.connectors:
                    between.append(word)
                    continue
                counts[word] = counts.get(word, 0) + 1
                if begin is not None:
                    pair = "_".join([begin, *between, word])
                    counts[pair] = counts.get(pair, 0) + 1
                begin, between = word, []
            if len(counts) > self.most:
                counts = {word: n for word, n in counts.items() if n >= least}
                least += 1
        for word, n in counts.items():
            self.counts[word] = self.counts.get(word, 0) + n
        self.least = max(self.least, least)

    def score(self, first: str, between: list[str], last: str) -> float:
        a, b = self.counts.get(first, 0), self.counts.get(last, 0)
        ab = self.counts.get("_".join([first, *between, last]), 0)
        if not a or not b or not ab:
            return -math.inf
        if self.scoring == "default":
            return (ab - self.min_count) / (a * b) * len(self.counts)
        if ab < self.min_count:
            return -math.inf
        p_a, p_b, p_ab = a / self.total, b / self.total, ab / self.total
        return math.log(p_ab / (p_a * p_b)) / -math.log(p_ab)

    def join(self, sentence: list[str]) -> list[tuple[str, float | None]]:
        joined: list[tuple[str, float | None]] = []
        at = 0
        while at < len(sentence):
            end = at + 1
            while end < len(sentence) and sentence[end] in self.connectors:
                end += 1
            if sentence[at] not in self.connectors and end < len(sentence):
                score = self.score(sentence[at], sentence[at + 1 : end], sentence[end])
                if score > self.threshold:
                    joined.append(("_".join(sentence[at : end + 1]), score))
                    at = end + 1
                    continue
            joined.append((sentence[at], None))
            at += 1
        return joined


@pytest.mark.parametrize("most", [40_000_000, 150])
@pytest.mark.parametrize("connectors", [frozenset(), CONNECTORS])
@pytest.mark.parametrize(("scoring", "threshold"), [("default", 2.0), ("npmi", 0.3)])
def test_phrases_are_those_of_the_reference(
    scoring: str, threshold: float, connectors: frozenset[str], most: int
) -> None:
    text = random_text(0)
    reference = Reference(2, threshold, scoring, connectors, most)
    reference.learn(text)
    phrases = Phrases(text, 2, threshold, most, scoring=scoring, connector_words=connectors, workers=2)
    assert phrases.vocab == reference.counts
    assert (phrases.corpus_word_count, phrases.min_reduce) == (reference.total, reference.least)
    joined = [reference.join(sentence) for sentence in text]
    assert [phrases[sentence] for sentence in text] == [[word for word, _ in sentence] for sentence in joined]
    scores = {word: score for sentence in joined for word, score in sentence if score is not None}
    assert scores  # there is something to find
    assert phrases.find_phrases(text) == pytest.approx(scores, rel=1e-12)
    assert {word: phrases.export_phrases()[word] for word in scores} == pytest.approx(scores, rel=1e-12)


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_a_corpus_is_joined_as_its_sentences(workers: int) -> None:
    text = random_text(1)
    corpus = Corpus(text)
    phrases = Phrases(corpus, 2, 2.0, connector_words=CONNECTORS, workers=workers)
    joined = phrases[corpus]
    words = joined.words
    sentences = [[words[t] for t in joined.tokens[a:b]] for a, b in zip(joined.starts, joined.starts[1:], strict=False)]
    assert sentences == list(phrases[text])
    assert any("bank_of_the_west" in sentence for sentence in sentences)
    np.testing.assert_array_equal(joined.counts, np.bincount(joined.tokens))


def test_order_of_words_does_not_depend_on_workers() -> None:
    text = random_text(2)
    assert list(Phrases(text, workers=1).vocab.items()) == list(Phrases(text, workers=3).vocab.items())


def test_counts_go_on() -> None:
    text = random_text(3)
    phrases = Phrases(text[:100], 2, 2.0)
    phrases.add_vocab(text[100:])
    assert phrases.vocab == Phrases(text, 2, 2.0).vocab
    assert phrases.export_phrases() == Phrases(text, 2, 2.0).export_phrases()


def test_a_file_is_a_source(tmp_path: Path) -> None:
    text = [sentence for sentence in random_text(4) if sentence]
    path = tmp_path / "text.txt"
    path.write_text("\n".join(" ".join(sentence) for sentence in text) + "\n")
    assert Phrases(corpus_file=path, workers=2).vocab == Phrases(text).vocab


def test_iterables_are_joined_when_asked() -> None:
    asked = []

    def sentences() -> Iterator[list[str]]:
        for sentence in [["new", "york"], ["in", "new", "york"]] * 5:
            asked.append(sentence)
            yield sentence

    phrases = FrozenPhrases({"new_york": 1.0})
    joined = iter(phrases[sentences()])
    assert len(asked) == 1
    assert next(joined) == ["new_york"]
    assert len(list(joined)) == 9
    again = phrases[[["new", "york"]]]
    assert list(again) == list(again) == [["new_york"]]
    assert phrases[[]] == []
    assert phrases[iter(["new", "york", "new"])] == ["new_york", "new"]


def _score(worda_count: int, wordb_count: int, bigram_count: int, **_: Any) -> float:
    return bigram_count / (worda_count + wordb_count)


def _own(worda_count: int, wordb_count: int, bigram_count: int, len_vocab: int, min_count: float,
         corpus_word_count: int) -> float:  # fmt: skip
    assert corpus_word_count == 6
    assert len_vocab == 7
    return bigram_count / min_count


def test_scores_may_be_a_function() -> None:
    text = [["a", "b", "c"], ["a", "b", "d"]]
    assert Phrases(text, 1, 0.4, scoring=_score).export_phrases() == {"a_b": 0.5}
    assert Phrases(text, 2, 0.5, scoring=_own).export_phrases() == {"a_b": 1.0}
    with pytest.raises(ValueError, match="bigram_count"):
        Phrases(text, scoring=lambda worda_count: worda_count)


def test_a_frozen_form_does_the_same() -> None:
    text = random_text(5)
    phrases = Phrases(text, 2, 2.0, connector_words=CONNECTORS)
    for frozen in (phrases.freeze(), pickle.loads(pickle.dumps(phrases.freeze())), copy.deepcopy(phrases)):
        assert list(frozen[text]) == list(phrases[text])
        assert frozen.find_phrases(text) == phrases.find_phrases(text)


def test_files_and_pickles_hold_the_counts(tmp_path: Path) -> None:
    text = random_text(6)
    phrases = Phrases(text[:150], 2, 2.0, connector_words=CONNECTORS)
    phrases.save(tmp_path / "phrases.safetensors")
    for again in (Phrases.load(tmp_path / "phrases.safetensors"), pickle.loads(pickle.dumps(phrases))):
        assert again.export_phrases() == phrases.export_phrases()
        again.add_vocab(text[150:])
        assert again.vocab == Phrases(text, connector_words=CONNECTORS).vocab


@saving.register_keras_serializable(name="half")
def _half(worda_count: int, wordb_count: int, bigram_count: int, **_: Any) -> float:
    return 0.5


def test_functions_are_saved_by_name(tmp_path: Path) -> None:
    phrases = Phrases([["a", "b"]], 1, 0.4, scoring=_half)
    phrases.save(tmp_path / "p")
    assert Phrases.load(tmp_path / "p").export_phrases() == {"a_b": 0.5}
    with pytest.raises(ValueError, match="register_keras_serializable"):
        Phrases([["a", "b"]], 1, 0.4, scoring=_score).save(tmp_path / "q")


def test_bad_input_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="scoring must be one of"):
        Phrases(scoring="pmi")
    with pytest.raises(ValueError, match="min_count must be above 0"):
        Phrases(min_count=0)
    with pytest.raises(ValueError, match="above 0 for scoring='default'"):
        Phrases(threshold=0)
    with pytest.raises(ValueError, match="from -1 to 1"):
        Phrases(scoring="npmi", threshold=10)
    with pytest.raises(TypeError, match="connector_words must be a set"):
        Phrases(connector_words="of the")
    with pytest.raises(TypeError, match="split it first"):
        Phrases("new york new york")
    with pytest.raises(TypeError, match="split it first"):
        FrozenPhrases({})["new york"]
    (tmp_path / "text").write_bytes(b"good\n\xfe\n")
    with pytest.raises(ValueError, match="line 2"):
        Phrases(corpus_file=tmp_path / "text")
    phrases = Phrases([["a", "b"]])
    with pytest.raises(TypeError, match="neither a string"):
        phrases.add_vocab([["c", None]])
    assert phrases.vocab == {"a": 1, "b": 1, "a_b": 1}


def test_english_connectors() -> None:
    assert {"of", "the", "and"} < ENGLISH_CONNECTOR_WORDS
