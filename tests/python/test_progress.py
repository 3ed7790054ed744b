"""What training prints: lines in a file, a live bar in a terminal, and never an exception."""

import io
import os
import re
import subprocess
import sys
import threading
import types
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import Input, Sequential, layers
from ranvier.utils import progress

X = np.ones((20, 3))
Y = np.ones(20)
LINE = r"2/2 - 0s - \d+(us|ms)/step - loss: \d\.\d{4}(e[+-]\d\d)? - mae: \d\.\d{4}(e[+-]\d\d)?"


def model() -> Sequential:
    made = Sequential([Input((3,)), layers.Dense(1)])
    made.compile("sgd", "mse", metrics=["mae"])
    return made


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("verbose", ["auto", 1, 2])
def test_a_file_gets_lines(verbose: Any, capsys: pytest.CaptureFixture[str]) -> None:
    model().fit(X, Y, batch_size=10, epochs=2, verbose=verbose)
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert captured.err == ""
    assert lines[::2] == ["Epoch 1/2", "Epoch 2/2"]
    assert all(re.fullmatch(LINE, line) for line in lines[1::2])


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    made = model()
    made.fit(X, Y, verbose=0)
    made.evaluate(X, Y, verbose=0)
    made.predict(X)
    made.predict(X, verbose=1)
    made.train_on_batch(X, Y)
    captured = capsys.readouterr()
    assert captured.out == captured.err == ""


def test_validation_and_evaluation(capsys: pytest.CaptureFixture[str]) -> None:
    made = model()
    made.fit(X, Y, batch_size=10, validation_data=(X, Y), verbose=2)
    made.evaluate(X, Y, batch_size=10)
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(LINE + r" - val_loss: \d.* - val_mae: \d.*", lines[1])
    assert re.fullmatch(LINE, lines[2])


@pytest.mark.parametrize("verbose", ["auto", 1])
def test_a_terminal_gets_a_bar(verbose: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    out, err = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    model().fit(X, Y, batch_size=10, epochs=2, verbose=verbose)
    lines = out.getvalue().splitlines()
    assert lines[::2] == ["Epoch 1/2", "Epoch 2/2"]
    assert all(re.fullmatch(LINE, line) for line in lines[1::2])
    assert err.getvalue().endswith("\r")


def test_what_a_bar_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    err = Terminal()
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(progress, "_BAR_SECONDS", 0.0)
    watcher = ranvier.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    threads = threading.active_count()
    model().fit(X, Y, batch_size=5, verbose=1, callbacks=[watcher])
    assert threading.active_count() == threads
    drawn = err.getvalue().split("\r")
    halfway = next(line for line in drawn if line.startswith("2/4"))
    assert re.match(r"2/4 \S{10} {10} 0s \d+(us|ms)/step - loss: \d\.\d{4}.* - mae: \d\.\d{4}", halfway)
    assert max(map(len, drawn)) <= 80


def test_a_bar_moves_at_most_ten_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    err = Terminal()
    monkeypatch.setattr(sys, "stderr", err)
    made = model()
    watcher = ranvier.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    made.fit(np.ones((2000, 3)), np.ones(2000), batch_size=1, verbose=1, callbacks=[watcher])
    assert err.getvalue().count("\r") < 20


def test_auto_is_a_line_where_a_bar_cannot_move_or_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert isinstance(progress.make_progress("fit", "auto"), progress.Lines)
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert isinstance(progress.make_progress("fit", "auto"), progress.Bar)
    ranvier.config.disable_interactive_logging()
    try:
        assert not ranvier.config.is_interactive_logging_enabled()
        assert isinstance(progress.make_progress("fit", "auto"), progress.Lines)
        assert isinstance(progress.make_progress("fit", 1), progress.Bar)
    finally:
        ranvier.config.enable_interactive_logging()
    monkeypatch.setattr(sys, "stderr", None)
    assert isinstance(progress.make_progress("fit", 1), progress.Lines)


def test_a_notebook_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    assert progress.in_notebook()
    assert isinstance(progress.make_progress("fit", "auto"), progress.Bar)
    model().fit(X, Y, verbose=1)
    shell.kernel = None
    assert not progress.in_notebook()


def test_an_interrupted_bar_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    err = Terminal()
    monkeypatch.setattr(sys, "stderr", err)

    def interrupt(batch: int, logs: Any) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        model().fit(X, Y, verbose=1, callbacks=ranvier.callbacks.LambdaCallback(on_train_batch_end=interrupt))
    assert err.getvalue().endswith("\n")


class Broken(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


@pytest.mark.parametrize("stream", [None, Broken(), io.StringIO()], ids=["missing", "broken", "closed"])
def test_printing_never_raises(stream: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    if type(stream) is io.StringIO:
        stream.close()
    monkeypatch.setattr(sys, "stdout", stream)
    assert len(model().fit(X, Y, epochs=2, verbose=2).epoch) == 2


def test_a_closed_pipe_does_not_stop_training() -> None:
    program = (
        "import numpy as np; from ranvier import Sequential, layers\n"
        "m = Sequential([layers.Dense(1)]); m.compile('sgd', 'mse')\n"
        "h = m.fit(np.ones((9, 3)), np.ones(9), epochs=300, verbose=2)\n"
        "import sys; sys.stderr.write(str(len(h.epoch))); sys.stderr.flush()\n"
        "import os; os._exit(0)"
    )
    reader, writer = os.pipe()
    with subprocess.Popen([sys.executable, "-c", program], stdout=writer, stderr=subprocess.PIPE, text=True) as process:
        os.close(writer)
        os.close(reader)
        _, errors = process.communicate(timeout=60)
    assert errors == "300"


def test_numbers() -> None:
    assert progress.numbers({"a": 0.0, "b": 1234.5678, "c": -0.0005, "d": float("nan")}) == (
        "a: 0.0000e+00 - b: 1234.5678 - c: -5.0000e-04 - d: nan"
    )
