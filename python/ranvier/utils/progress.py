"""What `fit` and `evaluate` print: nothing, a line an epoch, or a live bar. Printing never raises."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import config

if TYPE_CHECKING:
    from collections.abc import Callable

_BAR_SECONDS = 0.1


def say(text: str) -> None:
    """Writes a line to standard output; what its encoding lacks becomes "?", and a closed or broken pipe is ignored.

    >>> say("Epoch 1/20")
    Epoch 1/20
    """
    stream = sys.stdout
    try:
        try:
            stream.write(text + "\n")
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
        stream.flush()
    except (OSError, ValueError, AttributeError):
        pass  # a pipe nobody reads, a closed file, or no standard output at all


class Progress:
    """Says nothing: the base of those who do."""

    def start(self, batches: int, title: str = "") -> None:
        """A pass of this many batches begins."""

    def update(self, batch: int, logs: Callable[[], Mapping[str, float]]) -> None:
        """So many batches are done; `logs` is called only if they are shown."""

    def ended(self, batches: int) -> None:
        """The batches are done, and were so many: of a generator nobody knew."""

    def finish(self, logs: Mapping[str, float]) -> None:
        """The pass, and what belongs to it, is over."""

    def close(self) -> None:
        """Nothing more will come, perhaps in the middle of a pass."""


class Lines(Progress):
    """A line when a pass begins and one when it ends."""

    def start(self, batches: int, title: str = "") -> None:
        self._batches = batches
        self._begun = time.perf_counter()
        if title:
            say(title)

    def ended(self, batches: int) -> None:
        self._batches = batches

    def finish(self, logs: Mapping[str, float]) -> None:
        say(closing_line(self._batches, time.perf_counter() - self._begun, logs))


class Bar(Progress):
    """A bar that moves; in a terminal, which may be narrow, a whole line takes its place at the end."""

    def __init__(self) -> None:
        self._bar: Any = None

    def start(self, batches: int, title: str = "") -> None:
        if title:
            say(title)
        self._begun = self._drawn = time.perf_counter()
        self._bar = tqdm_class()(
            total=batches,
            bar_format="{n_fmt}/{total_fmt} {bar:20} {desc}",
            mininterval=0.0,
            file=sys.stderr,
            leave=True,
        )

    def update(self, batch: int, logs: Callable[[], Mapping[str, float]]) -> None:
        now = time.perf_counter()
        if now - self._drawn >= _BAR_SECONDS:
            self._draw(batch, logs())
            self._drawn = now

    def ended(self, batches: int) -> None:
        self._bar.total = batches

    def finish(self, logs: Mapping[str, float]) -> None:
        if in_notebook():
            self._draw(self._bar.total, logs)
            self.close()
            return
        line = closing_line(self._bar.total, time.perf_counter() - self._begun, logs)
        self._bar.leave = False
        self.close()
        say(line)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _draw(self, batch: int, logs: Mapping[str, float]) -> None:
        seconds = time.perf_counter() - self._begun
        self._bar.n = batch
        if not in_notebook():
            # tqdm takes a terminal that does not tell its size for one without room, and shows nothing.
            from shutil import get_terminal_size  # slow to import

            self._bar.ncols, self._bar.nrows = get_terminal_size()
        text = f"{seconds:.0f}s {step_time(seconds / max(batch, 1))} - {numbers(logs)}"
        self._bar.set_description_str(text, refresh=False)
        self._bar.refresh()


def closing_line(batches: int, seconds: float, logs: Mapping[str, float]) -> str:
    """What is said of a pass that is over.

    >>> closing_line(210, 0.00105, {"loss": 0.64})
    '210/210 - 0s - 5us/step - loss: 0.6400'
    """
    parts = [f"{batches}/{batches}", f"{seconds:.0f}s", step_time(seconds / batches)]
    return " - ".join([*parts, numbers(logs)] if logs else parts)


def step_time(seconds: float) -> str:
    """Time of a step in the unit that suits it.

    >>> step_time(4.9e-6), step_time(0.0123), step_time(2.0)
    ('5us/step', '12ms/step', '2s/step')
    """
    if seconds >= 1:
        return f"{seconds:.0f}s/step"
    return f"{seconds * 1e3:.0f}ms/step" if seconds >= 1e-3 else f"{seconds * 1e6:.0f}us/step"


def numbers(logs: Mapping[str, Any]) -> str:
    """Losses and metrics on one line.

    >>> numbers({"accuracy": 0.55761, "loss": 0.00012, "f1": np.array([0.5, 1.0])})
    'accuracy: 0.5576 - loss: 1.2000e-04 - f1: [0.5000, 1.0000]'
    """
    return " - ".join(f"{name}: {_number(value)}" for name, value in logs.items())


def _number(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_number(item)}" for name, item in value.items()) + "}"
    if np.ndim(value):
        return "[" + ", ".join(_number(item) for item in value) + "]"
    return f"{value:.4f}" if abs(value) > 1e-3 else f"{value:.4e}"


def make_progress(where: str, verbose: Any) -> Progress:
    """Who prints for a `verbose` of 0, 1, 2 or "auto".

    "auto" is 1 in a terminal or a notebook and 2 where the output goes to a file; 1 becomes 2 where no bar can move.

    Raises: ValueError for anything else.
    """
    if verbose not in (0, 1, 2, "auto"):
        raise ValueError(f"[{where}] verbose must be 0, 1, 2 or 'auto', got {verbose!r}")
    if verbose == 0:
        return Progress()
    if verbose == 2 or not (in_notebook() or _is_terminal(sys.stderr)):
        return Lines()
    if verbose == "auto" and not (
        config.is_interactive_logging_enabled() and (in_notebook() or _is_terminal(sys.stdout))
    ):
        return Lines()
    return Bar()


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):
        return False


def in_notebook() -> bool:
    """Whether the program is a notebook's kernel."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def tqdm_class() -> Any:
    """The bar of a terminal or a notebook, without tqdm's monitor thread: a guest starts no threads."""
    module: Any
    if in_notebook():
        import warnings

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # without ipywidgets tqdm warns, and draws in text
            from tqdm import auto as module
    else:
        from tqdm import std as module
    return type("Bar", (module.tqdm,), {"monitor_interval": 0})
