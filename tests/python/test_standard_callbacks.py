"""The callbacks of Keras: what each does at which epoch, and that batch hooks are paid for only where they are used."""

import csv
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import Input, Sequential, callbacks, layers, models, optimizers
from ranvier.callbacks import CallbackList

X = np.random.default_rng(1).normal(size=(40, 3))
Y = X.sum(1)


def model(rate: float = 0.01) -> Sequential:
    made = Sequential([Input((3,)), layers.Dense(1)])
    made.compile(optimizers.SGD(rate), "mse", metrics=["mae"])
    return made


class Fake:
    """A model that does nothing but remember."""

    metrics: list[Any] = []

    def __init__(self) -> None:
        self.stop_training = False
        self.weights = 0
        self.optimizer = optimizers.SGD(1.0)

    def get_weights(self) -> list[Any]:
        return [self.weights]

    def set_weights(self, weights: list[Any]) -> None:
        (self.weights,) = weights


def play(callback: Any, values: list[float], monitor: str = "val_loss") -> tuple[Fake, list[float]]:
    """Runs a callback through epochs with these values; returns the model and the learning rate after each epoch."""
    fake = Fake()
    callback.set_model(fake)
    callback.on_train_begin()
    rates = []
    for epoch, value in enumerate(values):
        callback.on_epoch_begin(epoch, {})
        fake.weights = epoch
        callback.on_epoch_end(epoch, {monitor: value})
        rates.append(fake.optimizer.learning_rate)
        if fake.stop_training:
            break
    callback.on_train_end()
    return fake, rates


@pytest.mark.parametrize(
    ("arguments", "values", "epochs"),
    [
        ({}, [3, 2, 2], 3),
        ({"patience": 2}, [3, 2, 4, 4, 1], 4),
        ({"patience": 1, "min_delta": 0.5}, [3, 2.9, 2.8], 2),
        ({"patience": 2, "baseline": 1.0}, [3, 2.9, 2.8, 2.9, 0.5], 4),
        ({"patience": 1, "start_from_epoch": 3}, [1, 2, 3, 4, 5, 6], 5),
        ({"patience": 1, "mode": "max"}, [1, 2, 3, 3, 3], 4),
        ({"patience": 0}, [float("nan"), float("nan")], 2),
    ],
)
def test_early_stopping(arguments: dict[str, Any], values: list[float], epochs: int) -> None:
    stopping = callbacks.EarlyStopping(**arguments)
    _, rates = play(stopping, values)
    assert len(rates) == epochs
    assert stopping.stopped_epoch == epochs - 1


def test_early_stopping_gives_the_best_weights_back(capsys: pytest.CaptureFixture[str]) -> None:
    stopping = callbacks.EarlyStopping(patience=2, restore_best_weights=True, verbose=1)
    fake, _ = play(stopping, [3, 1, 2, 4, 5])
    assert fake.weights == stopping.best_epoch == 1
    assert capsys.readouterr().out.splitlines() == [
        "Epoch 4: early stopping",
        "Restoring model weights from the end of the best epoch: 2.",
    ]
    assert play(stopping, [1, 2])[0].weights == 0  # a callback may be used again


@pytest.mark.parametrize(
    ("arguments", "values", "expected"),
    [
        ({"patience": 1}, [1, 1, 1], [1, 0.1, 0.01]),
        ({"patience": 2, "factor": 0.5}, [3, 2, 2, 2, 2, 1], [1, 1, 1, 0.5, 0.5, 0.5]),
        ({"patience": 1, "cooldown": 2}, [1, 1, 1, 1, 1], [1, 0.1, 0.1, 0.01, 0.01]),
        ({"patience": 1, "min_lr": 0.05}, [1, 1, 1, 1], [1, 0.1, 0.05, 0.05]),
        ({"patience": 1, "min_delta": 0.3}, [1, 0.8, 0.4], [1, 0.1, 0.1]),
    ],
)
def test_reduce_lr_on_plateau(arguments: dict[str, Any], values: list[float], expected: list[float]) -> None:
    _, rates = play(callbacks.ReduceLROnPlateau(**arguments), values)
    np.testing.assert_allclose(rates, expected)


