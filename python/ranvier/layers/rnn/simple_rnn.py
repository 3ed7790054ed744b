from __future__ import annotations

from typing import Any

from ranvier.layers.rnn.cell import Cell
from ranvier.layers.rnn.named import Named


class SimpleRNNCell(Cell):
    """One step of `SimpleRNN`: h = activation(x W + b + h_before U).

    Args:
        units: size of the state, at least 1.
        activation: name or function; None is linear.
        use_bias: whether b is there.
        kernel_initializer: initial values of W, (features, units).
        recurrent_initializer: initial values of U, (units, units).
        bias_initializer: initial values of b, (units,).
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on them.
        kernel_constraint, recurrent_constraint, bias_constraint: conditions on them.
        dropout: share of the inputs to drop in training.
        recurrent_dropout: share of the state that is dropped where it is multiplied by U.
        seed: an integer for masks of its own.
        **kwargs: those of `Layer`.

    Raises: ValueError for units below 1 or an unknown name.

    >>> import numpy as np
    >>> output, state = SimpleRNNCell(4)(np.zeros((2, 3)), np.zeros((2, 4)))
    >>> output.shape
    (2, 4)
    """

    kind = "simple_rnn"

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        self._set(locals())
        super().__init__(**kwargs)


class SimpleRNN(Named):
    """The simplest recurrent layer: h_t = activation(x_t W + b + h_(t-1) U).

    Args:
        units: size of the state, at least 1.
        activation: name or function; None is linear.
        use_bias: whether b is there.
        kernel_initializer: initial values of W, (features, units).
        recurrent_initializer: initial values of U, (units, units).
        bias_initializer: initial values of b, (units,).
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on them.
        activity_regularizer: penalty on what comes out.
        kernel_constraint, recurrent_constraint, bias_constraint: conditions on them.
        dropout: share of the inputs to drop in training.
        recurrent_dropout: share of the state that is dropped where it is multiplied by U.
        return_sequences, return_state, go_backwards, stateful, unroll: see `RNN`.
        seed: an integer for masks of its own.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, features). Output shape: as that of `RNN`.
    Raises: ValueError for units below 1 or an unknown name.
    Source: Elman, Cognitive Science 14, 1990.

    >>> import numpy as np
    >>> SimpleRNN(4)(np.zeros((2, 5, 3))).shape
    (2, 4)
    """

    cell_class = SimpleRNNCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        self._set(locals())
