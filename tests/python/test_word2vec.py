"""Word2Vec against NumPy in float64, its modes of threads, its corpora, and what is refused."""

from __future__ import annotations

import copy
import gzip
import pickle
import signal
import threading
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import word2vec_reference as reference

from ranvier import _core
from ranvier.errors import ModelFileError
from ranvier.text import Corpus, Word2Vec

TOLERANCE = 1e-5


def sentences_of(words: int = 40, count: int = 120, seed: int = 0) -> list[list[str]]:
    random = np.random.default_rng(seed)
    share = 1 / np.arange(1, words + 1)
    share /= share.sum()
    return [[f"w{k}" for k in random.choice(words, random.integers(1, 15), p=share)] for _ in range(count)]


def same(a: Word2Vec, b: Word2Vec) -> bool:
    matrices = ("syn1neg", "syn1")
    return np.array_equal(a.wv.vectors, b.wv.vectors) and all(
        getattr(a, name) is None or np.array_equal(getattr(a, name), getattr(b, name)) for name in matrices
    )


@pytest.mark.parametrize("isa", _core.available_isas())
@pytest.mark.parametrize("deterministic", [False, True])
@pytest.mark.parametrize(("hs", "negative"), [(0, 5), (1, 0), (1, 11)])
@pytest.mark.parametrize("sg", [0, 1])
def test_an_epoch_is_that_of_numpy(sg: int, hs: int, negative: int, deterministic: bool, isa: str) -> None:
    sentences = sentences_of()
    given = _core.isa()
    _core.select_isa(isa)
    try:
        model = Word2Vec(
            vector_size=20, min_count=2, sg=sg, hs=hs, negative=negative, workers=1, window=3, sample=1e-2, seed=7,
            deterministic=deterministic,
        )  # fmt: skip
        model.build_vocab(sentences)
        counts = model.wv.expandos["count"]
        starts, nodes, turns = _core.text.huffman_tree(counts)
        paths = [(nodes[a:b].tolist(), turns[a:b].tolist()) for a, b in pairwise(starts)]
        block = (4 if sg else 16) if deterministic else 1
        expected = reference.Word2Vec(
            model.wv.vectors, counts, sg, negative, paths if hs else None, 3, 1e-2, 7, block=block
        )
        model.train(sentences, epochs=1)
    finally:
        _core.select_isa(given)
    numbers = [[model.wv.key_to_index.get(word, -1) for word in sentence] for sentence in sentences]
    loss = expected.epoch(numbers, 0, 0.025, 0.0001)
    assert model.losses == pytest.approx([loss], abs=TOLERANCE)
    assert np.abs(model.wv.vectors - expected.v).max() < TOLERANCE
    if negative:
        assert np.abs(model.syn1neg - expected.noise_out).max() < TOLERANCE
        assert np.abs(expected.noise_out).max() > 0.01
    if hs:
        assert np.abs(model.syn1 - expected.tree_out).max() < TOLERANCE


@pytest.mark.parametrize(("workers", "alpha"), [(1, 0.2), (2, 0.1)])
def test_large_steps_along_a_path_do_not_add_up(workers: int, alpha: float) -> None:
    """All examples of a word move the nodes of its path, the root most of all: each must see what the last one did.

    Of two workers each sees the other's late, so that half the rate is as much.
    """
    share = 1 / np.arange(3, 2003)
    drawn = np.random.default_rng(0).choice(2000, 60_000, p=share / share.sum()).reshape(-1, 20)
    model = Word2Vec(
        list(drawn), vector_size=50, sg=1, hs=1, negative=0, min_count=1, alpha=alpha, min_alpha=alpha, epochs=2,
        workers=workers, shrink_windows=False,
    )  # fmt: skip
    frequency = model.wv.expandos["count"] / drawn.size
    entropy = -(frequency * np.log(frequency)).sum()  # the loss of a model that knows how often words occur
    assert max(model.losses) < 1.25 * entropy
    assert np.abs(model.wv.vectors).max() < 10


def test_the_tree_is_a_huffman_tree() -> None:
    counts = np.random.default_rng(1).integers(1, 1000, 57)
    starts, nodes, turns = _core.text.huffman_tree(counts)
    lengths = np.diff(starts)
    assert (counts * lengths).sum() == np.dot(counts, reference.code_lengths(counts.tolist()))
    assert {int(node) for node in nodes[starts[:-1]]} == {0}  # the root
    codes = {"".join(str(int(turn)) for turn in turns[a:b]) for a, b in pairwise(starts)}
    assert len(codes) == len(counts)
    assert not any(a != b and b.startswith(a) for a in codes for b in codes)


