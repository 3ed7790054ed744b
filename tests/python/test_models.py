"""Building models: sequential and functional, deferred and at once, sharing, names, weights, configuration."""

import functools
import gc
import json
import weakref
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import Input, Model, Sequential, activations, layers
from ranvier.layers import Dense
from ranvier.utils import clear_session

X = np.linspace(-1, 1, 24).reshape(6, 4)


def dense(x: np.ndarray, weights: list[np.ndarray]) -> np.ndarray:
    return x @ weights[0] + weights[1]


def test_the_three_ways_to_give_an_input_shape() -> None:
    for front in (
        [Dense(3, input_shape=(4,))],
        [Dense(3, input_dim=4)],
        [Dense(3, batch_input_shape=(None, 4))],
        [Input((4,)), Dense(3)],
        [layers.InputLayer((4,)), Dense(3)],
        [layers.InputLayer(input_shape=(4,)), Dense(3)],
        [Input(batch_shape=(None, 4)), Dense(3)],
        [Input(4), Dense(3)],
    ):
        model = Sequential(front)
        assert model.built
        assert (model.input_shape, model.output_shape) == ((None, 4), (None, 3))
        assert [type(layer) for layer in model.layers] == [Dense]


@pytest.mark.parametrize("first", ["build", "call", "predict", "fit"])
def test_the_input_shape_may_be_learnt(first: str) -> None:
    model = Sequential([Dense(3), layers.Flatten(), Dense(2)])
    assert not model.built
    assert model.weights == []
    with pytest.raises(ValueError, match="does not know its input shape"):
        _ = model.output_shape
    model.compile("sgd", "mse")
    x = np.ones((5, 7, 4))
    {
        "build": lambda: model.build((None, 7, 4)),
        "call": lambda: model(x),
        "predict": lambda: model.predict(x),
        "fit": lambda: model.fit(x, np.ones((5, 2)), verbose=0),
    }[first]()
    assert model.input_shape == (None, 7, 4)
    assert [weight.shape for weight in model.get_weights()] == [(4, 3), (3,), (21, 2), (2,)]
    with pytest.raises(ValueError, match="expected shape"):
        model.predict(x[:, :3])
    with pytest.raises(ValueError, match="is built for the input"):
        model.build((None, 3, 4))


def test_a_vector_is_a_column_for_a_model_that_learns_its_shape() -> None:
    model = Sequential([Dense(1)])
    assert model.predict(np.arange(5.0)).shape == (5, 1)


