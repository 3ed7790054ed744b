"""Reviews of films, good or bad: 50,000 texts (Maas et al., 2011)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ranvier.datasets._files import arrays, shuffler, stored
from ranvier.datasets._word_lists import begun, limited, shorter, word_index

if TYPE_CHECKING:
    from ranvier.datasets._files import Split

_SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"
_WORDS_MD5 = "bfafd718b763782e994055a2d397834f"


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> Split:
    """Lists of word numbers (rows,), and 1 for good reviews, 0 for bad ones (rows,): 25,000 and 25,000 rows.

    A word's number is its rank by frequency plus `index_from`; `utils.pad_sequences` makes rows of one length.

    Args:
        path: name of the file in the cache.
        num_words: numbers from this one on are rare words; None keeps all.
        skip_top: numbers below are words too frequent.
        maxlen: texts of this length and above are left out.
        seed: of the order of the rows.
        start_char: number before every text, or None.
        oov_char: what rare and frequent words become; None leaves them out.
        index_from: what is added to every rank.

    Raises: OSError if it cannot be fetched; ValueError if no text is shorter than `maxlen`.
    """
    found = arrays(stored(path, "imdb.npz", _SHA256))
    shuffled = shuffler(seed)
    parts = []
    for part in ("train", "test"):
        texts, labels = shuffled(found[f"x_{part}"], found[f"y_{part}"])
        parts.append(shorter(begun(texts, start_char, index_from), labels, maxlen))
    (train, y_train), (test, y_test) = parts
    rows = limited(train + test, num_words, skip_top, oov_char)
    return (rows[: len(train)], y_train), (rows[len(train) :], y_test)


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The rank of each word, from 1.

    Args:
        path: name of the file in the cache.

    Raises: OSError if it cannot be fetched.
    """
    return word_index(path, "imdb_word_index.json", _WORDS_MD5)
