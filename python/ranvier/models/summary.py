"""The table that `summary` prints."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ranvier.utils.progress import in_notebook, say
from ranvier.variable import count

if TYPE_CHECKING:
    from ranvier._typing import Array
    from ranvier.layers import Layer
    from ranvier.models.model import Model
    from ranvier.symbol import Node
    from ranvier.variable import Variable

# Widths of columns that Keras prints, the padding included; without and with "Connected to".
_CHAIN = [33, 24, 15]
_GRAPH = [21, 19, 12, 19]
_TRAINABLE = 11

_BOX = "┏━┳┓┃┡╇┩│├─┼┤└┴┘…"
_TO_PLAIN = str.maketrans(_BOX, "+=++|+++|+-+++++~")


class Column:
    """A column of the table: its title, its width with one space on each side, and on which side its text stands."""

    def __init__(self, title: str, width: int) -> None:
        self.title = title
        self.width = width
        self.right = title == "Param #"
        self.cut = title == "Connected to"

    def lines(self, text: str) -> list[str]:
        """A cell's text, broken or, line by line, cut where it does not fit."""
        room = max(self.width - 2, 1)
        if self.cut:
            text = "\n".join(line if len(line) <= room else line[: room - 1] + "…" for line in text.split("\n"))
        wrapped = [piece for line in text.split("\n") for piece in textwrap.wrap(line, room) or [""]]
        return [f" {piece:>{self.width - 2}} " if self.right else f" {piece:<{self.width - 2}} " for piece in wrapped]


def print_summary(
    model: Model,
    line_length: int | None,
    positions: Sequence[float] | None,
    print_fn: Callable[[str], Any] | None,
    expand_nested: bool,
    show_trainable: bool,
    layer_range: Sequence[str] | None,
) -> None:
    """Prints the table of a model; see `Model.summary`."""
    if print_fn is None and line_length is None and positions is None and in_notebook():
        _display(summary_html(model, show_trainable, layer_range, expand_nested))
        return
    for line in summary_lines(model, line_length, positions, show_trainable, layer_range, expand_nested):
        if print_fn is not None:
            print_fn(line)
        else:
            say(line if _can_print(_BOX) else line.translate(_TO_PLAIN))


def _can_print(text: str) -> bool:
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def summary_lines(
    model: Model,
    line_length: int | None,
    positions: Sequence[float] | None,
    show_trainable: bool,
    layer_range: Sequence[str] | None,
    expand_nested: bool = False,
) -> list[str]:
    """The table, the title above it and the totals below it."""
    connected = not is_chain(model)
    columns = _columns(connected, show_trainable, line_length, positions)
    rows = _rows(model, connected, show_trainable, layer_range, expand_nested)
    lines = [f'Model: "{model.name}"', _rule("┏┳┓", columns, "━")]
    lines += _cells([column.title for column in columns], columns, "┃")
    lines.append(_rule("┡╇┩", columns, "━"))
    for position, row in enumerate(rows):
        if position:
            lines.append(_rule("├┼┤", columns, "─"))
        lines += _cells(row, columns, "│")
    return [*lines, _rule("└┴┘", columns, "─"), *_totals(model)]


def summary_html(
    model: Model,
    show_trainable: bool = False,
    layer_range: Sequence[str] | None = None,
    expand_nested: bool = False,
) -> str:
    """The same as a table of HTML, for notebooks."""
    from html import escape  # slow to import

    connected = not is_chain(model)
    columns = _columns(connected, show_trainable, None, None)

    def cells(kind: str, texts: Sequence[str]) -> str:
        aligned = [
            f'<{kind} style="text-align: {"right" if column.right else "left"}">'
            + escape(text).replace(chr(10), "<br>")
            + f"</{kind}>"
            for column, text in zip(columns, texts, strict=True)
        ]
        return f"<tr>{''.join(aligned)}</tr>"

    rows = _rows(model, connected, show_trainable, layer_range, expand_nested)
    return "\n".join(
        [
            f"<p><b>Model: {escape(model.name)}</b></p>",
            f"<table><thead>{cells('th', [column.title for column in columns])}</thead>",
            f"<tbody>{''.join(cells('td', row) for row in rows)}</tbody></table>",
            f"<p>{'<br>'.join(escape(line.strip()) for line in _totals(model))}</p>",
        ]
    )


def _display(table: str) -> None:
    from IPython.display import HTML, display

    display(HTML(table))


def is_chain(model: Model) -> bool:
    """Whether each layer is fed by the one above it in the table alone, so that nobody need say by which.

    Of a model with a method `call` only its layers are shown, not what happens between them.
    """
    if model.is_traced:
        return True
    nodes = model._nodes
    fed_from_above = all([symbol.node for symbol in node.inputs] == [above] for above, node in pairwise(nodes))
    return fed_from_above and len({id(node.layer) for node in nodes}) == len(nodes)


