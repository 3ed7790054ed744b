from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ranvier import activations, constraints, initializers, regularizers
from ranvier.layers.layer import Layer


class EinsumDense(Layer):
    """A dense layer on several axes: y = activation(einsum(equation, x, W) + b).

    Args:
        equation: such as "btd,dhe->bthe": the axes of x that are summed are its last ones and the first of the kernel,
            and the kernel's others are the last of y. That is a matrix product, and the equations that are one are
            those that are taken.
        output_shape: sizes of the axes of y but the batch; None for those that are x's.
        activation: name or function.
        bias_axes: which axes of y the bias has: the kernel's last ones; None for no bias.
        kernel_initializer: what draws the kernel.
        bias_initializer: what draws the bias.
        kernel_regularizer: penalty on the kernel.
        bias_regularizer: penalty on the bias.
        kernel_constraint: condition that the kernel satisfies after each update.
        bias_constraint: condition that the bias satisfies after each update.
        lora_rank: must be None.
        lora_alpha: must be None.
        gptq_unpacked_column_size: must be None.
        quantization_config: must be None.
        **kwargs: those of `Layer`.

    Input shape: as the equation says. Output shape: as the equation says.
    Raises: ValueError for another equation, or an output shape that does not fit it.

    >>> import numpy as np
    >>> layer = EinsumDense("bd,dhe->bhe", (2, 3), kernel_initializer="ones")
    >>> layer(np.array([[1.0, 2.0]])).shape
    (1, 2, 3)
    """

    kind = "dense"
    supports_masking = True

    def __init__(
        self,
        equation: str,
        output_shape: Sequence[int | None] | int,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        gptq_unpacked_column_size: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        for name, value in (
            ("lora_rank", lora_rank),
            ("lora_alpha", lora_alpha),
            ("gptq_unpacked_column_size", gptq_unpacked_column_size),
            ("quantization_config", quantization_config),
        ):
            if value is not None:
                raise ValueError(f"[EinsumDense] {name} must be None here, got {value!r}")
        self.lora_rank, self.lora_alpha = lora_rank, lora_alpha
        self.gptq_unpacked_column_size, self.quantization_config = gptq_unpacked_column_size, quantization_config
        self.equation = str(equation)
        self._wanted = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self._contracted, self._units = self._read()
        super().__init__(**kwargs)

    def _read(self) -> tuple[int, list[int]]:
        # How many axes are summed, and the sizes of the new ones.
        def bad(why: str) -> ValueError:
            return ValueError(
                f"[EinsumDense] cannot take the equation {self.equation!r} with output_shape={self._wanted} and "
                f"bias_axes={self.bias_axes!r}: {why}"
            )

        inputs, _, y = self.equation.replace(" ", "").partition("->")
        x, _, kernel = inputs.partition(",")
        x, y = x.replace("...", ""), y.replace("...", "")
        for contracted in range(1, min(len(x), len(kernel)) + 1):
            if kernel.startswith(x[-contracted:]) and y == x[:-contracted] + kernel[contracted:]:
                break
        else:
            raise bad("the last axes of x must be the first of the kernel, and the kernel's others the last of y")
        new = kernel[contracted:]
        sizes = self._wanted[len(self._wanted) - len(new) :]
        if not new or len(sizes) != len(new) or not all(isinstance(size, int) and size > 0 for size in sizes):
            raise bad("output_shape must say the sizes of the kernel's last axes")
        if self.bias_axes is not None and self.bias_axes != new:
            raise bad(f"bias_axes must be {new!r} or None")
        return contracted, [int(size) for size in sizes if size is not None]

    def native_config(self) -> dict[str, Any]:
        function, parameters, _ = activations.split(self.activation)
        told: dict[str, Any] = {
            "units_shape": self._units,
            "contracted": self._contracted,
            "use_bias": self.bias_axes is not None,
            "activation": function.__name__,
            "activation_parameters": parameters,
        }
        if self.compute_dtype == "bfloat16":
            told["dtype_policy"] = self.dtype_policy.name
        return told

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"output_shape": list(self._wanted)}
