"""The example that learns from texts, in a small form."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "text_classification.py"


def test_opinions_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    right = runpy.run_path(str(EXAMPLE))["main"](count=1500, epochs=5)
    assert right > 0.9
    assert "good: The film was great!" in capsys.readouterr().out


def test_a_file_is_learned(tmp_path: Path) -> None:
    path = tmp_path / "opinions.txt"
    path.write_text("1 fine and good\n0 bad and sad\n" * 60, encoding="utf-8")
    assert runpy.run_path(str(EXAMPLE))["main"](str(path), epochs=8) == 1
