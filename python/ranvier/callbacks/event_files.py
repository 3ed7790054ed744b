"""Event files of TensorBoard, through the writer of the package tensorboard itself: its own thread writes them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from ranvier._typing import Array

_BINS = 30


class EventFile:
    """A file in a folder, to which numbers, histograms and texts are added.

    Args:
        folder: made if it is not there.

    Raises: ImportError that says how to install tensorboard.
    """

    def __init__(self, folder: str) -> None:
        try:
            from tensorboard.compat.proto import event_pb2, summary_pb2
            from tensorboard.summary.writer.event_file_writer import EventFileWriter
        except ImportError:
            raise ImportError(
                "[TensorBoard] event files need the package tensorboard: pip install 'ranvier[tensorboard]'"
            ) from None
        self._event, self._summary = event_pb2.Event, summary_pb2
        self._writer = EventFileWriter(folder)

    def scalars(self, values: Mapping[str, Any], step: int) -> None:
        """Adds numbers; those of several are added one by one, numbered."""
        parts = []
        for name, value in values.items():
            array = np.atleast_1d(np.asarray(value, dtype=float)).ravel()
            names = [name] if array.size == 1 else [f"{name}_{i}" for i in range(array.size)]
            parts += [
                self._summary.Summary.Value(tag=tag, simple_value=float(number))
                for tag, number in zip(names, array, strict=True)
            ]
        self._add(parts, step)

    def histogram(self, name: str, values: Array, step: int) -> None:
        """Adds a histogram of the finite numbers among these."""
        finite = values[np.isfinite(values)].astype(float)
        if not finite.size:
            return
        counts, edges = np.histogram(finite, bins=_BINS)
        histogram = self._summary.HistogramProto(
            min=finite.min(),
            max=finite.max(),
            num=finite.size,
            sum=finite.sum(),
            sum_squares=np.square(finite).sum(),
            bucket_limit=edges[1:].tolist(),
            bucket=counts.tolist(),
        )
        self._add([self._summary.Summary.Value(tag=name, histo=histogram)], step)

    def text(self, name: str, text: str, step: int) -> None:
        """Adds a text, in Markdown."""
        from tensorboard.compat.proto import tensor_pb2, types_pb2
        from tensorboard.plugins.text import metadata

        tensor = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=[text.encode()])
        told = metadata.create_summary_metadata(display_name=name, description="")
        self._add([self._summary.Summary.Value(tag=name, tensor=tensor, metadata=told)], step)

    def _add(self, parts: list[Any], step: int) -> None:
        summary = self._summary.Summary(value=parts)
        self._writer.add_event(self._event(wall_time=time.time(), step=step, summary=summary))

    def close(self) -> None:
        """Writes what is still to be written and ends the thread."""
        self._writer.flush()
        self._writer.close()
