"""Intersection over union: how well classes of positions, such as pixels, are found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier._axes import checked_axis
from ranvier.metrics.metric import Metric, share, whole

if TYPE_CHECKING:
    from ranvier._typing import Array, ArrayLike


class IoU(Metric):
    """Mean over some classes of true positives / (true positives + false positives + false negatives).

    Classes that do not occur are left out of the mean; positions with a class out of range count as nothing.

    Args:
        num_classes: how many classes there are.
        target_class_ids: those the mean is over.
        name, dtype: see `Metric`.
        ignore_class: a class of targets that counts as nothing.
        sparse_y_true: whether targets are classes; otherwise a number for each class, whose greatest counts.
        sparse_y_pred: the same for predictions.
        axis: the axis of the numbers for each class; in `compile` the last.

    Raises: ValueError for an argument out of its range.

    >>> IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1]).__round__(4)
    0.3333
    """

    kind = "iou"
    any_labels = True

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        where = type(self).__name__
        self.num_classes = whole(where, "num_classes", num_classes, 1)
        self.target_class_ids = [whole(where, "target_class_ids", one, 0) for one in target_class_ids]
        if max(self.target_class_ids, default=-1) >= self.num_classes:
            raise ValueError(
                f"[{where}] target_class_ids must be from 0 to {self.num_classes - 1}, got {target_class_ids!r}"
            )
        super().__init__(dtype, name)
        self.ignore_class = None if ignore_class is None else int(ignore_class)
        self.sparse_y_true = bool(sparse_y_true)
        self.sparse_y_pred = bool(sparse_y_pred)
        self.axis = checked_axis(where, axis)
        self.sparse = self.sparse_y_true and not self.sparse_y_pred

    def native_config(self) -> dict[str, Any]:
        return {
            "num_classes": self.num_classes,
            "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
        }

    def _together(self, y_true: ArrayLike, y_pred: ArrayLike) -> tuple[Array, Array]:
        target, prediction = np.asarray(y_true), np.asarray(y_pred)
        if not self.sparse_y_true:
            target = np.moveaxis(target, self.axis, -1)
        prediction = prediction[..., None] if self.sparse_y_pred else np.moveaxis(prediction, self.axis, -1)
        each = 1 if self.sparse_y_true else self.num_classes
        if target.size != each * (prediction.size // prediction.shape[-1]):
            raise ValueError(
                f"[{type(self).__name__}] y_true of shape {np.shape(y_true)} does not fit y_pred of shape "
                f"{np.shape(y_pred)}, for {self.num_classes} classes"
            )
        return target, prediction.astype(self.dtype, copy=False)


class BinaryIoU(IoU):
    """Mean over two classes of the intersection over union, where predictions of at least a threshold are class 1.

    Args:
        target_class_ids: the classes the mean is over: 0, 1 or both.
        threshold: at it and above, a prediction is class 1; from 0 to 1.
        name, dtype: see `Metric`.

    Raises: ValueError for an argument out of its range.

    >>> BinaryIoU(threshold=0.3)([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7]).__round__(4)
    0.3333
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = share("BinaryIoU", "threshold", threshold)

    def native_config(self) -> dict[str, Any]:
        return {**super().native_config(), "threshold": self.threshold}


class MeanIoU(IoU):
    """Mean over all classes of the intersection over union.

    Args:
        num_classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis: see `IoU`.

    >>> MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1]).__round__(4)
    0.3333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        classes = range(whole(type(self).__name__, "num_classes", num_classes, 1))
        super().__init__(num_classes, classes, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)


class OneHotIoU(IoU):
    """Mean over some classes of the intersection over union, for one-hot targets.

    Args:
        num_classes, target_class_ids, name, dtype, ignore_class, sparse_y_pred, axis: see `IoU`.

    >>> OneHotIoU(2, [0])([[1, 0], [0, 1]], [[0.7, 0.3], [0.6, 0.4]]).__round__(4)
    0.5
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


class OneHotMeanIoU(MeanIoU):
    """Mean over all classes of the intersection over union, for one-hot targets.

    Args:
        num_classes, name, dtype, ignore_class, sparse_y_pred, axis: see `IoU`.

    >>> OneHotMeanIoU(2)([[1, 0], [0, 1]], [[0.7, 0.3], [0.6, 0.4]]).__round__(4)
    0.25
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)
