from __future__ import annotations

from typing import Any

from ranvier.layers.rnn.cell import Cell
from ranvier.layers.rnn.named import Named


class GRUCell(Cell):
    """One step of `GRU`: h = z * h_before + (1 - z) * g.

    Args:
        units: size of the state, at least 1.
        activation: of the candidate: name or function; None is linear.
        recurrent_activation: of the gates.
        use_bias: whether b is there.
        kernel_initializer: initial values of W, (features, 3 units): columns of z, r, g.
        recurrent_initializer: initial values of U, (units, 3 units).
        bias_initializer: initial values of b, (2, 3 units) for x and for h, or (3 units,) without `reset_after`.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on them.
        kernel_constraint, recurrent_constraint, bias_constraint: conditions on them.
        dropout: share of the inputs to drop in training.
        recurrent_dropout: share of the state that is dropped where it is multiplied by U.
        reset_after: whether r works on the product of h and U, or on h.
        seed: an integer for masks of its own.
        **kwargs: those of `Layer`.

    Raises: ValueError for units below 1 or an unknown name.

    >>> import numpy as np
    >>> output, state = GRUCell(4)(np.zeros((2, 3)), np.zeros((2, 4)))
    >>> output.shape
    (2, 4)
    """

    kind = "gru"

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        reset_after: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        self._set(locals())
        super().__init__(**kwargs)


class GRU(Named):
    """Gated recurrent unit: h_t = z * h_(t-1) + (1 - z) * g.

    The gates z and r are sigmoids of their parts of x_t W + b + h_(t-1) U; the candidate is g = tanh(x_t W_g + r *
    (h_(t-1) U_g)) with `reset_after`, otherwise tanh(x_t W_g + (r * h_(t-1)) U_g), biases left out.

    Args:
        units: size of the state, at least 1.
        activation: of the candidate: name or function; None is linear.
        recurrent_activation: of the gates.
        use_bias: whether b is there.
        kernel_initializer: initial values of W, (features, 3 units): columns of z, r, g.
        recurrent_initializer: initial values of U, (units, 3 units).
        bias_initializer: initial values of b, (2, 3 units) for x and for h, or (3 units,) without `reset_after`.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on them.
        activity_regularizer: penalty on what comes out.
        kernel_constraint, recurrent_constraint, bias_constraint: conditions on them.
        dropout: share of the inputs to drop in training.
        recurrent_dropout: share of the state that is dropped where it is multiplied by U.
        seed: an integer for masks of its own.
        return_sequences, return_state, go_backwards, stateful, unroll: see `RNN`.
        reset_after: whether r works on the product of h and U, or on h.
        use_cudnn: accepted for compatibility.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, features). Output shape: as that of `RNN`.
    Raises: ValueError for units below 1 or an unknown name.
    Source: Cho et al., EMNLP 2014, arXiv:1406.1078.

    >>> import numpy as np
    >>> GRU(4)(np.zeros((2, 5, 3))).shape
    (2, 4)
    """

    cell_class = GRUCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
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
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        self.use_cudnn = use_cudnn
        self._set(locals())
