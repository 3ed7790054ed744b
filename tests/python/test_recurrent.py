"""Recurrent layers: masks, states, dropout, wrappers, cells, what they refuse; against loops in NumPy float64."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cases_recurrent import gru_step, lstm_step, run, simple_step
from harness import DTYPES, FLOAT64, GRADIENT, SHARED_ROWS, THREADS, TOLERANCE, Array, assert_same_bits
from reference import numeric_gradient, relative_error

import ranvier
from ranvier import Input, Model, Sequential, _core, layers

STEPS, FEATURES, UNITS, ROWS = 6, 3, 4, 5

# A layer, its step and the options of both; the last two go through the native code for any activation.
KINDS: dict[str, tuple[str, Any, dict[str, Any], dict[str, Any]]] = {
    "simple": ("SimpleRNN", simple_step, {}, {}),
    "lstm": ("LSTM", lstm_step, {}, {}),
    "gru": ("GRU", gru_step, {}, {}),
    "gru_before": ("GRU", gru_step, {"reset_after": False}, {"reset_after": False}),
    "lstm_any": ("LSTM", lstm_step, {"activation": "softplus"}, {"activation": lambda x: np.logaddexp(0, x)}),
    "gru_any": ("GRU", gru_step, {"activation": "softplus"}, {"activation": lambda x: np.logaddexp(0, x)}),
}
every_kind = pytest.mark.parametrize("kind", KINDS)

# Where a mask is 0: at the end, at the beginning, in the middle, everywhere, nowhere.
MASK = np.array([[1, 1, 1, 1, 0, 0], [0, 0, 1, 1, 1, 1], [1, 0, 1, 0, 0, 1], [0, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1]])


def draw(*shape: int, seed: int = 1) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


def made(kind: str, **options: Any) -> tuple[layers.Layer, Any, dict[str, Any]]:
    """A layer in float64, built, its weights drawn; its step; the options of that."""
    name, step, own, for_step = KINDS[kind]
    layer = getattr(layers, name)(UNITS, dtype="float64", **own, **options)
    layer.build((None, STEPS, FEATURES))
    layer.set_weights([draw(*w.shape, seed=7 + i) * 0.7 for i, w in enumerate(layer.get_weights())])
    return layer, step, for_step


def states_of(kind: str, rows: int = ROWS) -> list[Array]:
    return [draw(rows, UNITS, seed=20 + i) for i in range(2 if "lstm" in kind else 1)]


# --- Masks ------------------------------------------------------------------------------------------------------------


@every_kind
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.usefixtures("isa")
def test_masked_steps_leave_the_state(kind: str, backwards: bool, sequences: bool, zero: bool) -> None:
    """Values and gradients, of the inputs, the weights and the states."""
    layer, step, options = made(kind, return_sequences=sequences, go_backwards=backwards, return_state=True)
    layer.zero_output_for_mask = zero  # type: ignore[attr-defined]
    layer._native = None
    layer._variables = []
    layer.build((None, STEPS, FEATURES))
    weights = [draw(*w.shape, seed=7 + i) * 0.7 for i, w in enumerate(layer.get_weights())]
    layer.set_weights(weights)
    x, states = draw(ROWS, STEPS, FEATURES), states_of(kind)
    network = _core.float64.Network("network")
    values = [network.add_input(array.shape[1:], f"x{i}") for i, array in enumerate([x, *states])]
    mask = network.add_input((STEPS,), "mask")
    network.set_outputs(network.add(layer.native, values, [mask]))

    def expected(x: Array, *rest: Array) -> list[Array]:
        now, own = rest[: len(states)], rest[len(states) :]
        outputs, last = run(step, x, own, states=now, mask=MASK, backwards=backwards, zero_output=zero, **options)
        return [outputs if sequences else outputs[:, -1], *last]

    variables = [x, *states, *weights]
    inputs = [x, *states, MASK]
    for found, one in zip(network.predict(inputs), expected(*variables), strict=True):
        np.testing.assert_allclose(found, one, **FLOAT64)
    dy = [draw(*one.shape, seed=40 + i) for i, one in enumerate(expected(*variables))]
    dx, dweights = network.gradients(inputs, dy, True, 0)
    gradients = [*dx[: 1 + len(states)], *dweights]
    for i, gradient in enumerate(gradients):

        def scalar(value: Array, i: int = i) -> float:
            moved = [*variables[:i], value, *variables[i + 1 :]]
            return float(sum(np.sum(d * y) for d, y in zip(dy, expected(*moved), strict=True)))

        assert relative_error(gradient, numeric_gradient(scalar, variables[i])) <= GRADIENT, f"variable {i}"


@pytest.mark.parametrize("units", [1, 16, 75])
@pytest.mark.parametrize("use_bias", [False, True])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.usefixtures("isa")
def test_an_lstm_of_many_inputs(units: int, use_bias: bool, masked: bool, dtype: str) -> None:
    """Its product is made in parts; a row by itself, whose product is another, has the same bits."""
    features, rows = 60, 23
    layer = layers.LSTM(units, use_bias=use_bias, dtype=dtype)
    layer.build((None, STEPS, features))
    layer.set_weights([draw(*w.shape, seed=7 + i) * 0.2 for i, w in enumerate(layer.get_weights())])
    x = draw(rows, STEPS, features).astype(dtype)
    mask = (draw(rows, STEPS, seed=2) > -0.5).astype(dtype) if masked else None
    weights = [w.astype(np.float64) for w in layer.get_weights()]
    expected = run(lstm_step, x.astype(np.float64), weights, mask=mask)[0][:, -1]
    found = np.asarray(layer(x, mask=mask))
    np.testing.assert_allclose(found, expected, **TOLERANCE[dtype])
    for row in range(rows):
        alone = layer(x[row : row + 1], mask=None if mask is None else mask[row : row + 1])
        assert_same_bits(np.asarray(alone)[0], found[row], f"row {row}")


@every_kind
def test_masks_come_with_the_data_or_as_an_argument(kind: str) -> None:
    layer, step, options = made(kind, return_sequences=True)
    x = draw(ROWS, STEPS, FEATURES) * MASK[..., None]
    expected = run(step, x, layer.get_weights(), mask=MASK, **options)[0]
    np.testing.assert_allclose(layer(x, mask=MASK), expected, **FLOAT64)
    symbol = Input((STEPS, FEATURES), dtype="float64")
    masked = Model(symbol, layer(layers.Dropout(0.5, dtype="float64")(layers.Masking(dtype="float64")(symbol))))
    np.testing.assert_allclose(masked.predict(x), expected, **FLOAT64)
    given = Input((STEPS,), dtype="float64")
    explicit = Model([symbol, given], layer(symbol, mask=given))
    np.testing.assert_allclose(explicit.predict([x, MASK]), expected, **FLOAT64)
    again = Model.from_config(explicit.get_config())
    again.set_weights(explicit.get_weights())
    np.testing.assert_allclose(again.predict([x, MASK]), expected, **FLOAT64)


def test_a_mask_goes_on_behind_a_sequence_only() -> None:
    tokens = layers.Embedding(5, 3, mask_zero=True)(Input((STEPS,)))
    behind = layers.LSTM(4, return_sequences=True)(tokens)
    assert behind.mask.key == tokens.mask.key
    assert layers.LSTM(4)(tokens).mask is None
    both = layers.Bidirectional(layers.GRU(4, return_sequences=True))(tokens)
    assert both.mask.key == tokens.mask.key
    assert layers.TimeDistributed(layers.Dense(2))(tokens).mask.key == tokens.mask.key
    outputs = layers.LSTM(4, return_sequences=True, return_state=True)(tokens)
    assert [one.mask is None for one in outputs] == [False, True, True]


# --- States -----------------------------------------------------------------------------------------------------------


@every_kind
def test_initial_and_last_states(kind: str) -> None:
    layer, step, options = made(kind, return_state=True)
    x, states = draw(ROWS, STEPS, FEATURES), states_of(kind)
    outputs, last = run(step, x, layer.get_weights(), states=states, **options)
    found = layer(x, initial_state=states)
    for one, other in zip(found, [outputs[:, -1], *last], strict=True):
        np.testing.assert_allclose(one, other, **FLOAT64)
    inputs = [Input((STEPS, FEATURES), dtype="float64"), *(Input((UNITS,), dtype="float64") for _ in states)]
    model = Model(inputs, layer(inputs[0], initial_state=inputs[1:]))
    again = Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    for each in (model, again):
        for one, other in zip(each.predict([x, *states]), [outputs[:, -1], *last], strict=True):
            np.testing.assert_allclose(one, other, **FLOAT64)


@every_kind
def test_an_encoder_hands_its_states_to_a_decoder(kind: str) -> None:
    encoder, step, options = made(kind, return_state=True)
    decoder, _, _ = made(kind, return_sequences=True)
    source, target = (Input((STEPS, FEATURES), dtype="float64") for _ in "ab")
    model = Model([source, target], decoder(target, initial_state=encoder(source)[1:]))
    x, y = draw(2, ROWS, STEPS, FEATURES)
    last = run(step, x, encoder.get_weights(), **options)[1]
    expected = run(step, y, decoder.get_weights(), states=last, **options)[0]
    np.testing.assert_allclose(model.predict([x, y]), expected, **FLOAT64)
    model.compile("adam", "mse")
    before = encoder.get_weights()
    model.fit([x, y], draw(ROWS, STEPS, UNITS), verbose=0)
    assert all(np.any(one != other) for one, other in zip(encoder.get_weights(), before, strict=True))


@every_kind
def test_stateful_layers_go_on_from_batch_to_batch(kind: str) -> None:
    name, step, own, options = KINDS[kind]
    layer = getattr(layers, name)(UNITS, stateful=True, return_sequences=True, dtype="float64", **own)
    model = Sequential([Input((STEPS, FEATURES), batch_size=ROWS, dtype="float64"), layer])
    x = draw(3 * ROWS, STEPS, FEATURES)
    weights = [draw(*w.shape, seed=7 + i) * 0.7 for i, w in enumerate(model.get_weights())]
    model.set_weights(weights)
    long = np.concatenate(np.split(x, 3), axis=1)  # the batches are parts of ROWS longer sequences
    outputs, last = run(step, long, weights, **options)
    expected = np.concatenate(np.split(outputs, 3, axis=1))
    np.testing.assert_allclose(model.predict(x), expected, **FLOAT64)
    for state, one in zip(layer.states, last, strict=True):
        np.testing.assert_allclose(state, one, **FLOAT64)
    layer.reset_state()
    assert not any(state.any() for state in layer.states)
    np.testing.assert_allclose(np.concatenate([model(part) for part in np.split(x, 3)]), expected, **FLOAT64)
    layer.reset_states()
    model.compile("sgd", "mse")
    found = model.evaluate(x, np.zeros_like(expected), batch_size=ROWS, verbose=0)
    assert found == pytest.approx(np.mean(expected**2), rel=1e-12)
    again = Sequential.from_config(model.get_config())
    assert again.layers[0].stateful
    again.set_weights(weights)
    np.testing.assert_allclose(again.predict(x), expected, **FLOAT64)


def test_stateful_layers_refuse_other_batches() -> None:
    layer = layers.LSTM(4, stateful=True, name="memory")
    model = Sequential([Input((STEPS, FEATURES), batch_size=4), layer, layers.Dense(1)])
    model.compile("adam", "mse")
    x, y = draw(8, STEPS, FEATURES), draw(8, 1)
    words = "a stateful layer carries its state between batches of 4 rows: expected"
    for attempt in (
        lambda: model.predict(x[:6]),
        lambda: model.fit(x, y, batch_size=8, verbose=0),
        lambda: model.fit(x[:6], y[:6], batch_size=4, verbose=0),
        lambda: model.evaluate(x, y, verbose=0),
        lambda: model.train_on_batch(x, y),
        lambda: model(x, training=True),
    ):
        with pytest.raises(ValueError, match=words):
            attempt()
    model.fit(x, y, batch_size=4, shuffle=False, verbose=0)
    with pytest.raises(ValueError, match=r"\[memory\] is stateful with batches of 4 rows, got 3"):
        layer(x[:3])
    with pytest.raises(ValueError, match=r"stateful=True needs batches of one size: give it to Input"):
        layers.LSTM(4, stateful=True)(Input((STEPS, FEATURES)))
    other = layers.GRU(4, stateful=True)
    other(np.zeros((3, STEPS, FEATURES)))
    symbol = Input((STEPS, FEATURES), batch_size=4)
    with pytest.raises(ValueError, match=r"is stateful with batches of . rows, but another layer with"):
        _ = Model(symbol, layers.Add()([layer(symbol), other(symbol)])).network


def test_an_old_first_layer_with_its_batch() -> None:
    model = Sequential([layers.SimpleRNN(2, stateful=True, batch_input_shape=(2, 5, 3))])
    assert model.predict(np.zeros((2, 5, 3))).shape == (2, 2)


# --- Wrappers and cells -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["concat", "sum", "mul", "ave", None])
@pytest.mark.parametrize("sequences", [False, True])
def test_bidirectional_layers_with_masks_and_states(mode: str | None, sequences: bool) -> None:
    inner = layers.LSTM(UNITS, return_sequences=sequences, return_state=True, dtype="float64")
    layer = layers.Bidirectional(inner, merge_mode=mode)
    x = draw(ROWS, STEPS, FEATURES)
    states = [draw(ROWS, UNITS, seed=i) for i in range(4)]
    layer.build((None, STEPS, FEATURES))
    weights = [draw(*w.shape, seed=7 + i) * 0.7 for i, w in enumerate(layer.get_weights())]
    layer.set_weights(weights)
    forward, last = run(lstm_step, x, weights[:3], states=states[:2], mask=MASK, zero_output=sequences)
    options = {"mask": MASK, "zero_output": sequences, "backwards": True}
    backward, first = run(lstm_step, x, weights[3:], states=states[2:], **options)
    a, b = (forward, backward[:, ::-1]) if sequences else (forward[:, -1], backward[:, -1])
    joined = {"sum": [a + b], "mul": [a * b], "ave": [(a + b) / 2], None: [a, b]}.get(
        mode, [np.concatenate([a, b], axis=-1)]
    )
    found = layer(x, initial_state=states, mask=MASK)
    for one, other in zip(found, [*joined, *last, *first], strict=True):
        np.testing.assert_allclose(one, other, **FLOAT64)


def test_bidirectional_layers_of_two_kinds() -> None:
    layer = layers.Bidirectional(
        layers.LSTM(3, return_sequences=True), backward_layer=layers.GRU(2, return_sequences=True, go_backwards=True)
    )
    assert layer(np.zeros((2, 5, 4))).shape == (2, 5, 5)
    again = type(layer).from_config(layer.get_config())
    assert isinstance(again.backward_layer, layers.GRU)
    assert again(np.zeros((2, 5, 4))).shape == (2, 5, 5)
    assert [variable.path.split("/")[-2:] for variable in layer.weights[::3]] == [
        [layer.forward_layer.name, "kernel"],
        [layer.backward_layer.name, "kernel"],
    ]
    with pytest.raises(ValueError, match="one of the two layers must go backwards"):
        layers.Bidirectional(layers.LSTM(3), backward_layer=layers.GRU(3))
    with pytest.raises(ValueError, match="both layers must have the same return_sequences"):
        layers.Bidirectional(layers.LSTM(3), backward_layer=layers.GRU(3, return_sequences=True, go_backwards=True))


def test_a_stack_of_cells_with_masks_and_states() -> None:
    cells = [
        layers.GRUCell(4, dtype="float64"),
        layers.LSTMCell(3, dtype="float64"),
        layers.SimpleRNNCell(2, dtype="float64"),
    ]
    layer = layers.RNN(cells, return_sequences=True, return_state=True)
    x = draw(ROWS, STEPS, FEATURES)
    layer.build((None, STEPS, FEATURES))
    weights = [draw(*w.shape, seed=7 + i) * 0.7 for i, w in enumerate(layer.get_weights())]
    layer.set_weights(weights)
    states = [[draw(ROWS, 4)], [draw(ROWS, 3), draw(ROWS, 3, seed=2)], [draw(ROWS, 2)]]
    flow, expected = x, []
    for i, step in enumerate((gru_step, lstm_step, simple_step)):
        flow, last = run(step, flow, weights[3 * i : 3 * i + 3], states=states[i], mask=MASK)
        expected.append(last)
    output, *found = layer(x, initial_state=states, mask=MASK)
    np.testing.assert_allclose(output, flow, **FLOAT64)
    for one, other in zip(found, expected, strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_allclose(a, b, **FLOAT64)
    symbol = Input((STEPS, FEATURES), dtype="float64")
    model = Model(symbol, layer(symbol)[0])
    again = Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    assert_same_bits(again.predict(x), model.predict(x))
    with pytest.raises(ValueError, match="expected 1 input, or 5 with its initial state, got 2"):
        layer(x, initial_state=states[0])


@pytest.mark.parametrize(
    ("name", "step"), [("SimpleRNNCell", simple_step), ("LSTMCell", lstm_step), ("GRUCell", gru_step)]
)
def test_one_step_of_a_cell(name: str, step: Any) -> None:
    cell = getattr(layers, name)(UNITS, dtype="float64")
    states = [draw(ROWS, UNITS, seed=i) for i in range(cell.state_count)]
    x = draw(ROWS, FEATURES)
    given = states if len(states) > 1 else states[0]
    output, after = cell(x, given)
    weights = cell.get_weights()
    expected = step(x, states, weights)
    np.testing.assert_allclose(output, expected[0], **FLOAT64)
    for one, other in zip(after if len(states) > 1 else [after], expected, strict=True):
        np.testing.assert_allclose(one, other, **FLOAT64)
    assert [state.shape for state in cell.get_initial_state(2)] == [(2, UNITS)] * len(states)
    symbols = [Input((FEATURES,), dtype="float64"), *(Input((UNITS,), dtype="float64") for _ in states)]
    model = Model(symbols, cell(symbols[0], symbols[1:])[0])
    np.testing.assert_allclose(model.predict([x, *states]), expected[0], **FLOAT64)


def test_one_step_of_a_stack() -> None:
    stack = layers.StackedRNNCells([layers.GRUCell(4), layers.LSTMCell(3)])
    states = stack.get_initial_state(2)
    output, after = stack(np.ones((2, 5), "f4"), states)
    assert output.shape == (2, 3)
    assert [[one.shape for one in own] for own in after] == [[(2, 4)], [(2, 3), (2, 3)]]
    assert stack.state_size == [4, [3, 3]]


# --- All of it in training --------------------------------------------------------------------------------------------


def deep_model(seed: int, rows: int = SHARED_ROWS) -> Model:
    ranvier.utils.set_random_seed(seed)
    tokens = Input((8,))
    x = layers.Embedding(20, 24, mask_zero=True)(tokens)
    x = layers.Bidirectional(layers.LSTM(24, return_sequences=True, dropout=0.2, recurrent_dropout=0.1))(x)
    x = layers.RNN([layers.GRUCell(20), layers.SimpleRNNCell(24)], return_sequences=True)(x)
    x = layers.TimeDistributed(layers.Dense(24, activation="relu"))(x)
    model = Model(tokens, layers.Dense(5, activation="softmax")(layers.GRU(48)(x)))
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def test_any_number_of_threads_trains_the_same_weights() -> None:
    x = np.random.default_rng(1).integers(0, 20, (600, 8))
    y = x[:, 0] % 5
    trained = []
    for threads in THREADS:
        _core.set_num_threads(threads)
        model = deep_model(3)
        model.fit(x, y, epochs=1, batch_size=200, verbose=0)
        trained.append([*model.get_weights(), model.predict(x)])
    for other in trained[1:]:
        for found, expected in zip(other, trained[0], strict=True):
            assert_same_bits(found, expected)


def test_it_learns_what_only_the_order_says() -> None:
    """Whether the first of two marked steps is the greater one; masked ends must not matter."""
    random = np.random.default_rng(2)
    x = random.integers(1, 10, (1500, 7))
    for row, length in enumerate(random.integers(2, 8, len(x))):
        x[row, length:] = 0
    y = x[:, 0] > x[:, 1]
    ranvier.utils.set_random_seed(1)
    model = Sequential(
        [
            Input((7,)),
            layers.Embedding(10, 8, mask_zero=True),
            layers.LSTM(16),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(ranvier.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=15, verbose=0)
    assert history.history["accuracy"][-1] > 0.95


def test_weights_begin_as_in_keras() -> None:
    layer = layers.LSTM(6)
    layer.build((None, 4, 3))
    kernel, recurrent, bias = layer.get_weights()
    np.testing.assert_allclose(recurrent @ recurrent.T, np.eye(6), atol=1e-5)
    assert abs(kernel).max() <= np.sqrt(6 / (3 + 24))
    np.testing.assert_array_equal(bias, np.repeat([0, 1, 0, 0], 6))
    plain = layers.LSTM(6, unit_forget_bias=False)
    plain.build((None, 4, 3))
    assert not plain.get_weights()[2].any()
    gru = layers.GRU(6)
    gru.build((None, 4, 3))
    assert [w.shape for w in gru.get_weights()] == [(3, 18), (6, 18), (2, 18)]


def test_what_they_refuse() -> None:
    layer = layers.GRU(4, name="memory")
    for x, states, words in (
        ((2, 5), None, r"expected input \(\*, steps, features\), got \(\*, 5\)"),
        ((2, 5, 3), (2, 3), r"expected an initial state \(\*, 4\), got \(\*, 3\)"),
        ((2, 5, 3), (3, 4), r"expected inputs of one length, got 2 and 3 rows"),
    ):
        with pytest.raises(ValueError, match=words):
            layer(np.zeros(x), initial_state=None if states is None else np.zeros(states))
    with pytest.raises(ValueError, match="expected 1 input, or 2 with its initial state, got 3"):
        layer(np.zeros((2, 5, 3)), initial_state=[np.zeros((2, 4))] * 2)
    with pytest.raises(ValueError, match=r"a mask \(\*, 4\) does not fit an input \(\*, 5, 3\)"):
        layer(np.zeros((2, 5, 3)), mask=np.zeros((2, 4)))
    with pytest.raises(ValueError, match=r"expected input \(\*, 5, 3\), got \(\*, 5, 2\)"):
        layer(np.zeros((2, 5, 2)))
    with pytest.raises(
        TypeError, match=r"\[RNN\] expected a cell such as LSTMCell\(units\), .* or a list of cells, got 3"
    ):
        layers.RNN(3)
    with pytest.raises(ValueError, match="expected at least one cell, got none"):
        layers.RNN([])
    with pytest.raises(TypeError, match=r"expected a layer with one output, but bidirectional.* has 5"):
        layers.TimeDistributed(layers.Bidirectional(layers.LSTM(2, return_state=True)))(np.zeros((2, 5, 3, 2)))
    with pytest.raises(ValueError, match=r"computes in float64, but .* inside it in float32: give both one dtype"):
        layers.TimeDistributed(layers.Dense(2), dtype="float64")


def test_freezing_a_wrapper_freezes_what_it_wraps() -> None:
    for layer in (
        layers.Bidirectional(layers.LSTM(2), trainable=False),
        layers.RNN([layers.GRUCell(2), layers.GRUCell(2)], trainable=False),
        layers.TimeDistributed(layers.Dense(2), trainable=False),
        layers.LSTM(2, trainable=False),
    ):
        layer.build((None, 4, 3))
        assert layer.weights
        assert not layer.trainable_weights
        layer.trainable = True
        assert len(layer.trainable_weights) == len(layer.weights)


def test_everything_can_be_saved_and_pickled(tmp_path: Path) -> None:
    model = deep_model(5)
    x = np.random.default_rng(1).integers(0, 20, (30, 8))
    model.fit(x, x[:, 0] % 5, verbose=0)
    expected = model.predict(x)
    model.save(tmp_path / "model.safetensors")
    loaded = ranvier.models.load_model(tmp_path / "model.safetensors")
    for again in (loaded, pickle.loads(pickle.dumps(model)), ranvier.models.clone_model(model)):
        again.set_weights(model.get_weights())
        assert_same_bits(again.predict(x), expected)
    for one in (model, loaded):
        one.fit(x, x[:, 0] % 5, verbose=0, shuffle=False)
    wrapped = layers.Bidirectional(layers.GRU(3))
    y = wrapped(np.ones((2, 4, 3)))
    assert_same_bits(pickle.loads(pickle.dumps(wrapped))(np.ones((2, 4, 3))), y)


def test_weights_by_name() -> None:
    layer = layers.LSTM(3, use_bias=False)
    with pytest.raises(AttributeError, match="has no kernel before it knows its input shape"):
        _ = layer.cell.kernel
    layer.build((None, 5, 2))
    assert layer.cell.kernel is layer.weights[0]
    assert layer.cell.recurrent_kernel.shape == (3, 12)
    assert layer.cell.bias is None
    table = layers.Embedding(4, 2)
    table.build((None, 3))
    assert table.embeddings.shape == (4, 2)
