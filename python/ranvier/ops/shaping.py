"""Functions that move elements, join and cut: NumPy's on arrays, native nodes on symbols. Rows never mix."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ranvier.ops import graph
from ranvier.ops.elementwise import primitive
from ranvier.symbol import BatchedShape, KerasTensor


def shape(x: Any) -> tuple[int | None, ...]:
    """Sizes of the axes; that of the batch of a symbol is None, and stands for it in `ranvier.random`.

    Args:
        x: an array or a symbol.

    >>> shape([[1, 2]])
    (1, 2)
    """
    if isinstance(x, KerasTensor) and not x.single:
        sizes = BatchedShape(x.shape)
        sizes.symbol = x
        return sizes
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)


def ndim(x: Any) -> int:
    """Number of axes.

    Args:
        x: an array or a symbol.

    >>> ndim([[1, 2]])
    2
    """
    return len(shape(x))


def size(x: Any) -> int | None:
    """Number of elements; None where the batch is not known.

    Args:
        x: an array or a symbol.

    >>> size([[1, 2]])
    2
    """
    axes = [axis for axis in shape(x) if axis is not None]
    return None if len(axes) < ndim(x) else math.prod(axes)


def reshape(x: Any, newshape: Any) -> Any:
    """The same elements in another shape.

    Args:
        x: an array or a symbol, whose batch stays as it is.
        newshape: sizes of the axes, one of which may be -1; for a symbol with a batch the first is -1 or None.

    Raises: ValueError if the elements do not fit, or rows would mix.

    >>> reshape([1, 2, 3, 4], (2, 2)).shape
    (2, 2)
    """
    axes = tuple(newshape) if isinstance(newshape, Sequence) else (newshape,)
    if not graph.symbolic(x):
        return np.reshape(x, tuple(-1 if axis is None else axis for axis in axes))
    [symbol] = graph.symbols(x)
    if symbol.single:
        return graph.reshaped(symbol, _inferred(symbol, axes, symbol.row_shape))
    if not axes or axes[0] not in (-1, None):
        raise ValueError(f"[reshape] the first axis is the batch, and must be -1 or None, got newshape={axes}")
    made, other = (_inferred(symbol, axes[1:], row) for row in (symbol.row_shape, symbol.other_shape))
    return graph.reshaped(symbol, made, other=other)


def _inferred(symbol: KerasTensor, axes: Sequence[Any], row: Sequence[int]) -> tuple[int, ...]:
    elements = math.prod(row)
    known = math.prod(axis for axis in axes if axis not in (-1, None))
    found = tuple(elements // known if axis in (-1, None) else int(axis) for axis in axes)
    if math.prod(found) != elements or sum(axis in (-1, None) for axis in axes) > 1:
        raise ValueError(f"[reshape] cannot reshape {symbol.shape} to {tuple(axes)} behind the batch")
    return found


def ravel(x: Any) -> Any:
    """All elements along one axis.

    Args:
        x: an array, or a weight; of a symbol with a batch each row by itself.

    >>> ravel([[1, 2], [3, 4]])
    array([1, 2, 3, 4])
    """
    if not graph.symbolic(x):
        return np.ravel(x)
    [symbol] = graph.symbols(x)
    return graph.reshaped(symbol, (math.prod(symbol.row_shape),), other=(math.prod(symbol.other_shape),))


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """The axes in another order.

    Args:
        x: an array or a symbol.
        axes: which axis of x comes at each place; by default the order reversed.

    Raises: ValueError if the batch would not stay in front.

    >>> transpose([[1, 2, 3]]).shape
    (3, 1)
    """
    if not graph.symbolic(x):
        return np.transpose(x, axes)
    [symbol] = graph.symbols(x)
    rank = symbol.ndim
    order = [axis % rank for axis in (reversed(range(rank)) if axes is None else axes)]
    if sorted(order) != list(range(rank)):
        raise ValueError(f"[transpose] axes must hold each of {rank} axes once, got {axes}")
    if not symbol.single and order[0] != 0:
        raise ValueError(f"[transpose] the first axis is the batch and stays in front, got axes={axes}")
    dims = [axis + 1 for axis in order] if symbol.single else order[1:]
    return symbol if dims == sorted(dims) else graph.node("permute", {"dims": dims}, [symbol], "transpose")


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Some axes at other places, the others in their order.

    Args:
        x: an array or a symbol.
        source: axes, or one.
        destination: where they go.

    >>> moveaxis(np.ones((1, 2, 3)), 1, -1).shape
    (1, 3, 2)
    """
    if not graph.symbolic(x):
        return np.moveaxis(x, source, destination)
    rank = ndim(x)
    from_axes = [axis % rank for axis in (source if isinstance(source, Sequence) else [source])]
    to_axes = [axis % rank for axis in (destination if isinstance(destination, Sequence) else [destination])]
    order = [axis for axis in range(rank) if axis not in from_axes]
    for place, axis in sorted(zip(to_axes, from_axes, strict=True)):
        order.insert(place, axis)
    return transpose(x, order)


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes change places.

    Args:
        x: an array or a symbol.
        axis1: one.
        axis2: the other.

    >>> swapaxes(np.ones((1, 2, 3)), 1, 2).shape
    (1, 3, 2)
    """
    if not graph.symbolic(x):
        return np.swapaxes(x, axis1, axis2)
    order = list(range(ndim(x)))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(x, order)


def expand_dims(x: Any, axis: Any) -> Any:
    """One more axis of size 1.

    Args:
        x: an array or a symbol.
        axis: its place, or several.

    Raises: ValueError if it would be in front of the batch.

    >>> expand_dims([1, 2], -1).shape
    (2, 1)
    """
    if not graph.symbolic(x):
        return np.expand_dims(x, axis)
    [symbol] = graph.symbols(x)
    axes = list(axis) if isinstance(axis, Sequence) else [axis]
    rank = symbol.ndim + len(axes)
    places = sorted(place % rank for place in axes)
    made, other = list(symbol.row_shape), list(symbol.other_shape)
    for place in places:
        if place == 0 and not symbol.single:
            raise ValueError("[expand_dims] the batch stays in front: axis must not be 0")
        for sizes in (made, other):
            sizes.insert(place - (not symbol.single), 1)
    return graph.reshaped(symbol, tuple(made), "expand_dims", tuple(other))


def squeeze(x: Any, axis: Any = None) -> Any:
    """Without axes of size 1.

    Args:
        x: an array or a symbol.
        axis: which; by default all.

    Raises: ValueError if one is not of size 1.

    >>> squeeze([[1], [2]]).shape
    (2,)
    """
    if not graph.symbolic(x):
        return np.squeeze(x, axis)
    [symbol] = graph.symbols(x)
    sizes = symbol.shape
    chosen = range(len(sizes)) if axis is None else axis if isinstance(axis, Sequence) else [axis]
    gone = {place % len(sizes) for place in chosen if axis is not None or sizes[place] == 1}
    if any(sizes[place] != 1 for place in gone):
        raise ValueError(f"[squeeze] expected axes of size 1 of {sizes}, got axis={axis}")
    first = int(not symbol.single)  # of the axes of a row
    made, other = (
        tuple(size for place, size in enumerate(row, first) if place not in gone)
        for row in (symbol.row_shape, symbol.other_shape)
    )
    return graph.reshaped(symbol, made, "squeeze", other)


def concatenate(xs: Sequence[Any], axis: int = 0) -> Any:
    """Values side by side along an axis.

    Args:
        xs: arrays or symbols.
        axis: along which; not the batch of symbols.

    >>> concatenate([[1, 2], [3]])
    array([1, 2, 3])
    """
    if not graph.symbolic(*xs):
        return np.concatenate(xs, axis)
    values = graph.with_batch(graph.aligned("concatenate", graph.symbols(*xs)))
    place = graph.behind_batch("concatenate", values[0], axis)
    return graph.node("concatenate", {"axis": place}, values, "concatenate")


def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Values side by side along a new axis.

    Args:
        x: arrays or symbols.
        axis: the place of the new axis; not in front of the batch of symbols.

    >>> stack([[1, 2], [3, 4]], -1)
    array([[1, 3], [2, 4]])
    """
    if not graph.symbolic(*x):
        return np.stack(x, axis)
    return concatenate([expand_dims(value, axis) for value in graph.symbols(*x)], axis)


