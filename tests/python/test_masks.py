"""Masks: where they come from, which layers pass them on, what the loss and the metrics make of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import FLOAT64, Array

import ranvier
from ranvier import Input, Model, Sequential, layers, losses

X = np.array([[3, 1, 0, 0], [2, 0, 4, 0], [1, 2, 3, 4]])
STEPS = X != 0


def mask_of(symbol: Any) -> Array | None:
    """The numbers of a symbol's mask, for X or what was embedded."""
    if symbol.mask is None:
        return None
    inputs = [node.layer.symbol for node in _inputs(symbol)]
    found: Array = Model(inputs, layers.Identity()(symbol.mask)).predict(X if len(inputs) == 1 else [X] * len(inputs))
    return found != 0


def _inputs(symbol: Any) -> list[Any]:
    stack, found = [symbol.mask.node], {}
    while stack:
        node = stack.pop()
        if not node.inputs:
            found[id(node)] = node
        stack.extend(source.node for source in node.sources)
    return list(found.values())


def embedded(name: str = "tokens") -> Any:
    return layers.Embedding(5, 3, mask_zero=True)(Input((4,), name=name))


def test_an_embedding_masks_index_zero() -> None:
    np.testing.assert_array_equal(mask_of(embedded()), STEPS)
    assert layers.Embedding(5, 3)(Input((4,))).mask is None


def test_masking_masks_steps_of_one_value() -> None:
    x = Input((3, 2))
    layer = layers.Masking(1.0)
    model = Model(x, layers.Identity()(layer(x).mask))
    data = np.array([[[1, 1], [1, 2], [0, 0]]])
    np.testing.assert_array_equal(model.predict(data), [[0, 1, 1]])
    np.testing.assert_array_equal(layer(data), [[[0, 0], [1, 2], [0, 0]]])


