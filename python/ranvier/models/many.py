"""Many independent models at once: sweeps, ensembles, one model for each entity."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ranvier import _core
from ranvier.utils.progress import Progress, make_progress

if TYPE_CHECKING:
    from concurrent.futures import Future

    from ranvier._typing import ArrayLike
    from ranvier.callbacks import History
    from ranvier.models.training import Training

# How long the main thread waits before it looks for Ctrl-C.
_SLICE_SECONDS = 0.05


def fit_many(
    models: Sequence[Training],
    x: ArrayLike,
    y: ArrayLike,
    *,
    callbacks: Sequence[Any] | None = None,
    sample_weight: ArrayLike = None,
    validation_data: Any = None,
    verbose: int | str = 0,
    **options: Any,
) -> list[History]:
    """Trains independent models side by side on all processors; each ends exactly as its own `fit` would have ended.

    Each model is trained by one thread, so there is nothing to wait for and no processor is asked for twice. Seeds are
    drawn in the order of the models, as by fitting them one after the other.

    Args:
        models: compiled models, each once.
        x: inputs (rows, ...) for all models, or a list with those of each.
        y: targets (rows, ...) for all models, or a list with those of each.
        callbacks: a list with the callbacks of each model: nobody's callback is called for another model.
        sample_weight: a weight for each row, for all models, or a list with those of each.
        validation_data: (x, y) or (x, y, sample_weight) for all models, as a tuple, or a list with that of each.
        verbose: 0 is silent, 1 a bar that counts finished models, 2 a line at the end.
        options: whatever else `fit` takes, for all models: `batch_size`, `epochs`, `shuffle`, ...

    Returns: what each `fit` would have returned.
    Raises: what `fit` raises, before any model is trained; if a model's loss becomes NaN or infinite the others are
        finished first.

    >>> import numpy as np
    >>> from ranvier import Sequential, layers
    >>> models = [Sequential([layers.Input((2,)), layers.Dense(units), layers.Dense(1)]) for units in (2, 4, 8)]
    >>> for model in models:
    ...     model.compile("adam", "mse")
    >>> histories = fit_many(models, np.eye(2), np.ones(2), epochs=3)
    >>> [len(history.history["loss"]) for history in histories]
    [3, 3, 3]
    """
    models = list(models)
    if len({id(model) for model in models}) != len(models):
        raise ValueError("[fit_many] a model is in `models` twice: each can be trained only once at a time")
    own: dict[str, list[Any]] = {
        "x": _each("x", x, models),
        "y": _each("y", y, models),
        "callbacks": [None] * len(models) if callbacks is None else _each("callbacks", list(callbacks), models),
        "sample_weight": _each("sample_weight", sample_weight, models),
        "validation_data": _each("validation_data", validation_data, models),
    }
    runs = [
        model._prepared_fit(**{"verbose": 0, **{name: values[i] for name, values in own.items()}, **options})
        for i, model in enumerate(models)
    ]
    return _run_all(models, runs, make_progress("fit_many", verbose))


def _each(argument: str, value: Any, models: Sequence[Training]) -> list[Any]:
    if not isinstance(value, list):
        return [value] * len(models)
    if len(value) != len(models):
        raise ValueError(
            f"[fit_many] {argument} is a list of {len(value)} items for {len(models)} models: give one for each model, "
            "or an array for all"
        )
    return value


def _run_all(models: Sequence[Training], runs: Sequence[Callable[[], History]], progress: Progress) -> list[History]:
    # Brings the logging module along, which half of all programs never need.
    from concurrent.futures import ThreadPoolExecutor

    stopped = threading.Event()

    def run_alone(run: Callable[[], History]) -> History | None:
        return None if stopped.is_set() else run()

    def begin() -> None:
        _core.work_alone(True)

    threads = max(1, min(_core.num_threads(), len(models)))
    with ThreadPoolExecutor(threads, initializer=begin) as pool:
        futures = [pool.submit(run_alone, run) for run in runs]
        progress.start(len(models))
        try:
            _wait(futures, progress)
        except BaseException:
            stopped.set()
            for model in models:
                model.stop_training = True
            raise
        finally:
            progress.close()
    errors = [error for future in futures if (error := future.exception()) is not None]
    if errors:
        raise errors[0]
    return [history for future in futures if (history := future.result()) is not None]


def _wait(futures: Sequence[Future[Any]], progress: Progress) -> None:
    from concurrent.futures import wait

    waiting = set(futures)
    while waiting:
        _, waiting = wait(waiting, timeout=_SLICE_SECONDS)
        progress.update(len(futures) - len(waiting), dict)
    progress.finish({})
