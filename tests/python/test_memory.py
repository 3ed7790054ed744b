"""Memory belongs to models and goes with them: no growth with calls, batch sizes or models, and no copy of the data."""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from harness import Array

import ranvier
from ranvier import _core, layers

STATM = Path("/proc/self/statm")
MIB = 1 << 20

# What the allocator may keep for itself. 100,000 calls that lost one small object each would take 5 MiB or more, a
# model that stays would take 0.3 MiB.
SLACK = 2 * MIB


def resident() -> int:
    """Bytes of memory in use; where the system does not say, the most that ever was."""
    if STATM.exists():
        return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def model(width: int = 16, dtype: str = "float32") -> ranvier.Sequential:
    made = ranvier.Sequential(
        [
            layers.Dense(width, activation="relu", input_shape=(10,), dtype=dtype),
            layers.Dropout(0.2, dtype=dtype),
            layers.Dense(width, activation="gelu", dtype=dtype),
            layers.Dense(3, activation="softmax", dtype=dtype),
        ]
    )
    made.compile("adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def data(rows: int) -> tuple[Array, Array]:
    random = np.random.default_rng(1)
    return random.normal(size=(rows, 10)).astype("float32"), random.integers(0, 3, rows)


def test_a_hundred_thousand_predictions() -> None:
    made, (x, _) = model(), data(1)
    for _ in range(2000):
        made.predict(x)
    before = resident()
    for _ in range(100_000):
        made.predict(x)
    assert resident() - before < SLACK


@pytest.mark.parametrize("call", ["call", "train_on_batch", "test_on_batch", "evaluate"])
def test_thousands_of_other_calls(call: str) -> None:
    made, (x, y) = model(), data(4)
    run = {
        "call": lambda: made(x),
        "train_on_batch": lambda: made.train_on_batch(x, y),
        "test_on_batch": lambda: made.test_on_batch(x, y),
        "evaluate": lambda: made.evaluate(x, y, verbose=0),
    }[call]
    for _ in range(200):
        run()
    before = resident()
    for _ in range(5000):
        run()
    assert resident() - before < SLACK


def cycle() -> None:
    """A model of 0.3 MiB with its optimizer, plans and data, made, trained and gone."""
    x, y = data(64)
    made = model(width=128)
    made.fit(x, y, batch_size=32, epochs=2, verbose=0)
    made.predict(x)


def test_a_thousand_models_made_trained_and_deleted() -> None:
    for _ in range(500):  # until the heap has found its size: 7 MB in the first 500, nothing in the next 1,500
        cycle()
    before = resident()
    for _ in range(1000):
        cycle()
    assert resident() - before < SLACK


def test_a_model_goes_with_its_last_use() -> None:
    """Without waiting for the garbage collector, and with all its parts."""
    gc.disable()
    try:
        x, y = data(64)
        made = model()
        made.fit(x, y, batch_size=32, verbose=0, validation_split=0.25)
        made.evaluate(x, y, verbose=0)
        made.predict(x)
        parts = [made, *made.layers, made.optimizer, made.history]
        gone = [weakref.ref(part) for part in parts]
        del made, parts
        assert [part() for part in gone] == [None] * len(gone)
    finally:
        gc.enable()


def test_weights_outlive_their_model() -> None:
    made = model()
    views = [variable.numpy() for variable in made.weights]
    copies = [view.copy() for view in views]
    del made
    gc.collect()
    cycle()  # would take the memory, were it free
    for view, copy in zip(views, copies, strict=True):
        np.testing.assert_array_equal(view, copy)


def test_any_batch_size_in_any_order() -> None:
    """A plan keeps what the largest batch needed, and no more however many sizes it sees."""
    most = 3000
    made, (x, y) = model(width=64), data(most)
    sizes = np.random.default_rng(2).integers(1, most, 150)

    def run(rows: int) -> None:
        made.predict(x[:rows])
        made.train_on_batch(x[:rows], y[:rows])
        made.evaluate(x[:rows], y[:rows], batch_size=rows // 2 + 1, verbose=0)

    for threads in (1, 4):
        _core.set_num_threads(threads)
        run(most)
    before = resident()
    for rows in sizes:
        _core.set_num_threads(int(rows % 4 + 1))
        run(int(rows))
    # Results of 3000 rows come and go, in sizes that the heap may not give back at once.
    assert resident() - before < SLACK + 2 * MIB


# 200 MB, with 100 MB of room: a copy would not fit. Memory that is mapped from a file takes no room.
LARGE_ARRAY = """
import json, resource, sys
sys.path[:0] = json.loads(sys.argv[1])
import numpy as np
import ranvier
from peak import peak
from ranvier import _core, layers
kind, path = sys.argv[2:4]
rows, columns = 25_000, 1000
if kind == "memmap":
    x = np.lib.format.open_memmap(path, mode="r")
elif kind == "columns":
    x = np.asfortranarray(np.full((rows, columns), 0.5))
else:
    x = np.full((rows, columns), 0.5)
    if kind == "every other row":
        x = x[::2]
y = (np.arange(len(x)) % 2).astype("uint8")
model = ranvier.Sequential([layers.Dense(4, activation="relu", input_shape=(columns,)), layers.Dense(2)])
model.compile("adam", loss=ranvier.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
_core.set_num_threads(2)
model.fit(x[:64], y[:64], verbose=0)
most = peak()
if sys.platform == "linux":
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    room = int(status["VmData"].split()[0]) * 1024 + 100_000_000
    resource.setrlimit(resource.RLIMIT_DATA, (room, room))
model.fit(x, y, batch_size=1000, epochs=2, validation_split=0.2, verbose=0)
model.evaluate(x, y, batch_size=1000, verbose=0)
model.predict(x)
grown = peak() - most
print(grown)
"""


@pytest.mark.parametrize("kind", ["rows", "columns", "every other row", "memmap"])
def test_a_large_array_is_never_copied(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    if kind == "memmap":
        np.lib.format.open_memmap(path, mode="w+", dtype="float64", shape=(25_000, 1000))[:] = 0.5
    command = [sys.executable, "-c", LARGE_ARRAY, json.dumps(sys.path), kind, str(path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    if kind != "memmap":  # the pages of a file count as memory while the system keeps them
        assert int(run.stdout) < 50_000_000


# The data take 188 MB; weights, moments and gradients 11 MB; the threads' scratch and the interpreter take the rest.
MNIST_SIZED = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
import numpy as np
import ranvier
from peak import peak
from ranvier import layers
x = np.random.default_rng(0).random((60_000, 784), dtype="float32")
y = np.arange(len(x)) % 10
before = peak()
hidden = [layers.Dense(512, activation="relu") for _ in range(2)]
model = ranvier.Sequential([layers.Input((784,)), *hidden, layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, batch_size=128, epochs=1, validation_split=0.1, verbose=0)
print(peak() - before)
"""


def test_training_on_mnist_takes_sixty_megabytes_beside_the_data() -> None:
    command = [sys.executable, "-c", MNIST_SIZED, json.dumps(sys.path)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    assert int(run.stdout) < 60_000_000


# Vectors take 80 MB, their 20,000 words 3 MB.
VECTORS = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
import numpy as np
from peak import peak
from ranvier.text import KeyedVectors
kind, path = sys.argv[2:]
if kind == "write":
    x = np.random.default_rng(0).random((20_000, 1000), dtype="float32")
    KeyedVectors(1000, keys=[f"word{i}" for i in range(len(x))], vectors=x).save(path)
else:
    KeyedVectors(1, keys=["a"], vectors=np.ones((1, 1), "f4")).save(path + ".small")
    KeyedVectors.load(path + ".small")
    before = peak()
    vectors = KeyedVectors.load(path)
    print(peak() - before, vectors.vectors.nbytes, float(vectors.vectors[-1, -1]))
"""


def test_vectors_are_read_straight_into_their_place(tmp_path: Path) -> None:
    path = tmp_path / "vectors.safetensors"
    command = [sys.executable, "-c", VECTORS, json.dumps(sys.path)]
    subprocess.run([*command, "write", str(path)], check=True)
    run = subprocess.run([*command, "read", str(path)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    peak, array, last = map(float, run.stdout.split())
    assert last == np.random.default_rng(0).random((20_000, 1000), dtype="float32")[-1, -1]
    assert peak < 1.1 * array
