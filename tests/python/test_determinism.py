"""Training and prediction are bitwise the same for any number of threads, in any batch, again with the same seed."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import DTYPES, THREADS, Array, assert_same_bits

import ranvier
from ranvier import _core, layers

ROWS, FEATURES, BATCH = 700, 60, 320  # the last batch of an epoch is a small one


def data(dtype: str = "float32") -> tuple[Array, Array]:
    random = np.random.default_rng(1)
    return random.normal(size=(ROWS, FEATURES)).astype(dtype), random.integers(0, 7, ROWS)


def model(optimizer: str = "adam", dtype: str = "float32", wide: int = 256) -> ranvier.Sequential:
    """Its steps are shared among threads; dropout and shuffling draw random numbers."""
    made = ranvier.Sequential(
        [
            layers.Dense(wide, activation="gelu", input_shape=(FEATURES,), dtype=dtype),
            layers.Dropout(0.3, dtype=dtype),
            layers.Dense(100, activation="relu", dtype=dtype),
            layers.Dense(7, activation="softmax", dtype=dtype),
        ]
    )
    made.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def trained(
    seed: int, threads: int, optimizer: Any = "adam", dtype: str = "float32"
) -> tuple[list[Array], dict[str, Any]]:
    ranvier.utils.set_random_seed(seed)
    _core.set_num_threads(threads)
    x, y = data(dtype)
    made = model(optimizer, dtype)
    history = made.fit(x, y, batch_size=BATCH, epochs=3, verbose=0, validation_split=0.1)
    return made.get_weights(), history.history


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "make_optimizer",
    [
        pytest.param(lambda: ranvier.optimizers.Adam(amsgrad=True, weight_decay=0.01), id="adam"),
        pytest.param(lambda: ranvier.optimizers.SGD(0.05, momentum=0.9, global_clipnorm=0.1), id="sgd, global norm"),
        pytest.param(lambda: ranvier.optimizers.SGD(0.05, clipnorm=0.05), id="sgd, norms"),
    ],
)
@pytest.mark.usefixtures("isa")
def test_any_number_of_threads_trains_the_same_bits(make_optimizer: Any, dtype: str) -> None:
    weights, history = trained(3, 1, make_optimizer(), dtype)
    assert all(np.isfinite(weight).all() for weight in weights)
    for threads in THREADS[1:]:
        other_weights, other_history = trained(3, threads, make_optimizer(), dtype)
        assert other_history == history
        for found, expected in zip(other_weights, weights, strict=True):
            assert_same_bits(found, expected, f"{threads} threads")


COUNT_THREADS = """
import json, os, sys
sys.path[:0] = json.loads(sys.argv[1])
import test_determinism

def started():
    return len(os.listdir("/proc/self/task"))

