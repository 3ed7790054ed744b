"""Vocabularies of texts against a plain Python reference, which follows Keras's TextVectorization."""

from __future__ import annotations

import copy
import json
import math
import pickle
import string
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import layers, saving
from ranvier.errors import ModelFileError
from ranvier.text import Vocabulary

# What Keras itself made (tests/peers/make_keras_vocabulary.py).
KERAS: dict[str, Any] = json.loads(Path(__file__).with_name("keras_vocabulary.json").read_text())
TEXTS = [
    "The cat sat on the mat.",
    "THE DOG, the dog!  barked\tat the cat\n",
    "",
    "  ",
    "Été à la plage: l'ÉTÉ\u00a0dernier, \u3000naïve \U0001f600 smile",
    "don't stop_me now",
    "a a a b b c [UNK]",
    "\u0130stanbul Σίσυφος ÖL",
]
MODES: list[Any] = [
    {},
    {"standardize": "lower"},
    {"standardize": "strip_punctuation"},
    {"standardize": None},
    {"split": "character"},
    {"split": None},
    {"ngrams": 2},
    {"ngrams": (2, 3)},
    {"max_tokens": 7},
    {"standardize": lambda text: text.replace("a", "o"), "split": "character", "max_tokens": 9},
    {"split": lambda text: text.split(","), "ngrams": 2},
]


def reference_tokens(text: str, standardize: Any = "lower_and_strip_punctuation", split: Any = "whitespace",
                     ngrams: Any = None, **_: Any) -> list[str]:  # fmt: skip
    if callable(standardize):
        text = standardize(text)
    elif standardize:
        text = text.lower() if "lower" in standardize else text
        if "strip" in standardize:
            text = "".join(c for c in text if c not in string.punctuation)
    if callable(split):
        tokens = split(text)
    else:
        tokens = {"whitespace": text.split(), "character": list(text), None: [text]}[split]
    if ngrams is None:
        return tokens
    widths = range(1, ngrams + 1) if isinstance(ngrams, int) else ngrams
    return [" ".join(tokens[i : i + n]) for n in widths for i in range(len(tokens) - n + 1)]


def reference_vocabulary(texts: list[str], first: int, max_tokens: int | None = None, **how: Any) -> list[str]:
    counts = Counter(token for text in texts for token in reference_tokens(text, **how))
    for special in ("", "[UNK]"):
        counts.pop(special, None)
    by_name = sorted(counts, reverse=True)
    tokens = sorted(by_name, key=lambda token: -counts[token])
    return tokens if max_tokens is None else tokens[: max_tokens - first]


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("how", MODES, ids=str)
def test_numbers_are_those_of_the_reference(how: dict[str, Any], workers: int) -> None:
    words = Vocabulary(**how, workers=workers)
    words.adapt(TEXTS)
    known = ["", "[UNK]", *reference_vocabulary(TEXTS, 2, **how)]
    assert words.get_vocabulary() == known
    assert words.get_vocabulary(include_special_tokens=False) == known[2:]
    assert words.vocabulary_size() == len(words) == len(known)
    numbers = {token: i for i, token in enumerate(known)}
    for texts in (TEXTS, ["new words, the end", *TEXTS[:2]], np.array(TEXTS), tuple(TEXTS), [[text] for text in TEXTS]):
        plain = [text[0] if isinstance(text, list) else str(text) for text in texts]
        rows = [[numbers.get(token, 1) for token in reference_tokens(text, **how)] for text in plain]
        longest = max(map(len, rows))
        found = words(texts)
        assert found.dtype == np.int64
        np.testing.assert_array_equal(found, [row + [0] * (longest - len(row)) for row in rows])


@pytest.mark.parametrize("case", KERAS["cases"], ids=lambda case: str(case["arguments"]))
def test_numbers_are_those_of_keras(case: dict[str, Any]) -> None:
    arguments = {name: tuple(value) if isinstance(value, list) else value for name, value in case["arguments"].items()}
    words = Vocabulary(**arguments)
    words.adapt(KERAS["texts"])
    assert words.get_vocabulary() == case["vocabulary"]
    found = words(KERAS["unseen"])
    assert found.shape == np.shape(case["found"])
    np.testing.assert_allclose(found, case["found"], atol=2e-6)