@pytest.mark.parametrize("sg", [0, 1])
def test_deterministic_mode_is_bitwise_the_same_for_any_workers(sg: int) -> None:
    sentences = sentences_of(count=400)
    models = [
        Word2Vec(sentences, vector_size=100, sg=sg, hs=1, min_count=1, epochs=2, workers=workers, deterministic=True)
        for workers in (1, 2, 4)
    ]
    assert same(models[0], models[1])
    assert same(models[0], models[2])
    assert models[0].losses == models[1].losses == models[2].losses


def drifting(shuffled: bool) -> list[list[str]]:
    """Sentences of two words, which are paired otherwise in each of eight parts of the text."""
    random = np.random.default_rng(0)
    sentences: list[list[str]] = []
    for _ in range(8):
        pairs = random.permutation(12).reshape(6, 2)
        sentences += [[f"w{k}" for k in pairs[random.integers(6)]] for _ in range(150)]
    return [sentences[i] for i in random.permutation(len(sentences))] if shuffled else sentences


@pytest.mark.parametrize("shuffled", [False, True])
def test_the_loss_on_the_way_may_rise_where_the_loss_of_the_model_falls(shuffled: bool) -> None:
    sentences = drifting(shuffled)
    model = Word2Vec(vector_size=16, min_count=1, sample=0, sg=1, workers=1, window=1)
    model.build_vocab(sentences)
    still = copy.deepcopy(model)
    expected = reference.Word2Vec(model.wv.vectors, model.wv.expandos["count"], 1, 5, None, 1, 0, 1)
    numbers = [[model.wv.key_to_index[word] for word in sentence] for sentence in sentences]
    in_numpy = []
    for epoch, (first, last) in enumerate(pairwise(np.linspace(0.4, 1e-4, 7).tolist())):
        model.train(sentences, epochs=1, start_alpha=first, end_alpha=last)
        in_numpy.append(expected.epoch(numbers, epoch, first, last))
        still.wv.vectors[:], still.syn1neg[:] = model.wv.vectors, model.syn1neg  # type: ignore[index]
        still.train(sentences, epochs=1, start_alpha=0, end_alpha=0)
    assert model.losses == pytest.approx(in_numpy, abs=1e-3)
    assert (np.diff(still.losses) < 0).all()
    # Large steps follow the text from part to part; small ones cannot, nor can any where there is nothing to follow.
    assert (np.diff(model.losses)[-4:] > 0).all() != shuffled
    assert (np.diff(model.losses) < 0).all() == shuffled


def test_workers_that_share_learn_the_same_things() -> None:
    sentences = sentences_of(count=2000)
    one, three = (
        Word2Vec(sentences, vector_size=32, sg=1, min_count=1, epochs=5, workers=workers) for workers in (1, 3)
    )
    assert three.losses[-1] == pytest.approx(one.losses[-1], rel=0.02)
    assert three.losses[-1] < three.losses[0] < 6 * np.log(2) + 0.01


def test_workers_do_not_slow_learning_down() -> None:
    corpus = Corpus(sentences_of(words=300, count=8000))
    one, eight = (
        Word2Vec(corpus, vector_size=32, min_count=1, sample=0, epochs=1, workers=workers).losses[0]
        for workers in (1, 8)
    )
    assert eight == pytest.approx(one, rel=0.03)  # 0.015 is usual, and 0.056 where hot rows are averaged


def test_file_iterable_integers_and_corpus_give_the_same_model(tmp_path: Path) -> None:
    numbers = [np.random.default_rng(i).integers(0, 30, 1 + i % 12) for i in range(300)]
    sentences = [[str(k) for k in sentence] for sentence in numbers]
    text = "\n".join(map(" ".join, sentences)) + "\n"
    (tmp_path / "a.txt").write_text(text)
    with gzip.open(tmp_path / "a.gz", "wt") as file:
        file.write(text)
    options = {"vector_size": 16, "min_count": 1, "workers": 1, "epochs": 2}
    expected = Word2Vec(sentences, **options)
    others = [
        Word2Vec((sentence for sentence in sentences), **options),
        Word2Vec(numbers, **options),
        Word2Vec(Corpus(sentences), **options),
        Word2Vec(corpus_file=tmp_path / "a.txt", **options),
        Word2Vec(corpus_file=tmp_path / "a.gz", **options),
    ]
    assert all(same(expected, other) and expected.wv.index_to_key == other.wv.index_to_key for other in others)


