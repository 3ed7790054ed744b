from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ranvier import config
from ranvier.layers.composite import Composite
from ranvier.layers.inner import inner_layer, same_dtype
from ranvier.layers.layer import Layer
from ranvier.layers.rnn.rnn import RNN, _flat

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ranvier import _core
    from ranvier._typing import Array, Shape
    from ranvier.symbol import KerasTensor

_MODES = ("sum", "mul", "ave", "concat", None)
_COMMON = ("stateful", "return_sequences", "return_state")


class Bidirectional(Composite):
    """Reads a sequence forwards and backwards with a recurrent layer each and joins what comes out, step by step.

    Args:
        layer: a recurrent layer; a copy of it with new weights reads forwards, another one backwards.
        merge_mode: "concat" lays both side by side, "sum", "ave" and "mul" join them element by element, None returns
            both.
        weights: initial weights of both, forwards first.
        backward_layer: the layer that reads backwards, with `go_backwards=True`.
        **kwargs: those of `Layer`.

    Input shape: (batch, steps, features). Output shape: that of `layer`, with twice the features for "concat"; a list
    with its states behind it where `layer` has `return_state`.
    Raises: TypeError for anything that is no recurrent layer; ValueError for another mode, or two layers that differ in
        what they return.
    Source: Schuster and Paliwal, IEEE Transactions on Signal Processing 45, 1997.

    >>> import numpy as np
    >>> from ranvier.layers import LSTM
    >>> Bidirectional(LSTM(4, return_sequences=True))(np.zeros((2, 5, 3))).shape
    (2, 5, 8)
    """

    kind = "bidirectional"
    supports_masking = True
    takes_masks = True
    unsaved = ("weights",)

    def __init__(
        self,
        layer: Any,
        merge_mode: str | None = "concat",
        weights: Any = None,
        backward_layer: Any = None,
        **kwargs: Any,
    ) -> None:
        layer, backward_layer = (inner_layer(given, kwargs.get("dtype")) for given in (layer, backward_layer))
        for name, given in (("layer", layer), ("backward_layer", backward_layer)):
            if not isinstance(given, RNN) and (name == "layer" or given is not None):
                raise TypeError(f"[Bidirectional] {name} must be a recurrent layer, got {given!r:.80}")
        if merge_mode not in _MODES:
            raise ValueError(
                f"[Bidirectional] merge_mode must be one of {', '.join(map(repr, _MODES))}; got {merge_mode!r}"
            )
        described = layer.get_config()
        forward = described | {"name": f"forward_{layer.name.removeprefix('forward_')}"}
        backward = described | {"name": f"backward_{layer.name.removeprefix('backward_')}"}
        self.layer = layer
        self.merge_mode = merge_mode
        self.forward_layer: RNN = type(layer).from_config(forward)
        if backward_layer is None:
            backward_layer = type(layer).from_config(backward | {"go_backwards": not layer.go_backwards})
            self._own_backward = True
        else:
            self._own_backward = False
        self.backward_layer: RNN = backward_layer
        if self.forward_layer.go_backwards == self.backward_layer.go_backwards:
            raise ValueError("[Bidirectional] one of the two layers must go backwards, got two that read alike")
        for name in _COMMON:
            if getattr(self.forward_layer, name) != getattr(self.backward_layer, name):
                raise ValueError(f"[Bidirectional] both layers must have the same {name}")
        for part in (self.forward_layer, self.backward_layer):
            part.zero_output_for_mask = part.return_sequences  # as in Keras
        self.stateful = layer.stateful
        self.return_sequences = layer.return_sequences
        self.return_state = layer.return_state
        self._given_weights = None if weights is None else list(weights)
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = layer.dtype_policy.name
        super().__init__(**kwargs)
        same_dtype(self, self.forward_layer, self.backward_layer)

    @property
    def parts(self) -> list[Layer]:
        """The two layers."""
        return [self.forward_layer, self.backward_layer]

    @property
    def native(self) -> _core.Layer:
        """What joins the outputs of both."""
        if self._native is None:
            native = config.scalars(self.dtype).Layer(self.kind, {"merge_mode": self.merge_mode or "none"}, self.name)
            if self.activity_regularizer is not None:
                native.activity_regularizer = self.activity_regularizer.native(self.dtype)
            self._native = native
        return self._native

    def _halves(self, shapes: list[Any]) -> list[list[Any]]:
        # The sequence with the states of each layer.
        half = (len(shapes) - 1) // 2
        return [[shapes[0], *shapes[1 : 1 + half]], [shapes[0], *shapes[1 + half :]]]

    def build_parts(self, shapes: list[Shape]) -> None:
        for part, own in zip(self.parts, self._halves(shapes), strict=True):
            part.build_rows(own)

    def build_rows(self, shapes: list[Shape]) -> list[Shape]:
        outputs = super().build_rows(shapes)
        if self._given_weights is not None:
            self.set_weights(self._given_weights)
            self._given_weights = None
        return outputs

    def row_shapes(self, shapes: list[Shape], options: Any = None) -> list[Shape]:
        made = [part.row_shapes(own) for part, own in zip(self.parts, self._halves(shapes), strict=True)]
        return [
            *config.scalars(self.dtype)
            .Layer(self.kind, {"merge_mode": self.merge_mode or "none"}, self.name)
            .output_shapes([made[0][0], made[1][0]]),
            *made[0][1:],
            *made[1][1:],
        ]

    def add_to(
        self, network: _core.Network, inputs: list[int], masks: Sequence[int | None], options: Any = None
    ) -> list[int]:
        made = [
            part.add_to(network, own, masks[:1]) for part, own in zip(self.parts, self._halves(inputs), strict=True)
        ]
        return [*network.add(self.native, [made[0][0], made[1][0]]), *made[0][1:], *made[1][1:]]

    def __call__(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        """Applies the layer: to an array, at once; to a symbol, as a node of a network to be.

        Args:
            sequences: (batch, steps, features), an array or a symbol.
            initial_state: a list of states (batch, units): those of the forward layer, then those of the backward one.
            mask: (batch, steps), 0 where a step is skipped; a symbol brings its own.
            training: for arrays, whether dropout drops.

        Raises: ValueError if a shape does not fit.
        """
        return self._apply([sequences, *_flat(initial_state)], [mask], training)

    def add_node(
        self, inputs: tuple[KerasTensor, ...], masks: Sequence[KerasTensor | None] = (), options: Any = None
    ) -> Any:
        self._see_batch(inputs[0])
        return super().add_node(inputs, masks)

    def _compute(
        self,
        arrays: list[Array],
        training: bool,
        masks: Sequence[Array | None] = (),
        options: Mapping[str, Any] | None = None,
    ) -> Any:
        self._see_batch(arrays[0])
        return super()._compute(arrays, training, masks, options)

    def _see_batch(self, sequences: Any) -> None:
        for part in (self.forward_layer, self.backward_layer):
            part.see_batch(sequences)

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        if not self.return_sequences:
            return None
        return [previous_mask] * 2 + [None] * 4 if self.merge_mode is None else previous_mask

    def reset_state(self) -> None:
        """Makes the states of stateful layers zero."""
        self.forward_layer.reset_state()
        self.backward_layer.reset_state()

    reset_states = reset_state

    @property
    def states(self) -> list[Any] | None:
        """The states of both layers; None if they are not stateful."""
        if not self.stateful or not self.built:
            return None
        return [*(self.forward_layer.states or []), *(self.backward_layer.states or [])]

    def get_config(self) -> dict[str, Any]:
        found = super().get_config()
        if self._own_backward:
            del found["backward_layer"]
        return found
