"""A loss of pairs of rows: embeddings of one class shall be close, of others far."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.losses.loss import Loss

if TYPE_CHECKING:
    from ranvier._typing import Array, ArrayLike


def circle(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    ref_labels: ArrayLike = None,
    ref_embeddings: ArrayLike = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Array:
    """Circle loss of each row: log(1 + sum over same of exp(gamma (d^2 - m^2)) * sum over others of exp(gamma r)).

    d = max(1 - y_pred reference, 0) is a distance, r = max(1 + m - d, 0) (1 - m - d), and m the margin.

    Args:
        y_true: labels, any integers, (batch,).
        y_pred: embeddings of length 1, (batch, columns).
        ref_labels: labels of what each row is compared with; by default the batch itself.
        ref_embeddings: its embeddings.
        remove_diagonal: whether row i is not compared with reference i.
        gamma: how sharply pairs near the margin are told from others.
        margin: how close is close, between 0 and 1.

    Output shape: (batch,).
    Raises: ValueError where the shapes do not fit, or only one of the references is given.
    Source: Sun et al., CVPR 2020.

    >>> circle([0, 0, 1], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], gamma=1.0).round(4)
    array([0.5459, 0.5459, 0.    ], dtype=float32)
    """
    loss = Circle(gamma, margin, remove_diagonal)
    if ref_labels is None and ref_embeddings is None:
        return loss.rows(y_true, y_pred)
    if ref_labels is None or ref_embeddings is None:
        raise ValueError("[circle] ref_labels and ref_embeddings belong together: give both, or none")
    return _against(loss, np.asarray(y_true), np.asarray(y_pred), np.asarray(ref_labels), np.asarray(ref_embeddings))


def _against(loss: Circle, labels: Array, rows: Array, other_labels: Array, others: Array) -> Array:
    # Only calls on arrays have references, so NumPy will do.
    d = np.maximum(1 - rows @ others.T, 0)
    m = loss.margin
    same = labels.reshape(-1, 1) == other_labels.reshape(1, -1)
    close = same.copy()
    if loss.remove_diagonal:
        np.fill_diagonal(close, False)
    attract = np.where(close, loss.gamma * (d**2 - m**2), -np.inf)
    repel = np.where(same, -np.inf, loss.gamma * np.maximum(1 + m - d, 0) * (1 - m - d))
    both = np.logaddexp.reduce(attract, 1) + np.logaddexp.reduce(repel, 1)
    return np.asarray(np.logaddexp(0, both), dtype=rows.dtype)


class Circle(Loss):
    """Circle loss of embeddings and their labels; see `circle`. Its mean is over the rows where it is not zero.

    Args:
        gamma: how sharply pairs near the margin are told from others, above 0.
        margin: how close is close, between 0 and 1.
        remove_diagonal: whether a row is not compared with itself.
        reduction, name, dtype: see `Loss`.

    Raises: ValueError for a number out of its range.
    Source: Sun et al., CVPR 2020.

    >>> round(float(Circle(gamma=1.0)([0, 0, 1], [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])), 4)
    0.5459
    """

    kind = "circle"
    sparse = True
    any_labels = True
    whole_batch = True

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str = "circle",
        dtype: str | None = None,
    ) -> None:
        if not gamma > 0:
            raise ValueError(f"[Circle] gamma must be above 0, got {gamma!r}")
        if not 0 < margin < 1:
            raise ValueError(f"[Circle] margin must be between 0 and 1, got {margin!r}")
        super().__init__(name, reduction, dtype)
        self.gamma = float(gamma)
        self.margin = float(margin)
        self.remove_diagonal = bool(remove_diagonal)

    def native_config(self) -> dict[str, Any]:
        return {"gamma": self.gamma, "margin": self.margin, "remove_diagonal": self.remove_diagonal}

    def counted(self, y_true: ArrayLike, values: Array) -> Array | None:
        return np.asarray(values > 0)
