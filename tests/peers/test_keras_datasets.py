"""From the same files both libraries make the same rows, in the same order."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier import datasets
from ranvier.datasets import _files

RANDOM = np.random.default_rng(0)


def texts(count: int) -> np.ndarray:
    rows = np.empty(count, dtype=object)
    rows[:] = [RANDOM.integers(1, 200, RANDOM.integers(3, 30)).tolist() for _ in range(count)]
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("datasets")
    good, topics = RANDOM.integers(0, 2, 300), RANDOM.integers(0, 46, 300)
    np.savez(made / "imdb.npz", x_train=texts(200), y_train=good[:200], x_test=texts(100), y_test=good[200:])
    np.savez(made / "reuters.npz", x=texts(300), y=topics)
    for name, columns in (("california_housing", 8), ("boston_housing", 13)):
        np.savez(made / f"{name}.npz", x=RANDOM.random((1000, columns)), y=RANDOM.random(1000))
    return made


WORDS: list[dict[str, Any]] = [
    {},
    {"num_words": 50},
    {"skip_top": 5, "oov_char": None},
    {"maxlen": 12},
    {"start_char": None, "index_from": 0, "seed": 3},
    {"start_char": None, "index_from": 2, "num_words": 30, "skip_top": 3},
]
NUMBERS: list[dict[str, Any]] = [{}, {"test_split": 0.5, "seed": 1}, {"test_split": 0}]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        *((name, arguments) for name in ("imdb", "reuters") for arguments in WORDS),
        *((name, arguments) for name in ("california_housing", "boston_housing") for arguments in NUMBERS),
        ("california_housing", {"version": "small"}),
    ],
    ids=str,
)
def test_rows(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, arguments: dict[str, Any]) -> None:
    theirs = importlib.import_module(f"keras.src.datasets.{name}")
    for module in (theirs, _files):
        monkeypatch.setattr(module, "get_file", lambda fname, *_, **__: str(folder / fname))
    found, expected = getattr(datasets, name).load_data(**arguments), theirs.load_data(**arguments)
    for (x, y), (x_expected, y_expected) in zip(found, expected, strict=True):
        assert [np.asarray(row).tolist() for row in x] == [np.asarray(row).tolist() for row in x_expected]
        assert y.tolist() == y_expected.tolist()


def test_topics() -> None:
    theirs = importlib.import_module("keras.src.datasets.reuters")
    assert datasets.reuters.get_label_names() == theirs.get_label_names()
