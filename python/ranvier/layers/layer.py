"""The base of all layers: names, weights, configuration, and calls on arrays and on symbols."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ranvier import _filling, config, dtype_policies, initializers, regularizers
from ranvier._configurable import Configurable, argument_names, plain
from ranvier.errors import unknown
from ranvier.random import draw_seed
from ranvier.symbol import KerasTensor, Node
from ranvier.utils.naming import snake_case, unique_name
from ranvier.variable import HasWeights, Variable

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Array, ArrayLike, BatchShape, Shape

_COMMON = ("name", "trainable", "dtype", "input_shape", "input_dim", "batch_input_shape", "activity_regularizer")


class Layer(Configurable, HasWeights):
    """One step of a network: y = f(x), with weights of its own.

    A subclass names the native node kind that computes it and says what that is told (`native_config`). Its
    constructor's arguments are its configuration: each is kept in the attribute of its name. The weight "kernel" has
    its initial values, its penalty and its constraint from the attributes `kernel_initializer`, `kernel_regularizer`
    and `kernel_constraint`.

    Args:
        name: unique in a model; by default the class in snake_case, numbered.
        trainable: whether `fit` changes the weights.
        dtype: "float32", "float64", "mixed_bfloat16" or a `ranvier.DTypePolicy`; by default
            `ranvier.config.dtype_policy()`.
        input_shape: shape of one row of the input, for the first layer of a `Sequential`.
        input_dim: the same for rows that are vectors.
        batch_input_shape: the same with the batch axis in front.
        activity_regularizer: penalty on the outputs, added to the loss after division by the rows of the batch: a name
            or a `Regularizer`.

    Raises: TypeError for other arguments; ValueError for another dtype.

    >>> from ranvier.layers import Dense
    >>> Dense(3, name="answer").get_config()["units"]
    3
    """

    kind: ClassVar[str] = ""
    merges: ClassVar[bool] = False  # takes a list of inputs
    # Weights whose initializer, regularizer and constraint are arguments of another name: {"kernel": "depthwise"}.
    options_of: ClassVar[dict[str, str]] = {}

    def __init__(
        self,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
        input_shape: Sequence[int] | int | None = None,
        input_dim: int | None = None,
        batch_input_shape: Sequence[int | None] | None = None,
        activity_regularizer: Any = None,
        **unknown_arguments: Any,
    ) -> None:
        for argument in unknown_arguments:
            valid = (*argument_names(type(self)), *_COMMON)
            raise TypeError(unknown(type(self).__name__, "argument", argument, dict.fromkeys(valid)))
        self.name = unique_name(snake_case(type(self).__name__)) if name is None else str(name)
        self._trainable = bool(trainable)
        self.dtype_policy = dtype_policies.get(dtype)
        if batch_input_shape is not None:
            input_shape = row_shape(batch_input_shape)
        elif input_dim is not None:
            input_shape = (input_dim,)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.given_input_shape = None if input_shape is None else checked_shape(self.name, input_shape)
        self._native: _core.Layer | None = None
        self._variables: list[Variable] = []
        self._nodes: list[weakref.ref[Node]] = []
        self._eager: tuple[list[Shape], _core.Network] | None = None

    def native_kind(self) -> str:
        """The node kind that computes this layer."""
        return self.kind

    def native_config(self) -> dict[str, Any]:
        """What the native layer is told."""
        return {}

    @property
    def dtype(self) -> str:
        """Number type of the weights and outputs."""
        return self.dtype_policy.variable_dtype

    @property
    def variable_dtype(self) -> str:
        """The same."""
        return self.dtype_policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """Number type that operands of products are rounded to."""
        return self.dtype_policy.compute_dtype

    @property
    def native(self) -> _core.Layer:
        """The native layer."""
        if self._native is None:
            if not self.kind:
                raise TypeError(
                    f"[{self.name}] layers written in Python cannot be used yet: combine those of ranvier.layers"
                )
            kind = config.scalars(self.dtype).Layer
            native = kind(self.native_kind(), self.native_config(), self.name)
            native.trainable = self._trainable
            if self.activity_regularizer is not None:
                native.activity_regularizer = self.activity_regularizer.native(self.dtype)
            self._native = native
        return self._native

    @property
    def built(self) -> bool:
        """Whether the weights exist."""
        return self._native is not None and self._native.built

    @property
    def variables(self) -> list[Variable]:
        """All weights; none before `build`."""
        return list(self._variables)

    @property
    def trainable(self) -> bool:
        """Whether `fit` changes the weights. Setting it sets every weight."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        if self._native is not None:
            self._native.trainable = self._trainable
        for variable in self._variables:
            if not variable.statistic:
                variable.trainable = self._trainable

    def build(self, input_shape: Any) -> None:
        """Creates the weights and draws their initial values; again with a shape that fits: nothing.

        Args:
            input_shape: shape of the input with the batch axis, such as (None, 784); for a layer that merges, a list.

        Raises: ValueError if the layer cannot take such inputs.
        """
        self.build_rows([row_shape(shape) for shape in (input_shape if self.merges else [input_shape])])

    def build_rows(self, shapes: list[Shape]) -> list[Shape]:
        """`build` for shapes without the batch axis; returns those of the outputs."""
        outputs = self.native.output_shapes(shapes)
        if self.native.built:
            self.native.build(shapes)
            return outputs
        file = _filling.source()
        self.native.build(shapes, -1 if file is None else file.elements(self.name))
        parameters = self.native.parameters
        if file is not None:
            file.fill(self.name, parameters)
        for parameter in parameters:
            options = self.options_of.get(parameter.name, parameter.name)
            if file is None:
                initializer = getattr(self, f"{options}_initializer", None) or initializers.Zeros()
                parameter.numpy()[...] = initializer(parameter.shape, dtype=self.dtype)
            variable = Variable(parameter, self.name)
            variable.regularizer = getattr(self, f"{options}_regularizer", None)
            variable.constraint = getattr(self, f"{options}_constraint", None)
            if not variable.statistic:
                variable.trainable = self._trainable
            self._variables.append(variable)
        return outputs

    def compute_output_shape(self, input_shape: Any) -> BatchShape:
        """Shape of the output for that of the input, both with the batch axis.

        Raises: ValueError if the layer cannot take such inputs.
        """
        shapes = [row_shape(shape) for shape in (input_shape if self.merges else [input_shape])]
        return (None, *self.native.output_shapes(shapes)[0])

    def count_params(self) -> int:
        """Number of single weights.

        Raises: ValueError before the layer is built.
        """
        if not self.built:
            raise ValueError(f"[{self.name}] has no weights before it knows its input shape: call build(input_shape)")
        return super().count_params()

    def __call__(self, inputs: Any, training: bool = False) -> Any:
        """Applies the layer: to an array, at once; to a symbol, as a node of a network to be.

        Args:
            inputs: an array (batch, ...) or a symbol; a list of them for a layer that merges.
            training: for arrays, whether the layer behaves as in training (dropout drops).

        Raises: ValueError if the shape does not fit.
        """
        values = self._input_list(inputs)
        symbols = [value for value in values if isinstance(value, KerasTensor)]
        if len(symbols) == len(values):
            return self._add_node(tuple(symbols))
        if symbols:
            raise TypeError(f"[{self.name}] expected symbols or arrays, got some of each")
        return self._run([np.asarray(value) for value in values], training)

    def _input_list(self, inputs: Any) -> list[Any]:
        if not self.merges:
            return [inputs]
        if not isinstance(inputs, list | tuple) or not inputs:
            raise TypeError(f"[{self.name}] expected a list of inputs, got {type(inputs).__name__}")
        return list(inputs)

    def _add_node(self, inputs: tuple[KerasTensor, ...]) -> Any:
        shapes = self.build_rows([symbol.node.shapes[symbol.index] for symbol in inputs])
        return self.remember(Node(self, inputs, shapes))

    def remember(self, node: Node) -> Any:
        """Keeps track of a call of this layer, without keeping it alive, and returns what came out."""
        self._nodes = [reference for reference in self._nodes if reference() is not None]
        self._nodes.append(weakref.ref(node))
        outputs = node.outputs()
        return outputs[0] if len(outputs) == 1 else outputs

    def _run(self, arrays: list[Array], training: bool) -> Array:
        if not all(array.ndim for array in arrays):
            raise ValueError(f"[{self.name}] expected an array with a batch axis, got a single number")
        shapes = [array.shape[1:] for array in arrays]
        if self._eager is None or self._eager[0] != shapes:
            self.build_rows(shapes)
            network = config.scalars(self.dtype).Network(self.name)
            values = [network.add_input(shape, f"input_{i}") for i, shape in enumerate(shapes)]
            network.set_outputs(network.add(self.native, values))
            self._eager = (shapes, network)
        network = self._eager[1]
        return (network.run(arrays, True, draw_seed()) if training else network.predict(arrays))[0]

    def _only_node(self, what: str) -> Node:
        nodes = [node for reference in self._nodes if (node := reference()) is not None]
        if not nodes:
            raise AttributeError(f"[{self.name}] has no {what}: it is in no model and was called on no symbol")
        return nodes[0]

    @property
    def input(self) -> Any:
        """The symbol, or list of symbols, of the first call of this layer that a model or a symbol still uses."""
        inputs = self._only_node("input").inputs
        return list(inputs) if self.merges else inputs[0]

    @property
    def output(self) -> Any:
        """The symbol that came out of that call."""
        return self._only_node("output").outputs()[0]

    @property
    def input_shape(self) -> Any:
        """Shape of `input` with the batch axis; a list for a layer that merges."""
        shapes = [symbol.shape for symbol in self._only_node("input shape").inputs]
        return shapes if self.merges else shapes[0]

    @property
    def output_shape(self) -> BatchShape:
        """Shape of `output` with the batch axis."""
        return (None, *self._only_node("output shape").shapes[0])

    def get_config(self) -> dict[str, Any]:
        """Name, trainable, dtype and the constructor's arguments."""
        common = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype_policy.name}
        if self.activity_regularizer is not None:
            common["activity_regularizer"] = plain(self.activity_regularizer)
        own = (name for name in argument_names(type(self)) if name not in _COMMON)
        return common | {name: plain(getattr(self, name)) for name in own}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def row_shape(batch_shape: Sequence[int | None]) -> Shape:
    """A shape without its batch axis.

    Raises: ValueError if another axis is unknown.
    """
    rest = tuple(batch_shape)[1:]
    if any(axis is None for axis in rest):
        raise ValueError(f"[shape] every axis but the batch must be known, got {tuple(batch_shape)}")
    return tuple(int(axis) for axis in rest if axis is not None)


def checked_shape(where: str, shape: Sequence[int] | int | ArrayLike) -> Shape:
    """A row's shape as a tuple of positive integers; a single integer stands for a vector.

    Raises: ValueError for anything else.
    """
    axes = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    if not all(isinstance(axis, int | np.integer) and not isinstance(axis, bool) and axis >= 1 for axis in axes):
        raise ValueError(
            f"[{where}] expected an input shape of positive integers without the batch axis, got {shape!r}"
        )
    return tuple(int(axis) for axis in axes)
