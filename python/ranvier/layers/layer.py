"""The base of all layers: names, weights, configuration, and calls on arrays and on symbols."""

from __future__ import annotations

import math
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ranvier import _filling, _passes, config, constraints, dtype_policies, initializers, regularizers
from ranvier._configurable import Configurable, argument_names, plain
from ranvier.errors import unknown
from ranvier.layers import tracing
from ranvier.symbol import KerasTensor, Node
from ranvier.utils.naming import snake_case, unique_name
from ranvier.variable import HasWeights, Variable

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Array, ArrayLike, BatchShape, Shape

# Arguments that every configuration has; those of shapes are part of none.
_SHARED = ("name", "trainable", "dtype", "activity_regularizer")
_COMMON = (*_SHARED, "input_shape", "input_dim", "batch_input_shape")
_NONE: Mapping[str, Any] = MappingProxyType({})


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
    merges: bool = False  # takes a list of inputs
    # Weights whose initializer, regularizer and constraint are arguments of another name: {"kernel": "depthwise"}.
    options_of: ClassVar[dict[str, str]] = {}
    supports_masking: bool = False  # passes the mask of its input on, or makes one
    takes_masks: bool = False  # computes something else where a mask is 0
    unsaved: ClassVar[tuple[str, ...]] = ()  # arguments that are no part of the configuration
    is_hidden: ClassVar[bool] = False  # belongs to the layer that reads it: shown and saved in no model
    is_input: ClassVar[bool] = False  # where data enters: computes nothing
    draws: bool = False  # each of its nodes makes other numbers, whatever it reads
    call_options: ClassVar[Mapping[str, Any]] = _NONE  # other arguments of a call, and their defaults

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
            input_shape = tuple(batch_input_shape)[1:]  # type: ignore[assignment]
        elif input_dim is not None:
            input_shape = (input_dim,)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self.given_input_shape = None if input_shape is None else checked_shape(self.name, input_shape, with_open=True)
        self._native: _core.Layer | None = None
        self._variables: list[Variable] = []
        self._calls: list[weakref.ref[Node]] = []
        self._variants: dict[str, _core.Layer] = {}
        self._role: str | None = None  # what a layer that is made of this one calls it
        self._built = self._building = False  # of a layer written in Python
        self._traced: Any = None
        self._eager: tuple[Any, _core.Network] | None = None
        self._built_shapes: list[Shape] | None = None  # that it was built for

    def native_kind(self) -> str:
        """The node kind that computes this layer."""
        return self.kind

    def native_config(self) -> dict[str, Any]:
        """What the native layer is told."""
        return {}

    def native_options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """What the native layer is told besides, of a call with these options."""
        return dict(options)

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
                raise TypeError(f"[{self.name}] has no native layer: a layer written in Python needs a method `call`")
            kind = config.scalars(self.dtype).Layer
            native = kind(self.native_kind(), self.native_config(), self.name)
            native.trainable = self._trainable
            if self.activity_regularizer is not None:
                native.activity_regularizer = self.activity_regularizer.native(self.dtype)
            self._native = native
        return self._native

    def native_for(self, options: Mapping[str, Any]) -> _core.Layer:
        """The native layer for calls with these options; all share the weights."""
        if not options:
            return self.native
        key = repr(sorted(options.items()))
        if key not in self._variants:
            told = self.native_config() | self.native_options(options)
            variant = self._variants[key] = self.native.variant(told)
            variant.trainable = self._trainable
            variant.activity_regularizer = self.native.activity_regularizer
        return self._variants[key]

    @property
    def is_traced(self) -> bool:
        """Whether it is written in Python: a method `call` says what it does."""
        return hasattr(self, "call")

    @property
    def recorded_call(self) -> Callable[..., Any]:
        """What is recorded of a layer that is written in Python."""
        made: Callable[..., Any] = self.call  # type: ignore[attr-defined]  # that is what makes it such a layer
        return made

    @property
    def built(self) -> bool:
        """Whether the weights exist."""
        if self.is_traced:
            return self._built
        return self._native is not None and self._native.built

    def named_sublayers(self) -> dict[str, Layer]:
        """The layers that one written in Python is made of, by the attributes that hold them, in their order."""
        found: dict[str, Layer] = {}
        for attribute, value in vars(self).items() if self.is_traced else ():
            items = _items(value)
            for number, item in enumerate(items):
                if isinstance(item, Layer) and not any(item is other for other in found.values()):
                    found[attribute if item is value else f"{attribute}_{number}"] = item
        return found

    def sublayers(self) -> list[Layer]:
        """The layers that this one is made of."""
        return list(self.named_sublayers().values())

    def walk(self, above: str = "", role: str | None = None) -> Iterator[tuple[str, Layer]]:
        """This layer and all below it, each with its path, such as "encoder/dense"."""
        path = f"{above}{role or self.name}"
        yield path, self
        for name, layer in self.named_sublayers().items():
            yield from layer.walk(f"{path}/", name)

    @property
    def own_variables(self) -> list[Variable]:
        """The weights without those of the layers that one written in Python is made of."""
        return list(self._variables) if self.is_traced else self.variables

    @property
    def variables(self) -> list[Variable]:
        """All weights, each once; none before `build`."""
        below = [variable for layer in self.sublayers() for variable in layer.variables]
        return list({id(variable.native): variable for variable in (*self._variables, *below)}.values())

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
        for variant in self._variants.values():
            variant.trainable = self._trainable
        for variable in self._variables:
            if not variable.statistic:
                variable.trainable = self._trainable
        for layer in self.sublayers():
            layer.trainable = self._trainable

    def build(self, input_shape: Any) -> None:
        """Creates the weights and draws their initial values; again with a shape that fits: nothing.

        Args:
            input_shape: shape of the input with the batch axis, such as (None, 784); for a layer that merges, a list.

        A layer written in Python makes its weights here, with `add_weight`.

        Raises: ValueError if the layer cannot take such inputs.
        """
        if not self.is_traced:
            self.build_rows([row_shape(shape) for shape in (input_shape if self.merges else [input_shape])])

    def finish_build(self) -> None:
        """Called once `build` of a layer written in Python is done."""
        self._built = True
        file = _filling.source()
        if file is not None and self._variables:
            file.fill(_filling.above(), [variable.native for variable in self._variables])

    def add_weight(
        self,
        shape: Sequence[int] | int | None = None,
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        autocast: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        aggregation: str = "none",
        overwrite_with_gradient: bool = False,
        name: str | None = None,
    ) -> Variable:
        """A new weight, for `build` of a layer written in Python.

        Args:
            shape: of the weight; () or None is a single number.
            initializer: what draws its first values; by default Glorot's uniform one, and zeros for no axes.
            dtype: must be that of the layer, or None.
            trainable: whether optimizers change it.
            autocast: accepted for compatibility.
            regularizer: penalty on it.
            constraint: condition that is restored after each update.
            aggregation: accepted for compatibility.
            overwrite_with_gradient: accepted for compatibility.
            name: by default "variable", numbered.

        Raises: ValueError for a shape that is not of positive integers, or another number type.
        """
        if dtype is not None and str(np.dtype(dtype)) != self.dtype:
            raise ValueError(f"[{self.name}] expected weights of {self.dtype}, as the layer, got dtype={dtype!r}")
        axes = () if shape is None else checked_shape(self.name, shape)
        label = name or ("variable" if not self._variables else f"variable_{len(self._variables)}")
        file = _filling.source()
        if file is not None and math.prod(axes) > file.elements(_filling.above()):
            raise ValueError(f"[{self.name}] asks for more weights than the file has")
        native = tracing.add_variable(self, axes, label, trainable and self._trainable)
        variable = Variable(native.parameters[0], self.name, native)
        variable.statistic = not trainable
        drawn = initializers.get(initializer or ("glorot_uniform" if axes else "zeros"))
        if file is None:
            with tracing.at_once():
                variable.assign(drawn(axes, dtype=self.dtype))
        variable.regularizer = regularizers.get(regularizer)
        variable.constraint = constraints.get(constraint)
        self._variables.append(variable)
        return variable

    def add_loss(self, loss: Any) -> None:
        """Adds to the loss in `fit`, `train_on_batch` and `evaluate`; for `call` of a layer or model written in Python.

        It counts once for each call of the layer: in `call` of another layer or model always, in a model made of
        symbols if that uses what the call returned. Sample weights do not touch it.

        Args:
            loss: a symbol, or a list of them: a number for the whole batch, as `ops.mean` makes one. Of several numbers
                the sum is added, as in Keras.

        Raises: ValueError outside of `call`; TypeError for what is no symbol.

        >>> import numpy as np
        >>> from ranvier import Sequential, layers, ops
        >>> class Small(layers.Layer):
        ...     def call(self, inputs):
        ...         self.add_loss(0.5 * ops.mean(ops.square(inputs)))
        ...         return inputs
        >>> model = Sequential([layers.Input((1,)), Small()])
        >>> model.compile("sgd", "mse")
        >>> model.evaluate(np.array([[2.0]]), np.array([[2.0]]), verbose=0)
        2.0
        """
        tracing.add_loss(self, loss)

    def build_rows(self, shapes: list[Shape]) -> list[Shape]:
        """`build` for shapes without the batch axis; returns those of the outputs."""
        if self.is_traced:
            return tracing.output_shapes(self, shapes)
        outputs = self.row_shapes(shapes)
        if self.native.built:
            self.native.build(shapes)
            return outputs
        self._built_shapes = list(shapes)
        file, path = _filling.source(), _filling.path(self._role or self.name)
        self.native.build(shapes, -1 if file is None else file.elements(path))
        parameters = self.native.parameters
        if file is not None:
            file.fill(path, parameters)
        for parameter in parameters:
            if file is None:
                initializer = self.chosen(parameter.name, "initializer") or initializers.Zeros()
                with tracing.at_once():
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

    def row_shapes(self, shapes: list[Shape], options: Mapping[str, Any] = _NONE) -> list[Shape]:
        """Shapes of a row of each output for those of the inputs.

        Raises: ValueError if the layer cannot take such inputs.
        """
        if self.is_traced:
            return tracing.output_shapes(self, shapes)
        return self.native_for(options).output_shapes(shapes)

    def what_it_does(self) -> Any:
        """Equal for layers that do the same with the same weights."""
        return id(self)

    def other_shapes(self, node: Node) -> list[Shape]:
        """Shapes of a row of each output of a new node with the other sizes that stand for open ones.

        Raises: ValueError if the layer needs a size that is open.
        """
        if self.is_traced:
            return tracing.other_shapes(self, node)
        shapes = [symbol.other_shape for symbol in node.inputs]
        try:
            outputs = self.build_rows(shapes)
            return self.row_shapes(shapes, node.options) if node.options else outputs
        except ValueError as error:
            given = " and ".join(str(symbol.shape) for symbol in node.inputs)
            raise ValueError(
                f"[{self.name}] cannot take an input {given}: it needs sizes that Input leaves open. Give them to "
                "Input, or put a layer in front whose output has one size, such as GlobalAveragePooling1D or LSTM"
            ) from error

    def add_to(
        self,
        network: _core.Network,
        inputs: list[int],
        masks: Sequence[int | None],
        options: Mapping[str, Any] = _NONE,
    ) -> list[int]:
        """Adds what computes the layer to a native network; returns the values of the outputs."""
        if self.is_traced:
            return tracing.add_to(self, network, inputs, masks)
        return network.add(self.native_for(options), inputs, masks)

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

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Applies the layer: to an array, at once; to a symbol, as a node of a network to be.

        Args:
            *args: an array (batch, ...) or a symbol; a list of them for a layer that merges.
            **kwargs: `training`: for arrays, whether the layer behaves as in training (dropout drops); and other
                arguments of the call that this layer takes; `mask`: which positions of the input count, (batch, steps),
                or a list, for a layer that takes masks; a symbol brings its own.

        Raises: ValueError if the shape does not fit; TypeError for other arguments.
        """
        if self.is_traced:
            return tracing.call(self, args, kwargs)
        return self._call_native(*args, **kwargs)

    def _call_native(self, inputs: Any, training: bool = False, mask: Any = None, **options: Any) -> Any:
        for option in options:
            if option not in self.call_options:
                raise TypeError(unknown(self.name, "argument", option, ["training", *self.call_options]))
        chosen = {name: value for name, value in options.items() if value != self.call_options[name]}
        values = self._input_list(inputs)
        return self._apply(values, list(mask) if isinstance(mask, list | tuple) else [mask], training, chosen)

    def _apply(self, values: list[Any], masks: list[Any], training: bool, options: Mapping[str, Any] = _NONE) -> Any:
        given = [mask for mask in masks if mask is not None]
        if given and not self.takes_masks:
            raise TypeError(f"[{self.name}] takes no mask")
        if len(masks) > len(values):
            raise ValueError(f"[{self.name}] expected a mask for each of {len(values)} inputs, got {len(masks)}")
        symbols = [value for value in (*values, *given) if isinstance(value, KerasTensor)]
        if len(symbols) == len(values) + len(given):
            return self.add_node(tuple(values), masks, options)
        if symbols:
            raise TypeError(f"[{self.name}] expected symbols or arrays, got some of each")
        arrays = [np.asarray(value) for value in values]
        return self._compute(arrays, training, [None if mask is None else np.asarray(mask) for mask in masks], options)

    def call_again(
        self,
        inputs: Sequence[KerasTensor],
        options: Mapping[str, Any],
        masks: Sequence[KerasTensor | None] = (),
    ) -> list[KerasTensor]:
        """What comes out of a call like one that a node remembers, on other symbols."""
        if self.is_traced:
            return tracing.call_again(self, inputs, options)
        made = self.add_node(tuple(inputs), masks, options) if options else self.add_node(tuple(inputs), masks)
        return [made] if isinstance(made, KerasTensor) else list(made.values() if isinstance(made, dict) else made)

    def _input_list(self, inputs: Any) -> list[Any]:
        if not self.merges:
            return [inputs]
        if not isinstance(inputs, list | tuple) or not inputs:
            raise TypeError(f"[{self.name}] expected a list of inputs, got {type(inputs).__name__}")
        return list(inputs)

    def add_node(
        self,
        inputs: tuple[KerasTensor, ...],
        masks: Sequence[KerasTensor | None] = (),
        options: Mapping[str, Any] = _NONE,
    ) -> Any:
        """Calls the layer on symbols: all that it reads, with masks for those that are not to have their own.

        Raises: ValueError if a shape does not fit.
        """
        inputs = tracing.alike(inputs)
        shapes = [symbol.row_shape for symbol in inputs]
        outputs = self.build_rows(shapes)
        if options:
            outputs = self.row_shapes(shapes, options)
        known = self.known_masks(inputs, masks)
        kept = known if self.takes_masks and any(mask is not None for mask in known) else ()
        node = Node(self, inputs, outputs, kept, options, single=inputs[0].single)
        self.pass_masks(node, known)
        return self.remember(node)

    def known_masks(
        self, inputs: Sequence[KerasTensor], masks: Sequence[KerasTensor | None] = ()
    ) -> list[KerasTensor | None]:
        """The masks of inputs: those given, otherwise their own."""
        own = [*masks, *[None] * (len(inputs) - len(masks))]
        return [symbol.mask if mask is None else mask for symbol, mask in zip(inputs, own, strict=True)]

    def pass_masks(self, node: Node, known: list[KerasTensor | None]) -> None:
        """Says which positions of the outputs of a new node count, given the masks of its inputs."""
        inputs = node.inputs
        if self.supports_masking:
            made = self.compute_mask(list(inputs), known) if self.merges else self.compute_mask(inputs[0], known[0])
            found = list(made) if isinstance(made, list | tuple) else [made] + [None] * (len(node.shapes) - 1)
            node.output_masks = tuple(found) if any(mask is not None for mask in found) else ()
        elif any(mask is not None for mask in known) and not self.takes_masks:
            warnings.warn(
                f"[{self.name}] does not support masks: the layers behind it will see all steps of its input",
                UserWarning,
                stacklevel=4,
            )

    def remember(self, node: Node) -> Any:
        """Keeps track of a call of this layer, without keeping it alive, and returns what came out."""
        self._calls = [reference for reference in self._calls if reference() is not None]
        self._calls.append(weakref.ref(node))
        tracing.remember(node)
        return self._structured(node.outputs())

    def _structured(self, outputs: list[Any]) -> Any:
        return outputs[0] if len(outputs) == 1 else outputs

    def _compute(
        self,
        arrays: list[Array],
        training: bool,
        masks: Sequence[Array | None] = (),
        options: Mapping[str, Any] | None = None,
    ) -> Any:
        given = [mask for mask in masks if mask is not None]
        if not all(array.ndim for array in (*arrays, *given)):
            raise ValueError(f"[{self.name}] expected an array with a batch axis, got a single number")
        shapes = [array.shape[1:] for array in arrays]
        mask_shapes = [None if mask is None else mask.shape[1:] for mask in masks]
        key = (shapes, mask_shapes, dict(options or {}))
        if self._eager is None or self._eager[0] != key:
            self.build_rows(shapes)
            network = config.scalars(self.dtype).Network(self.name)
            values = [network.add_input(shape, f"input_{i}") for i, shape in enumerate(shapes)]
            where = [None if shape is None else network.add_input(shape, "mask") for shape in mask_shapes]
            network.set_outputs(self.add_to(network, values, where if given else [], options or _NONE))
            self._eager = (key, network)
        network, inputs = self._eager[1], [*arrays, *given]
        return self._structured(_passes.run(network, inputs, training))

    def _only_node(self, what: str) -> Node:
        nodes = [node for reference in self._calls if (node := reference()) is not None]
        if not nodes:
            raise AttributeError(f"[{self.name}] has no {what}: it is in no model and was called on no symbol")
        return nodes[0]

    @property
    def input(self) -> Any:
        """The symbol, or list of symbols, of the first call of this layer that a model or a symbol still uses."""
        inputs = self._only_node("input").inputs
        return list(inputs) if self.merges or len(inputs) > 1 else inputs[0]

    @property
    def output(self) -> Any:
        """The symbol that came out of that call."""
        return self._only_node("output").outputs()[0]

    @property
    def input_shape(self) -> Any:
        """Shape of `input` with the batch axis; a list for a layer that merges."""
        shapes = [symbol.shape for symbol in self._only_node("input shape").inputs]
        return shapes if self.merges or len(shapes) > 1 else shapes[0]

    @property
    def output_shape(self) -> BatchShape:
        """Shape of `output` with the batch axis."""
        return self._only_node("output shape").outputs()[0].shape

    def get_config(self) -> dict[str, Any]:
        """Name, trainable, dtype and the constructor's arguments."""
        names = () if type(self).__init__ is Layer.__init__ else argument_names(type(self))
        own = [name for name in names if name not in (*_SHARED, "output_shape", *self.unsaved)]
        for name in own:
            if not hasattr(self, name):
                raise TypeError(
                    f"[{self.name}] keeps no argument {name!r} of its constructor: assign it to self.{name}, or define "
                    "get_config"
                )
        return self._common_config() | {name: plain(getattr(self, name)) for name in own}

    def _common_config(self) -> dict[str, Any]:
        common = {"name": self.name, "trainable": self.trainable, "dtype": self.dtype_policy.name}
        if self.activity_regularizer is not None:
            common["activity_regularizer"] = plain(self.activity_regularizer)
        return common

    def __reduce__(self) -> tuple[Any, ...]:
        from ranvier.saving import pickling

        return pickling.reduce_layer(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _items(value: Any) -> Sequence[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list | tuple) else (value,)


def row_shape(batch_shape: Sequence[int | None]) -> Shape:
    """A shape without its batch axis.

    Raises: ValueError if another axis is unknown.
    """
    rest = tuple(batch_shape)[1:]
    if any(axis is None for axis in rest):
        raise ValueError(f"[shape] every axis but the batch must be known, got {tuple(batch_shape)}")
    return tuple(int(axis) for axis in rest if axis is not None)


def checked_shape(where: str, shape: Sequence[int] | int | ArrayLike, with_open: bool = False) -> Shape:
    """A row's shape as a tuple of positive integers; a single integer stands for a vector.

    Args:
        where: who complains.
        shape: what is checked.
        with_open: whether axes may be None, of any size.

    Raises: ValueError for anything else.
    """
    axes = (shape,) if isinstance(shape, int | np.integer) else tuple(shape)
    known = [axis for axis in axes if not (with_open and axis is None)]
    if not all(isinstance(axis, int | np.integer) and not isinstance(axis, bool) and axis >= 1 for axis in known):
        raise ValueError(
            f"[{where}] expected an input shape of positive integers without the batch axis, got {shape!r}"
        )
    return tuple(None if axis is None else int(axis) for axis in axes)  # type: ignore[misc]
