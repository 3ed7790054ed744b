"""Every form that data may come in gives the numbers that the same arrays give, without a copy of the whole."""

from __future__ import annotations

import itertools
import json
import math
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas
import pytest
import scipy.sparse

import ranvier
from ranvier import callbacks, layers, metrics
from ranvier.utils import PyDataset, set_random_seed

RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(70, 5)) * (RANDOM.random((70, 5)) < 0.4)
Y = RANDOM.integers(0, 3, 70)
WEIGHTS = RANDOM.random(70)
BATCH = 16


def model(metric: Any = "acc") -> ranvier.Sequential:
    set_random_seed(1)
    made = ranvier.Sequential(
        [
            layers.Input((5,)),
            layers.Dense(8, activation="tanh"),
            layers.Dropout(0.2),
            layers.Dense(3, activation="softmax"),
        ]
    )
    made.compile("adam", "sparse_categorical_crossentropy", metrics=[metric], weighted_metrics=["ce"])
    return made


def trained(x: Any, **arguments: Any) -> tuple[dict[str, list[float]], list[Any]]:
    made = model()
    set_random_seed(2)
    history = made.fit(x, Y, BATCH, epochs=2, verbose=0, validation_split=0.2, **arguments)
    return history.history, [*made.get_weights(), made.predict(x), made.evaluate(x, Y, verbose=0)]


def same(one: Any, other: Any) -> None:
    assert one[0] == other[0]
    for ours, theirs in zip(one[1], other[1], strict=True):
        np.testing.assert_array_equal(ours, theirs)


# --- Arrays and the like ----------------------------------------------------------------------------------------------


