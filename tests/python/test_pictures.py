"""Pictures are drawn, hold what they should, and say what is missing; event files are read by TensorBoard itself."""

import math
import shutil
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import Input, Model, Sequential, callbacks, layers, utils
from ranvier.callbacks.gradient_probe import Probe
from ranvier.utils import model_plot, set_random_seed

X = np.random.default_rng(1).normal(size=(120, 4))
LABELS = (X[:, 0] > 0).astype(int)
PNG = b"\x89PNG\r\n\x1a\n"


def deep(activation: str, depth: int, initializer: Any = "glorot_uniform", units: int = 8) -> Sequential:
    model = Sequential([Input((4,))])
    for i in range(depth):
        model.add(layers.Dense(units, activation=activation, kernel_initializer=initializer, name=f"hidden_{i}"))
    model.add(layers.Dense(1, activation="sigmoid", name="out"))
    model.compile("sgd", "binary_crossentropy", metrics=["accuracy"])
    return model


# --- History ----------------------------------------------------------------------------------------------------------


def test_history_is_drawn(tmp_path: Path) -> None:
    history = deep("relu", 1).fit(X, LABELS, epochs=3, validation_split=0.25, verbose=0)
    figure = history.plot(tmp_path / "history.png", title="Training")
    assert (tmp_path / "history.png").read_bytes()[:8] == PNG
    loss, accuracy = figure.axes
    assert loss.get_title(loc="left") == "loss"
    assert accuracy.get_title(loc="left") == "accuracy"
    training, validation = loss.lines
    np.testing.assert_allclose(training.get_ydata(), history.history["loss"])
    np.testing.assert_allclose(validation.get_ydata(), history.history["val_loss"])
    np.testing.assert_array_equal(training.get_xdata(), [1, 2, 3])
    assert len(history.plot(tmp_path / "loss.pdf", metrics=["loss"]).axes) == 1
    with pytest.raises(ValueError, match=r"unknown metric 'acuracy'; did you mean 'accuracy'"):
        history.plot(tmp_path / "a.png", metrics=["acuracy"])
    with pytest.raises(ValueError, match="call fit first"):
        callbacks.History().plot(tmp_path / "a.png")


def test_pictures_say_what_they_need(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    history = callbacks.History()
    history.on_epoch_end(0, {"loss": 1.0})
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match=r"pip install 'ranvier\[plot\]'"):
        history.plot(tmp_path / "a.png")
    monkeypatch.setitem(sys.modules, "tensorboard.summary.writer.event_file_writer", None)
    with pytest.raises(ImportError, match=r"pip install 'ranvier\[tensorboard\]'"):
        deep("relu", 1).fit(X, LABELS, verbose=0, callbacks=[callbacks.TensorBoard(tmp_path)])


# --- Models -----------------------------------------------------------------------------------------------------------


def residual() -> Model:
    x = Input((4,), name="x")
    inner = layers.Dense(4, activation="relu", name="inner")(x)
    added = layers.Add(name="sum")([inner, x])
    return Model(x, layers.Dense(2, name='say "two"')(added), name="residual")


def test_models_are_described_for_graphviz(tmp_path: Path) -> None:
    path = tmp_path / "model.dot"
    model = residual()
    model.get_layer("inner").trainable = False
    utils.plot_model(
        model,
        path,
        show_shapes=True,
        show_dtype=True,
        show_layer_names=True,
        show_layer_activations=True,
        show_trainable=True,
        rankdir="LR",
    )
    text = path.read_text()
    assert "rankdir=LR" in text
    assert r'n1 [label="Dense\ninner\nactivation: relu\n(None, 4) → (None, 4)\nfloat32\nfrozen"]' in text
    assert r"say \"two\"" in text
    assert [line.strip() for line in text.splitlines() if "->" in line] == [
        "n0 -> n1;",
        "n1 -> n2;",
        "n0 -> n2;",
        "n2 -> n3;",
    ]


