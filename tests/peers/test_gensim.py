"""Word vectors in gensim and here: files both ways, and the same answers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier.text import KeyedVectors, TranslationMatrix

gensim = pytest.importorskip("gensim")

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore::DeprecationWarning")]  # gensim's own

WORDS = [f"w{i}" for i in range(500)] + ["naïve", "你好", "Tokyo", "TOKYO"]


@pytest.fixture(scope="module")
def numbers() -> Any:
    return np.random.default_rng(0).normal(size=(len(WORDS), 25)).astype(np.float32)


@pytest.fixture(scope="module")
def ours(numbers: Any) -> KeyedVectors:
    return KeyedVectors(25, keys=WORDS, vectors=numbers.copy(), counts=range(len(WORDS), 0, -1))


@pytest.fixture(scope="module")
def theirs(numbers: Any) -> Any:
    vectors = gensim.models.KeyedVectors(25)
    vectors.add_vectors(WORDS, numbers.copy())
    for i, word in enumerate(WORDS):
        vectors.set_vecattr(word, "count", len(WORDS) - i)
    return vectors


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("name", ["vectors", "vectors.gz"])
def test_files_both_ways(tmp_path: Path, ours: KeyedVectors, theirs: Any, binary: bool, name: str) -> None:
    path, counts = str(tmp_path / name), str(tmp_path / "counts")
    ours.save_word2vec_format(path, fvocab=counts, binary=binary)
    read = gensim.models.KeyedVectors.load_word2vec_format(path, fvocab=counts, binary=binary)
    assert read.index_to_key == WORDS
    np.testing.assert_array_equal(read.vectors, ours.vectors)
    assert read.expandos["count"].tolist() == ours.expandos["count"].tolist()
    theirs.save_word2vec_format(path, fvocab=counts, binary=binary)
    back = KeyedVectors.load_word2vec_format(path, fvocab=counts, binary=binary)
    assert back.index_to_key == WORDS
    np.testing.assert_array_equal(back.vectors, theirs.vectors)
    assert back.expandos["count"].tolist() == ours.expandos["count"].tolist()
    if not binary:
        theirs.save_word2vec_format(path, write_header=False)
        np.testing.assert_array_equal(KeyedVectors.load_glove(path).vectors, theirs.vectors)


def same(a: list[tuple[str, float]], b: list[tuple[str, float]]) -> None:
    assert [word for word, _ in a] == [word for word, _ in b]
    np.testing.assert_allclose([value for _, value in a], [value for _, value in b], atol=2e-6)


def test_the_same_answers(ours: KeyedVectors, theirs: Any) -> None:
    given = np.random.default_rng(4).normal(size=25).astype(np.float32)
    for arguments in (
        {"positive": "w3"}, {"positive": ["w3", "w4"], "negative": ["w5"]}, {"positive": [given, ("w8", 0.5)]},
        {"positive": ["w3"], "clip_start": 50, "clip_end": 90}, {"positive": ["w3"], "restrict_vocab": 100, "topn": 3},
        {"negative": ["w3", ("w4", -2.0)]}, {"positive": [7]}, {"positive": [given]}, {"positive": [("w3", 0.5)]},
    ):  # fmt: skip
        same(ours.most_similar(**arguments), theirs.most_similar(**arguments))
        np.testing.assert_allclose(
            ours.most_similar(**{**arguments, "topn": None}),
            theirs.most_similar(**{**arguments, "topn": None}),
            atol=2e-6,
        )
    same(ours.most_similar_cosmul(["w3", "w4"], ["w5"]), theirs.most_similar_cosmul(["w3", "w4"], ["w5"]))
    same(ours.similar_by_vector(given), theirs.similar_by_vector(given))
    assert ours.similarity("w1", "naïve") == pytest.approx(float(theirs.similarity("w1", "naïve")), abs=2e-6)
    sets = ["w1", "w2", "w3"], ["w9", "w8"]
    assert ours.n_similarity(*sets) == pytest.approx(float(theirs.n_similarity(*sets)), abs=2e-6)
    np.testing.assert_allclose(ours.distances("w3"), theirs.distances("w3"), atol=2e-6)
    assert ours.rank("w3", "w7") == theirs.rank("w3", "w7")
    assert ours.closer_than("w3", "w7") == theirs.closer_than("w3", "w7")
    assert ours.doesnt_match(WORDS[:6]) == theirs.doesnt_match(WORDS[:6])
    for use_norm in (False, True):
        mine, expected = (v.rank_by_centrality(WORDS[:6], use_norm=use_norm) for v in (ours, theirs))
        same([(w, s) for s, w in mine], [(w, s) for s, w in expected])
    for flags in ({}, {"pre_normalize": False}, {"weights": [1.0, -2.0], "post_normalize": True}):
        np.testing.assert_allclose(
            ours.get_mean_vector(["w1", "w2"], **flags), theirs.get_mean_vector(["w1", "w2"], **flags), atol=1e-6
        )
    assert ours.relative_cosine_similarity("w1", "w2") == pytest.approx(
        float(theirs.relative_cosine_similarity("w1", "w2")), abs=1e-5
    )


@pytest.mark.parametrize("dummy4unknown", [False, True])
@pytest.mark.parametrize("case_insensitive", [False, True])
def test_the_same_evaluation(
    tmp_path: Path, ours: KeyedVectors, theirs: Any, dummy4unknown: bool, case_insensitive: bool
) -> None:
    random = np.random.default_rng(7)
    unit = ours.get_normed_vectors()
    lines = [": made"]
    for _ in range(150):
        a, b, c = random.integers(0, 500, 3)
        answer = int(np.argsort(-(unit @ (unit[b] - unit[a] + unit[c])))[random.integers(0, 6)])
        lines.append(" ".join([WORDS[a], WORDS[b], WORDS[c].upper(), WORDS[answer]]))
    lines += [": second", "w1 w2 w3 nowhere", "Tokyo w1 w2 w3"]
    path = str(tmp_path / "questions.txt")
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")
    flags = {"dummy4unknown": dummy4unknown, "case_insensitive": case_insensitive, "restrict_vocab": 450}
    mine, expected = ours.evaluate_word_analogies(path, **flags), theirs.evaluate_word_analogies(path, **flags)
    assert mine[0] == expected[0]
    assert [s["section"] for s in mine[1]] == [s["section"] for s in expected[1]]
    for a, b in zip(mine[1], expected[1], strict=True):
        assert sorted(a["correct"]) == sorted(b["correct"])
        assert sorted(a["incorrect"]) == sorted(b["incorrect"])
    pairs = [
        f"w{a}\tw{b}\t{value:.2f}"
        for a, b, value in zip(*random.integers(0, 600, (2, 80)), random.random(80), strict=True)
    ]
    Path(path).write_text("# made\n" + "\n".join(pairs) + "\n")
    mine_pairs, expected_pairs = ours.evaluate_word_pairs(path, **flags), theirs.evaluate_word_pairs(path, **flags)
    for a, b in zip(mine_pairs[:2], expected_pairs[:2], strict=True):
        assert a.statistic == pytest.approx(b[0], abs=1e-5)
        assert a.pvalue == pytest.approx(b[1], abs=1e-4)
    assert mine_pairs[2] == pytest.approx(expected_pairs[2])


@pytest.mark.filterwarnings("ignore:The parameter")
def test_the_same_translation(ours: KeyedVectors, theirs: Any) -> None:
    from gensim.models.translation_matrix import TranslationMatrix as Theirs

    pairs = [(f"w{i}", f"w{i + 100}") for i in range(60)]
    mine, expected = TranslationMatrix(ours, ours, pairs), Theirs(theirs, theirs, pairs)
    np.testing.assert_allclose(mine.translation_matrix, expected.translation_matrix, atol=1e-4)
    words = ["w200", "w3", "naïve"]
    assert mine.translate(words, topn=3) == dict(expected.translate(words, topn=3))
