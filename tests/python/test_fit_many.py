"""Many models at once: the same as one after the other, errors before anything runs, nothing lost."""

from __future__ import annotations

import numpy as np
import pytest

from ranvier import Sequential, fit_many, layers
from ranvier.callbacks import Callback
from ranvier.errors import NonFiniteLossError
from ranvier.optimizers import SGD
from ranvier.utils import set_random_seed

ROWS = 60
X = np.random.default_rng(0).random((ROWS, 3))
Y = (X.sum(axis=1) > 1.5).astype(int)


def models(count: int) -> list[Sequential]:
    made = []
    for i in range(count):
        model = Sequential([layers.Dense(4 + i, activation="relu"), layers.Dropout(0.2), layers.Dense(2, "softmax")])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        made.append(model)
    return made


def test_each_model_ends_as_its_own_fit_would() -> None:
    set_random_seed(1)
    alone = models(5)
    wanted = [model.fit(X, Y, batch_size=8, epochs=4, verbose=0, validation_split=0.2).history for model in alone]
    set_random_seed(1)
    together = models(5)
    histories = fit_many(together, X, Y, batch_size=8, epochs=4, validation_split=0.2)
    assert [history.history for history in histories] == wanted
    for one, other in zip(alone, together, strict=True):
        for weights, others in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(weights, others)


def test_data_and_callbacks_of_each_model() -> None:
    class Count(Callback):
        epochs = 0

        def on_epoch_end(self, epoch: int, logs: object = None) -> None:
            self.epochs += 1

    watchers = [Count(), Count()]
    targets = [Y, 1 - Y]
    pair = models(2)
    histories = fit_many(pair, [X, X[:30]], [targets[0], targets[1][:30]], epochs=3, callbacks=[[w] for w in watchers])
    assert [watcher.epochs for watcher in watchers] == [3, 3]
    assert histories[0].model is pair[0]
    assert histories[1].history["loss"] != histories[0].history["loss"]


def test_bad_arguments_are_named_before_any_model_is_trained() -> None:
    pair = models(2)
    with pytest.raises(ValueError, match=r"\[fit_many\] x is a list of 3 items for 2 models"):
        fit_many(pair, [X, X, X], Y)
    with pytest.raises(ValueError, match="a model is in `models` twice"):
        fit_many([pair[0], pair[0]], X, Y)
    with pytest.raises(ValueError, match="batch_size must be an integer of at least 1"):
        fit_many(pair, X, Y, batch_size=0)
    with pytest.raises(TypeError, match="epocs"):
        fit_many(pair, X, Y, epocs=2)
    assert not hasattr(pair[0].history, "history")


def test_a_model_that_diverges_does_not_stop_the_others() -> None:
    pair = [Sequential([layers.Dense(2)]) for _ in range(2)]
    pair[0].compile(SGD(1e30), "mse")
    pair[1].compile(SGD(0.01), "mse")
    with pytest.raises(NonFiniteLossError, match="the loss became"):
        fit_many(pair, X, np.stack([Y, 1 - Y], axis=1), epochs=20)
    assert len(pair[1].history.history["loss"]) == 20
    assert all(np.isfinite(weights).all() for weights in pair[0].get_weights())