@pytest.mark.parametrize("mode", ["multi_hot", "count", "tf_idf"])
@pytest.mark.parametrize("how", [{}, {"max_tokens": 5}, {"max_tokens": 60, "pad_to_max_tokens": True}], ids=str)
def test_rows_of_the_vocabulary(mode: str, how: dict[str, Any]) -> None:
    words = Vocabulary(output_mode=mode, **how)
    words.adapt(TEXTS)
    known = ["[UNK]", *reference_vocabulary(TEXTS, 1, how.get("max_tokens"))]
    assert words.get_vocabulary() == known
    texts = [*TEXTS, "zebra zebra cat"]
    documents = [set(reference_tokens(text)) for text in TEXTS]
    idf = [math.log(1 + len(TEXTS) / (1 + sum(token in tokens for tokens in documents))) for token in known[1:]]
    idf = [sum(idf) / len(idf), *idf]
    size = 60 if how.get("pad_to_max_tokens") else len(known)
    expected = np.zeros((len(texts), size))
    for row, text in zip(expected, texts, strict=True):
        for token in reference_tokens(text):
            row[known.index(token) if token in known else 0] += 1
    if mode == "multi_hot":
        expected = (expected > 0).astype(float)
    elif mode == "tf_idf":
        expected[:, : len(idf)] *= idf
    found = words(texts)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_an_empty_token_counts_as_none() -> None:
    words = Vocabulary(split=None, output_mode="count", vocabulary=["a"])
    np.testing.assert_array_equal(words(["a", "", "b"]), [[0, 1], [0, 0], [1, 0]])


def test_length_and_type() -> None:
    words = Vocabulary(output_sequence_length=3, dtype="int32", vocabulary=["a", "b"])
    found = words(["a b a b", "b", ""])
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, [[2, 3, 2], [3, 0, 0], [0, 0, 0]])
    assert words([]).shape == (0, 3)
    np.testing.assert_array_equal(words("b c"), [3, 1, 0])


def test_token_lists_and_columns() -> None:
    pandas = pytest.importorskip("pandas")
    words = Vocabulary(split=None, vocabulary=["a", "new york"])
    np.testing.assert_array_equal(words([["A", "New York"], [], ["b"]]), [[2, 3], [0, 0], [1, 0]])
    column = pandas.Series(["a b", "B"])
    np.testing.assert_array_equal(Vocabulary(vocabulary=["a", "b"])(column), [[2, 3], [3, 0]])
    np.testing.assert_array_equal(Vocabulary(vocabulary=["é"])(["É".encode(), "x"]), [[2], [1]])


def test_adapt_takes_batches() -> None:
    words = Vocabulary()
    words.adapt(iter([(["a b"], [0]), (["b"], [1]), (["c c c"], [1])]), steps=2)
    assert words.get_vocabulary(False) == ["b", "a"]
    words.adapt(["z"])
    assert words.get_vocabulary(False) == ["z"]


@pytest.mark.parametrize(("split", "text"), [("whitespace", "the cat sat"), ("character", "the  cat")])
def test_texts_come_back(split: str, text: str) -> None:
    words = Vocabulary(split=split)
    words.adapt([text, "and the dog"])
    numbers = words([text, "the"])
    assert words.decode(numbers) == [text, "the"]
    assert words.decode(numbers[0]) == text
    assert "[UNK]" in words.decode(words("zebra!"))
    with pytest.raises(ValueError, match=r"expected numbers from 0 to \d+, got 99 at \(0, 1\)"):
        words.decode([[2, 99]])
    with pytest.raises(ValueError, match="decode needs output_mode='int'"):
        Vocabulary(output_mode="count", vocabulary=["a"]).decode([1])


@saving.register_keras_serializable(name="no_digits")
def no_digits(text: str) -> str:
    return "".join(c for c in text if not c.isdigit())


@pytest.mark.parametrize(
    "how", [{}, {"ngrams": (1, 3)}, {"output_mode": "tf_idf"}, {"standardize": no_digits}], ids=str
)
def test_files_and_pickles(tmp_path: Path, how: dict[str, Any]) -> None:
    words = Vocabulary(**how)
    words.adapt(TEXTS)
    words.save(tmp_path / "words.json")
    for again in (Vocabulary.load(tmp_path / "words.json"), pickle.loads(pickle.dumps(words)), copy.deepcopy(words)):
        np.testing.assert_array_equal(again(TEXTS), words(TEXTS))
        assert again.get_config() == words.get_config()


