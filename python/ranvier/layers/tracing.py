"""Layers written in Python: what their `call` does with symbols is recorded once, and then runs natively."""

from __future__ import annotations

import functools
import inspect
import operator
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import _filling, _passes, config
from ranvier.subgraph import Subgraph, nodes_behind
from ranvier.symbol import KerasTensor, Node

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Shape
    from ranvier.layers.layer import Layer


class Recording:
    """A `call` that runs on symbols.

    Args:
        layer: whose it is.
        inputs: what it is given, which all have the batch axis.

    `losses`: what it adds to the loss, each one number; `calls`: of layers made of layers.
    """

    def __init__(self, layer: Layer, inputs: Sequence[KerasTensor]) -> None:
        self.layer = layer
        self.inputs = inputs
        self.losses: list[KerasTensor] = []
        self.calls: list[Node] = []

    def loss(self, returned: Sequence[Any]) -> KerasTensor | None:
        """All that it adds to the loss. Calls whose values it does not return count as well."""
        from ranvier import ops
        from ranvier.ops.graph import constant, node

        losses = list(self.losses)
        used = nodes_behind([*losses, *(value for value in returned if isinstance(value, KerasTensor))])
        for call in self.calls:
            if call.inner is not None and call.inner.adds_loss and id(call) not in used:
                made = call.outputs()[0]
                losses.append(ops.sum(node("spread", {}, [constant(np.zeros(()), made.dtype), made], "spread")))
        return functools.reduce(operator.add, losses) if losses else None


# The calls that run, from the outermost on; None where something inside is to happen at once.
_active: ContextVar[tuple[Recording | None, ...]] = ContextVar("ranvier_tracing", default=())

_TENSOR = "tensor"  # the key of a tensor's number among the inputs of a node, in the options that a node remembers


def active() -> bool:
    """Whether a layer is being traced, so that its weights stand for values of a network."""
    return recording() is not None


def recording() -> Recording | None:
    """The innermost `call` that runs on symbols, or None."""
    running = _active.get()
    return running[-1] if running else None


def remember(node: Node) -> None:
    """Tells the `call` that runs, if one does, of a call inside it."""
    now = recording()
    if now is not None and node.inner is not None:
        now.calls.append(node)


@contextmanager
def at_once() -> Iterator[None]:
    """Lets what happens inside a `call` compute arrays, as what makes weights does."""
    token = _active.set((*_active.get(), None))
    try:
        yield
    finally:
        _active.reset(token)


def add_loss(layer: Layer, loss: Any) -> None:
    """Adds the sum of a symbol to the loss of the models that the layer is in.

    Raises: ValueError outside of `call`; TypeError for what is no symbol.
    """
    from ranvier import ops
    from ranvier.ops.graph import symbolic

    now = recording()
    if now is None:
        raise ValueError(f"[{layer.name}] add_loss works while `call` runs on symbols: call it there")
    for value in _flat(loss):
        if not symbolic(value):
            raise TypeError(
                f"[{layer.name}] add_loss expects symbols, as layers and ranvier.ops make them, got {value!r:.80}"
            )
        now.losses.append(ops.sum(value))