@pytest.mark.parametrize(
    "layer",
    [
        layers.Dense(2),
        layers.Activation("tanh"),
        layers.ReLU(),
        layers.Softmax(),
        layers.Identity(),
        layers.Dropout(0.5),
        layers.SpatialDropout1D(0.5),
        layers.GaussianNoise(0.5),
        layers.AlphaDropout(0.5),
        layers.LayerNormalization(),
        layers.BatchNormalization(),
        layers.Rescaling(2.0),
        layers.ActivityRegularization(0.1),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_layers_that_work_step_by_step_pass_masks_on(layer: layers.Layer) -> None:
    np.testing.assert_array_equal(mask_of(layer(embedded())), STEPS)


def test_layers_that_do_not_say_so_once() -> None:
    with pytest.warns(UserWarning, match="does not support masks: the layers behind it will see all steps"):
        assert layers.Flatten()(embedded()).mask is None


def test_merged_masks() -> None:
    one, other = embedded("one"), layers.Dense(3)(embedded("other"))
    plain = layers.Dense(3)(Input((4, 2), name="plain"))
    np.testing.assert_array_equal(mask_of(layers.Add()([one, other])), STEPS)
    np.testing.assert_array_equal(mask_of(layers.Add()([one, plain])), STEPS)
    np.testing.assert_array_equal(mask_of(layers.Concatenate()([one, other])), STEPS)
    np.testing.assert_array_equal(mask_of(layers.Concatenate(axis=1)([one, other])), np.hstack([STEPS, STEPS]))
    assert layers.Add()([plain, plain]).mask is None
    behind = layers.Concatenate(axis=1)([one, plain]).mask
    model = Model([one.node.inputs[0], plain.node.inputs[0].node.layer.symbol], layers.Identity()(behind))
    np.testing.assert_array_equal(model.predict([X, np.ones((3, 4, 2))]), np.hstack([STEPS, np.ones((3, 4), bool)]))


def test_two_masks_count_together() -> None:
    tokens = Input((4,))
    first = layers.Embedding(5, 2, mask_zero=True)(tokens)
    second = layers.Masking(0.0)(
        layers.Embedding(5, 2, weights=np.array([[1, 1], [1, 1], [0, 0], [1, 1], [1, 1]]))(tokens)
    )
    both = layers.Add()([first, second])
    np.testing.assert_array_equal(Model(tokens, layers.Identity()(both.mask)).predict(X), STEPS & (X != 2))


def test_masks_are_shown_and_saved_nowhere() -> None:
    model = Sequential([Input((4,)), layers.Embedding(5, 3, mask_zero=True), layers.Dense(1)])
    assert [type(layer).__name__ for layer in model.layers] == ["Embedding", "Dense"]
    again = Model.from_config(Model(model.inputs, model.outputs).get_config())
    assert [type(layer).__name__ for layer in again.layers] == ["InputLayer", "Embedding", "Dense"]
    np.testing.assert_array_equal(mask_of(again.outputs[0]), STEPS)


def test_the_mean_of_the_steps_that_count() -> None:
    tokens = Input((4,))
    layer = layers.Embedding(5, 3, mask_zero=True, dtype="float64")
    model = Model(tokens, layers.GlobalAveragePooling1D(dtype="float64")(layer(tokens)))
    data = np.vstack([X, np.zeros((1, 4), int)])
    table, counts = layer.get_weights()[0], (data != 0)[..., None]
    expected = np.sum(table[data] * counts, 1) / np.maximum(counts.sum(1), 1)
    np.testing.assert_allclose(model.predict(data), expected, **FLOAT64)
    model.compile(ranvier.optimizers.SGD(1.0), losses.MeanSquaredError(reduction="sum"))
    model.fit(data, np.zeros((4, 3)), batch_size=4, verbose=0)
    gradient = np.zeros_like(table)
    np.add.at(gradient, data, (2 / 3 * expected / np.maximum(counts.sum(1), 1))[:, None] * counts)
    np.testing.assert_allclose(layer.get_weights()[0], table - gradient, **FLOAT64)
    with pytest.warns(UserWarning, match="does not support masks"):
        layers.GlobalAveragePooling1D("channels_first")(embedded())


# --- Losses and metrics -----------------------------------------------------------------------------------------------


def masked_model(loss: Any, **options: Any) -> Model:
    model = Sequential(
        [
            Input((4,)),
            layers.Embedding(5, 3, mask_zero=True, dtype="float64"),
            layers.Dense(2, activation="softmax", dtype="float64"),
        ]
    )
    model.compile("sgd", loss, **options)
    return model


@pytest.mark.parametrize("weighted", [None, "rows", "steps"])
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
def test_the_loss_is_of_the_steps_that_count(reduction: str, weighted: str | None) -> None:
    model = masked_model(losses.MeanSquaredError(reduction=reduction), weighted_metrics=["mae"], metrics=["mse"])
    random = np.random.default_rng(1)
    y = random.normal(size=(3, 4, 2))
    given = {"rows": random.uniform(0.5, 2, 3), "steps": random.uniform(0.5, 2, (3, 4)), None: None}[weighted]
    p = model.predict(X)
    squares, distances = np.mean((p - y) ** 2, -1), np.mean(abs(p - y), -1)
    weights = np.ones((3, 4)) if given is None else np.broadcast_to(given.reshape(3, -1), (3, 4))
    divisor = {"sum": 1, "mean_with_sample_weight": np.sum(weights * STEPS)}.get(reduction, STEPS.sum())
    expected = np.sum(squares * weights * STEPS) / divisor
    # As in Keras, metrics see the mask only where they are weighted.
    metric = np.mean(distances) if given is None else np.sum(distances * weights * STEPS) / np.sum(weights * STEPS)
    found = model.evaluate(X, y, sample_weight=given, verbose=0)
    np.testing.assert_allclose(found, [expected, np.mean(squares), metric], **FLOAT64)


def test_training_ignores_targets_of_masked_steps() -> None:
    trained = []
    for noise in (0.0, 1e3):
        model = masked_model("sparse_categorical_crossentropy")
        model.set_weights([np.random.default_rng(i).normal(size=w.shape) for i, w in enumerate(model.get_weights())])
        y = np.where(STEPS, X % 2, int(noise > 0))
        model.fit(X, y, epochs=3, verbose=0, batch_size=2, shuffle=False)
        trained.append(model.get_weights())
    for found, expected in zip(*trained, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_a_batch_without_steps_that_count_changes_nothing() -> None:
    model = masked_model("mse")
    before = model.get_weights()
    assert model.train_on_batch(np.zeros((2, 4)), np.ones((2, 4, 2))) == 0
    for found, expected in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_masks_that_nobody_takes_or_that_do_not_fit() -> None:
    with pytest.raises(TypeError, match="takes no mask"):
        layers.Dense(2)(np.ones((2, 3, 4)), mask=np.ones((2, 3)))


@pytest.mark.parametrize("steps", [5, None], ids=["fixed", "open"])
def test_masks_go_through_models_in_models(steps: Any) -> None:
    """In, through and out, where a layer inside makes the mask; the same as all layers in one model."""
    embedding, masking = layers.Embedding(6, 3, mask_zero=True), layers.Masking()
    first, second = layers.GRU(4, return_sequences=True), layers.LSTM(2)

    def chain(shape: Any, *inner: Any) -> Any:
        return Sequential([layers.Input(shape), *inner])

    encoder, decoder = chain((steps,), embedding, first), chain((steps, 4), second)
    x = layers.Input((steps,))
    nested = Model(x, decoder(encoder(x)))
    flat = chain((steps,), embedding, first, second)
    tokens = np.array([[1, 2, 0, 0, 0], [3, 0, 4, 5, 0], [0, 0, 0, 0, 0]])
    np.testing.assert_array_equal(nested.predict(tokens), flat.predict(tokens))
    np.testing.assert_array_equal(
        Model.from_config(nested.get_config()).predict(tokens).shape, flat.predict(tokens).shape
    )
    padded = np.random.default_rng(2).normal(size=(2, 5, 3)) * np.array([[1, 1, 0, 0, 0], [1, 0, 1, 1, 0]])[..., None]
    sequence = layers.Input((steps, 3))
    gru = chain((steps, 3), layers.GRU(4, return_sequences=True))
    through = Model(sequence, second(gru(masking(sequence))))
    straight = Model(sequence, second(gru.layers[0](masking(sequence))))
    np.testing.assert_array_equal(through.predict(padded), straight.predict(padded))
    for model in (through, straight):
        model.compile("sgd", "mse")
    assert through.evaluate(padded, np.ones((2, 2)), verbose=0) == straight.evaluate(padded, np.ones((2, 2)), verbose=0)
