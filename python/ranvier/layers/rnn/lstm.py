from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.layers.rnn.cell import Cell
from ranvier.layers.rnn.named import Named

if TYPE_CHECKING:
    from ranvier._typing import Array, Shape


class LSTMCell(Cell):
    """One step of `LSTM`: c = f * c_before + i * g, h = o * tanh(c).

    Args:
        units: size of the state, at least 1.
        activation: of the candidate and of c: name or function; None is linear.
        recurrent_activation: of the gates.
        use_bias: whether b is there.
        kernel_initializer: initial values of W, (features, 4 units): columns of i, f, g, o.
        recurrent_initializer: initial values of U, (units, 4 units).
        bias_initializer: initial values of b, (4 units,).
        unit_forget_bias: whether b of the forget gate begins with 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on them.
        kernel_constraint, recurrent_constraint, bias_constraint: conditions on them.
        dropout: share of the inputs to drop in training.
        recurrent_dropout: share of the state that is dropped where it is multiplied by U.
        seed: an integer for masks of its own.
        **kwargs: those of `Layer`.

    Raises: ValueError for units below 1 or an unknown name.

    >>> import numpy as np
    >>> output, states = LSTMCell(4)(np.zeros((2, 3)), [np.zeros((2, 4)), np.zeros((2, 4))])
    >>> output.shape
    (2, 4)
    """

    kind = "lstm"
    state_count = 2

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
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

    def chosen(self, weight: str, what: str) -> Any:
        found = super().chosen(weight, what)
        forgets = weight == "bias" and what == "initializer" and getattr(self, "unit_forget_bias")  # noqa: B009
        return _ForgetBias(found) if forgets else found


class _ForgetBias:
    """Ones for the forget gate, what another initializer gives for the others."""

    def __init__(self, others: Any) -> None:
        self._others = others

    def __call__(self, shape: Shape, dtype: Any = None) -> Array:
        units = shape[0] // 4
        parts = [self._others((units,), dtype=dtype), np.ones(units), self._others((2 * units,), dtype=dtype)]
        return np.concatenate(parts)


class LSTM(Named):
    """Long short-term memory: c_t = f * c_(t-1) + i * g, h_t = o * tanh(c_t).

    The gates i, f, o are sigmoids and the candidate g a tanh of their parts of x_t W + b + h_(t-1) U. The states are h
    and c.

    Args:
        units: size of the state, at least 1.
        activation: of the candidate and of c: name or function; None is linear.
        recurrent_activation: of the gates.
        use_bias: whether b is there.
        kernel_initializer: initial values of W, (features, 4 units): columns of i, f, g, o.
        recurrent_initializer: initial values of U, (units, 4 units).
        bias_initializer: initial values of b, (4 units,).
        unit_forget_bias: whether b of the forget gate begins with 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on them.
        activity_regularizer: penalty on what comes out.
        kernel_constraint, recurrent_constraint, bias_constraint: conditions on them.
        dropout: share of the inputs to drop in training.
        recurrent_dropout: share of the state that is dropped where it is multiplied by U.
        seed: an integer for masks of its own.
        return_sequences, return_state, go_backwards, stateful, unroll: see `RNN`.
        use_cudnn: accepted for compatibility.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, features). Output shape: as that of `RNN`.
    Raises: ValueError for units below 1 or an unknown name.
    Source: Hochreiter and Schmidhuber, Neural Computation 9, 1997; Gers et al., Neural Computation 12, 2000.

    >>> import numpy as np
    >>> LSTM(4)(np.zeros((2, 5, 3))).shape
    (2, 4)
    """

    cell_class = LSTMCell

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
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
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        self.use_cudnn = use_cudnn
        self._set(locals())
