"""The examples run, in a small form: of one or two epochs."""

from __future__ import annotations

import runpy
import sys
from importlib import util
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

# What each prints, and how many epochs show it.
SMALL = {
    "cnn_digits": ("Right about", 2),
    "autoencoder": ("Error a pixel", 2),
    "residual": ("residual: ", 1),
    "variational_autoencoder": ("Nats an image", 2),
}


@pytest.mark.parametrize("name", SMALL)
def test_examples_run(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    words, epochs = SMALL[name]
    find = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda package: None if package == "mnist" else find(package))
    monkeypatch.setattr(sys, "argv", [f"{name}.py", str(epochs)])
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
    assert words in capsys.readouterr().out
    assert (EXAMPLES / "output" / f"{name}.png").stat().st_size > 1000


@pytest.mark.parametrize("path", list(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_examples_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 80


def test_words_are_learnt_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ["the king and the queen sat on the throne"] * 9
    text += [f"name{i % 140} met name{(i * 7) % 140} in town{i % 50}" for i in range(3000)]
    path = tmp_path / "text.txt"
    path.write_text("\n".join(text))
    run = runpy.run_path(str(EXAMPLES / "word2vec.py"))
    model = run["main"](str(path), 2)
    assert len(model.losses) == 2
    assert "king: " in capsys.readouterr().out
    assert (EXAMPLES / "output" / "word2vec.png").stat().st_size > 1000