def get_item(x: Any, key: Any) -> Any:
    """Elements and slices, as x[key] gives them.

    Args:
        x: an array or a symbol.
        key: integers, slices, None and ... for each axis; for a symbol with a batch the first must be `:`.

    Raises: ValueError if rows would be chosen; IndexError where there is nothing.

    >>> get_item(np.arange(6).reshape(2, 3), (slice(None), 1))
    array([1, 4])
    """
    if not graph.symbolic(x):
        return np.asarray(x)[key]
    [symbol] = graph.symbols(x)
    parts = list(key) if isinstance(key, tuple) else [key]
    if Ellipsis in parts:
        place = parts.index(Ellipsis)
        missing = symbol.ndim - sum(part is not None and part is not Ellipsis for part in parts)
        parts[place : place + 1] = [slice(None)] * missing
    if not symbol.single and parts and not (isinstance(parts[0], slice) and parts[0] == slice(None)):
        raise ValueError("[get_item] the first axis is the batch: rows are not chosen, the key must begin with :")
    axis, made = 0, symbol
    for part in parts:
        if part is None:
            made, axis = expand_dims(made, axis), axis + 1
        elif isinstance(part, slice):
            if part != slice(None):
                length = made.shape[axis]
                if length is None:
                    graph.closed("get_item", made)
                chosen = [] if length is None else list(range(*part.indices(length)))
                if length is not None and chosen != list(range(length)):
                    made = _taken(made, chosen, axis)
            axis += 1
        else:
            made = squeeze(_taken(made, [int(part)], axis), axis)
    return made


