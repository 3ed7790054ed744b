"""What all pooling shares: arguments, checked, and what the native layer is told."""

from __future__ import annotations

from typing import Any, ClassVar

from ranvier.layers.layer import Layer
from ranvier.layers.spatial import checked_format, checked_padding, numbers


class Pooling(Layer):
    """Makes one of the elements of each window, channel by channel."""

    rank: ClassVar[int]

    def _set(self, arguments: dict[str, Any]) -> None:
        # Keeps the constructor's arguments, locals() of the caller.
        where = type(self).__name__
        self.pool_size = numbers(where, "pool_size", arguments["pool_size"], self.rank)
        strides = arguments["strides"]
        self.strides = self.pool_size if strides is None else numbers(where, "strides", strides, self.rank)
        self.padding = checked_padding(where, arguments["padding"])
        self.data_format = checked_format(where, arguments["data_format"])
        super().__init__(name=arguments["name"], **arguments["kwargs"])

    def native_config(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("pool_size", "strides", "padding", "data_format")}


class GlobalPooling(Layer):
    """Makes one of all elements of a channel."""

    rank: ClassVar[int]

    def _set(self, data_format: Any, keepdims: Any, options: dict[str, Any]) -> None:
        self.data_format = checked_format(type(self).__name__, data_format)
        self.keepdims = bool(keepdims)
        super().__init__(**options)

    def native_config(self) -> dict[str, Any]:
        return {"rank": self.rank, "keepdims": self.keepdims, "data_format": self.data_format}


class AdaptivePooling(Layer):
    """Makes as many elements as are asked for: each axis is cut into parts of nearly the same size."""

    rank: ClassVar[int]

    def _set(self, output_size: Any, data_format: Any, options: dict[str, Any]) -> None:
        where = type(self).__name__
        self.output_size = numbers(where, "output_size", output_size, self.rank)
        self.data_format = checked_format(where, data_format)
        super().__init__(**options)

    def native_config(self) -> dict[str, Any]:
        return {"output_size": self.output_size, "data_format": self.data_format}
