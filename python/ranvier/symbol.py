"""Symbols: the values of a network that has not run yet. Calling a layer on one adds a node to a graph.

A symbol owns its node, a node owns its inputs and its layer, and nothing points back, so that a graph is freed with
the last symbol or model that uses it.

Sizes that `Input` leaves open are stood for by `PROBE` while a graph is made, and once more by `OTHER`: an axis whose
two sizes differ depends on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ranvier._typing import BatchShape, Shape
    from ranvier.layers.layer import Layer
    from ranvier.subgraph import Subgraph

PROBE, OTHER = 128, 192  # halves of halves, down to 1/64, are whole


class Node:
    """One call of a layer: what it was called on and the shapes that came out, without the batch axis.

    Args:
        layer: what was called.
        inputs: what it was called on.
        shapes: of a row of each output.
        masks: for each input the symbol that says which of its positions count, or None; empty if the layer takes none.
        options: other arguments of the call, as JSON can hold them, the defaults left out.
        inner: what the call stands for, if the layer is made of layers.
        single: whether what comes out has no batch axis: it is one for the whole batch.

    `output_masks`: as `masks`, for the outputs; empty if all positions of all of them count. `other_shapes`: `shapes`
    once more, where open sizes are `OTHER`; None if they do not depend on any.

    Raises: ValueError if the layer needs a size that is open.
    """

    __slots__ = (
        "__weakref__",
        "inner",
        "inputs",
        "layer",
        "masks",
        "options",
        "other_shapes",
        "output_masks",
        "shapes",
        "single",
    )

    def __init__(
        self,
        layer: Layer,
        inputs: tuple[KerasTensor, ...],
        shapes: list[Shape],
        masks: Sequence[KerasTensor | None] = (),
        options: Mapping[str, Any] | None = None,
        inner: Subgraph | None = None,
        single: bool = False,
    ) -> None:
        self.layer = layer
        self.inputs = inputs
        self.shapes = shapes
        self.options = dict(options or {})
        self.inner = inner
        self.single = single
        self.masks = tuple(masks)
        self.output_masks: tuple[KerasTensor | None, ...] = ()
        self.other_shapes: list[Shape] | None = None
        if any(symbol.node.other_shapes is not None for symbol in inputs):
            self.other_shapes = layer.other_shapes(self)

    @property
    def sources(self) -> list[KerasTensor]:
        """Everything it reads."""
        return [*self.inputs, *(mask for mask in self.masks if mask is not None)]

    def outputs(self) -> list[KerasTensor]:
        """A symbol for each output."""
        return [KerasTensor(self, index) for index in range(len(self.shapes))]


def _apply(function: str, *values: Any) -> Any:
    from ranvier import ops

    return getattr(ops, function)(*values)


class Operators:
    """Arithmetic by operators, which are those of `ranvier.ops`."""

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        return _apply("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _apply("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return _apply("subtract", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _apply("subtract", other, self)

    def __mul__(self, other: Any) -> Any:
        return _apply("multiply", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _apply("multiply", other, self)

    def __truediv__(self, other: Any) -> Any:
        return _apply("divide", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _apply("divide", other, self)

    def __floordiv__(self, other: Any) -> Any:
        return _apply("floor_divide", self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _apply("floor_divide", other, self)

    def __mod__(self, other: Any) -> Any:
        return _apply("mod", self, other)

    def __rmod__(self, other: Any) -> Any:
        return _apply("mod", other, self)

    def __pow__(self, other: Any) -> Any:
        return _apply("power", self, other)

    def __rpow__(self, other: Any) -> Any:
        return _apply("power", other, self)

    def __matmul__(self, other: Any) -> Any:
        return _apply("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return _apply("matmul", other, self)

    def __and__(self, other: Any) -> Any:
        return _apply("logical_and", self, other)

    def __rand__(self, other: Any) -> Any:
        return _apply("logical_and", other, self)

    def __or__(self, other: Any) -> Any:
        return _apply("logical_or", self, other)

    def __ror__(self, other: Any) -> Any:
        return _apply("logical_or", other, self)

    def __xor__(self, other: Any) -> Any:
        return _apply("logical_xor", self, other)

    def __rxor__(self, other: Any) -> Any:
        return _apply("logical_xor", other, self)

    def __lt__(self, other: Any) -> Any:
        return _apply("less", self, other)

    def __le__(self, other: Any) -> Any:
        return _apply("less_equal", self, other)

    def __gt__(self, other: Any) -> Any:
        return _apply("greater", self, other)

    def __ge__(self, other: Any) -> Any:
        return _apply("greater_equal", self, other)

    def __neg__(self) -> Any:
        return _apply("negative", self)

    def __abs__(self) -> Any:
        return _apply("absolute", self)

    def __invert__(self) -> Any:
        return _apply("logical_not", self)

    def __getitem__(self, key: Any) -> Any:
        return _apply("get_item", self, key)


class BatchedShape(tuple[Any, ...]):  # noqa: SLOT001  Python allows a tuple none
    """What `ops.shape` gives for a symbol: its sizes, and whose they are."""

    symbol: KerasTensor

    def __reduce__(self) -> tuple[Any, ...]:
        return tuple, (tuple(self),)


class KerasTensor(Operators):
    """A value of a network that has not run yet: what `Input` returns and layers pass on.

    >>> from ranvier import Input, layers
    >>> layers.Dense(2)(Input((3,))).shape
    (None, 2)
    """

    __slots__ = ("index", "node")

    def __init__(self, node: Node, index: int) -> None:
        self.node = node
        self.index = index

    @property
    def shape(self) -> BatchShape:
        """Sizes of the axes; the first, the batch, is None, and so are those that `Input` leaves open."""
        sizes = tuple(
            size if size == other else None for size, other in zip(self.row_shape, self.other_shape, strict=True)
        )
        return sizes if self.single else (None, *sizes)

    @property
    def other_shape(self) -> Shape:
        """`row_shape` once more, where open sizes are `OTHER`."""
        other = self.node.other_shapes
        return self.row_shape if other is None else tuple(other[self.index])

    @property
    def is_open(self) -> bool:
        """Whether a size depends on one that `Input` leaves open."""
        return self.row_shape != self.other_shape

    @property
    def row_shape(self) -> Shape:
        """Sizes of the axes but the batch, open ones being `PROBE`."""
        return tuple(self.node.shapes[self.index])

    @property
    def single(self) -> bool:
        """Whether it has no batch axis: a weight or a number, or what was computed from these."""
        return self.node.single

    @property
    def ndim(self) -> int:
        """Number of axes, the batch included."""
        return len(self.shape)

    @property
    def dtype(self) -> str:
        """Either "float32" or "float64"."""
        return self.node.layer.dtype

    @property
    def name(self) -> str:
        """Name of the layer it comes from."""
        return self.node.layer.name

    @property
    def mask(self) -> KerasTensor | None:
        """The symbol (batch, steps) that is 0 at the positions that do not count; None if all do."""
        return self.node.output_masks[self.index] if self.node.output_masks else None

    _keras_mask = mask

    @property
    def key(self) -> tuple[int, int]:
        """Equal for symbols that mean the same value."""
        return (id(self.node), self.index)

    def __array__(self, dtype: object = None, copy: bool | None = None) -> NoReturn:
        raise TypeError(
            f"[{self.name}] a symbol has no numbers: give it to a layer, or make a Model and call that on an array"
        )

    __bool__ = __array__
    __array_ufunc__ = None  # NumPy leaves operators to the symbol

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"
