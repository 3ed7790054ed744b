"""Files of our own: what is saved comes back, and training goes on as if it had not stopped."""

import functools
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import Input, Model, Sequential, layers, losses, models, optimizers, saving
from ranvier.saving import ModelFileError
from ranvier.utils import set_random_seed

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(60, 4))
LABELS = RANDOM.integers(0, 3, 60)


def chain(dtype: str = "float32") -> Sequential:
    stack = [
        layers.Dense(8, activation=functools.partial(ranvier.activations.elu, alpha=0.5), dtype=dtype),
        layers.Dropout(0.3, dtype=dtype),
        layers.Dense(3, activation="softmax", kernel_initializer="he_normal", dtype=dtype),
    ]
    return Sequential([Input((4,)), *stack], name="chain")


def graph() -> Model:
    x, y = Input((4,), name="x"), Input((2,), name="y")
    twice = layers.Dense(4, activation="gelu", name="twice")
    added = layers.add([twice(x), x])
    joined = layers.concatenate([added, twice(x), y])
    outputs = [layers.Dense(1, name="one")(joined), layers.LeakyReLU(name="two")(layers.Reshape((2, 2))(added))]
    return Model([x, y], outputs, name="graph")


GRAPH_X = [X, X[:, :2]]
GRAPH_Y = [X[:, :1], X.reshape(-1, 2, 2)]


def train(model: Model, seed: int, epochs: int = 2) -> dict[str, list[float]]:
    set_random_seed(seed)
    x, y = (X, LABELS) if isinstance(model, Sequential) else (GRAPH_X, GRAPH_Y)
    return model.fit(x, y, batch_size=16, epochs=epochs, verbose=0).history


def assert_same(one: Model, other: Model) -> None:
    assert [variable.path for variable in one.variables] == [variable.path for variable in other.variables]
    for ours, theirs in zip(one.get_weights(), other.get_weights(), strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: optimizers.SGD(0.1),
        lambda: optimizers.SGD(0.1, momentum=0.9, nesterov=True),
        lambda: optimizers.Adam(0.01, amsgrad=True, clipnorm=1.0),
    ],
)
def test_training_goes_on_as_if_it_had_not_stopped(tmp_path: Path, optimizer: Any, dtype: str) -> None:
    model = chain(dtype)
    model.compile(optimizer(), "sparse_categorical_crossentropy", metrics=["acc"])
    train(model, 1)
    model.optimizer.learning_rate = 0.05
    model.save(tmp_path / "model.safetensors")
    loaded = models.load_model(tmp_path / "model.safetensors")
    assert_same(model, loaded)
    assert loaded.optimizer.iterations == model.optimizer.iterations == 8
    assert loaded.optimizer.learning_rate == 0.05
    assert train(model, 2) == train(loaded, 2)
    assert_same(model, loaded)


