"""What the cells share: their arguments, and one step of them as a layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ranvier import activations, config, constraints, initializers, regularizers
from ranvier.layers.layer import Layer
from ranvier.random import draw_seed

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Array, Shape
    from ranvier.variable import Variable

_KINDS = {"initializer": initializers, "regularizer": regularizers, "constraint": constraints}


class Cell(Layer):
    """One step of a recurrent layer, which `RNN` and the layers named after the cells repeat.

    Called on an input and the states before it, it gives the output and the states after it.
    """

    state_count: ClassVar[int] = 1
    options_of: ClassVar[dict[str, str]] = {"recurrent_kernel": "recurrent"}

    def _set(self, arguments: dict[str, Any]) -> None:
        # Keeps the constructor's arguments, each as what its name says it is.
        where = type(self).__name__
        for name, value in arguments.items():
            if name in ("self", "__class__", "kwargs"):
                continue
            kind = _KINDS.get(name.rpartition("_")[2])
            if name == "units":
                if isinstance(value, bool) or not hasattr(value, "__index__") or value < 1:
                    raise ValueError(f"[{where}] units must be an integer of at least 1, got {value!r}")
                value = int(value)
            elif name.endswith("activation"):
                value = activations.get(value)
                function, _, axis = activations.split(value)
                if function.along_axis and axis != -1:
                    raise ValueError(f"[{where}] {function.__name__} works on the last axis here, got axis={axis}")
            elif name.endswith("dropout"):
                if isinstance(value, bool) or not hasattr(value, "__float__"):
                    raise ValueError(f"[{where}] {name} must be a number from 0 to 1, got {value!r}")
                value = min(1.0, max(0.0, float(value)))
            elif kind is not None:
                value = kind.get(value)
            setattr(self, name, value)
        seed = arguments["seed"]
        self._stream = draw_seed() if seed is None else int(seed)

    @property
    def built(self) -> bool:
        """Whether the weights exist, its own or those of the layer that repeats it."""
        return bool(self._variables) or super().built

    @property
    def kernel(self) -> Variable | None:
        """W."""
        return self.weight("kernel")

    @property
    def recurrent_kernel(self) -> Variable | None:
        """U."""
        return self.weight("recurrent_kernel")

    @property
    def bias(self) -> Variable | None:
        """The bias; None without one."""
        return self.weight("bias")

    @property
    def state_size(self) -> Any:
        """Numbers in each state: an integer, or a list for several states."""
        units: int = getattr(self, "units")  # noqa: B009  set by name
        return units if self.state_count == 1 else [units] * self.state_count

    @property
    def output_size(self) -> int:
        """Numbers that come out."""
        units: int = getattr(self, "units")  # noqa: B009  as above
        return units

    def get_initial_state(self, batch_size: int | None = None) -> list[Array]:
        """Zeros for each state (batch_size, units).

        Raises: ValueError without a batch size.
        """
        if batch_size is None:
            raise ValueError(f"[{self.name}] get_initial_state needs batch_size")
        return [np.zeros((batch_size, self.output_size), self.dtype) for _ in range(self.state_count)]

    def native_config(self) -> dict[str, Any]:
        drops = getattr(self, "dropout") or getattr(self, "recurrent_dropout")  # noqa: B009  set by name
        told: dict[str, Any] = {"seed": self._stream} if drops else {}
        for name in ("units", "use_bias", "dropout", "recurrent_dropout", "reset_after"):
            if hasattr(self, name):
                told[name] = getattr(self, name)
        for name in ("activation", "recurrent_activation"):
            if hasattr(self, name):
                function, parameters, _ = activations.split(getattr(self, name))
                told |= {name: function.__name__, f"{name}_parameters": parameters}
        return told

    def __call__(self, inputs: Any, states: Any, training: bool = False) -> Any:
        """One step.

        Args:
            inputs: (batch, features), an array or a symbol.
            states: (batch, units), or a list of them for a cell with several.
            training: for arrays, whether dropout drops.

        Returns: the output, and the states as they were given: one, or a list.
        Raises: ValueError if a shape does not fit.
        """
        given = list(states) if isinstance(states, list | tuple) else [states]
        output, *after = self._apply([inputs, *given], [], training)
        return output, after if isinstance(states, list | tuple) else after[0]

    # A step is a sequence of one.

    @property
    def native(self) -> _core.Layer:
        if self._native is None:
            kind = config.scalars(self.dtype).Layer
            self._native = kind(self.native_kind(), self.native_config() | {"return_state": True}, self.name)
            self._native.trainable = self._trainable
        return self._native

    def build_rows(self, shapes: list[Shape]) -> list[Shape]:
        return super().build_rows(self._steps(shapes))

    def row_shapes(self, shapes: list[Shape], options: Any = None) -> list[Shape]:
        # Also for shapes that are those of a sequence already, on the way through build_rows.
        return self.native.output_shapes(self._steps(shapes))

    def add_to(
        self, network: _core.Network, inputs: list[int], masks: Sequence[int | None], options: Any = None
    ) -> list[int]:
        sequence = config.scalars(self.dtype).Layer(
            "reshape", {"target_shape": [1, *network.shape(inputs[0])]}, f"{self.name}_sequence"
        )
        return network.add(self.native, [*network.add(sequence, inputs[:1]), *inputs[1:]])

    @staticmethod
    def _steps(shapes: list[Shape]) -> list[Shape]:
        return [(1, *shapes[0]) if len(shapes[0]) == 1 else shapes[0], *shapes[1:]]
