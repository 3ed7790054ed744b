"""pickle and copy: models and layers come back bit for bit, with the optimizer's state, and share nothing."""

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import Input, Model, Sequential, callbacks, constraints, initializers, layers, losses, metrics, optimizers
from ranvier.optimizers import schedules
from ranvier.utils import set_random_seed

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(64, 4))
LABELS = RANDOM.integers(0, 3, 64)


def pickled(thing: Any) -> Any:
    return pickle.loads(pickle.dumps(thing))


COPIES: dict[str, Callable[[Any], Any]] = {
    "pickle": pickled,
    "oldest protocol": lambda thing: pickle.loads(pickle.dumps(thing, 2)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}


class Doubled(initializers.Initializer):
    """A class of a program: a pickle refers to it."""

    def __init__(self, scale: float = 2.0) -> None:
        self.scale = scale

    def __call__(self, shape: Any, dtype: Any = None) -> Any:
        return np.full(shape, self.scale, dtype or "float32")


class Wide(layers.Dense):
    pass


class Halving(schedules.LearningRateSchedule):
    def __init__(self, start: float) -> None:
        self.start = start

    def __call__(self, step: int) -> float:
        return self.start / 2 ** (step / 10)


class Share(metrics.Metric):
    def __init__(self, name: str = "share", dtype: Any = None) -> None:
        super().__init__(dtype, name)
        self.total = self.add_variable((), "zeros")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.total.assign_add(np.mean(y_pred))

    def result(self) -> Any:
        return self.total


def distance(y_true: Any, y_pred: Any) -> Any:
    return np.abs(y_pred[:, 0] - y_true)


def chain() -> Sequential:
    stack = [
        layers.Normalization(),
        layers.Dense(8, activation="gelu", kernel_regularizer="l2", kernel_constraint=constraints.MaxNorm(2.0)),
        layers.BatchNormalization(),
        layers.Dropout(0.3),
        Wide(4, kernel_initializer=Doubled(0.1), activation="tanh"),
        layers.Dense(3, activation="softmax"),
    ]
    model = Sequential([Input((4,)), *stack])
    model.layers[0].adapt(X)
    return model


def graph() -> Model:
    x = Input((4,), name="x")
    twice = layers.Dense(4, activation="gelu", name="twice")
    added = layers.add([twice(x), x])
    return Model(x, layers.Dense(3, activation="softmax")(layers.concatenate([added, twice(added)])))


def same(one: Model, other: Model) -> None:
    assert [variable.path for variable in one.variables] == [variable.path for variable in other.variables]
    assert [variable.trainable for variable in one.variables] == [variable.trainable for variable in other.variables]
    for ours, theirs in zip(one.variables, other.variables, strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
        assert not np.shares_memory(ours.numpy(), theirs.numpy())
    for ours, theirs in zip(one.optimizer.variables, other.optimizer.variables, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def train(model: Model, seed: int) -> dict[str, list[float]]:
    set_random_seed(seed)
    return model.fit(X, LABELS, batch_size=10, epochs=2, verbose=0).history


@pytest.mark.parametrize("copied", COPIES.values(), ids=COPIES)
@pytest.mark.parametrize("make", [chain, graph])
@pytest.mark.parametrize(
    "optimizer",
    [
        lambda: optimizers.AdamW(0.01, clipnorm=1.0, use_ema=True),
        lambda: optimizers.SGD(schedules.CosineDecay(0.1, 20), momentum=0.9, gradient_accumulation_steps=2),
        lambda: optimizers.Adagrad(Halving(0.1)),
    ],
    ids=["AdamW", "SGD", "Adagrad"],
)
def test_training_goes_on_bit_for_bit(make: Any, optimizer: Any, copied: Any) -> None:
    model = make()
    chosen = optimizer()
    chosen.exclude_from_weight_decay(var_names=["bias"])
    model.compile(
        chosen, losses.SparseCategoricalCrossentropy(), metrics=["acc", metrics.SparseCategoricalCrossentropy()]
    )
    train(model, 1)
    other = copied(model)
    same(model, other)
    assert other.history.history == model.history.history
    assert train(model, 2) == train(other, 2)
    same(model, other)
    np.testing.assert_array_equal(model.predict(X), other.predict(X))
    first = other.get_weights()
    train(model, 3)
    for before, now in zip(first, other.get_weights(), strict=True):
        np.testing.assert_array_equal(before, now)


def test_what_is_not_compiled_or_not_built_comes_back_so() -> None:
    unbuilt = Sequential([layers.Dense(3), layers.Dense(1)], name="later")
    other = pickled(unbuilt)
    assert (other.built, other.optimizer, other.name) == (False, None, "later")
    unbuilt.compile("adam", "mse", metrics=["mae"])
    other = copy.deepcopy(unbuilt)
    assert other.fit(X, X[:, 0], verbose=0).history.keys() == {"loss", "mae"}
    assert not unbuilt.built
    assert pickled(chain()).optimizer is None


def test_metrics_and_rates_written_in_python() -> None:
    model = chain()
    model.compile(optimizers.SGD(Halving(0.1)), "sparse_categorical_crossentropy", metrics=[Share(), distance])
    train(model, 1)
    other = pickled(model)
    assert train(model, 2) == train(other, 2)
    assert other.metrics[0] is not model.metrics[0]


def test_lambdas_are_copied_but_cannot_be_pickled() -> None:
    model = chain()
    model.compile(
        optimizers.SGD(lambda: 0.1), "sparse_categorical_crossentropy", metrics=[lambda y, p: p[:, 0] + 0 * y]
    )
    train(model, 1)
    other = copy.deepcopy(model)
    assert train(model, 2) == train(other, 2)
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(model)


def test_frozen_weights_stay_frozen_and_keep_their_state() -> None:
    model = chain()
    model.compile("adam", "sparse_categorical_crossentropy")
    train(model, 1)
    model.trainable = False
    model.layers[-1].trainable = True
    model.layers[-1].bias.trainable = False
    other = pickled(model)
    assert not other.trainable
    same(model, other)
    assert train(model, 2) == train(other, 2)
    same(model, other)


def test_a_learning_rate_that_was_set_is_kept() -> None:
    model = chain()
    model.compile("adam", "sparse_categorical_crossentropy")
    train(model, 1)
    model.optimizer.learning_rate = 0.125
    assert pickled(model).optimizer.learning_rate == 0.125
    alone = pickled(model.optimizer)
    assert (alone.learning_rate, alone.iterations) == (0.125, 0)
    fresh = chain()
    fresh.compile(alone, "sparse_categorical_crossentropy")
    train(fresh, 1)


def test_nothing_is_drawn_from_the_librarys_generator() -> None:
    model = chain()
    set_random_seed(5)
    wanted = ranvier.random.draw_seed()
    set_random_seed(5)
    pickled(model)
    copy.deepcopy(model)
    assert ranvier.random.draw_seed() == wanted


def test_layers_come_back_with_their_weights() -> None:
    for layer in chain().layers:
        for other in (pickled(layer), copy.deepcopy(layer)):
            assert type(other) is type(layer)
            assert (other.get_config(), other.built) == (layer.get_config(), layer.built)
            for ours, theirs in zip(layer.get_weights(), other.get_weights(), strict=True):
                np.testing.assert_array_equal(ours, theirs)
    assert not pickled(layers.Dense(3)).built
    dropout = layers.Dropout(0.5)
    x = np.ones((4, 8))
    dropout.build((None, 8))
    set_random_seed(1)
    wanted = dropout(x, training=True)
    set_random_seed(1)
    np.testing.assert_array_equal(pickled(dropout)(x, training=True), wanted)


def test_callbacks_bring_their_model_along() -> None:
    stopping = callbacks.EarlyStopping("loss", restore_best_weights=True)
    model = chain()
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(X, LABELS, verbose=0, callbacks=[stopping])
    model.note = {"why": "kept"}
    other, theirs = pickled((stopping, model))
    assert other.model is theirs
    assert theirs.note == {"why": "kept"}


def test_a_pickle_holds_each_weight_once() -> None:
    model = Sequential([Input((1000,)), layers.Dense(500)])
    model.compile("sgd", "mse")
    file = io.BytesIO()
    pickle.dump(model, file)
    assert file.tell() < 1.02 * 4 * model.count_params()
