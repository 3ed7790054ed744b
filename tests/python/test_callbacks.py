"""Callbacks: what is called, when and with what; batch hooks only where somebody overrides them."""

from typing import Any

import numpy as np
import pytest

from ranvier import Input, Sequential, callbacks, layers
from ranvier.callbacks import Callback, CallbackList, History, LambdaCallback

X = np.random.default_rng(1).normal(size=(20, 3))
Y = X.sum(1)
HOOKS = [name for name in vars(Callback) if name.startswith("on_")]


def model() -> Sequential:
    made = Sequential([Input((3,)), layers.Dense(1)])
    made.compile("sgd", "mse", metrics=["mae"])
    return made


class Recorder(Callback):
    """Writes down every call."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, ...]] = []


def _recording(name: str) -> Any:
    def hook(self: Recorder, *args: Any) -> None:
        self.calls.append((name, *args))

    return hook


class EverythingRecorder(Recorder):
    """Overrides every hook but the older names of the batch hooks."""


for _name in HOOKS:
    if _name not in ("on_batch_begin", "on_batch_end"):
        setattr(EverythingRecorder, _name, _recording(_name))


class EpochRecorder(Recorder):
    """Overrides the hooks of epochs."""

    on_train_begin = _recording("on_train_begin")
    on_train_end = _recording("on_train_end")
    on_epoch_begin = _recording("on_epoch_begin")
    on_epoch_end = _recording("on_epoch_end")


def test_order_of_calls_in_fit() -> None:
    recorder = EverythingRecorder()
    made = model()
    made.fit(
        X, Y, batch_size=10, epochs=2, validation_data=(X, Y), validation_batch_size=20, verbose=0, callbacks=[recorder]
    )
    names = [call[0] for call in recorder.calls]
    batch = ["on_train_batch_begin", "on_train_batch_end"]
    test = ["on_test_begin", "on_test_batch_begin", "on_test_batch_end", "on_test_end"]
    epoch = ["on_epoch_begin", *batch, *batch, *test, "on_epoch_end"]
    assert names == ["on_train_begin", *epoch, *epoch, "on_train_end"]
    assert recorder.model is made
    assert recorder.params == {"verbose": 0, "epochs": 2, "steps": 2}
    assert [call[1] for call in recorder.calls if call[0] == "on_epoch_begin"] == [0, 1]
    assert [call[1] for call in recorder.calls if call[0] == "on_train_batch_end"] == [0, 1, 0, 1]


def test_logs() -> None:
    recorder = EverythingRecorder()
    history = model().fit(X, Y, batch_size=10, epochs=2, validation_split=0.5, verbose=0, callbacks=recorder)
    logs = {call[:2]: call[2] for call in recorder.calls if len(call) == 3}
    assert list(logs["on_epoch_end", 1]) == ["loss", "mae", "val_loss", "val_mae"]
    assert logs["on_epoch_end", 1]["val_mae"] == history.history["val_mae"][1]
    assert set(logs["on_train_batch_end", 0]) == {"loss", "mae"}
    assert recorder.calls[-1] == ("on_train_end", logs["on_epoch_end", 1])


def test_batch_logs_are_means_so_far() -> None:
    seen: list[float] = []
    made = model()
    one = made.test_on_batch(X[:10], Y[:10])[0]
    both = made.test_on_batch(X, Y)[0]
    watcher = LambdaCallback(on_test_batch_end=lambda batch, logs: seen.append(logs["loss"]))
    made.evaluate(X, Y, batch_size=10, verbose=0, callbacks=[watcher])
    assert seen == pytest.approx([one, both], rel=1e-6)


def test_batch_hooks_change_nothing_but_the_speed() -> None:
    plain, watched = model(), model()
    watched.set_weights(plain.get_weights())
    watcher = LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    one = plain.fit(X, Y, batch_size=3, epochs=3, shuffle=False, verbose=0)
    other = watched.fit(X, Y, batch_size=3, epochs=3, shuffle=False, verbose=0, callbacks=[watcher])
    assert one.history == other.history
    for left, right in zip(plain.get_weights(), watched.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_only_overridden_hooks_count() -> None:
    assert not CallbackList([Callback(), EpochRecorder(), History()]).overrides(
        "on_train_batch_begin", "on_train_batch_end"
    )

    class Older(Callback):
        def on_batch_end(self, batch: int, logs: Any = None) -> None:
            self.last = batch

    older = Older()
    assert CallbackList([older]).overrides("on_train_batch_end")
    model().fit(X, Y, batch_size=5, verbose=0, callbacks=[older])
    assert older.last == 3


def test_stopping() -> None:
    class Stop(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.stop_training = epoch == 1

    assert len(model().fit(X, Y, epochs=9, verbose=0, callbacks=[Stop()]).epoch) == 2

    class StopAtOnce(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = True

    made = model()
    made.fit(X, Y, batch_size=1, epochs=9, verbose=0, callbacks=[StopAtOnce()])
    assert made.optimizer is not None
    assert made.optimizer.iterations == 1
    assert len(made.fit(X, Y, epochs=3, verbose=0).epoch) == 3


def test_evaluating_inside_a_batch_does_not_disturb_the_pass() -> None:
    plain, nested = model(), model()
    nested.set_weights(plain.get_weights())
    seen = []

    class Evaluate(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            seen.append(self.model.evaluate(X, Y, verbose=0)[0])

    one = plain.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0)
    other = nested.fit(X, Y, batch_size=4, epochs=2, shuffle=False, verbose=0, callbacks=[Evaluate()])
    assert one.history == other.history
    assert len(seen) == 10
    assert seen[-1] == pytest.approx(nested.evaluate(X, Y, verbose=0)[0])
    assert seen[-1] < seen[0]


def test_predict_hooks() -> None:
    recorder = EverythingRecorder()
    made = model()
    outputs = made.predict(X, batch_size=8, callbacks=[recorder])
    np.testing.assert_array_equal(outputs, made.predict(X))
    batch = ["on_predict_batch_begin", "on_predict_batch_end"]
    assert [call[0] for call in recorder.calls] == ["on_predict_begin", *batch * 3, "on_predict_end"]
    np.testing.assert_array_equal(recorder.calls[2][2]["outputs"][0], outputs[:8])


def test_an_exception_in_a_hook_leaves_a_usable_model() -> None:
    def fail(batch: int, logs: Any) -> None:
        raise KeyboardInterrupt

    made = model()
    with pytest.raises(KeyboardInterrupt):
        made.fit(X, Y, batch_size=4, verbose=0, callbacks=[LambdaCallback(on_train_batch_end=fail)])
    assert made.history is not None
    assert made.history.epoch == []
    assert len(made.fit(X, Y, epochs=2, verbose=0).epoch) == 2


def test_history() -> None:
    history = model().fit(X, Y, epochs=2, verbose=0)
    assert repr(history) == "<History epochs=2, keys=['loss', 'mae']>"
    assert isinstance(history, callbacks.History)


def test_lambda_callback_refuses() -> None:
    with pytest.raises(TypeError, match="unknown hook 'on_epoch_finish'"):
        LambdaCallback(on_epoch_finish=print)
    with pytest.raises(TypeError, match="on_epoch_end must be a function, got 3"):
        LambdaCallback(on_epoch_end=3)  # type: ignore[arg-type]
