"""The picture of a history."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.errors import unknown
from ranvier.utils.plotting import COLORS, finish, new_figure, tidy

if TYPE_CHECKING:
    from ranvier.callbacks.history import History

_WIDEST = 3  # panels side by side


def plot_history(
    history: History, path: str | os.PathLike[str] | None, metrics: Sequence[str] | None, title: str | None
) -> Any:
    """Draws a history; see `History.plot`."""
    found = dict.fromkeys(name.removeprefix("val_") for name in history.history)
    names = sorted(found, key=lambda name: (name != "loss", list(found).index(name))) if metrics is None else [*metrics]
    for name in names:
        if name not in found:
            raise ValueError(unknown("plot", "metric", name, found))
    if not names or not history.epoch:
        raise ValueError("[plot] there are no epochs to draw: call fit first")
    columns = min(len(names), _WIDEST)
    rows = -(-len(names) // columns)
    figure, panels = new_figure("plot", (4.2 * columns, 3.1 * rows), path is None, nrows=rows, ncols=columns)
    for position, axes in enumerate(panels.flat):
        if position < len(names):
            _draw(axes, history, names[position])
        else:
            axes.set_axis_off()
    if title is not None:
        figure.suptitle(title, fontsize=12)
    return finish(figure, path)


def _draw(axes: Any, history: History, name: str) -> None:
    epochs = np.array(history.epoch) + 1
    series = [(name, "training", COLORS[0], "-"), (f"val_{name}", "validation", COLORS[1], "--")]
    drawn = [item for item in series if item[0] in history.history]
    for key, label, color, style in drawn:
        values = np.array([np.mean(value) for value in history.history[key]], dtype=float)
        # Validation may happen every few epochs only, the last of them at the end.
        at = (
            epochs[-len(values) :]
            if len(values) in (1, len(epochs))
            else np.linspace(epochs[0], epochs[-1], len(values))
        )
        marker = "o" if len(values) < 3 else None
        axes.plot(at, values, style, color=color, label=label, linewidth=1.6, marker=marker, markersize=4)
    tidy(axes, name.replace("_", " "), "epoch")
    axes.xaxis.get_major_locator().set_params(integer=True)
    if len(drawn) > 1:
        axes.legend(frameon=False, fontsize=8)
