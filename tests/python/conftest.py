"""What all tests share: the table of cases on the path, a known seed, and settings put back after each test."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import ranvier
from ranvier import _core


@pytest.fixture(autouse=True)
def _settings() -> Iterator[None]:
    ranvier.utils.set_random_seed(0)
    isa = _core.isa()
    yield
    _core.select_isa(isa)
    _core.set_num_threads(0)


@pytest.fixture(params=_core.available_isas())
def isa(request: pytest.FixtureRequest) -> str:
    """Each instruction set of this machine in turn."""
    _core.select_isa(request.param)
    return request.param
