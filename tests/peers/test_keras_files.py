"""Files go to Keras and back: what Keras predicts and how it trains on from them."""

from pathlib import Path
from typing import Any

import cases
import cases_convolution
import cases_recurrent
import keras
import numpy as np
import pytest
from cases_attention import ATTENTION
from cases_merging import MERGING

from ranvier import Input, Model, Sequential, layers, models, optimizers

X = np.random.default_rng(1).normal(size=(8, 4)).astype("float32")
LABELS = np.arange(8) % 3

pytestmark = pytest.mark.filterwarnings("ignore")


def predictions(model: Any, inputs: list[Any]) -> list[Any]:
    result = model.predict(inputs if len(inputs) > 1 else inputs[0], verbose=0)
    return result if isinstance(result, list) else [result]


@pytest.mark.parametrize(
    "case",
    [*cases.LAYERS, *cases_convolution.LAYERS, *cases_recurrent.LAYERS, *MERGING, *ATTENTION],
    ids=lambda case: f"{case.name}-{case.arguments}",
)
def test_every_layer_goes_to_keras_and_back(case: Any, tmp_path: Path) -> None:
    if (case.name, str(case.arguments.get("axis"))) in (("LayerNormalization", "[1, -1]"), ("RMSNormalization", "1")):
        pytest.skip("Keras shapes these weights otherwise")
    if case.name == "MultiHeadAttention" and "value_dim" in case.arguments:
        pytest.skip("Keras on JAX needs values of as many features as keys")
    if case.name == "CategoryEncoding" and len(case.shapes[0]) > 1:
        pytest.skip("Keras counts along another axis than its own output_shape says")
    inputs = [Input(shape) for shape in case.shapes]
    layer = getattr(layers, case.name)(**case.arguments)
    model = Model(inputs, case.call(layer, inputs))
    random = np.random.default_rng(1)
    model.set_weights([random.normal(size=weight.shape) for weight in model.get_weights()])
    x = [random.normal(size=(5, *shape)).astype("float32") for shape in case.shapes]
    if case.samples == "classes":
        x = [random.integers(0, 3, array.shape).astype("float32") for array in x]
    expected = predictions(model, x)
    model.save(tmp_path / "ours.keras")
    theirs = keras.saving.load_model(tmp_path / "ours.keras")
    for one, other in zip(predictions(theirs, x), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)
    theirs.save(tmp_path / "theirs.keras")
    for one, other in zip(predictions(models.load_model(tmp_path / "theirs.keras"), x), expected, strict=True):
        np.testing.assert_array_equal(one, other)


OPTIMIZERS = {
    "SGD": {"momentum": 0.9},
    "Adam": {"amsgrad": True},
    "AdamW": {},
    "RMSprop": {"momentum": 0.5, "centered": True},
    "Adagrad": {"learning_rate": 0.1},
    "Adadelta": {"learning_rate": 1.0},
    "Adamax": {},
    "Ftrl": {"learning_rate": 0.1},
    "Lion": {"learning_rate": 0.001},
    "Lamb": {},
}


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("shared", [{}, {"gradient_accumulation_steps": 2}], ids=str)
def test_a_model_that_was_trained_here_trains_on_in_keras_and_back(name: str, shared: Any, tmp_path: Path) -> None:
    if shared and name != "Adam":
        pytest.skip("one optimizer shows it")
    model = Sequential([Input((4,)), layers.Dense(6, "tanh"), layers.Dense(3, activation="softmax")])
    optimizer = getattr(optimizers, name)(**{"learning_rate": 0.01, **OPTIMIZERS[name], **shared})
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(X, LABELS, epochs=3, verbose=0)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    theirs = keras.saving.load_model(tmp_path / "model.keras")
    theirs.load_weights(tmp_path / "model.weights.h5")
    for each in (model, theirs):
        each.fit(X, LABELS, epochs=5, shuffle=False, verbose=0)
    np.testing.assert_allclose(theirs.predict(X, verbose=0), model.predict(X), rtol=1e-4, atol=1e-5)
    theirs.save(tmp_path / "theirs.keras")
    back = models.load_model(tmp_path / "theirs.keras")
    for each in (back, theirs):
        each.fit(X, LABELS, epochs=5, shuffle=False, verbose=0)
    np.testing.assert_allclose(back.predict(X), theirs.predict(X, verbose=0), rtol=1e-4, atol=1e-5)
    assert back.optimizer.iterations == int(theirs.optimizer.iterations)
