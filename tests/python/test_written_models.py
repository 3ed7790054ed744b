"""Models written as a class with a method `call`: recorded once, then trained, saved and nested like any other."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import layers, models, ops
from ranvier.models import Model

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(40, 3)).astype("float32")
Y = X @ RANDOM.normal(size=(3, 2)).astype("float32")


class Perceptron(Model):
    """Two dense layers and a weight of its own."""

    def __init__(self, units: int = 4, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.hidden = layers.Dense(units, "tanh", dtype=self.dtype)
        self.ends = [layers.Dense(2, dtype=self.dtype)]
        self.calls = 0

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight((2,), "ones", name="scale")

    def call(self, inputs: Any) -> Any:
        self.calls += 1
        return self.ends[0](self.hidden(inputs)) * self.scale


def trained(**settings: Any) -> Perceptron:
    ranvier.utils.set_random_seed(5)
    model = Perceptron(**settings)
    model.compile("adam", "mse", metrics=["mae"])
    return model


def test_it_does_what_a_functional_model_does() -> None:
    model = trained()
    history = model.fit(X, Y, epochs=3, verbose=0).history
    ranvier.utils.set_random_seed(5)
    x = ranvier.Input((3,))
    twin = Model(x, layers.Dense(2)(layers.Dense(4, "tanh")(x)))
    assert [w.shape for w in model.get_weights()] == [(2,), (3, 4), (4,), (4, 2), (2,)]
    assert model.calls == 1
    start = trained()
    start.build((None, 3))
    twin.set_weights(start.get_weights()[1:])
    np.testing.assert_allclose(start.predict(X), twin.predict(X), rtol=1e-6)
    assert history["loss"][-1] < history["loss"][0]


def test_the_arithmetic_is_that_of_numpy() -> None:
    model = Perceptron(dtype="float64")
    assert not model.built
    out = model(X)
    scale, kernel, bias, kernel_2, bias_2 = model.get_weights()
    wanted = (np.tanh(X.astype("float64") @ kernel + bias) @ kernel_2 + bias_2) * scale
    np.testing.assert_allclose(out, wanted, rtol=1e-12)
    assert model.built
    assert [layer.name for layer in model.layers] == [model.hidden.name, model.ends[0].name]
    assert model.count_params() == 3 * 4 + 4 + 4 * 2 + 2 + 2


def test_build_makes_the_weights_once() -> None:
    model = Perceptron()
    model.build((None, 3))
    before = model.get_weights()
    model.build((None, 3))
    model.predict(X)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert len(model.weights) == 5


def test_training_reaches_call_both_ways() -> None:
    class Noisy(Model):
        def call(self, inputs: Any, training: bool = False) -> Any:
            return inputs * 3 if training else inputs

    model = Noisy()
    np.testing.assert_array_equal(model(X), X)
    np.testing.assert_allclose(model(X, training=True), 3 * X)
    np.testing.assert_array_equal(model.predict(X), X)
    model.compile("sgd", "mse")
    assert model.evaluate(X, X, verbose=0) == 0
    assert model.fit(X, 3 * X, verbose=0).history["loss"] == [pytest.approx(0, abs=1e-10)]


def test_training_in_a_layer() -> None:
    class Doubled(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(3, kernel_initializer="ones")

        def call(self, inputs: Any, training: bool = False) -> Any:
            made = self.dense(inputs, training=training)
            return made + 1 if training else made

    x = ranvier.Input((3,))
    model = Model(x, Doubled()(x))
    np.testing.assert_allclose(model(X, training=True), model(X) + 1, rtol=1e-6)
    np.testing.assert_allclose(ranvier.gradients(model, X), np.full_like(X, 3), rtol=1e-6)


def test_branches_that_are_the_same_are_one() -> None:
    class Dropped(Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(200)
            self.dropout = layers.Dropout(0.5)

        def call(self, inputs: Any, training: bool = False) -> Any:
            return self.dropout(self.dense(inputs), training=training)

    model = Dropped()
    model.build((None, 3))
    kinds = [type(node.layer).__name__ for node in model._nodes]
    assert kinds == ["InputLayer", "Dense", "Dropout"]
    assert (model(X, training=True) == 0).mean() == pytest.approx(0.5, abs=0.05)
    assert not (model(X) == 0).any()


def test_branches_of_different_shape_are_refused() -> None:
    class Changing(Model):
        def call(self, inputs: Any, training: bool = False) -> Any:
            return ops.sum(inputs, axis=-1) if training else inputs

    with pytest.raises(ValueError, match="both must have one shape"):
        Changing()(X)


def test_several_inputs_and_outputs() -> None:
    class Two(Model):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = layers.Dense(2), layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            first, second = inputs
            return {"sum": self.a(first) + second, "size": self.b(first)}

    model = Two()
    model.compile("sgd", {"size": "mse", "sum": "mae"}, metrics={"sum": ["mse"]})
    history = model.fit([X, Y], {"sum": Y, "size": X[:, :1]}, verbose=0, epochs=2).history
    assert set(history) == {"loss", "size_loss", "sum_loss", "sum_mse"}
    made = model.predict([X, Y])
    assert {name: value.shape for name, value in made.items()} == {"sum": (40, 2), "size": (40, 1)}
    assert model.evaluate([X, Y], {"sum": Y, "size": X[:, :1]}, verbose=0, return_dict=True).keys() == set(history)


def test_inputs_by_name() -> None:
    class Named(Model):
        def call(self, inputs: Any) -> Any:
            return inputs["a"] + 2 * inputs["b"]

    model = Named()
    np.testing.assert_allclose(model.predict({"a": X, "b": X}), 3 * X, rtol=1e-6)
    np.testing.assert_allclose(model({"b": X, "a": -X}), X, rtol=1e-6)
    with pytest.raises(ValueError, match="needs the keys"):
        model.predict({"a": X})


def test_a_list_of_outputs_and_losses() -> None:
    class Both(Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, inputs: Any) -> Any:
            made = self.dense(inputs)
            return made, ops.tanh(made)

    model = Both()
    model.compile("sgd", ["mse", "mae"])
    history = model.fit(X, [Y, np.tanh(Y)], verbose=0).history
    assert set(history) == {"loss", "output_0_loss", "output_1_loss"}
    a, b = model.predict(X)
    np.testing.assert_allclose(np.tanh(a), b, rtol=1e-5)


def test_inside_another_model_and_shared() -> None:
    inner = Perceptron(name="inner")
    x = ranvier.Input((3,))
    model = Model(x, layers.Add()([inner(x), inner(-x)]))
    np.testing.assert_allclose(model.predict(X), inner.predict(X) + inner.predict(-X), rtol=1e-5, atol=1e-6)
    assert len(model.weights) == 5
    model.compile("sgd", "mse")
    before = inner.get_weights()
    model.fit(X, Y, verbose=0)
    assert any((a != b).any() for a, b in zip(before, inner.get_weights(), strict=True))


def test_models_in_a_model() -> None:
    class Autoencoder(Model):
        def __init__(self) -> None:
            super().__init__()
            self.encoder = models.Sequential([layers.Dense(2, "relu")])
            self.decoder = Perceptron()

        def call(self, inputs: Any) -> Any:
            return self.decoder(self.encoder(inputs))

    model = Autoencoder()
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    np.testing.assert_allclose(model.predict(X), model.decoder.predict(model.encoder.predict(X)), rtol=1e-5)


def test_other_sizes_are_recorded_again() -> None:
    class Means(Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(2)

        def call(self, inputs: Any) -> Any:
            return ops.mean(self.dense(inputs), axis=1)

    model = Means()
    for steps in (5, 2, 7):
        x = RANDOM.normal(size=(4, steps, 3)).astype("float32")
        kernel, bias = model.get_weights() or [None, None]
        found = model.predict(x)
        if kernel is not None:
            np.testing.assert_allclose(found, (x @ kernel + bias).mean(1), rtol=1e-4, atol=1e-6)
    with pytest.raises(ValueError, match=r"\[dense.*expected input"):
        model.predict(np.zeros((4, 5, 4), "float32"))


@pytest.mark.parametrize("way", ["file", "pickle", "clone"])
def test_again(way: str, tmp_path: Path) -> None:
    model = trained(units=5)
    model.fit(X, Y, verbose=0)
    if way == "file":
        model.save(tmp_path / "model.safetensors")
        again = models.load_model(tmp_path / "model.safetensors", custom_objects={"Perceptron": Perceptron})
    elif way == "pickle":
        again = copy.deepcopy(model)
    else:
        again = models.clone_model(model)
        again.set_weights(model.get_weights())
    assert type(again) is Perceptron
    assert again.units == 5
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    if way != "clone":
        for one in (model, again):
            ranvier.utils.set_random_seed(1)
            one.fit(X, Y, verbose=0, epochs=2)
        for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


def test_weights_in_a_file(tmp_path: Path) -> None:
    model, other = trained(), trained()
    model.build((None, 3))
    model.save_weights(tmp_path / "own.safetensors")
    with pytest.raises(ValueError, match="build it first"):
        Perceptron().load_weights(tmp_path / "own.safetensors")
    other.build((None, 3))
    other.load_weights(tmp_path / "own.safetensors")
    np.testing.assert_array_equal(other.predict(X), model.predict(X))


def test_summary_and_freezing(capsys: pytest.CaptureFixture[str]) -> None:
    model = trained()
    model.build((None, 3))
    model.summary()
    shown = capsys.readouterr().out
    assert "(None, 4)" in shown
    assert "Connected to" not in shown
    model.trainable = False
    before = model.get_weights()
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_cannot_be() -> None:
    with pytest.raises(TypeError, match="expected inputs and outputs, or a class with a method `call`"):
        Model()

    class Stepping(Model):
        def call(self, inputs: Any) -> Any:
            return inputs

        def train_step(self, data: Any) -> Any:
            return {}

    with pytest.raises(TypeError, match="train_step would not be called: training is native"):
        Stepping()

    class Numbers(Model):
        def call(self, inputs: Any) -> Any:
            return np.ones(3)

    with pytest.raises(TypeError, match="call must return symbols"):
        Numbers()(X)

    class Forgetful(Model):
        def __init__(self, units: int) -> None:
            super().__init__()

        def call(self, inputs: Any) -> Any:
            return inputs

    with pytest.raises(TypeError, match="keeps no argument 'units'"):
        Forgetful(3).get_config()
    with pytest.raises(ValueError, match="does not know its input shape"):
        Perceptron().inputs  # noqa: B018


def test_a_functional_subclass_stays_functional() -> None:
    class Made(Model):
        def __init__(self) -> None:
            x = ranvier.Input((3,))
            super().__init__(x, layers.Dense(2)(x))

    model = Made()
    assert model.built
    assert model.predict(X).shape == (40, 2)