@pytest.mark.parametrize(
    ("name", "increases"),
    [
        *(
            (name, True)
            for name in ("acc", "val_accuracy", "weighted_accuracy_1", "auc", "out_recall", "cosine_similarity")
        ),
        *(
            (name, False)
            for name in ("loss", "val_loss", "out_loss", "mae", "mean_squared_error", "binary_crossentropy")
        ),
    ],
)
def test_which_way_is_better(name: str, increases: bool) -> None:
    assert callbacks.MonitorCallback(name).increases is increases


def test_what_cannot_be_watched() -> None:
    with pytest.raises(ValueError, match=r"'speed' is better.*mode='max'"):
        play(callbacks.EarlyStopping("speed"), [1, 2], "speed")
    with pytest.warns(UserWarning, match="no 'val_loss' to watch; there are: loss"):
        play(callbacks.EarlyStopping(), [1], "loss")
    for wrong, said in (
        (lambda: callbacks.EarlyStopping(mode="up"), "mode must be one of"),
        (lambda: callbacks.EarlyStopping(patience=-1), "patience must be an integer"),
        (lambda: callbacks.EarlyStopping(start_from_epoch=1.5), "start_from_epoch must be an integer"),
        (lambda: callbacks.ReduceLROnPlateau(factor=1.0), "factor must be above 0 and below 1"),
        (lambda: callbacks.ReduceLROnPlateau(min_lr=-1), "min_lr must be at least 0"),
        (lambda: callbacks.ModelCheckpoint("a.h5"), "filepath must end in .safetensors or .keras"),
        (lambda: callbacks.ModelCheckpoint("a.keras", save_weights_only=True), r"or \.weights\.h5"),
        (lambda: callbacks.ModelCheckpoint("a.keras", save_freq="batch"), "save_freq must be"),
        (lambda: callbacks.CSVLogger("a.csv", separator=", "), "one character"),
    ):
        with pytest.raises(ValueError, match=said):
            wrong()


def test_learning_rate_scheduler(capsys: pytest.CaptureFixture[str]) -> None:
    made = model(1e-3)
    history = made.fit(
        X,
        Y,
        epochs=3,
        verbose=0,
        callbacks=[callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate, verbose=1)],
    ).history
    np.testing.assert_allclose(history["learning_rate"], [1e-3, 5e-4, 2.5e-4])
    assert "Epoch 2: LearningRateScheduler setting learning rate to 0.0005." in capsys.readouterr().out
    made.fit(X, Y, verbose=0, callbacks=[callbacks.LearningRateScheduler(lambda epoch: 0.25)])
    assert made.optimizer.learning_rate == 0.25
    with pytest.raises(ValueError, match="must return a number"):
        made.fit(X, Y, verbose=0, callbacks=[callbacks.LearningRateScheduler(lambda epoch: None)])
    with pytest.raises(TypeError, match="schedule must be a function"):
        callbacks.LearningRateScheduler(0.1)


def test_terminate_on_nan_ends_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    made = model(1e30)
    with pytest.raises(ranvier.NonFiniteLossError):
        made.fit(X, Y, epochs=5, verbose=0)
    made = model(1e30)
    ends: list[Any] = []
    history = made.fit(
        X,
        Y,
        epochs=5,
        verbose=0,
        callbacks=[
            callbacks.TerminateOnNaN(),
            callbacks.LambdaCallback(on_train_end=ends.append),
        ],
    )
    assert not np.isfinite(history.history["loss"][-1])
    assert len(history.epoch) == len(history.history["loss"]) <= 2
    assert len(ends) == 1
    assert all(np.isfinite(weight).all() for weight in made.get_weights())
    assert "Invalid loss, terminating training" in capsys.readouterr().out
    with pytest.raises(RuntimeError, match="NaN or Inf loss encountered at batch"):
        model(1e30).fit(X, Y, epochs=5, verbose=0, callbacks=[callbacks.TerminateOnNaN(raise_error=True)])


