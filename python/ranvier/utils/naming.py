"""Names of layers and models: the class in snake_case, numbered as Keras numbers them."""

from __future__ import annotations

import re

_next_number: dict[str, int] = {}

_word_start = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])")


def snake_case(name: str) -> str:
    """A class name as Keras writes it in layer names.

    >>> [snake_case(name) for name in ("Dense", "LeakyReLU", "Conv2DTranspose")]
    ['dense', 'leaky_re_lu', 'conv2d_transpose']
    """
    return _word_start.sub("_", name).lower()


def unique_name(prefix: str) -> str:
    """`prefix` the first time, then `prefix_1`, `prefix_2`, ... until `reset_names`.

    >>> unique_name("probe"), unique_name("probe")
    ('probe', 'probe_1')
    """
    number = _next_number.get(prefix, 0)
    _next_number[prefix] = number + 1
    return f"{prefix}_{number}" if number else prefix


def reset_names() -> None:
    """Starts all numbering anew."""
    _next_number.clear()
