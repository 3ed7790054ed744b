"""Inputs with axes of any size: sequences of any length, pictures of any size."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import layers, models, ops
from ranvier.layers import Dense, Input
from ranvier.models import Model, Sequential

RANDOM = np.random.default_rng(8)


def sequences(rows: int, steps: int, features: int = 3) -> Any:
    return RANDOM.normal(size=(rows, steps, features)).astype("float32")


def test_shapes_say_none() -> None:
    x = Input((None, 3))
    assert x.shape == (None, None, 3)
    assert layers.LSTM(4)(x).shape == (None, 4)
    assert layers.LSTM(4, return_sequences=True)(x).shape == (None, None, 4)
    assert layers.Concatenate()([x, Dense(2)(x)]).shape == (None, None, 5)
    picture = Input((None, None, 2))
    assert layers.Conv2D(4, 3, strides=2)(picture).shape == (None, None, None, 4)
    assert layers.GlobalMaxPooling2D()(picture).shape == (None, 2)
    assert layers.Flatten()(x).shape == (None, None)
    assert (x + 1).shape == (None, None, 3)
    assert ops.mean(x, axis=1).shape == (None, 3)
    assert x[:, -1].shape == (None, 3)
    assert ops.expand_dims(x, 1).shape == (None, 1, None, 3)


MODELS: dict[str, Any] = {
    "lstm": lambda: [Input((None, 3)), layers.LSTM(4)],
    "embedding": lambda: [Input((None,)), layers.Embedding(7, 4, mask_zero=True), layers.GRU(3)],
    "conv1d": lambda: [Input((None, 3)), layers.Conv1D(4, 3, activation="relu"), layers.GlobalMaxPooling1D()],
    "bidirectional": lambda: [Input((None, 3)), layers.Bidirectional(layers.LSTM(2)), Dense(2)],
    "distributed": lambda: [Input((None, 3)), layers.TimeDistributed(Dense(2)), layers.GlobalAveragePooling1D()],
    "normalized": lambda: [Input((None, 3)), layers.LayerNormalization(), layers.BatchNormalization(), layers.LSTM(2)],
    "dropped": lambda: [Input((None, 3)), layers.SpatialDropout1D(0.2), layers.SimpleRNN(2)],
    "conv2d": lambda: [
        Input((None, None, 3)),
        layers.Conv2D(4, 3, padding="same"),
        layers.MaxPooling2D(),
        layers.GlobalAveragePooling2D(),
    ],
}


@pytest.mark.parametrize("name", MODELS)
def test_each_size_gives_what_a_model_of_that_size_gives(name: str) -> None:
    ranvier.utils.set_random_seed(4)
    model = Sequential(MODELS[name]())
    row = {"embedding": (), "conv2d": (5, 3)}.get(name, (3,))
    for steps in (6, 4, 9):
        x = RANDOM.normal(size=(5, steps, *row)).astype("float32")
        if name == "embedding":
            x = RANDOM.integers(0, 7, size=(5, steps))
        fixed = Sequential([Input(x.shape[1:]), *MODELS[name]()[1:]])
        fixed.set_weights(model.get_weights())
        np.testing.assert_array_equal(model.predict(x), fixed.predict(x))
        np.testing.assert_array_equal(model(x), fixed.predict(x))


def test_an_lstm_against_numpy() -> None:
    model = Sequential([Input((None, 3)), layers.SimpleRNN(2, dtype="float64")])
    kernel, recurrent, bias = model.get_weights()
    for steps in (1, 5):
        x = sequences(4, steps).astype("float64")
        h = np.zeros((4, 2))
        for t in range(steps):
            h = np.tanh(x[:, t] @ kernel + h @ recurrent + bias)
        np.testing.assert_allclose(model.predict(x), h, rtol=1e-12)


def fitted(model: Any, data: Any, **arguments: Any) -> Any:
    model.compile("adam", "mse", metrics=["mae"])
    return model.fit(data, verbose=0, **arguments).history


def test_training_on_batches_of_different_lengths() -> None:
    """The same steps as a fixed model takes that is given zeros, masked, to one length."""
    lengths = [4, 7, 4, 2, 7]
    batches = [(sequences(6, n), RANDOM.normal(size=(6, 2)).astype("float32")) for n in lengths]

    class Batches(ranvier.utils.PyDataset):
        def __len__(self) -> int:
            return len(batches)

        def __getitem__(self, i: int) -> Any:
            return batches[i]

    class Padded(Batches):
        def __getitem__(self, i: int) -> Any:
            x, y = batches[i]
            return np.pad(x, ((0, 0), (0, 7 - x.shape[1]), (0, 0))), y

    ranvier.utils.set_random_seed(1)
    model = Sequential([Input((None, 3)), layers.LSTM(4), Dense(2)])
    twin = Sequential([Input((7, 3)), layers.Masking(), layers.LSTM(4), Dense(2)])
    twin.set_weights(model.get_weights())
    open_sizes = fitted(model, Batches(), epochs=2, shuffle=False)
    fixed = fitted(twin, Padded(), epochs=2, shuffle=False)
    for name in ("loss", "mae"):
        np.testing.assert_allclose(open_sizes[name], fixed[name], rtol=1e-5)
    for a, b in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_arrays_of_one_length_then_of_another_and_validation() -> None:
    model = Sequential([Input((None, 3)), layers.GRU(4), Dense(2)])
    model.compile("adam", "mse", metrics=["mae"])
    y = RANDOM.normal(size=(20, 2))
    for steps in (5, 8):
        x = sequences(20, steps)
        validation = (sequences(20, steps + 1), y)
        history = model.fit(x, y, epochs=2, verbose=0, validation_data=validation).history
        found = model.evaluate(*validation, verbose=0)
        np.testing.assert_allclose([history["val_loss"][-1], history["val_mae"][-1]], found, rtol=1e-6)
    assert model.optimizer.iterations == 4
    assert isinstance(model.train_on_batch(sequences(3, 2), y[:3]), list)


def test_outputs_of_the_length_of_the_inputs() -> None:
    model = Sequential(
        [Input((None,)), layers.Embedding(5, 4), layers.GRU(4, return_sequences=True), Dense(5, "softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    for steps in (3, 6):
        x = RANDOM.integers(0, 5, size=(8, steps))
        model.fit(x, x, verbose=0)
        assert model.predict(x).shape == (8, steps, 5)
    with pytest.raises(ValueError, match=r"\(\*, 6, 5\)|6|y"):
        model.fit(x, x[:, :4], verbose=0)

    def batches() -> Any:
        for steps in (3, 6):
            yield (RANDOM.integers(0, 5, size=(2, steps)),)

    with pytest.raises(ValueError, match="the outputs of the batches differ in shape"):
        model.predict(batches())


def test_predictions_of_batches_of_different_lengths() -> None:
    model = Sequential([Input((None, 3)), layers.LSTM(4)])
    batches = [sequences(2, 3), sequences(4, 5)]
    found = model.predict((batch,) for batch in batches)
    np.testing.assert_array_equal(found, np.concatenate([model.predict(batch) for batch in batches]))


def test_attention_functional_and_nested() -> None:
    def block(x: Any) -> Any:
        x = layers.Add()([x, layers.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True)])
        return layers.LayerNormalization()(x)

    x = Input((None, 4))
    inner = Model(x, block(x))
    y = Input((None, 4))
    model = Model(y, layers.GlobalAveragePooling1D()(block(inner(y))))
    for steps in (5, 3):
        values = sequences(2, steps, 4)
        fixed_input = Input((steps, 4))
        assert inner(fixed_input).shape == (None, steps, 4)
        assert inner.predict(values).shape == (2, steps, 4)
        assert model.predict(values).shape == (2, 4)
    # Causal: what comes later changes nothing.
    longer = np.concatenate([values, sequences(2, 2, 4)], axis=1)
    np.testing.assert_allclose(inner.predict(longer)[:, :3], inner.predict(values), rtol=1e-5, atol=1e-6)


def test_operations() -> None:
    x = Input((None, 3))
    last, mean = x[:, -1], ops.mean(x, axis=1, keepdims=True)
    model = Model(x, [last, x - mean, ops.reshape(x, (-1, 3, 1, -1)), layers.Lambda(lambda v: v[:, ::-1])(x)])
    for steps in (4, 2):
        values = sequences(2, steps)
        found = model.predict(values)
        np.testing.assert_array_equal(found[0], values[:, -1])
        np.testing.assert_allclose(found[1], values - values.mean(1, keepdims=True), rtol=1e-5, atol=1e-6)
        np.testing.assert_array_equal(found[2], values.reshape(2, 3, 1, -1))
        np.testing.assert_array_equal(found[3], values[:, ::-1])


@pytest.mark.parametrize(
    "make",
    [lambda x: x[:, 1:], lambda x: ops.flip(x, 1), lambda x: ops.cumsum(x, 1), lambda x: ops.split(x, 2, 1)],
    ids=["slice", "flip", "cumsum", "split"],
)
def test_operations_that_need_the_size(make: Any) -> None:
    with pytest.raises(ValueError, match=r"needs sizes that Input leaves open.*put it into a Lambda"):
        make(Input((None, 3)))


def test_layers_that_need_the_size() -> None:
    x = Input((None, 3))
    with pytest.raises(
        ValueError, match=r"\[late\] cannot take an input \(None, None\): it needs sizes that Input leaves"
    ):
        Dense(4, name="late")(layers.Flatten()(x))
    with pytest.raises(ValueError, match="needs sizes that Input leaves open"):
        Dense(4)(layers.Permute((2, 1))(x))
    with pytest.raises(ValueError, match="needs sizes that Input leaves open"):
        layers.Reshape((6, 64))(x)
    model = Sequential([Input((None, 3)), layers.Conv1D(2, 4), layers.GlobalMaxPooling1D()])
    with pytest.raises(ValueError, match=r"\[conv1d.*kernel.*4|\[conv1d"):
        model.predict(sequences(2, 3))
    with pytest.raises(ValueError, match=r"\(\*, None, 3\), got \(2, 5, 4\)"):
        model.predict(sequences(2, 5, 4))


@pytest.mark.parametrize("way", ["file", "pickle", "config", "clone"])
def test_again(way: str, tmp_path: Path) -> None:
    x = Input((None, 3), name="sequence")
    model = Model(x, layers.LSTM(2)(layers.Masking()(x)))
    chain = Sequential([Input((None, 3)), layers.LSTM(2)])
    for one in (model, chain):
        one.compile("adam", "mse")
        one.fit(sequences(4, 3), np.ones((4, 2)), verbose=0)
        if way == "file":
            one.save(tmp_path / "m.safetensors")
            again = models.load_model(tmp_path / "m.safetensors")
        elif way == "pickle":
            again = pickle.loads(pickle.dumps(one))
        else:
            again = type(one).from_config(one.get_config()) if way == "config" else models.clone_model(one)
            again.set_weights(one.get_weights())
        assert again.input_shape == (None, None, 3)
        assert again.output_shape == (None, 2)
        values = sequences(2, 6)
        np.testing.assert_array_equal(again.predict(values), one.predict(values))


def test_summary(capsys: pytest.CaptureFixture[str]) -> None:
    Sequential([Input((None, 3)), layers.LSTM(4, return_sequences=True), Dense(2)]).summary()
    assert "(None, None, 4)" in capsys.readouterr().out


def test_a_few_sizes_are_kept() -> None:
    model = Sequential([Input((None, 3)), layers.LSTM(4), Dense(1)])
    model.compile("sgd", "mse")
    for steps in range(1, 30):
        model.predict(sequences(2, steps))
        model.train_on_batch(sequences(2, steps), np.zeros((2, 1)))
    assert len(model._sizes) == 8
    assert model._compiled is not None
    assert len(model._compiled._trainers[False]) == 8


def test_two_inputs_of_different_lengths() -> None:
    query, value = Input((None, 4)), Input((None, 4))
    model = Model([query, value], layers.Attention()([query, value]))
    q, v = sequences(2, 3, 4), sequences(2, 7, 4)
    scores = np.exp(q @ v.transpose(0, 2, 1))
    np.testing.assert_allclose(
        model.predict([q, v]), (scores / scores.sum(-1, keepdims=True)) @ v, rtol=1e-4, atol=1e-5
    )
