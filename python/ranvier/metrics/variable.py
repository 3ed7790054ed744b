"""What metrics written in Python keep between batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ranvier._typing import Array, ArrayLike, Shape


class MetricVariable(np.lib.mixins.NDArrayOperatorsMixin):
    """An array that is assigned to. In arithmetic it is its values.

    >>> total = MetricVariable(np.zeros(()), "total")
    >>> float(total.assign_add(3) / 2)
    1.5
    """

    def __init__(self, values: Array, name: str) -> None:
        self.name = name
        self._values = np.array(values)

    @property
    def shape(self) -> Shape:
        """Sizes of the axes."""
        return self._values.shape

    @property
    def dtype(self) -> str:
        """Name of the number type."""
        return str(self._values.dtype)

    @property
    def value(self) -> Array:
        """The values."""
        return self._values

    def numpy(self) -> Array:
        """The values."""
        return self._values

    def assign(self, value: ArrayLike) -> MetricVariable:
        """Overwrites the values.

        Raises: ValueError if the shape differs.
        """
        array = np.asarray(value)
        if array.shape != self.shape:
            raise ValueError(f"[{self.name}] expected values of shape {self.shape}, got {array.shape}")
        self._values[...] = array
        return self

    def assign_add(self, value: ArrayLike) -> MetricVariable:
        """Adds to the values.

        Raises: ValueError if the shape differs.
        """
        return self.assign(self._values + np.asarray(value))

    def assign_sub(self, value: ArrayLike) -> MetricVariable:
        """Subtracts from the values.

        Raises: ValueError if the shape differs.
        """
        return self.assign(self._values - np.asarray(value))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self._values, dtype=dtype)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        plain = [item._values if isinstance(item, MetricVariable) else item for item in inputs]
        return getattr(ufunc, method)(*plain, **kwargs)

    def __float__(self) -> float:
        return float(self._values)

    def __getitem__(self, key: Any) -> Any:
        return self._values[key]

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<MetricVariable name={self.name}, value={self._values}>"
