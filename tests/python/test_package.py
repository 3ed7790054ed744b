"""The package as a guest: how long it takes to import, what it brings along, what it documents."""

import inspect
import os
import pkgutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import ranvier
from ranvier import _core, layers, losses

MODULES = [
    "activations", "backend", "callbacks", "config", "initializers", "layers", "losses", "metrics", "models",
    "optimizers", "random", "utils",
]  # fmt: skip


def test_import_is_quick_and_brings_little_along(tmp_path: Path) -> None:
    program = (
        "import sys, time, threading, numpy\n"
        "begin = time.process_time(); import ranvier; took = time.process_time() - begin\n"
        "heavy = {'tqdm', 'numpy.random', 'matplotlib', 'scipy', 'logging', 'dataclasses'} & set(sys.modules)\n"
        "print(took, threading.active_count(), sorted(heavy))"
    )
    # As installed: the first run compiles to bytecode.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(tmp_path)}
    runs = [
        subprocess.check_output([sys.executable, "-c", program], text=True, env=environment).split(maxsplit=2)
        for _ in range(20)
    ]
    assert {(threads, heavy.strip()) for _, threads, heavy in runs} == {("1", "[]")}
    assert min(float(took) for took, _, _ in runs) < 0.05


def test_every_module_is_there() -> None:
    for name in MODULES:
        assert isinstance(getattr(ranvier, name), ModuleType)
    assert ranvier.version() == ranvier.__version__
    assert (Path(ranvier.__file__).parent / "py.typed").exists()


# Nodes that masks, `ranvier.ops` and layers of several nodes are made of.
INNER_KINDS = {
    "added_loss",
    "attention",
    "constant",
    "gather",
    "matmul",
    "random",
    "reduce",
    "select",
    "spread",
    "step_mask",
    "stop_gradient",
    "training_branch",
}
INNER_KINDS |= {"take", "variable"}


def test_every_native_layer_kind_has_a_class() -> None:
    assert {cls.kind for cls in layers.layer_classes().values() if cls.kind} == set(_core.layer_kinds()) - INNER_KINDS


def test_every_native_optimizer_and_loss_has_a_class() -> None:
    assert {cls.kind for cls in ranvier.optimizers._CLASSES.values()} == set(_core.optimizer_kinds())
    kinds = {cls.kind for cls in losses._CLASSES.values()}
    assert kinds == {row["name"].removesuffix("_from_logits") for row in _core.losses()} | set(_core.batch_losses())
    for row in _core.losses():
        cls = losses._KINDS[row["name"].removesuffix("_from_logits")]
        assert cls.sparse == row["sparse"]


def public_names() -> list[tuple[str, Any]]:
    found = []
    for info in pkgutil.walk_packages(ranvier.__path__, "ranvier."):
        if info.name == "ranvier._core":
            continue
        module = __import__(info.name, fromlist=["_"])
        found += [(f"{info.name}.{name}", getattr(module, name)) for name in getattr(module, "__all__", [])]
    return found


@pytest.mark.parametrize(("name", "member"), public_names(), ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_public_is_documented(name: str, member: Any) -> None:
    if isinstance(member, ModuleType) or inspect.isclass(member) or callable(member):
        assert member.__doc__, name
        if not isinstance(member, ModuleType) and not name.startswith("ranvier.bench"):
            assert ">>>" in member.__doc__, name
