"""GloVe against plain Python and NumPy in float64, and what must hold for any text."""

from __future__ import annotations

import signal
import threading
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier import NonFiniteLossError, _core
from ranvier.errors import ModelFileError
from ranvier.text import Corpus, GloVe

CLOSE = 1e-5
X_MAX, ALPHA, RATE = 5.0, 0.75, 0.05


def random_text(seed: int, words: int, sentences: int, longest: int = 12) -> list[list[str]]:
    random = np.random.default_rng(seed)
    odds = 1 / np.arange(1, words + 1)
    lengths = random.integers(0, longest + 1, sentences)
    return [[f"w{i}" for i in random.choice(words, n, p=odds / odds.sum())] for n in lengths]


def reference_counts(text: list[list[str]], kept: set[str], window: int, symmetric: bool) -> dict[Any, Fraction]:
    counts: dict[Any, Fraction] = defaultdict(Fraction)
    for sentence in text:
        words = [word for word in sentence if word in kept]
        for here, word in enumerate(words):
            for distance in range(1, min(window, here) + 1):
                other = words[here - distance]
                counts[word, other] += Fraction(1, distance)
                if symmetric:
                    counts[other, word] += Fraction(1, distance)
    return counts


def count(text: Any, window: int, symmetric: bool, min_count: int = 1, threads: int = 2) -> tuple[list[str], Any]:
    corpus = Corpus(text)
    kept = corpus.frequent(min_count)
    numbers = np.full(corpus.native.word_count, -1, np.int32)
    numbers[kept] = np.arange(len(kept))
    counter = _core.text.CooccurrenceCounter(corpus.native, numbers, len(kept), window, symmetric, threads)
    while counter.run(0.01):
        pass
    assert counter.done == counter.total == corpus.counts[kept].sum()
    return corpus.native.words(kept), counter.take()


def native(text: Any, dtype: str = "Float64", size: int = 5, threads: int = 1, symmetric: bool = True) -> Any:
    words, pairs = count(text, 4, symmetric)
    make = getattr(_core.text, f"Glove{dtype}")
    return make(pairs, len(words), size, X_MAX, ALPHA, RATE, 3, symmetric, threads)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("window", [1, 3, 15, 22])
def test_counts_are_exactly_those_of_fractions(window: int, symmetric: bool) -> None:
    text = random_text(0, 30, 80, 40)
    words, pairs = count(text, window, symmetric, min_count=3)
    exact = reference_counts(text, set(words), window, symmetric)
    found: dict[Any, float] = {}
    for i, j, x in zip(*pairs.elements(), strict=True):
        found[words[i], words[j]] = x
        if symmetric:
            assert j <= i
            found[words[j], words[i]] = x
    assert set(found) == set(exact)
    assert all(found[key] == np.float32(float(exact[key])) for key in exact)


def test_wide_windows_are_rounded_to_a_billionth() -> None:
    text = random_text(1, 20, 20, 80)
    words, pairs = count(text, 60, True)
    exact = reference_counts(text, set(words), 60, True)
    for i, j, x in zip(*pairs.elements(), strict=True):
        assert x == pytest.approx(float(exact[words[i], words[j]]), rel=1e-7)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_counts_do_not_depend_on_threads(threads: int) -> None:
    text = random_text(2, 200, 300)
    one, several = count(text, 10, True, threads=1)[1].elements(), count(text, 10, True, threads=threads)[1].elements()
    assert all(np.array_equal(a, b) for a, b in zip(one, several, strict=True))


