"""Processors that are shared with joblib."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from joblib.parallel import get_active_backend

from ranvier import _core


@contextmanager
def shared_processors() -> Iterator[None]:
    """Lets a task of joblib, which runs beside others, use one thread.

    A worker process of loky, joblib's default, is told its share of the processors by OMP_NUM_THREADS, which the native
    core obeys: what the environment says goes first. Threads and forked processes are told nothing.
    """
    backend, _ = get_active_backend()
    told = "RANVIER_NUM_THREADS" in os.environ or "OMP_NUM_THREADS" in os.environ
    if told or not backend.nesting_level:
        yield
        return
    before = _core.work_alone(True)
    try:
        yield
    finally:
        _core.work_alone(before)
