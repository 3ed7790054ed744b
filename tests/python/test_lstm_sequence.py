"""The example of a sequence task, in a small form."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "lstm_sequence.py"


def test_the_adding_problem_is_learnt(capsys: pytest.CaptureFixture[str]) -> None:
    spec = importlib.util.spec_from_file_location("lstm_sequence", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    example: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    example.STEPS = 8
    error = example.main(rows=3000, epochs=12)
    assert error < 0.02  # always answering 1 gives 0.167
    printed = capsys.readouterr().out
    assert "always answering 1: 0.1" in printed
    assert len(EXAMPLE.read_text().splitlines()) < 80
