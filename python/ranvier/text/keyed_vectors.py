from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.errors import one_of
from ranvier.text.vector_queries import VectorQueries

if TYPE_CHECKING:
    from pathlib import Path

    from typing_extensions import Self

    from ranvier.layers import Embedding
    from ranvier.text.correlation import Correlation


class KeyedVectors(VectorQueries):
    """Vectors of words, and what can be asked about them.

    Names and arguments are those of gensim 4. A key is a word, or the number of its row.

    Args:
        vector_size: how many numbers a vector has.
        keys: the words, one for each row of `vectors`.
        vectors: (words, vector_size), numbers of 16, 32 or 64 bits. Kept as it is, not copied: who changes the array
            changes the vectors, and the next query knows.
        counts: how often each word has occurred, if that is known.
        dtype: type of vectors that are added later, where `vectors` is not given.

    Raises: ValueError for shapes that do not fit each other and for a word that is there twice; TypeError for words
    that are no strings.

    >>> import numpy as np
    >>> vectors = KeyedVectors(2, keys=["north", "east"], vectors=np.array([[0, 1], [1, 0]], np.float32))
    >>> vectors["east"], "west" in vectors, len(vectors)
    (array([1., 0.], dtype=float32), False, 2)
    """

    # --- Files --------------------------------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes words, vectors and attributes to a `.safetensors` file, which `load` can map into memory.

        Raises: OSError.
        """
        from ranvier.text import vector_store

        vector_store.write(path, self)

    @classmethod
    def load(cls, path: str | os.PathLike[str], mmap: str | None = None) -> Self:
        """Reads what `save` has written.

        Args:
            path: of the file.
            mmap: None reads and checks all of it. "r" opens a file of any size at once: vectors are read from it where
                they are needed, the memory is shared between processes, and they cannot be written to.

        Raises: FileNotFoundError; VectorFileError for a file that is damaged or holds no vectors.
        """
        from ranvier.text import vector_store

        one_of("load", "mmap", mmap, (None, "r"))
        words, vectors, attributes = vector_store.read(path, mmap == "r")
        table = cls(vectors.shape[1], keys=words, vectors=vectors)
        table.expandos = attributes
        return table

    @classmethod
    def load_word2vec_format(
        cls,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: Any = np.float32,
        no_header: bool = False,
        check_finite: bool = True,
    ) -> Self:
        """Reads vectors as the word2vec tool and gensim write them, on several threads.

        Args:
            fname: the file; `.gz`, `.bz2`, `.xz` and `.zip` are decompressed on the way.
            fvocab: a file of words and their counts, which become the attribute "count".
            binary: whether the numbers are bytes.
            encoding: of the words.
            unicode_errors: what is done with bytes that are none of it, as in `bytes.decode`.
            limit: reads so many vectors at most.
            datatype: float32, float16 or float64; text is rounded to it correctly.
            no_header: whether the text begins without the line that says how many vectors there are and their size.
            check_finite: whether NaN and infinity are errors.

        Of a word that is there twice the first vector is kept, with a warning. Raises: VectorFileError, a ValueError
        that names the line, for whatever the file is not; OSError.
        """
        from ranvier.text import vector_files

        how = vector_files.Reading(binary, not no_header, limit, encoding, unicode_errors, datatype, check_finite)
        if binary and no_header:
            raise ValueError("[load_word2vec_format] a binary file has a header: no_header must be False")
        counts = None if fvocab is None else vector_files.read_counts(fvocab, how)
        words, vectors = vector_files.read_vectors(fname, how)
        table = cls(vectors.shape[1], keys=words, vectors=vectors)
        if counts is not None:
            table.expandos["count"] = np.array([counts.get(word, 0) for word in words], np.int64)
        return table

    @classmethod
    def load_glove(
        cls,
        path: str | os.PathLike[str],
        *,
        member: str | None = None,
        header: bool | None = None,
        limit: int | None = None,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        datatype: Any = np.float32,
        check_finite: bool = True,
    ) -> Self:
        """Reads a text file of GloVe vectors, with or without a header.

        Args:
            path: the file, which may be compressed, such as `glove.6B.zip`.
            member: which file of a `.zip` is meant, if there are several.
            header: whether the first line says how many vectors there are and their size; None finds out.
            limit: reads so many vectors at most.
            encoding: of the words.
            unicode_errors: what is done with bytes that are none of it, as in `bytes.decode`.
            datatype: float32, float16 or float64.
            check_finite: whether NaN and infinity are errors.

        Raises: as `load_word2vec_format`.
        """
        from ranvier.text import vector_files

        how = vector_files.Reading(False, header, limit, encoding, unicode_errors, datatype, check_finite, member)
        words, vectors = vector_files.read_vectors(path, how)
        return cls(vectors.shape[1], keys=words, vectors=vectors)

    def save_word2vec_format(
        self,
        fname: str | os.PathLike[str],
        fvocab: str | os.PathLike[str] | None = None,
        binary: bool = False,
        total_vec: int | None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str = "count",
    ) -> None:
        """Writes a file that word2vec, gensim and most others read; numbers as text read back as they were.

        Args:
            fname: the file; compressed if its name ends with `.gz`.
            fvocab: where words and their `sort_attr` are written to, if that is wanted.
            binary: whether numbers are written as bytes, with 32 bits.
            total_vec: the number of vectors that the header says, where it is another.
            write_header: whether there is one; GloVe's files have none.
            prefix: in front of each word.
            append: whether what is there stays, and this comes after it.
            sort_attr: rows are written in descending order of this attribute, if there is one.

        Raises: ValueError for a word that the form has no room for; OSError. The file appears whole or not at all.
        """
        from ranvier.text import vector_files

        how = vector_files.Writing(binary, write_header, total_vec, prefix, append)
        rows = np.arange(len(self))
        if sort_attr in self.expandos:
            rows = np.argsort(-self.expandos[sort_attr].astype(np.float64), kind="stable")
        elif fvocab is not None:
            raise ValueError(f"[save_word2vec_format] there is no attribute {sort_attr!r} to write to {str(fvocab)!r}")
        vector_files.write_vectors(fname, self, rows, how)
        if fvocab is not None:
            vector_files.write_counts(fvocab, self, rows, sort_attr, how)

    # --- Evaluation ---------------------------------------------------------------------------------------------------

    def evaluate_word_analogies(
        self,
        analogies: str | os.PathLike[str] | Iterable[Any],
        restrict_vocab: int | None = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[float, list[dict[str, Any]]]:
        """The share of analogies "a is to b as c is to d" where d is the word nearest to b - a + c.

        Args:
            analogies: a file of four words a line in sections that begin with ": name", such as questions-words.txt,
                or an iterable of quadruples.
            restrict_vocab: only the first rows take part, in questions and answers.
            case_insensitive: whether case does not count; of several spellings the first row is meant.
            dummy4unknown: whether questions with unknown words count as wrong; otherwise they are left out.

        Returns: the share, and for each section and for all a dictionary of `section`, `correct` and `incorrect`.
        Raises: ValueError where there are no analogies; OSError.
        """
        from ranvier.text.vector_evaluation import word_analogies

        return word_analogies(self, analogies, restrict_vocab, case_insensitive, dummy4unknown)

    def evaluate_word_pairs(
        self,
        pairs: str | os.PathLike[str] | Iterable[tuple[str, str, float]],
        delimiter: str = "\t",
        encoding: str = "utf8",
        restrict_vocab: int | None = 300000,
        case_insensitive: bool = True,
        dummy4unknown: bool = False,
    ) -> tuple[Correlation, Correlation, float]:
        """How well similarities agree with those that people gave.

        Args:
            pairs: a file with two words and a number in each line, such as wordsim353.tsv, or an iterable of triples.
            delimiter: between the fields of a line; lines that begin with # are left out.
            encoding: of the file.
            restrict_vocab: only the first rows are known.
            case_insensitive: whether case does not count; of several spellings the first row is meant.
            dummy4unknown: whether pairs with unknown words count as of similarity 0; otherwise they are left out.

        Returns: Pearson's and Spearman's correlation, each with its two-sided p-value, and the percentage of pairs
        with unknown words. Raises: ValueError where no pair can be judged; OSError.
        """
        from ranvier.text.vector_evaluation import word_pairs

        return word_pairs(self, pairs, delimiter, encoding, restrict_vocab, case_insensitive, dummy4unknown)

    # --- Networks and pictures ----------------------------------------------------------------------------------------

    def to_embedding(
        self,
        vocabulary: Any = None,
        *,
        trainable: bool = False,
        mask_zero: bool = False,
        reserved: int = 2,
        unknown: str = "zeros",
        **kwargs: Any,
    ) -> Embedding:
        """A layer that starts from these vectors.

        Args:
            vocabulary: whose numbers the layer takes: a list of words, or an object with `get_vocabulary()`, such as
                `ranvier.text.Vocabulary`. Without one, word number i of this table is i + `reserved`.
            trainable: whether training changes them.
            mask_zero: whether index 0 is padding that later layers and the loss leave out.
            reserved: rows before the first word: 0 for padding, 1 for unknown words. With a vocabulary it says that.
            unknown: row of words without a vector: "zeros", or "mean" of all vectors. That of padding is 0.
            **kwargs: those of the layer.

        >>> import numpy as np
        >>> vectors = KeyedVectors(2, keys=["a", "b"], vectors=np.array([[1, 2], [3, 4]], np.float32))
        >>> vectors.to_embedding(["", "[UNK]", "b"])(np.array([[2, 0]]))
        array([[[3., 4.],
                [0., 0.]]], dtype=float32)
        """
        from ranvier.layers import Embedding

        one_of("to_embedding", "unknown", unknown, ("zeros", "mean"))
        words = vocabulary
        if hasattr(vocabulary, "get_vocabulary"):
            words = vocabulary.get_vocabulary()
        elif vocabulary is None:
            words = [""] * reserved + self.index_to_key
        rows = np.array([self.key_to_index.get(word, -1) for word in words], np.int64)
        if vocabulary is None:
            rows = np.concatenate([np.full(reserved, -1), np.arange(len(self))])
        if not len(rows):
            raise ValueError("[to_embedding] expected at least one word, got none")
        table = np.zeros((len(rows), self.vector_size), np.float32)
        table[rows >= 0] = self.vectors[rows[rows >= 0]]
        if unknown == "mean" and len(self):
            table[rows < 0] = self.vectors.mean(0, dtype=np.float64)
            if len(words) and words[0] == "":
                table[0] = 0
        kwargs = {"trainable": trainable, "mask_zero": mask_zero, **kwargs}
        return Embedding(len(rows), self.vector_size, weights=table, **kwargs)

    def plot(
        self,
        words: Sequence[Any],
        method: str = "pca",
        *,
        groups: Sequence[Any] | None = None,
        arrows: Sequence[tuple[Any, Any]] = (),
        path: str | os.PathLike[str] | None = None,
        title: str | None = None,
    ) -> Any:
        """A picture of words in the plane, with labels that keep clear of each other as far as there is room.

        Args:
            words: at least two.
            method: "pca", the two directions of greatest variance, or "tsne", which needs scikit-learn.
            groups: something for each word; words with the same have the same colour.
            arrows: pairs of words with an arrow from one to the other, such as countries and capitals.
            path: where the picture is written to; None shows it in a notebook.
            title: above the picture.

        Returns: the figure of matplotlib. Raises: UnknownWordError, a KeyError; ImportError.
        """
        from ranvier.text.vector_pictures import plot_words

        return plot_words(self, words, method, groups, arrows, path, title)

    def save_projector(
        self,
        folder: str | os.PathLike[str],
        words: Sequence[Any] | None = None,
        limit: int | None = 10000,
        name: str = "words",
    ) -> list[Path]:
        """Writes what the embedding projector reads: `tensorboard --logdir folder`, or the two tables by hand.

        Args:
            folder: gets `vectors.tsv`, `metadata.tsv` (words and attributes) and `projector_config.pbtxt`.
            words: which; None: the first `limit` rows.
            limit: the projector runs in a browser, which has room for some ten thousand.
            name: of the vectors there.

        Returns: the paths that were written.
        """
        from ranvier.text.vector_pictures import write_projector

        return write_projector(self, folder, words, limit, name)