def test_training_goes_on_with_new_words() -> None:
    model = Word2Vec(sentences_of(), vector_size=12, min_count=1, workers=1, sample=0)
    before, count = model.wv["w0"].copy(), model.wv.get_vecattr("w0", "count")
    more = [["w0", "new", "w1"]] * 20
    model.build_vocab(more, update=True)
    assert np.array_equal(model.wv["w0"], before)
    assert model.wv.get_vecattr("w0", "count") == count + 20
    drawn = model.wv["new"].copy()
    assert model.train(more, epochs=2) == (120, 120)
    assert len(model.losses) == 7
    assert not np.array_equal(model.wv["new"], drawn)


def test_a_saved_model_trains_on_bit_for_bit(tmp_path: Path) -> None:
    sentences = sentences_of()
    model = Word2Vec(sentences, vector_size=12, min_count=1, workers=1, hs=1, comment="of a test")
    model.save(tmp_path / "model.safetensors")
    others = [Word2Vec.load(tmp_path / "model.safetensors"), pickle.loads(pickle.dumps(model))]
    model.train(sentences, epochs=1)
    for other in others:
        other.train(sentences, epochs=1)
        assert same(model, other)
        assert other.losses == model.losses
        assert other.settings() == model.settings()
    (tmp_path / "model.safetensors").write_bytes(b"no model")
    with pytest.raises(ModelFileError):
        Word2Vec.load(tmp_path / "model.safetensors")


def test_callbacks_see_the_loss_and_stop() -> None:
    class Stop:
        seen: list[str] = []

        def on_train_begin(self, model: Word2Vec) -> None:
            self.seen.append("begin")

        def on_epoch_end(self, model: Word2Vec) -> None:
            self.seen.append(f"epoch {len(model.losses)}")
            model.stop_training = len(model.losses) == 2

        def on_train_end(self, model: Word2Vec) -> None:
            self.seen.append("end")

    model = Word2Vec(sentences_of(), min_count=1, vector_size=8, epochs=9, callbacks=[Stop()])
    assert Stop.seen == ["begin", "epoch 1", "epoch 2", "end"]
    assert len(model.losses) == 2
    assert model.get_latest_training_loss() == model.losses[-1]


