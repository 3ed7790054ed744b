"""Analogies, similarities that people gave, correlations, translations: against the plain definitions."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier.text import KeyedVectors, TranslationMatrix
from ranvier.text.correlation import pearson, spearman

COUNTRIES = ["Greece", "Norway", "Japan", "Peru"]
CAPITALS = ["Athens", "Oslo", "Tokyo", "Lima"]


@pytest.fixture
def atlas() -> KeyedVectors:
    """Capitals are their countries plus one direction, but for the last."""
    random = np.random.default_rng(0)
    countries = random.normal(size=(4, 20))
    capitals = countries + random.normal(size=20)
    capitals[3] = random.normal(size=20)
    other = random.normal(size=(200, 20))
    return KeyedVectors(
        20, keys=[*COUNTRIES, *CAPITALS, *(f"w{i}" for i in range(200)), "ATHENS"],
        vectors=np.vstack([countries, capitals, other, -countries[:1]]).astype(np.float32),
    )  # fmt: skip


def plain_answer(vectors: KeyedVectors, a: str, b: str, c: str, rows: int) -> str:
    unit = vectors.vectors / np.linalg.norm(vectors.vectors, axis=1, keepdims=True)
    known = {word.upper(): i for i, word in reversed(list(enumerate(vectors.index_to_key[:rows])))}
    direction = unit[known[b]].astype(float) - unit[known[a]] + unit[known[c]]
    scores = unit[:rows] @ direction
    for row in np.argsort(-scores):
        word = vectors.index_to_key[row].upper()
        if row not in (known[a], known[b], known[c]) and word not in (a, b, c):
            return word
    raise AssertionError


QUESTIONS = """: capitals
Athens Greece Oslo Norway
athens greece tokyo japan
Oslo Norway Lima Peru
Oslo Norway Nowhere Peru
three words only
: the other way
Greece Athens Norway Oslo

