"""News of an agency on 46 topics: 11,228 texts (Reuters-21578)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranvier.datasets._files import arrays, parted, shuffler, stored
from ranvier.datasets._word_lists import begun, limited, shorter, word_index

if TYPE_CHECKING:
    from ranvier.datasets._files import Split

_SHA256 = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
_WORDS_MD5 = "4d44cc38712099c9e383dc6e5f11a921"
_TOPICS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton carcass "
    "crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail ipi "
    "iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog lead"
)


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> Split:
    """Lists of word numbers (rows,), and topics from 0 to 45 (rows,).

    Args:
        path: name of the file in the cache.
        num_words: numbers from this one on are rare words; None keeps all.
        skip_top: numbers below are words too frequent.
        maxlen: texts of this length and above are left out.
        test_split: the last part of the rows, for testing.
        seed: of the order of the rows.
        start_char: number before every text, or None.
        oov_char: what rare and frequent words become; None leaves them out.
        index_from: what is added to every rank.

    Raises: OSError if it cannot be fetched; ValueError if no text is shorter than `maxlen`, or for another split.
    """
    found = arrays(stored(path, "reuters.npz", _SHA256))
    rows, labels = shuffler(seed)(found["x"], found["y"])
    texts, labels = shorter(begun(rows, start_char, index_from), labels, maxlen)
    return parted(limited(texts, num_words, skip_top, oov_char), labels, test_split)


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """The rank of each word, from 1.

    Args:
        path: name of the file in the cache.

    Raises: OSError if it cannot be fetched.
    """
    return word_index(path, "reuters_word_index.json", _WORDS_MD5)


def get_label_names() -> tuple[str, ...]:
    """The topics in the order of their numbers.

    >>> get_label_names()[3]
    'earn'
    """
    return tuple(_TOPICS.split())