def call(layer: Layer, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Calls a layer that has a method `call`: on symbols it becomes a node, on arrays it runs at once.

    Raises: TypeError for arguments that `call` does not take.
    """
    parameters = signature(layer)
    named = dict(kwargs)
    training = bool(named.pop("training", False))
    try:
        arguments = parameters.bind(*args, **named).arguments
    except TypeError as error:
        raise TypeError(f"[{layer.name}] {error}") from None
    tensors: list[Any] = []
    options = {
        name: _taken(value, tensors, first=position == 0)
        for position, (name, value) in enumerate(arguments.items())
        if not _is_default(parameters.parameters[name], value)
    }
    symbols = [value for value in tensors if isinstance(value, KerasTensor)]
    if not tensors:
        raise TypeError(f"[{layer.name}] expected symbols or arrays, got none")
    if symbols:
        from ranvier.ops.graph import as_symbol

        return _add_node(layer, [as_symbol(value, layer.dtype) for value in tensors], options)
    return _compute(layer, tensors, options, training)


def number(position: int) -> Any:
    """What stands for a tensor in the arguments that a node remembers."""
    return {_TENSOR: position}


def signature(layer: Layer) -> inspect.Signature:
    """That of `call`."""
    return inspect.signature(layer.recorded_call)


def first_argument(layer: Layer) -> str:
    """Name of what `call` is given first."""
    return next(iter(signature(layer).parameters))


def call_again(layer: Layer, inputs: Sequence[KerasTensor], options: Mapping[str, Any]) -> list[KerasTensor]:
    """What comes out of a call with the options that a node remembers, on other symbols."""
    made = call(layer, (), given(dict(options), inputs))
    return _flat(made)


def _is_default(parameter: inspect.Parameter, value: Any) -> bool:
    plain = value is None or isinstance(value, bool | int | float | str)
    return plain and type(value) is type(parameter.default) and value == parameter.default


def _taken(value: Any, tensors: list[Any], first: bool = False) -> Any:
    # `value` with each tensor replaced by its number among `tensors`.
    if isinstance(value, list | tuple) and any(isinstance(item, KerasTensor | np.ndarray) for item in value):
        return [_taken(item, tensors) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _taken(item, tensors) for key, item in value.items()}
    if isinstance(value, KerasTensor | np.ndarray) or hasattr(value, "__array__") or first:
        tensors.append(value if isinstance(value, KerasTensor) else np.asarray(value))
        return {_TENSOR: len(tensors) - 1}
    return value


def given(value: Any, tensors: Sequence[Any]) -> Any:
    """The arguments that a node remembers, with these values in the place of their numbers."""
    if isinstance(value, Mapping):
        if list(value) == [_TENSOR]:
            return tensors[value[_TENSOR]]
        return {key: given(item, tensors) for key, item in value.items()}
    return [given(item, tensors) for item in value] if isinstance(value, list) else value


def _flat(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        value = list(value.values())
    return [item for part in value for item in _flat(part)] if isinstance(value, list | tuple) else [value]


def _like(form: Any, values: list[Any]) -> Any:
    # The flat values in the form of what `call` returned.
    if isinstance(form, Mapping):
        return {key: _like(item, values) for key, item in form.items()}
    if isinstance(form, list | tuple):
        return type(form)(_like(item, values) for item in form)
    return values.pop(0)


def alike(inputs: tuple[KerasTensor, ...]) -> tuple[KerasTensor, ...]:
    """Values that a layer takes together: those without a batch axis spread over the batch if others have one."""
    if not any(symbol.single for symbol in inputs):
        return inputs
    from ranvier.ops.graph import with_batch

    return tuple(with_batch(inputs))


def trace(
    layer: Layer, shapes: Sequence[Shape], options: Mapping[str, Any], masks: Sequence[Shape | None] = ()
) -> tuple[Subgraph, Any]:
    """What a call on values of these shapes stands for, and what it returned; the weights are made if need be.

    Args:
        layer: what is called.
        shapes: of a row of each value.
        options: the arguments of the call, the values as their numbers.
        masks: of a row of the mask of each value, or None.

    Raises: TypeError where `call` returns no symbols; whatever `call` raises.
    """
    from ranvier.layers.core.input_layer import Input

    inputs = [Input(shape, dtype=layer.dtype, name=f"{layer.name}_input") for shape in shapes]
    own = []
    for symbol, shape in zip(inputs, masks, strict=False):
        if shape is not None:
            own.append(Input(shape, dtype=layer.dtype, name=f"{layer.name}_mask"))
            symbol.node.output_masks = (own[-1],)
    with _filling.inside(layer._role or layer.name):
        _build(layer, inputs, options)
        for role, part in layer.named_sublayers().items():
            part._role = role
        made, outputs = _recorded(layer, [*inputs, *own], given(dict(options), inputs))
    return Subgraph([*inputs, *own], [_watched(layer, value) for value in outputs], layer.name), made


def _recorded(layer: Layer, inputs: Sequence[KerasTensor], arguments: dict[str, Any]) -> tuple[Any, list[KerasTensor]]:
    # What `call` returned, and its outputs, which bring along what it adds to the loss; where these depend on
    # `training`, both branches.
    from ranvier.ops.graph import branched, constant, with_loss

    if "training" in arguments or "training" not in signature(layer).parameters:
        made, loss = _called(layer, inputs, arguments)
        return made, with_loss([_symbol(layer, value) for value in _flat(made)], loss)
    other, other_loss = _called(layer, inputs, {**arguments, "training": True})
    made, loss = _called(layer, inputs, {**arguments, "training": False})
    in_training, in_inference = ([_symbol(layer, value) for value in _flat(values)] for values in (other, made))
    if len(in_inference) != len(in_training):
        raise ValueError(
            f"[{layer.name}] call returns {len(in_training)} values in training, but {len(in_inference)} in inference"
        )
    losses = [[] if one is None else [one] for one in (other_loss, loss)]
    if Subgraph(inputs, in_inference + losses[1]).alike(Subgraph(inputs, in_training + losses[0])):
        return made, with_loss(in_inference, loss)
    if losses != [[], []]:
        loss = branched(*(one[0] if one else constant(np.zeros(()), layer.dtype) for one in losses))
    return made, with_loss([branched(*pair) for pair in zip(in_training, in_inference, strict=True)], loss)


def _called(layer: Layer, inputs: Sequence[KerasTensor], arguments: dict[str, Any]) -> tuple[Any, KerasTensor | None]:
    # What `call` returned, and what it adds to the loss.
    running = _active.get()
    if any(other is not None and layer is other.layer for other in running):
        raise ValueError(f"[{layer.name}] calls itself, which would make a network without an end")
    now = Recording(layer, inputs)
    token = _active.set((*running, now))
    try:
        made = layer.recorded_call(**arguments)
    finally:
        _active.reset(token)
    return made, now.loss(_flat(made))


def output_shapes(layer: Layer, shapes: Sequence[Shape]) -> list[Shape]:
    """Shapes of the outputs of a call on values of these shapes; the weights are made if need be."""
    inner, _ = trace(layer, shapes, _of_first(layer, len(shapes)))
    return [symbol.row_shape for symbol in inner.outputs]


def add_to(layer: Layer, network: _core.Network, inputs: Sequence[int], masks: Sequence[int | None]) -> list[int]:
    """Adds what a call on values of a native network stands for; returns the values of the outputs."""
    shapes = [network.shape(value) for value in inputs]
    inner, _ = trace(
        layer, shapes, _of_first(layer, len(shapes)), [None if mask is None else network.shape(mask) for mask in masks]
    )
    return inner.add_to(network, [*inputs, *(mask for mask in masks if mask is not None)])


def _of_first(layer: Layer, values: int) -> dict[str, Any]:
    # The arguments of a call that is given these values alone.
    numbers = [number(i) for i in range(values)]
    return {first_argument(layer): numbers if values > 1 else numbers[0]}


def other_shapes(layer: Layer, node: Node) -> list[Shape]:
    """Shapes of the outputs of a node with the other sizes that stand for open ones; see `Layer.other_shapes`."""
    shapes = [symbol.other_shape for symbol in node.inputs]
    masks = [None if mask is None else mask.other_shape for mask in node.masks]
    inner, _ = trace(layer, shapes, node.options, masks)
    return [symbol.row_shape for symbol in inner.outputs]


def _symbol(layer: Layer, value: Any) -> KerasTensor:
    if not isinstance(value, KerasTensor):
        raise TypeError(
            f"[{layer.name}] call must return symbols, as layers and ranvier.ops make them, got {value!r:.80}"
        )
    return value


def _watched(layer: Layer, value: KerasTensor) -> KerasTensor:
    if layer.activity_regularizer is not None:
        from ranvier.layers.core.identity import Identity

        watched: KerasTensor = Identity(activity_regularizer=layer.activity_regularizer, dtype=layer.dtype_policy)(
            value
        )
        return watched
    return value


def _build(layer: Layer, inputs: Sequence[KerasTensor], options: Mapping[str, Any]) -> None:
    if layer.built or layer._built:
        return
    shapes = given(dict(options), [symbol.shape for symbol in inputs])
    wanted = list(inspect.signature(layer.build).parameters)
    layer._building = True
    try:
        with at_once():
            if len(wanted) == 1:
                layer.build(next(iter(shapes.values())))
            else:
                roles = {name: name.removesuffix("_shape") for name in wanted}
                layer.build(**{name: shapes[role] for name, role in roles.items() if role in shapes})
    finally:
        layer._building = False
    layer.finish_build()


def _add_node(layer: Layer, symbols: Sequence[KerasTensor], options: Mapping[str, Any]) -> Any:
    symbols = alike(tuple(symbols))
    if symbols[0].single:
        raise ValueError(f"[{layer.name}] expected values with a batch axis, got {symbols[0]!r}")
    known = layer.known_masks(symbols)
    masks = known if layer.supports_masking else [None] * len(symbols)
    shapes = [symbol.row_shape for symbol in symbols]
    inner, made = trace(layer, shapes, options, [None if mask is None else mask.row_shape for mask in masks])
    node = Node(layer, tuple(symbols), [symbol.row_shape for symbol in inner.outputs], masks, options, inner)
    layer.pass_masks(node, known)
    layer.remember(node)
    return _like(made, list(node.outputs()))


def _compute(layer: Layer, tensors: Sequence[Any], options: Mapping[str, Any], training: bool) -> Any:
    for tensor in tensors:
        if not tensor.ndim:
            raise ValueError(f"[{layer.name}] expected an array with a batch axis, got a single number")
    shapes = [tensor.shape[1:] for tensor in tensors]
    key = (shapes, repr(options))
    if layer._traced is None or layer._traced[0] != key:
        from ranvier.models.graph import native_network

        inner, made = trace(layer, shapes, options)
        layer._traced = (key, native_network(layer.name, inner)[0], made)
    _, network, made = layer._traced
    values = _passes.run(network, list(tensors), training)
    return _like(made, list(values))


def add_variable(layer: Layer, shape: Shape, name: str, trainable: bool) -> Any:
    """A native variable of this shape, as a layer of its own with one parameter."""
    native = config.scalars(layer.dtype).Layer("variable", {"shape": list(shape), "parameter": name}, layer.name)
    native.build([])
    native.parameters[0].trainable = trainable
    return native
