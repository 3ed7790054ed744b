"""A good guest: cheap to import, starts no thread uninvited, safe to fork, quick to stop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ranvier
from ranvier import _core, layers

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, or sets the affinity mask")

# Shared by the programs below: a fit whose steps are worth several threads, and how many threads there are.
PRELUDE = """
import os, signal, sys, threading, time
import numpy as np

def threads():
    return len(os.listdir("/proc/self/task"))

def model():
    import ranvier
    made = ranvier.Sequential([
        ranvier.layers.Dense(256, activation="relu", input_shape=(128,)),
        ranvier.layers.Dense(256, activation="relu"),
        ranvier.layers.Dense(10, activation="softmax"),
    ])
    made.compile("adam", loss="sparse_categorical_crossentropy")
    return made

x = np.random.default_rng(1).normal(size=(2048, 128)).astype("float32")
y = np.arange(2048) % 10

def fit(made, epochs=1):
    return made.fit(x, y, batch_size=512, epochs=epochs, verbose=0).history["loss"]
"""


def run(program: str, timeout: float = 60, **environment: str) -> str:
    """What a program prints, in a process of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + program],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=kept | environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


# --- Import -----------------------------------------------------------------------------------------------------------

IMPORT_SECONDS = 0.05


@linux
def test_import_starts_no_thread() -> None:
    assert run("before = threads(); import ranvier, ranvier.bench; print(threads() - before)").split() == ["0"]


def test_import_is_quick(tmp_path: Path) -> None:
    """Beyond NumPy's own. Processor time, and the best of several: what else the machine does can only add to it."""
    program = "start = time.process_time(); import ranvier; print(time.process_time() - start)"
    # The first run compiles, as an installation does.
    bytecode = {"PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
    assert min(float(run(program, **bytecode)) for _ in range(20)) < IMPORT_SECONDS


def test_import_brings_no_heavy_packages() -> None:
    heavy = {"matplotlib", "pandas", "scipy", "sklearn", "tensorflow", "torch", "jax", "IPython", "multiprocessing"}
    program = "import json, ranvier; print(json.dumps(sorted({name.split('.')[0] for name in sys.modules})))"
    assert not heavy & set(json.loads(run(program)))


# --- Threads ----------------------------------------------------------------------------------------------------------

COUNT = "from ranvier import _core; before = threads(); fit(model()); print(_core.num_threads(), threads() - before)"


@linux
@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"RANVIER_NUM_THREADS": "1"}, 1),
        ({"OMP_NUM_THREADS": "1"}, 1),
        ({"RANVIER_NUM_THREADS": "1", "OMP_NUM_THREADS": "64"}, 1),
        ({"RANVIER_NUM_THREADS": "64", "OMP_NUM_THREADS": "1"}, None),
        ({"RANVIER_NUM_THREADS": "nonsense"}, None),
        ({}, None),
    ],
    ids=str,
)
def test_threads_are_those_that_were_granted(environment: dict[str, str], expected: int | None) -> None:
    """At most the environment's number and the processors of the affinity mask; no more threads are started."""
    allowed = len(os.sched_getaffinity(0))
    number, started = map(int, run(COUNT, **environment).split())
    assert number == expected or (expected is None and 1 <= number <= allowed)
    assert started == number - 1


@linux
def test_the_affinity_mask_counts() -> None:
    one = "os.sched_setaffinity(0, list(os.sched_getaffinity(0))[:1]); "
    assert run(one + COUNT).split() == ["1", "0"]
    assert run(one + COUNT, RANVIER_NUM_THREADS="8").split() == ["1", "0"]


@linux
def test_small_work_starts_no_thread() -> None:
    program = """
from ranvier import _core
_core.set_num_threads(4)
before = threads()
made = model()
made.predict(x[:4])
made.train_on_batch(x[:4], y[:4])
made.evaluate(x[:4], y[:4], verbose=0)
alone = threads()
fit(made)
print(alone - before, threads() - before)
"""
    assert run(program).split() == ["0", "3"]


def test_numpy_may_work_at_the_same_time() -> None:
    """NumPy's threads and ours, at once, in one process: both are right."""
    program = """
expected, alone = x.T @ x, fit(__import__("ranvier").utils.set_random_seed(1) or model(), 3)
wrong = []
stop = threading.Event()
def multiply():
    while not stop.is_set():
        if not np.allclose(x.T @ x, expected, rtol=1e-4, atol=1e-3):
            wrong.append("NumPy")
others = [threading.Thread(target=multiply) for _ in range(2)]
for other in others:
    other.start()
if fit(__import__("ranvier").utils.set_random_seed(1) or model(), 3) != alone:
    wrong.append("Ranvier")
stop.set()
for other in others:
    other.join()
print(wrong)
"""
    assert run(program).strip() == "[]"


