"""A small GPT that learns to write, one character after the other, from this project's own documentation.

Four blocks of attention and dense layers, 0.8 million weights. After three epochs a character of unseen text costs 2.8
bits; to guess among all letters costs 6.5. What it writes then has words and Markdown, and little sense.
"""

from pathlib import Path
from typing import Any

import numpy as np

import ranvier
from ranvier import Input, Model, layers
from ranvier.losses import SparseCategoricalCrossentropy
from ranvier.text import Vocabulary

CONTEXT, WIDTH, HEADS, BLOCKS = 64, 128, 4, 4


def corpus() -> str:
    """The text that is learned: all pages of documentation."""
    root = Path(__file__).parents[1]
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted([*root.glob("*.md"), *root.glob("docs/*.md")]))


class Positions(layers.Layer):
    """Adds a learned vector for each place."""

    def build(self, input_shape: tuple[int, ...]) -> None:
        self.places = self.add_weight(input_shape[1:], "random_normal", name="places")

    def call(self, x: Any) -> Any:
        return x + self.places


def gpt(vocabulary: int, width: int = WIDTH, blocks: int = BLOCKS) -> Model:
    """Logits of the next character at every place (Radford et al., 2019, with norms in front)."""
    tokens = Input((CONTEXT,))
    x = Positions()(layers.Embedding(vocabulary, width)(tokens))
    for _ in range(blocks):
        y = layers.LayerNormalization()(x)
        x = layers.add([x, layers.MultiHeadAttention(HEADS, width // HEADS)(y, y, use_causal_mask=True)])
        y = layers.Dense(4 * width, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.add([x, layers.Dense(width)(y)])
    return Model(tokens, layers.Dense(vocabulary)(layers.LayerNormalization()(x)))


def write(model: Model, letters: Vocabulary, begin: str, length: int, temperature: float = 0.6) -> str:
    """Goes on from `begin`, drawing each character with the probability that the model gives it."""
    random, text = np.random.default_rng(0), begin
    for _ in range(length):
        recent = text[-CONTEXT:]
        logits = model.predict(letters([recent])[:, :CONTEXT])[0, len(recent) - 1].astype(float) / temperature
        odds = np.exp(logits - logits.max())
        text += letters.decode([random.choice(len(letters), p=odds / odds.sum())])
    return text


def main(epochs: int = 3, rows: int = 4000, **sizes: int) -> float:
    """Trains, prints a sample, and returns the bits that a character of unseen text costs."""
    ranvier.utils.set_random_seed(0)
    text = corpus()
    letters = Vocabulary(standardize=None, split="character", output_sequence_length=CONTEXT + 1)
    letters.adapt([text])
    windows = letters([text[i : i + CONTEXT + 1] for i in range(0, len(text) - CONTEXT, 8)][:rows])
    cut = int(0.9 * len(windows))
    model = gpt(len(letters), **sizes)
    model.compile(ranvier.optimizers.Adam(1e-3), SparseCategoricalCrossentropy(from_logits=True))
    x, y = windows[:, :-1], windows[:, 1:]
    history = model.fit(x[:cut], y[:cut], batch_size=16, epochs=epochs, validation_data=(x[cut:], y[cut:]), verbose=2)
    print(write(model, letters, "## The ", 400))
    return float(min(history.history["val_loss"]) / np.log(2))


if __name__ == "__main__":
    print(f"{main():.2f} bits a character")