def reference_epoch(model: Any) -> tuple[dict[str, Any], float]:
    """Every pair of the next epoch in its order, step by step as the authors' program has it."""
    (w, b, w_sums, b_sums), (c, d, c_sums, d_sums) = (
        [array.astype(np.float64) for array in model.read(contexts)] for contexts in (False, True)
    )
    order = model.next_order()
    losses = []
    for i, j, x in zip(*order, strict=True):
        difference = w[i] @ c[j] + b[i] + d[j] - np.log(float(x))
        weight = min(1.0, float(x) / X_MAX) ** ALPHA
        losses.append(0.5 * weight * difference**2)
        slope = RATE * weight * difference
        dw, dc = slope * c[j], slope * w[i]
        w[i] -= dw / np.sqrt(w_sums[i])
        c[j] -= dc / np.sqrt(c_sums[j])
        w_sums[i] += dw**2
        c_sums[j] += dc**2
        b[i] -= slope / np.sqrt(b_sums[i])
        d[j] -= slope / np.sqrt(d_sums[j])
        b_sums[i] += slope**2
        d_sums[j] += slope**2
    return {"words": (w, b, w_sums, b_sums), "contexts": (c, d, c_sums, d_sums)}, float(np.mean(losses))


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("size", [1, 14, 33])
@pytest.mark.parametrize("dtype", ["Float32", "Float64"])
def test_an_epoch_is_that_of_numpy(isa: str, dtype: str, size: int, symmetric: bool) -> None:
    model = native(random_text(3, 40, 60), dtype, size, threads=2, symmetric=symmetric)
    while model.run(1):  # the second epoch is judged: its state is no longer the initial one
        pass
    expected, loss = reference_epoch(model)
    while model.run(1):
        pass
    close = CLOSE if dtype == "Float32" else 1e-12
    assert model.loss == pytest.approx(loss, rel=close)
    for contexts, arrays in ((False, expected["words"]), (True, expected["contexts"])):
        for ours, theirs in zip(model.read(contexts), arrays, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=close, atol=close)


def test_an_epoch_visits_every_pair_once() -> None:
    text = random_text(4, 60, 80)
    model = native(text)
    _, pairs = count(text, 4, True)
    exact = {(i, j): x for i, j, x in zip(*pairs.elements(), strict=True)}
    exact |= {(j, i): x for (i, j), x in exact.items()}
    orders = []
    for _ in range(2):
        visits = list(zip(*model.next_order(), strict=True))
        assert len(visits) == model.total == len(exact)
        assert {(i, j): x for i, j, x in visits} == exact
        orders.append(visits)
        while model.run(1):
            pass
    assert orders[0] != orders[1]