def test_model_checkpoint(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = model()
    name = tmp_path / "new" / "{epoch:02d}-{loss:.2f}.safetensors"
    history = made.fit(X, Y, epochs=2, verbose=0, callbacks=[callbacks.ModelCheckpoint(name)]).history
    names = [f"{epoch + 1:02d}-{loss:.2f}.safetensors" for epoch, loss in enumerate(history["loss"])]
    assert sorted(path.name for path in name.parent.iterdir()) == names
    loaded = models.load_model(name.parent / names[-1])
    np.testing.assert_array_equal(loaded.get_weights()[0], made.get_weights()[0])

    best = callbacks.ModelCheckpoint(tmp_path / "best.safetensors", "loss", 1, save_best_only=True)
    play_best = Fake()
    play_best.save = lambda path: Path(path).write_text(str(play_best.weights))  # type: ignore[attr-defined]
    best.set_model(play_best)
    for epoch, loss in enumerate([3.0, 1.0, 2.0]):
        play_best.weights = epoch
        best.on_epoch_begin(epoch)
        best.on_epoch_end(epoch, {"loss": loss})
    assert (tmp_path / "best.safetensors").read_text() == "1"
    out = capsys.readouterr().out
    assert "loss improved from 3.00000 to 1.00000, saving model to" in out
    assert "loss did not improve from 1.00000" in out

    by_batch = callbacks.ModelCheckpoint(
        tmp_path / "{epoch}-{batch}.weights.safetensors", save_weights_only=True, save_freq=3
    )
    made.fit(X, Y, batch_size=10, epochs=2, verbose=0, callbacks=[by_batch])
    assert sorted(path.name for path in tmp_path.glob("*.weights.safetensors")) == [
        "1-3.weights.safetensors",
        "2-2.weights.safetensors",
    ]
    made.load_weights(tmp_path / "2-2.weights.safetensors")
    with pytest.raises(KeyError, match="names 'val_loss'; there are: epoch, loss, mae"):
        made.fit(X, Y, verbose=0, callbacks=[callbacks.ModelCheckpoint(tmp_path / "{val_loss}.safetensors")])


def test_csv_logger(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    made = model()
    history = made.fit(X, Y, epochs=2, validation_split=0.5, verbose=0, callbacks=[callbacks.CSVLogger(path)]).history
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert list(rows[0]) == ["epoch", "loss", "mae", "val_loss", "val_mae"]
    assert [float(row["val_mae"]) for row in rows] == history["val_mae"]
    made.fit(X, Y, epochs=1, verbose=0, callbacks=[callbacks.CSVLogger(path, ";", append=True)])
    lines = path.read_text().splitlines()
    assert len(lines) == 4
    assert lines[-1].startswith("0;")
    assert lines[-1].endswith(";NA;NA")
    made.fit(X, Y, epochs=1, verbose=0, callbacks=[callbacks.CSVLogger(path)])
    assert len(path.read_text().splitlines()) == 2


def test_json_logger(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    logger = callbacks.JSONLogger(path)
    history = model().fit(X, Y, epochs=2, verbose=0, callbacks=[logger]).history
    logger.on_epoch_end(2, {"loss": float("nan"), "all": np.array([1.0, np.inf])})
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["loss"] for row in rows[:2]] == history["loss"]
    assert rows[2] == {"epoch": 2, "loss": None, "all": [1.0, None]}


def test_only_those_who_ask_for_batches_pay_for_them(tmp_path: Path) -> None:
    quiet = [
        callbacks.EarlyStopping(),
        callbacks.ModelCheckpoint(tmp_path / "a.safetensors"),
        callbacks.BackupAndRestore(tmp_path),
        callbacks.CSVLogger(tmp_path / "a.csv"),
        callbacks.JSONLogger(tmp_path / "a.jsonl"),
        callbacks.ReduceLROnPlateau(),
        callbacks.LearningRateScheduler(lambda epoch: 0.1),
        callbacks.TerminateOnNaN(),
        callbacks.ProgbarLogger(),
    ]
    hooks = ("on_train_batch_begin", "on_train_batch_end", "on_test_batch_begin", "on_test_batch_end")
    assert not CallbackList(quiet).overrides(*hooks)
    for asking in (
        callbacks.ModelCheckpoint(tmp_path / "a.safetensors", save_freq=5),
        callbacks.BackupAndRestore(tmp_path, save_freq=5),
    ):
        assert CallbackList([asking]).overrides("on_train_batch_end")


def test_all_of_them_together(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        history = model().fit(
            X,
            Y,
            epochs=4,
            validation_split=0.25,
            verbose=0,
            callbacks=[
                callbacks.BackupAndRestore(tmp_path / "backup"),
                callbacks.EarlyStopping(patience=3, restore_best_weights=True),
                callbacks.ModelCheckpoint(tmp_path / "best.safetensors", save_best_only=True),
                callbacks.ReduceLROnPlateau(patience=1),
                callbacks.CSVLogger(tmp_path / "log.csv"),
                callbacks.TerminateOnNaN(),
                callbacks.ProgbarLogger(),
            ],
        )
    assert "learning_rate" in history.history
