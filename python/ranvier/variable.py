"""Weights as Python sees them: views of the native parameters, and what every owner of weights can do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.symbol import Operators

if TYPE_CHECKING:
    from ranvier._core import Layer as NativeLayer
    from ranvier._core import Parameter
    from ranvier._typing import Array, ArrayLike, Shape
    from ranvier.constraints import Constraint
    from ranvier.regularizers import Regularizer


class Variable(Operators):
    """One weight of a layer: a view of the array the native core trains.

    >>> from ranvier.layers import Dense
    >>> layer = Dense(2, name="pair")
    >>> layer.build((None, 3))
    >>> layer.weights[0].path, layer.weights[0].shape
    ('pair/kernel', (3, 2))
    """

    def __init__(self, parameter: Parameter, owner: str, layer: NativeLayer | None = None) -> None:
        self._parameter = parameter
        self.native_layer = layer  # what its value is in a graph
        self._regularizer: Regularizer | None = None
        self._constraint: Constraint | None = None
        self.statistic = not parameter.trainable
        """Whether it is a number that a layer keeps, such as a running mean, which no optimizer ever changes."""
        self.name = parameter.name
        self.path = f"{owner}/{parameter.name}"

    @property
    def native(self) -> Parameter:
        """The native parameter."""
        return self._parameter

    @property
    def shape(self) -> Shape:
        """Sizes of the axes."""
        return self._parameter.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._parameter.shape)

    @property
    def dtype(self) -> str:
        """Either "float32" or "float64"."""
        return self._parameter.dtype

    @property
    def trainable(self) -> bool:
        """Whether `fit` may change it."""
        return self._parameter.trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._parameter.trainable = bool(value)

    @property
    def regularizer(self) -> Regularizer | None:
        """The penalty on it that is added to the loss while it is trainable.

        Raises, when set: ValueError if its shape does not fit.
        """
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value: Regularizer | None) -> None:
        native = None if value is None else value.native(self.dtype)
        if native is not None:
            native.prepare(self.path, self.shape)
        self._parameter.regularizer = native
        self._regularizer = value

    @property
    def constraint(self) -> Constraint | None:
        """The condition that is restored after each of its updates.

        Raises, when set: ValueError if its shape does not fit.
        """
        return self._constraint

    @constraint.setter
    def constraint(self, value: Constraint | None) -> None:
        native = None if value is None else value.native(self.dtype)
        if native is not None:
            native.prepare(self.path, self.shape)
        self._parameter.constraint = native
        self._constraint = value

    def numpy(self) -> Array:
        """The values themselves, not a copy: writing into the array changes the weight."""
        return self._parameter.numpy()

    @property
    def value(self) -> Array:
        """The same as `numpy()`."""
        return self._parameter.numpy()

    def assign(self, value: ArrayLike) -> Variable:
        """Overwrites the values.

        Raises: ValueError if the shape differs.
        """
        self._parameter.numpy()[...] = self._fitting(value)
        return self

    def assign_add(self, value: ArrayLike) -> Variable:
        """Adds to the values.

        Raises: ValueError if the shape differs.
        """
        view = self._parameter.numpy()
        view += self._fitting(value).astype(view.dtype)
        return self

    def assign_sub(self, value: ArrayLike) -> Variable:
        """Subtracts from the values.

        Raises: ValueError if the shape differs.
        """
        view = self._parameter.numpy()
        view -= self._fitting(value).astype(view.dtype)
        return self

    def _fitting(self, value: ArrayLike) -> Array:
        array = np.asarray(value)
        if array.shape != self.shape:
            raise ValueError(f"[{self.path}] expected values of shape {self.shape}, got {array.shape}")
        return array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        view = self.numpy()
        if dtype is not None and view.dtype != dtype:
            if copy is False:
                raise ValueError(f"[{self.path}] a {self.dtype} weight cannot be viewed as {np.dtype(dtype)}")
            return view.astype(dtype)
        return view.copy() if copy else view

    def __repr__(self) -> str:
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}, value={self.numpy()}>"


class HasWeights:
    """What layers and models share: lists of weights, counting, getting and setting them."""

    name: str

    @property
    def variables(self) -> list[Variable]:
        """All weights, each once, in the order of the layers."""
        raise NotImplementedError

    @property
    def trainable_variables(self) -> list[Variable]:
        """Weights that `fit` changes."""
        return [variable for variable in self.variables if variable.trainable]

    @property
    def non_trainable_variables(self) -> list[Variable]:
        """Weights that `fit` leaves alone."""
        return [variable for variable in self.variables if not variable.trainable]

    @property
    def losses(self) -> list[float]:
        """The penalties of trainable weights as they are now; those of activities belong to a batch."""
        return [v.regularizer(v.numpy()) for v in self.trainable_variables if v.regularizer is not None]

    @property
    def weights(self) -> list[Variable]:
        """The same as `variables`."""
        return self.variables

    @property
    def trainable_weights(self) -> list[Variable]:
        """The same as `trainable_variables`."""
        return self.trainable_variables

    @property
    def non_trainable_weights(self) -> list[Variable]:
        """The same as `non_trainable_variables`."""
        return self.non_trainable_variables

    def count_params(self) -> int:
        """Number of single weights."""
        return count(self.variables)

    def get_weights(self) -> list[Array]:
        """Copies of all weights, in the order of `weights`."""
        return [variable.numpy().copy() for variable in self.variables]

    def set_weights(self, weights: Sequence[ArrayLike]) -> None:
        """Overwrites all weights; nothing is changed if one does not fit.

        Args:
            weights: one array for each of `weights`, in that order, of the same shape.

        Raises: ValueError if their number or a shape differs.
        """
        variables = self.variables
        if len(weights) != len(variables):
            hint = "" if variables else "; there are no weights before the input shape is known: build it first"
            raise ValueError(f"[{self.name}] set_weights expected {len(variables)} arrays, got {len(weights)}{hint}")
        arrays = [variable._fitting(array) for variable, array in zip(variables, weights, strict=True)]
        for variable, array in zip(variables, arrays, strict=True):
            variable.assign(array)


def count(variables: Sequence[Variable]) -> int:
    """Number of single weights in a list of variables."""
    return sum(variable.numpy().size for variable in variables)
