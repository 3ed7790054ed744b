from __future__ import annotations

from ranvier.layers.layer import Layer


class Identity(Layer):
    """Passes its input on: y = x.

    Args:
        **kwargs: those of `Layer`.

    Input shape: any. Output shape: the same.

    >>> import numpy as np
    >>> Identity()(np.array([[1.0, 2.0]]))
    array([[1., 2.]], dtype=float32)
    """

    kind = "identity"
    supports_masking = True
