"""Members of modules that are imported when they are first asked for."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def members_of(package: str, modules: Sequence[str]) -> Callable[[str], Any]:
    """The `__getattr__` of `package`, which looks for names of its `__all__` in its `modules`, in their order.

    So `import ranvier` pays for what every program uses, and no name is written twice.
    """

    def find(name: str) -> Any:
        if name in modules:
            return import_module(f"{package}.{name}")
        this = sys.modules[package]
        if name in this.__all__:
            for module in modules:
                member = getattr(import_module(f"{package}.{module}"), name, None)
                if member is not None:
                    setattr(this, name, member)
                    return member
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return find
