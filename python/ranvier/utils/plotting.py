"""What all pictures share: matplotlib where it is installed, colours, and where a picture goes."""

from __future__ import annotations

import os
from typing import Any

INK, GRID = "#333333", "#dddddd"
COLORS = ("#1f6f8b", "#d1603d", "#6a994e", "#8d5a97", "#b8860b", "#5c677d")


def new_figure(what: str, size: tuple[float, float], shown: bool, **grid: Any) -> tuple[Any, Any]:
    """A figure and an array of axes, as `matplotlib.pyplot.subplots` returns them.

    Args:
        what: who asks, in errors.
        size: width and height in inches.
        shown: whether it is to appear in a notebook or by `matplotlib.pyplot.show()`; otherwise it is only written.
        **grid: those of `subplots`, such as nrows and ncols.

    Raises: ImportError that says how to install matplotlib.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ImportError(f"[{what}] pictures need the package matplotlib: pip install 'ranvier[plot]'") from None
    options = {"squeeze": False, **grid}
    if shown:
        from matplotlib import pyplot

        figure, axes = pyplot.subplots(figsize=size, layout="constrained", **options)
        return figure, axes
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(**options)


def tidy(axes: Any, title: str, xlabel: str) -> None:
    """A quiet frame, a light grid and a title on the left."""
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.set_xlabel(xlabel, fontsize=9, color=INK)
    axes.grid(color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(which="both", labelsize=8, colors=INK, length=0)
    for side in ("top", "right", "left", "bottom"):
        axes.spines[side].set_visible(False)


def finish(figure: Any, path: str | os.PathLike[str] | None, dpi: int = 120) -> Any:
    """Writes the picture, if it has a path, and returns the figure."""
    if path is not None:
        figure.savefig(path, dpi=dpi)
    return figure
