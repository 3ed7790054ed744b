"""Phrases and vocabularies in gensim and here: the same scores, the same joined text, the same words."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier.text import ENGLISH_CONNECTOR_WORDS, Corpus, Phrases, Word2Vec

gensim = pytest.importorskip("gensim")

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore::DeprecationWarning")]  # gensim's own


def text(seed: int, sentences: int = 2000, words: int = 60) -> list[list[str]]:
    """Words by Zipf's law with some phrases among them."""
    random = np.random.default_rng(seed)
    odds = 1 / np.arange(1, words + 1)
    made = []
    for n in random.integers(0, 15, sentences):
        sentence = [f"w{i}" for i in random.choice(words, n, p=odds / odds.sum())]
        if random.random() < 0.3:
            at = random.integers(0, n + 1)
            sentence[at:at] = [["new", "york"], ["bank", "of", "the", "west"], ["of"]][random.integers(3)]
        made.append(sentence)
    return made


@pytest.mark.parametrize("most", [40_000_000, 1000, 200])
@pytest.mark.parametrize("connectors", [frozenset(), ENGLISH_CONNECTOR_WORDS], ids=["plain", "connectors"])
@pytest.mark.parametrize(("scoring", "threshold"), [("default", 1.5), ("npmi", 0.1)])
def test_the_same_phrases(scoring: str, threshold: float, connectors: frozenset[str], most: int) -> None:
    sentences, unseen = text(1), text(2, 200)
    options: dict[str, Any] = {
        "min_count": 3, "threshold": threshold, "scoring": scoring, "connector_words": connectors,
        "max_vocab_size": most,
    }  # fmt: skip
    ours, theirs = Phrases(sentences, **options), gensim.models.Phrases(sentences, **options)
    assert ours.vocab == dict(theirs.vocab)
    assert ours.corpus_word_count == theirs.corpus_word_count
    expected = theirs.export_phrases()
    assert ours.export_phrases() == pytest.approx(expected)
    if most > 1000:  # otherwise they have gone
        assert "new_york" in expected
        assert ("bank_of_the_west" in expected) == bool(connectors)
    joined = [theirs[sentence] for sentence in unseen]
    assert [ours[sentence] for sentence in unseen] == joined
    corpus = ours[Corpus(unseen)]
    words = [corpus.words[i] for i in corpus.tokens]
    assert words == [word for sentence in joined for word in sentence]
    assert ours.freeze()[unseen[0]] == theirs.freeze()[unseen[0]]
    assert ours.find_phrases(unseen) == pytest.approx(theirs.find_phrases(unseen))


def test_phrases_of_phrases(tmp_path: Path) -> None:
    sentences = [["in", "new", "york", "city"], ["new", "york", "city", "is", "new"], ["old", "city"]] * 20
    (tmp_path / "text").write_text("\n".join(map(" ".join, sentences)))
    ours, theirs = (kind(sentences, min_count=1, threshold=0.1) for kind in (Phrases, gensim.models.Phrases))
    assert Phrases(corpus_file=tmp_path / "text", min_count=1, threshold=0.1).vocab == dict(theirs.vocab)
    longer = Phrases(ours[sentences], min_count=1, threshold=0.1)
    reference = gensim.models.Phrases(theirs[sentences], min_count=1, threshold=0.1)
    assert [longer[ours[sentence]] for sentence in sentences] == [reference[theirs[sentence]] for sentence in sentences]


@pytest.mark.parametrize("most", [40, 150, 1000])
def test_a_limit_of_words_prunes_alike(most: int) -> None:
    sentences = text(3, words=3000)
    theirs = gensim.models.Word2Vec(max_vocab_size=most)
    theirs.scan_vocab(sentences)
    corpus = Corpus(sentences, max_vocab_size=most)
    assert len(corpus.counts) < len(Corpus(sentences).counts)
    assert dict(zip(corpus.words, corpus.counts.tolist(), strict=True)) == dict(theirs.raw_vocab)
    model = Word2Vec(vector_size=4, max_vocab_size=most, min_count=1)
    model.build_vocab(sentences)
    assert set(model.wv.index_to_key) <= set(theirs.raw_vocab)
