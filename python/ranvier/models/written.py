"""Models written in Python, as a class with a method `call`: recorded for inputs of each size, then as any other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ranvier._configurable import argument_names
from ranvier.layers import tracing

if TYPE_CHECKING:
    from ranvier._typing import Shape
    from ranvier.models.model import Model
    from ranvier.subgraph import Subgraph

_STEPS = ("train_step", "test_step", "predict_step")


def check(model: Model) -> None:
    """Raises TypeError for a class that does not say what it computes, or says how it is trained."""
    if not hasattr(model, "call"):
        raise TypeError(
            f"[{type(model).__name__}] expected inputs and outputs, or a class with a method `call` that says what it "
            "does with its inputs"
        )
    for step in _STEPS:
        if hasattr(model, step):
            raise TypeError(
                f"[{type(model).__name__}] {step} would not be called: training is native. Say it with losses, "
                "metrics and more outputs, or write a loop around train_on_batch"
            )


def forms(inputs: Any) -> Any:
    """In what form inputs come: a list of names for a dict, a number for a list or tuple of arrays, None for one."""
    if isinstance(inputs, Mapping):
        return [str(key) for key in inputs]
    if isinstance(inputs, list | tuple) and len(inputs) > 1 and all(hasattr(item, "shape") for item in inputs):
        return len(inputs)
    return None


def names(form: Any) -> list[str]:
    """What inputs of a form are called."""
    if form is None:
        return ["x"]
    return [f"x_{i}" for i in range(form)] if isinstance(form, int) else list(form)


def record(model: Model, form: Any, shapes: list[Shape]) -> tuple[Subgraph, Any]:
    """What `call` does with inputs of these shapes, and what it returned; the weights are made if need be."""
    numbers: list[Any] = [tracing.number(i) for i in range(len(shapes))]
    given: Any = numbers[0]
    if isinstance(form, int):
        given = numbers
    elif form is not None:
        given = dict(zip(form, numbers, strict=True))
    return tracing.trace(model, shapes, {tracing.first_argument(model): given})


def from_config(cls: type[Model], config: Mapping[str, Any]) -> Model:
    """A model of a class from its constructor's arguments, and its name and flag, which that need not take."""
    wanted = argument_names(cls)
    code = cls.__init__.__code__
    takes_all = bool(code.co_flags & 0x08)  # **kwargs
    model = cls(**{key: value for key, value in config.items() if takes_all or key in wanted})
    if "name" in config:
        model.name = str(config["name"])
    model._trainable = bool(config.get("trainable", True))
    return model
