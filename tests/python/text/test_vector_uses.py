"""What is made of vectors: layers, pictures, tables for TensorBoard."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier.text import KeyedVectors
from ranvier.text.vector_pictures import plane

WORDS = ["king", "queen", "man", "woman", "naïve", "a\tb"]


@pytest.fixture
def vectors() -> KeyedVectors:
    numbers = np.random.default_rng(2).normal(size=(6, 5)).astype(np.float32)
    return KeyedVectors(5, keys=WORDS, vectors=numbers, counts=[6, 5, 4, 3, 2, 1])


# --- Layers -----------------------------------------------------------------------------------------------------------


def test_an_embedding_of_a_vocabulary(vectors: KeyedVectors) -> None:
    class Vocabulary:
        def get_vocabulary(self) -> list[str]:
            return ["", "[UNK]", "woman", "nobody", "king"]

    for vocabulary in (Vocabulary(), Vocabulary().get_vocabulary()):
        layer = vectors.to_embedding(vocabulary, mask_zero=True, name="words")
        assert (layer.name, layer.trainable, layer.mask_zero, layer.input_dim) == ("words", False, True, 5)
        expected = np.zeros((5, 5), np.float32)
        expected[[2, 4]] = vectors.vectors[[3, 0]]
        np.testing.assert_array_equal(layer.get_weights()[0], expected)
    mean = vectors.to_embedding(Vocabulary(), unknown="mean").get_weights()[0]
    np.testing.assert_allclose(mean[[1, 3]], [vectors.vectors.mean(0)] * 2, rtol=1e-5)
    assert not mean[0].any()


def test_an_embedding_of_the_table_itself(vectors: KeyedVectors) -> None:
    weights = vectors.to_embedding().get_weights()[0]
    np.testing.assert_array_equal(weights, np.vstack([np.zeros((2, 5)), vectors.vectors]))
    np.testing.assert_array_equal(vectors.to_embedding(reserved=0).get_weights()[0], vectors.vectors)
    np.testing.assert_array_equal(vectors.vectors[0], vectors["king"])
    with pytest.raises(ValueError, match="unknown must be one of 'zeros', 'mean'"):
        vectors.to_embedding(unknown="random")
    with pytest.raises(ValueError, match="at least one word"):
        vectors.to_embedding([])


@pytest.mark.parametrize("trainable", [False, True])
def test_training_changes_the_vectors_only_if_it_may(vectors: KeyedVectors, trainable: bool) -> None:
    before = vectors.vectors.copy()
    model = ranvier.Sequential(
        [
            ranvier.layers.Input((3,)),
            vectors.to_embedding(trainable=trainable),
            ranvier.layers.Flatten(),
            ranvier.layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    x = np.random.default_rng(0).integers(0, 8, (40, 3))
    model.fit(x, x.sum(1), epochs=2, verbose=0)
    changed = not np.array_equal(model.layers[0].get_weights()[0][2:], before)
    assert changed == trainable
    np.testing.assert_array_equal(vectors.vectors, before)  # the layer has a copy


# --- Pictures ---------------------------------------------------------------------------------------------------------


def test_principal_components(vectors: KeyedVectors) -> None:
    places = plane(vectors.vectors, "pca")
    centred = vectors.vectors.astype(float) - vectors.vectors.astype(float).mean(0)
    values, directions = np.linalg.eigh(centred.T @ centred)
    expected = centred @ directions[:, [-1, -2]]
    np.testing.assert_allclose(np.abs(places), np.abs(expected), atol=1e-6)
    np.testing.assert_allclose((places**2).sum(0), values[[-1, -2]], rtol=1e-6)
    line = plane(np.array([[0.0], [1], [5]]), "pca")
    np.testing.assert_allclose(line, [[-2, 0], [-1, 0], [3, 0]], atol=1e-12)


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_pictures(tmp_path: Path, method: str) -> None:
    words = [f"word{i}" for i in range(60)]
    numbers = np.random.default_rng(0).normal(size=(60, 20)).astype(np.float32)
    vectors = KeyedVectors(20, keys=words, vectors=numbers)
    figure = vectors.plot(
        words, method, groups=[i % 3 for i in range(60)], arrows=[("word1", "word2")], path=tmp_path / "words.png"
    )
    assert (tmp_path / "words.png").read_bytes().startswith(b"\x89PNG")
    axes = figure.axes[0]
    labels = [text for text in axes.texts if text.get_text()]
    assert sorted(label.get_text() for label in labels) == sorted(words)
    boxes = [label.get_window_extent() for label in labels]
    overlapping = sum(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert overlapping <= 2


def test_a_label_is_text_and_no_formula(vectors: KeyedVectors, tmp_path: Path) -> None:
    vectors.add_vectors(["$100", "5_$x$"], np.ones((2, 5)))
    figure = vectors.plot(["$100", "5_$x$", "king"], path=tmp_path / "words.png", title="Money")
    assert figure.axes[0].get_title(loc="left") == "Money"
    assert {text.get_text() for text in figure.axes[0].texts} >= {"$100", "5_$x$"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"words": ["king"]}, "expected at least two words, got 1"),
        ({"words": ["king", "queen"], "method": "umap"}, "method must be one of"),
        ({"words": ["king", "quen"]}, "did you mean 'queen'"),
        ({"words": ["king", "queen"], "groups": [1]}, "expected 2 groups"),
        ({"words": ["king", "queen"], "arrows": [("king", "man")]}, "between the words that are drawn, got 'man'"),
    ],
)
def test_bad_pictures(vectors: KeyedVectors, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, KeyError), match=message):
        vectors.plot(**arguments, path="unwritten.png")


# --- TensorBoard ------------------------------------------------------------------------------------------------------


def test_the_projector_reads_what_is_written(vectors: KeyedVectors, tmp_path: Path) -> None:
    from google.protobuf import text_format
    from tensorboard.plugins.projector import projector_plugin
    from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

    paths = vectors.save_projector(tmp_path / "words", name="mine")
    assert [path.name for path in paths] == ["vectors.tsv", "metadata.tsv", "projector_config.pbtxt"]
    config = text_format.Parse(paths[2].read_text(), ProjectorConfig())
    (embedding,) = config.embeddings
    assert embedding.tensor_name == "mine"
    assert list(embedding.tensor_shape) == [6, 5]
    read = projector_plugin._read_tensor_tsv_file(str(tmp_path / "words" / embedding.tensor_path))
    np.testing.assert_array_equal(read, vectors.vectors)
    rows = (tmp_path / "words" / embedding.metadata_path).read_text(encoding="utf-8").split("\n")
    assert rows[:2] == ["word\tcount", "king\t6"]
    assert rows[-2:] == ["a b\t1", ""]


def test_a_table_without_attributes_has_no_header(vectors: KeyedVectors, tmp_path: Path) -> None:
    vectors.expandos = {}
    vectors.save_projector(tmp_path, words=["queen", "king"])
    assert (tmp_path / "metadata.tsv").read_text() == "queen\nking\n"
    vectors.save_projector(tmp_path, limit=1)
    assert (tmp_path / "metadata.tsv").read_text() == "king\n"
