"""Words as vectors: reads a text, learns which words are used alike, and draws some of them.

    python examples/word2vec.py [text [epochs]]

The text is a file of one sentence a line, plain or compressed. Without one the King James Bible is read where Debian's
`bible-kjv` is installed, otherwise Python's own reference. In the Bible the neighbours of "king" are kings and princes,
and those of "bread" what is eaten.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from ranvier.text import Corpus, KeyedVectors, Word2Vec

OUTPUT = Path(__file__).parent / "output"


def find_text() -> str:
    """A text that is on this machine."""
    if program := shutil.which("bible"):
        found = subprocess.run([program, "-f", "gen1:1-rev22:21"], capture_output=True, text=True, check=True)
        return found.stdout
    from pydoc_data import topics

    return "\n".join(topics.topics.values())


def read(path: str | None) -> Corpus:
    """The words of a file, or of the text that is found, in lower case and without punctuation."""
    if path:
        return Corpus(corpus_file=path, lower=True)
    sentences = re.split(r"[.:;?!]\s", find_text().lower())
    return Corpus(re.findall(r"[a-z]+", sentence) for sentence in sentences)


def show(vectors: KeyedVectors) -> None:
    """Neighbours of some words, and an analogy."""
    for word in ("king", "bread", "son", "class", "string", vectors.index_to_key[20]):
        if word in vectors:
            near = ", ".join(f"{other} {cosine:.2f}" for other, cosine in vectors.most_similar(word, topn=6))
            print(f"{word}: {near}")
    if all(word in vectors for word in ("king", "man", "woman")):
        found = vectors.most_similar(positive=["king", "woman"], negative=["man"], topn=3)
        print("king - man + woman:", ", ".join(word for word, _ in found))


def main(path: str | None = None, epochs: int = 10) -> Word2Vec:
    """Trains, prints, draws; returns the model."""
    corpus = read(path)
    print(corpus)
    model = Word2Vec(corpus, vector_size=100, sg=1, negative=10, sample=1e-4, epochs=epochs, verbose=2)
    print("Mean loss of each epoch:", ", ".join(f"{loss:.3f}" for loss in model.losses), "\n")
    show(model.wv)
    OUTPUT.mkdir(exist_ok=True)
    figure = model.wv.plot(model.wv.index_to_key[30:130])
    figure.savefig(OUTPUT / "word2vec.png", dpi=120)
    print(f"\nPicture: {OUTPUT / 'word2vec.png'}")
    return model


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None, int(sys.argv[2]) if len(sys.argv) > 2 else 10)
