"""Cross-entropies that look less at what is already right, or at labels that may be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.losses.loss import Loss
from ranvier.losses.probabilistic import CrossEntropy, smoothing

if TYPE_CHECKING:
    from ranvier._typing import Array, ArrayLike


def binary_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Cross-entropy of yes-or-no targets, each column times (1 - p_t)^gamma, p_t the probability of the right answer.

    Args:
        y_true: 0, 1 or between; (batch, ..., columns).
        y_pred: probabilities p of the same shape; or logits z, p = sigmoid(z).
        apply_class_balancing: whether columns of target 1 weigh alpha and those of target 0 weigh 1 - alpha.
        alpha: that weight, from 0 to 1.
        gamma: how little a right answer counts, at least 0.
        from_logits: whether y_pred are logits.
        label_smoothing: share s of targets that is moved towards 1/2.
        axis: the axis over which the mean is taken.

    Output shape: y_pred's without the axis.
    Raises: ValueError where the shapes do not fit, and for a number out of its range.
    Source: Lin, Goyal, Girshick, He and Dollar, ICCV 2017.

    >>> binary_focal_crossentropy([[1.0]], [[0.5]]).round(4)
    array([0.1733], dtype=float32)
    """
    loss = BinaryFocalCrossentropy(apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis)
    return loss.rows(y_true, y_pred)


class BinaryFocalCrossentropy(CrossEntropy):
    """Cross-entropy of yes-or-no targets, each column times (1 - p_t)^gamma, p_t the probability of the right answer.

    Args:
        apply_class_balancing: whether columns of target 1 weigh alpha and those of target 0 weigh 1 - alpha.
        alpha: that weight, from 0 to 1.
        gamma: how little a right answer counts, at least 0; with 0 it is `BinaryCrossentropy`.
        from_logits: whether predictions are logits z, p = sigmoid(z). Training takes that form by itself where the
            network ends in a sigmoid.
        label_smoothing: share s of targets that is moved towards 1/2.
        axis: the axis of the columns; in training the last.
        reduction, name, dtype: see `Loss`.

    Raises: ValueError for a number out of its range.
    Source: Lin, Goyal, Girshick, He and Dollar, ICCV 2017.

    >>> round(float(BinaryFocalCrossentropy()([[1.0]], [[0.5]])), 4)
    0.1733
    """

    kind = "binary_focal_crossentropy"
    probabilities = True

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_focal_crossentropy",
        dtype: str | None = None,
    ) -> None:
        if not 0 <= alpha <= 1:
            raise ValueError(f"[BinaryFocalCrossentropy] alpha must be from 0 to 1, got {alpha!r}")
        super().__init__(name, reduction, dtype)
        self.apply_class_balancing = bool(apply_class_balancing)
        self.alpha = float(alpha)
        self.gamma = focus("BinaryFocalCrossentropy", gamma)
        self.from_logits = bool(from_logits)
        self.label_smoothing = smoothing("BinaryFocalCrossentropy", label_smoothing)
        self.axis = axis

    def native_config(self) -> dict[str, Any]:
        return {
            "label_smoothing": self.label_smoothing,
            "apply_class_balancing": int(self.apply_class_balancing),
            "alpha": self.alpha,
            "gamma": self.gamma,
        }