# --- Fork -------------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
@pytest.mark.parametrize("before", ["fit(made)", "made.predict(x)"])
def test_a_forked_child_trains_and_predicts(before: str) -> None:
    """After the parent has started threads, which the child does not have; and it gets the same results."""
    program = f"""
from ranvier import _core
import ranvier
_core.set_num_threads(4)
made = model()
{before}
assert threads() > 1
"""
    program += """
expected = made.predict(x).tobytes()
ranvier.utils.set_random_seed(1)
again = fit(model(), 2)
child = os.fork()
if child == 0:
    same = made.predict(x).tobytes() == expected
    ranvier.utils.set_random_seed(1)
    same = same and fit(model(), 2) == again and fit(made) and _core.num_threads() == 1
    os._exit(0 if same else 1)
deadline = time.monotonic() + 30
while time.monotonic() < deadline:
    done, status = os.waitpid(child, os.WNOHANG)
    if done:
        print("ended", os.waitstatus_to_exitcode(status))
        break
    time.sleep(0.01)
else:
    os.kill(child, signal.SIGKILL)
    print("hung")
fit(made)
print(made.predict(x).tobytes() != expected, _core.num_threads())
"""
    assert run(program).split() == ["ended", "0", "True", "4"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system cannot fork")
def test_worker_processes_made_by_fork() -> None:
    """As multiprocessing's pools do it, from a parent that has trained."""
    program = """
import multiprocessing
made = model()
fit(made)
def work(part):
    return float(made.predict(x[part::4]).sum()), fit(model())[0] > 0
with multiprocessing.get_context("fork").Pool(2) as pool:
    sums = pool.map_async(work, range(4)).get(timeout=40)
print(all(ok for _, ok in sums), abs(sum(s for s, _ in sums) - 2048) < 0.01)
"""
    assert run(program).split() == ["True", "True"]


# --- Ctrl-C -----------------------------------------------------------------------------------------------------------

STOP_SECONDS = 0.2
INTERRUPT = """
import ranvier
made = model()
fit(made)
before = made.get_weights()
waited = []
{body}
print(min(waited))
after = made.get_weights()
assert all(np.isfinite(weight).all() for weight in after)
assert any((weight != old).any() for weight, old in zip(after, before)) == {trains}
assert made.predict(x).shape == (2048, 10)
assert fit(made)[0] > 0
made.evaluate(x, y, verbose=0)
"""
# Three times, and the quickest counts: a busy machine may be late with a signal, but not always.
BODY = """
for attempt in range(3):
    sent = []
    def interrupt():
        sent.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)
    timer = threading.Timer(0.3, interrupt)
    timer.start()
    try:
        {call}
    except KeyboardInterrupt:
        waited.append(time.monotonic() - sent[0])
    else:
        raise SystemExit("it was not stopped")
    timer.join()
"""


@pytest.mark.parametrize(
    "call",
    [
        "fit(made, 100_000)",
        "made.fit(x, y, batch_size=1, epochs=100_000, verbose=0)",
        "made.fit(x, y, batch_size=2048, epochs=100_000, verbose=2, validation_split=0.5)",
        "made.fit(np.tile(x, (50, 1)), np.tile(y, 50), batch_size=32, epochs=1000, verbose=0)",
        "made.evaluate(np.tile(x, (50, 1)), np.tile(y, 50), batch_size=1, verbose=0)",
    ],
    ids=["short epochs", "small steps", "large steps", "long epochs", "evaluation"],
)
def test_control_c_stops_and_leaves_a_usable_model(call: str) -> None:
    output = run(INTERRUPT.format(body=BODY.format(call=call), trains="fit(" in call))
    assert float(output.split()[-1]) < STOP_SECONDS


def test_control_c_keeps_whole_epochs_in_the_history() -> None:
    class Interrupt(ranvier.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
            if epoch == 3:
                raise KeyboardInterrupt

    model = ranvier.Sequential([layers.Dense(1, input_shape=(2,))])
    model.compile("sgd", loss="mse")
    with pytest.raises(KeyboardInterrupt):
        model.fit(np.ones((8, 2)), np.ones(8), epochs=10, verbose=0, callbacks=[Interrupt()])
    assert len(model.history.history["loss"]) == 3
    assert _core.num_threads() >= 1


# --- Output -----------------------------------------------------------------------------------------------------------


def test_silence_is_silent() -> None:
    """Nothing is printed that was not asked for, on neither stream."""
    program = "made = model(); fit(made); made.evaluate(x, y, verbose=0); made.predict(x); made.train_on_batch(x, y)"
    command = [sys.executable, "-c", PRELUDE + program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
    assert (done.stdout, done.stderr) == ("", "")