@pytest.mark.parametrize("rankdir", ["TB", "LR", "BT", "RL"])
def test_models_are_drawn_without_graphviz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rankdir: str) -> None:
    monkeypatch.setattr(model_plot.shutil, "which", lambda _: None)
    utils.plot_model(residual(), tmp_path / "model.png", show_shapes=True, rankdir=rankdir, dpi=50)
    assert (tmp_path / "model.png").read_bytes()[:8] == PNG


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_models_are_drawn_by_graphviz(tmp_path: Path) -> None:
    utils.plot_model(residual(), tmp_path / "model.svg")
    assert "<svg" in (tmp_path / "model.svg").read_text()
    with pytest.raises(ValueError, match="Graphviz could not draw"):
        utils.plot_model(residual(), tmp_path / "model.nothing")


def test_what_cannot_be_drawn(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not know its input shape"):
        utils.plot_model(Sequential([layers.Dense(2)]), tmp_path / "a.dot")
    with pytest.raises(ValueError, match="rankdir must be one of"):
        utils.plot_model(residual(), tmp_path / "a.dot", rankdir="up")
    with pytest.raises(TypeError, match="layer_range"):
        utils.plot_model(residual(), tmp_path / "a.dot", layer_range=[])


def test_summary_as_a_table() -> None:
    from ranvier.models.summary import summary_html

    text = summary_html(residual(), show_trainable=True)
    assert text.count("<tr>") == 5
    assert "say &quot;two&quot; (Dense)" in text
    assert "Total params: 30" in text


# --- Gradients --------------------------------------------------------------------------------------------------------


def numpy_gradients(model: Sequential, x: Any, y: Any) -> dict[str, float]:
    """Root mean squares of the gradients of tanh layers under a sigmoid and cross-entropy, in float64."""
    weights = [weight.astype(np.float64) for weight in model.get_weights()]
    values = [x]
    for i in range(0, len(weights) - 2, 2):
        values.append(np.tanh(values[-1] @ weights[i] + weights[i + 1]))
    probability = 1 / (1 + np.exp(-(values[-1] @ weights[-2] + weights[-1])))
    delta = (probability - y[:, None]) / len(x)
    found = {}
    for layer in range(len(values) - 1, -1, -1):
        kernel, bias = values[layer].T @ delta, delta.sum(0)
        squares = (kernel**2).sum() + (bias**2).sum()
        found[model.layers[layer].name] = math.sqrt(squares / (kernel.size + bias.size))
        if layer:
            delta = (delta @ weights[2 * layer].T) * (1 - values[layer] ** 2)
    return found


def test_gradients_are_those_of_the_loss() -> None:
    model = deep("tanh", 3)
    from ranvier.models.data import Data

    data = model._take("fit", X, LABELS, None)
    assert isinstance(data, Data)
    weights = model.get_weights()
    found = Probe(model, data, 50).gradients()
    expected = numpy_gradients(model, X[:50], LABELS[:50])
    assert list(found) == ["hidden_0", "hidden_1", "hidden_2", "out"]
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-4)
    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_monitoring_changes_nothing() -> None:
    results = []
    for used in ([], [callbacks.GradientMonitor(rows=20, freq=2)]):
        set_random_seed(3)
        model = deep("tanh", 2)
        history = model.fit(X, LABELS, epochs=4, verbose=0, callbacks=used).history
        results.append((history, [weight.tobytes() for weight in model.get_weights()], ranvier.random.draw_seed()))
    assert results[0] == results[1]
    monitor = used[0]
    assert monitor.epoch == [1, 3]
    assert {len(values) for kind in monitor.history.values() for values in kind.values()} == {2}


