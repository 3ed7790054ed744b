from __future__ import annotations

from ranvier.callbacks.callback import Callback
from ranvier.utils.progress import say


class TerminateOnNaN(Callback):
    """Lets training end quietly when the loss becomes NaN or infinite.

    Without it `fit` raises `NonFiniteLossError`. With it `fit` says so and returns: the history ends with the loss that
    was not finite. Either way the update is not made, and the model keeps its last finite weights.

    Args:
        raise_error: whether to raise RuntimeError instead, as Keras does.

    >>> TerminateOnNaN().raise_error
    False
    """

    def __init__(self, raise_error: bool = False) -> None:
        super().__init__()
        self.raise_error = bool(raise_error)

    def on_nonfinite_loss(self, batch: int, error: ArithmeticError) -> bool:
        if self.raise_error:
            raise RuntimeError(f"NaN or Inf loss encountered at batch {batch}. {error}") from error
        say(f"Batch {batch}: Invalid loss, terminating training")
        return True
