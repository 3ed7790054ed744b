"""The chain-shaped model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ranvier import layers as layers_module
from ranvier._custom_objects import custom_object_scope
from ranvier.layers import Input, InputLayer, Layer
from ranvier.models import door, graph
from ranvier.models.model import Model
from ranvier.subgraph import Subgraph
from ranvier.symbol import KerasTensor
from ranvier.utils.naming import unique_name

if TYPE_CHECKING:
    from ranvier._typing import Shape


class Sequential(Model):
    """A stack of layers, each fed by the one before.

    The input shape comes from an `Input` in front, from the first layer's `input_shape`, from `build`, or from the
    first data the model sees; until then there are no weights.

    Args:
        layers: layers, or an `Input` in front of them.
        trainable: whether `fit` changes the weights.
        name: by default "sequential", numbered.

    Raises: TypeError for anything that is no layer; ValueError where a layer does not fit the one before.

    >>> from ranvier.layers import Dense
    >>> model = Sequential([Dense(3, input_shape=(2,), activation="relu"), Dense(2, activation="softmax")])
    >>> model.count_params()
    17
    """

    def __init__(
        self, layers: Iterable[Any] | Layer | None = None, trainable: bool = True, name: str | None = None
    ) -> None:
        self._many_outputs = False
        self._start(unique_name("sequential") if name is None else str(name))
        self._chain: list[KerasTensor] = []  # the input and what each layer makes of it, once the shape is known
        for layer in [layers] if isinstance(layers, Layer | KerasTensor) else layers or []:
            self.add(layer)
        if not trainable:
            self.trainable = False

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Puts a layer on top.

        Args:
            layer: a layer, or an `Input` if it is the first.
            rebuild: accepted for compatibility.

        Raises: TypeError for anything that is no layer; ValueError if it does not fit, nothing being changed.
        """
        if isinstance(layer, KerasTensor) and isinstance(layer.node.layer, InputLayer):
            layer = layer.node.layer
        if not isinstance(layer, Layer):
            hint = f": make one, {layer.__name__}(...)" if isinstance(layer, type) else ""
            raise TypeError(f"[{self.name}] expected a layer, got {layer!r:.80}{hint}")
        if isinstance(layer, InputLayer):
            if self._layers or self._chain:
                raise ValueError(f"[{self.name}] an input must be the first layer, got {layer!r} after others")
            self._chain = [layer.symbol]
            return
        graph.check_names([*self._layers, layer])
        graph.dtype_of([*self._layers, layer])
        shape = self._shape_in_front(layer)
        if not self._chain and not self._layers and shape is not None:
            self._extend([Input(shape, layer.given_batch_size)], [layer])
        elif self._chain:
            self._extend(self._chain, [layer])
        self._layers.append(layer)
        self._forget_network()

    def _shape_in_front(self, layer: Layer) -> Shape | None:
        if isinstance(layer, Model) and layer.built:
            shapes = layer._row_shapes()[0]
            return shapes[0] if len(shapes) == 1 else None
        return layer.given_input_shape

    def _extend(self, chain: list[KerasTensor], layers: list[Layer]) -> None:
        longer = list(chain)
        for layer in layers:
            made = layer(longer[-1])
            if not isinstance(made, KerasTensor):
                raise ValueError(f"[{self.name}] expected layers with one output, but {layer.name} has {len(made)}")
            longer.append(made)
        self._set_chain(longer)

    def _set_chain(self, chain: list[KerasTensor]) -> None:
        self._chain = chain
        self._inputs = chain[:1]
        self._outputs = chain[-1:] if len(chain) > 1 else []
        self._graph = Subgraph(self._inputs, self._outputs)
        self._forget_network()

    def add_loss(self, loss: Any) -> None:
        """Raises TypeError: call `add_loss` in a layer, or of a `Model` of the same symbols."""
        raise TypeError(
            f"[{self.name}] a Sequential takes no loss of its own: call add_loss in the `call` of a layer, or make a "
            "Model of the same symbols"
        )

    def pop(self, rebuild: bool = True) -> Layer:
        """Takes the top layer off and returns it; the others keep their weights.

        Args:
            rebuild: accepted for compatibility.

        Raises: ValueError without layers.
        """
        if not self._layers:
            raise ValueError(f"[{self.name}] has no layers to take off")
        if self._chain:
            self._set_chain(self._chain[:-1])
        self._forget_network()
        return self._layers.pop()

    def build(self, input_shape: Any = None) -> None:
        """Creates the weights for an input shape; again with the same shape: nothing.

        Args:
            input_shape: shape of the input with the batch axis, such as (None, 784).

        Raises: ValueError without layers, without a shape, or if a layer cannot take it.
        """
        if input_shape is None:
            self._require_graph()
        else:
            self._build_for([tuple(input_shape)[1:]])

    def _build_for(self, shapes: list[Shape]) -> None:
        if self.built:
            if not door.fits(shapes[0], self._row_shapes()[0][0]):
                raise ValueError(f"[{self.name}] is built for the input {self.input_shape}, got {(None, *shapes[0])}")
            return
        self._require_layers()
        self._extend([Input(shapes[0])], self._layers)

    def _require_layers(self) -> None:
        if not self._layers:
            raise ValueError(f"[{self.name}] has no layers: add some, such as model.add(layers.Dense(1))")

    def _require_graph(self) -> None:
        self._require_layers()
        super()._require_graph()

    def _row_shapes(self, data: list[Shape] | None = None) -> tuple[list[Shape], list[Shape]]:
        if self.built or data is None:
            return super()._row_shapes(data)
        # Checked layer by layer before any weight exists.
        self._require_layers()
        shapes = data
        for layer in self._layers:
            shapes = layer.row_shapes(shapes)
        return data, shapes

    @property
    def input_names(self) -> list[str]:
        """The input layer."""
        return [symbol.name for symbol in self._inputs]

    @property
    def output_names(self) -> list[str]:
        """The last layer."""
        self._require_layers()
        return [self._layers[-1].name]

    def get_config(self) -> dict[str, Any]:
        """The layers, and the input shape if it is known, as JSON can hold them."""
        shape = list(self._chain[0].shape[1:]) if self._chain else None
        described = [layers_module.serialize(layer) for layer in self._layers]
        found = {"name": self.name, "trainable": self.trainable, "layers": described, "input_shape": shape}
        size = getattr(self._chain[0].node.layer, "batch_size", None) if self._chain else None
        return found if size is None else found | {"batch_size": size}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Sequential:
        shape = config["input_shape"]
        front = [] if shape is None else [Input(shape, config.get("batch_size"))]
        with custom_object_scope(custom_objects):
            layers = [layers_module.deserialize(description) for description in config["layers"]]
        model = cls(front + layers, name=config["name"])
        model._trainable = bool(config["trainable"])  # layers have flags of their own
        return model
