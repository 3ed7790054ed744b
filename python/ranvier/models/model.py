"""Models: any directed acyclic graph of layers, made of symbols or by a method `call`."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import _filling, _passes
from ranvier import layers as layers_module
from ranvier._custom_objects import custom_object_scope
from ranvier.callbacks import History
from ranvier.errors import unknown
from ranvier.layers import tracing
from ranvier.layers.layer import Layer, row_shape
from ranvier.layers.tracing import alike
from ranvier.models import door, graph, graph_config, nested, written
from ranvier.models.saved import Saved
from ranvier.models.sizes import Latest, Sized
from ranvier.models.summary import print_summary
from ranvier.subgraph import Subgraph, called_again, from_inputs
from ranvier.symbol import KerasTensor, Node
from ranvier.utils.naming import snake_case, unique_name
from ranvier.variable import Variable

if TYPE_CHECKING:
    from collections.abc import Callable

    from ranvier import _core
    from ranvier._typing import Shape

_NONE: Mapping[str, Any] = MappingProxyType({})


class Model(Saved, Layer):
    """A network from one or more inputs to one or more outputs, made by calling layers on symbols.

    It is a layer as well: called on symbols it becomes a part of a larger network, with the same weights.

    A class with a method `call(self, inputs)`, and layers as attributes, needs neither inputs nor outputs: `call` is
    recorded when the model is built or first sees data, once for each size of these, and then runs natively. If it
    takes `training`, both ways are recorded, and each runs where it belongs.

    Args:
        inputs: what `Input` returned, or a list or dict of such. A symbol in the middle of a network is replaced by an
            input of its shape.
        outputs: symbols that layers returned, or a list or dict of them: in which form `predict` returns them.
        name: by default "functional", numbered.
        trainable: whether `fit` changes the weights.
        dtype: number type of a model that is written with `call`; that of others is their layers'.

    Raises: TypeError for anything that is no symbol; ValueError if outputs need an input that is not given.

    >>> from ranvier import Input, layers
    >>> x = Input((4,))
    >>> Model(x, layers.Dense(2)(x)).count_params()
    10
    """

    _input_keys: list[str] | None = None  # where inputs, or outputs, are a dict
    _output_keys: list[str] | None = None

    def __init__(
        self,
        inputs: Any = None,
        outputs: Any = None,
        name: str | None = None,
        trainable: bool = True,
        dtype: Any = None,
    ) -> None:
        if inputs is None and outputs is None:
            written.check(self)
            self._start(unique_name(snake_case(type(self).__name__)) if name is None else str(name), dtype)
            self._is_written, self._trainable = True, bool(trainable)
            return
        self._start(unique_name("functional") if name is None else str(name))
        self._input_keys = [str(key) for key in inputs] if isinstance(inputs, Mapping) else None
        self._output_keys = [str(key) for key in outputs] if isinstance(outputs, Mapping) else None
        self._many_outputs = isinstance(outputs, list | tuple | Mapping)
        self._set_graph(symbols("inputs", inputs), symbols("outputs", outputs))
        if not trainable:
            self.trainable = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in vars(cls) and hasattr(cls, "call"):
            cls.build = _building(cls.build)  # type: ignore[method-assign]

    def _start(self, name: str, dtype: Any = None) -> None:
        Layer.__init__(self, name=name, dtype=dtype)
        self._is_written = False
        self._many_outputs = False
        self._form: Any = None  # in which inputs of a model with a method `call` come
        self._sizes: Latest[Sized] = Latest()  # of a model whose inputs have open sizes
        self.stop_training = False
        self.history: History | None = None
        self._training_lock = Lock()
        self._inputs: list[KerasTensor] = []
        self._outputs: list[KerasTensor] = []
        self._graph: Subgraph | None = None
        self._layers: list[Layer] = []
        self._forget_network()

    def _set_graph(self, inputs: list[KerasTensor], outputs: list[KerasTensor]) -> None:
        if not all(symbol.node.layer.is_input for symbol in inputs):
            inputs, outputs = from_inputs(inputs, outputs)
        for symbol in outputs:
            if symbol.single:
                raise ValueError(
                    f"[Model] the output '{symbol.name}' is one for the whole batch: outputs have a row for each row "
                    "of the inputs"
                )
        made = Subgraph(inputs, outputs)
        graph.check_names(made.layers)
        graph.dtype_of(made.layers)
        self._graph, self._layers = made, made.layers
        self._inputs, self._outputs = inputs, outputs
        self.merges = len(inputs) > 1
        self._forget_network()

    @property
    def _nodes(self) -> list[Node]:
        return [] if self._graph is None else self._graph.nodes

    @property
    def network(self) -> _core.Network:
        """The native network, made when first needed.

        Raises: ValueError before the input shape is known.
        """
        if self._network is None:
            if self._is_open:
                self._network, self._dtype = self._at(self._probe_shapes()).network
                return self._network
            self._network, self._dtype = graph.native_network(self.name, self._whole_graph())
            if len(self._inputs) == 1 and not self._many_outputs:
                self._fast_shape = self._inputs[0].node.shapes[0]
                self._fast_predict = (
                    functools.partial(_passes.infer, self._network) if self._network.draws else self._network.predict
                )
        return self._network

    @property
    def _is_open(self) -> bool:
        """Whether inputs have sizes that differ from batch to batch."""
        return self._is_written or any(symbol.is_open for symbol in self._inputs)

    def _probe_shapes(self) -> list[Shape]:
        self._require_graph()
        return [symbol.row_shape for symbol in self._inputs]

    def _at(self, shapes: Sequence[Shape]) -> Sized:
        """What runs a model with open sizes on inputs of these shapes.

        Raises: ValueError where a layer cannot take them.
        """
        sizes = [tuple(shape) for shape in shapes]
        return self._sizes.get((repr(self._form), *sizes), lambda: self._made_for(sizes))

    def _made_for(self, shapes: list[Shape]) -> Sized:
        if self._is_written:
            made, returned = written.record(self, self._form, shapes)
            if not self._outputs:
                self._input_keys = self._form if isinstance(self._form, list) else None
                self._output_keys = [str(key) for key in returned] if isinstance(returned, Mapping) else None
                self._many_outputs = isinstance(returned, list | tuple | Mapping)
                self._graph, self._inputs, self._outputs = made, made.inputs, made.outputs
                self.merges = len(made.inputs) > 1
                self._name_outputs()
            return Sized(self.name, made)
        given = [
            layers_module.Input(shape, dtype=symbol.dtype, name=symbol.name)
            for shape, symbol in zip(shapes, self._inputs, strict=True)
        ]
        return Sized(self.name, Subgraph(given, called_again(self._inputs, self._outputs, given), self.name))

    def _network_at(self, shapes: Sequence[Shape]) -> _core.Network:
        if not self._is_open:
            return self.network
        network, self._dtype = self._at(shapes).network
        return network

    def _see(self, inputs: Any) -> None:
        form = written.forms(inputs) if self._is_written else None
        if not (isinstance(form, list) and isinstance(self._form, list)):  # names are checked as those of any model
            self._form = form

    @property
    def is_traced(self) -> bool:
        """Whether it is written in Python, with a method `call`."""
        return self._is_written

    def _require_graph(self) -> None:
        if not self._outputs:
            raise ValueError(
                f"[{self.name}] does not know its input shape: call build, or fit or call it on data first"
            )

    def _whole_graph(self) -> Subgraph:
        self._require_graph()
        assert self._graph is not None
        return self._graph

    @property
    def built(self) -> bool:
        """Whether the input shape is known and the weights exist."""
        return bool(self._outputs) or self._built

    @property
    def layers(self) -> list[Layer]:
        """The layers, each once, in the order of `get_weights`."""
        return self.sublayers() if self._is_written else list(self._layers)

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """A layer by its name or its position in `layers`.

        Raises: ValueError if there is none, or not exactly one of the arguments is given.
        """
        if (name is None) == (index is None):
            raise ValueError(f"[{self.name}] get_layer takes either name or index, got name={name!r}, index={index!r}")
        if index is not None:
            if not -len(self.layers) <= index < len(self.layers):
                raise ValueError(f"[{self.name}] there is no layer {index}: it has {len(self.layers)} layers")
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise ValueError(unknown(self.name, "layer", str(name), [layer.name for layer in self.layers]))

    def named_sublayers(self) -> dict[str, Layer]:
        """The layers by their names; those of a model with a method `call` by the attributes that hold them."""
        if self._is_written:
            return Layer.named_sublayers(self)
        return {layer.name: layer for layer in self.layers}

    def all_layers(self) -> Iterator[tuple[str, Layer]]:
        """Every layer, those of nested models and layers behind these, with its path, such as "encoder/dense"."""
        if self._is_written:
            yield from self.walk()
            return
        met = set()
        for top in self.layers:
            for path, layer in top.walk():
                if id(layer) not in met:
                    met.add(id(layer))
                    yield path, layer

    @property
    def own_variables(self) -> list[Variable]:
        """None, all belong to layers; but a model with a method `call` may have made some itself."""
        return list(self._variables)

    @property
    def variables(self) -> list[Variable]:
        """All weights, each once, in the order of `layers`."""
        below = [variable for layer in self.layers for variable in layer.variables]
        return list({id(variable.native): variable for variable in (*self._variables, *below)}.values())

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbols that data enters by.

        Raises: ValueError before the input shape is known; so do the properties below.
        """
        self._require_graph()
        return list(self._inputs)

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbols that predictions leave by."""
        self._require_graph()
        return list(self._outputs)

    @property
    def input(self) -> Any:
        """The only input, or the list or dict of them."""
        if self._input_keys is not None:
            return dict(zip(self._input_keys, self.inputs, strict=True))
        return self.inputs[0] if len(self._inputs) == 1 else self.inputs

    @property
    def output(self) -> Any:
        """The only output, or the list or dict of them."""
        return self._structured(self.outputs)

    def _structured(self, outputs: list[Any]) -> Any:
        if self._output_keys is not None:
            return dict(zip(self._output_keys, outputs, strict=True))
        return outputs if self._many_outputs else outputs[0]

    @property
    def input_shape(self) -> Any:
        """Shape of the input with the batch axis, or a list."""
        shapes = [symbol.shape for symbol in self.inputs]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def output_shape(self) -> Any:
        """Shape of the output with the batch axis, or a list or dict."""
        return self._structured([symbol.shape for symbol in self.outputs])

    @property
    def input_names(self) -> list[str]:
        """What arrays are called in a dict of them: the keys of `inputs`, or the names of the input layers."""
        if self._is_written:
            return written.names(self._form)
        return self._input_keys or [symbol.name for symbol in self.inputs]

    @property
    def output_names(self) -> list[str]:
        """Keys of `loss`, `metrics` and logs: those of `outputs`, or the layers that outputs come from."""
        if self._output_keys is not None:
            return list(self._output_keys)
        if self._is_written:
            return [f"output_{i}" for i in range(len(self._outputs))] if len(self._outputs) != 1 else ["output"]
        names = [graph.output_name(symbol) for symbol in self.outputs]
        return [name if names.count(name) == 1 else f"{name}_{i}" for i, name in enumerate(names)]

    @property
    def dtype(self) -> str:
        """Either "float32" or "float64"."""
        return self.dtype_policy.variable_dtype if self._is_written else graph.dtype_of(self.layers)

    def add_loss(self, loss: Any) -> None:
        """Adds to the loss: in `call`, as any layer, or to a model that is made of symbols, a symbol of its graph.

        Args:
            loss: see `Layer.add_loss`.

        Raises: ValueError in other places, and for symbols that need other inputs; TypeError for what is no symbol.

        >>> import numpy as np
        >>> from ranvier import Input, ops
        >>> x = Input((1,))
        >>> model = Model(x, x * 1)
        >>> model.add_loss(ops.mean(x))
        >>> model.compile("sgd", "mse")
        >>> model.evaluate(np.array([[2.0]]), np.array([[2.0]]), verbose=0)
        2.0
        """
        if self._is_written:
            super().add_loss(loss)
            return
        values = loss if isinstance(loss, list | tuple) else [loss]
        for value in values:
            if not isinstance(value, KerasTensor):
                raise TypeError(f"[{self.name}] add_loss expects symbols of the model's graph, got {value!r:.80}")
        self._set_graph(self._inputs, graph.with_losses(self.outputs, values))

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights; a model that is made of symbols has them from the start.

        Args:
            input_shape: shape of the input with the batch axis, such as (None, 784); a list or dict of them for a model
                whose `call` takes several.

        Raises: ValueError where a layer cannot take it.
        """
        if self._is_written and not self.built and not self._building and input_shape is not None:
            self._build_as(input_shape)

    def _build_as(self, input_shape: Any) -> None:
        self._form, shapes = None, [input_shape]
        if isinstance(input_shape, Mapping):
            self._form, shapes = list(input_shape), list(input_shape.values())
        elif isinstance(input_shape[0], list | tuple):
            self._form, shapes = len(input_shape), list(input_shape)
        self._build_for([row_shape(shape) for shape in shapes])

    def _build_for(self, shapes: list[Shape]) -> None:
        """Learns the shapes of one row of each input, where the model can."""
        if self._is_written:
            self._at(shapes)

    def _row_shapes(self, data: list[Shape] | None = None) -> tuple[list[Shape], list[Shape]]:
        """Shapes of one row of each input and output, for those of the arrays at hand; without, open sizes are None."""
        if self._is_open and data is not None:
            return data, self._at(data).outputs
        inputs, outputs = ([symbol.shape[1:] for symbol in side] for side in (self.inputs, self.outputs))
        return inputs, outputs  # type: ignore[return-value]

    def _input_names(self) -> list[str]:
        return self.input_names if self._is_written else super()._input_names()

    def _wanted_shapes(self) -> list[Shape] | None:
        return self._row_shapes()[0] if self.built and not self._is_written else None

    def __call__(self, inputs: Any, training: bool = False, **options: Any) -> Any:
        """Applies the model: to arrays, at once; to symbols, as a part of a larger network.

        Args:
            inputs: an array (batch, ...) or a symbol for each input; for several a list, or a dict by name.
            training: for arrays, whether layers behave as in training (dropout drops).
            **options: none.

        Raises: ValueError if shapes do not fit.
        """
        if type(inputs) is np.ndarray and not training and inputs.shape[1:] == self._fast_shape:
            return self.predict(inputs)
        if options and not self._is_written:
            raise TypeError(unknown(self.name, "argument", next(iter(options)), ["training"]))
        given = list(inputs.values()) if isinstance(inputs, Mapping) else inputs
        if isinstance(given, KerasTensor) or (
            isinstance(given, list | tuple) and any(isinstance(item, KerasTensor) for item in given)
        ):
            if self._is_written:
                return tracing.call(self, (inputs,), options)
            return self.add_node(tuple(self._input_list(inputs)))
        if options:
            return tracing.call(self, (inputs,), {"training": training, **options})
        arrays = self._arrays(inputs, "call")
        network = self._network_at([array.shape[1:] for array in arrays])
        return self._structured(_passes.run(network, arrays, training))

    def _input_list(self, inputs: Any) -> list[Any]:
        values = door.per_name(self.name, "inputs", inputs, self.input_names if self.built else ["inputs"])
        if len(values) == 1 and isinstance(values[0], list | tuple) and len(values[0]) == 1:
            values = list(values[0])
        if not all(isinstance(value, KerasTensor) for value in values):
            raise TypeError(f"[{self.name}] expected symbols or arrays, got some of each")
        return values

    def add_node(
        self,
        inputs: tuple[KerasTensor, ...],
        masks: Sequence[KerasTensor | None] = (),
        options: Mapping[str, Any] = _NONE,
    ) -> Any:
        inputs = alike(inputs)
        outputs = self.build_rows([symbol.row_shape for symbol in inputs])
        known = self.known_masks(inputs, masks)
        inner = nested.with_masks(self._graph_at([symbol.row_shape for symbol in inputs]), known, self.name)
        node = Node(self, inputs, outputs, known if any(mask is not None for mask in known) else (), inner=inner)
        others = self._graph_at([symbol.other_shape for symbol in inputs]).outputs
        node.output_masks = nested.output_masks(node, inner, others)
        return self.remember(node)

    def _graph_at(self, shapes: Sequence[Shape]) -> Subgraph:
        return self._at(shapes).graph if self._is_open else self._whole_graph()

    def build_rows(self, shapes: list[Shape]) -> list[Shape]:
        """Learns the shapes of one row of each input, where the model can; returns those of the outputs."""
        with _filling.inside(self._role or self.name):
            self._build_for(shapes)
        return self.row_shapes(shapes)

    def row_shapes(self, shapes: list[Shape], options: Mapping[str, Any] = _NONE) -> list[Shape]:
        """Shapes of a row of each output for those of the inputs.

        Raises: ValueError if they are not those of the inputs.
        """
        if self._is_written:
            return tracing.output_shapes(self, shapes)
        wanted, outputs = self._row_shapes(shapes)
        if self._is_open:
            return outputs
        if wanted != [tuple(shape) for shape in shapes]:
            raise ValueError(
                f"[{self.name}] expected input {', '.join(map(door.starred, wanted))}, got "
                f"{', '.join(map(door.starred, shapes))}"
            )
        return outputs

    def summary(
        self,
        line_length: int | None = None,
        positions: Sequence[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Sequence[str] | None = None,
    ) -> None:
        """Prints a table of the layers, their output shapes and numbers of weights.

        Args:
            line_length: width of the table in characters.
            positions: where columns end, as shares of the width or in characters.
            print_fn: called on each line instead of printing it.
            expand_nested: whether to show the layers of nested models below these.
            show_trainable: whether to add a column that says which layers `fit` changes.
            layer_range: names, or patterns of names, of the first and the last layer to show.

        Raises: ValueError for positions that do not grow, or a range that matches no layer.
        """
        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range)

    def get_config(self) -> dict[str, Any]:
        """The layers and how they are connected, as JSON can hold them; or the arguments of a class with `call`.

        Raises: TypeError for a class that does not keep an argument in the attribute of its name.
        """
        return Layer.get_config(self) if self._is_written else graph_config.describe(self)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Model:
        """A model from what `get_config` returned, with new weights.

        Args:
            config: what `get_config` returned.
            custom_objects: classes of your own that it names.

        Raises: ValueError, TypeError and KeyError for anything else.
        """
        with custom_object_scope(custom_objects):
            return graph_config.make(cls, config) if "nodes" in config else written.from_config(cls, config)

    def __copy__(self) -> Model:
        return copy.deepcopy(self)

    def __reduce__(self) -> tuple[Any, ...]:
        from ranvier.saving import pickling

        return pickling.reduce_model(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _building(build: Callable[..., None]) -> Callable[..., None]:
    # `build` of a class with a method `call` is called while that is recorded, whoever asks first.
    @functools.wraps(build)
    def once(self: Model, *shapes: Any, **named: Any) -> None:
        if self._built:
            return
        if self._building:
            build(self, *shapes, **named)
        else:
            self._build_as(next(iter((*shapes, *named.values())), None))

    return once


def symbols(argument: str, value: Any) -> list[KerasTensor]:
    """A symbol or a list or dict of symbols as a list.

    Raises: TypeError for anything else.
    """
    items = list(value.values()) if isinstance(value, Mapping) else value
    items = list(items) if isinstance(items, list | tuple) else [items]
    for item in items:
        if not isinstance(item, KerasTensor):
            hint = ": call Input((features,)) for a symbol" if isinstance(item, np.ndarray | int | tuple) else ""
            raise TypeError(f"[Model] {argument} must be symbols, as Input and layers return, got {item!r:.80}{hint}")
    if not items:
        raise ValueError(f"[Model] expected at least one of {argument}, got none")
    return items
