"""Training: what `fit`, `evaluate` and the calls on single batches compute, and what they do with their arguments."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import Input, Model, Sequential, callbacks, layers, metrics, optimizers
from ranvier.utils import set_random_seed, to_categorical

RANDOM = np.random.default_rng(7)
X = RANDOM.normal(size=(60, 4))
LABELS = RANDOM.integers(0, 3, 60)
VALUES = X @ RANDOM.normal(size=(4, 2))


def regression(optimizer: Any = "sgd", loss: Any = "mse", **arguments: Any) -> Sequential:
    model = Sequential([Input((4,)), layers.Dense(2)])
    model.compile(optimizer, loss, **arguments)
    return model


def classifier(**arguments: Any) -> Sequential:
    model = Sequential([Input((4,)), layers.Dense(8, activation="tanh"), layers.Dense(3, activation="softmax")])
    model.compile("adam", arguments.pop("loss", "sparse_categorical_crossentropy"), **arguments)
    return model


def numpy_epoch(weights: list[np.ndarray], rate: float, batch: int) -> float:
    """One epoch of gradient descent on the mean squared error of a dense layer, in order; returns the mean loss."""
    kernel, bias = weights
    total = 0.0
    for begin in range(0, len(X), batch):
        x, y = X[begin : begin + batch], VALUES[begin : begin + batch]
        error = x @ kernel + bias - y
        total += (error**2).mean() * len(x)
        kernel -= rate * x.T @ (2 * error / error.size)
        bias -= rate * (2 * error / error.size).sum(0)
    return total / len(X)


def test_fit_is_gradient_descent() -> None:
    model = regression(optimizers.SGD(0.05))
    weights = [weight.astype(np.float64) for weight in model.get_weights()]
    history = model.fit(X, VALUES, batch_size=7, epochs=5, shuffle=False, verbose=0)
    expected = [numpy_epoch(weights, 0.05, 7) for _ in range(5)]
    np.testing.assert_allclose(history.history["loss"], expected, rtol=1e-5)
    for ours, theirs in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-6)


def test_history_and_evaluate_have_keras_names_and_order() -> None:
    model = classifier(metrics=["acc", "sparse_categorical_crossentropy", metrics.SparseTopKCategoricalAccuracy(2)])
    history = model.fit(X, LABELS, epochs=3, validation_split=0.25, verbose=0)
    plain = ["acc", "loss", "sparse_categorical_crossentropy", "sparse_top_k_categorical_accuracy"]
    assert list(history.history) == plain + [f"val_{name}" for name in plain]
    assert [len(values) for values in history.history.values()] == [3] * 8
    assert history.epoch == [0, 1, 2]
    assert history.params["steps"] == 2
    assert model.history is history
    values = model.evaluate(X, LABELS, verbose=0)
    assert model.metrics_names == [
        "loss",
        "acc",
        "sparse_categorical_crossentropy",
        "sparse_top_k_categorical_accuracy",
    ]
    named = model.evaluate(X, LABELS, verbose=0, return_dict=True)
    assert [named[name] for name in model.metrics_names] == values
    assert values[0] == pytest.approx(values[2], rel=1e-5)
    probabilities = model.predict(X)
    assert values[1] == pytest.approx((probabilities.argmax(1) == LABELS).mean())
    assert values[0] == pytest.approx(-np.log(probabilities[range(60), LABELS]).mean(), rel=1e-5)
    assert model.metrics[0].result() == values[1]


def test_evaluate_without_metrics_is_a_number() -> None:
    model = regression()
    loss = model.evaluate(X, VALUES, verbose=0)
    assert isinstance(loss, float)
    assert loss == pytest.approx(((model.predict(X) - VALUES) ** 2).mean(), rel=1e-5)


@pytest.mark.parametrize(
    ("units", "activation", "loss", "y", "expected"),
    [
        (1, "sigmoid", "binary_crossentropy", LABELS % 2, "BinaryAccuracy"),
        (3, "softmax", "sparse_categorical_crossentropy", LABELS, "SparseCategoricalAccuracy"),
        (3, "softmax", "sparse_categorical_crossentropy", LABELS[:, None], "SparseCategoricalAccuracy"),
        (3, "softmax", "categorical_crossentropy", to_categorical(LABELS, 3), "CategoricalAccuracy"),
        (2, "sigmoid", "binary_crossentropy", to_categorical(LABELS % 2, 2), "CategoricalAccuracy"),
    ],
)
def test_accuracy_is_the_one_that_suits(units: int, activation: str, loss: str, y: Any, expected: str) -> None:
    model = Sequential([Input((4,)), layers.Dense(units, activation=activation)])
    model.compile("sgd", loss, metrics=["accuracy", "crossentropy"])
    model.fit(X, y, verbose=0)
    assert type(model.metrics[0]).__name__ == expected
    assert type(model.metrics[1]).__name__ == expected.replace("Accuracy", "Crossentropy")
    assert list(model.history.history) == ["accuracy", "crossentropy", "loss"]


def test_metric_names_are_numbered_and_weighted_ones_marked() -> None:
    model = regression(
        metrics=["mae", "mse", "mae", ranvier.losses.huber, metrics.MeanSquaredError(name="mine")],
        weighted_metrics=["mae", "mape"],
    )
    weights = np.linspace(0, 2, 60)
    history = model.fit(X, VALUES, sample_weight=weights, verbose=0).history
    assert set(history) == {"loss", "mae", "mse", "mae_1", "huber", "mine", "weighted_mae", "mape"}
    results = model.evaluate(X, VALUES, sample_weight=weights, verbose=0, return_dict=True)
    error = np.abs(model.predict(X) - VALUES)
    assert results["mae"] == pytest.approx(error.mean(), rel=1e-5)
    assert results["weighted_mae"] == pytest.approx(np.average(error.mean(1), weights=weights), rel=1e-5)
    assert results["loss"] == pytest.approx(((error**2).mean(1) * weights).mean(), rel=1e-5)


def test_metrics_that_are_more_than_a_mean() -> None:
    model = regression(metrics=[metrics.RootMeanSquaredError(), "cosine_similarity", ranvier.losses.cosine_similarity])
    model.fit(X, VALUES, verbose=0)
    loss, root, cosine, cosine_loss = model.evaluate(X, VALUES, verbose=0)
    assert root == pytest.approx(np.sqrt(loss), rel=1e-5)
    assert cosine == pytest.approx(-cosine_loss)


def test_several_outputs() -> None:
    x = Input((4,))
    model = Model(x, [layers.Dense(2, name="a")(x), layers.Dense(3, activation="softmax", name="b")(x)])
    model.compile(
        "sgd",
        {"a": "mse", "b": "sparse_categorical_crossentropy"},
        loss_weights={"a": 0.5, "b": 2.0},
        metrics={"a": ["mae"], "b": ["acc"]},
    )
    history = model.fit(X, {"a": VALUES, "b": LABELS}, validation_split=0.2, verbose=0).history
    names = ["a_loss", "a_mae", "b_acc", "b_loss", "loss"]
    assert list(history) == names + [f"val_{name}" for name in names]
    results = dict(zip(model.metrics_names, model.evaluate(X, [VALUES, LABELS], verbose=0), strict=True))
    assert model.metrics_names == ["loss", "a_loss", "b_loss", "a_mae", "b_acc"]
    assert results["loss"] == pytest.approx(0.5 * results["a_loss"] + 2 * results["b_loss"])
    before = model.get_weights()
    model.compile("sgd", ["mse", "sparse_categorical_crossentropy"], loss_weights=[1, 0], metrics=[["mae"], []])
    model.fit(X, [VALUES, LABELS], sample_weight={"a": np.ones(60), "b": None}, verbose=0)
    after = model.get_weights()
    assert not np.array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[2], after[2])


def test_a_weight_of_two_is_a_row_twice() -> None:
    weights = np.ones(60)
    weights[:20] = 2
    first = regression(loss=ranvier.losses.MeanSquaredError("sum"))
    second = regression(loss=ranvier.losses.MeanSquaredError("sum"))
    second.set_weights(first.get_weights())
    twice = np.concatenate([np.arange(60), np.arange(20)])
    first.train_on_batch(X * 0.1, VALUES, sample_weight=weights)
    second.train_on_batch(X[twice] * 0.1, VALUES[twice])
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("form", ["sparse", "one-hot"])
def test_class_weight_is_a_sample_weight(form: str) -> None:
    loss, y = {
        "sparse": ("sparse_categorical_crossentropy", LABELS),
        "one-hot": ("categorical_crossentropy", to_categorical(LABELS, 3)),
    }[form]
    by_class, by_row = classifier(loss=loss), classifier(loss=loss)
    by_row.set_weights(by_class.get_weights())
    table = np.array([1.0, 0.0, 3.0])
    by_class.fit(X, y, class_weight={0: 1.0, 1: 0.0, 2: 3.0, 9: 5.0}, shuffle=False, verbose=0)
    by_row.fit(X, y, sample_weight=table[LABELS], shuffle=False, verbose=0)
    for one, other in zip(by_class.get_weights(), by_row.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_class_weight_of_a_single_column() -> None:
    model = Sequential([Input((4,)), layers.Dense(1, activation="sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    before = model.get_weights()
    model.fit(X, LABELS % 2, class_weight={0: 0, 1: 0}, verbose=0)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_hinge_takes_zeros_for_minus_ones() -> None:
    zeros = (LABELS == 1).astype(int)
    results = []
    for y in (zeros, 2 * zeros - 1):
        set_random_seed(1)
        model = Sequential([Input((4,)), layers.Dense(1)])
        model.compile("sgd", "hinge", metrics=["squared_hinge"])
        results.append(model.fit(X, y, epochs=2, verbose=0).history)
    assert results[0] == results[1]


def test_validation_split_takes_the_tail() -> None:
    split, given = regression(), regression()
    given.set_weights(split.get_weights())
    one = split.fit(X, VALUES, validation_split=0.25, shuffle=False, epochs=2, verbose=0).history
    other = given.fit(
        X[:45], VALUES[:45], validation_data=(X[45:], VALUES[45:]), shuffle=False, epochs=2, verbose=0
    ).history
    assert one == other
    assert one["val_loss"][-1] == pytest.approx(split.evaluate(X[45:], VALUES[45:], verbose=0), rel=1e-6)


def test_validation_split_warns_of_sorted_data() -> None:
    labels = np.sort(LABELS)
    labels[-20:] = 2
    with pytest.warns(UserWarning, match="the last 12 rows, and all are of class 2: shuffle x and y") as caught:
        classifier().fit(X, labels, validation_split=0.2, verbose=0)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="of class 2"):
        classifier(loss="categorical_crossentropy").fit(X, to_categorical(labels), validation_split=0.2, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier().fit(X, np.full(60, 1), validation_split=0.2, verbose=0)


def test_validation_weights_and_frequency() -> None:
    model = regression()
    weights = np.linspace(0, 1, 60)
    history = model.fit(X, VALUES, validation_data=(X, VALUES, weights), epochs=6, validation_freq=3, verbose=0).history
    assert (len(history["loss"]), len(history["val_loss"])) == (6, 2)
    assert history["val_loss"][-1] == pytest.approx(
        model.evaluate(X, VALUES, sample_weight=weights, verbose=0), rel=1e-6
    )
    history = model.fit(X, VALUES, validation_data=(X, VALUES), epochs=6, validation_freq=[1, 6], verbose=0).history
    assert len(history["val_loss"]) == 2


def test_epochs_steps_and_initial_epoch() -> None:
    model = regression()
    history = model.fit(X, VALUES, batch_size=10, epochs=5, initial_epoch=3, steps_per_epoch=2, verbose=0)
    assert history.epoch == [3, 4]
    assert model.optimizer is not None
    assert model.optimizer.iterations == 4
    assert model.fit(X, VALUES, epochs=0, verbose=0).history == {}


def test_the_same_seed_gives_the_same_bits_and_another_does_not() -> None:
    results = []
    for seed in (1, 1, 2):
        set_random_seed(seed)
        model = Sequential([Input((4,)), layers.Dense(16, activation="relu"), layers.Dropout(0.3), layers.Dense(2)])
        model.compile("adam", "mse")
        model.fit(X, VALUES, epochs=3, verbose=0)
        results.append(np.concatenate([weight.ravel() for weight in model.get_weights()]))
    np.testing.assert_array_equal(results[0], results[1])
    assert not np.array_equal(results[0], results[2])


def test_shuffling_changes_the_order() -> None:
    ends = []
    for shuffle in (False, False, True):
        model = regression()
        model.set_weights([np.zeros((4, 2)), np.zeros(2)])
        model.fit(X, VALUES, batch_size=4, shuffle=shuffle, verbose=0)
        ends.append(model.get_weights()[0])
    np.testing.assert_array_equal(ends[0], ends[1])
    assert not np.array_equal(ends[0], ends[2])


def test_calls_on_single_batches() -> None:
    model = regression(optimizers.SGD(0.1), metrics=["mae"])
    weights = [weight.astype(np.float64) for weight in model.get_weights()]
    assert model.test_on_batch(X, VALUES) == pytest.approx(model.evaluate(X, VALUES, verbose=0))
    expected = model.test_on_batch(X, VALUES, return_dict=True)
    assert model.train_on_batch(X, VALUES, return_dict=True) == pytest.approx(expected)
    numpy_epoch(weights, 0.1, 60)
    np.testing.assert_allclose(model.get_weights()[0], weights[0], rtol=1e-4, atol=1e-6)
    assert model.train_on_batch(X, VALUES)[0] < expected["loss"]


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "i1", "i8", "u2", "?"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_data_of_any_type_and_order(dtype: str, order: Any) -> None:
    x = (X * 3).astype(dtype)
    losses = []
    for data in (x.astype("f4"), np.asarray(x, order=order), np.repeat(x, 2, 0)[::2], x.tolist()):
        set_random_seed(1)
        losses.append(regression().fit(data, VALUES, verbose=0).history["loss"][0])
    assert losses == [losses[0]] * 4


def test_sparse_labels_of_any_type() -> None:
    ends = []
    for y in (LABELS, LABELS.astype("u1"), LABELS.astype("f8"), LABELS[:, None], LABELS.tolist()):
        set_random_seed(1)
        ends.append(classifier().fit(X, y, verbose=0).history["loss"][0])
    assert ends == [ends[0]] * 5


def test_float64_models_train_in_float64() -> None:
    model = Sequential([Input((4,)), layers.Dense(2, dtype="float64")])
    model.compile(optimizers.SGD(0.05), "mse")
    weights = model.get_weights()
    model.fit(X, VALUES, batch_size=7, shuffle=False, verbose=0)
    numpy_epoch(weights, 0.05, 7)
    np.testing.assert_allclose(model.get_weights()[0], weights[0], rtol=1e-13)


def test_the_learning_rate_can_be_set_while_training() -> None:
    model = regression(optimizers.SGD(0.1))
    optimizer = model.optimizer
    assert optimizer is not None

    def stop_learning(epoch: int, logs: Any) -> None:
        optimizer.learning_rate = 0.0

    losses = model.fit(X, VALUES, epochs=4, verbose=0, callbacks=callbacks.LambdaCallback(on_epoch_end=stop_learning))
    assert losses.history["loss"][0] > losses.history["loss"][1]
    assert losses.history["loss"][2] == pytest.approx(losses.history["loss"][3])
    assert optimizer.lr == 0.0


def test_the_same_optimizer_keeps_its_state_when_compiled_again() -> None:
    optimizer = optimizers.Adam()
    model = regression(optimizer)
    model.fit(X, VALUES, verbose=0)
    model.compile(optimizer, "mae")
    model.fit(X, VALUES, verbose=0)
    assert optimizer.iterations == 4
    iteration, rate, *state = optimizer.variables
    assert (iteration, rate) == (4, 0.001)
    assert [view.shape for view in state] == [(4, 2), (4, 2), (2,), (2,)]


def test_two_threads_cannot_train_one_model() -> None:
    model = regression()
    inside, done = threading.Event(), threading.Event()

    def wait(epoch: int, logs: Any) -> None:
        inside.set()
        done.wait(10)

    training = threading.Thread(
        target=lambda: model.fit(X, VALUES, verbose=0, callbacks=[callbacks.LambdaCallback(on_epoch_end=wait)])
    )
    training.start()
    assert inside.wait(10)
    try:
        with pytest.raises(RuntimeError, match="another thread is training"):
            model.fit(X, VALUES, verbose=0)
        with pytest.raises(RuntimeError, match="another thread is training"):
            model.evaluate(X, VALUES, verbose=0)
        assert model.predict(X).shape == (60, 2)
    finally:
        done.set()
        training.join()
    model.fit(X, VALUES, verbose=0)


def test_many_threads_may_predict() -> None:
    model = classifier()
    expected = model.predict(X)
    wrong: list[Any] = []

    def work() -> None:
        wrong.extend(i for i in range(50) if not np.array_equal(model.predict(X), expected))

    workers = [threading.Thread(target=work) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


INTERRUPTED = """
import sys, time, numpy as np
from ranvier import Sequential, layers, optimizers
x = np.ones((200_000, 64), "f4")
model = Sequential([layers.Dense(256, input_shape=(64,)), layers.Dense(1)])
model.compile(optimizers.SGD(1e-6), "mse")
try:
    print("ready", flush=True)
    model.fit(x, x[:, 0], epochs=1000, verbose=0)
except KeyboardInterrupt:
    stopped = time.time()
    assert model.history is not None
    assert np.isfinite(model.predict(x[:5])).all()
    model.fit(x[:100], x[:100, 0], verbose=0)
    print(stopped)
"""


@pytest.mark.skipif(os.name == "nt", reason="sends a POSIX signal")
def test_ctrl_c_stops_within_a_fifth_of_a_second_and_leaves_a_usable_model() -> None:
    with subprocess.Popen([sys.executable, "-c", INTERRUPTED], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.7)
        sent = time.time()
        process.send_signal(signal.SIGINT)
        stopped = process.stdout.readline()
    assert re.match(r"\d", stopped), stopped
    # A fifth of a second, and as much again for a machine that is busy with other tests.
    assert float(stopped) - sent < 0.4
