"""The base of all layers: names, weights, configuration, and calls on arrays and on symbols."""

from __future__ import annotations

import warnings
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

# Arguments that every configuration has; those of shapes are part of none.
_SHARED = ("name", "trainable", "dtype", "activity_regularizer")
_COMMON = (*_SHARED, "input_shape", "input_dim", "batch_input_shape")


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
    supports_masking: bool = False  # passes the mask of its input on, or makes one
    takes_masks: bool = False  # computes something else where a mask is 0
    unsaved: ClassVar[tuple[str, ...]] = ()  # arguments that are no part of the configuration
    hidden: ClassVar[bool] = False  # belongs to the layer that reads it: shown and saved in no model

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
        self.given_batch_size = None if batch_input_shape is None else batch_input_shape[0]
        if batch_input_shape is not None:
            input_shape = row_shape(batch_input_shape)
        elif input_dim is not None:
            input_shape = (input_dim,)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.given_input_shape = None if input_shape is None else checked_shape(self.name, input_shape)
        self._native: _core.Layer | None = None
        self._variables: list[Variable] = []
        self._nodes: list[weakref.ref[Node]] = []
        self._eager: tuple[Any, _core.Network] | None = None
        self._row_shapes: list[Shape] | None = None  # that it was built for

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

    def weight(self, name: str) -> Variable | None:
        """The weight of a name, such as "kernel"; None if the layer was asked to go without it.

        Raises: AttributeError before `build`.
        """
        if not self.built:
            raise AttributeError(
                f"[{self.name}] has no {name} before it knows its input shape: call build(input_shape)"
            )
        return next((variable for variable in self._variables if variable.name == name), None)

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
        outputs = self.row_shapes(shapes)
        if self.native.built:
            self.native.build(shapes)
            return outputs
        self._row_shapes = list(shapes)
        file = _filling.source()
        self.native.build(shapes, -1 if file is None else file.elements(self.name))
        parameters = self.native.parameters
        if file is not None:
            file.fill(self.name, parameters)
        for parameter in parameters:
            if file is None:
                initializer = self.chosen(parameter.name, "initializer") or initializers.Zeros()
                parameter.numpy()[...] = initializer(parameter.shape, dtype=self.dtype)
            variable = Variable(parameter, self.name)
            variable.regularizer = self.chosen(parameter.name, "regularizer")
            variable.constraint = self.chosen(parameter.name, "constraint")
            if not variable.statistic:
                variable.trainable = self._trainable
            self._variables.append(variable)
        return outputs

    def chosen(self, weight: str, what: str) -> Any:
        """The "initializer", "regularizer" or "constraint" of a weight, or None."""
        return getattr(self, f"{self.options_of.get(weight, weight)}_{what}", None)

    def row_shapes(self, shapes: list[Shape]) -> list[Shape]:
        """Shapes of a row of each output for those of the inputs.

        Raises: ValueError if the layer cannot take such inputs.
        """
        return self.native.output_shapes(shapes)

    def add_to(self, network: _core.Network, inputs: list[int], masks: list[int | None]) -> list[int]:
        """Adds what computes the layer to a native network; returns the values of the outputs."""
        return network.add(self.native, inputs, masks)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Shape of the output, or list of shapes, for that of the input, all with the batch axis.

        Raises: ValueError if the layer cannot take such inputs.
        """
        shapes = [row_shape(shape) for shape in (input_shape if self.merges else [input_shape])]
        found: list[BatchShape] = [(None, *shape) for shape in self.row_shapes(shapes)]
        return found[0] if len(found) == 1 else found

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the output, a symbol or None, for symbols and their masks; lists for a layer that merges."""
        return previous_mask

    def count_params(self) -> int:
        """Number of single weights.

        Raises: ValueError before the layer is built.
        """
        if not self.built:
            raise ValueError(f"[{self.name}] has no weights before it knows its input shape: call build(input_shape)")
        return super().count_params()

    def __call__(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:
        """Applies the layer: to an array, at once; to a symbol, as a node of a network to be.

        Args:
            inputs: an array (batch, ...) or a symbol; a list of them for a layer that merges.
            training: for arrays, whether the layer behaves as in training (dropout drops).
            mask: which positions of the input count, (batch, steps), or a list, for a layer that takes masks; a symbol
                brings its own.

        Raises: ValueError if the shape does not fit; TypeError for a mask that nobody takes.
        """
        values = self._input_list(inputs)
        return self._apply(values, list(mask) if isinstance(mask, list | tuple) else [mask], training)

    def _apply(self, values: list[Any], masks: list[Any], training: bool) -> Any:
        given = [mask for mask in masks if mask is not None]
        if given and not self.takes_masks:
            raise TypeError(f"[{self.name}] takes no mask")
        if len(masks) > len(values):
            raise ValueError(f"[{self.name}] expected a mask for each of {len(values)} inputs, got {len(masks)}")
        symbols = [value for value in (*values, *given) if isinstance(value, KerasTensor)]
        if len(symbols) == len(values) + len(given):
            return self.add_node(tuple(values), masks)
        if symbols:
            raise TypeError(f"[{self.name}] expected symbols or arrays, got some of each")
        arrays = [np.asarray(value) for value in values]
        return self._run(arrays, training, [None if mask is None else np.asarray(mask) for mask in masks])

    def _input_list(self, inputs: Any) -> list[Any]:
        if not self.merges:
            return [inputs]
        if not isinstance(inputs, list | tuple) or not inputs:
            raise TypeError(f"[{self.name}] expected a list of inputs, got {type(inputs).__name__}")
        return list(inputs)

    def add_node(self, inputs: tuple[KerasTensor, ...], masks: Sequence[KerasTensor | None] = ()) -> Any:
        """Calls the layer on symbols: all that it reads, with masks for those that are not to have their own.

        Raises: ValueError if a shape does not fit.
        """
        shapes = self.build_rows([symbol.node.shapes[symbol.index] for symbol in inputs])
        own = [*masks, *[None] * (len(inputs) - len(masks))]
        known = [symbol.mask if mask is None else mask for symbol, mask in zip(inputs, own, strict=True)]
        masked = any(mask is not None for mask in known)
        node = Node(self, inputs, shapes, known if masked and self.takes_masks else ())
        if self.supports_masking:
            made = self.compute_mask(list(inputs), known) if self.merges else self.compute_mask(inputs[0], known[0])
            found = list(made) if isinstance(made, list | tuple) else [made] + [None] * (len(shapes) - 1)
            node.output_masks = tuple(found) if any(mask is not None for mask in found) else ()
        elif masked and not self.takes_masks:
            warnings.warn(
                f"[{self.name}] does not support masks: the layers behind it will see all steps of its input",
                UserWarning,
                stacklevel=3,
            )
        return self.remember(node)

    def remember(self, node: Node) -> Any:
        """Keeps track of a call of this layer, without keeping it alive, and returns what came out."""
        self._nodes = [reference for reference in self._nodes if reference() is not None]
        self._nodes.append(weakref.ref(node))
        outputs = node.outputs()
        return outputs[0] if len(outputs) == 1 else outputs

    def _run(self, arrays: list[Array], training: bool, masks: Sequence[Array | None] = ()) -> Any:
        given = [mask for mask in masks if mask is not None]
        if not all(array.ndim for array in (*arrays, *given)):
            raise ValueError(f"[{self.name}] expected an array with a batch axis, got a single number")
        shapes = [array.shape[1:] for array in arrays]
        mask_shapes = [None if mask is None else mask.shape[1:] for mask in masks]
        if self._eager is None or self._eager[0] != (shapes, mask_shapes):
            self.build_rows(shapes)
            network = config.scalars(self.dtype).Network(self.name)
            values = [network.add_input(shape, f"input_{i}") for i, shape in enumerate(shapes)]
            where = [None if shape is None else network.add_input(shape, "mask") for shape in mask_shapes]
            network.set_outputs(self.add_to(network, values, where if given else []))
            self._eager = ((shapes, mask_shapes), network)
        network, inputs = self._eager[1], [*arrays, *given]
        outputs = network.run(inputs, True, draw_seed()) if training else network.predict(inputs)
        return outputs[0] if len(outputs) == 1 else outputs

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
        names = () if type(self).__init__ is Layer.__init__ else argument_names(type(self))
        own = (name for name in names if name not in (*_SHARED, *self.unsaved))
        return common | {name: plain(getattr(self, name)) for name in own}

    def __reduce__(self) -> tuple[Any, ...]:
        from ranvier.saving import pickling

        return pickling.reduce_layer(self)

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
