"""Passes through native networks, with a seed for those that draw random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ranvier.random import draw_seed

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Array


def infer(network: _core.Network, arrays: list[Any]) -> list[Array]:
    """What comes out of a network in inference; if it draws numbers, others in each call."""
    return network.predict(arrays, draw_seed()) if network.draws else network.predict(arrays)


def run(network: _core.Network, arrays: list[Any], training: bool) -> list[Array]:
    """What comes out of one pass over all rows, in which layers behave as in training or as in inference."""
    return network.run(arrays, True, draw_seed()) if training else infer(network, arrays)
