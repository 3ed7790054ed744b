"""Transfer learning: frozen layers, layers taken off and put on, layers of two models, weights by name."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import assert_same_bits

import ranvier
from ranvier import Input, Model, Sequential, layers
from ranvier.saving import ModelFileError
from ranvier.utils import set_random_seed

RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(60, 4)) * 3 + 1
Y = RANDOM.integers(0, 3, 60)


def trunk() -> list[Any]:
    return [
        layers.Dense(8, activation="relu", name="first"),
        layers.BatchNormalization(name="norm"),
        layers.Dense(6, activation="tanh", name="second"),
    ]


def network(*head: Any) -> Sequential:
    return Sequential([Input((4,)), *trunk(), *(head or [layers.Dense(3, activation="softmax", name="head")])])


def train(model: Model, epochs: int = 2, y: Any = Y, loss: str = "sparse_categorical_crossentropy") -> None:
    model.compile(ranvier.optimizers.Adam(0.01), loss)
    model.fit(X, y, epochs=epochs, verbose=0)


def bits(layer: Any) -> list[Any]:
    return [variable.numpy().copy() for variable in layer.variables]


def unchanged(layer: Any, before: list[Any]) -> None:
    for variable, value in zip(layer.variables, before, strict=True):
        assert_same_bits(variable.numpy(), value)


def changed(layer: Any, before: list[Any]) -> bool:
    return all((variable.numpy() != value).any() for variable, value in zip(layer.variables, before, strict=True))


def test_frozen_layers_stay_and_the_others_learn() -> None:
    model = network()
    model.get_layer("first").trainable = False
    model.get_layer("norm").trainable = False
    before = {layer.name: bits(layer) for layer in model.layers}
    train(model)
    for name in ("first", "norm"):
        unchanged(model.get_layer(name), before[name])
    for name in ("second", "head"):
        assert changed(model.get_layer(name), before[name])
    assert [v.path for v in model.trainable_variables] == ["second/kernel", "second/bias", "head/kernel", "head/bias"]
    assert len(model.optimizer.variables) == 2 + 2 * 4  # a frozen weight has no moments


def test_freezing_takes_effect_with_the_next_fit() -> None:
    model = network()
    train(model)
    model.trainable = False
    assert not any(layer.trainable for layer in model.layers)
    model.get_layer("head").trainable = True
    before = {layer.name: bits(layer) for layer in model.layers}
    model.fit(X, Y, verbose=0)
    for name in ("first", "norm", "second"):
        unchanged(model.get_layer(name), before[name])
    assert changed(model.get_layer("head"), before["head"])
    model.trainable = True
    model.fit(X, Y, verbose=0)
    assert all(changed(layer, before[layer.name]) for layer in model.layers)


def test_a_frozen_gradient_is_that_of_the_whole_network() -> None:
    """The layers in front of what learns do not change what it learns."""
    whole, cut = network(), network()
    cut.set_weights(whole.get_weights())
    for layer in whole.layers[:-1]:
        layer.trainable = False
    features = Model(cut.inputs, cut.layers[-2].output).predict(X)
    head = Sequential([Input((6,)), layers.Dense(3, activation="softmax")])
    head.set_weights(cut.layers[-1].get_weights())
    for model, x in ((whole, X), (head, features)):
        model.compile("sgd", "sparse_categorical_crossentropy")
        model.fit(x, Y, epochs=3, shuffle=False, verbose=0)
    for ours, theirs in zip(whole.layers[-1].get_weights(), head.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_a_frozen_batch_normalization_works_as_in_inference() -> None:
    model = network()
    train(model)
    norm = model.get_layer("norm")
    norm.trainable = False
    statistics = bits(norm)
    inside = Model(model.inputs, norm.output)
    assert_same_bits(inside(X, training=True), inside(X, training=False))
    model.fit(X, Y, epochs=3, verbose=0)
    unchanged(norm, statistics)
    norm.trainable = True
    assert np.abs(inside(X, training=True) - inside(X, training=False)).max() > 1e-3
    model.fit(X, Y, verbose=0)
    assert changed(norm, statistics)


def test_pop_and_add() -> None:
    model = network()
    train(model)
    kept = [bits(layer) for layer in model.layers[:-1]]
    features = Model(model.inputs, model.layers[-2].output).predict(X)
    head = model.pop()
    assert head.name == "head"
    assert model.output_shape == (None, 6)
    assert_same_bits(model.predict(X), features)
    for layer in model.layers:
        layer.trainable = False
    model.add(layers.Dense(5, activation="relu", name="new"))
    model.add(layers.Dense(1, name="last"))
    train(model, y=X[:, 0], loss="mse")
    for layer, before in zip(model.layers, kept, strict=False):
        unchanged(layer, before)
    model.pop()
    model.pop()
    model.add(head)  # the old one again, with what it knew
    assert model.predict(X).shape == (60, 3)
    assert [layer.name for layer in model.layers] == ["first", "norm", "second", "head"]


def test_layers_that_two_models_share() -> None:
    x = Input((4,))
    body = x
    for layer in trunk():
        body = layer(body)
    one = Model(x, layers.Dense(3, activation="softmax")(body))
    other = Model(x, layers.Dense(1)(body))
    before = other.predict(X)
    train(one)
    assert (other.predict(X) != before).any()
    shared = bits(one.get_layer("first"))
    unchanged(other.get_layer("first"), shared)
    train(other, y=X[:, 0], loss="mse")
    assert changed(one.get_layer("first"), shared)
    one.get_layer("first").trainable = False
    assert not other.get_layer("first").trainable
    shared = bits(one.get_layer("first"))
    for model, y in ((one, Y), (other, X[:, 0])):
        model.fit(X, y, verbose=0)
    unchanged(one.get_layer("first"), shared)
    # A Sequential shares as well.
    stack = Sequential([Input((4,)), one.get_layer("first"), layers.Dense(2)])
    assert_same_bits(stack.layers[0].get_weights()[0], shared[0])


def test_get_layer() -> None:
    model = network()
    assert model.get_layer("second") is model.layers[2] is model.get_layer(index=2) is model.get_layer(index=-2)
    with pytest.raises(ValueError, match=r"unknown layer 'secnd'; did you mean 'second'\?"):
        model.get_layer("secnd")
    with pytest.raises(ValueError, match="there is no layer 7: it has 4 layers"):
        model.get_layer(index=7)
    with pytest.raises(ValueError, match="either name or index"):
        model.get_layer()


@pytest.mark.parametrize("ending", [".safetensors", ".weights.h5"])
def test_weights_by_name_where_a_layer_does_not_fit(tmp_path: Path, ending: str) -> None:
    source = network()
    train(source)
    path = tmp_path / f"weights{ending}"
    source.save_weights(path)
    target = network(layers.Dense(5, name="extra"), layers.Dense(7, activation="softmax", name="head"))
    before = {name: bits(target.get_layer(name)) for name in ("extra", "head")}
    with pytest.raises(ModelFileError, match=r"head has weights of shapes .*\(5, 7\).*skip_mismatch=True"):
        target.load_weights(path, by_name=True)
    assert not (target.layers[0].get_weights()[0] == source.layers[0].get_weights()[0]).all()
    with pytest.warns(UserWarning, match="head has weights of shapes"):
        target.load_weights(path, by_name=True, skip_mismatch=True)
    for name in ("first", "norm", "second"):
        unchanged(target.get_layer(name), bits(source.get_layer(name)))
    for name, values in before.items():
        unchanged(target.get_layer(name), values)


@pytest.mark.parametrize("ending", [".safetensors", ".keras"])
def test_what_is_frozen_is_kept_in_files(tmp_path: Path, ending: str) -> None:
    model = network()
    model.trainable = False
    model.get_layer("head").trainable = True
    model.save(tmp_path / f"model{ending}")
    loaded = ranvier.models.load_model(tmp_path / f"model{ending}")
    assert [layer.trainable for layer in loaded.layers] == [False, False, False, True]


def test_the_example_gains_by_what_the_network_knew() -> None:
    path = Path(__file__).parents[2] / "examples" / "fine_tuning.py"
    assert len(path.read_text().splitlines()) < 80
    specification = importlib.util.spec_from_file_location("fine_tuning", path)
    assert specification is not None
    assert specification.loader is not None
    example = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(example)
    set_random_seed(1)
    found = {name: np.mean(values) for name, values in example.compare(draws=3, copies=8, epochs=25).items()}
    assert found["then all layers"] > found["from nothing"] + 0.05
