"""Tells good opinions from bad ones: texts become numbers, numbers vectors, and an LSTM reads them in their order.

The sentences are made up, with words that turn a meaning around ("not good", "hardly bad"), so that it is not enough to
count words. Give a file, with 0 or 1 and a text in each line, to learn from that.
"""

import sys
from pathlib import Path

import numpy as np

import ranvier
from ranvier import layers
from ranvier.text import Vocabulary

GOOD = ["good", "great", "fine", "lovely", "charming", "brilliant", "clever", "moving"]
BAD = ["bad", "poor", "dull", "awful", "boring", "stupid", "weak", "tedious"]
TURNED = ["not", "hardly", "never", "by no means"]
ABOUT = ["the film", "this book", "the play", "his first novel", "the whole story", "their new song"]
OPENINGS = ["", "I think ", "Honestly, ", "My sister says ", "To be fair, "]


def opinions(count: int, seed: int) -> tuple[list[str], np.ndarray]:
    """Sentences, and whether each is a good opinion."""
    random = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(count):
        good, turned = random.random(2) < 0.5
        word = random.choice(GOOD if good != turned else BAD)
        verb = random.choice(["was", "is", "seemed"])
        middle = f"{random.choice(TURNED)} " if turned else random.choice(["", "really ", "very "])
        texts.append(f"{random.choice(OPENINGS)}{random.choice(ABOUT)} {verb} {middle}{word}.")
        labels.append(good)
    return texts, np.array(labels, dtype=np.float32)


def read(path: str) -> tuple[list[str], np.ndarray]:
    """Texts and labels of a file with "0 text" or "1 text" in each line."""
    lines = [line.split(maxsplit=1) for line in Path(path).read_text(encoding="utf-8").splitlines() if line.strip()]
    return [line[1] for line in lines], np.array([float(line[0]) for line in lines], dtype=np.float32)


def main(path: str | None = None, count: int = 4000, epochs: int = 4) -> float:
    """Trains, prints what it thinks of three sentences, and returns how many of the unseen ones it gets right."""
    ranvier.utils.set_random_seed(0)
    texts, labels = read(path) if path else opinions(count, seed=0)
    cut = int(0.8 * len(texts))
    words = Vocabulary(max_tokens=10_000, output_sequence_length=12)
    words.adapt(texts[:cut])
    model = ranvier.Sequential(
        [
            layers.Embedding(words.vocabulary_size(), 16, mask_zero=True),
            layers.LSTM(16),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(ranvier.optimizers.Adam(0.01), "binary_crossentropy", metrics=["accuracy"])
    unseen = (words(texts[cut:]), labels[cut:])
    model.fit(words(texts[:cut]), labels[:cut], epochs=epochs, validation_data=unseen, verbose=2)
    asked = ["The film was great!", "This book is not great.", "To be fair, their new song is hardly boring"]
    for text, odds in zip(asked, model.predict(words(asked), verbose=0)[:, 0], strict=True):
        print(f"{odds:4.0%} good: {text}")
    return float(model.evaluate(*unseen, verbose=0)[1])


if __name__ == "__main__":
    print(f"Right about {main(sys.argv[1] if len(sys.argv) > 1 else None):.1%} of unseen texts")