before = started()
test_determinism.trained(3, 1)
alone = started()
test_determinism.trained(3, 4)
print(alone - before, started() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts threads in /proc")
def test_work_of_this_size_is_shared() -> None:
    """Or the test above would compare one thread with itself."""
    command = [sys.executable, "-c", COUNT_THREADS, json.dumps(sys.path)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.split() == ["0", "3"]


@pytest.mark.usefixtures("isa")
def test_a_seed_repeats_and_another_one_differs() -> None:
    first, again, other = trained(3, 1), trained(3, 1), trained(4, 1)
    assert first[1] == again[1] != other[1]
    for a, b, c in zip(first[0], again[0], other[0], strict=True):
        assert_same_bits(a, b)
        assert (a != c).any()


def test_each_epoch_and_each_fit_takes_another_order() -> None:
    """Seen through a model that has no other randomness: one step an epoch on the first batch only."""
    x, y = np.eye(40, dtype="float32"), np.zeros((40, 1), "float32")
    made = ranvier.Sequential([layers.Dense(1, use_bias=False, kernel_initializer="ones", input_shape=(40,))])
    made.compile(ranvier.optimizers.SGD(0.1), loss="mse")
    seen = []
    for _ in range(2):
        for _ in range(2):
            before = made.get_weights()[0]
            made.fit(x, y, batch_size=10, steps_per_epoch=1, epochs=1, verbose=0)
            seen.append(tuple(np.flatnonzero(made.get_weights()[0] != before)))
    assert all(len(rows) == 10 for rows in seen)
    assert len(set(seen)) == len(seen)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.usefixtures("isa")
def test_a_row_does_not_depend_on_its_batch(dtype: str) -> None:
    x, _ = data(dtype)
    made = model(dtype=dtype)
    results = []
    for threads in THREADS:
        _core.set_num_threads(threads)
        results += [made.predict(x), made.predict(x, batch_size=7), made.predict(np.asfortranarray(x))]
        results.append(np.concatenate([made.predict(part) for part in np.array_split(x, 9)]))
        results.append(np.concatenate([made.predict_on_batch(part) for part in np.array_split(x, 3)]))
    results += [made(x), np.concatenate([made.predict(row[None]) for row in x])]
    for result in results[1:]:
        assert_same_bits(result, results[0])


def test_a_large_prediction_is_shared_and_the_same() -> None:
    x = np.random.default_rng(1).normal(size=(5000, FEATURES)).astype("float32")
    made = model()
    results = []
    for threads in THREADS:
        _core.set_num_threads(threads)
        results.append(made.predict(x))
    for result in results[1:]:
        assert_same_bits(result, results[0])
    assert_same_bits(made.predict(x[1234:1235]), results[0][1234:1235])


def test_many_python_threads_may_predict_at_once() -> None:
    x, _ = data()
    made = model()
    expected = made.predict(x)
    bounds = [(begin, begin + rows) for begin, rows in zip(range(0, 600, 5), [1, 3, 40, 100] * 30, strict=True)]

    def predict(part: tuple[int, int]) -> bool:
        return made.predict(x[slice(*part)]).tobytes() == expected[slice(*part)].tobytes()

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(predict, bounds * 3))


def test_two_threads_cannot_train_one_model() -> None:
    """The second is told so, and the first is not disturbed."""
    x, y = data()
    ranvier.utils.set_random_seed(5)
    alone = model()
    alone.fit(x, y, batch_size=8, epochs=6, verbose=0)
    ranvier.utils.set_random_seed(5)
    made = model()
    began, tried = threading.Event(), threading.Event()
    wait = ranvier.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: (began.set(), tried.wait(60)))
    settings = {"batch_size": 8, "epochs": 6, "verbose": 0, "callbacks": [wait]}
    first = threading.Thread(target=made.fit, args=(x, y), kwargs=settings, daemon=True)
    first.start()
    began.wait()
    for attempt in (made.fit, made.train_on_batch, made.evaluate):
        with pytest.raises(RuntimeError, match="another thread"):
            attempt(x[:8], y[:8])
    tried.set()
    first.join()
    for found, expected in zip(made.get_weights(), alone.get_weights(), strict=True):
        assert_same_bits(found, expected)
    made.train_on_batch(x[:8], y[:8])


def test_the_native_trainer_refuses_a_second_thread() -> None:
    scalars = _core.float32
    network = scalars.Network("busy")
    hidden = network.add(scalars.Layer("dense", {"units": 1024}, "wide"), [network.add_input((64,), "x")])
    network.set_outputs(network.add(scalars.Layer("dense", {"units": 64}, "narrow"), hidden))
    loss, optimizer = scalars.Loss("mean_squared_error", {}, "mean"), scalars.Optimizer("sgd", {})
    trainer = scalars.Trainer(network, [loss], [1.0], [[]], [[]], optimizer)
    x = np.zeros((1_600_000, 64), "float32")  # never written to, so it takes no memory; seconds of work
    feed = _core.Feed([x], [x], [None])
    trainer.begin(feed, 32, True, False, 0, -1)
    first = threading.Thread(target=trainer.run, args=(0.3, -1))
    first.start()
    while trainer.batch == 0:
        pass
    for attempt in (lambda: trainer.run(1.0, 1), lambda: trainer.begin(feed, 32, True, False, 1, -1)):
        with pytest.raises(RuntimeError, match=r"\[busy\] another thread is training this model"):
            attempt()
    first.join()
    assert 0 < trainer.batch < trainer.batches
