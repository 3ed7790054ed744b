"""A GPT of four pre-norm blocks, as each library's users write it: one module each, with `create(sizes, batch)`."""

from typing import NamedTuple


class Sizes(NamedTuple):
    """Of the network."""

    vocabulary: int = 65
    time: int = 64
    blocks: int = 4
    width: int = 128
    heads: int = 4