def test_add_and_pop_keep_the_weights_of_the_others() -> None:
    model = Sequential([Dense(3, input_shape=(4,)), Dense(2)])
    first = model.layers[0].get_weights()
    before = model.predict(X)
    assert model.pop() is not model.layers[-1]
    np.testing.assert_array_equal(model.predict(X), layers_output(model.layers[0]))
    model.add(Dense(5))
    assert model.output_shape == (None, 5)
    assert model.predict(X).shape == (6, 5)
    assert before.shape == (6, 2)
    for old, new in zip(first, model.layers[0].get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def layers_output(layer: layers.Layer) -> Any:
    return layer(X)


def test_training_goes_on_after_a_layer_is_exchanged() -> None:
    model = Sequential([Dense(3, input_shape=(4,)), Dense(2)])
    model.compile("adam", "mse")
    model.fit(X, np.ones((6, 2)), verbose=0)
    model.pop()
    model.layers[0].trainable = False
    model.add(Dense(1))
    kept = model.layers[0].get_weights()
    losses = model.fit(X, np.ones(6), epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    np.testing.assert_array_equal(kept[0], model.layers[0].get_weights()[0])


def test_failing_to_add_changes_nothing() -> None:
    model = Sequential([Dense(3, input_shape=(4,))])
    with pytest.raises(ValueError, match="cannot reshape"):
        model.add(layers.Reshape((2,)))
    assert len(model.layers) == 1
    assert model.predict(X).shape == (6, 3)


def test_residual_model_with_two_inputs_and_outputs() -> None:
    a, b = Input((4,), name="a"), Input((2,), name="b")
    hidden = Dense(4, name="hidden")(a)
    joined = layers.concatenate([layers.add([a, hidden]), b])
    model = Model([a, b], [Dense(1, name="left")(joined), Dense(3, name="right")(hidden)])
    weights = {layer.name: layer.get_weights() for layer in model.layers}
    b_data = np.ones((6, 2))
    left, right = model.predict([X, b_data])
    h = dense(X, weights["hidden"])
    np.testing.assert_allclose(left, dense(np.concatenate([X + h, b_data], 1), weights["left"]), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(right, dense(h, weights["right"]), rtol=1e-5, atol=1e-6)
    by_name = model.predict({"b": b_data, "a": X})
    np.testing.assert_array_equal(by_name[0], left)
    assert model.output_names == ["left", "right"]
    assert [layer.name for layer in model.layers][:2] == ["a", "hidden"]
    assert len(model.inputs) == len(model.outputs) == 2


def test_a_layer_called_twice_shares_its_weights() -> None:
    a, b = Input((4,)), Input((4,))
    shared = Dense(2)
    model = Model([a, b], layers.add([shared(a), shared(b)]))
    assert model.count_params() == 10
    np.testing.assert_allclose(model.predict([X, 2 * X]), shared(X) + shared(2 * X), rtol=1e-5, atol=1e-6)


def test_a_model_of_another_models_inside() -> None:
    model = Sequential([Dense(3, input_shape=(4,), activation="relu"), Dense(2)])
    features = Model(model.input, model.layers[0].output)
    np.testing.assert_array_equal(features.predict(X), model.layers[0](X))
    assert features.weights[0].numpy() is not None
    model.layers[0].set_weights([np.zeros((4, 3)), np.ones(3)])
    np.testing.assert_array_equal(features.predict(X), np.ones((6, 3)))


def test_layers_on_arrays() -> None:
    layer = Dense(3, activation="relu")
    y = layer(X)
    np.testing.assert_allclose(y, np.maximum(dense(X, layer.get_weights()), 0), rtol=1e-5, atol=1e-6)
    assert layer([[1, 2, 3, 4]]).shape == (1, 3)
    assert layer(np.ones((2, 5, 4))).shape == (2, 5, 3)
    assert layers.Concatenate()([X, X]).shape == (6, 8)
    drop = layers.Dropout(0.5, seed=1)
    np.testing.assert_array_equal(drop(X), X.astype(np.float32))
    dropped = drop(np.ones((100, 100)), training=True)
    assert set(np.unique(dropped)) == {0, 2}
    assert 0.45 < (dropped == 0).mean() < 0.55
    assert not np.array_equal(dropped, drop(np.ones((100, 100)), training=True))


def test_dropout_noise_shape_is_shared() -> None:
    dropped = layers.Dropout(0.5, noise_shape=(None, 1, 8), seed=1)(np.ones((20, 5, 8)), training=True)
    assert (dropped == dropped[:, :1]).all()
    assert 0 < (dropped == 0).mean() < 1


@pytest.mark.parametrize(
    "activation",
    [
        "leaky_relu",
        functools.partial(activations.get("leaky_relu"), negative_slope=0.5),
        layers.LeakyReLU(0.5),
        layers.ReLU(max_value=0.5, negative_slope=0.1, threshold=0.1),
        layers.Softmax(),
        layers.Activation("tanh"),
        activations.get("gelu"),
        None,
    ],
    ids=str,
)
def test_every_spelling_of_an_activation(activation: Any) -> None:
    layer = Dense(3, activation=activation)
    y = layer(X)
    function = activations.get(activation)
    np.testing.assert_allclose(y, function(dense(X, layer.get_weights())), rtol=1e-5, atol=1e-6)
    again = layers.deserialize(json.loads(json.dumps(layers.serialize(layer))))
    again.build((None, 4))
    again.set_weights(layer.get_weights())
    np.testing.assert_array_equal(again(X), y)


def test_float64_throughout() -> None:
    model = Sequential([Dense(3, input_shape=(4,), dtype="float64"), Dense(2, dtype="float64")])
    weights = model.get_weights()
    assert {weight.dtype for weight in weights} == {np.dtype("float64")}
    np.testing.assert_allclose(model.predict(X), dense(dense(X, weights[:2]), weights[2:]), rtol=1e-14)
    ranvier.config.set_floatx("float64")
    try:
        assert Dense(1).dtype == "float64"
    finally:
        ranvier.config.set_floatx("float32")


def test_names_are_numbered_as_in_keras() -> None:
    clear_session()
    assert [Dense(1).name for _ in range(3)] == ["dense", "dense_1", "dense_2"]
    assert [layers.ReLU().name, layers.LeakyReLU().name, layers.ELU().name] == ["re_lu", "leaky_re_lu", "elu"]
    assert [Sequential().name, Sequential().name, Sequential(name="mine").name] == [
        "sequential",
        "sequential_1",
        "mine",
    ]
    assert Input((3,)).name == "input_layer"
    clear_session()
    assert Dense(1).name == "dense"


def test_weights_as_python_sees_them() -> None:
    layer = Dense(2, name="pair")
    assert layer.weights == []
    with pytest.raises(ValueError, match="has no weights before"):
        layer.count_params()
    layer.build((None, 3))
    kernel, bias = layer.weights
    assert (kernel.path, kernel.shape, kernel.dtype, kernel.trainable) == ("pair/kernel", (3, 2), "float32", True)
    bias.assign([1, 2])
    bias.assign_add([1, 1])
    bias.assign_sub([0, 3])
    np.testing.assert_array_equal(np.asarray(bias), [2, 0])
    kernel.numpy()[...] = 0
    np.testing.assert_array_equal(layer(np.ones((1, 3))), [[2, 0]])
    assert np.array(bias, dtype=np.float64).dtype == np.float64
    assert "path=pair/bias" in repr(bias)
    with pytest.raises(ValueError, match="expected values of shape"):
        bias.assign([1])


def test_get_weights_are_copies_and_set_weights_is_all_or_nothing() -> None:
    model = Sequential([Dense(3, input_shape=(4,)), Dense(2)])
    before = model.get_weights()
    before[0][...] = 7
    assert not (model.get_weights()[0] == 7).any()
    with pytest.raises(ValueError, match="expected values of shape"):
        model.set_weights([before[0], before[1], before[2], np.ones(5)])
    assert not (model.get_weights()[0] == 7).any()
    model.set_weights(before)
    assert (model.layers[0].get_weights()[0] == 7).all()


def test_trainable_is_passed_on() -> None:
    model = Sequential([Dense(3, input_shape=(4,)), Dense(2, trainable=False)])
    assert (len(model.trainable_weights), len(model.non_trainable_weights)) == (2, 2)
    model.trainable = False
    assert model.trainable_variables == []
    model.layers[0].trainable = True
    assert [variable.path for variable in model.trainable_variables] == [
        f"{model.layers[0].name}/{name}" for name in ("kernel", "bias")
    ]


def test_initializers_may_be_anything() -> None:
    layer = Dense(2, kernel_initializer=lambda shape, dtype: np.full(shape, 3.0), bias_initializer="ones")
    np.testing.assert_array_equal(layer(np.ones((1, 2))), [[7, 7]])


def test_configuration_makes_the_same_model_again() -> None:
    sequential = Sequential([Dense(3, input_shape=(4,), activation="relu"), layers.Dropout(0.1), Dense(2)], name="s")
    x = Input((4,), name="x")
    shared = Dense(4, name="shared")
    functional = Model(x, [layers.add([shared(x), shared(shared(x))]), layers.Reshape((2, 2))(x)], name="f")
    for model in (sequential, functional):
        config = json.loads(json.dumps(model.get_config()))
        again = type(model).from_config(config)
        assert again.get_config() == config
        again.set_weights(model.get_weights())
        for left, right in zip(as_list(again.predict(X)), as_list(model.predict(X)), strict=True):
            np.testing.assert_array_equal(left, right)


def as_list(outputs: Any) -> list[Any]:
    return outputs if isinstance(outputs, list) else [outputs]


def test_predict_takes_rows_of_any_kind(tmp_path: Any) -> None:
    model = Sequential([Dense(3, input_shape=(4,))])
    integers = np.arange(24).reshape(6, 4)
    expected = model.predict(integers.astype(np.float32))
    mapped = np.memmap(tmp_path / "x", dtype="f8", mode="w+", shape=(6, 4))
    mapped[...] = integers
    for rows in (
        integers,
        integers.astype("u1"),
        integers.astype("f2"),
        integers.astype(">f8"),
        np.asfortranarray(integers, dtype="f8"),
        np.repeat(integers, 2, axis=0)[::2],
        integers.tolist(),
        list(integers),
        [integers],
        tuple(map(tuple, integers.tolist())),
        mapped,
    ):
        np.testing.assert_array_equal(model.predict(rows), expected)
        np.testing.assert_array_equal(model(rows), expected)
    assert model.predict(X[:0]).shape == (0, 3)
    assert model.predict(X, batch_size=2, steps=2).shape == (4, 3)
    assert model.predict_on_batch(X).shape == (6, 3)


def test_predict_takes_data_frames() -> None:
    pandas = pytest.importorskip("pandas")
    model = Sequential([Dense(3, input_shape=(4,))])
    frame = pandas.DataFrame(X, columns=list("abcd"))
    np.testing.assert_array_equal(model.predict(frame), model.predict(X))
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(frame, pandas.Series([0, 1, 2] * 2), verbose=0)
    with pytest.raises(TypeError, match=r"x\['a'\] must be an array of numbers"):
        model.predict(frame.assign(a="text"))


def test_a_rows_prediction_does_not_depend_on_its_batch() -> None:
    model = Sequential([Dense(64, input_shape=(4,), activation="tanh"), Dense(10, activation="softmax")])
    rows = np.random.default_rng(1).normal(size=(100, 4)).astype(np.float32)
    together = model.predict(rows)
    np.testing.assert_array_equal(np.concatenate([model.predict(rows[i : i + 1]) for i in range(100)]), together)


def test_dropout_drops_only_in_training() -> None:
    model = Sequential([Input((4,)), layers.Dropout(0.5)])
    np.testing.assert_array_equal(model(X), X.astype(np.float32))
    assert (model(X + 3, training=True) == 0).any()


def test_models_are_freed_at_once() -> None:
    gc.collect()
    gc.disable()
    try:
        model: Any = Sequential([Dense(3, input_shape=(4,)), Dense(2)])
        model.compile("adam", "mse", metrics=["mae"])
        history = model.fit(X, np.ones((6, 2)), verbose=0)
        model.predict(X)
        x = Input((4,))
        functional: Any = Model(x, Dense(2)(x))
        alive = [weakref.ref(model), weakref.ref(functional), weakref.ref(functional.layers[1])]
        assert history.model is model
        del model, functional, x
        assert [reference() for reference in alive] == [None] * 3
        assert history.model is None
    finally:
        gc.enable()


def test_get_layer() -> None:
    model = Sequential([Dense(3, name="a"), Dense(2, name="b")])
    assert model.get_layer("b") is model.layers[1]
    assert model.get_layer(index=-1) is model.layers[1]


def test_deep_chains_need_no_deep_stack() -> None:
    symbol = x = Input((2,))
    for _ in range(2000):
        symbol = layers.Identity()(symbol)
    np.testing.assert_array_equal(Model(x, symbol).predict(np.ones((1, 2))), [[1, 1]])
