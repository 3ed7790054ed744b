from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ranvier.layers.layer import Layer, checked_shape
from ranvier.symbol import OTHER, PROBE, KerasTensor, Node

if TYPE_CHECKING:
    from ranvier._typing import BatchShape


_WHOLE = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")


class InputLayer(Layer):
    """Where data enters a network. `Input` makes one and returns its symbol.

    Args:
        shape: shape of one row; axes that are None may have any size, which may differ from batch to batch.
        batch_size: accepted for compatibility; a network takes batches of any size.
        dtype: "float32" or "float64", or that of whole numbers; arrays of any number type are converted batch by batch.
        batch_shape: the shape with the batch axis in front, instead of `shape`.
        name: unique in a model.

    Output shape: (batch, *shape).
    Raises: ValueError without a shape, or for one that is not of positive integers and None.

    >>> InputLayer((4,)).output_shape
    (None, 4)
    """

    is_input = True

    def __init__(
        self,
        shape: Sequence[int | None] | int | None = None,
        batch_size: int | None = None,
        dtype: str | None = None,
        batch_shape: Sequence[int | None] | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        # Whole numbers, such as those of an Embedding, are given to the network as they are needed.
        super().__init__(name=name, dtype=None if dtype in _WHOLE else dtype, **kwargs)
        given = self.given_input_shape if shape is None else shape
        if batch_shape is not None:
            given = tuple(batch_shape)[1:]
        if given is None:
            raise ValueError(f"[{self.name}] shape is missing: the shape of one row, such as Input((784,))")
        self.shape = checked_shape(self.name, given, with_open=True)
        self.batch_size = batch_size

    @property
    def batch_shape(self) -> BatchShape:
        """The shape with the batch axis in front."""
        return (self.batch_size, *self.shape)

    @property
    def built(self) -> bool:
        return True

    @property
    def symbol(self) -> KerasTensor:
        """The symbol of the data."""
        return KerasTensor(self._only_node("symbol"), 0)

    def _only_node(self, what: str) -> Node:
        # An input exists without being called; as in every layer, its node belongs to the symbols.
        node = next((node for reference in self._calls if (node := reference()) is not None), None)
        if node is None:
            node = Node(self, (), [tuple(PROBE if axis is None else axis for axis in self.shape)])
            if None in self.shape:
                node.other_shapes = [tuple(OTHER if axis is None else axis for axis in self.shape)]
            self.remember(node)
        return node

    @property
    def input(self) -> KerasTensor:
        """The symbol of the data."""
        return self.symbol

    @property
    def input_shape(self) -> BatchShape:
        """The shape with the batch axis in front."""
        return self.batch_shape

    def __call__(self, inputs: Any, training: bool = False, mask: Any = None, **options: Any) -> Any:
        """Returns its inputs as they are."""
        return inputs

    def get_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype, "shape": list(self.shape), "batch_size": self.batch_size}


def Input(
    shape: Sequence[int | None] | int | None = None,
    batch_size: int | None = None,
    dtype: str | None = None,
    batch_shape: Sequence[int | None] | None = None,
    name: str | None = None,
) -> KerasTensor:
    """The symbol of a network's input: what the first layers are called on.

    Args:
        shape: shape of one row, such as (784,); (None, 3) is for sequences of any length.
        batch_size: accepted for compatibility; a network takes batches of any size.
        dtype: "float32" or "float64", or that of whole numbers such as "int32".
        batch_shape: the shape with the batch axis in front, instead of `shape`.
        name: unique in a model.

    Output shape: (batch, *shape).
    Raises: ValueError without a shape, or for one that is not of positive integers and None.

    >>> Input((None, 4)).shape
    (None, None, 4)
    """
    return InputLayer(shape, batch_size, dtype, batch_shape, name).symbol
