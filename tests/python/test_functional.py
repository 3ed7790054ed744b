"""The functional API: several inputs and outputs by name, shared layers, models in models, files, errors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier import Input, Model, Sequential, layers, models

Array = np.ndarray
RANDOM = np.random.default_rng(1)
X, Z = RANDOM.normal(size=(40, 4)), RANDOM.normal(size=(40, 2))


def two_by_two(named: bool) -> Model:
    """Two inputs, two outputs, a layer that is used twice."""
    first, second = Input((4,), name="first"), Input((2,), name="second")
    shared = layers.Dense(3, activation="tanh", name="shared")
    joined = layers.Concatenate(name="joined")([shared(first), shared(layers.Dense(4, name="widen")(second))])
    left, right = layers.Dense(1, name="left")(joined), layers.Dense(2, activation="softmax", name="right")(joined)
    if named:
        return Model({"a": first, "b": second}, {"value": left, "kind": right})
    return Model([first, second], [left, right])


def trained(model: Model, x: Any, y: Any, **losses: Any) -> list[Array]:
    start = np.random.default_rng(2)
    model.set_weights([start.normal(size=weight.shape) for weight in model.get_weights()])
    model.compile("sgd", **losses)
    model.fit(x, y, epochs=2, shuffle=False, verbose=0)
    return model.get_weights()


def test_arrays_by_name_and_in_order_are_the_same() -> None:
    targets = [X[:, :1], np.arange(40) % 2]
    losses = ["mse", "sparse_categorical_crossentropy"]
    in_order = two_by_two(named=False)
    expected = trained(in_order, [X, Z], targets, loss=losses, loss_weights=[0.5, 2], metrics=[["mae"], ["acc"]])
    by_name = two_by_two(named=False)
    found = trained(
        by_name,
        {"second": Z, "first": X},
        dict(zip(["left", "right"], targets, strict=True)),
        loss=dict(zip(["left", "right"], losses, strict=True)),
        loss_weights={"right": 2, "left": 0.5},
        metrics={"left": ["mae"], "right": "acc"},
    )
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    named = two_by_two(named=True)
    keyed = dict(zip(["value", "kind"], targets, strict=True))
    loss = dict(zip(keyed, losses, strict=True))
    found = trained(named, {"a": X, "b": Z}, keyed, loss=loss, loss_weights={"value": 0.5, "kind": 2})
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    result = named.predict({"a": X, "b": Z})
    assert list(result) == ["value", "kind"]
    for ours, theirs in zip(result.values(), in_order.predict([X, Z]), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert named.evaluate({"a": X, "b": Z}, keyed, verbose=0, return_dict=True).keys() >= {"loss", "kind_loss"}
    assert named.output_names == ["value", "kind"]
    assert named.input_names == ["a", "b"]


def encoder() -> Model:
    x = Input((4,), name="pixels")
    return Model(x, layers.Dense(2, activation="tanh", name="code")(x), name="encoder")


def nested() -> Model:
    """A model in a model, twice, and a chain in a chain."""
    inside = encoder()
    decoder = Sequential(
        [Sequential([layers.Dense(5, activation="relu", name="code")], name="inner"), layers.Dense(4, name="out")],
        name="decoder",
    )
    a, b = Input((4,), name="a"), Input((4,), name="b")
    return Model([a, b], decoder(layers.add([inside(a), inside(b)], name="sum")), name="outer")


def numpy_nested(weights: list[Array], a: Array, b: Array) -> Array:
    w, c, v, d, u, e = weights
    code = np.tanh(a @ w + c) + np.tanh(b @ w + c)
    return np.maximum(code @ v + d, 0) @ u + e


def test_models_are_layers() -> None:
    model = nested()
    assert [layer.name for layer in model.layers] == ["a", "b", "encoder", "sum", "decoder"]
    assert [variable.path for variable in model.weights] == [
        f"{layer}/{name}" for layer in ("code", "code", "out") for name in ("kernel", "bias")
    ]
    weights = [RANDOM.normal(size=weight.shape) for weight in model.get_weights()]
    model.set_weights(weights)
    other = X[::-1]
    np.testing.assert_allclose(model.predict([X, other]), numpy_nested(weights, X, other), rtol=1e-4, atol=1e-5)
    assert model.get_layer("encoder").count_params() == 10
    assert model.count_params() == sum(weight.size for weight in weights)
    np.testing.assert_allclose(
        model.get_layer("encoder").predict(X), np.tanh(X @ weights[0] + weights[1]), rtol=1e-4, atol=1e-5
    )


def test_frozen_models_in_models_stay() -> None:
    model = nested()
    model.get_layer("encoder").trainable = False
    assert len(model.trainable_weights) == 4
    before = model.get_weights()
    model.compile("sgd", "mse")
    model.fit([X, X], X, verbose=0)
    after = model.get_weights()
    assert [np.array_equal(one, other) for one, other in zip(before, after, strict=True)] == [True] * 2 + [False] * 4
    again = Model.from_config(model.get_config())
    assert [layer.trainable for layer in again.layers] == [layer.trainable for layer in model.layers]


def test_configuration_of_models_in_models() -> None:
    model = nested()
    written = json.loads(json.dumps(model.get_config()))
    again = Model.from_config(written)
    assert again.get_config() == model.get_config()
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again.predict([X, X]), model.predict([X, X]))
    copy = models.clone_model(model)
    assert copy.count_params() == model.count_params()
    assert copy.get_layer("encoder") is not model.get_layer("encoder")
    for named in (two_by_two(True), two_by_two(False)):
        assert Model.from_config(json.loads(json.dumps(named.get_config()))).get_config() == named.get_config()


@pytest.mark.parametrize("ending", [".safetensors", ".keras"])
@pytest.mark.parametrize("make", [nested, lambda: two_by_two(True)], ids=["nested", "named"])
def test_files_of_models_in_models(make: Any, ending: str, tmp_path: Path) -> None:
    model = make()
    x = [X, X] if model.name == "outer" else {"a": X, "b": Z}
    y = X if model.name == "outer" else {"value": X[:, :1], "kind": np.arange(40) % 2}
    losses = {"value": "mse", "kind": "sparse_categorical_crossentropy"}
    model.compile("adam", "mse" if model.name == "outer" else losses)
    model.fit(x, y, verbose=0)
    model.save(tmp_path / f"model{ending}")
    loaded = models.load_model(tmp_path / f"model{ending}")
    assert loaded.get_config() == model.get_config()
    for each in (model, loaded):
        each.fit(x, y, epochs=2, shuffle=False, verbose=0)
    for one, other in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    for weights in ("w.safetensors", "w.weights.h5"):
        model.save_weights(tmp_path / weights)
        fresh = make()
        fresh.load_weights(tmp_path / weights)
        for one, other in zip(model.get_weights(), fresh.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_model_from_the_middle_of_another() -> None:
    x = Input((4,))
    code = layers.Dense(2, name="code")(x)
    whole = Model(x, layers.Dense(4, name="out")(code))
    tail = Model(code, whole.output)
    assert [layer.name for layer in tail.layers][1:] == ["out"]
    np.testing.assert_allclose(tail.predict(Model(x, code).predict(X)), whole.predict(X), rtol=1e-5, atol=1e-6)


def test_the_same_value_twice() -> None:
    x = Input((4,))
    y = layers.Dense(2)(x)
    model = Model(x, [y, y, x])
    for found, expected in zip(model.predict(X), [*[Model(x, y).predict(X)] * 2, X.astype("f4")], strict=True):
        np.testing.assert_array_equal(found, expected)


def test_summary_of_models_in_models() -> None:
    lines: list[str] = []
    nested().summary(print_fn=lines.append, expand_nested=True)
    text = "\n".join(lines)
    for words in ("(Functional)", "   └ code (Dense)", "   └ inner", "      └ code", "encoder[0][0]", "encoder[1][0]"):
        assert words in text, text
    short: list[str] = []
    nested().summary(print_fn=short.append)
    assert "└ code" not in "\n".join(short)


@pytest.mark.parametrize(
    ("attempt", "words"),
    [
        (lambda: encoder()(Input((5,))), r"\[encoder\] expected input \(\*, 4\), got \(\*, 5\)"),
        (lambda: encoder()([Input((4,)), Input((4,))]), "encoder"),
        (lambda: two_by_two(False)(Input((4,))), r"inputs must be a list of 2 arrays, for \['first', 'second'\]"),
        (lambda: Model(Input((4,)), layers.Dense(2)(Input((4,)))), "the outputs need the input"),
        (lambda: Sequential([two_by_two(False)]).build((None, 4)), "two_by|inputs|expected"),
        (lambda: layers.add([Input((3,)), Input((4,))]), "do not go together"),
    ],
)
def test_errors(attempt: Any, words: str) -> None:
    with pytest.raises((ValueError, TypeError), match=words):
        attempt()


def test_a_graph_that_feeds_itself_is_refused() -> None:
    config = nested().get_config()
    config["nodes"][2]["inputs"] = [[4, 0]]
    with pytest.raises(ValueError, match="there is no output 0 of node 4 before it is used"):
        Model.from_config(config)
