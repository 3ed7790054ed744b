"""Nothing is forgotten: what the native core has, what Python has and the rows of the table are the same things."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

import cases
import cases_convolution
import cases_recurrent
import pytest
from cases import ACTIVATIONS, AXIS_ACTIVATIONS, LOSSES, METRICS, OPTIMIZERS
from cases_attention import ATTENTION
from cases_batches import BATCH_LOSSES, BATCH_METRICS
from cases_merging import MERGING

from ranvier import _core, activations, layers, losses, metrics, optimizers

LAYERS = [*cases.LAYERS, *cases_convolution.LAYERS, *cases_recurrent.LAYERS, *MERGING]


def classes(module: ModuleType, base: type) -> dict[str, Any]:
    """Public classes of a module that derive from its base, without the base and without second names."""
    members = {name: getattr(module, name) for name in {*vars(module), *module.__all__}}  # some are imported then only
    return {
        name: member
        for name, member in members.items()
        if inspect.isclass(member) and issubclass(member, base) and member is not base
        if name == member.__name__ and not name.startswith("_")
    }


def test_activations() -> None:
    assert [row["name"] for row in _core.activations()] == [case.name for case in ACTIVATIONS]
    assert [row["name"] for row in _core.axis_activations()] == [case.name for case in AXIS_ACTIVATIONS]
    for case in (*ACTIVATIONS, *AXIS_ACTIVATIONS):
        assert activations.get(case.name) is getattr(activations, case.name)
    tried = {case.name: set().union(*case.arguments) for case in ACTIVATIONS}
    assert tried == {row["name"]: set(row["parameters"]) for row in _core.activations()}


def test_layers() -> None:
    # What layers written in Python are made of, and masks, are tested with the layers that have them; what wraps a
    # native layer is made from it.
    inner = {
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
    kinds = set(_core.layer_kinds()) - inner - {"take", "variable"} | {"time_distributed"}
    assert kinds == {case.kind for case in LAYERS}
    public = classes(layers, layers.Layer)
    # An input is no node: it computes nothing. A cell is a layer whose calls have states. A Lambda is what it is given.
    tested = {case.name for case in (*LAYERS, *ATTENTION)}
    assert set(public) - {"InputLayer", "Lambda"} - cases_recurrent.CELLS == tested
    assert kinds == {getattr(layers, case.name)(**case.arguments).native_kind() for case in LAYERS}
    for case in LAYERS:
        assert getattr(layers, case.name)(**case.arguments).native_kind() == case.kind


def test_losses() -> None:
    kinds = {row["name"] for row in _core.losses()}
    public = classes(losses, losses.Loss)
    assert set(public) == {case.name for case in (*LOSSES, *BATCH_LOSSES)}
    assert set(_core.batch_losses()) == {case.kind for case in BATCH_LOSSES}
    assert all(public[case.name].kind == case.kind for case in BATCH_LOSSES)
    made = {public[case.name](**arguments).native_kind() for case in LOSSES for arguments in case.arguments}
    assert made == kinds
    for case in LOSSES:
        assert public[case.name].kind == case.kind
        assert getattr(losses, case.kind).__name__ == case.kind
        assert public[case.name].sparse == (case.targets == "classes")
    parameters = {row["name"]: set(row["parameters"]) for row in _core.losses()}
    tried = {kind: set() for kind in kinds}
    for case in LOSSES:
        for arguments in case.arguments:
            tried[public[case.name](**arguments).native_kind()] |= set(arguments) - {"from_logits"}
        if case.targets == "binary" and "binary_labels" in parameters[case.kind]:
            tried[case.kind].add("binary_labels")
    assert tried == parameters


def test_metrics() -> None:
    public = classes(metrics, metrics.Metric)
    assert set(_core.metric_kinds()) == {case.kind for case in (*METRICS, *BATCH_METRICS)}
    # Those of values that are not made from targets and predictions, and of a function, are tested by themselves.
    in_python = {"Mean", "Sum", "MeanMetricWrapper"}
    assert set(public) - {"MeanLoss"} - in_python == {case.name for case in (*METRICS, *BATCH_METRICS)}
    for case in (*METRICS, *BATCH_METRICS):
        assert public[case.name].kind == case.kind


def test_optimizers() -> None:
    public = classes(optimizers, optimizers.Optimizer)
    assert set(_core.optimizer_kinds()) == {case.kind for case in OPTIMIZERS}
    assert set(public) == {case.name for case in OPTIMIZERS}
    arguments = {name: set(inspect.signature(cls).parameters) - {"name", "kwargs"} for name, cls in public.items()}
    shared = set.intersection(*arguments.values())
    tried: dict[str, set[str]] = {}
    for case in OPTIMIZERS:
        assert public[case.name].kind == case.kind
        tried[case.kind] = tried.get(case.kind, set()).union(*case.arguments)
    # Each argument is tried by a row: what all optimizers share by one of them, the others by each native kind.
    assert shared <= set.union(*tried.values())
    for case in OPTIMIZERS:
        assert arguments[case.name] - shared <= tried[case.kind], case.name


def test_instruction_sets() -> None:
    """The tests run on each set the processor has; the one in use is one of them, and the last runs everywhere."""
    available = _core.available_isas()
    assert _core.isa() in available
    assert available[-1] == "baseline"
    assert len(set(available)) == len(available)
    with pytest.raises(ValueError, match=r"unknown instruction set 'avx1024'.* Valid: .*baseline"):
        _core.select_isa("avx1024")
