"""Embeddings: indices at the door, gradients of the rows that occur, optimizers as if the gradient were dense."""

from __future__ import annotations

import numpy as np
import pytest
from harness import THREADS, Array, assert_same_bits

import ranvier
from ranvier import Input, Model, Sequential, _core, layers, losses, optimizers

# Each has an update of its own for a gradient of zero: momentum goes on, decay works, or nothing happens.
OPTIMIZERS = [
    optimizers.SGD(0.1),
    optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    optimizers.Adam(0.01),
    optimizers.Adam(0.01, amsgrad=True),
    optimizers.Adam(0.01, use_ema=True),
    optimizers.Adam(0.01, clipnorm=0.1),
    optimizers.Adam(0.01, gradient_accumulation_steps=3),
    optimizers.AdamW(0.01, weight_decay=0.1),
    optimizers.RMSprop(0.01, momentum=0.5, centered=True),
    optimizers.Adagrad(0.1),
    optimizers.Nadam(0.01),
    optimizers.Lion(0.01),
    optimizers.Ftrl(0.1),
    optimizers.Adafactor(0.1),
]
VOCABULARY, SIZE, STEPS = 900, 7, 5


def data(rows: int = 40) -> tuple[Array, Array]:
    random = np.random.default_rng(1)
    # Few of the indices, so that most rows of the table are never touched.
    return random.integers(0, 60, (rows, STEPS)) * 15, random.normal(size=(rows, 1)).astype("f4")


@pytest.mark.parametrize("number", range(len(OPTIMIZERS)))
def test_training_is_that_of_a_dense_layer_of_one_hot_vectors(number: int) -> None:
    """The same products, so the same weights but for the order of sums."""
    optimizer = OPTIMIZERS[number]
    x, y = data()
    models = []
    for one_hot in (False, True):
        ranvier.utils.set_random_seed(2)
        first = layers.Dense(SIZE, use_bias=False) if one_hot else layers.Embedding(VOCABULARY, SIZE)
        tail = [layers.Flatten(), layers.Dense(1)]
        model = Sequential([Input((STEPS, VOCABULARY) if one_hot else (STEPS,)), first, *tail])
        model.compile(type(optimizer).from_config(optimizer.get_config()), "mse")
        if models:
            model.set_weights(models[0].get_weights())
        models.append(model)
    for model, inputs in zip(models, (x, np.eye(VOCABULARY, dtype="f4")[x]), strict=True):
        model.fit(inputs, y, epochs=4, batch_size=16, shuffle=False, verbose=0)
    for found, expected in zip(models[0].get_weights(), models[1].get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-6)


def test_rows_that_never_occur_stay() -> None:
    x, y = data()
    model = Sequential([Input((STEPS,)), layers.Embedding(VOCABULARY, SIZE), layers.Flatten(), layers.Dense(1)])
    model.compile("adam", "mse")
    before = model.get_weights()[0]
    model.fit(x, y, epochs=2, verbose=0)
    after = model.get_weights()[0]
    moved = np.any(before != after, axis=1)
    assert set(np.flatnonzero(moved)) == set(x.ravel())


def test_any_number_of_threads_trains_the_same_table() -> None:
    x, _ = data(64)
    y = np.random.default_rng(3).normal(size=(64, 300)).astype("f4")
    found = []
    for threads in THREADS:
        _core.set_num_threads(threads)
        ranvier.utils.set_random_seed(4)
        model = Sequential([Input((STEPS,)), layers.Embedding(VOCABULARY, 200), layers.Flatten(), layers.Dense(300)])
        model.compile("adam", "mse")
        model.fit(x, y, epochs=2, verbose=0)
        found.append(model.get_weights()[0])
    for other in found[1:]:
        assert_same_bits(other, found[0])


@pytest.mark.parametrize(
    ("index", "words"),
    [
        (9, r"\[words\] expected indices from 0 to 8, got 9 at x\[1, 2\]"),
        (-1, r"\[words\] expected indices from 0 to 8, got -1 at x\[1, 2\]"),
        (1.5, r"\[words\] expected whole numbers as indices, but x\[1, 2\] is none"),
    ],
)
def test_bad_indices_are_named(index: float, words: str) -> None:
    layer = layers.Embedding(9, 2, name="words")
    tokens = Input((4,))
    model = Model(tokens, layers.Dense(1)(layers.Flatten()(layer(tokens))))
    model.compile("adam", "mse")
    before = model.get_weights()
    x = np.ones((3, 4))
    y = np.zeros((3, 1))
    x[1, 2] = index
    for attempt in (
        lambda: model.fit(x, y, verbose=0),
        lambda: model.evaluate(x, y, verbose=0),
        lambda: model.predict(x),
        lambda: model(x),
        lambda: model(x, training=True),
        lambda: model.train_on_batch(x, y),
        lambda: layer(x),
    ):
        with pytest.raises(ValueError, match=words):
            attempt()
    for found, expected in zip(model.get_weights(), before, strict=True):
        assert_same_bits(found, expected)


def test_an_index_that_another_layer_makes_wrong_gives_nan() -> None:
    x = Input((2,))
    model = Model(x, layers.Embedding(3, 2)(layers.Rescaling(10.0)(x)))
    y = model.predict(np.array([[0.1, 0.2], [0.0, 5.0]]))
    assert np.isfinite(y[0]).all()
    assert np.isfinite(y[1, 0]).all()
    assert np.isnan(y[1, 1]).all()


def test_integers_of_any_type_and_a_declared_one() -> None:
    layer = layers.Embedding(300, 2)
    model = Model(tokens := Input((3,), dtype="int32"), layer(tokens))
    expected = model.predict(np.array([[0, 7, 255]]))
    for dtype in ("uint8", "int16", "int64", "float32", "float64"):
        assert_same_bits(model.predict(np.array([[0, 7, 255]], dtype=dtype)), expected)


def test_a_regularized_and_a_constrained_table() -> None:
    x, y = data()
    table = layers.Embedding(VOCABULARY, SIZE, embeddings_regularizer="l2", embeddings_constraint="unit_norm")
    model = Sequential([Input((STEPS,)), table, layers.Flatten(), layers.Dense(1)])
    model.compile("adam", losses.MeanSquaredError())
    model.fit(x, y, epochs=1, verbose=0)
    np.testing.assert_allclose(np.linalg.norm(model.get_weights()[0], axis=0), 1, rtol=1e-4)
    penalty = 0.01 * np.sum(model.get_weights()[0] ** 2)
    alone = np.mean((model.predict(x) - y) ** 2)
    assert model.evaluate(x, y, verbose=0) == pytest.approx(alone + penalty, rel=1e-4)


def test_given_weights() -> None:
    table = np.arange(6.0).reshape(3, 2)
    assert layers.Embedding(3, 2, weights=[table])(np.array([[2]])).tolist() == [[[4, 5]]]
    with pytest.raises(ValueError, match=r"expected values of shape \(3, 2\), got \(2, 3\)"):
        layers.Embedding(3, 2, weights=table.T)
