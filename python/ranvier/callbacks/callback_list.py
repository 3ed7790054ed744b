from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ranvier.callbacks.callback import Callback
from ranvier.callbacks.history import History
from ranvier.callbacks.progbar_logger import ProgbarLogger

# Called through the newer name, so overriding it counts as overriding that.
_OLDER = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


class CallbackList:
    """Several callbacks called as one; hooks that nobody overrides cost nothing.

    Args:
        callbacks: callbacks, in the order in which they are called; None is none.
        add_history: whether a `History` is called after them, but before those that are `called_last`; or which one.
        add_progbar: whether a `ProgbarLogger` is added; it only keeps what it is told, `fit` draws the bar itself.
        model: the model that they are told.
        **params: what they find in `params`.

    Raises: TypeError for anything that is no `Callback`.

    >>> CallbackList([Callback()]).overrides("on_train_batch_end")
    False
    """

    def __init__(
        self,
        callbacks: Iterable[Callback] | Callback | None = None,
        add_history: bool | Callback = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        given = [callbacks] if isinstance(callbacks, Callback) else list(callbacks or [])
        for position, callback in enumerate(given):
            if not isinstance(callback, Callback):
                hint = f": make one, {callback.__name__}()" if isinstance(callback, type) else ""
                raise TypeError(f"[callbacks] number {position} must be a Callback object, got {callback!r}{hint}")
        # As in Keras the history comes after them: it keeps what they have added to the logs.
        behind = [callback for callback in given if callback.called_last]
        front = [callback for callback in given if not callback.called_last]
        if add_progbar:
            front.append(ProgbarLogger())
        if add_history:
            front.append(History() if add_history is True else add_history)
        self.callbacks: list[Callback] = [*front, *behind]
        self._hooks: dict[str, list[Callable[..., None]]] = {}
        for callback in self.callbacks:
            callback.set_params(params)
            if model is not None:
                callback.set_model(model)

    def _hooks_of(self, name: str) -> list[Callable[..., None]]:
        if name not in self._hooks:
            names = [name, _OLDER[name]] if name in _OLDER else [name]
            self._hooks[name] = [
                getattr(callback, name)
                for callback in self.callbacks
                if any(_overridden(callback, candidate) for candidate in names)
            ]
        return self._hooks[name]

    def overrides(self, *names: str) -> bool:
        """Whether a callback overrides one of these hooks."""
        return any(self._hooks_of(name) for name in names)

    def accepts_nonfinite_loss(self, batch: int, error: ArithmeticError) -> bool:
        """Whether a callback lets training end quietly at a batch whose loss is NaN or infinite."""
        return any([hook(batch, error) for hook in self._hooks_of("on_nonfinite_loss")])  # noqa: C419  all are asked

    def call(self, name: str, *args: Any) -> None:
        """Calls a hook of every callback that overrides it."""
        for hook in self._hooks_of(name):
            hook(*args)


def _overridden(callback: Callback, name: str) -> bool:
    return name in vars(callback) or getattr(type(callback), name) is not getattr(Callback, name)
