from __future__ import annotations

from ranvier.text.vector_table import VectorTable


class KeyedVectors(VectorTable):
    """Vectors of words, and what can be asked about them.

    Args:
        vector_size: how many numbers a vector has.
        keys: the words, one for each row of `vectors`.
        vectors: (words, vector_size), numbers of 16, 32 or 64 bits. Kept as it is, not copied: who changes the array
            changes the vectors.
        counts: how often each word has occurred, if that is known.
        dtype: type of vectors that are added later, where `vectors` is not given.

    Raises: ValueError for shapes that do not fit each other and for a word that is there twice; TypeError for words
    that are no strings.

    >>> import numpy as np
    >>> vectors = KeyedVectors(2, keys=["north", "east"], vectors=np.array([[0, 1], [1, 0]], np.float32))
    >>> vectors["east"], "west" in vectors, len(vectors)
    (array([1., 0.], dtype=float32), False, 2)
    """
