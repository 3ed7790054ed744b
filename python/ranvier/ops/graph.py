"""How an operation on symbols becomes a node of a network to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.layers import tracing
from ranvier.layers.layer import Layer
from ranvier.symbol import KerasTensor, Node
from ranvier.utils.naming import unique_name
from ranvier.variable import Variable

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Array, Shape

# The native kinds that an operation may be of. A file can name no other.
KINDS = (
    "activation",
    "added_loss",
    "axis_activation",
    "concatenate",
    "constant",
    "gather",
    "matmul",
    "permute",
    "primitive",
    "random",
    "reduce",
    "repeat",
    "reshape",
    "select",
    "spread",
    "stop_gradient",
    "take",
    "training_branch",
)


class Operation(Layer):
    """One operation of `ranvier.ops` in a network: a native node without weights.

    Args:
        operation: its native kind.
        settings: what that is told.
        **kwargs: those of `Layer`.

    Raises: ValueError for another kind.

    >>> from ranvier import Input, ops
    >>> ops.square(Input((2,))).node.layer.operation
    'primitive'
    """

    merges = True

    def __init__(self, operation: str, settings: Mapping[str, Any], **kwargs: Any) -> None:
        if operation not in KINDS:
            raise ValueError(f"[Operation] the operation must be one of {', '.join(KINDS)}, got {operation!r}")
        self.operation = operation
        self.settings = dict(settings)
        super().__init__(**kwargs)
        self.kind = operation  # type: ignore[misc]  # each has its own
        self.draws = operation == "random" and not self.settings.get("fixed", False)

    def native_config(self) -> dict[str, Any]:
        return self.settings

    def what_it_does(self) -> Any:
        return self.operation, repr(self.settings), self.dtype

    def add_node(
        self, inputs: tuple[KerasTensor, ...], masks: Sequence[KerasTensor | None] = (), options: Any = None
    ) -> KerasTensor:
        return _node(self, list(inputs))


class Weight(Layer):
    """A weight as a value of a network.

    Args:
        variable: the weight, which belongs to another layer.
    """

    def __init__(self, variable: Variable) -> None:
        super().__init__(name=variable.path, dtype=variable.dtype)
        self._weight = variable
        self.kind = "variable"  # type: ignore[misc]

    @property
    def native(self) -> _core.Layer:
        """The native layer that the weight was made with."""
        if self._weight.native_layer is None:
            raise TypeError(
                f"[{self._weight.path}] only weights that add_weight made can be used in operations on symbols"
            )
        return self._weight.native_layer

    def what_it_does(self) -> Any:
        return id(self._weight)

    def symbol(self) -> KerasTensor:
        """Its value."""
        return KerasTensor(Node(self, (), [self._weight.shape], single=True), 0)


def symbolic(*values: Any) -> bool:
    """Whether an operation on these is to be recorded: one is a symbol, or a weight while a layer is traced."""
    return any(isinstance(value, KerasTensor) or (isinstance(value, Variable) and tracing.active()) for value in values)


def dtype_of(values: Sequence[Any]) -> str:
    """The number type of the first symbol or weight."""
    return next(value.dtype for value in values if isinstance(value, KerasTensor | Variable))


def symbols(*values: Any) -> list[KerasTensor]:
    """Each value as a symbol: weights and numbers become values that are one for the whole batch."""
    dtype = dtype_of(values)
    return [as_symbol(value, dtype) for value in values]


def as_symbol(value: Any, dtype: str) -> KerasTensor:
    """A symbol, a weight or numbers as a symbol.

    Raises: TypeError for anything else.
    """
    if isinstance(value, KerasTensor):
        return value
    if isinstance(value, Variable):
        return Weight(value).symbol()
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"[ops] expected symbols, weights or numbers, got {value!r:.80}")
    return constant(array, dtype)


def constant(array: Array, dtype: str) -> KerasTensor:
    """Numbers as a value of a network."""
    told = {"shape": list(array.shape), "values": [float(number) for number in array.reshape(-1)]}
    return node("constant", told, [], "constant", dtype)


def node(
    kind: str, settings: Mapping[str, Any], inputs: Sequence[KerasTensor], name: str, dtype: str | None = None
) -> KerasTensor:
    """The result of a native kind on symbols."""
    layer = Operation(kind, settings, name=unique_name(name), dtype=dtype or inputs[0].dtype)
    return _node(layer, list(inputs))


def _node(layer: Layer, inputs: list[KerasTensor]) -> KerasTensor:
    outputs = layer.build_rows([symbol.row_shape for symbol in inputs])
    singles = [symbol.single for symbol in inputs]
    made = Node(layer, tuple(inputs), outputs, single=layer.native.makes_single(singles))
    result: KerasTensor = layer.remember(made)
    return result


def branched(in_training: KerasTensor, in_inference: KerasTensor) -> KerasTensor:
    """The one value while a network is trained, the other where it predicts.

    Raises: ValueError if their shapes differ.
    """
    return node("training_branch", {}, with_batch([in_training, in_inference]), "training_branch")


def with_loss(values: Sequence[KerasTensor], loss: KerasTensor | None) -> list[KerasTensor]:
    """The values, which bring along a number that is added to the loss of a model that uses one of them."""
    if loss is None:
        return list(values)
    made = [node("added_loss", {}, [symbol, loss], "added_loss") for symbol in values]
    for new, old in zip(made, values, strict=True):
        new.node.output_masks = () if old.mask is None else (old.mask,)
    return made


def row_axis(name: str, symbol: KerasTensor, axis: int) -> int:
    """The native number of an axis, which is 0 for the batch.

    Raises: ValueError if there is no such axis.
    """
    rank = symbol.ndim
    if not -rank <= axis < rank:
        raise ValueError(f"[{name}] axis {axis} does not exist in a value of shape {symbol.shape}")
    return axis % rank + symbol.single


def behind_batch(name: str, symbol: KerasTensor, axis: int) -> int:
    """The same for an operation that does not mix rows.

    Raises: ValueError for the batch.
    """
    found = row_axis(name, symbol, axis)
    if found == 0:
        raise ValueError(f"[{name}] axis 0 is the batch: rows do not mix")
    return found


def closed(name: str, symbol: KerasTensor) -> None:
    """Raises ValueError if sizes of a value are open, which an operation has to know."""
    if symbol.is_open:
        raise ValueError(
            f"[{name}] needs sizes that Input leaves open, got {symbol.shape}: put it into a Lambda, or a layer with a "
            "method call, which are recorded for each size"
        )


def reshaped(symbol: KerasTensor, shape: Shape, name: str = "reshape", other: Shape | None = None) -> KerasTensor:
    """Each row of a value, or a value that is one for the whole batch, in another shape.

    `other`: the shape once more, for the other sizes that stand for open ones.
    """
    if symbol.is_open and other is not None and sum(a != b for a, b in zip(shape, other, strict=True)) == 1:
        target = [a if a == b else -1 for a, b in zip(shape, other, strict=True)]
        return node("reshape", {"target_shape": target}, [symbol], name)
    closed(name, symbol)
    return symbol if symbol.row_shape == shape else node("reshape", {"target_shape": list(shape)}, [symbol], name)


def aligned(name: str, values: Sequence[KerasTensor]) -> list[KerasTensor]:
    """Operands of one function: values without a batch axis may have fewer axes, or a first one of size 1.

    Raises: ValueError where axes would be put together that are not of the same place.
    """
    ranks = [symbol.ndim for symbol in values if not symbol.single]
    if not ranks:
        return list(values)
    if len(set(ranks)) > 1:
        shapes = " and ".join(str(symbol.shape) for symbol in values)
        raise ValueError(f"[{name}] the shapes {shapes} do not go together: use expand_dims for axes that are missing")
    made = []
    for symbol in values:
        shape = symbol.row_shape
        if symbol.single and len(shape) == ranks[0]:
            if shape[0] != 1:
                raise ValueError(f"[{name}] the shape {symbol.shape} does not go together with a batch of any size")
            symbol = reshaped(symbol, shape[1:])
        elif symbol.single and len(shape) > ranks[0]:
            raise ValueError(f"[{name}] the shape {symbol.shape} has more axes than what it goes together with")
        made.append(symbol)
    return made


def with_batch(values: Sequence[KerasTensor]) -> list[KerasTensor]:
    """The values, those that are one for the whole batch spread over it if one of them has a batch axis."""
    like = next((symbol for symbol in values if not symbol.single), None)
    if like is None:
        return list(values)
    return [symbol if not symbol.single else node("spread", {}, [symbol, like], "spread") for symbol in values]
