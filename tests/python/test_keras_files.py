"""Files of Keras 3, both ways. `keras_files` holds what Keras itself wrote (tests/peers/make_keras_files.py)."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ranvier import Input, Sequential, layers, losses, models, optimizers
from ranvier.saving import ModelFileError

FOLDER = Path(__file__).with_name("keras_files")
EXPECTED = np.load(FOLDER / "expected.npz")
X, Z = EXPECTED["x"], EXPECTED["z"]
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


def test_a_sequential_model_of_keras() -> None:
    model = models.load_model(FOLDER / "sequential.keras")
    assert isinstance(model, Sequential)
    assert [layer.name for layer in model.layers][2] == "out"
    np.testing.assert_allclose(model.predict(X), EXPECTED["chain"], **CLOSE)
    assert isinstance(model.optimizer, optimizers.Adam)
    assert model.optimizer.amsgrad
    assert model.optimizer.iterations == 3
    assert model.optimizer.learning_rate == pytest.approx(0.01)
    assert len(model.optimizer.variables) == 14
    assert all(view.any() for view in model.optimizer.variables[2:])
    assert model.evaluate(X, np.arange(8) % 3, verbose=0, return_dict=True).keys() == {"loss", "accuracy"}
    assert models.load_model(FOLDER / "sequential.keras", compile=False).optimizer is None


def test_a_functional_model_of_keras() -> None:
    model = models.load_model(FOLDER / "functional.keras")
    one, two = model.predict([X, Z])
    np.testing.assert_allclose(one, EXPECTED["graph_one"], **CLOSE)
    np.testing.assert_allclose(two, EXPECTED["graph_two"], **CLOSE)
    assert isinstance(model.loss[1], losses.MeanAbsoluteError)
    assert model.output_names == ["one", "two"]
    single = models.load_model(FOLDER / "single.keras")
    np.testing.assert_allclose(single.predict(X), EXPECTED["single"], **CLOSE)
    assert single.optimizer is None
    described = models.model_from_json((FOLDER / "functional.json").read_text())
    assert described.count_params() == model.count_params()


def test_weights_of_keras() -> None:
    model = Sequential(
        [Input((4,)), layers.Dense(6, activation="relu"), layers.Dropout(0.2), layers.Dense(3, "softmax")]
    )
    for name in ("sequential.weights.h5", "sequential.keras"):
        model.set_weights([weight * 0 for weight in model.get_weights()])
        model.load_weights(FOLDER / name)
        np.testing.assert_allclose(model.predict(X), EXPECTED["chain"], **CLOSE)
    named = Sequential([Input((6,)), layers.Dense(3, name="out")])
    named.load_weights(FOLDER / "sequential.weights.h5", by_name=True)
    np.testing.assert_array_equal(named.get_weights()[0], model.get_weights()[2])
    with pytest.raises(ModelFileError, match="shapes"):
        Sequential([Input((6,)), layers.Dense(3)]).load_weights(FOLDER / "sequential.weights.h5")


def chain() -> Sequential:
    made = Sequential(
        [
            Input((2, 3)),
            layers.Flatten(),
            layers.Dense(5, kernel_initializer="he_normal"),
            layers.ReLU(max_value=6.0),
            layers.Softmax(),
            layers.Activation("silu"),
            layers.Reshape((5, 1)),
            layers.Dense(2, use_bias=False),
        ]
    )
    made.compile(optimizers.SGD(0.1, momentum=0.9), losses.Huber(2.0), metrics=["mae"])
    return made


def test_our_own_keras_files_come_back(tmp_path: Path) -> None:
    model, path = chain(), tmp_path / "model.keras"
    x = np.random.default_rng(1).normal(size=(7, 2, 3))
    y = np.zeros((7, 5, 2))
    model.fit(x, y, verbose=0)
    model.save(path)
    model.save_weights(tmp_path / "model.weights.h5")
    loaded = models.load_model(path)
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))
    assert loaded.get_config() == model.get_config()
    assert loaded.get_compile_config() == model.get_compile_config()
    assert loaded.optimizer.iterations == 1
    for each in (model, loaded):
        each.fit(x, y, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_array_equal(loaded.predict(x), model.predict(x))
    loaded.load_weights(tmp_path / "model.weights.h5")
    assert not np.array_equal(loaded.predict(x), model.predict(x))
    unbuilt = Sequential([layers.Dense(3)])
    unbuilt.save(path)
    assert not models.load_model(path).built


def test_what_keras_has_no_words_for(tmp_path: Path) -> None:
    import functools

    from ranvier import activations

    model = Sequential([Input((2,)), layers.Dense(2, activation=functools.partial(activations.elu, alpha=0.5))])
    with pytest.raises(ValueError, match=r"arguments of elu.*use an activation layer"):
        model.save(tmp_path / "model.keras")
    assert not list(tmp_path.iterdir())


def changed(path: Path, change: Any) -> Path:
    """A copy of sequential.keras whose configuration was changed."""
    with zipfile.ZipFile(FOLDER / "sequential.keras") as source, zipfile.ZipFile(path, "w") as target:
        for info in source.infolist():
            data = source.read(info)
            if info.filename == "config.json":
                config = json.loads(data)
                change(config)
                data = json.dumps(config).encode()
            target.writestr(info.filename, data)
    return path


def test_options_that_we_do_not_have_are_errors_unless_they_are_off(tmp_path: Path) -> None:
    def dense(config: Any) -> Any:
        return config["config"]["layers"][1]["config"]

    models.load_model(changed(tmp_path / "off.keras", lambda config: dense(config).update(new_option=None)))
    with pytest.raises(ModelFileError, match="unknown argument 'new_option'"):
        models.load_model(changed(tmp_path / "on.keras", lambda config: dense(config).update(new_option=3)))
    layer = {"module": "keras.layers", "class_name": "Lambda", "config": {"function": ["4wEAAAA=", None, None]}}
    with pytest.raises(ModelFileError, match=r"\[Lambda\] expected a function"):
        models.load_model(
            changed(tmp_path / "lambda.keras", lambda config: config["config"]["layers"].append(layer)), safe_mode=False
        )
