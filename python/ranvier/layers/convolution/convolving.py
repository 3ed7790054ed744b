"""What all convolutions share: their arguments, checked, and what the native layer is told."""

from __future__ import annotations

from typing import Any, ClassVar

from ranvier import activations, constraints, initializers, regularizers
from ranvier.layers.layer import Layer
from ranvier.layers.spatial import checked_format, checked_padding, numbers, whole

_MODULES: dict[str, Any] = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}


class Convolving(Layer):
    """A layer whose weights move over `rank` spatial axes."""

    rank: ClassVar[int]
    causal: ClassVar[bool] = False  # takes padding="causal"

    kernel_size: tuple[int, ...]
    strides: tuple[int, ...]
    dilation_rate: tuple[int, ...]

    def _set(self, arguments: dict[str, Any]) -> None:
        # Keeps the constructor's arguments, locals() of the caller.
        where = type(self).__name__
        for name in ("filters", "groups", "depth_multiplier"):
            if name in arguments:
                setattr(self, name, whole(where, name, arguments[name]))
        for name in ("kernel_size", "strides", "dilation_rate"):
            setattr(self, name, numbers(where, name, arguments[name], self.rank))
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                f"[{where}] strides={self.strides} and dilation_rate={self.dilation_rate} cannot both be greater than 1"
            )
        self.padding = checked_padding(where, arguments["padding"], self.causal)
        self.data_format = checked_format(where, arguments["data_format"])
        self.activation = activations.get(arguments["activation"])
        function, _, axis = activations.split(self.activation)
        if function.along_axis and (axis != -1 or self.data_format == "channels_first"):
            raise ValueError(f"[{where}] {function.__name__} works on the last axis, the channels: add a Softmax layer")
        self.use_bias = bool(arguments["use_bias"])
        for name, value in arguments.items():
            module = _MODULES.get(name.rpartition("_")[2])
            if module is not None and name != "activity_regularizer":
                setattr(self, name, module.get(value))
        super().__init__(activity_regularizer=arguments["activity_regularizer"], **arguments["kwargs"])

    def native_config(self) -> dict[str, Any]:
        function, parameters, _ = activations.split(self.activation)
        told = {"activation": function.__name__, "activation_parameters": parameters}
        names = ("filters", "groups", "depth_multiplier", "kernel_size", "strides", "dilation_rate", "output_padding")
        return told | {
            name: getattr(self, name) for name in (*names, "padding", "data_format", "use_bias") if hasattr(self, name)
        }
