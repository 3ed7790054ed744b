from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ranvier.callbacks.callback import Callback
from ranvier.errors import unknown


class LambdaCallback(Callback):
    """A callback made of functions, named as the hooks they stand for.

    Args:
        on_epoch_begin, on_epoch_end: functions of (epoch, logs).
        on_train_begin, on_train_end: functions of (logs).
        on_train_batch_begin, on_train_batch_end: functions of (batch, logs).
        **kwargs: any other hook of `Callback`.

    Raises: TypeError for a name that is no hook, or a value that is no function.

    >>> seen = []
    >>> LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch)).on_epoch_end(3, {})
    >>> seen
    [3]
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Callable[..., Any] | None,
    ) -> None:
        super().__init__()
        hooks = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }
        valid = [name for name in vars(Callback) if name.startswith("on_")]
        for name, function in hooks.items():
            if name not in valid:
                raise TypeError(unknown("LambdaCallback", "hook", name, valid))
            if function is None:
                continue
            if not callable(function):
                raise TypeError(f"[LambdaCallback] {name} must be a function, got {function!r}")
            setattr(self, name, function)
