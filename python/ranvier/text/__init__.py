"""Words as numbers and vectors: corpora, vocabularies, phrases, word2vec, GloVe, and what is done with vectors."""

from typing import TYPE_CHECKING

from ranvier import _lazy

if TYPE_CHECKING:
    from ranvier.text.corpus import Corpus
    from ranvier.text.errors import UnknownWordError, VectorFileError
    from ranvier.text.glove import GloVe
    from ranvier.text.keyed_vectors import KeyedVectors
    from ranvier.text.phrases import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, Phrases
    from ranvier.text.translation_matrix import TranslationMatrix
    from ranvier.text.vocabulary import Vocabulary
    from ranvier.text.word2vec import Word2Vec

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "Corpus",
    "FrozenPhrases",
    "GloVe",
    "KeyedVectors",
    "Phrases",
    "TranslationMatrix",
    "UnknownWordError",
    "VectorFileError",
    "Vocabulary",
    "Word2Vec",
]

if not TYPE_CHECKING:
    _LAZY = "errors vocabulary corpus keyed_vectors word2vec phrases translation_matrix glove"
    __getattr__ = _lazy.members_of(__name__, _LAZY.split())