def test_a_graph_comes_back(tmp_path: Path) -> None:
    model = graph()
    model.compile("adam", {"one": "mse", "two": losses.Huber(2.0)}, {"one": 1, "two": 0.5}, {"one": ["mae"], "two": []})
    train(model, 1)
    model.save(tmp_path / "model.safetensors")
    loaded = saving.load_model(tmp_path / "model.safetensors")
    for ours, theirs in zip(model.predict(GRAPH_X), loaded.predict(GRAPH_X), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert train(model, 2) == train(loaded, 2)
    assert loaded.get_config() == model.get_config()
    assert loaded.get_compile_config() == model.get_compile_config()


def test_what_is_not_compiled_or_not_built_comes_back_so(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    chain().save(path)
    assert models.load_model(path).optimizer is None
    unbuilt = Sequential([layers.Dense(3)])
    unbuilt.compile("adam", "mse")
    unbuilt.save(path)
    loaded = models.load_model(path)
    assert not loaded.built
    loaded.fit(X, LABELS.repeat(3).reshape(-1, 3), verbose=0)
    loaded.save(path)
    assert models.load_model(path, compile=False).optimizer is None
    loaded.save(path, include_optimizer=False)
    assert models.load_model(path).optimizer is None


def test_frozen_layers_stay_frozen_and_keep_their_state(tmp_path: Path) -> None:
    model = chain()
    model.compile("adam", "sparse_categorical_crossentropy")
    train(model, 1)
    model.layers[0].trainable = False
    train(model, 1)
    model.save(tmp_path / "model.safetensors")
    loaded = models.load_model(tmp_path / "model.safetensors")
    assert [layer.trainable for layer in loaded.layers] == [False, True, True]
    for each in (model, loaded):
        each.layers[0].trainable = True
    assert train(model, 2) == train(loaded, 2)


def test_weights_by_order_by_name_and_with_gaps(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    source = chain()
    source.save_weights(path)
    other = chain()
    other.load_weights(path)
    for ours, theirs in zip(source.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)

    first = source.layers[0]
    named = Sequential([Input((4,)), layers.Dense(8, name=first.name), layers.Dense(5), layers.Dense(3)])
    before = named.get_weights()
    with pytest.raises(ModelFileError, match=r"holds weights of 2 layers.*by_name=True"):
        named.load_weights(path)
    named.load_weights(path, by_name=True)
    np.testing.assert_array_equal(named.get_weights()[0], source.get_weights()[0])
    np.testing.assert_array_equal(named.get_weights()[2], before[2])

    wider = Sequential([Input((4,)), layers.Dense(8), layers.Dense(7)])
    before = wider.get_weights()
    with pytest.raises(ModelFileError, match=r"shapes \[\(8, 7\), \(7,\)\].*skip_mismatch=True"):
        wider.load_weights(path)
    np.testing.assert_array_equal(wider.get_weights()[0], before[0])
    with pytest.warns(UserWarning, match="left as it is"):
        wider.load_weights(path, skip_mismatch=True)
    np.testing.assert_array_equal(wider.get_weights()[0], source.get_weights()[0])
    np.testing.assert_array_equal(wider.get_weights()[2], before[2])

    stranger = Sequential([Input((4,)), layers.Dense(8, name="nobody")])
    with pytest.raises(ModelFileError, match="layers of other names"):
        stranger.load_weights(path, by_name=True)
    with pytest.raises(ValueError, match="build it first"):
        Sequential([layers.Dense(2)]).load_weights(path)
    source.save(tmp_path / "model.safetensors")
    other.load_weights(tmp_path / "model.safetensors")
    with pytest.raises(ModelFileError, match="use load_weights"):
        models.load_model(path)


def test_json_and_configurations() -> None:
    for model in (chain(), graph()):
        model.compile("adam", "mse" if model.name == "graph" else "sparse_categorical_crossentropy")
        text = model.to_json(indent=1)
        again = models.model_from_json(text)
        assert again.get_config() == model.get_config()
        assert json.loads(again.to_json()) == json.loads(text)
        assert type(model).from_config(model.get_config()).count_params() == model.count_params()
    with pytest.raises(ModelFileError, match="no JSON"):
        models.model_from_json("{")
    with pytest.raises(ModelFileError, match="nested too deeply"):
        models.model_from_json("[" * 4_000)
    with pytest.raises(ModelFileError, match="are no configuration"):
        models.model_from_json("[" + "[]," * 20_000 + "[]]")


def test_clones_share_nothing() -> None:
    for model, x in ((chain(), X), (graph(), GRAPH_X)):
        clone = models.clone_model(model)
        assert type(clone) is type(model)
        assert clone.get_config() == model.get_config()
        assert not np.array_equal(clone.get_weights()[0], model.get_weights()[0])
        clone.set_weights(model.get_weights())
        for ours, theirs in zip(model.predict(x), clone.predict(x), strict=True):
            np.testing.assert_array_equal(ours, theirs)
        assert not {id(layer) for layer in model.layers} & {id(layer) for layer in clone.layers}
    renamed = models.clone_model(
        graph(),
        input_tensors=[Input((4,)), Input((2,))],
        clone_function=lambda layer: type(layer).from_config(layer.get_config() | {"name": f"new_{layer.name}"}),
        call_function=lambda layer, inputs: layer(inputs),
    )
    assert renamed.get_layer("new_twice").units == 4
    with pytest.raises(TypeError, match="must return a layer"):
        models.clone_model(chain(), clone_function=lambda layer: None)


class Doubled(layers.Dense):
    """A layer of the user's own."""

    def __init__(self, units: int, half: bool = False, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.half = half

    def get_config(self) -> dict[str, Any]:
        return layers.Dense(self.units).get_config() | super().get_config() | {"half": self.half}


def test_own_classes_need_to_be_named(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    model = Sequential([Input((4,)), Doubled(2, half=True)])
    model.save(path)
    with pytest.raises(ModelFileError, match=r"unknown layer 'Doubled'.*custom_objects"):
        models.load_model(path)
    assert models.load_model(path, {"Doubled": Doubled}).layers[0].half
    with saving.custom_object_scope({"Doubled": Doubled}):
        assert models.load_model(path).layers[0].half
    with pytest.raises(ModelFileError):
        models.load_model(path, {"Doubled": int})
    registered = saving.register_keras_serializable("tests", "Twice")(Doubled)
    try:
        assert saving.get_registered_object("tests>Twice") is registered
        model.save(path)
        assert isinstance(models.load_model(path).layers[0], Doubled)
    finally:
        del ranvier._custom_objects._registered["tests>Twice"]


def test_describable_objects() -> None:
    for thing in (optimizers.Adam(0.1), losses.Huber(2.0), layers.Dense(3), ranvier.initializers.HeNormal(1)):
        described = saving.serialize_keras_object(thing)
        again = saving.deserialize_keras_object(json.loads(json.dumps(described)))
        assert type(again) is type(thing)
        assert again.get_config() == thing.get_config()
    assert saving.deserialize_keras_object([3, None, {"a": 1}]) == [3, None, {"a": 1}]
    with pytest.raises(ValueError, match="custom_objects"):
        saving.deserialize_keras_object({"class_name": "os.system", "config": {"command": "true"}})


def test_files_appear_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.safetensors"
    model = chain()
    model.save(path)
    old = path.read_bytes()
    with pytest.raises(FileExistsError):
        model.save(path, overwrite=False)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    model.set_weights([weight + 1 for weight in model.get_weights()])
    for target in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os if target == "fsync" else Path, target, full)
            with pytest.raises(OSError, match="No space"):
                model.save(path)
        assert path.read_bytes() == old
        assert list(tmp_path.iterdir()) == [path]
    path.chmod(0o600)
    model.save(path)
    assert path.read_bytes() != old
    assert path.stat().st_mode & 0o777 == 0o600
    link = tmp_path / "link.safetensors"
    link.symlink_to(path)
    model.save(link)
    assert link.is_symlink()


def test_bad_names(tmp_path: Path) -> None:
    model = chain()
    with pytest.raises(ValueError, match=r"must end in '.safetensors'.*'.keras'"):
        model.save(tmp_path / "model.h5")
    with pytest.raises(ValueError, match=r"'.weights.h5'"):
        model.save_weights(tmp_path / "model.keras")
    with pytest.raises(FileNotFoundError, match="no folder"):
        model.save(tmp_path / "nowhere" / "model.safetensors")
    with pytest.raises(FileNotFoundError):
        models.load_model(tmp_path / "nothing.safetensors")
    with pytest.raises(ModelFileError, match="folder"):
        models.load_model(tmp_path)
    with pytest.raises(TypeError, match="include_optimizer"):
        model.save(tmp_path / "model.safetensors", save_format="tf")
