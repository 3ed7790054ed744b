"""The picture of a `GradientMonitor`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.utils.plotting import INK, finish, new_figure, tidy

if TYPE_CHECKING:
    from ranvier.callbacks.gradient_monitor import GradientMonitor


def plot_gradients(monitor: GradientMonitor, path: str | os.PathLike[str] | None) -> Any:
    """Draws what a monitor has seen; see `GradientMonitor.plot`."""
    if not monitor.epoch:
        raise ValueError("[plot] there is nothing to draw: give the monitor to fit first")
    figure, panels = new_figure("plot", (12.6, 3.4), path is None, nrows=1, ncols=3)
    gradients, updates, units = panels.flat
    names = list(monitor.history["gradient"])
    colors = _by_depth(len(names))
    _norms(gradients, monitor, "gradient", colors)
    _norms(updates, monitor, "update", colors)
    tidy(gradients, "gradient of the weights (RMS)", "epoch")
    tidy(updates, "change of the weights in an epoch (RMS)", "epoch")
    # First to last layer, from dark to light, beside the panels, where lines cannot cross it.
    figure.legend(*gradients.get_legend_handles_labels(), loc="outside right upper", frameon=False, fontsize=8)

    epochs = np.array(monitor.epoch) + 1
    for what, style in (("saturated", "-"), ("dead", "--")):
        for name, values in monitor.history[what].items():
            color = colors[names.index(name)] if name in names else "#888888"
            units.plot(epochs, values, style, color=color, linewidth=1.6, **_marker(values))
        if monitor.history[what]:
            units.plot([], [], style, color=INK, label=what)
    tidy(units, "share of saturated outputs and dead units", "epoch")
    units.set_ylim(-0.03, 1.03)
    if units.get_legend_handles_labels()[0]:
        units.legend(frameon=False, fontsize=8)
    for axes in panels.flat:
        axes.xaxis.get_major_locator().set_params(integer=True)
    return finish(figure, path)


def _norms(axes: Any, monitor: GradientMonitor, what: str, colors: list[Any]) -> None:
    epochs = np.array(monitor.epoch) + 1
    axes.set_yscale("log")
    for (name, values), color in zip(monitor.history[what].items(), colors, strict=True):
        # A logarithm has no place for 0: a line ends there.
        positive = np.where(np.array(values) > 0, values, np.nan)
        axes.plot(epochs, positive, color=color, label=name, linewidth=1.6, **_marker(values))


def _marker(values: list[float]) -> dict[str, Any]:
    return {"marker": "o", "markersize": 4} if len(values) < 3 else {}


def _by_depth(count: int) -> list[Any]:
    from matplotlib import colormaps

    return [colormaps["viridis"](place) for place in np.linspace(0, 0.85, count)]
