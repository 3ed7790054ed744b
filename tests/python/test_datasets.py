"""Each set is read from a small file in the form of the true one, which is fetched where there is a network."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import pickle
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import datasets
from ranvier.datasets import _files

RANDOM = np.random.default_rng(3)
TEXTS = [[1, 2, 3], [4, 9], [5, 6, 7, 8, 1], [2], [3, 3, 10]]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    folder = tmp_path / "datasets"
    folder.mkdir()
    return folder


def expect(monkeypatch: pytest.MonkeyPatch, module: ModuleType, path: Path, name: str = "_SHA256") -> None:
    """Lets a module take this file for the true one."""
    digest = hashlib.md5 if "MD5" in name else hashlib.sha256
    monkeypatch.setattr(module, name, digest(path.read_bytes()).hexdigest())


def write_arrays(path: Path, **arrays: Any) -> None:
    np.savez(path, **arrays)


def lists(texts: list[list[int]]) -> np.ndarray:
    made = np.empty(len(texts), dtype=object)
    made[:] = texts
    return made


def test_mnist(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = {
        name: RANDOM.integers(0, 256, (rows, 28, 28) if name[0] == "x" else rows).astype(np.uint8)
        for name, rows in (("x_train", 6), ("y_train", 6), ("x_test", 2), ("y_test", 2))
    }
    write_arrays(cache / "mnist.npz", **parts)
    expect(monkeypatch, datasets.mnist, cache / "mnist.npz")
    (x_train, y_train), (x_test, y_test) = datasets.mnist.load_data()
    for found, name in ((x_train, "x_train"), (y_train, "y_train"), (x_test, "x_test"), (y_test, "y_test")):
        assert found.dtype == np.uint8
        np.testing.assert_array_equal(found, parts[name])


def test_a_file_that_is_another_one_is_not_read(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is fetched again; here it cannot be."""
    write_arrays(cache / "mnist.npz", x_train=np.zeros(1))
    monkeypatch.setattr(_files, "STORE", (cache / "nowhere").as_uri() + "/")
    with pytest.raises(OSError, match="cannot be had"):
        datasets.mnist.load_data()


def test_fashion_mnist(cache: Path) -> None:
    folder = cache / "fashion-mnist"
    folder.mkdir()
    expected = []
    for part, rows in (("train", 5), ("t10k", 3)):
        images, labels = (RANDOM.integers(0, 256, shape).astype(np.uint8) for shape in ((rows, 28, 28), (rows,)))
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(16) + images.tobytes()))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes(8) + labels.tobytes()))
        expected.append((images, labels))
    for found, wanted in zip(datasets.fashion_mnist.load_data(), expected, strict=True):
        np.testing.assert_array_equal(found[0], wanted[0])
        np.testing.assert_array_equal(found[1], wanted[1])


def cifar(folder: str, **files: Any) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            data = pickle.dumps(content, protocol=4)
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def tiny_images(rows: int) -> np.ndarray:
    return RANDOM.integers(0, 256, (rows, 3072)).astype(np.uint8)


