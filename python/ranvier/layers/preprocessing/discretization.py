from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ranvier.layers.layer import Layer
from ranvier.layers.preprocessing.adapting import pieces


class Discretization(Layer):
    """The number of the bin that each value lies in: y = how many boundaries are at most x.

    `adapt` places the boundaries of `num_bins` bins at quantiles of the data, before training; or they are given.

    Args:
        bin_boundaries: boundaries in increasing order; the first and the last bin reach to infinity.
        num_bins: number of bins for `adapt`, at least 2.
        epsilon: accepted for compatibility: quantiles are exact.
        output_mode: must be "int"; a `CategoryEncoding` behind it makes vectors.
        sparse: must be False: outputs are dense.
        dtype: see `Layer`.
        name: see `Layer`.

    Input shape: any. Output shape: the same.
    Raises: ValueError unless one of boundaries and bins is given.

    >>> import numpy as np
    >>> Discretization([0.0, 1.0])(np.array([[-1.0, 0.5, 1.0]]))
    array([[0., 1., 2.]], dtype=float32)
    """

    kind = "discretization"

    def __init__(
        self,
        bin_boundaries: Sequence[float] | None = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if (bin_boundaries is None) == (num_bins is None):
            raise ValueError(
                "[Discretization] expected one of bin_boundaries and num_bins, got "
                f"{'neither' if num_bins is None else 'both'}"
            )
        if bin_boundaries is not None and list(bin_boundaries) != sorted(bin_boundaries):
            raise ValueError(f"[Discretization] bin_boundaries must increase, got {list(bin_boundaries)}")
        if num_bins is not None and (isinstance(num_bins, bool) or not hasattr(num_bins, "__index__") or num_bins < 2):
            raise ValueError(f"[Discretization] num_bins must be an integer of at least 2, got {num_bins!r}")
        if output_mode != "int" or sparse:
            raise ValueError(
                f"[Discretization] output_mode must be 'int' and dense, got {output_mode!r}: put a CategoryEncoding "
                "behind it for vectors"
            )
        self.bin_boundaries = None if bin_boundaries is None else [float(each) for each in bin_boundaries]
        self.num_bins = num_bins
        self.epsilon = epsilon
        self.output_mode = output_mode
        self.sparse = False
        super().__init__(dtype=dtype, name=name, **kwargs)

    def native_config(self) -> dict[str, Any]:
        if self.bin_boundaries is None:
            raise ValueError(f"[{self.name}] has no bins yet: call adapt(data), or give bin_boundaries")
        return {"bin_boundaries": self.bin_boundaries}

    def adapt(self, data: Any) -> None:
        """Places the boundaries so that each bin holds as many of the values.

        Args:
            data: an array, or an iterator of batches.

        Raises: ValueError if the boundaries were given, the layer is in use, or there are no values.
        """
        if self.num_bins is None or self._native is not None:
            raise ValueError(f"[{self.name}] its bins were given, or are in use: it cannot be adapted")
        values = [np.ravel(piece) for piece in pieces(data)]
        if not values or not sum(map(len, values)):
            raise ValueError(f"[{self.name}] adapt expected at least one value, got none")
        inner = np.arange(1, self.num_bins) / self.num_bins
        self.bin_boundaries = np.quantile(np.concatenate(values).astype(float), inner).tolist()

    def get_config(self) -> dict[str, Any]:
        found = super().get_config()
        if found["bin_boundaries"] is not None:
            found["num_bins"] = None  # either makes the layer; adapted bins are boundaries
        return found
