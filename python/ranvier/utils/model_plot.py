"""Pictures of models: a Graphviz description, drawn by Graphviz, or by matplotlib where that is not installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ranvier import activations
from ranvier.errors import one_of
from ranvier.layers import InputLayer
from ranvier.models.summary import class_name
from ranvier.utils.plotting import COLORS, INK, finish, new_figure

if TYPE_CHECKING:
    from ranvier.layers import Layer
    from ranvier.symbol import Node

_BEND = 0.12  # of the length of an arrow
_DIRECTIONS = ("TB", "BT", "LR", "RL")


def plot_model(
    model: Any,
    to_file: str | os.PathLike[str] = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> None:
    """Draws a model as boxes and arrows.

    A name that ends in ".dot" gets the description for Graphviz; for any other the program `dot` draws, and without it
    matplotlib, in a plainer way.

    Args:
        model: a model that is built.
        to_file: of the picture, such as "model.png", "model.svg" or "model.pdf".
        show_shapes: whether boxes name the shapes of inputs and outputs.
        show_dtype: whether they name the number type.
        show_layer_names: whether they name the layer next to its class.
        rankdir: "TB" draws from top to bottom, "LR" from left to right, "BT" and "RL" the other way.
        expand_nested: accepted for compatibility: models are not nested.
        dpi: dots an inch.
        show_layer_activations: whether boxes name the activations.
        show_trainable: whether they say what `fit` does not change.
        splines: how Graphviz draws arrows.
        **kwargs: none.

    Raises: ValueError if the model is not built, or for an unknown direction; ImportError without Graphviz and
        matplotlib.

    >>> import tempfile
    >>> from ranvier import Input, Sequential, layers
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = plot_model(Sequential([Input((2,)), layers.Dense(1)]), folder + "/model.dot")
    """
    if kwargs:
        raise TypeError(f"[plot_model] unknown argument {next(iter(kwargs))!r}")
    one_of("plot_model", "rankdir", rankdir, _DIRECTIONS)
    path = Path(to_file)
    options = {
        "show_shapes": show_shapes,
        "show_dtype": show_dtype,
        "show_layer_names": show_layer_names,
        "show_layer_activations": show_layer_activations,
        "show_trainable": show_trainable,
    }
    source = model_to_dot(model, rankdir=rankdir, dpi=dpi, splines=splines, **options)
    program = shutil.which("dot")
    if path.suffix == ".dot":
        path.write_text(source, encoding="utf-8")
    elif program is not None:
        kind = path.suffix.removeprefix(".") or "png"
        done = subprocess.run(
            [program, f"-T{kind}", "-o", str(path)], input=source, text=True, capture_output=True, check=False
        )
        if done.returncode:
            raise ValueError(f"[plot_model] Graphviz could not draw {str(path)!r}: {done.stderr.strip()[:500]}")
    else:
        _draw(model, path, rankdir, dpi, options)


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> str:
    r"""A model as the text of a Graphviz description; the arguments are those of `plot_model`.

    Raises: ValueError if the model is not built.

    >>> from ranvier import Input, Sequential, layers
    >>> print(model_to_dot(Sequential([Input((2,), name="x"), layers.Dense(1, name="y")]), dpi=96))
    digraph model {
      graph [rankdir=TB, splines=ortho, dpi=96, bgcolor=transparent];
      node [shape=box, style="rounded,filled", fillcolor="#eef3f6", color="#1f6f8b", fontname="Helvetica", fontsize=11];
      edge [color="#333333", arrowsize=0.7];
      n0 [label="InputLayer\nx"];
      n1 [label="Dense\ny"];
      n0 -> n1;
    }
    """
    options = {
        "show_shapes": show_shapes,
        "show_dtype": show_dtype,
        "show_layer_names": show_layer_names,
        "show_layer_activations": show_layer_activations,
        "show_trainable": show_trainable,
    }
    nodes, edges = _boxes(model, options)
    box = f'shape=box, style="rounded,filled", fillcolor="#eef3f6", color="{COLORS[0]}", fontname="Helvetica"'
    lines = [
        "digraph model {",
        f"  graph [rankdir={rankdir}, splines={splines}, dpi={int(dpi)}, bgcolor=transparent];",
        f"  node [{box}, fontsize=11];",
        f'  edge [color="{INK}", arrowsize=0.7];',
        *(f"  n{number} [label={_quoted(text)}];" for number, text in enumerate(nodes)),
        *(f"  n{source} -> n{target};" for source, target in edges),
        "}",
    ]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _boxes(model: Any, options: dict[str, bool]) -> tuple[list[str], list[tuple[int, int]]]:
    # One box a layer: a layer that is called twice has two arrows in.
    model._require_graph()
    layers: list[Layer] = list({id(node.layer): node.layer for node in model._nodes}.values())
    number = {id(layer): position for position, layer in enumerate(layers)}
    edges = {
        (number[id(symbol.node.layer)], number[id(node.layer)]): None
        for node in model._nodes
        for symbol in node.inputs
        if symbol.node.layer is not node.layer
    }
    calls: dict[int, list[Node]] = {}
    for node in model._nodes:
        calls.setdefault(id(node.layer), []).append(node)
    return [_label(layer, calls[id(layer)], options) for layer in layers], list(edges)


def _label(layer: Layer, calls: list[Node], options: dict[str, bool]) -> str:
    lines = [class_name(layer)]
    if options["show_layer_names"]:
        lines.append(layer.name)
    applied = getattr(layer, "activation", None)
    if options["show_layer_activations"] and applied is not None:
        lines.append(f"activation: {activations.split(applied)[0].__name__}")
    if options["show_shapes"]:
        taken = ", ".join(dict.fromkeys(str(symbol.shape) for call in calls for symbol in call.inputs))
        given = ", ".join(dict.fromkeys(str(symbol.shape) for call in calls for symbol in call.outputs()))
        lines.append(given if isinstance(layer, InputLayer) else f"{taken} → {given}")
    if options["show_dtype"]:
        lines.append(layer.dtype)
    if options["show_trainable"] and layer.variables:
        lines.append("trainable" if layer.trainable else "frozen")
    return "\n".join(lines)


def _draw(model: Any, path: Path, rankdir: str, dpi: int, options: dict[str, bool]) -> None:
    texts, edges = _boxes(model, options)
    ranks = [0] * len(texts)
    for source, target in edges:  # in an order in which every source is final
        ranks[target] = max(ranks[target], ranks[source] + 1)
    rows = [[i for i, rank in enumerate(ranks) if rank == level] for level in range(max(ranks) + 1)]
    lines = max(text.count("\n") + 1 for text in texts)
    width = 0.35 + 0.085 * max(len(line) for text in texts for line in text.split("\n"))
    height = 0.16 + 0.19 * lines
    across, along = (width + 0.5, height + 0.45) if rankdir in ("TB", "BT") else (height + 0.4, width + 0.6)
    sign = -1 if rankdir in ("TB", "RL") else 1
    places = {}
    for level, row in enumerate(rows):
        for place, box in enumerate(row):
            side, forth = (place - (len(row) - 1) / 2) * across, sign * level * along
            places[box] = (side, forth) if rankdir in ("TB", "BT") else (forth, -side)
    # Arrows past other boxes bend around them.
    bend = _BEND * along * max((ranks[target] - ranks[source] for source, target in edges), default=0)
    bend = bend if any(ranks[target] - ranks[source] > 1 for source, target in edges) else 0
    (left, right), (low, high) = ((min(values), max(values)) for values in zip(*places.values(), strict=True))
    left, right, low, high = (
        left - width / 2 - 0.25,
        right + width / 2 + 0.25,
        low - height / 2 - 0.25,
        high + height / 2 + 0.25,
    )
    right, low = (right + bend, low) if rankdir in ("TB", "BT") else (right, low - bend)
    figure, panels = new_figure("plot_model", (right - left, high - low), False)
    from matplotlib.patches import FancyBboxPatch

    axes = panels[0, 0]
    for source, target in edges:
        arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 0.9, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 9}
        far = ranks[target] - ranks[source] > 1
        begin, end = _borders(places[source], places[target], width, height, rankdir, far)
        way = 2 * _BEND * (1 if rankdir in ("BT", "LR") else -1) if far else 0
        axes.annotate("", end, begin, arrowprops={**arrow, "connectionstyle": f"arc3,rad={way}"}, zorder=1)
    for box, (x, y) in places.items():
        frame: dict[str, Any] = {
            "boxstyle": "round,pad=0.05",
            "facecolor": "#eef3f6",
            "edgecolor": COLORS[0],
            "linewidth": 0.9,
        }
        axes.add_patch(
            FancyBboxPatch((x - width / 2 + 0.05, y - height / 2 + 0.05), width - 0.1, height - 0.1, **frame)
        )
        axes.text(x, y, texts[box], ha="center", va="center", fontsize=9, color=INK, linespacing=1.25, zorder=3)
    axes.set_xlim(left, right)
    axes.set_ylim(low, high)
    axes.set_aspect("equal")
    axes.set_axis_off()
    finish(figure, path, dpi)


def _borders(
    source: tuple[float, float], target: tuple[float, float], width: float, height: float, rankdir: str, far: bool
) -> tuple[tuple[float, float], tuple[float, float]]:
    # Arrows leave and arrive at the sides that face each other along the direction of drawing; far ones at a third.
    down = rankdir in ("TB", "BT")
    begin, end = list(source), list(target)
    if far:
        for point in (begin, end):
            point[0 if down else 1] += width / 2 if down else -height / 2
        return (begin[0], begin[1]), (end[0], end[1])
    axis = 1 if down else 0
    half = (height if down else width) / 2
    way = half if target[axis] > source[axis] else -half
    begin[axis] += way
    end[axis] -= way
    return (begin[0], begin[1]), (end[0], end[1])
