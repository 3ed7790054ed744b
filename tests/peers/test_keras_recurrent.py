"""Sequences in Keras and here, from the same weights: predictions, masks, states, training, files both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import ranvier

pytestmark = pytest.mark.filterwarnings("ignore")

STEPS, ROWS = 7, 12
# Both compute in float32, with other orders of summation.
AGREEMENT = 1e-4
RANDOM = np.random.default_rng(1)
TOKENS = RANDOM.integers(0, 12, (ROWS, STEPS)) * (RANDOM.random((ROWS, STEPS)) < 0.7)
FEATURES = RANDOM.normal(size=(ROWS, STEPS, 3)).astype("f4") * (TOKENS != 0)[..., None]


def lstm(k: Any) -> list[Any]:
    return [k.layers.LSTM(6, return_sequences=True, go_backwards=True), k.layers.LSTM(5)]


def gru(k: Any) -> list[Any]:
    return [k.layers.GRU(6, return_sequences=True), k.layers.GRU(5, reset_after=False)]


def simple(k: Any) -> list[Any]:
    return [k.layers.SimpleRNN(6, return_sequences=True), k.layers.SimpleRNN(5, activation="relu", use_bias=False)]


def bidirectional(k: Any) -> list[Any]:
    l = k.layers  # noqa: E741
    return [
        l.Bidirectional(l.LSTM(4, return_sequences=True)),
        l.Bidirectional(l.GRU(4, return_sequences=True), merge_mode="sum"),
        l.Bidirectional(
            l.GRU(3, return_sequences=True),
            backward_layer=l.LSTM(3, return_sequences=True, go_backwards=True),
            merge_mode="ave",
        ),
        l.Bidirectional(l.SimpleRNN(4), merge_mode="mul"),
    ]


def stacked(k: Any) -> list[Any]:
    l = k.layers  # noqa: E741
    return [
        l.RNN([l.GRUCell(5), l.LSTMCell(4)], return_sequences=True),
        l.TimeDistributed(l.Dense(6, activation="tanh")),
        l.RNN(l.SimpleRNNCell(4)),
    ]


def any_activation(k: Any) -> list[Any]:
    return [
        k.layers.LSTM(4, activation="gelu", recurrent_activation="hard_sigmoid", return_sequences=True),
        k.layers.GRU(4, activation="elu", recurrent_activation="softmax"),
    ]


def steps(k: Any) -> list[Any]:
    """The loss is of the steps that count."""
    return [k.layers.LSTM(4, return_sequences=True), k.layers.Dropout(0.0), k.layers.Dense(3, activation="tanh")]


BODIES = [lstm, gru, simple, bidirectional, stacked, any_activation, steps]
every_body = pytest.mark.parametrize("body", BODIES, ids=lambda body: body.__name__)
every_source = pytest.mark.parametrize("source", ["tokens", "features", "unmasked"])


def network(library: Any, body: Any, source: str) -> Any:
    if source == "tokens":
        front = [library.Input((STEPS,)), library.layers.Embedding(12, 5, mask_zero=True)]
    else:
        front = [library.Input((STEPS, 3)), *([library.layers.Masking()] if source == "features" else [])]
    tail = [] if body is steps else [library.layers.Dense(3)]
    model = library.Sequential([*front, *body(library), *tail])
    model.compile(library.optimizers.Adam(0.01, epsilon=1e-4), "mse")
    return model


def data(source: str, body: Any) -> tuple[Any, Any]:
    shape = (ROWS, STEPS, 3) if body is steps else (ROWS, 3)
    return TOKENS if source == "tokens" else FEATURES, np.random.default_rng(2).normal(size=shape).astype("f4")


def assert_close(found: Any, expected: Any) -> None:
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert np.linalg.norm(found - expected) <= AGREEMENT * np.linalg.norm(expected) + 1e-6


@every_body
@every_source
def test_the_same_predictions_and_training(body: Any, source: str) -> None:
    theirs, ours = network(keras, body, source), network(ranvier, body, source)
    weights = [RANDOM.normal(size=w.shape).astype("f4") * 0.5 for w in theirs.get_weights()]
    assert [w.shape for w in ours.get_weights()] == [w.shape for w in weights]
    theirs.set_weights(weights)
    ours.set_weights(weights)
    x, y = data(source, body)
    assert_close(ours.predict(x), theirs.predict(x, verbose=0))
    for _ in range(6):
        theirs.reset_metrics()
        assert_close(ours.train_on_batch(x, y), theirs.train_on_batch(x, y))
    for found, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        assert_close(found, expected)
    weight = np.linspace(0.5, 2, ROWS)
    if body is steps:  # Keras cannot weigh whole rows where steps are masked
        weight = np.linspace(0.5, 2, ROWS * STEPS).reshape(ROWS, STEPS)
    assert_close(
        ours.evaluate(x, y, sample_weight=weight, verbose=0), theirs.evaluate(x, y, sample_weight=weight, verbose=0)
    )


@every_body
@every_source
def test_files_go_both_ways(body: Any, source: str, tmp_path: Path) -> None:
    x, y = data(source, body)
    ours = network(ranvier, body, source)
    ours.fit(x, y, verbose=0)
    ours.save(tmp_path / "ours.keras")
    theirs = keras.saving.load_model(tmp_path / "ours.keras")
    assert_close(theirs.predict(x, verbose=0), ours.predict(x))
    theirs.fit(x, y, verbose=0, shuffle=False, epochs=2)
    theirs.save(tmp_path / "theirs.keras")
    back = ranvier.models.load_model(tmp_path / "theirs.keras")
    assert_close(back.predict(x), theirs.predict(x, verbose=0))
    for model in (back, theirs):
        model.fit(x, y, verbose=0, shuffle=False, epochs=2)
    assert_close(back.predict(x), theirs.predict(x, verbose=0))
    ours.save_weights(tmp_path / "ours.weights.h5")
    theirs.load_weights(tmp_path / "ours.weights.h5")
    assert_close(theirs.predict(x, verbose=0), ours.predict(x))


def functional(k: Any) -> Any:
    """An encoder that hands its states to a decoder, and a mean of the steps that count."""
    l = k.layers  # noqa: E741
    tokens, target = k.Input((STEPS,), name="tokens"), k.Input((4, 2), name="target")
    source = l.Embedding(12, 5, mask_zero=True)(tokens)
    _, h, c = l.LSTM(6, return_state=True)(source)
    decoded = l.LSTM(6, return_sequences=True)(target, initial_state=[h, c])
    both = l.Concatenate()([decoded, l.GRU(3, return_sequences=True)(target)])
    pooled = l.GlobalAveragePooling1D()(l.Dense(4)(source))
    return k.Model([tokens, target], [l.Dense(2)(both), pooled])


def test_a_functional_model_with_states_goes_both_ways(tmp_path: Path) -> None:
    theirs, ours = functional(keras), functional(ranvier)
    weights = [RANDOM.normal(size=w.shape).astype("f4") * 0.5 for w in theirs.get_weights()]
    theirs.set_weights(weights)
    tokens = np.where(np.arange(STEPS) < 1, 1, TOKENS)  # a row of zeros has no mean in Keras
    x = [tokens, RANDOM.normal(size=(ROWS, 4, 2)).astype("f4")]
    expected = theirs.predict(x, verbose=0)
    theirs.save(tmp_path / "theirs.keras")
    back = ranvier.models.load_model(tmp_path / "theirs.keras")
    for found, one in zip(back.predict(x), expected, strict=True):
        assert_close(found, one)
    ours.set_weights(back.get_weights())
    ours.save(tmp_path / "ours.keras")
    again = keras.saving.load_model(tmp_path / "ours.keras")
    for found, one in zip(again.predict(x, verbose=0), expected, strict=True):
        assert_close(found, one)


def test_the_same_states_of_a_stateful_layer() -> None:
    models = []
    for library in (keras, ranvier):
        shape = {"batch_shape": (4, STEPS, 3)} if library is keras else {"shape": (STEPS, 3), "batch_size": 4}
        models.append(library.Sequential([library.Input(**shape), library.layers.GRU(5, stateful=True)]))
    theirs, ours = models
    ours.set_weights(theirs.get_weights())
    # Called on one batch after the other: how `predict` carries states is the backend's affair.
    expected = [np.asarray(theirs(FEATURES[begin : begin + 4])) for begin in range(0, ROWS, 4)]
    assert_close(ours.predict(FEATURES), np.concatenate(expected))
    ours.layers[0].reset_state()
    theirs.layers[0].reset_state()
    assert_close(ours.predict(FEATURES[:4]), expected[0])
    assert_close(ours.predict(FEATURES[4:]), np.concatenate(expected[1:]))
