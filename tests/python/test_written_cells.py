"""Cells written in Python: recorded once, run natively step after step; and what wraps layers of several nodes."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import layers, models, ops
from ranvier.layers import RNN, Bidirectional, Dense, Input, TimeDistributed
from ranvier.models import Model, Sequential

RANDOM = np.random.default_rng(12)
X = RANDOM.normal(size=(4, 6, 3))


@ranvier.saving.register_keras_serializable("cells")
class Minimal(layers.Layer):
    """h' = tanh(x W + h U), and the number of steps so far as a second state."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        self.units = units
        self.state_size = [units, 1]
        self.calls = 0
        super().__init__(**kwargs)

    def build(self, input_shape: Any) -> None:
        self.kernel = self.add_weight((input_shape[-1], self.units), name="kernel")
        self.recurrent = self.add_weight((self.units, self.units), "orthogonal", name="recurrent")

    def call(self, inputs: Any, states: Any) -> Any:
        self.calls += 1
        h, steps = states
        h = ops.tanh(ops.matmul(inputs, self.kernel) + ops.matmul(h, self.recurrent))
        return h * 2, [h, steps + 1]


def reference(x: Any, kernel: Any, recurrent: Any, mask: Any = None, backwards: bool = False) -> Any:
    """Outputs of all steps in the order in which they are read, and the last states."""
    h, count, out = np.zeros((len(x), kernel.shape[1])), np.zeros((len(x), 1)), np.zeros((len(x), kernel.shape[1]))
    outputs = []
    for t in reversed(range(x.shape[1])) if backwards else range(x.shape[1]):
        counts = np.ones((len(x), 1), bool) if mask is None else mask[:, t, None]
        new = np.tanh(x[:, t] @ kernel + h @ recurrent)
        h, out, count = np.where(counts, new, h), np.where(counts, 2 * new, out), count + counts
        outputs.append(out)
    return np.stack(outputs, 1), h, count


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("sequences", [False, True])
def test_forward(backwards: bool, sequences: bool) -> None:
    layer = RNN(Minimal(5, dtype="float64"), return_sequences=sequences, return_state=True, go_backwards=backwards)
    found = layer(X)
    outputs, h, count = reference(X, *layer.get_weights(), backwards=backwards)
    for a, b in zip(found, [outputs if sequences else outputs[:, -1], h, count], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    assert layer.cell.calls < X.shape[1]
    assert [weight.name for weight in layer.weights] == ["kernel", "recurrent"]


def test_masks_and_initial_states() -> None:
    mask = RANDOM.random((4, 6)) > 0.4
    mask[0] = False
    x = np.where(mask[..., None], X, 0)
    sequence, first, steps = Input((6, 3), dtype="float64"), Input((5,), dtype="float64"), Input((1,), dtype="float64")
    layer = RNN(Minimal(5, dtype="float64"), return_sequences=True, return_state=True)
    masked = layers.Masking(dtype="float64")(sequence)
    model = Model(sequence, layer(masked))
    outputs, h, count = reference(x, *layer.get_weights(), mask=mask)
    found = model.predict(x)
    for a, b in zip(found, [outputs, h, count], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    zeros = RNN(layer.cell, return_sequences=True, zero_output_for_mask=True)
    np.testing.assert_allclose(
        Model(sequence, zeros(masked)).predict(x), np.where(mask[..., None], outputs, 0), rtol=1e-12
    )
    both = Model([sequence, first, steps], layer(sequence, initial_state=[first, steps]))
    half, h, count = layer(X[:, :3])
    whole = layer(X)[0]
    np.testing.assert_allclose(both.predict([X, h, count])[0][:, :3], layer(np.roll(X, 0, 1), [h, count])[0][:, :3])
    np.testing.assert_allclose(layer(X[:, 3:], [h, count])[0], whole[:, 3:], rtol=1e-12)
    np.testing.assert_allclose(half, whole[:, :3], rtol=1e-12)


def test_gradients() -> None:
    layer = RNN(Minimal(4, dtype="float64"), return_sequences=True)
    layer(X)
    weights, factors = layer.get_weights(), RANDOM.normal(size=(4, 6, 4))

    def loss(x: Any, *values: Any) -> float:
        return float((reference(x, *values)[0] * factors).sum())

    found = ranvier.gradients(layer, X, variables=layer.weights, output_gradient=factors)
    of_x = ranvier.gradients(layer, X, output_gradient=factors)
    for position, (gradient, values) in enumerate(zip([of_x, *found], [X, *weights], strict=True)):
        for at in [tuple(RANDOM.integers(0, n) for n in values.shape) for _ in range(6)]:
            ends = []
            for sign in (1, -1):
                moved = values.copy()
                moved[at] += sign * 1e-6
                ends.append(loss(*[moved if i == position else v for i, v in enumerate([X, *weights])]))
            assert gradient[at] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6, abs=1e-8)


def test_an_lstm_written_in_python_trains_as_the_native_one() -> None:
    class Lstm(layers.Layer):
        def __init__(self, units: int) -> None:
            super().__init__()
            self.units, self.state_size = units, [units, units]
            self.gates, self.recurrent = Dense(4 * units), Dense(4 * units, use_bias=False)

        def call(self, inputs: Any, states: Any) -> Any:
            h, c = states
            i, f, g, o = ops.split(self.gates(inputs) + self.recurrent(h), 4, axis=-1)
            c = ops.sigmoid(f) * c + ops.sigmoid(i) * ops.tanh(g)
            h = ops.sigmoid(o) * ops.tanh(c)
            return h, [h, c]

    own = Sequential([Input((6, 3)), RNN(Lstm(4)), Dense(1)])
    twin = Sequential([Input((6, 3)), layers.LSTM(4), Dense(1)])
    kernel, bias, recurrent, *rest = own.get_weights()
    twin.set_weights([kernel, recurrent, bias, *rest])
    y = RANDOM.normal(size=(4, 1))
    histories = []
    for model in (own, twin):
        model.compile("adam", "mse")
        histories.append(model.fit(X, y, epochs=10, batch_size=2, shuffle=False, verbose=0).history["loss"])
    np.testing.assert_allclose(histories[0], histories[1], rtol=1e-4)


def test_sequences_of_any_length() -> None:
    model = Sequential([Input((None, 3)), RNN(Minimal(5), return_sequences=True), layers.GlobalAveragePooling1D()])
    kernel, recurrent = model.get_weights()
    for steps in (2, 6):
        np.testing.assert_allclose(
            model.predict(X[:, :steps]), reference(X[:, :steps], kernel, recurrent)[0].mean(1), rtol=1e-4, atol=1e-6
        )
    model.compile("sgd", "mse")
    model.fit(X, np.zeros((4, 5)), verbose=0)


def test_bidirectional_around_a_written_cell() -> None:
    layer = Bidirectional(RNN(Minimal(5, dtype="float64"), return_sequences=True))
    found = layer(X)
    weights = layer.get_weights()
    forward = reference(X, *weights[:2])[0]
    backward = reference(X, *weights[2:], backwards=True)[0][:, ::-1]
    np.testing.assert_allclose(found, np.concatenate([forward, backward], -1), rtol=1e-12)


@pytest.mark.parametrize("way", ["file", "pickle", "config"])
def test_again(way: str, tmp_path: Path) -> None:
    model = Sequential([Input((6, 3)), RNN(Minimal(5)), Dense(1)])
    model.compile("adam", "mse")
    model.fit(X, np.ones(4), verbose=0)
    if way == "file":
        model.save(tmp_path / "m.safetensors")
        again = models.load_model(tmp_path / "m.safetensors")
    elif way == "pickle":
        again = pickle.loads(pickle.dumps(model))
    else:
        again = Sequential.from_config(model.get_config())
        again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


def test_what_is_no_cell() -> None:
    class NoSize(layers.Layer):
        def call(self, inputs: Any, states: Any) -> Any:
            return inputs, states

    class Wrong(Minimal):
        def call(self, inputs: Any, states: Any) -> Any:
            return inputs, [states[0]]

    for cell in (NoSize(), Dense(3)):
        with pytest.raises(TypeError, match="expected a cell such as LSTMCell"):
            RNN(cell)
    with pytest.raises(ValueError, match=r"must return the output and states of shapes \[\(5,\), \(1,\)\]"):
        RNN(Wrong(5))(X)
    with pytest.raises(ValueError, match="stateful=True needs a cell of this library"):
        RNN(Minimal(5), stateful=True)


def test_a_layer_of_one_node_runs_once_for_all_steps() -> None:
    for inner in (Dense(2), layers.GRU(2), RNN(layers.LSTMCell(2)), layers.Conv1D(2, 1)):
        layer = TimeDistributed(inner)
        assert not layer.is_traced
        assert layer(np.zeros((2, 3, 4, 5))).shape[:2] == (2, 3)


def test_time_distributed_around_anything() -> None:
    inner = Sequential([Dense(4, "tanh", dtype="float64"), Dense(2, dtype="float64")])
    layer = TimeDistributed(inner)
    found = layer(X)
    kernel, bias, kernel_2, bias_2 = layer.get_weights()
    np.testing.assert_allclose(found, np.tanh(X @ kernel + bias) @ kernel_2 + bias_2, rtol=1e-12)

    class Squares(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return ops.square(inputs)

    np.testing.assert_allclose(TimeDistributed(Squares(dtype="float64"))(X), X**2, rtol=1e-12)
    pictures = RANDOM.normal(size=(2, 3, 8, 8, 1))
    model = Sequential(
        [
            Input((None, 8, 8, 1)),
            TimeDistributed(Sequential([layers.Conv2D(2, 3), layers.GlobalMaxPooling2D()])),
            layers.LSTM(3),
        ]
    )
    assert model.predict(pictures).shape == (2, 3)
    model.compile("sgd", "mse")
    model.fit(pictures, np.zeros((2, 3)), verbose=0)
    attention = TimeDistributed(Bidirectional(layers.LSTM(2, return_sequences=True)))
    assert attention(RANDOM.normal(size=(2, 3, 4, 5))).shape == (2, 3, 4, 4)
