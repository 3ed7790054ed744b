"""Losses of probabilities and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.losses.loss import Loss, along_last

if TYPE_CHECKING:
    from ranvier._typing import Array, ArrayLike


def kl_divergence(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Kullback-Leibler divergence of each row: sum(y_true log(y_true / y_pred)), both cut to [1e-7, 1].

    Args:
        y_true: probabilities (batch, ..., classes).
        y_pred: probabilities of the same shape.

    Output shape: (batch, ...).
    Raises: ValueError where the shapes do not fit.

    >>> kl_divergence([[0.5, 0.5]], [[0.5, 0.5]])
    array([0.], dtype=float32)
    """
    return KLDivergence().rows(y_true, y_pred)


class KLDivergence(Loss):
    """Kullback-Leibler divergence: sum(y_true log(y_true / y_pred)), both cut to [1e-7, 1]. Arguments: see `Loss`.

    >>> float(KLDivergence()([[0.5, 0.5]], [[0.5, 0.5]]))
    0.0
    """

    kind = "kl_divergence"

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "kl_divergence", dtype: str | None = None
    ) -> None:
        super().__init__(name, reduction, dtype)


def poisson(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Poisson loss of each row: mean(y_pred - y_true log(y_pred + 1e-7)).

    Args:
        y_true: counts (batch, ..., columns).
        y_pred: expected counts of the same shape.

    Output shape: (batch, ...).
    Raises: ValueError where the shapes do not fit.

    >>> poisson([[0.0, 0.0]], [[1.0, 2.0]])
    array([1.5], dtype=float32)
    """
    return Poisson().rows(y_true, y_pred)


class Poisson(Loss):
    """Poisson loss: mean(y_pred - y_true log(y_pred + 1e-7)). Arguments: see `Loss`.

    >>> float(Poisson()([[0.0, 0.0]], [[1.0, 2.0]]))
    1.5
    """

    kind = "poisson"

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str = "poisson", dtype: str | None = None
    ) -> None:
        super().__init__(name, reduction, dtype)


class CrossEntropy(Loss):
    """What the cross-entropies share: logits or probabilities, smoothing, the axis of the classes."""

    from_logits: bool
    axis: int

    def native_kind(self) -> str:
        return f"{self.kind}_from_logits" if self.from_logits else self.kind

    def rows(self, y_true: ArrayLike, y_pred: ArrayLike) -> Array:
        return super().rows(*along_last(y_true, y_pred, self.axis))


def smoothing(where: str, value: float) -> float:
    """A valid label smoothing.

    Raises: ValueError outside [0, 1].
    """
    if not 0 <= value <= 1:
        raise ValueError(f"[{where}] label_smoothing must be from 0 to 1, got {value!r}")
    return float(value)


def binary_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    """Cross-entropy of yes-or-no targets, of each row: -mean(y_true log p + (1 - y_true) log(1 - p)).

    Args:
        y_true: 0, 1 or between; (batch, ..., columns).
        y_pred: probabilities p of the same shape, cut to [1e-7, 1 - 1e-7]; or logits z, p = sigmoid(z).
        from_logits: whether y_pred are logits.
        label_smoothing: share s of targets that is moved towards 1/2: y_true (1 - s) + s / 2.
        axis: the axis over which the mean is taken.

    Output shape: y_pred's without the axis.
    Raises: ValueError where the shapes do not fit.

    >>> binary_crossentropy([[1.0]], [[0.0]], from_logits=True).round(4)
    array([0.6931], dtype=float32)
    """
    return BinaryCrossentropy(from_logits, label_smoothing, axis).rows(y_true, y_pred)


class BinaryCrossentropy(CrossEntropy):
    """Cross-entropy of yes-or-no targets: -mean(y_true log p + (1 - y_true) log(1 - p)).

    Args:
        from_logits: whether predictions are logits z, p = sigmoid(z). Training takes that form by itself where the
            network ends in a sigmoid.
        label_smoothing: share s of targets that is moved towards 1/2.
        axis: the axis of the columns; in training the last.
        reduction, name, dtype: see `Loss`.

    >>> round(float(BinaryCrossentropy()([[1.0]], [[0.5]])), 4)
    0.6931
    """

    kind = "binary_crossentropy"
    probabilities = True

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "binary_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.from_logits = bool(from_logits)
        self.label_smoothing = smoothing("BinaryCrossentropy", label_smoothing)
        self.axis = axis

    def native_config(self) -> dict[str, Any]:
        return {"label_smoothing": self.label_smoothing}


def categorical_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0, axis: int = -1
) -> Array:
    """Cross-entropy of one-hot targets, of each row: -sum(y_true log p).

    Args:
        y_true: one-hot rows or probabilities (batch, ..., classes).
        y_pred: probabilities p of the same shape, scaled to sum to 1; or logits z, p = softmax(z).
        from_logits: whether y_pred are logits.
        label_smoothing: share s of targets that is spread over all classes: y_true (1 - s) + s / classes.
        axis: the axis of the classes.

    Output shape: y_pred's without the axis.
    Raises: ValueError where the shapes do not fit.

    >>> categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).round(4)
    array([0.6931], dtype=float32)
    """
    return CategoricalCrossentropy(from_logits, label_smoothing, axis).rows(y_true, y_pred)


class CategoricalCrossentropy(CrossEntropy):
    """Cross-entropy of one-hot targets: -sum(y_true log p).

    Args:
        from_logits: whether predictions are logits z, p = softmax(z). Training takes that form by itself where the
            network ends in a softmax.
        label_smoothing: share s of targets that is spread over all classes.
        axis: the axis of the classes; in training the last.
        reduction, name, dtype: see `Loss`.

    >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.6931
    """

    kind = "categorical_crossentropy"
    probabilities = True

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str = "categorical_crossentropy",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.from_logits = bool(from_logits)
        self.label_smoothing = smoothing("CategoricalCrossentropy", label_smoothing)
        self.axis = axis

    def native_config(self) -> dict[str, Any]:
        return {"label_smoothing": self.label_smoothing}


def sparse_categorical_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, ignore_class: int | None = None, axis: int = -1
) -> Array:
    """Cross-entropy of class indices, of each row: -log p[y_true].

    Args:
        y_true: integers 0 .. classes - 1, (batch, ...).
        y_pred: probabilities p (batch, ..., classes), scaled to sum to 1; or logits z, p = softmax(z).
        from_logits: whether y_pred are logits.
        ignore_class: a target that does not count, in range or not: the loss of such rows is 0.
        axis: the axis of the classes.

    Output shape: y_true's.
    Raises: ValueError where the shapes do not fit or an index is out of range.

    >>> sparse_categorical_crossentropy([1], [[0.5, 0.5]]).round(4)
    array([0.6931], dtype=float32)
    """
    return SparseCategoricalCrossentropy(from_logits, ignore_class, axis=axis).rows(y_true, y_pred)


class SparseCategoricalCrossentropy(CrossEntropy):
    """Cross-entropy of class indices: -log p[y_true].

    Args:
        from_logits: whether predictions are logits z, p = softmax(z). Training takes that form by itself where the
            network ends in a softmax.
        ignore_class: a target that does not count, in range or not, such as 255 or -1: means are over the others.
        reduction: see `Loss`.
        axis: the axis of the classes; in training the last.
        name, dtype: see `Loss`.

    Raises: TypeError for an `ignore_class` that is no integer.

    >>> round(float(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]])), 4)
    0.6931
    """

    kind = "sparse_categorical_crossentropy"
    sparse = True

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str = "sparse_categorical_crossentropy",
        dtype: str | None = None,
    ) -> None:
        if ignore_class is not None and not hasattr(ignore_class, "__index__"):
            raise TypeError(
                f"[SparseCategoricalCrossentropy] ignore_class must be an integer or None, got {ignore_class!r}"
            )
        super().__init__(name, reduction, dtype)
        self.from_logits = bool(from_logits)
        self.ignore_class = None if ignore_class is None else int(ignore_class)
        self.axis = axis

    def native_config(self) -> dict[str, Any]:
        return {} if self.ignore_class is None else {"ignore_class": self.ignore_class}

    def counted(self, y_true: ArrayLike, values: Array) -> Array | None:
        if self.ignore_class is None:
            return None
        return np.asarray(np.asarray(y_true).reshape(values.shape) != self.ignore_class)


def negative_log_likelihood(y_true: ArrayLike, y_pred: ArrayLike) -> Array:
    """Minus the log-probability of the class, of each row: -y_pred[y_true], for a network that ends in log_softmax.

    Args:
        y_true: integers 0 .. classes - 1, (batch, ...).
        y_pred: logarithms of probabilities (batch, ..., classes).

    Output shape: y_true's.
    Raises: ValueError where the shapes do not fit or an index is out of range.

    >>> negative_log_likelihood([1], [[-2.0, -0.5]])
    array([0.5], dtype=float32)
    """
    return NegativeLogLikelihood().rows(y_true, y_pred)


class NegativeLogLikelihood(Loss):
    """Minus the log-probability of the class: -y_pred[y_true], for a network that ends in log_softmax.

    Arguments: see `Loss`. Not in Keras; PyTorch's NLLLoss.

    >>> float(NegativeLogLikelihood()([1], [[-2.0, -0.5]]))
    0.5
    """

    kind = "negative_log_likelihood"
    sparse = True

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str = "negative_log_likelihood",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
