"""Trains the clinical-trial networks with Keras on twenty draws of the data, and writes what it reports at the end.

    python tests/peers/make_keras_clinical.py      # about two minutes; needs keras and jax

The numbers in tests/python/keras_clinical.csv, with which tests/python/test_clinical_trial.py compares, were made so.
"""

import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

import keras  # noqa: E402
from clinical_data import trial  # noqa: E402
from keras import layers  # noqa: E402

SEEDS = 20
FORMS = {"sigmoid": (6, "sigmoid"), "softmax": (16, "softmax")}  # 1-6-32-2 and 1-16-32-2


def train(seed: int, width: int, last: str) -> tuple[float, float]:
    """Loss and accuracy of the twentieth epoch, as Keras reports them."""
    keras.utils.set_random_seed(seed)
    x, y = trial(seed)
    model = keras.Sequential(
        [
            keras.Input((1,)),
            layers.Dense(width, activation="relu"),
            layers.Dense(32, activation="relu"),
            layers.Dense(2, activation=last),
        ]
    )
    model.compile(keras.optimizers.Adam(1e-4), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, batch_size=10, epochs=20, shuffle=True, verbose=0).history
    return history["loss"][-1], history["accuracy"][-1]


def main() -> None:
    lines = [
        f"# Keras {keras.__version__} on {keras.backend.backend()}, made by tests/peers/make_keras_clinical.py:",
        "# loss and accuracy of the twentieth epoch for each seed.",
        "# " + ",".join(["seed"] + [f"{form}_{number}" for form in FORMS for number in ("loss", "accuracy")]),
    ]
    for seed in range(SEEDS):
        numbers = [number for form in FORMS.values() for number in train(seed, *form)]
        lines.append(",".join([str(seed)] + [f"{number:.6f}" for number in numbers]))
        print(lines[-1], flush=True)
        keras.utils.clear_session()
    (TESTS / "python" / "keras_clinical.csv").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