class Foreign:
    """An array of another library: DLPack is all it has."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __dlpack__(self, **arguments: Any) -> Any:
        return self._array.__dlpack__(**arguments)

    def __dlpack_device__(self) -> Any:
        return self._array.__dlpack_device__()


class Frame:
    """As polars has it: columns by name, without an index."""

    def __init__(self, columns: dict[str, Any]) -> None:
        self._columns = columns
        self.columns = list(columns)

    def __getitem__(self, name: str) -> Any:
        return pandas.Series(self._columns[name])

    def to_numpy(self) -> Any:
        raise AssertionError("the whole is never asked for")


def mapped(array: Any, path: Path) -> Any:
    np.save(path, array)
    return np.load(path, mmap_mode="r")


FORMS: dict[str, Any] = {
    "columns first": lambda path: np.asfortranarray(X),
    "every other": lambda path: np.repeat(X, 2, axis=0)[::2],
    "backwards": lambda path: X[::-1].copy()[::-1],
    "list": lambda path: X.tolist(),
    "other bytes": lambda path: X.astype(">f8"),
    "memory map": lambda path: mapped(X, path / "x.npy"),
    "DLPack": lambda path: Foreign(X),
    "pandas": lambda path: pandas.DataFrame(X),
    "pandas, separate columns": lambda path: pandas.DataFrame({name: X[:, i].copy() for i, name in enumerate("abcde")}),
    "pandas, one name": lambda path: pandas.DataFrame(X, columns=["a"] * 5),
    "pandas, nullable": lambda path: pandas.DataFrame(X).astype("Float64"),
    "columns by name": lambda path: Frame({name: X[:, i] for i, name in enumerate("abcde")}),
    "CSR matrix": lambda path: scipy.sparse.csr_matrix(X),
    "CSR array": lambda path: scipy.sparse.csr_array(X),
    "CSR, wide": lambda path: wide(scipy.sparse.csr_array(X)),
    "CSC": lambda path: scipy.sparse.csc_array(X),
    "COO": lambda path: scipy.sparse.coo_matrix(X),
}


def wide(rows: Any) -> Any:
    rows.indices, rows.indptr = rows.indices.astype(np.int64), rows.indptr.astype(np.int64)
    return rows


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_forms_of_x(form: Any, tmp_path: Path) -> None:
    same(trained(form(tmp_path)), trained(X))


@pytest.mark.parametrize(
    "dtype", ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "f2", "f4"]
)
def test_number_types(dtype: str) -> None:
    x = np.abs(X * 10).astype(dtype)
    want = trained(x.astype("float64"))
    same(trained(x), want)
    same(trained(scipy.sparse.csr_array(x) if dtype != "f2" else x), want)
    same(trained(pandas.DataFrame(x)), want)


def test_columns_of_different_types() -> None:
    columns = {"a": X[:, 0], "b": X[:, 1] > 0, "c": (X[:, 2] * 5).astype("int8"), "d": X[:, 3].astype("f4"), "e": Y}
    want = trained(np.stack([column.astype(float) for column in columns.values()], axis=1))
    same(trained(pandas.DataFrame(columns)), want)
    same(trained(Frame(columns)), want)
    frame = pandas.DataFrame(columns)
    made = model()
    np.testing.assert_array_equal(made(frame), made.predict(frame))
    np.testing.assert_array_equal(made.predict(frame[10:20]), made.predict(frame)[10:20])


def test_polars() -> None:
    polars = pytest.importorskip("polars")
    same(trained(polars.DataFrame(X)), trained(X))


def test_sparse_rows_of_several_inputs_and_parts() -> None:
    a, b = layers.Input((5,)), layers.Input((5,))
    made = ranvier.Model([a, b], layers.Dense(1)(layers.concatenate([a, b])))
    made.compile("sgd", "mse")
    rows = scipy.sparse.csr_array(X)
    before = made.get_weights()
    want = made.fit([X, X], Y, shuffle=False, verbose=0, validation_data=([X, X], Y)).history
    made.set_weights(before)
    assert (
        made.fit([rows, pandas.DataFrame(X)], Y, shuffle=False, verbose=0, validation_data=([rows, rows], Y)).history
        == want
    )
    np.testing.assert_array_equal(made.predict([rows, X], steps=1, batch_size=9), made.predict([X[:9], X[:9]]))
    assert made.train_on_batch([rows, rows], Y) == pytest.approx(made.test_on_batch([X, X], Y), rel=0.5)


def test_duplicates_of_a_sparse_row_are_added() -> None:
    rows = scipy.sparse.csr_array((np.ones(4), np.array([1, 1, 0, 4]), np.array([0, 2, 2, 4])), shape=(3, 5))
    made = model()
    np.testing.assert_array_equal(made.predict(rows), made.predict(rows.toarray()))
    assert rows.nnz == 4  # the caller's own is as it was


def test_bad_sparse_rows_and_columns_are_told() -> None:
    made = model()
    bad = scipy.sparse.csr_array(X)
    bad.indices[3] = 7
    with pytest.raises(ValueError, match="indices of its sparse rows"):
        made.predict(bad)
    bad = scipy.sparse.csr_array(X)
    bad.indptr[4] = 10**6
    with pytest.raises(ValueError, match="indices of its sparse rows"):
        made.predict(bad)
    with pytest.raises(ValueError, match=r"\(\*, 5\), got \(70, 4\)"):
        made.predict(scipy.sparse.csr_array(X[:, :4]))
    x = X.copy()
    x[6, 2] = np.nan
    for form in (scipy.sparse.csr_array(x), pandas.DataFrame(dict(enumerate(x.T.copy()))), x):
        with pytest.raises(ValueError, match=r"x\[6, 2\] is nan, in row 6"):
            made.fit(form, Y, verbose=0)
    with pytest.raises(TypeError, match=r"x\['b'\] must be an array of numbers, got an array of"):
        made.fit(pandas.DataFrame({"a": X[:, 0], "b": ["text"] * 70}), Y)
    with pytest.raises(TypeError, match="y must be an array of numbers, got a sparse one"):
        made.fit(X, scipy.sparse.csr_array(X))


# --- Batches one by one -----------------------------------------------------------------------------------------------


class Batches(PyDataset):
    def __init__(self, weighted: bool = False, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.weighted = weighted
        self.asked: list[int] = []
        self.epochs: list[str] = []
        self.threads: set[int] = set()

    def __len__(self) -> int:
        return math.ceil(len(X) / BATCH)

    def __getitem__(self, index: int) -> Any:
        self.asked.append(index)
        self.threads.add(threading.get_ident())
        cut = slice(index * BATCH, (index + 1) * BATCH)
        return (X[cut], Y[cut], WEIGHTS[cut]) if self.weighted else (X[cut], Y[cut])

    def on_epoch_begin(self) -> None:
        self.epochs.append("begin")

    def on_epoch_end(self) -> None:
        self.epochs.append("end")


class Loader:
    """Gone through again and again, as a loader of PyTorch."""

    def __iter__(self) -> Iterator[Any]:
        return iter(Batches())


def endless() -> Iterator[Any]:
    while True:
        yield from Batches()


STREAMS: dict[str, Any] = {
    "PyDataset": Batches,
    "several workers": lambda: Batches(workers=3, max_queue_size=2),
    "iterable": Loader,
    "generator": endless,
}


@pytest.mark.parametrize("source", STREAMS.values(), ids=STREAMS)
@pytest.mark.parametrize("metric", ["acc", lambda y, p: p[:, 0] + 0 * y], ids=["native", "Python"])
def test_batches_give_what_arrays_give(source: Any, metric: Any) -> None:
    want = model(metric)
    set_random_seed(2)
    wanted = want.fit(X, Y, BATCH, epochs=3, shuffle=False, verbose=0, validation_data=(X, Y)).history
    made = model(metric)
    set_random_seed(2)
    steps = 5 if source is endless else None
    arguments = {"steps_per_epoch": steps, "validation_data": source(), "validation_steps": steps}
    found = made.fit(source(), epochs=3, shuffle=False, verbose=0, **arguments).history
    for name, values in wanted.items():
        assert found[name] == pytest.approx(values, rel=1e-6)
    for ours, theirs in zip(made.get_weights(), want.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(made.predict(source(), steps=steps), want.predict(X))
    assert made.evaluate(source(), steps=steps, verbose=0) == pytest.approx(
        want.evaluate(X, Y, BATCH, verbose=0), rel=1e-6
    )


def test_a_py_dataset_is_shuffled_by_batches_and_told_of_epochs() -> None:
    runs = []
    for _ in range(2):
        data, made = Batches(weighted=True), model()
        set_random_seed(3)
        made.fit(data, epochs=3, verbose=0)
        runs.append((data.asked[1:], made.get_weights()[0]))
        assert data.epochs == ["begin", "end"] * 3
        orders = [data.asked[1 + 5 * i : 6 + 5 * i] for i in range(3)]
        assert all(sorted(order) == list(range(5)) for order in orders)
        assert len({tuple(order) for order in orders}) > 1
        assert len(data.threads) > 1  # the first batch is made here, so that the model learns its shape
    assert runs[0][0] == runs[1][0]
    np.testing.assert_array_equal(runs[0][1], runs[1][1])


def test_weights_of_classes_and_rows_in_batches() -> None:
    weight = {0: 1.0, 1: 2.0, 2: 0.5}
    want, made = model(), model()
    for each, data in ((want, (X, Y, BATCH)), (made, (Batches(weighted=True),))):
        set_random_seed(2)
        extra = {"sample_weight": WEIGHTS} if each is want else {}
        each.fit(*data, epochs=2, shuffle=False, verbose=0, class_weight=weight, **extra)
    for ours, theirs in zip(made.get_weights(), want.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_model_learns_its_input_shape_from_the_first_batch() -> None:
    made = ranvier.Sequential([layers.Dense(3, activation="softmax")])
    made.compile("adam", "sparse_categorical_crossentropy")
    made.fit(Batches(), verbose=0)
    assert made.input_shape == (None, 5)
    unbuilt = ranvier.Sequential([layers.Dense(3)])
    assert unbuilt.predict(X[i : i + 9] for i in range(0, 70, 9)).shape == (70, 3)


def test_batches_of_any_size() -> None:
    sizes = [3, 40, 1, 26]
    edges = np.cumsum([0, *sizes])
    batches = [(X[a:b], Y[a:b]) for a, b in itertools.pairwise(edges)]
    made = model()
    made.fit(iter(batches), verbose=0)
    assert made.optimizer.iterations == 4
    total = sum(made.evaluate(x, y, verbose=0)[0] * len(x) for x, y in batches) / 70
    assert made.evaluate(iter(batches), verbose=0)[0] == pytest.approx(total, rel=1e-6)


def test_an_iterator_is_not_read_further_than_needed() -> None:
    source = endless()
    counted = itertools.count()
    made = model()
    made.fit(((next(counted), batch)[1] for batch in source), steps_per_epoch=3, epochs=2, verbose=0)
    assert next(counted) == 6
    assert made.optimizer.iterations == 6


def test_an_iterator_that_ends_too_early() -> None:
    made = model()
    with pytest.warns(UserWarning, match="at its end after 1 epochs"):
        history = made.fit(iter(Batches()), epochs=3, verbose=0)
    assert history.epoch == [0]
    with pytest.warns(UserWarning, match="ended after 5 batches of 7"):
        made.fit(iter(Batches()), steps_per_epoch=7, verbose=0)
    with pytest.raises(ValueError, match="at least one batch"):
        made.fit(iter([]), verbose=0)
    with pytest.raises(ValueError, match="the iterator of batches is at its end"):
        made.fit(X, Y, epochs=2, validation_data=iter(Batches()), verbose=0)


def test_errors_of_a_generator_come_through_and_the_thread_ends() -> None:
    def broken() -> Iterator[Any]:
        yield X[:5], Y[:5]
        yield X[5:9], Y[5:9]
        raise RuntimeError("out of order")

    made = model()
    before = threading.active_count()
    with pytest.raises(RuntimeError, match="out of order"):
        made.fit(broken(), verbose=0)
    with pytest.raises(ValueError, match=r"\[fit\] y: .*expected classes from 0 to 2"):
        made.fit(iter([(X[:5], Y[:5]), (X[:5], Y[:5] + 7)]), verbose=0)
    with pytest.raises(ValueError, match="got 4 items"):
        made.fit(iter([(X, Y, WEIGHTS, Y)]), verbose=0)
    assert threading.active_count() == before
    made.fit(Batches(), verbose=0)  # the model is usable


def test_arguments_that_do_not_go_with_batches() -> None:
    made = model()
    for name, value in {"y": Y, "batch_size": 4, "sample_weight": WEIGHTS}.items():
        with pytest.raises(ValueError, match=f"{name} must be None"):
            made.fit(Batches(), verbose=0, **{name: value})
    with pytest.raises(ValueError, match="validation_split needs arrays"):
        made.fit(Batches(), validation_split=0.2, verbose=0)
    for name in ("workers", "max_queue_size"):
        with pytest.raises(ValueError, match=name):
            Batches(**{name: -1})
    with pytest.raises(NotImplementedError, match="__getitem__"):
        PyDataset()[0]


def test_batch_hooks_and_steps() -> None:
    seen: list[int] = []
    watch = callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: seen.append(batch))
    made = model()
    made.fit(Batches(), steps_per_epoch=2, epochs=2, initial_epoch=1, verbose=0, callbacks=[watch])
    assert seen == [0, 1]
    made.fit(endless(), steps_per_epoch=3, verbose=0, callbacks=[watch])
    assert seen == [0, 1, 0, 1, 2]


def test_lines_say_how_many_batches_there_were(capsys: pytest.CaptureFixture[str]) -> None:
    model().fit(iter(Batches()), verbose=2)
    assert "5/5 - " in capsys.readouterr().out


def test_batches_are_made_while_the_model_trains() -> None:
    data, ahead = Batches(), []

    def wait(batch: int, logs: Any) -> None:
        end = time.monotonic() + 30
        while batch == 0 and len(data.asked) < 6 and time.monotonic() < end:
            time.sleep(0.001)
        ahead.append(len(data.asked))

    model(metrics.SparseCategoricalAccuracy()).fit(
        data, verbose=0, callbacks=[callbacks.LambdaCallback(on_train_batch_end=wait)]
    )
    assert ahead[0] == 6  # the first, which is made to learn its shape, and all five of the epoch


def test_backup_goes_on_in_the_middle_of_an_epoch(tmp_path: Path) -> None:
    class Killed(Exception):
        pass

    class Kill(callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if self.model._run.epoch == 1 and batch == 2:
                raise Killed

    def fit(*extra: Any) -> Any:
        made = model()
        set_random_seed(7)
        backup = callbacks.BackupAndRestore(tmp_path / "backup", save_freq=1)
        return made, made.fit(Batches(), epochs=3, verbose=0, callbacks=[backup, *extra]).history

    want = model()
    set_random_seed(7)
    wanted = want.fit(Batches(), epochs=3, verbose=0).history
    with pytest.raises(Killed):
        fit(Kill())
    made, history = fit()
    assert history == wanted
    for ours, theirs in zip(made.get_weights(), want.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


# --- Memory -----------------------------------------------------------------------------------------------------------

# 200 MB of rows, of which 4 MB are there as numbers, or in columns; a copy of the whole would be seen.
LARGE = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
import numpy as np
import ranvier
from peak import peak
from ranvier import layers
kind = sys.argv[2]
rows, columns = 25_000, 1000
y = (np.arange(rows) % 2).astype("uint8")
if kind == "sparse":
    import scipy.sparse
    starts = np.arange(0, 10 * rows + 1, 10)
    x = scipy.sparse.csr_array((np.ones(10 * rows), np.arange(10 * rows) * 7 % columns, starts), shape=(rows, columns))
elif kind == "frame":
    import pandas
    x = pandas.DataFrame({f"c{i}": np.full(rows, i % 3, dtype="float64" if i % 2 else "int64") for i in range(columns)})
else:
    def batches():
        for i in range(0, rows, 500):
            yield np.full((500, columns), 0.5), y[i : i + 500]
    class Loader:
        def __iter__(self):
            return batches()
    x = Loader()
model = ranvier.Sequential([layers.Input((columns,)), layers.Dense(4, activation="relu"), layers.Dense(2)])
model.compile("adam", loss=ranvier.losses.SparseCategoricalCrossentropy(from_logits=True))
model.fit(np.zeros((500, columns)), np.zeros(500), batch_size=500, verbose=0)
most = peak()
if kind == "batches":
    model.fit(x, epochs=2, verbose=0)
    model.predict(batch[0] for batch in x)
else:
    model.fit(x, y, batch_size=500, epochs=2, validation_split=0.2, verbose=0)
    model.predict(x)
print(peak() - most)
"""


@pytest.mark.parametrize("kind", ["sparse", "frame", "batches"])
def test_a_large_data_set_is_never_copied(kind: str) -> None:
    command = [sys.executable, "-c", LARGE, json.dumps(sys.path), kind]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    assert int(run.stdout) < 60_000_000