def _taken(symbol: KerasTensor, indices: Sequence[int], axis: int) -> KerasTensor:
    place = graph.behind_batch("take", symbol, axis)
    length = symbol.row_shape[place - 1]
    if not indices or not all(-length <= i < length for i in indices):
        raise IndexError(f"[take] there are no elements {list(indices)!s:.80} along an axis of size {length}")
    if symbol.shape[axis] is not None:
        indices = [i % length for i in indices]
    elif len(indices) > 1:
        graph.closed("take", symbol)
    return graph.node("take", {"axis": place, "indices": list(indices)}, [symbol], "take")


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """Elements at the indices, along an axis.

    Args:
        x: an array, a symbol, or a table that is looked up in.
        indices: integers; a symbol only for a table without a batch, such as a weight, and its first axis.
        axis: along which; by default in all elements as one axis.

    >>> take([10, 20, 30], [2, 0])
    array([30, 10])
    """
    if not graph.symbolic(x, indices):
        return np.take(x, indices, axis)
    if graph.symbolic(indices):
        table, places = graph.symbols(x, indices)
        if axis not in (0, None) or not table.single or (axis is None and table.ndim != 1):
            raise ValueError(
                "[take] a symbol may be an index into the first axis of a value without a batch only: axis=0"
            )
        return graph.node("gather", {}, [table, places], "take")
    [symbol] = graph.symbols(x)
    if axis is None:
        symbol, axis = ravel(symbol), -1
    wanted = np.asarray(indices)
    made = _taken(symbol, [int(i) for i in wanted.reshape(-1)], axis)
    row = graph.row_axis("take", symbol, axis) - 1
    target = (*made.row_shape[:row], *wanted.shape, *made.row_shape[row + 1 :])
    return graph.reshaped(made, target)


def flip(x: Any, axis: Any = None) -> Any:
    """The other way round.

    Args:
        x: an array or a symbol.
        axis: along which; by default all but the batch of a symbol.

    >>> flip([1, 2, 3])
    array([3, 2, 1])
    """
    if not graph.symbolic(x):
        return np.flip(x, axis)
    [made] = graph.symbols(x)
    every = range(0 if made.single else 1, made.ndim)
    for place in every if axis is None else axis if isinstance(axis, Sequence) else [axis]:
        made = _taken(made, range(made.row_shape[graph.behind_batch("flip", made, place) - 1])[::-1], place)
    return made


