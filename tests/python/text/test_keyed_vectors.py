"""The table of vectors: what it takes, gives, changes, and keeps when it is copied."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from ranvier import _core
from ranvier.text import KeyedVectors, UnknownWordError

WORDS = ["the", "queen", "king", "Sweden", "norway"]


@pytest.fixture
def vectors() -> KeyedVectors:
    numbers = np.random.default_rng(1).normal(size=(len(WORDS), 7)).astype(np.float32)
    return KeyedVectors(7, keys=WORDS, vectors=numbers, counts=[9, 5, 5, 2, 1])


def test_it_holds_the_array_it_was_given() -> None:
    numbers = np.ones((2, 3), np.float32)
    table = KeyedVectors(3, keys=["a", "b"], vectors=numbers)
    assert table.vectors is numbers
    assert (len(table), table.vector_size, table.dtype, table.index_to_key) == (2, 3, np.float32, ["a", "b"])
    assert table.key_to_index == {"a": 0, "b": 1}
    numbers[0] = [3, 4, 0]
    np.testing.assert_allclose(table.get_vector("a", norm=True), [0.6, 0.8, 0], rtol=1e-6)
    np.testing.assert_allclose(table.norms, [5, np.sqrt(3)], rtol=1e-6)


def test_reading(vectors: KeyedVectors) -> None:
    np.testing.assert_array_equal(vectors["queen"], vectors.vectors[1])
    np.testing.assert_array_equal(vectors[2], vectors.vectors[2])
    np.testing.assert_array_equal(vectors[["king", 0]], vectors.vectors[[2, 0]])
    np.testing.assert_array_equal(vectors[1:3], vectors.vectors[1:3])
    assert vectors[[]].shape == (0, 7)
    assert np.shares_memory(vectors["queen"], vectors.vectors)
    with pytest.raises(ValueError, match="read-only"):
        vectors["queen"][0] = 1
    assert "king" in vectors
    assert 4 in vectors
    assert 5 not in vectors
    assert -1 not in vectors
    assert "kings" not in vectors
    assert vectors.get_index("kings", default=7) == 7
    assert vectors.get_vecattr("the", "count") == 9
    assert repr(vectors) == "KeyedVectors<vector_size=7, 5 keys>"
    norms = np.linalg.norm(vectors.vectors.astype(float), axis=1)
    np.testing.assert_allclose(vectors.norms, norms, rtol=1e-6)
    np.testing.assert_allclose(vectors.get_normed_vectors(), vectors.vectors / norms[:, None], rtol=1e-6)


@pytest.mark.parametrize(
    ("word", "suggestion"),
    [("quen", "queen"), ("sweden", "Sweden"), ("NORWAY", "norway"), ("nroway", "norway"), ("kind", "king")],
)
def test_an_unknown_word_is_an_error_with_the_nearest_spelling(
    vectors: KeyedVectors, word: str, suggestion: str
) -> None:
    with pytest.raises(
        UnknownWordError, match=f"'{word}' is not among the 5 words; did you mean '{suggestion}"
    ) as caught:
        vectors[word]
    assert isinstance(caught.value, KeyError)
    assert str(pickle.loads(pickle.dumps(caught.value)).args[0]) == str(caught.value)
    with pytest.raises(KeyError, match=r"is not among the 5 words$"):
        vectors["zzzzzzzzzz"]
    with pytest.raises(KeyError, match="neither a word nor a row of the 5"):
        vectors[17]


def test_spellings_by_the_plain_definition() -> None:
    """Optimal string alignment, by recursion."""
    from functools import cache

    def distance(a: str, b: str) -> int:
        @cache
        def of(i: int, j: int) -> int:
            if not i or not j:
                return i + j
            best = min(of(i - 1, j) + 1, of(i, j - 1) + 1, of(i - 1, j - 1) + (a[i - 1] != b[j - 1]))
            if i > 1 and j > 1 and a[i - 1] == b[j - 2] and a[i - 2] == b[j - 1]:
                best = min(best, of(i - 2, j - 2) + 1)
            return best

        return of(len(a), len(b))

    random = np.random.default_rng(4)
    words = list({"".join(random.choice(list("abéß你"), random.integers(1, 9))) for _ in range(400)})
    for query in words[::7]:
        word = query[::-1] + "a"
        error = UnknownWordError(word, words)
        bound = max(1, len(word) // 3)
        near = sorted((distance(word, w), i) for i, w in enumerate(words) if distance(word, w) <= bound)
        cases = [w for w in dict.fromkeys([word.lower(), word.capitalize(), word.title(), word.upper()]) if w in words]
        assert error.suggestions(3) == list(dict.fromkeys(cases + [words[i] for _, i in near]))[:3]


def test_spellings_are_looked_for_only_when_they_are_read(vectors: KeyedVectors, monkeypatch: Any) -> None:
    monkeypatch.delattr(_core.text, "nearest_spellings")
    with pytest.raises(UnknownWordError) as caught:
        vectors["quen"]
    with pytest.raises(AttributeError, match="nearest_spellings"):
        str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"vector_size": 0}, ValueError, "vector_size must be an integer of at least 1, got 0"),
        ({"vector_size": 2.5}, ValueError, "vector_size must be an integer"),
        ({"vector_size": 2, "keys": ["a"]}, ValueError, r"shape \(1, 2\) for 1 keys, got \(0, 2\)"),
        ({"vector_size": 2, "keys": ["a"], "vectors": np.ones((1, 3))}, ValueError, r"got \(1, 3\)"),
        ({"vector_size": 2, "keys": ["a"], "vectors": np.ones((1, 2), int)}, TypeError, "16, 32 or 64 bits, got int64"),
        (
            {"vector_size": 2, "keys": ["a", "b", "a"], "vectors": np.ones((3, 2))},
            ValueError,
            "'a' is there twice, at 0 and 2",
        ),
        ({"vector_size": 2, "keys": [b"a"], "vectors": np.ones((1, 2))}, TypeError, "strings, got b'a'"),
        ({"vector_size": 2, "keys": ["a"], "vectors": np.ones((1, 2)), "counts": [1, 2]}, ValueError, "1 counts"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        KeyedVectors(**arguments)


def test_adding_and_replacing(vectors: KeyedVectors) -> None:
    before, new = vectors.vectors.copy(), np.arange(21.0).reshape(3, 7)
    vectors.add_vectors(["ice", "the", "snow"], new, extras={"count": np.array([3, 4, 5]), "seen": [1.5, 2, 3]})
    assert vectors.index_to_key == [*WORDS, "ice", "snow"]
    np.testing.assert_array_equal(vectors.vectors, np.vstack([before, new[[0, 2]].astype(np.float32)]))
    assert vectors.dtype == np.float32
    assert vectors.expandos["count"].tolist() == [9, 5, 5, 2, 1, 3, 5]
    assert vectors.expandos["seen"].tolist() == [0, 0, 0, 0, 0, 1.5, 3]
    vectors["the"] = np.ones(7)
    vectors[["king", "rain"]] = np.full((2, 7), 2.0)
    assert vectors["the"].tolist() == [1] * 7
    assert vectors["king"].tolist() == vectors["rain"].tolist() == [2] * 7
    assert vectors.get_vecattr("rain", "count") == 0
    assert vectors.add_vector("fog", np.zeros(7)) == 8
    vectors.set_vecattr("fog", "count", 11)
    assert vectors.get_vecattr("fog", "count") == 11
    assert [word for word, _ in vectors.most_similar("rain", topn=2)] == ["the", "king"]


@pytest.mark.parametrize(
    ("keys", "weights", "extras", "message"),
    [
        (["a"], np.ones((1, 6)), None, r"shape \(1, 7\), got \(1, 6\)"),
        (["a", "b"], np.ones((1, 7)), None, r"shape \(2, 7\), got \(1, 7\)"),
        (["a", "a"], np.ones((2, 7)), None, "'a' is there twice"),
        (["a"], np.ones((1, 7)), {"count": [1, 2]}, "1 numbers for 'count'"),
    ],
)
def test_what_cannot_be_added_changes_nothing(
    vectors: KeyedVectors, keys: list[str], weights: Any, extras: Any, message: str
) -> None:
    before = copy.deepcopy(vectors)
    with pytest.raises(ValueError, match=message):
        vectors.add_vectors(keys, weights, extras=extras, replace=True)
    assert_same(vectors, before)


def test_attributes(vectors: KeyedVectors) -> None:
    vectors.set_vecattr("king", "weight", 0.5)
    assert vectors.expandos["weight"].tolist() == [0, 0, 0.5, 0, 0]
    with pytest.raises(TypeError, match=r"'count' is of int64, got 1\.5"):
        vectors.set_vecattr("king", "count", 1.5)
    with pytest.raises(TypeError, match="expected a number for 'name'"):
        vectors.set_vecattr("king", "name", "Carl")
    with pytest.raises(KeyError, match="no attribute 'size'"):
        vectors.get_vecattr("king", "size")


def test_sorting_and_choosing(vectors: KeyedVectors) -> None:
    vectors.expandos["count"] = np.array([1, 5, 9, 5, 2])
    expected = {word: vectors[word].copy() for word in WORDS}
    chosen = vectors.vectors_for_all(["norway", "fog", "the", "norway"], copy_vecattrs=True)
    assert chosen.index_to_key == ["norway", "the"]
    assert chosen.expandos["count"].tolist() == [2, 1]
    vectors.sort_by_descending_frequency()
    assert vectors.index_to_key == ["king", "queen", "Sweden", "norway", "the"]
    for word, vector in expected.items():
        np.testing.assert_array_equal(vectors[word], vector)
    with pytest.raises(KeyError, match="no attribute 'count'"):
        vectors.vectors_for_all(WORDS).sort_by_descending_frequency()
    vectors.unit_normalize_all()
    np.testing.assert_allclose(vectors.norms, 1, rtol=1e-6)


def assert_same(a: KeyedVectors, b: KeyedVectors) -> None:
    assert (a.index_to_key, a.key_to_index, a.vector_size, a.dtype) == (
        b.index_to_key, b.key_to_index, b.vector_size, b.dtype,
    )  # fmt: skip
    np.testing.assert_array_equal(a.vectors, b.vectors)
    assert list(a.expandos) == list(b.expandos)
    for name, values in a.expandos.items():
        np.testing.assert_array_equal(values, b.expandos[name])


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))], ids=["deepcopy", "pickle"])
def test_copies(vectors: KeyedVectors, copied: Any) -> None:
    other = copied(vectors)
    assert_same(vectors, other)
    other["king"] = np.zeros(7)
    other.add_vectors(["fog"], np.ones((1, 7)))
    assert "fog" not in vectors
    assert vectors["king"].any()
