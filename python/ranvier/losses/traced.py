"""Losses and metrics written in Python with `ranvier.ops`: recorded once, then part of the native loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ranvier import config
from ranvier.losses.loss import Loss

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Shape


class FunctionLoss(Loss):
    """A function of targets and predictions as a loss: what `compile` makes of one.

    Args:
        function: called as function(y_true, y_pred, **arguments) on symbols; written with `ranvier.ops`.
        name: by default that of the function.
        reduction: see `Loss`; values that the function gives for each row are reduced so.
        dtype: see `Loss`.
        **arguments: more arguments of the function.

    >>> import numpy as np
    >>> from ranvier import ops
    >>> loss = FunctionLoss(lambda y, p: ops.mean(ops.square(y - p), axis=-1), name="squares")
    >>> float(loss(np.array([[0.0, 1.0]]), np.array([[1.0, 1.0]])))
    0.5
    """

    whole_batch = True

    def __init__(
        self,
        function: Callable[..., Any],
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: str | None = None,
        **arguments: Any,
    ) -> None:
        super().__init__(name or getattr(function, "__name__", type(function).__name__), reduction, dtype)
        self.function = function
        self.arguments = arguments

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The values of the loss."""
        return self.function(y_true, y_pred, **self.arguments)


def native_network(
    function: Callable[..., Any], name: str, dtype: str, target: Shape, prediction: Shape
) -> _core.Network:
    """What a function does with rows of these shapes, from (targets, predictions) to values.

    Raises: TypeError if it does not return a symbol, as one written with NumPy does not; whatever it raises.
    """
    from ranvier.layers import Input
    from ranvier.subgraph import Subgraph
    from ranvier.symbol import KerasTensor

    given = [Input(shape, dtype=dtype, name=name) for shape, name in ((target, "y_true"), (prediction, "y_pred"))]
    values = function(*given)
    if not isinstance(values, KerasTensor):
        raise TypeError(
            f"[{name}] a loss of your own must be written with ranvier.ops, and return what these make of y_pred, "
            f"got {values!r:.80}"
        )
    network = config.scalars(dtype).Network(name)
    inputs = [network.add_input(symbol.row_shape, symbol.name) for symbol in given]
    network.set_outputs(Subgraph(given, [values], name).add_to(network, inputs), single=True)
    return network
