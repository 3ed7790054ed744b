"""The base of all optimizers: the settings they share, and their native counterpart."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, ClassVar

from ranvier import config
from ranvier._configurable import Configurable, argument_names
from ranvier.errors import unknown
from ranvier.utils.naming import snake_case, unique_name

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Array


class Optimizer(Configurable):
    """How weights follow gradients.

    A subclass names its native optimizer and says what that is told (`native_config`).

    Args:
        learning_rate: size of a step, at least 0; `lr` is its older name. May be set while training.
        weight_decay: share of every weight, times the learning rate, that is taken away at each step; or None.
        clipnorm: greatest norm of each weight's gradient; or None.
        clipvalue: greatest absolute value of a gradient's elements; or None.
        global_clipnorm: greatest norm of all gradients together; or None.
        name: what it is called; by default the class in snake_case, numbered.

    Raises: ValueError for a negative number or more than one kind of clipping; TypeError for other arguments.

    >>> from ranvier.optimizers import Adam
    >>> Adam(lr=0.01).learning_rate
    0.01
    """

    kind: ClassVar[str] = ""

    def __init__(
        self,
        learning_rate: float,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        where = type(self).__name__
        learning_rate = kwargs.pop("lr", learning_rate)
        for argument in kwargs:
            raise TypeError(unknown(where, "argument", argument, argument_names(type(self))))
        clips = {"clipnorm": clipnorm, "clipvalue": clipvalue, "global_clipnorm": global_clipnorm}
        if len(given := [clip for clip, value in clips.items() if value is not None]) > 1:
            raise ValueError(f"[{where}] only one of {', '.join(clips)} may be given, got {' and '.join(given)}")
        self._learning_rate = checked_number(where, "learning_rate", learning_rate)
        self.weight_decay = None if weight_decay is None else checked_number(where, "weight_decay", weight_decay)
        self.clipnorm, self.clipvalue, self.global_clipnorm = (
            None if value is None else checked_number(where, clip, value) for clip, value in clips.items()
        )
        self.name = unique_name(snake_case(where)) if name is None else name
        self._native: _core.Optimizer | None = None
        self._owner: weakref.ref[Any] | None = None

    def native_config(self) -> dict[str, Any]:
        """What the native optimizer is told."""
        return {
            "learning_rate": self._learning_rate,
            "weight_decay": self.weight_decay or 0.0,
            "clipnorm": self.clipnorm or 0.0,
            "clipvalue": self.clipvalue or 0.0,
            "global_clipnorm": self.global_clipnorm or 0.0,
        }

    def native_for(self, owner: object, dtype: str) -> _core.Optimizer:
        """The native optimizer, which from now on belongs to a model.

        Raises: ValueError if it belongs to another one: its state is that of one model's weights.
        """
        bound = None if self._owner is None else self._owner()
        if bound is not None and bound is not owner:
            raise ValueError(f"[{self.name}] already trains another model: give each model an optimizer of its own")
        if self._native is None or bound is None:
            self._native = config.scalars(dtype).Optimizer(self.kind, self.native_config())
            self._owner = weakref.ref(owner)
        return self._native

    @property
    def learning_rate(self) -> float:
        """Size of a step. Setting it takes effect with the next step."""
        return self._learning_rate if self._native is None else self._native.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float) -> None:
        self._learning_rate = checked_number(self.name, "learning_rate", value)
        if self._native is not None:
            self._native.learning_rate = self._learning_rate

    @property
    def lr(self) -> float:
        """The older name of `learning_rate`."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: float) -> None:
        self.learning_rate = value

    @property
    def iterations(self) -> int:
        """Steps taken so far."""
        return 0 if self._native is None else self._native.iterations

    @property
    def variables(self) -> list[Array]:
        """The state as views, in the order of the weights; empty before the first step."""
        return [] if self._native is None else [view for _, view in self._native.state()]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, learning_rate={self.learning_rate}>"


def checked_number(where: str, argument: str, value: Any) -> float:
    """A finite number of at least 0.

    Raises: ValueError otherwise.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ValueError(f"[{where}] {argument} must be a finite number of at least 0, got {value!r}")
    return number
