"""Model files that go to Keras and back."""

from pathlib import Path
from typing import Any

import cases
import keras
import numpy as np
import pytest

from ranvier import Input, Model, Sequential, layers, models, optimizers

X = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")


def predictions(model: Any, inputs: list[Any]) -> list[Any]:
    result = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    return result if isinstance(result, list) else [result]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", cases.LAYERS, ids=lambda case: f"{case.name}-{case.arguments}")
def test_every_layer_goes_to_keras_and_back(case: Any, tmp_path: Path) -> None:
    inputs = [Input(shape) for shape in case.shapes]
    layer = getattr(layers, case.name)(**case.arguments)
    model = Model(inputs, layer(inputs if layer.merges else inputs[0]))
    random = np.random.default_rng(1)
    model.set_weights([random.normal(size=weight.shape) for weight in model.get_weights()])
    x = [random.normal(size=(5, *shape)).astype("float32") for shape in case.shapes]
    expected = predictions(model, x)
    model.save(tmp_path / "ours.keras")
    theirs = keras.saving.load_model(tmp_path / "ours.keras")
    for one, other in zip(predictions(theirs, x), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    theirs.save(tmp_path / "theirs.keras")
    for one, other in zip(predictions(models.load_model(tmp_path / "theirs.keras"), x), expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.filterwarnings("ignore")
def test_a_model_that_was_trained_here_trains_on_in_keras(tmp_path: Path) -> None:
    for optimizer in (optimizers.Adam(0.01), optimizers.Adam(0.01, amsgrad=True), optimizers.SGD(0.1, momentum=0.9)):
        model = Sequential([Input((4,)), layers.Dense(6, "tanh"), layers.Dense(3, activation="softmax")])
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(X, np.arange(8) % 3, epochs=3, verbose=0)
        model.save(tmp_path / "model.keras")
        model.save_weights(tmp_path / "model.weights.h5")
        theirs = keras.saving.load_model(tmp_path / "model.keras")
        theirs.load_weights(tmp_path / "model.weights.h5")
        for each in (model, theirs):
            each.fit(X, np.arange(8) % 3, epochs=5, shuffle=False, verbose=0)
        np.testing.assert_allclose(theirs.predict(X, verbose=0), model.predict(X), rtol=1e-4, atol=1e-5)
        assert int(theirs.optimizer.iterations) == model.optimizer.iterations == 8