def categorical_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: float | Sequence[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Array:
    """Focal cross-entropy of one-hot targets, of each row: -sum(alpha y_true (1 - p)^gamma log p).

    Args:
        y_true: one-hot rows or probabilities (batch, ..., classes).
        y_pred: probabilities p of the same shape, scaled to sum to 1; or logits z, p = softmax(z).
        alpha: the weight of all classes, or a list with one for each.
        gamma: how little a right answer counts, at least 0.
        from_logits: whether y_pred are logits.
        label_smoothing: share s of targets that is spread over all classes.
        axis: the axis of the classes.

    Output shape: y_pred's without the axis.
    Raises: ValueError where the shapes do not fit, and for a number out of its range.
    Source: Lin, Goyal, Girshick, He and Dollar, ICCV 2017.

    >>> categorical_focal_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(4)
    array([0.0433], dtype=float32)
    """
    return CategoricalFocalCrossentropy(alpha, gamma, from_logits, label_smoothing, axis).rows(y_true, y_pred)


class CategoricalFocalCrossentropy(CrossEntropy):
    """Focal cross-entropy of one-hot targets: -sum(alpha y_true (1 - p)^gamma log p).

    Args:
        alpha: the weight of all classes, or a list with one for each.
        gamma: how little a right answer counts, at least 0.
        from_logits: whether predictions are logits z, p = softmax(z). Training takes that form by itself where the
            network ends in a softmax.
        label_smoothing: share s of targets that is spread over all classes.
        axis: the axis of the classes; in training the last.
        reduction, name, dtype: see `Loss`.

    Raises: ValueError for a number out of its range.
    Source: Lin, Goyal, Girshick, He and Dollar, ICCV 2017.

    >>> round(float(CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.0433
    """

    kind = "categorical_focal_crossentropy"
    probabilities = True

    def __init__(
        self,
        alpha: float | Sequence[float] = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_focal_crossentropy",
        dtype: str | None = None,
    ) -> None:
        weights = np.asarray(alpha, dtype=float)
        if weights.ndim > 1 or not weights.size or not (weights >= 0).all():
            raise ValueError(
                "[CategoricalFocalCrossentropy] alpha must be a number of at least 0, or a list of one for each class, "
                f"got {alpha!r}"
            )
        super().__init__(name, reduction, dtype)
        self.alpha: float | list[float] = weights.tolist()
        self.gamma = focus("CategoricalFocalCrossentropy", gamma)
        self.from_logits = bool(from_logits)
        self.label_smoothing = smoothing("CategoricalFocalCrossentropy", label_smoothing)
        self.axis = axis

    def native_config(self) -> dict[str, Any]:
        told: dict[str, Any] = {"label_smoothing": self.label_smoothing, "gamma": self.gamma}
        return told | ({"class_weight": self.alpha} if isinstance(self.alpha, list) else {"alpha": self.alpha})


def focus(where: str, gamma: float) -> float:
    """A valid exponent of a focal loss.

    Raises: ValueError below 0.
    """
    if not gamma >= 0:
        raise ValueError(f"[{where}] gamma must be at least 0, got {gamma!r}")
    return float(gamma)


def categorical_generalized_cross_entropy(y_true: ArrayLike, y_pred: ArrayLike, q: float) -> Array:
    """Between cross-entropy and absolute error, for labels that may be wrong: (1 - p[y_true]^q) / q, of each row.

    Args:
        y_true: integers 0 .. classes - 1, (batch, ...).
        y_pred: probabilities p (batch, ..., classes).
        q: between 0 and 1: near 0 cross-entropy, near 1 the absolute error.

    Output shape: y_true's.
    Raises: ValueError where the shapes do not fit, for an index out of range and for a q outside (0, 1).
    Source: Zhang and Sabuncu, NeurIPS 2018.

    >>> categorical_generalized_cross_entropy([1], [[0.75, 0.25]], q=0.5)
    array([1.], dtype=float32)
    """
    return CategoricalGeneralizedCrossEntropy(q).rows(y_true, y_pred)


class CategoricalGeneralizedCrossEntropy(Loss):
    """Between cross-entropy and absolute error, for labels that may be wrong: (1 - p[y_true]^q) / q.

    Args:
        q: between 0 and 1: near 0 cross-entropy, near 1 the absolute error.
        reduction, name, dtype: see `Loss`.

    Raises: ValueError for a q outside (0, 1).
    Source: Zhang and Sabuncu, NeurIPS 2018.

    >>> float(CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]]))
    1.0
    """

    kind = "categorical_generalized_cross_entropy"
    sparse = True

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_generalized_cross_entropy",
        dtype: str | None = None,
    ) -> None:
        if not 0 < q < 1:
            raise ValueError(f"[CategoricalGeneralizedCrossEntropy] q must be between 0 and 1, got {q!r}")
        super().__init__(name, reduction, dtype)
        self.q = float(q)

    def native_config(self) -> dict[str, Any]:
        return {"q": self.q}
