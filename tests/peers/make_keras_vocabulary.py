"""Writes what TextVectorization of Keras makes of some texts, with which tests/python/test_vocabulary.py compares.

Run it with Keras and TensorFlow installed: `KERAS_BACKEND=tensorflow python tests/peers/make_keras_vocabulary.py`.
"""

import json
from pathlib import Path

import keras
import numpy as np

# Lower case and white space of ASCII only, since Keras knows no other.
TEXTS = [
    "The cat sat on the mat.",
    "THE DOG, the dog!  barked\tat the cat\n",
    "",
    "a a a b b c don't stop_me now",
    "never a dull moment; never, ever",
]
UNSEEN = ["the zebra sat, a zebra sat", "", "Never the cat of the dog's mat mat mat"]
CASES: list[dict[str, object]] = [
    {},
    {"standardize": "lower"},
    {"standardize": "strip_punctuation"},
    {"standardize": None},
    {"split": "character"},
    {"split": None},
    {"ngrams": 2},
    {"ngrams": [2, 3]},
    {"max_tokens": 7},
    {"output_sequence_length": 4},
    {"output_mode": "multi_hot"},
    {"output_mode": "count", "max_tokens": 9},
    {"output_mode": "count", "max_tokens": 60, "pad_to_max_tokens": True},
    {"output_mode": "tf_idf"},
    {"output_mode": "tf_idf", "ngrams": 2, "max_tokens": 12},
]


def main() -> None:
    """Adapts a layer for each case, and calls it."""
    made = []
    for case in CASES:
        given = {name: tuple(value) if isinstance(value, list) else value for name, value in case.items()}
        layer = keras.layers.TextVectorization(**given)
        layer.adapt(TEXTS)
        found = np.asarray(layer(np.array(UNSEEN)[:, None]))
        numbers = found.astype(float).round(6).tolist() if found.dtype.kind == "f" else found.tolist()
        made.append({"arguments": case, "vocabulary": layer.get_vocabulary(), "found": numbers})
    lines = ",\n".join(f"    {json.dumps(case)}" for case in made)
    head = f'"keras": "{keras.__version__}", "texts": {json.dumps(TEXTS)}, "unseen": {json.dumps(UNSEEN)}'
    path = Path(__file__).parents[1] / "python" / "keras_vocabulary.json"
    path.write_text(f'{{{head}, "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
