"""The examples of a GPT, a GAN and diffusion, in a small form."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def example(name: str, folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if hasattr(module, "PICTURE"):
        pytest.importorskip("matplotlib")
        module.PICTURE = folder / "pictures" / f"{name}.png"
    return module


def test_gpt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gpt = example("gpt_characters", tmp_path)
    bits = gpt.main(epochs=2, rows=400, width=16, blocks=1)
    assert bits < 6  # of about 90 letters: 6.5 bits at first
    assert "## The " in capsys.readouterr().out


def test_gan(tmp_path: Path) -> None:
    gan = example("gan", tmp_path)
    found, close = gan.main(steps=20, batch=16)
    assert 0 <= found <= 8
    assert 0 <= close <= 1
    assert gan.PICTURE.stat().st_size > 5000


def test_diffusion(tmp_path: Path) -> None:
    diffusion = example("diffusion", tmp_path)
    noise = diffusion.np.random.default_rng(0).normal(size=(2000, 2))
    far = diffusion.distance(noise, diffusion.spiral(4000, diffusion.np.random.default_rng(1)))
    assert diffusion.main(epochs=4, points=8000) < 0.85 * far
    assert diffusion.PICTURE.stat().st_size > 5000
