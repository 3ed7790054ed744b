"""What normalizing layers share: their gamma and beta, and checks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ranvier import constraints, initializers, regularizers
from ranvier.layers.layer import Layer

if TYPE_CHECKING:
    from ranvier.variable import Variable


class Normalizing(Layer):
    """A layer with an `epsilon` and, if wanted, a factor gamma and an offset beta."""

    def _set(self, arguments: dict[str, Any]) -> None:
        # Keeps the constructor's arguments that all have.
        where = type(self).__name__
        self.epsilon = checked_number(where, "epsilon", arguments["epsilon"])
        self.center = bool(arguments["center"])
        self.scale = bool(arguments["scale"])
        self.beta_initializer = initializers.get(arguments["beta_initializer"])
        self.gamma_initializer = initializers.get(arguments["gamma_initializer"])
        self.beta_regularizer = regularizers.get(arguments["beta_regularizer"])
        self.gamma_regularizer = regularizers.get(arguments["gamma_regularizer"])
        self.beta_constraint = constraints.get(arguments["beta_constraint"])
        self.gamma_constraint = constraints.get(arguments["gamma_constraint"])

    @property
    def gamma(self) -> Variable | None:
        """The factor; None without."""
        return self.weight("gamma")

    @property
    def beta(self) -> Variable | None:
        """The offset; None without."""
        return self.weight("beta")


def checked_number(where: str, argument: str, value: Any, most: float = float("inf")) -> float:
    """A number from 0 to `most`.

    Raises: ValueError otherwise.
    """
    if isinstance(value, bool) or not hasattr(value, "__float__") or not 0 <= value <= most:
        valid = "a number of at least 0" if most == float("inf") else f"a number from 0 to {most}"
        raise ValueError(f"[{where}] {argument} must be {valid}, got {value!r}")
    return float(value)
