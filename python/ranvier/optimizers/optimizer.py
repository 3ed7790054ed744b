"""The base of all optimizers: the settings they share, and their native counterpart."""

from __future__ import annotations

import re
import weakref
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ranvier import config
from ranvier._configurable import Configurable, argument_names, plain
from ranvier.errors import unknown
from ranvier.optimizers.schedules import LearningRateSchedule, deserialize, native_schedule
from ranvier.utils.naming import snake_case, unique_name
from ranvier.variable import Variable

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Array


class Optimizer(Configurable):
    """How weights follow gradients.

    A subclass names its native optimizer and says what that is told (`native_config`).

    Args:
        learning_rate: size of a step, at least 0, which may be set while training; or a `LearningRateSchedule`; or a
            function without arguments, which is called before each pass over data. `lr` is its older name.
        weight_decay: share of every weight, times the learning rate, that is taken away before each update; or None.
        clipnorm: greatest norm of each weight's gradient; or None.
        clipvalue: greatest absolute value of a gradient's elements; or None.
        global_clipnorm: greatest norm of all gradients together; or None.
        use_ema: whether to keep a running average of the weights, which takes their place when `fit` ends.
        ema_momentum: share of the average that stays at each step, from 0 to 1.
        ema_overwrite_frequency: the average takes the weights' place every so many updates, too; or None.
        loss_scale_factor: accepted for compatibility: in float32 and float64 it changes nothing.
        gradient_accumulation_steps: batches whose mean gradient makes one update, at least 2; or None.
        name: what it is called; by default the class in snake_case, numbered.

    Raises: ValueError for a number out of range or more than one kind of clipping; TypeError for other arguments.

    >>> from ranvier.optimizers import Adam
    >>> Adam(lr=0.01).learning_rate
    0.01
    """

    kind: ClassVar[str] = ""

    def __init__(
        self,
        learning_rate: Any,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
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
        self._rate = checked_rate(where, learning_rate)
        self.weight_decay = None if weight_decay is None else checked_number(where, "weight_decay", weight_decay)
        self.clipnorm, self.clipvalue, self.global_clipnorm = (
            None if value is None else checked_number(where, clip, value) for clip, value in clips.items()
        )
        self.use_ema = bool(use_ema)
        self.ema_momentum = checked_number(where, "ema_momentum", ema_momentum, most=1)
        self.ema_overwrite_frequency = _steps(where, "ema_overwrite_frequency", ema_overwrite_frequency, 1)
        self.loss_scale_factor = (
            None if loss_scale_factor is None else checked_number(where, "loss_scale_factor", loss_scale_factor)
        )
        self.gradient_accumulation_steps = _steps(where, "gradient_accumulation_steps", gradient_accumulation_steps, 2)
        self.name = unique_name(snake_case(where)) if name is None else name
        self._excluded: list[Variable] = []
        self._excluded_names: list[str] = []
        self._native: _core.Optimizer | None = None
        self._owner: weakref.ref[Any] | None = None

    def native_config(self) -> dict[str, Any]:
        """What the native optimizer is told."""
        return {
            "learning_rate": self._rate if isinstance(self._rate, float) else 0.0,
            "weight_decay": self.weight_decay or 0.0,
            "clipnorm": self.clipnorm or 0.0,
            "clipvalue": self.clipvalue or 0.0,
            "global_clipnorm": self.global_clipnorm or 0.0,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency or 0,
            "gradient_accumulation_steps": self.gradient_accumulation_steps or 0,
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
            self._tell_rate(self._native)
            self._owner = weakref.ref(owner)
        excluded = self.excluded_from(getattr(owner, "variables", ()))
        self._native.exclude_from_weight_decay([variable.native for variable in excluded])
        return self._native

    def excluded_from(self, variables: Iterable[Variable]) -> list[Variable]:
        """Those of some weights that do not decay."""
        chosen = {id(variable) for variable in self._excluded}
        return [
            variable
            for variable in variables
            if id(variable) in chosen or any(re.search(name, variable.name) for name in self._excluded_names)
        ]

    def _tell_rate(self, native: _core.Optimizer) -> None:
        if isinstance(self._rate, float):
            native.learning_rate = self._rate
        else:
            native.set_schedule(native_schedule(self._rate, self.name))

    @property
    def learning_rate(self) -> float:
        """Size of the next step. Setting it takes effect with that step.

        Raises: TypeError if it is set to a number while a `LearningRateSchedule` decides it.
        """
        if isinstance(self._rate, float):
            return self._rate if self._native is None else self._native.learning_rate
        if isinstance(self._rate, LearningRateSchedule):
            return float(self._rate(0 if self._native is None else self._native.iterations))
        return float(self._rate())

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        rate = checked_rate(self.name, value)
        if isinstance(rate, float) and isinstance(self._rate, LearningRateSchedule):
            raise TypeError(
                f"[{self.name}] its learning rate follows {type(self._rate).__name__}, it cannot be set to a number: "
                "make the optimizer with a number as learning_rate, or set another schedule"
            )
        self._rate = rate
        if self._native is not None:
            self._tell_rate(self._native)

    @property
    def lr(self) -> float:
        """The older name of `learning_rate`."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: Any) -> None:
        self.learning_rate = value

    @property
    def iterations(self) -> int:
        """Updates made so far."""
        batches = 0 if self._native is None else self._native.iterations
        return batches // (self.gradient_accumulation_steps or 1)

    @property
    def variables(self) -> list[Array]:
        """The number of batches so far, the learning rate unless it is a schedule, then the state as views.

        The state comes in Keras's order: averages, accumulated gradients, and the slots of each weight. Before the
        first step there is none.
        """
        if self._native is None:
            return []
        counters = [np.array(self._native.iterations)]
        if isinstance(self._rate, float):
            counters.append(np.array(self.learning_rate))
        return counters + [view for _, view in self._native.state()]

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Says which weights do not decay. Before the first step.

        Args:
            var_list: weights.
            var_names: regular expressions; a weight in whose name one is found, such as "bias", does not decay.

        Raises: ValueError once the optimizer has a state; TypeError for anything that is no weight.
        """
        if self._native is not None and self._native.iterations:
            raise ValueError(f"[{self.name}] exclude_from_weight_decay must be called before the first step")
        excluded = list(var_list or ())
        for variable in excluded:
            if not isinstance(variable, Variable):
                raise TypeError(
                    f"[{self.name}] var_list must hold weights, as model.weights does, got {variable!r:.80}"
                )
        self._excluded = excluded
        self._excluded_names = list(var_names or ())

    def finalize_variable_values(self, var_list: Sequence[Variable] | None = None) -> None:
        """Puts the running averages in the place of the weights, if `use_ema`; `fit` does it when it ends.

        Args:
            var_list: accepted for compatibility: all weights that were trained are meant.
        """
        if self.use_ema and self._native is not None:
            self._native.overwrite_with_average()

    def __getstate__(self) -> dict[str, Any]:
        # Copies and pickles have the settings; the state belongs to weights of a model, which brings it along.
        rate = self.learning_rate if isinstance(self._rate, float) else self._rate
        bound: dict[str, Any] = {"_rate": rate, "_native": None, "_owner": None, "_excluded": []}
        return vars(self) | bound

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments by name, as JSON can hold them; the learning rate is the present one.

        Raises: TypeError if the learning rate is a function.
        """
        if not isinstance(self._rate, float | LearningRateSchedule):
            raise TypeError(
                f"[{self.name}] a function as learning_rate cannot be written down: subclass LearningRateSchedule"
            )
        rate = self.learning_rate if isinstance(self._rate, float) else plain(self._rate)
        own = (name for name in argument_names(type(self)) if name != "learning_rate")
        return {"learning_rate": rate} | {name: plain(getattr(self, name)) for name in own}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, learning_rate={self.learning_rate}>"


def shared(arguments: dict[str, Any]) -> dict[str, Any]:
    """Those of a constructor's `locals()` that `Optimizer` takes."""
    names = (*argument_names(Optimizer), *arguments["kwargs"])
    return {name: (arguments["kwargs"] | arguments)[name] for name in names}


def checked_rate(where: str, value: Any) -> float | LearningRateSchedule | Callable[[], float]:
    """A learning rate: a finite number of at least 0, a schedule, its description, or a function.

    Raises: ValueError otherwise.
    """
    if isinstance(value, dict):
        return deserialize(value)
    if isinstance(value, type) or not callable(value):
        return checked_number(where, "learning_rate", value)
    found: LearningRateSchedule | Callable[[], float] = value
    return found


def checked_number(where: str, argument: str, value: Any, most: float = float("inf")) -> float:
    """A finite number from 0 to `most`.

    Raises: ValueError otherwise.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if not (0 <= number <= most and number < float("inf")):
        valid = "a finite number of at least 0" if most == float("inf") else f"from 0 to {most}"
        raise ValueError(f"[{where}] {argument} must be {valid}, got {value!r}")
    return number


def checked_fraction(where: str, argument: str, value: Any) -> float:
    """A number from 0 to below 1.

    Raises: ValueError otherwise.
    """
    if not hasattr(value, "__float__") or not 0 <= value < 1:
        raise ValueError(f"[{where}] {argument} must be from 0 to below 1, got {value!r}")
    return float(value)


def _steps(where: str, argument: str, value: Any, least: int) -> int | None:
    if value is None or (value == 0 and value is not False):
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise ValueError(f"[{where}] {argument} must be None or an integer of at least {least}, got {value!r}")
    return int(value)
