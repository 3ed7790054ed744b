"""Names, arguments and defaults are those of Keras 3, except where a table here says why not."""

from __future__ import annotations

import ast
import inspect
import json
from pathlib import Path
from typing import Any

import pytest

import ranvier

# The signatures; None for a name that only stands for another.
KERAS: dict[str, dict[str, Any]] = json.loads((Path(__file__).parents[1] / "keras_signatures.json").read_text())

# All sections, as far as the file goes; "source" says where it comes from. A section is named as its module.
SECTIONS = [section for section in KERAS if section != "source"]

# What Keras has and this library leaves out on purpose: the reason, for each section and name.
OMISSIONS: dict[str, dict[str, str]] = {
    "losses": {
        "CTC": "aligns sequences of labels, which only recurrent and convolutional networks make: comes with them",
        "ctc": "the function of CTC",
    },
    "metrics": {},
    "optimizers": {
        "LossScaleOptimizer": "float32 and bfloat16 have the range of float32: no gradient needs scaling",
        "MultiOptimizer": "several optimizers in one step would undo the update of all weights in one pass",
        "Muon": "still changing; an update of whole matrices with products of its own",
        "OptimizerMap": "what MultiOptimizer is told",
        "ScheduleFreeAdamW": "still changing; trains and predicts with different weights",
    },
    "optimizers.schedules": {},
    "initializers": {},
    "regularizers": {},
    "constraints": {},
    "callbacks": {
        "OrbaxCheckpoint": "a format of JAX: checkpoints are .safetensors or .keras files",
        "RemoteMonitor": "a LambdaCallback can send logs, and a library should not speak to the network",
        "SwapEMAWeights": "averages take their place when fit ends (use_ema)",
    },
    "activations": {},
    "layers": {},
    "ops": {},
    "random": {},
}

NOTHING = inspect.Parameter.empty


def keras_arguments(signature: str) -> list[tuple[str, Any]]:
    """Names and defaults of a signature as text; names of variadic arguments keep their stars."""
    arguments = ast.parse(f"def f({signature}): ...").body[0].args  # type: ignore[attr-defined]
    plain = [*arguments.posonlyargs, *arguments.args]
    defaults = [NOTHING] * (len(plain) - len(arguments.defaults)) + [_value(node) for node in arguments.defaults]
    found = [(argument.arg, default) for argument, default in zip(plain, defaults, strict=True)]
    found += [
        (argument.arg, NOTHING if node is None else _value(node))
        for argument, node in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    ]
    return found if arguments.kwarg is None else [*found, (f"**{arguments.kwarg.arg}", NOTHING)]


def _value(node: ast.expr) -> Any:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)
    return _lists(value)


def _lists(value: Any) -> Any:
    return [_lists(item) for item in value] if isinstance(value, tuple | list) else value


def own_arguments(thing: Any) -> list[tuple[str, Any]]:
    """The same of a class or function of this library."""
    found = []
    for name, parameter in inspect.signature(thing).parameters.items():
        stars = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        found.append((stars + name, _lists(parameter.default)))
    return found


def differences(section: str, name: str) -> list[str]:
    """What is not as in Keras.

    More arguments behind Keras's are allowed if they have defaults, and defaults for what Keras demands.
    """
    module: Any = ranvier
    for part in section.split("."):
        module = getattr(module, part, None)
    thing = getattr(module, name, None)
    if thing is None:
        return [f"{section}.{name} is missing"]
    if KERAS[section][name] is None:
        return []
    wanted, found = keras_arguments(KERAS[section][name]), own_arguments(thing)
    wrong = [
        f"{section}.{name}: argument {place} must be {_text(*expected)}, got {_text(*own)}"
        for place, (expected, own) in enumerate(zip(wanted, found, strict=False))
        if expected != own and (expected[1] is not NOTHING or expected[0] != own[0])
    ]
    if len(found) < len(wanted):
        wrong.append(f"{section}.{name} lacks {', '.join(argument for argument, _ in wanted[len(found) :])}")
    wrong += [
        f"{section}.{name}: the additional argument {argument} must have a default"
        for argument, default in found[len(wanted) :]
        if default is NOTHING and not argument.startswith("**")
    ]
    return wrong


def _text(name: str, default: Any) -> str:
    return name if default is NOTHING else f"{name}={default!r}"


@pytest.mark.parametrize("section", SECTIONS)
def test_names_arguments_and_defaults(section: str) -> None:
    wrong = [
        difference
        for name in KERAS[section]
        if name not in OMISSIONS[section]
        for difference in differences(section, name)
    ]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("section", SECTIONS)
def test_omissions_are_still_omitted(section: str) -> None:
    """A row of the table goes when its thing comes; and what it names is Keras's."""
    module: Any = ranvier
    for part in section.split("."):
        module = getattr(module, part)
    assert set(OMISSIONS[section]) <= set(KERAS[section])
    assert not [name for name in OMISSIONS[section] if hasattr(module, name)]


def test_differences_are_found() -> None:
    assert differences("losses", "Huber") == []
    KERAS["probe"] = {"Nothing": ""}
    assert differences("probe", "Nothing") == ["probe.Nothing is missing"]
    huber = KERAS["losses"]["Huber"]
    try:
        KERAS["losses"]["Huber"] = "delta=2.0, name='huber_loss'"
        assert differences("losses", "Huber") == [
            "losses.Huber: argument 0 must be delta=2.0, got delta=1.0",
            "losses.Huber: argument 1 must be name='huber_loss', got reduction='sum_over_batch_size'",
        ]
    finally:
        KERAS["losses"]["Huber"] = huber
        del KERAS["probe"]