def roll(x: Any, shift: int, axis: int | None = None) -> Any:
    """Every element so many places on, the last ones in front.

    Args:
        x: an array or a symbol.
        shift: how many.
        axis: along which; by default in all elements of an array as one axis.

    >>> roll([1, 2, 3], 1)
    array([3, 1, 2])
    """
    if not graph.symbolic(x):
        return np.roll(x, shift, axis)
    [symbol] = graph.symbols(x)
    if axis is None:
        raise ValueError("[roll] a symbol is rolled along an axis: give axis")
    length = symbol.row_shape[graph.behind_batch("roll", symbol, axis) - 1]
    return _taken(symbol, [(i - shift) % length for i in range(length)], axis)


def repeat(x: Any, repeats: int, axis: int | None = None) -> Any:
    """Each element several times, one after the other.

    Args:
        x: an array or a symbol.
        repeats: how often.
        axis: along which; by default in all elements of an array as one axis.

    >>> repeat([1, 2], 2)
    array([1, 1, 2, 2])
    """
    if not graph.symbolic(x):
        return np.repeat(x, repeats, axis)
    [symbol] = graph.symbols(x)
    if axis is None:
        symbol, axis = ravel(symbol), -1
    told = {"n": int(repeats), "axis": graph.behind_batch("repeat", symbol, axis)}
    return graph.node("repeat", told, [symbol], "repeat")


def tile(x: Any, repeats: Any) -> Any:
    """The whole several times, along each axis.

    Args:
        x: an array or a symbol.
        repeats: how often along each axis, or along the last ones; the batch once.

    >>> tile([1, 2], 2)
    array([1, 2, 1, 2])
    """
    if not graph.symbolic(x):
        return np.tile(x, repeats)
    [made] = graph.symbols(x)
    counts = list(repeats) if isinstance(repeats, Sequence) else [repeats]
    for back, count in enumerate(reversed(counts)):
        if count != 1:
            made = concatenate([made] * int(count), made.ndim - 1 - back)
    return made


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Parts along an axis.

    Args:
        x: an array or a symbol.
        indices_or_sections: how many equal ones, or where each but the first begins.
        axis: along which; not the batch of a symbol.

    Raises: ValueError if the parts are not equal.

    >>> [part.tolist() for part in split([1, 2, 3, 4], 2)]
    [[1, 2], [3, 4]]
    """
    if not graph.symbolic(x):
        return list(np.split(np.asarray(x), indices_or_sections, axis))
    [symbol] = graph.symbols(x)
    length = symbol.row_shape[graph.behind_batch("split", symbol, axis) - 1]
    if isinstance(indices_or_sections, int):
        if length % indices_or_sections:
            raise ValueError(f"[split] {length} elements do not make {indices_or_sections} equal parts")
        step = length // indices_or_sections
        ends = [*range(step, length, step), length]
    else:
        ends = [*indices_or_sections, length]
    return [_taken(symbol, range(begin, end), axis) for begin, end in zip([0, *ends[:-1]], ends, strict=True)]


def broadcast_to(x: Any, shape: Sequence[int | None]) -> Any:
    """As often as a shape needs it.

    Args:
        x: an array or a symbol.
        shape: sizes of the axes; None for the batch of a symbol.

    >>> broadcast_to([1, 2], (2, 2)).tolist()
    [[1, 2], [1, 2]]
    """
    if not graph.symbolic(x):
        return np.broadcast_to(x, tuple(axis for axis in shape if axis is not None))
    [symbol] = graph.symbols(x)
    return primitive("add", symbol, np.zeros(tuple(shape if symbol.single else shape[1:])))


def one_hot(x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Any:
    """1 at the place that each index names, 0 elsewhere.

    Args:
        x: indices, an array or a symbol.
        num_classes: size of the new axis.
        axis: its place; the last one for a symbol.
        dtype: number type of the result for arrays.
        sparse: must be False.

    >>> one_hot([1, 0], 2).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    if sparse:
        raise ValueError("[one_hot] sparse must be False here")
    if not graph.symbolic(x):
        hot = (np.asarray(x)[..., None] == np.arange(num_classes)).astype(dtype or "float32")
        return np.moveaxis(hot, -1, axis)
    hot = primitive("equal", expand_dims(x, -1), np.arange(num_classes))
    return hot if axis in (-1, hot.ndim - 1) else moveaxis(hot, -1, axis)