@pytest.mark.parametrize("format", ["channels_last", "channels_first"])
def test_cifar10(cache: Path, monkeypatch: pytest.MonkeyPatch, format: str) -> None:
    names = [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    files = {name: {b"data": tiny_images(2), b"labels": [i, i + 1]} for i, name in enumerate(names)}
    path = cache / "cifar-10-batches-py-target_archive"
    path.write_bytes(cifar("cifar-10-batches-py", **files, readme={b"text": b"not read"}))
    expect(monkeypatch, datasets.cifar10, path)
    before = ranvier.config.image_data_format()
    ranvier.config.set_image_data_format(format)
    try:
        (x_train, y_train), (x_test, y_test) = datasets.cifar10.load_data()
    finally:
        ranvier.config.set_image_data_format(before)
    assert y_train.tolist() == [[0], [1], [1], [2], [2], [3], [3], [4], [4], [5]]
    assert y_test.tolist() == [[5], [6]]
    first = files["data_batch_1"][b"data"][0].reshape(3, 32, 32)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(x_train[0], first if format == "channels_first" else np.moveaxis(first, 0, -1))
    assert x_test.shape == (2, 3, 32, 32) if format == "channels_first" else (2, 32, 32, 3)
    assert {array.dtype for array in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}


@pytest.mark.parametrize("mode", ["fine", "coarse"])
def test_cifar100(cache: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    files = {
        name: {b"data": tiny_images(rows), b"fine_labels": [7] * rows, b"coarse_labels": [2] * rows}
        for name, rows in (("train", 4), ("test", 1))
    }
    path = cache / "cifar-100-python-target_archive"
    path.write_bytes(cifar("cifar-100-python", **files))
    expect(monkeypatch, datasets.cifar100, path)
    (x_train, y_train), (x_test, _) = datasets.cifar100.load_data(mode)
    assert (x_train.shape, x_test.shape) == ((4, 32, 32, 3), (1, 32, 32, 3))
    assert y_train.tolist() == [[7 if mode == "fine" else 2]] * 4


def test_a_pickle_that_is_more_than_data_is_refused(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Evil:
        def __reduce__(self) -> Any:
            return Path.touch, (cache / "evil",)

    path = cache / "cifar-100-python-target_archive"
    path.write_bytes(cifar("cifar-100-python", train={b"data": Evil()}, test={}))
    expect(monkeypatch, datasets.cifar100, path)
    with pytest.raises(pickle.UnpicklingError, match="which is no part of an array"):
        datasets.cifar100.load_data()
    assert not (cache / "evil").exists()


def imdb(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = np.array([1, 0, 1, 0, 1])
    write_arrays(cache / "imdb.npz", x_train=lists(TEXTS), y_train=labels, x_test=lists(TEXTS[:3]), y_test=labels[:3])
    expect(monkeypatch, datasets.imdb, cache / "imdb.npz")


def test_imdb(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imdb(cache, monkeypatch)
    (x_train, y_train), (x_test, y_test) = datasets.imdb.load_data()
    order = np.arange(5)
    np.random.RandomState(113).shuffle(order)
    assert x_train.tolist() == [
        [1, *(word + 3 for word in TEXTS[i])] if 10 not in TEXTS[i] else [1, 6, 6, 2] for i in order
    ]
    assert y_train.tolist() == [[1, 0, 1, 0, 1][i] for i in order]
    assert (len(x_test), len(y_test)) == (3, 3)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"start_char": None, "index_from": 0, "num_words": 100}, TEXTS),
        (
            {"start_char": None, "index_from": None, "oov_char": None, "num_words": 5, "skip_top": 2},
            [[2, 3], [4], [], [2], [3, 3]],
        ),
        (
            {"start_char": None, "index_from": 0, "oov_char": 0, "num_words": 4},
            [[1, 2, 3], [0, 0], [0, 0, 0, 0, 1], [2], [3, 3, 0]],
        ),
        ({"start_char": 7, "index_from": 10, "num_words": 100, "maxlen": 4}, [[7, 14, 19], [7, 12]]),
    ],
    ids=str,
)
def test_words_are_chosen(
    cache: Path, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], expected: list[list[int]]
) -> None:
    imdb(cache, monkeypatch)
    (x_train, _), _ = datasets.imdb.load_data(**arguments)
    assert sorted(map(tuple, x_train)) == sorted(map(tuple, expected))
    with pytest.raises(ValueError, match=r"no text is shorter than maxlen=1: the shortest has 1|2"):
        datasets.imdb.load_data(maxlen=1)


def test_word_index(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((datasets.imdb, "imdb"), (datasets.reuters, "reuters")):
        path = cache / f"{name}_word_index.json"
        path.write_text(json.dumps({"the": 1, "caf\u00e9": 2}, ensure_ascii=False), encoding="utf-8")
        expect(monkeypatch, module, path, "_WORDS_MD5")
        assert module.get_word_index() == {"the": 1, "caf\u00e9": 2}
    assert len(datasets.reuters.get_label_names()) == 46


def test_reuters(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_arrays(cache / "reuters.npz", x=lists(TEXTS), y=np.arange(5))
    expect(monkeypatch, datasets.reuters, cache / "reuters.npz")
    (x_train, y_train), (x_test, y_test) = datasets.reuters.load_data(num_words=100, test_split=0.4)
    assert (len(x_train), len(x_test)) == (3, 2)
    for text, label in zip([*x_train, *x_test], [*y_train, *y_test], strict=True):
        assert text == [1, *(word + 3 for word in TEXTS[label])]
    with pytest.raises(ValueError, match="test_split must be from 0 to below 1, got 1"):
        datasets.reuters.load_data(test_split=1)


@pytest.mark.parametrize("name", ["california_housing", "boston_housing"])
def test_houses(cache: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    module = getattr(datasets, name)
    y = np.arange(1000.0)
    write_arrays(cache / f"{name}.npz", x=np.stack([y, -y], axis=1), y=y)
    expect(monkeypatch, module, cache / f"{name}.npz")
    (x_train, y_train), (x_test, y_test) = module.load_data()
    assert (len(x_train), len(x_test)) == (800, 200)
    assert sorted([*y_train, *y_test]) == y.tolist()
    assert y_train.tolist() != sorted(y_train)
    np.testing.assert_array_equal(x_train, np.stack([y_train, -y_train], axis=1))
    (again, _), _ = module.load_data(seed=1)
    assert not np.array_equal(again, x_train)
    if name == "california_housing":
        (x_train, _), (x_test, _) = module.load_data("small")
        assert (len(x_train), len(x_test)) == (480, 120)
        with pytest.raises(ValueError, match="version must be one of 'large', 'small'; got 'tiny'"):
            module.load_data("tiny")
