from __future__ import annotations

from ranvier.callbacks.callback import Callback


class ProgbarLogger(Callback):
    """Stands for what `fit` prints: it does so by itself, as its `verbose` says, so this adds nothing to it.

    >>> ProgbarLogger().params
    {}
    """
