"""Vectors in the plane: pictures, and the files of TensorBoard's embedding projector."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.errors import one_of
from ranvier.saving.atomic import replacing
from ranvier.utils.plotting import COLORS, INK, finish, new_figure, tidy

if TYPE_CHECKING:
    from ranvier._typing import Array
    from ranvier.text.vector_table import VectorTable

_LABEL = 8  # points, the size of a label's letters


def plane(vectors: Array, method: str, seed: int = 0) -> Array:
    """Places of vectors in the plane, (vectors, 2): by principal components, or by t-SNE.

    Raises: ImportError where t-SNE needs scikit-learn.
    """
    centred = np.asarray(vectors, np.float64) - np.mean(vectors, axis=0, dtype=np.float64)
    if method == "pca":
        left, scale, _ = np.linalg.svd(centred, full_matrices=False)
        places = np.zeros((len(centred), 2))
        kept = min(2, len(scale))
        places[:, :kept] = left[:, :kept] * scale[:kept]
        # A direction may point either way: that of the largest entry is up.
        largest = places[np.abs(places).argmax(0), [0, 1]]
        return places * np.where(largest < 0, -1, 1)
    try:
        from sklearn.manifold import TSNE
    except ImportError:
        raise ImportError("[plot] t-SNE needs the package scikit-learn: pip install 'ranvier[sklearn]'") from None
    perplexity = min(30.0, max(1.0, (len(centred) - 1) / 3))
    embedding: Array = TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(
        centred.astype(np.float32)
    )
    return embedding


def plot_words(
    table: VectorTable,
    words: Sequence[Any],
    method: str,
    groups: Sequence[Any] | None,
    arrows: Sequence[tuple[Any, Any]],
    path: str | os.PathLike[str] | None,
    title: str | None,
) -> Any:
    """Draws words as labelled points; see `KeyedVectors.plot`."""
    one_of("plot", "method", method, ("pca", "tsne"))
    rows = list(dict.fromkeys(table.get_index(word) for word in words))
    if len(rows) < 2:
        raise ValueError(f"[plot] expected at least two words, got {len(rows)}")
    if groups is not None and len(groups) != len(words):
        raise ValueError(f"[plot] expected {len(words)} groups, one for each word, got {len(groups)}")
    ends = [(table.get_index(a), table.get_index(b)) for a, b in arrows]
    if missing := [table.index_to_key[row] for pair in ends for row in pair if row not in rows]:
        raise ValueError(f"[plot] expected arrows between the words that are drawn, got {missing[0]!r}")
    places = dict(zip(rows, plane(table.vectors[rows], method), strict=True))
    side = 5.0 + min(5.0, len(rows) / 25)
    figure, panels = new_figure("plot", (side * 1.25, side), path is None)
    axes = panels[0, 0]
    colors = _colors(table, words, groups)
    for a, b in ends:
        line = {"arrowstyle": "->", "color": "#999999", "linewidth": 0.9, "shrinkA": 5, "shrinkB": 5}
        axes.annotate("", places[b], places[a], arrowprops=line)
    xy = np.array([places[row] for row in rows])
    axes.scatter(xy[:, 0], xy[:, 1], s=18, color=[colors[row] for row in rows], zorder=3)
    tidy(axes, title or f"{len(rows)} words, {'principal components' if method == 'pca' else 't-SNE'}", "")
    axes.margins(0.1)
    if method == "tsne":  # distances along its axes mean nothing
        axes.set_xticks([])
        axes.set_yticks([])
    _label(figure, axes, xy, [table.index_to_key[row] for row in rows])
    return finish(figure, path)


def _colors(table: VectorTable, words: Sequence[Any], groups: Sequence[Any] | None) -> dict[int, str]:
    if groups is None:
        return dict.fromkeys((table.get_index(word) for word in words), COLORS[0])
    numbers = {group: i for i, group in enumerate(dict.fromkeys(groups))}
    pairs = zip(words, groups, strict=True)
    return {table.get_index(word): COLORS[numbers[group] % len(COLORS)] for word, group in pairs}


def _label(figure: Any, axes: Any, xy: Array, words: Sequence[str]) -> None:
    """Writes words beside their points, each in the first of some places that is free of others and of points."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")  # places are final from here on
    points = axes.transData.transform(xy)
    scale = figure.dpi / 72
    taken = [(x - 3 * scale, y - 3 * scale, x + 3 * scale, y + 3 * scale) for x, y in points]
    for i in sorted(range(len(words)), key=lambda i: -points[i][1]):
        label = axes.annotate(
            words[i],
            xy[i],
            (0, 0),
            textcoords="offset points",
            va="bottom",
            fontsize=_LABEL,
            color=INK,
            parse_math=False,
        )
        extent = label.get_window_extent()
        box, offset = _free(points[i], extent.width, extent.height, scale, taken)
        label.set_position((offset[0] / scale, offset[1] / scale))
        if max(abs(offset[0] + extent.width / 2), abs(offset[1])) > 24 * scale + extent.width / 2:
            lead = {"color": "#bbbbbb", "linewidth": 0.6}
            middle = (offset[0] / scale + extent.width / scale / 2, offset[1] / scale)
            axes.annotate("", xy[i], middle, textcoords="offset points", arrowprops={"arrowstyle": "-", **lead})
        taken.append(box)