def test_a_vanishing_gradient_is_seen_and_drawn(tmp_path: Path) -> None:
    set_random_seed(1)
    monitor = callbacks.GradientMonitor()
    with pytest.warns(UserWarning, match=r"the gradient vanishes.*that of hidden_0 is .*residual connections"):
        deep("sigmoid", 8).fit(X, LABELS, epochs=3, verbose=0, callbacks=[monitor])
    gradient = monitor.history["gradient"]
    assert gradient["hidden_0"][-1] < 1e-3 * gradient["out"][-1]
    assert monitor.history["update"]["hidden_0"][-1] < monitor.history["update"]["out"][-1]
    figure = monitor.plot(tmp_path / "gradients.png")
    assert (tmp_path / "gradients.png").read_bytes()[:8] == PNG
    assert len(figure.axes[0].lines) == 9


def test_saturated_and_dead_units_are_seen() -> None:
    with pytest.warns(UserWarning, match="of hidden_0 is saturated"):
        deep("tanh", 1, ranvier.initializers.Constant(50.0)).fit(
            X, LABELS, verbose=0, callbacks=[callbacks.GradientMonitor()]
        )
    model = deep("relu", 1, units=4)
    kernel, bias, *rest = model.get_weights()
    model.set_weights([kernel, np.array([-1000.0, -1000.0, -1000.0, 0.0]), *rest])
    monitor = callbacks.GradientMonitor()
    with pytest.warns(UserWarning, match="75% of hidden_0 is dead after epoch 1"):
        model.fit(X, LABELS, verbose=0, callbacks=[monitor])
    assert monitor.history["dead"]["hidden_0"] == [0.75]
    assert bias.shape == (4,)


def test_a_healthy_network_is_not_warned_of() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        monitor = callbacks.GradientMonitor()
        deep("relu", 2, "he_normal", 32).fit(X, LABELS, epochs=2, verbose=0, callbacks=[monitor])
    for wrong, said in (({"rows": 0}, "rows"), ({"threshold": 2}, "threshold"), ({"share": -1}, "share")):
        with pytest.raises(ValueError, match=said):
            callbacks.GradientMonitor(**wrong)
    with pytest.raises(ValueError, match="give the monitor to fit first"):
        callbacks.GradientMonitor().plot()


# --- TensorBoard ------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tensorboard_reads_what_is_written(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    model = deep("relu", 1)
    used = callbacks.TensorBoard(tmp_path, histogram_freq=1, write_steps_per_second=True, update_freq=2)
    history = model.fit(X, LABELS, batch_size=30, epochs=3, validation_split=0.25, verbose=0, callbacks=[used]).history

    def read(name: str) -> Any:
        events = accumulator.EventAccumulator(str(tmp_path / name), size_guidance={"histograms": 0})
        events.Reload()
        return events

    train, validation = read("train"), read("validation")
    for events, prefix in ((train, ""), (validation, "val_")):
        found = events.Scalars("epoch_loss")
        assert [event.step for event in found] == [0, 1, 2]
        np.testing.assert_allclose([event.value for event in found], history[f"{prefix}loss"], rtol=1e-6)
    assert {"epoch_learning_rate", "epoch_steps_per_second", "batch_loss"} <= set(train.Tags()["scalars"])
    assert [event.step for event in train.Scalars("batch_loss")] == [2, 4, 6, 8]
    [_, _, last] = train.Histograms("hidden_0/kernel/histogram")
    assert last.histogram_value.num == 32
    assert "model/text_summary" in train.Tags()["tensors"] or "model" in train.Tags()["tensors"]


def test_what_tensorboard_is_not_asked_for() -> None:
    for wrong in ({"write_images": True}, {"profile_batch": 2}, {"embeddings_freq": 1}):
        with pytest.raises(ValueError, match="is not supported"):
            callbacks.TensorBoard(**wrong)
    for wrong in ({"update_freq": 0}, {"update_freq": "step"}, {"histogram_freq": -1}):
        with pytest.raises(ValueError, match="must be"):
            callbacks.TensorBoard(**wrong)
    assert not callbacks.CallbackList([callbacks.TensorBoard()]).overrides("on_train_batch_end")
