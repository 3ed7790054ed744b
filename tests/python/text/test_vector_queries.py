"""Neighbours and similarities, against NumPy in double."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ranvier import _core
from ranvier.text import KeyedVectors, UnknownWordError

TOLERANCE = 2e-6  # of a cosine in float32


def table(rows: int, size: int, seed: int = 0, dtype: Any = np.float32) -> KeyedVectors:
    numbers = np.random.default_rng(seed).normal(size=(rows, size)).astype(dtype)
    return KeyedVectors(size, keys=[f"w{i}" for i in range(rows)], vectors=numbers)


def cosines(vectors: Any, query: Any) -> Any:
    x, q = np.asarray(vectors, np.float64), np.asarray(query, np.float64)
    return x @ q / (np.linalg.norm(x, axis=1) * np.linalg.norm(q))


def best(scores: Any, count: int, left_out: Any = ()) -> list[int]:
    order = np.lexsort((np.arange(len(scores)), -scores))
    return [int(i) for i in order if i not in left_out][:count]


@pytest.mark.parametrize(("rows", "size"), [(1, 1), (5, 3), (513, 17), (1500, 33), (2000, 300)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.float16])
def test_neighbours_of_a_word(isa: str, rows: int, size: int, dtype: Any) -> None:
    vectors = table(rows, size, dtype=dtype)
    scores = cosines(vectors.vectors, vectors.vectors[0])
    found = vectors.most_similar("w0", topn=7)
    assert [word for word, _ in found] == [f"w{i}" for i in best(scores, 7, [0])]
    np.testing.assert_allclose([value for _, value in found], scores[best(scores, 7, [0])], atol=TOLERANCE)
    everything = vectors.most_similar("w0", topn=None)
    np.testing.assert_allclose(everything, scores, atol=TOLERANCE)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_many_queries_are_what_each_is_alone(isa: str, threads: int) -> None:
    vectors = table(3000, 40)
    _core.set_num_threads(threads)
    queries = np.random.default_rng(5).normal(size=(300, 40))
    answers = vectors.similar_by_vector(queries, topn=5)
    for query, answer in zip(queries, answers, strict=True):
        scores = cosines(vectors.vectors, query)
        np.testing.assert_allclose([value for _, value in answer], np.sort(scores)[::-1][:5], atol=TOLERANCE)
        np.testing.assert_allclose([scores[int(word[1:])] for word, _ in answer], np.sort(scores)[::-1][:5], atol=1e-5)
    by_word = vectors.similar_by_word(["w3", "w9", "w4", "w2999", "w7"], topn=3)
    for word, answer in zip(["w3", "w9", "w4", "w2999", "w7"], by_word, strict=True):
        alone = vectors.similar_by_word(word, topn=3)
        assert [w for w, _ in answer] == [w for w, _ in alone]
        np.testing.assert_allclose([v for _, v in answer], [v for _, v in alone], atol=TOLERANCE)


def test_threads_change_nothing() -> None:
    vectors = table(5000, 64)
    queries = np.random.default_rng(5).normal(size=(9, 64))
    answers = []
    for threads in (1, 2, 5):
        _core.set_num_threads(threads)
        answers.append((vectors.similar_by_vector(queries, topn=20), vectors.similar_by_vector(queries[0], topn=20)))
    assert answers[0] == answers[1] == answers[2]


def test_equal_similarities_come_in_the_order_of_rows() -> None:
    vectors = KeyedVectors(2, keys=[f"w{i}" for i in range(2000)], vectors=np.ones((2000, 2), np.float32))
    assert [word for word, _ in vectors.most_similar("w3", topn=5)] == ["w0", "w1", "w2", "w4", "w5"]


def test_weights_vectors_and_negatives() -> None:
    vectors = table(200, 12)
    given = np.random.default_rng(8).normal(size=12)
    unit = vectors.vectors / np.linalg.norm(vectors.vectors, axis=1, keepdims=True)
    direction = unit[1].astype(float) + 0.5 * unit[2] + given - unit[3] - 2 * unit[4]
    scores = cosines(vectors.vectors, direction)
    arguments = (["w1", ("w2", 0.5), given], ["w3", ("w4", -2.0)])
    found = vectors.most_similar(*arguments, topn=4)
    assert [word for word, _ in found] == [f"w{i}" for i in best(scores, 4, [1, 2, 3, 4])]
    assert vectors.most_similar_many([arguments, ("w5", None)], topn=4)[0] == found
    alone = vectors.most_similar(given, topn=3)
    assert [word for word, _ in alone] == [f"w{i}" for i in best(cosines(vectors.vectors, given), 3)]


def test_ranges_of_rows() -> None:
    vectors = table(100, 8)
    scores = cosines(vectors.vectors, vectors.vectors[50])
    inside = [i for i in best(scores, 100, [50]) if 20 <= i < 60]
    found = vectors.most_similar("w50", topn=6, clip_start=20, clip_end=60)
    assert [word for word, _ in found] == [f"w{i}" for i in inside[:6]]
    found = vectors.most_similar("w50", topn=1000, restrict_vocab=10)
    assert [word for word, _ in found] == [f"w{i}" for i in best(scores[:10], 10)]
    assert len(vectors.most_similar("w50", topn=None, restrict_vocab=10)) == 10
    assert vectors.most_similar("w50", topn=0) == []
    assert len(vectors.most_similar("w50", topn=10**6)) == 99
    assert vectors.most_similar("w50", clip_start=60, clip_end=20) == []


def test_what_changes_is_known_to_the_next_query() -> None:
    vectors = table(10, 3)
    assert vectors.similarity("w1", "w2") < 0.999
    before = vectors.most_similar("w1", topn=None)
    vectors.vectors[3] *= 7  # behind the table's back
    np.testing.assert_allclose(vectors.most_similar("w1", topn=None), before, atol=TOLERANCE)
    vectors.vectors[2] = 100 * vectors.vectors[1]
    assert vectors.similarity("w1", "w2") == pytest.approx(1)
    assert vectors.most_similar("w1", topn=1) == [("w2", pytest.approx(1))]


@pytest.mark.parametrize("queries", [1, 9])
def test_lengths_beyond_float_beside_others(queries: int) -> None:
    """A row whose squares leave the range of float takes another way, which changes nothing for the rest."""
    vectors = table(700, 20)
    asked = vectors.vectors[100 : 100 + queries].astype(float)
    before = vectors.similar_by_vector(asked, topn=None)
    for row, factor in ((5, 1e-25), (300, 1e25), (600, 1e-18)):
        vectors.vectors[row] *= factor
    after = vectors.similar_by_vector(asked, topn=None)
    np.testing.assert_allclose(after, before, atol=TOLERANCE)
    others = [row for row in range(700) if row not in (5, 300, 600)]
    np.testing.assert_array_equal(after[:, others], before[:, others])
    vectors.vectors[5] = 0
    assert (vectors.similar_by_vector(asked, topn=None)[:, 5] == 0).all()
    vectors.vectors[5] = np.nan
    assert np.isnan(vectors.similar_by_vector(asked, topn=None)[:, 5]).all()


def test_zeros_nan_and_extremes() -> None:
    numbers = np.array([[1, 1], [0, 0], [np.nan, 1], [1e-25, 1e-25], [1e25, 1e25], [-1, -1]], np.float32)
    vectors = KeyedVectors(2, keys=list("abcdef"), vectors=numbers)
    found = vectors.most_similar("a", topn=10)
    assert found == [("d", pytest.approx(1)), ("e", pytest.approx(1)), ("b", 0), ("f", pytest.approx(-1))]
    assert vectors.similarity("a", "b") == 0
    assert vectors.get_vector("b", norm=True).tolist() == [0, 0]


def test_strided_and_read_only_vectors() -> None:
    wide = np.random.default_rng(2).normal(size=(700, 40)).astype(np.float32)
    for numbers in (wide[:, ::2], wide[::-1, :20], np.asfortranarray(wide[:, :20])):
        numbers.flags.writeable = False
        vectors = KeyedVectors(20, keys=[f"w{i}" for i in range(700)], vectors=numbers)
        scores = cosines(numbers, numbers[3])
        assert [word for word, _ in vectors.most_similar("w3", topn=5)] == [f"w{i}" for i in best(scores, 5, [3])]


def test_cosmul() -> None:
    vectors = table(300, 10)
    shifted = [(1 + cosines(vectors.vectors, vectors.vectors[i])) / 2 for i in (1, 2, 3)]
    scores = shifted[0] * shifted[1] / (shifted[2] + 1e-6)
    found = vectors.most_similar_cosmul(["w1", "w2"], "w3", topn=5)
    assert [word for word, _ in found] == [f"w{i}" for i in best(scores, 5, [1, 2, 3])]
    np.testing.assert_allclose([v for _, v in found], scores[best(scores, 5, [1, 2, 3])], rtol=1e-5)
    np.testing.assert_allclose(vectors.most_similar_cosmul(["w1", "w2"], "w3", topn=None), scores, rtol=1e-4)
    with pytest.raises(ValueError, match="in `positive`, got none"):
        vectors.most_similar_cosmul(negative="w1")


def test_similarities_and_distances() -> None:
    vectors = table(50, 9)
    x = vectors.vectors.astype(float)
    scores = cosines(x, x[4])
    assert vectors.similarity("w4", "w9") == pytest.approx(scores[9], abs=TOLERANCE)
    assert vectors.distance("w4", "w9") == pytest.approx(1 - scores[9], abs=TOLERANCE)
    np.testing.assert_allclose(vectors.distances("w4"), 1 - scores, atol=TOLERANCE)
    np.testing.assert_allclose(vectors.distances(x[4], ["w2", 7]), 1 - scores[[2, 7]], atol=TOLERANCE)
    np.testing.assert_allclose(KeyedVectors.cosine_similarities(x[4], x), scores, atol=TOLERANCE)
    means = x[[1, 2]].mean(0), x[[3, 4, 5]].mean(0)
    assert vectors.n_similarity(["w1", "w2"], ["w3", "w4", "w5"]) == pytest.approx(
        cosines(means[:1], means[1])[0], abs=TOLERANCE
    )
    closer = [f"w{i}" for i in range(50) if scores[i] > scores[9] and i != 4]
    assert vectors.closer_than("w4", "w9") == closer
    assert vectors.rank("w4", "w9") == len(closer) + 1
    assert vectors.rank("w4", best_word := vectors.most_similar("w4", topn=1)[0][0]) == 1
    assert vectors.most_similar_to_given("w4", ["w9", best_word, "w3"]) == best_word
    sims = sum(value for _, value in vectors.most_similar("w4", topn=5))
    assert vectors.relative_cosine_similarity("w4", "w9", topn=5) == pytest.approx(scores[9] / sims, abs=1e-4)


def test_means_and_the_odd_one_out() -> None:
    vectors = table(20, 6)
    x = vectors.vectors.astype(float)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    weights = [1.0, -2.0, 0.5]
    expected = (unit[1] - 2 * unit[2] + 0.5 * x[3]) / 3.5
    np.testing.assert_allclose(vectors.get_mean_vector(["w1", "w2", x[3]], weights), expected, rtol=1e-5)
    np.testing.assert_allclose(
        vectors.get_mean_vector(["w1", "nobody", "w2"], pre_normalize=False, post_normalize=True),
        (x[1] + x[2]) / np.linalg.norm(x[1] + x[2]), rtol=1e-5,
    )  # fmt: skip
    words = ["w1", "w2", "w3", "w4"]
    mean = unit[1:5].mean(0)
    scores = unit[1:5] @ mean / np.linalg.norm(mean)
    assert vectors.doesnt_match([*words, "nobody"]) == words[int(scores.argmin())]
    ranked = vectors.rank_by_centrality(words)
    assert [word for _, word in ranked] == [words[i] for i in np.argsort(-scores)]
    with pytest.raises(UnknownWordError):
        vectors.get_mean_vector(["w1", "nobody"], ignore_missing=False)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda v: v.most_similar(), ValueError, "expected a key or a vector"),
        (lambda v: v.most_similar("w1", ["nobody"]), KeyError, "'nobody' is not among"),
        (lambda v: v.most_similar(np.ones(5)), ValueError, r"a vector of 6 numbers, got \(5,\)"),
        (lambda v: v.similar_by_vector(np.full(6, np.nan)), ValueError, "finite"),
        (lambda v: v.similar_by_vector(np.ones((2, 5))), ValueError, "a vector of 6 numbers"),
        (lambda v: v.n_similarity([], ["w1"]), ZeroDivisionError, "an empty one"),
        (lambda v: v.doesnt_match(["nobody"]), ValueError, "got none"),
        (lambda v: v.get_mean_vector([]), ValueError, "expected keys"),
        (lambda v: v.get_mean_vector(["w1"], [1, 2]), ValueError, "expected 1 weights"),
        (lambda v: v.rank("w1", "nobody"), KeyError, "nobody"),
    ],
)
def test_bad_questions(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        call(table(9, 6))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 1200), st.integers(1, 70), st.integers(1, 12), st.integers(0, 30), st.integers(0, 2**32 - 1))
def test_any_shape(rows: int, size: int, queries: int, topn: int, seed: int) -> None:
    vectors = table(rows, size, seed)
    directions = np.random.default_rng(seed + 1).normal(size=(queries, size))
    for query, found in zip(directions, vectors.similar_by_vector(directions, topn=topn), strict=True):
        scores = np.sort(cosines(vectors.vectors, query))[::-1][:topn]
        np.testing.assert_allclose([value for _, value in found], scores, atol=TOLERANCE)
