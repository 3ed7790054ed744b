"""A model again, with weights of its own."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ranvier.layers import InputLayer
from ranvier.models.model import Model, symbols
from ranvier.models.sequential import Sequential

if TYPE_CHECKING:
    from ranvier.layers import Layer
    from ranvier.symbol import KerasTensor


def clone_model(
    model: Model,
    input_tensors: Any = None,
    clone_function: Callable[[Layer], Layer] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Model:
    """A model of the same layers, with new weights and without sharing anything; compiled as the model is.

    Args:
        model: any model.
        input_tensors: symbols to start from instead of new inputs.
        clone_function: makes the copy of each layer but the inputs; by default from its configuration.
        call_function: called as (layer, inputs) where a functional model would call layer(inputs).
        recursive: whether `clone_function` makes the layers of nested models too, and not these as a whole.
        **kwargs: none.

    Raises: TypeError if `clone_function` returns no layer; ValueError for another number of inputs.

    >>> from ranvier import Input, Sequential
    >>> from ranvier.layers import Dense
    >>> clone_model(Sequential([Input((3,)), Dense(2)])).count_params()
    8
    """
    from ranvier.layers import Layer

    if kwargs:
        raise TypeError(f"[clone_model] unknown argument {next(iter(kwargs))!r}")
    if not isinstance(model, Model):
        raise TypeError(f"[clone_model] expected a model, got {model!r:.80}")

    def copied(layer: Layer) -> Layer:
        if recursive and isinstance(layer, Model):
            return clone_model(layer, None, clone_function, call_function, recursive)
        other = type(layer).from_config(layer.get_config()) if clone_function is None else clone_function(layer)
        if not isinstance(other, Layer):
            raise TypeError(f"[clone_model] clone_function must return a layer, got {other!r:.80}")
        return other

    if isinstance(model, Sequential):
        clone: Model = _chain(model, input_tensors, copied)
    elif model.is_traced:
        clone = copied(model)  # type: ignore[assignment]  # of a model it makes a model
        if model.built:
            clone._form = model._form
            clone._build_for(model._probe_shapes())
    else:
        clone = _graph(model, input_tensors, copied, call_function)
    if model.optimizer is not None:
        clone.compile(**copy.deepcopy({**model._compile_arguments, "optimizer": model.optimizer}))
    return clone


def _chain(model: Sequential, input_tensors: Any, copied: Callable[[Layer], Layer]) -> Sequential:
    front: list[Any] = []
    if input_tensors is not None:
        front = symbols("input_tensors", input_tensors)
    elif model.built:
        front = [InputLayer.from_config(model.inputs[0].node.layer.get_config()).symbol]
    return Sequential([*front, *(copied(layer) for layer in model.layers)], model.trainable, model.name)


def _graph(
    model: Model, input_tensors: Any, copied: Callable[[Layer], Layer], call: Callable[..., Any] | None
) -> Model:
    given = None if input_tensors is None else symbols("input_tensors", input_tensors)
    if given is not None and len(given) != len(model.inputs):
        raise ValueError(f"[clone_model] expected {len(model.inputs)} input_tensors, got {len(given)}")
    layers: dict[int, Layer] = {}
    values: dict[tuple[int, int], KerasTensor] = {}
    inputs = []
    for position, symbol in enumerate(model.inputs):
        config = symbol.node.layer.get_config()
        inputs.append(given[position] if given is not None else InputLayer.from_config(config).symbol)
        values[symbol.key] = inputs[-1]
    for node in model._nodes:
        if isinstance(node.layer, InputLayer):
            continue
        layer = layers.setdefault(id(node.layer), node.layer)
        if layer is node.layer:
            layer = layers[id(node.layer)] = copied(node.layer)
        arguments = [values[symbol.key] for symbol in node.inputs]
        if call is None:
            masks = [None if mask is None else values.get(mask.key) for mask in node.masks]
            produced = layer.call_again(arguments, node.options, masks)
        else:
            made = call(layer, arguments if node.layer.merges else arguments[0])
            produced = made if isinstance(made, list) else [made]
        values.update({symbol.key: value for symbol, value in zip(node.outputs(), produced, strict=True)})
    outputs = [values[symbol.key] for symbol in model.outputs]
    named = inputs if model._input_keys is None else dict(zip(model._input_keys, inputs, strict=True))
    return Model(named, model._structured(outputs), model.name)
