"""The functional model: any directed acyclic graph of layers."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import layers as layers_module
from ranvier._custom_objects import custom_object_scope
from ranvier.callbacks import History
from ranvier.errors import unknown
from ranvier.models import graph
from ranvier.models.saved import Saved
from ranvier.models.summary import print_summary
from ranvier.random import draw_seed
from ranvier.symbol import KerasTensor
from ranvier.utils.naming import unique_name
from ranvier.variable import HasWeights, Variable

if TYPE_CHECKING:
    from collections.abc import Callable

    from ranvier import _core
    from ranvier._typing import BatchShape, Shape
    from ranvier.layers import Layer
    from ranvier.symbol import Node


class Model(Saved, HasWeights):
    """A network from one or more inputs to one or more outputs, made by calling layers on symbols.

    Args:
        inputs: what `Input` returned, or a list of such.
        outputs: symbols that layers returned, or a list of them.
        name: by default "functional", numbered.

    Raises: TypeError for anything that is no symbol; ValueError if outputs need an input that is not given.

    >>> from ranvier import Input, layers
    >>> x = Input((4,))
    >>> Model(x, layers.Dense(2)(x)).count_params()
    10
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        self.name = unique_name("functional") if name is None else str(name)
        self._many_outputs = isinstance(outputs, list | tuple)
        self._start()
        self._set_graph(symbols("inputs", inputs), symbols("outputs", outputs))

    def _start(self) -> None:
        self.stop_training = False
        self.history: History | None = None
        self._trainable = True
        self._training_lock = Lock()
        self._inputs: list[KerasTensor] = []
        self._outputs: list[KerasTensor] = []
        self._nodes: list[Node] = []
        self._layers: list[Layer] = []
        self._forget_network()

    def _set_graph(self, inputs: list[KerasTensor], outputs: list[KerasTensor]) -> None:
        self._nodes = graph.ordered_nodes(inputs, outputs)
        self._layers = graph.layers_of(self._nodes)
        graph.dtype_of(self._layers)
        self._inputs, self._outputs = inputs, outputs
        self._forget_network()

    @property
    def network(self) -> _core.Network:
        """The native network, made when first needed.

        Raises: ValueError before the input shape is known.
        """
        if self._network is None:
            self._require_graph()
            self._network, self._dtype = graph.native_network(self.name, self._inputs, self._outputs, self._nodes)
            if len(self._inputs) == 1 and not self._many_outputs:
                self._fast_shape, self._fast_predict = self._inputs[0].node.shapes[0], self._network.predict
        return self._network

    def _require_graph(self) -> None:
        if not self._outputs:
            raise ValueError(
                f"[{self.name}] does not know its input shape: call build, or fit or call it on data first"
            )

    @property
    def built(self) -> bool:
        """Whether the input shape is known and the weights exist."""
        return bool(self._outputs)

    @property
    def layers(self) -> list[Layer]:
        """The layers, each once, in the order of `get_weights`."""
        return list(self._layers)

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

    @property
    def variables(self) -> list[Variable]:
        """All weights, each once, in the order of `layers`."""
        return [variable for layer in self.layers for variable in layer.variables]

    @property
    def trainable(self) -> bool:
        """Whether `fit` changes the weights. Setting it sets every layer."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        for layer in self.layers:
            layer.trainable = self._trainable

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
        """The only input, or the list of them."""
        return self.inputs[0] if len(self._inputs) == 1 else self.inputs

    @property
    def output(self) -> Any:
        """The only output, or the list of them."""
        return self.outputs if self._many_outputs else self.outputs[0]

    @property
    def input_shape(self) -> BatchShape | list[BatchShape]:
        """Shape of the input with the batch axis, or a list."""
        shapes = [symbol.shape for symbol in self.inputs]
        return shapes[0] if len(shapes) == 1 else shapes

    @property
    def output_shape(self) -> BatchShape | list[BatchShape]:
        """Shape of the output with the batch axis, or a list."""
        shapes = [symbol.shape for symbol in self.outputs]
        return shapes if self._many_outputs else shapes[0]

    @property
    def output_names(self) -> list[str]:
        """The layers that outputs come from: keys of `loss`, `metrics` and logs."""
        return [symbol.name for symbol in self.outputs]

    @property
    def dtype(self) -> str:
        """Either "float32" or "float64"."""
        return graph.dtype_of(self.layers)

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights; a functional model has them from the start.

        Args:
            input_shape: shape of the input with the batch axis, such as (None, 784).
        """

    def _build_for(self, shapes: list[Shape]) -> None:
        """Learns the shapes of one row of each input, where the model can."""

    def _row_shapes(self, data: list[Shape] | None = None) -> tuple[list[Shape], list[Shape]]:
        """Shapes of one row of each input and output; `data`: those of the arrays at hand."""
        return (
            [symbol.node.shapes[symbol.index] for symbol in self.inputs],
            [symbol.node.shapes[symbol.index] for symbol in self.outputs],
        )

    def __call__(self, inputs: Any, training: bool = False) -> Any:
        """Applies the model to arrays at once.

        Args:
            inputs: an array (batch, ...) for each input.
            training: whether layers behave as in training (dropout drops).

        Raises: ValueError if shapes do not fit; TypeError for symbols.
        """
        if type(inputs) is np.ndarray and not training and inputs.shape[1:] == self._fast_shape:
            return self.predict(inputs)
        if isinstance(inputs, KerasTensor):
            raise TypeError(f"[{self.name}] a model cannot be called on a symbol: call its layers on it instead")
        arrays = self._arrays(inputs, "call")
        run = self.network.run(arrays, True, draw_seed()) if training else self.network.predict(arrays)
        return run if self._many_outputs else run[0]

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
            expand_nested: accepted for compatibility.
            show_trainable: whether to add a column that says which layers `fit` changes.
            layer_range: names, or patterns of names, of the first and the last layer to show.

        Raises: ValueError for positions that do not grow, or a range that matches no layer.
        """
        print_summary(self, line_length, positions, print_fn, show_trainable, layer_range)

    def get_config(self) -> dict[str, Any]:
        """The layers and how they are connected, as JSON can hold them."""
        number = {id(node): position for position, node in enumerate(self._nodes)}

        def reference(symbol: KerasTensor) -> list[int]:
            return [number[id(symbol.node)], symbol.index]

        def described(node: Node) -> dict[str, Any]:
            found = {"layer": self._layers.index(node.layer), "inputs": [reference(symbol) for symbol in node.inputs]}
            # Masks that layers have made come again when these are called.
            given = [None if mask is None or mask.node.layer.hidden else reference(mask) for mask in node.masks]
            return found | {"masks": given} if any(given) else found

        return {
            "name": self.name,
            "trainable": self.trainable,
            "layers": [layers_module.serialize(layer) for layer in self._layers],
            "nodes": [described(node) for node in self._nodes],
            "inputs": [reference(symbol) for symbol in self._inputs],
            "outputs": [reference(symbol) for symbol in self._outputs],
            "many_outputs": self._many_outputs,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Model:
        """A model from what `get_config` returned, with new weights.

        Args:
            config: what `get_config` returned.
            custom_objects: classes of your own that it names.

        Raises: ValueError, TypeError and KeyError for anything else.
        """
        with custom_object_scope(custom_objects):
            layers = [layers_module.deserialize(description) for description in config["layers"]]
        produced: list[list[KerasTensor]] = []

        def value(reference: Sequence[int]) -> KerasTensor:
            number, index = reference
            if not (0 <= number < len(produced) and 0 <= index < len(produced[number])):
                raise ValueError(f"[Model] there is no output {index} of node {number} before it is used")
            return produced[number][index]

        for node in config["nodes"]:
            layer = layers[node["layer"]]
            if isinstance(layer, layers_module.InputLayer):
                produced.append([layer.symbol])
                continue
            inputs = [value(reference) for reference in node["inputs"]]
            masks = [None if reference is None else value(reference) for reference in node.get("masks", ())]
            outputs = layer.add_node(tuple(inputs), masks)
            produced.append(outputs if isinstance(outputs, list) else [outputs])
        found = {side: [value(reference) for reference in config[side]] for side in ("inputs", "outputs")}
        model = cls(
            found["inputs"], found["outputs"] if config["many_outputs"] else found["outputs"][0], config["name"]
        )
        model._trainable = bool(config["trainable"])  # layers have flags of their own
        return model

    def __copy__(self) -> Model:
        return copy.deepcopy(self)

    def __reduce__(self) -> tuple[Any, ...]:
        from ranvier.saving import pickling

        return pickling.reduce_model(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def symbols(argument: str, value: Any) -> list[KerasTensor]:
    """A symbol or a list of symbols as a list.

    Raises: TypeError for anything else.
    """
    items = list(value) if isinstance(value, list | tuple) else [value]
    for item in items:
        if not isinstance(item, KerasTensor):
            hint = ": call Input((features,)) for a symbol" if isinstance(item, np.ndarray | int | tuple) else ""
            raise TypeError(f"[Model] {argument} must be symbols, as Input and layers return, got {item!r:.80}{hint}")
    if not items:
        raise ValueError(f"[Model] expected at least one of {argument}, got none")
    return items