def test_an_interrupt_leaves_a_usable_model() -> None:
    sentences = sentences_of(count=4000)
    model = Word2Vec(vector_size=200, sg=1, min_count=1, workers=2)
    model.build_vocab(sentences)
    before = model.wv.vectors.copy()
    threading.Timer(0.5, signal.raise_signal, [signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        model.train(sentences, epochs=10_000)
    assert np.isfinite(model.wv.vectors).all()
    assert not np.array_equal(model.wv.vectors, before)
    done = len(model.losses)
    assert done > 0
    assert model.epochs_trained - done in (0, 1)  # it may fall between the end of an epoch and the note of its loss
    model.train(sentences, epochs=1)
    assert len(model.losses) == done + 1


def test_an_interrupt_between_epochs_loses_nothing() -> None:
    class Interrupt:
        def on_epoch_end(self, model: Word2Vec) -> None:
            if len(model.losses) == 2:
                raise KeyboardInterrupt

    sentences = sentences_of()
    model, whole = (Word2Vec(vector_size=8, min_count=1, workers=1, min_alpha=0.025) for _ in range(2))
    for each in (model, whole):
        each.build_vocab(sentences)
    with pytest.raises(KeyboardInterrupt):
        model.train(sentences, epochs=5, callbacks=[Interrupt()])
    model.train(sentences, epochs=3)
    whole.train(sentences, epochs=5)
    assert model.losses == whole.losses
    assert same(model, whole)


def test_memory_is_what_was_said() -> None:
    model = Word2Vec(sentences_of(words=500, count=2000), vector_size=50, min_count=1, hs=1, epochs=1)
    said = model.estimate_memory()
    padded = len(model.wv) * 64 * 4
    assert model.syn1neg is not None
    assert said["syn1neg"] == model.syn1neg.strides[0] * len(model.wv) == padded
    assert said["syn1"] == padded
    assert said["vectors"] == model.wv.vectors.nbytes
    assert said["total"] == sum(value for name, value in said.items() if name != "total")


def test_predicted_words_are_a_softmax() -> None:
    model = Word2Vec(sentences_of(), vector_size=12, min_count=1, workers=1)
    found = model.predict_output_word(["w1", "w2", "unknown"], topn=3)
    hidden = model.wv[["w1", "w2"]].astype(float).mean(axis=0)
    weights = np.exp(model.syn1neg @ hidden)
    weights /= weights.sum()
    assert [word for word, _ in found] == [model.wv.index_to_key[i] for i in np.argsort(-weights)[:3]]
    assert [p for _, p in found] == pytest.approx(np.sort(weights)[::-1][:3])
    with pytest.raises(KeyError):
        model.predict_output_word(["unknown"])


def test_vocabularies_follow_the_arguments() -> None:
    sentences = [["a"] * 5 + ["b"] * 3 + ["c"] * 3 + ["d"]]
    words = lambda **options: _words(sentences, **options)  # noqa: E731
    assert words(min_count=1) == ["a", "b", "c", "d"]
    assert words(min_count=3) == ["a", "b", "c"]
    assert words(min_count=1, max_final_vocab=2) == ["a"]  # b and c are as frequent as each other
    assert words(min_count=3, trim_rule=lambda word, count, least: {"d": 2, "b": 1}.get(word, 0)) == ["a", "c", "d"]
    assert _words([["x", "y", "y"]], min_count=1, sorted_vocab=0) == ["x", "y"]


def _words(sentences: list[list[str]], trim_rule: object = None, **options: object) -> list[str]:
    model = Word2Vec(vector_size=4, **options)  # type: ignore[arg-type]
    model.build_vocab(sentences, trim_rule=trim_rule)  # type: ignore[arg-type]
    return model.wv.index_to_key


def test_lines_of_a_million_words_and_single_words_are_trained(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    path.write_text("ein wort " * 100_000)
    model = Word2Vec(corpus_file=path, vector_size=4, epochs=1, sample=0)
    assert (model.corpus_count, model.corpus_total_words) == (20, 200_000)
    assert Word2Vec([["alone"]] * 9, vector_size=4, epochs=1).wv.index_to_key == ["alone"]


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"sentences": "a text"}, TypeError, "split it first"),
        ({"sentences": ["a text"]}, TypeError, "as sentence 0"),
        ({"sentences": [["a"], [2.5]]}, TypeError, "word 0 of sentence 1"),
        ({"sentences": []}, ValueError, "none in 0 sentences"),
        ({"sentences": [["a", "b", "b"]]}, ValueError, "'b', occurs 2 times"),
        ({"vector_size": 0}, ValueError, "vector_size must be an integer of at least 1"),
        ({"alpha": -1}, ValueError, "alpha must be a number"),
        ({"window": 2.5}, ValueError, "window"),
        ({"workers": 0}, ValueError, "workers"),
        ({"sg": 2}, ValueError, "sg must be 0 or 1"),
        ({"negative": 0}, ValueError, "hs=1 or negative > 0"),
        ({"null_word": 1}, ValueError, "null_word"),
        ({"errors": "loud"}, ValueError, "errors must be one of"),
        ({"verbose": 3}, ValueError, "verbose"),
        ({"corpus_file": "/nowhere/at/all"}, FileNotFoundError, "nowhere"),
    ],
)
def test_bad_input_is_refused(options: dict[str, object], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Word2Vec(**options)  # type: ignore[arg-type]


def test_what_cannot_be_trained_is_refused() -> None:
    with pytest.raises(RuntimeError, match="build_vocab first"):
        Word2Vec().train([["a"]])
    model = Word2Vec(sentences_of(), vector_size=4, min_count=1, epochs=1)
    before = model.wv.vectors.copy()
    with pytest.raises(ValueError, match="update=True"):
        model.train([["other", "words"]])
    with pytest.raises(ValueError, match="either sentences or corpus_file"):
        model.train()
    assert np.array_equal(model.wv.vectors, before)


def test_a_bar_and_lines_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    Word2Vec(sentences_of(), vector_size=4, min_count=1, epochs=2, verbose=2)
    shown = capsys.readouterr().out
    assert "40 words" in shown
    assert "Epoch 2/2" in shown
    assert "words/s - loss: " in shown