def _free(
    point: Array, width: float, height: float, scale: float, taken: Sequence[tuple[float, float, float, float]]
) -> tuple[tuple[float, float, float, float], tuple[float, float]]:
    """The nearest place around a point where a label lies on nothing, and its offset; the least covered otherwise."""
    best, least = None, np.inf
    for gap in (5, 10, 18, 28, 40):
        d = gap * scale
        for dx, dy in (
            (d, -height / 3),
            (-d - width, -height / 3),
            (-width / 2, d),
            (-width / 2, -d - height),
            (d, d),
            (-d - width, d),
            (d, -d - height),
            (-d - width, -d - height),
        ):
            x, y = point[0] + dx, point[1] + dy
            box = (x - 2 * scale, y - scale, x + width + 2 * scale, y + height + scale)  # letters vary with resolution
            covered = sum(
                max(0.0, min(box[2], b[2]) - max(box[0], b[0])) * max(0.0, min(box[3], b[3]) - max(box[1], b[1]))
                for b in taken
            )
            if covered < least:
                best, least = (box, (dx, dy)), covered
            if covered == 0:
                return box, (dx, dy)
    assert best is not None
    return best


def write_projector(
    table: VectorTable, folder: str | os.PathLike[str], words: Sequence[Any] | None, limit: int | None, name: str
) -> list[Path]:
    """Writes what TensorBoard's projector reads; see `KeyedVectors.save_projector`."""
    rows = list(range(len(table))[:limit]) if words is None else [table.get_index(word) for word in words]
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    keys = [_cell(table.index_to_key[row]) for row in rows]
    attributes = sorted(table.expandos)
    lines = keys
    if attributes:
        # With more than one column the first line names them.
        columns = [keys, *([str(value) for value in table.expandos[a][rows].tolist()] for a in attributes)]
        lines = ["\t".join(["word", *map(_cell, attributes)]), *map("\t".join, zip(*columns, strict=True))]
    vectors = "".join("\t".join(map(repr, row)) + "\n" for row in table.vectors[rows].astype(float).tolist())
    config = (
        f'embeddings {{\n  tensor_name: "{name}"\n  tensor_shape: {len(rows)}\n  tensor_shape: {table.vector_size}\n'
        '  tensor_path: "vectors.tsv"\n  metadata_path: "metadata.tsv"\n}\n'
    )
    texts = {"vectors.tsv": vectors, "metadata.tsv": "\n".join(lines) + "\n", "projector_config.pbtxt": config}
    for file, text in texts.items():
        with replacing(target / file) as temporary:
            temporary.write_text(text, encoding="utf-8", newline="\n")
    return [target / file for file in texts]


def _cell(word: str) -> str:
    """A word as a cell of a table, which has no room for tabs and line ends, nor for nothing."""
    return word.translate({9: " ", 10: " ", 13: " "}) or " "
