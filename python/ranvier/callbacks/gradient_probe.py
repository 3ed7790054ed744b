"""What `GradientMonitor` measures with: gradients of a sample, and what hidden units put out for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier import activations, optimizers, random
from ranvier.errors import NonFiniteLossError
from ranvier.layers import InputLayer
from ranvier.saving.state import slots_of

if TYPE_CHECKING:
    from ranvier.layers import Layer
    from ranvier.models.data import Data

# Activations with limits, of which the derivative is nearly 0 close to these; None: there is none on this side.
_LIMITS = {
    "tanh": (-1.0, 1.0),
    "sigmoid": (0.0, 1.0),
    "softsign": (-1.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "sparse_sigmoid": (0.0, 1.0),
}
_CLOSE = 0.01  # of the way from one limit to the other
# Activations that are 0 for a whole half of their arguments.
_DYING = ("relu", "relu6")


class Probe:
    """Looks at a model without changing anything.

    Args:
        model: a compiled model that is being trained.
        data: its training data.
        rows: how many of them to look at.
    """

    def __init__(self, model: Any, data: Data, rows: int) -> None:
        from ranvier.models import Model, clone_model

        self._data = data.part(0, min(rows, data.rows))
        self.layers: list[Layer] = [layer for layer in model.layers if layer.trainable_variables]
        # The copy's optimizer would move the weights, so it gets those of the model before each look.
        with random.preserved():
            self._copy: Any = clone_model(model)
            arguments = {name: model._compile_arguments[name] for name in ("loss", "loss_weights")}
            # Its momentum after a first step at rate 1 is minus the gradient, exactly.
            self._copy.compile(optimizers.SGD(1.0, momentum=0.5, name="probe"), **arguments)
            for layer, copied in zip(model.layers, self._copy.layers, strict=True):
                for one, other in zip(layer.variables, copied.variables, strict=True):
                    other.trainable = one.trainable
        self._model = model
        self._watched = list(_hidden(model))
        outputs = [output for _, output in self._watched]
        self._inside = Model(model.inputs, outputs, name="probe") if outputs else None

    def gradients(self) -> dict[str, float]:
        """Root mean square of the gradient of each layer's weights; NaN where the loss is not finite."""
        from ranvier.callbacks.gradient_monitor import rms

        copy = self._copy
        copy.set_weights(self._model.get_weights())
        trainer = copy._trainer(copy._compiled, self._data, False)
        native = copy.optimizer._native
        for _, _, view in slots_of(native):
            view[...] = 0
        trainer.seed = 0
        trainer.begin(self._data.feed(), self._data.rows, True, False, 0, -1)
        try:
            trainer.run(float("inf"), -1)
        except NonFiniteLossError:
            return {layer.name: float("nan") for layer in self.layers}
        momenta = {id(parameter): view for parameter, name, view in slots_of(native) if name == "momentum"}
        return {
            layer.name: rms([momenta[id(one.native)] for one in copy.get_layer(layer.name).trainable_variables])
            for layer in self.layers
        }

    def units(self) -> tuple[dict[str, float], dict[str, float]]:
        """Shares of saturated outputs and of dead units, by hidden layer."""
        if self._inside is None:
            return {}, {}
        saturated: dict[str, float] = {}
        dead: dict[str, float] = {}
        with random.preserved():
            outputs = self._inside.predict(self._data.x)
        for (layer, _), output in zip(self._watched, outputs, strict=True):
            function = activation_of(layer)
            if function in _LIMITS:
                low, high = _LIMITS[function]
                margin = _CLOSE * (high - low)
                saturated[layer.name] = float(np.mean((output < low + margin) | (output > high - margin)))
            else:
                dead[layer.name] = float(np.mean((output == 0).reshape(-1, output.shape[-1]).all(0)))
        return saturated, dead


def _hidden(model: Any) -> Any:
    # Outputs of layers whose activation is known, those of the model left out: there limits are what is wanted.
    ends = {symbol.key for symbol in model.outputs}
    seen = set()
    for node in model._nodes:
        layer = node.layer
        if isinstance(layer, InputLayer) or id(layer) in seen or activation_of(layer) not in (*_LIMITS, *_DYING):
            continue
        output = node.outputs()[0]
        if output.key not in ends:
            seen.add(id(layer))
            yield layer, output


def activation_of(layer: Any) -> str | None:
    """Name of the activation that a layer applies last, or None.

    >>> from ranvier.layers import Dense
    >>> activation_of(Dense(2, activation="tanh"))
    'tanh'
    """
    applied = (
        layer.activation_function() if hasattr(layer, "activation_function") else getattr(layer, "activation", None)
    )
    return None if applied is None else str(activations.split(applied)[0].__name__)