Japan Tokyo Peru Lima
: empty
"""


def test_analogies(atlas: KeyedVectors, tmp_path: Path) -> None:
    path = tmp_path / "questions.txt"
    path.write_text(QUESTIONS)
    score, sections = atlas.evaluate_word_analogies(path)
    assert [section["section"] for section in sections] == ["capitals", "the other way", "empty", "Total accuracy"]
    asked = [line.upper().split() for line in QUESTIONS.splitlines() if len(line.split()) == 4 and ":" not in line]
    asked = [words for words in asked if "NOWHERE" not in words]
    right = [tuple(w) for w in asked if plain_answer(atlas, w[0], w[1], w[2], len(atlas)) == w[3]]
    assert 0 < len(right) < len(asked)
    assert sections[-1]["correct"] == right
    assert len(sections[-1]["incorrect"]) == len(asked) - len(right)
    assert score == len(right) / len(asked)
    assert ("GREECE", "ATHENS", "NORWAY", "OSLO") in sections[1]["correct"]
    with_unknown, sections = atlas.evaluate_word_analogies(str(path), dummy4unknown=True)
    assert with_unknown == len(right) / (len(asked) + 1)
    assert ("OSLO", "NORWAY", "NOWHERE", "PERU") in sections[0]["incorrect"]
    _, sections = atlas.evaluate_word_analogies(path, case_insensitive=False)
    assert len(sections[-1]["correct"]) + len(sections[-1]["incorrect"]) == len(asked) - 1
    _, sections = atlas.evaluate_word_analogies(path, restrict_vocab=6)
    assert len(sections[-1]["correct"]) + len(sections[-1]["incorrect"]) == 2
    listed, sections = atlas.evaluate_word_analogies([tuple(words) for words in asked])
    assert listed == score
    assert sections[0]["section"] == "analogies"


def test_bad_analogies(atlas: KeyedVectors, tmp_path: Path) -> None:
    path = tmp_path / "questions.txt"
    path.write_text("a b c d\n")
    with pytest.raises(ValueError, match=r"questions.txt, line 1: expected the name of a section.*got 'a b c d'"):
        atlas.evaluate_word_analogies(path)
    with pytest.raises(ValueError, match="expected analogies of four words each, got none"):
        atlas.evaluate_word_analogies([])


def test_word_pairs(atlas: KeyedVectors, tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    pairs = [
        ("Greece", "Athens", 9),
        ("greece", "oslo", 2.5),
        ("Peru", "w7", 2.5),
        ("Japan", "Tokyo", 8),
        ("w1", "w2", 1),
    ]
    lines = ["# a comment", *(f"{a}\t{b}\t{s}" for a, b, s in pairs), "no numbers\there\tx", "Nowhere\tOslo\t5", ""]
    path.write_text("\n".join(lines))
    row = {word.upper(): i for i, word in reversed(list(enumerate(atlas.index_to_key)))}
    unit = atlas.vectors / np.linalg.norm(atlas.vectors, axis=1, keepdims=True)
    similar = [float(unit[row[a.upper()]] @ unit[row[b.upper()]]) for a, b, _ in pairs]
    given = [s for _, _, s in pairs]
    found = atlas.evaluate_word_pairs(path)
    assert found[0].statistic == pytest.approx(np.corrcoef(given, similar)[0, 1], abs=1e-6)
    ranks = [np.array([4, 1.5, 1.5, 3, 0]), np.argsort(np.argsort(similar))]
    assert found[1].statistic == pytest.approx(np.corrcoef(*ranks)[0, 1])
    assert found[2] == pytest.approx(100 / 6)
    assert atlas.evaluate_word_pairs(path, dummy4unknown=True)[2] == pytest.approx(100 / 6)
    assert atlas.evaluate_word_pairs(pairs)[:2] == found[:2]
    assert atlas.evaluate_word_pairs(pairs)[2] == 0
    with pytest.raises(ValueError, match="got none whose words are known; 1 were not"):
        atlas.evaluate_word_pairs([("x", "y", 1)])


def test_correlations_against_scipy() -> None:
    stats = pytest.importorskip("scipy.stats")  # comes with the test extra
    random = np.random.default_rng(6)
    for n in (3, 4, 10, 100, 2000):
        x = random.normal(size=n).round(1)
        for slope in (0, 0.05, 0.5, 5):
            y = slope * x + random.normal(size=n)
            for ours, theirs in ((pearson, stats.pearsonr), (spearman, stats.spearmanr)):
                expected = theirs(x, y)
                assert ours(x, y).statistic == pytest.approx(expected.statistic, rel=1e-9, abs=1e-12)
                assert ours(x, y).pvalue == pytest.approx(expected.pvalue, rel=1e-7, abs=1e-300)


def test_correlations_at_the_edges() -> None:
    assert pearson([1, 2, 3], [3, 2, 1]) == (-1, 0)
    assert pearson([1, 2], [3, 5]) == (1, 1)
    assert all(math.isnan(v) for v in (*pearson([1, 1], [1, 2]), *pearson([1], [1])))


# --- Translation ------------------------------------------------------------------------------------------------------


def languages(size: int, other: int, turned: bool) -> tuple[KeyedVectors, KeyedVectors, Any]:
    random = np.random.default_rng(3)
    x = random.normal(size=(60, size))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    w = np.linalg.qr(random.normal(size=(size, size)))[0] if turned else random.normal(size=(size, other))
    source = KeyedVectors(size, keys=[f"a{i}" for i in range(60)], vectors=x)
    return source, KeyedVectors(other, keys=[f"b{i}" for i in range(60)], vectors=x @ w * 3), w


PAIRS = [(f"a{i}", f"b{i}") for i in range(40)]


def test_an_orthogonal_map_is_found_again() -> None:
    source, target, w = languages(8, 8, True)
    matrix = TranslationMatrix(source, target, PAIRS, orthogonal=True)
    np.testing.assert_allclose(matrix.translation_matrix, w, atol=1e-12)
    for method in ("nearest", "csls"):
        found = matrix.translate(["a50", "a59"], topn=2, method=method)
        assert {word: names[0] for word, names in found.items()} == {"a50": "b50", "a59": "b59"}
        assert len(found["a50"]) == 2
    assert matrix.translate("a41", topn=1) == {"a41": ["b41"]}


def test_least_squares() -> None:
    source, target, _ = languages(6, 9, False)
    matrix = TranslationMatrix(source, target)
    with pytest.raises(ValueError, match="call train"):
        matrix.translate("a1")
    matrix.train(PAIRS)
    unit = [
        np.array([t.get_vector(w, norm=True) for w in words])
        for t, words in zip((source, target), zip(*PAIRS, strict=True), strict=True)
    ]
    # The minimum: the gradient of the summed squares is 0.
    gradient = unit[0].T @ (unit[0] @ matrix.translation_matrix - unit[1])
    np.testing.assert_allclose(gradient, 0, atol=1e-12)
    assert sum(matrix.translate([f"a{i}"], topn=1)[f"a{i}"] == [f"b{i}"] for i in range(40, 60)) > 15


def test_bad_translations() -> None:
    source, target, _ = languages(6, 9, False)
    with pytest.raises(ValueError, match="an orthogonal map needs vectors of one size, got 6 and 9"):
        TranslationMatrix(source, target, orthogonal=True)
    with pytest.raises(KeyError, match="'c1' is not among the 60 words; did you mean"):
        TranslationMatrix(source, target, [("a1", "c1")])
    with pytest.raises(ValueError, match="expected pairs"):
        TranslationMatrix(source, target, [])
    with pytest.raises(ValueError, match="method must be one of"):
        TranslationMatrix(source, target, PAIRS).translate("a1", method="gc")