def _columns(
    connected: bool, show_trainable: bool, line_length: int | None, positions: Sequence[float] | None
) -> list[Column]:
    widths = list(_GRAPH if connected else _CHAIN)
    titles = ["Layer (type)", "Output Shape", "Param #", "Connected to"][: len(widths)]
    if show_trainable:
        widths.append(_TRAINABLE)
        titles.append("Trainable")
    if line_length is not None or positions is not None:
        widths = _given_widths(widths, line_length, positions)
    return [Column(title, width) for title, width in zip(titles, widths, strict=True)]


def _given_widths(widths: list[int], line_length: int | None, positions: Sequence[float] | None) -> list[int]:
    total = (line_length or sum(widths) + len(widths) + 1) - len(widths) - 1
    if positions is None:
        ends = [sum(widths[: i + 1]) / sum(widths) * total for i in range(len(widths))]
    else:
        ends = [end * total if end <= 1 else end for end in positions[: len(widths)]]
    found = [round(end) - round(begin) for begin, end in zip([0.0, *ends], ends, strict=False)]
    if len(found) != len(widths) or min(found) < 3:
        raise ValueError(
            f"[summary] line_length and positions must leave {len(widths)} columns of at least 3 characters, got "
            f"line_length={line_length}, positions={positions}"
        )
    return found


def _rule(ends: str, columns: list[Column], line: str) -> str:
    return ends[0] + ends[1].join(line * column.width for column in columns) + ends[2]


def _cells(texts: list[str], columns: list[Column], bar: str) -> list[str]:
    cells = [column.lines(text) for column, text in zip(columns, texts, strict=True)]
    height = max(len(cell) for cell in cells)
    filled = [cell + [" " * column.width] * (height - len(cell)) for cell, column in zip(cells, columns, strict=True)]
    return [bar + bar.join(pieces) + bar for pieces in zip(*filled, strict=True)]


def _shown(layers: list[Layer], layer_range: Sequence[str] | None) -> list[Layer]:
    if layer_range is None:
        return layers
    first, last = layer_range
    matching = [[i for i, layer in enumerate(layers) if re.match(pattern, layer.name)] for pattern in (first, last)]
    if not all(matching):
        raise ValueError(
            f"[summary] layer_range {list(layer_range)} matches none of {[layer.name for layer in layers]}"
        )
    return layers[matching[0][0] : matching[1][-1] + 1]


def _rows(
    model: Model, connected: bool, show_trainable: bool, layer_range: Sequence[str] | None, expand_nested: bool
) -> list[list[str]]:
    rows = []

    def add(owner: Model, layers: list[Layer], level: int) -> None:
        for layer in layers:
            row = _row(owner, layer, connected, show_trainable)
            rows.append([f"{'   ' * level}└ {row[0]}" if level else row[0], *row[1:]])
            nested: Any = layer
            if expand_nested and hasattr(layer, "layers"):
                add(nested, nested.layers, level + 1)

    add(model, _shown(model.layers, layer_range), 0)
    return rows


def class_name(layer: Layer) -> str:
    """What tables and pictures call the class of a layer; a model is "Functional", as in Keras."""
    name = type(layer).__name__
    return "Functional" if name == "Model" else name


def _row(model: Model, layer: Layer, connected: bool, show_trainable: bool) -> list[str]:
    nodes = [node for node in model._nodes if node.layer is layer]
    shapes = [str(symbol.shape) for node in nodes for symbol in node.outputs()]
    weights = f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"
    row = [f"{layer.name} ({class_name(layer)})", ",\n".join(dict.fromkeys(shapes)) or "?", weights]
    if connected:
        row.append(",\n".join(_source(model, node, i) for node in nodes for i in range(len(node.inputs))) or "-")
    if show_trainable:
        row.append("Y" if layer.trainable and layer.variables else "N" if layer.variables else "-")
    return row


def _source(model: Model, node: Node, i: int) -> str:
    symbol = node.inputs[i]
    calls = [other for other in model._nodes if other.layer is symbol.node.layer]
    return f"{symbol.name}[{calls.index(symbol.node)}][{symbol.index}]"


def _totals(model: Model) -> list[str]:
    native = None if model.optimizer is None else model.optimizer._native
    state: list[Array] = [] if native is None else [view for _, view in native.state()]
    trainable, frozen = model.trainable_variables, model.non_trainable_variables
    # Keras counts the step and the learning rate as well.
    state_count = sum(array.size for array in state) + 2 if state else 0
    state_bytes = sum(array.nbytes for array in state) + 8 if state else 0
    lines = [
        f" Total params: {count(model.variables) + state_count:,} ({size(_bytes(model.variables) + state_bytes)})",
        f" Trainable params: {count(trainable):,} ({size(_bytes(trainable))})",
        f" Non-trainable params: {count(frozen):,} ({size(_bytes(frozen))})",
    ]
    if state:
        lines.append(f" Optimizer params: {state_count:,} ({size(state_bytes)})")
    return lines


def _bytes(variables: list[Variable]) -> int:
    return sum(variable.numpy().nbytes for variable in variables)


def size(amount: float) -> str:
    """A number of bytes in the unit that suits it.

    >>> size(120), size(3632)
    ('120.00 B', '3.55 KB')
    """
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1024:
            return f"{amount:.2f} {unit}"
        amount /= 1024
    return f"{amount:.2f} TB"