def test_the_step_is_the_gradient_of_the_loss() -> None:
    # One pair, and sums of squares that are 1: the first step is the learning rate times the gradient.
    words, pairs = count([["a", "b"]] * 3, 1, False)
    model = _core.text.GloveFloat64(pairs, len(words), 4, X_MAX, ALPHA, RATE, 1, False, 1)
    (i,), (j,), (x,) = model.next_order()
    before = np.concatenate([*model.read(False)[:2], *model.read(True)[:2]], axis=None)

    def loss(parameters: Any) -> float:
        w, b, c, d = np.split(parameters, np.cumsum([8, 2, 8]))
        difference = w.reshape(2, 4)[i] @ c.reshape(2, 4)[j] + b[i] + d[j] - np.log(float(x))
        return float(0.5 * (x / X_MAX) ** ALPHA * difference**2)

    step = 1e-5
    numeric = [(loss(before + step * e) - loss(before - step * e)) / (2 * step) for e in np.eye(len(before))]
    model.run(1)
    after = np.concatenate([*model.read(False)[:2], *model.read(True)[:2]], axis=None)
    np.testing.assert_allclose((before - after) / RATE, numeric, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("symmetric", [True, False])
def test_training_does_not_depend_on_workers(symmetric: bool) -> None:
    text = random_text(5, 300, 400)
    models = [
        GloVe(text, vector_size=20, window=5, min_count=1, epochs=3, symmetric=symmetric, workers=workers)
        for workers in (1, 2, 4)
    ]
    for model in models[1:]:
        assert model.losses == models[0].losses
        assert np.array_equal(model.wv.vectors, models[0].wv.vectors)
    other = GloVe(text, vector_size=20, window=5, min_count=1, epochs=3, symmetric=symmetric, seed=2)
    assert not np.array_equal(other.wv.vectors, models[0].wv.vectors)


def planted_text(seed: int) -> tuple[list[list[str]], list[list[str]]]:
    """Words of a class occur among words of its topic, never beside each other."""
    random = np.random.default_rng(seed)
    classes = [[f"class{c}_{i}" for i in range(5)] for c in range(6)]
    topics = [[f"topic{c}_{i}" for i in range(8)] for c in range(6)]
    text = []
    for _ in range(4000):
        c = random.integers(6)
        sentence = [*random.choice(topics[c], 5), *random.choice([f"common{i}" for i in range(20)], 3)]
        text.append(list(random.permutation([str(word) for word in [*sentence, random.choice(classes[c])]])))
    return text, classes


@pytest.mark.parametrize("seed", [1, 2])
def test_words_of_a_class_are_neighbours(seed: int) -> None:
    text, classes = planted_text(seed)
    model = GloVe(text, vector_size=16, window=8, x_max=20, epochs=8, seed=seed)
    assert model.losses[-1] < 0.5 * model.losses[0]
    names = [word for group in classes for word in group]
    vectors = np.stack([model.wv[word] for word in names])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = vectors @ vectors.T - 2 * np.eye(len(names))
    nearest = np.argsort(-alike, axis=1)[:, :4]  # the others of a class
    assert np.mean([names[i][:6] == names[j][:6] for i, row in enumerate(nearest) for j in row]) > 0.95


def test_vectors_are_the_sum_of_both() -> None:
    model = GloVe(random_text(6, 30, 50), vector_size=7, min_count=2, epochs=2)
    np.testing.assert_array_equal(model.wv.vectors, model.word_vectors + model.context_vectors)
    often = [model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key]
    assert often == sorted(often, reverse=True)
    assert min(often) >= 2


def test_training_goes_on() -> None:
    text = random_text(7, 50, 100)
    whole = GloVe(text, vector_size=8, min_count=1, epochs=4)
    halves = GloVe(text, vector_size=8, min_count=1, epochs=2)
    halves.train(epochs=2)
    assert halves.losses == whole.losses
    assert np.array_equal(halves.wv.vectors, whole.wv.vectors)


def test_a_file_holds_the_model(tmp_path: Path) -> None:
    text = random_text(8, 50, 100)
    model = GloVe(text, vector_size=8, min_count=1, epochs=2, x_max=7)
    model.save(tmp_path / "model.safetensors")
    loaded = GloVe.load(tmp_path / "model.safetensors")
    assert loaded.wv.index_to_key == model.wv.index_to_key
    assert np.array_equal(loaded.wv.vectors, model.wv.vectors)
    assert (loaded.x_max, loaded.losses) == (7, model.losses)
    with pytest.raises(RuntimeError, match="no pairs to train on"):
        loaded.train()
    loaded.train(text, epochs=1)
    assert loaded.losses[-1] < model.losses[-1]
    (tmp_path / "other.safetensors").write_bytes(b"not a model at all")
    with pytest.raises(ModelFileError):
        GloVe.load(tmp_path / "other.safetensors")


def test_another_text_keeps_the_words() -> None:
    model = GloVe([["a", "b", "c"]] * 5, vector_size=4, min_count=1, epochs=1)
    before = model.wv["c"].copy()
    model.train([["a", "b", "new"]], epochs=3)
    assert "new" not in model.wv
    np.testing.assert_array_equal(model.wv["c"], before)


class _Stop:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def on_train_begin(self, model: GloVe) -> None:
        self.calls.append("begin")

    def on_epoch_end(self, model: GloVe) -> None:
        self.calls.append(f"epoch {len(model.losses)}")
        model.stop_training = len(model.losses) == 3


def test_callbacks_stop_training() -> None:
    stop = _Stop()
    model = GloVe(random_text(9, 20, 30), vector_size=4, min_count=1, epochs=10, callbacks=[stop])
    assert stop.calls == ["begin", "epoch 1", "epoch 2", "epoch 3"]
    assert len(model.losses) == 3


class _Interrupt:
    def on_epoch_end(self, model: GloVe) -> None:
        if len(model.losses) == 2:
            raise KeyboardInterrupt


def test_an_interrupted_model_is_usable() -> None:
    text = random_text(10, 20, 30)
    model = GloVe(text, vector_size=4, min_count=1, epochs=0)
    with pytest.raises(KeyboardInterrupt):
        model.train(epochs=10, callbacks=[_Interrupt()])
    assert np.isfinite(model.wv.vectors).all()
    model.train(epochs=1)
    assert model.losses == GloVe(text, vector_size=4, min_count=1, epochs=3).losses


def test_control_c_stops_within_an_epoch() -> None:
    text = random_text(12, 2000, 300, longest=200)
    model = GloVe(text, vector_size=200, min_count=1, workers=1, epochs=0)
    before = model.wv.vectors.copy()
    threading.Timer(0.5, signal.raise_signal, [signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        model.train(epochs=10_000)
    assert np.isfinite(model.wv.vectors).all()
    assert not np.array_equal(model.wv.vectors, before)
    done = len(model.losses)
    model.train(epochs=2)
    assert len(model.losses) == done + 2
    assert model.losses[-1] < model.losses[0]


def test_lines_show_epochs(capsys: pytest.CaptureFixture[str]) -> None:
    GloVe(random_text(11, 20, 30), vector_size=4, min_count=1, epochs=2, verbose=2)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" - ")[0] for line in lines] == ["Counting", "Epoch 1/2", "Epoch 2/2"]
    assert "million pairs/s - loss: " in lines[-1]


def test_a_bar_shows_pairs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ranvier.utils.progress._is_terminal", lambda stream: True)
    GloVe(random_text(11, 20, 30), vector_size=4, min_count=1, epochs=2, verbose=1)
    shown = capsys.readouterr().err
    assert "Epoch 2/2" in shown
    assert "pairs/s" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"sentences": []}, "a text with words, got an empty one"),
        ({"sentences": [[], []]}, "a text with words, got an empty one"),
        ({"sentences": [["a", "b"]]}, "none of 2 words occurs min_count=5 times; the most frequent one occurs 1"),
        ({"sentences": [["a"]] * 9}, "no two words stand in one sentence"),
        ({"vector_size": 0}, "vector_size must be an integer of at least 1, got 0"),
        ({"window": 2.5}, "window must be an integer"),
        ({"x_max": -1}, "x_max must be a positive number, got -1"),
        ({"alpha": float("nan")}, "alpha must be a positive number"),
        ({"epochs": -1}, "epochs must be an integer of at least 0"),
        ({"workers": 0}, "workers must be an integer of at least 1"),
        ({"errors": "none"}, "errors must be one of"),
        ({"verbose": 3}, "verbose must be 0, 1, 2 or 'auto'"),
    ],
)
def test_bad_input_is_named(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("(", r"\(")):
        GloVe(**arguments)


def test_a_text_is_no_list_of_sentences() -> None:
    with pytest.raises(TypeError, match="split it first"):
        GloVe("the king and the queen")


def test_invalid_utf8_is_named(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"good words\nbad \xff words\n")
    with pytest.raises(ValueError, match="line 2"):
        GloVe(corpus_file=tmp_path / "text")


def test_memory_is_limited() -> None:
    text = random_text(12, 200, 400)
    with pytest.raises(MemoryError, match="memory_limit=100000"):
        GloVe(text, min_count=1, memory_limit=100_000)
    assert len(GloVe(text, vector_size=4, min_count=1, epochs=1, memory_limit=10_000_000).losses) == 1


def test_divergence_is_an_error() -> None:
    with pytest.raises(NonFiniteLossError, match="lower learning_rate"):
        GloVe([["a", "b", "c"]] * 50, vector_size=4, min_count=1, learning_rate=1e30, epochs=9)


def test_without_a_text_there_is_nothing() -> None:
    model = GloVe(vector_size=4)
    with pytest.raises(RuntimeError, match="call train"):
        _ = model.wv
    with pytest.raises(RuntimeError, match="no pairs"):
        model.train()