def test_files_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "words.json"
    for text in ("", "[]", "{}", '{"kind": "ranvier.text.Vocabulary", "version": 9, "config": {}}'):
        path.write_text(text)
        with pytest.raises(ModelFileError, match=r"words\.json"):
            Vocabulary.load(path)
    Vocabulary(standardize=no_digits, vocabulary=["a"]).save(path)
    path.write_text(json.dumps(json.loads(path.read_text())).replace("no_digits", "missing"))
    with pytest.raises(ModelFileError, match="missing"):
        Vocabulary.load(path)
    with pytest.raises(ValueError, match="register_keras_serializable"):
        Vocabulary(standardize=lambda text: text, vocabulary=["a"]).save(path)


def test_a_vocabulary_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_text("the\nété\n", encoding="utf-8")
    assert Vocabulary(vocabulary=path)("Été the").tolist() == [3, 2]
    given = Vocabulary(vocabulary=["", "[UNK]", "a"])
    assert given.get_vocabulary() == ["", "[UNK]", "a"]
    with pytest.raises(ValueError, match="nothing to learn"):
        given.adapt(["b"])


def test_it_feeds_a_network() -> None:
    random = np.random.default_rng(0)
    texts = [
        " ".join(random.choice(["fine", "good", "nice"] if i % 2 else ["bad", "sad", "mad"], 1 + i % 5))
        for i in range(60)
    ]
    words = Vocabulary(output_sequence_length=5)
    words.adapt(texts)
    model = ranvier.Sequential(
        [layers.Embedding(words.vocabulary_size(), 4, mask_zero=True), layers.LSTM(4), layers.Dense(1, "sigmoid")]
    )
    model.compile(ranvier.optimizers.Adam(0.05), "binary_crossentropy", metrics=["accuracy"])
    model.fit(words(texts), np.arange(60) % 2, epochs=20, verbose=0)
    assert model.evaluate(words(texts), np.arange(60) % 2, verbose=0)[1] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"standardize": "lowercase"}, "standardize must be one of"),
        ({"split": "words"}, "split must be one of"),
        ({"output_mode": "one_hot"}, "output_mode must be one of"),
        ({"dtype": "float32"}, "dtype must be one of"),
        ({"ngrams": 0}, "ngrams must be"),
        ({"ngrams": "2"}, "ngrams must be"),
        ({"max_tokens": 2}, "max_tokens must be at least 3"),
        ({"max_tokens": 2.5}, "max_tokens must be None or an integer"),
        ({"output_mode": "count", "output_sequence_length": 3}, "output_sequence_length belongs to"),
        ({"pad_to_max_tokens": True}, "needs max_tokens"),
        ({"vocabulary": []}, "an empty one"),
        ({"vocabulary": ["a", "b", "a"]}, "'a' is there twice"),
        ({"vocabulary": ["a", "b"], "max_tokens": 3}, "at most max_tokens=3"),
        ({"vocabulary": ["a"], "output_mode": "tf_idf"}, "comes with idf_weights"),
        ({"vocabulary": ["a"], "output_mode": "tf_idf", "idf_weights": [1, 2]}, "expected 1 idf_weights"),
        ({"idf_weights": [1]}, "without a vocabulary"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Vocabulary(**arguments)


def test_bad_texts_are_named() -> None:
    words = Vocabulary()
    with pytest.raises(RuntimeError, match="call adapt"):
        words(["a"])
    with pytest.raises(TypeError, match="put it into a list"):
        words.adapt("the cat")
    with pytest.raises(ValueError, match="found no token in 2 texts"):
        words.adapt(["", "  "])
    words.adapt(["a b"])
    with pytest.raises(TypeError, match="got None at position 1"):
        words(["a", None])
    with pytest.raises(TypeError, match="expected a list of texts, got 3"):
        words(3)
    with pytest.raises(ValueError, match="no Unicode"):
        words(["a", "\ud800"])
    with pytest.raises(ValueError, match="expected UTF-8, got bytes that are none at position 1"):
        words([b"a", b"\xff"])
    with pytest.raises(ValueError, match=r"shape \(texts,\) or \(texts, 1\), got \(1, 2\)"):
        words(np.array([["a", "b"]]))
    with pytest.raises(TypeError, match="split must return a list"):
        Vocabulary(split=lambda text: text).adapt(["a"])
    with pytest.raises(TypeError, match="standardize must return a text"):
        Vocabulary(standardize=lambda text: None).adapt(["a"])  # type: ignore[arg-type, return-value]
    assert words.get_vocabulary(False) == ["b", "a"]
