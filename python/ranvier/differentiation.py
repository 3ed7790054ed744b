"""Gradients of anything that is made of layers and operations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ranvier import config
from ranvier.layers import Input
from ranvier.random import draw_seed
from ranvier.subgraph import Subgraph
from ranvier.symbol import KerasTensor
from ranvier.variable import Variable


def gradients(
    function: Callable[..., Any],
    *arrays: Any,
    variables: Sequence[Variable] | None = None,
    output_gradient: Any = None,
    training: bool = False,
) -> Any:
    """Gradients of the sum of what a function gives, with respect to the arrays it is called on, or to weights.

    The function is called once, on symbols; all arithmetic is native. A layer or a model is such a function.

    Args:
        function: made of layers and `ranvier.ops`; returns one symbol.
        *arrays: (batch, ...) each.
        variables: weights to differentiate with respect to, in place of the arrays.
        output_gradient: factors of the outputs in the sum, in their shape; by default 1.
        training: whether layers behave as in training (dropout drops).

    Returns: an array like the only array; for several arrays or variables a list.
    Raises: TypeError if the function returns no symbol; ValueError where shapes do not fit, or for a weight that the
        function does not use.

    >>> import numpy as np
    >>> from ranvier import ops
    >>> gradients(lambda x: ops.sum(x**2, axis=-1), np.array([[1.0, 3.0]]))
    array([[2., 6.]])
    """
    values = [np.asarray(array) for array in arrays]
    if not values or not all(value.ndim for value in values):
        raise ValueError("[gradients] expected arrays with a batch axis")
    dtype = getattr(function, "dtype", None)
    if dtype not in ("float32", "float64"):
        dtype = "float64" if values[0].dtype == np.float64 else config.floatx()
    inputs = [Input(value.shape[1:], dtype=dtype, name=f"x_{i}") for i, value in enumerate(values)]
    output = function(*inputs)
    if not isinstance(output, KerasTensor) or output.single:
        raise TypeError(
            "[gradients] the function must return one symbol with a batch axis, as layers and ranvier.ops do, got "
            f"{output!r:.80}"
        )
    network = config.scalars(dtype).Network("gradients")
    numbers = [network.add_input(symbol.row_shape, symbol.name) for symbol in inputs]
    network.set_outputs(Subgraph(inputs, [output], "gradients").add_to(network, numbers))
    if output_gradient is None:
        output_gradient = np.ones((len(values[0]), *output.row_shape))
    of_arrays, of_weights = network.gradients(values, [np.asarray(output_gradient)], training, draw_seed())
    if variables is None:
        return of_arrays[0] if len(of_arrays) == 1 else of_arrays
    found = {id(parameter): gradient for parameter, gradient in zip(network.parameters, of_weights, strict=True)}
    for variable in variables:
        if id(variable.native) not in found:
            raise ValueError(f"[gradients] the function does not use the weight {variable.path}")
    return [found[id(variable.native)] for variable in variables]
