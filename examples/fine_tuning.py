"""Fine-tuning: a network that knows the digits 0 to 4, wherever they stand, learns 5 to 9 from ten examples of each.

It follows the notes on transfer learning: import the model that was trained for one task, remove its last layer, add a
new one for the second task, and train. First the new layer alone learns, the others being frozen, then all of them with
smaller steps. Share of new images of 5 to 9 that are recognized, over ten draws of the examples:

    from nothing     0.401, from 0.368 to 0.440
    new last layer   0.548, from 0.509 to 0.586
    then all layers  0.565, from 0.525 to 0.595
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sklearn.datasets import load_digits

import ranvier
from ranvier.layers import Dense, Input
from ranvier.models import Model, Sequential, clone_model, load_model
from ranvier.optimizers import Adam

EXAMPLES, FRAME = 10, 12  # of each new digit; side of the frame, in pixels, that an image of 8 x 8 stands in


def framed(images: np.ndarray, seed: int) -> np.ndarray:
    """Each image somewhere in a frame."""
    frames = np.zeros((len(images), FRAME, FRAME))
    places = np.random.default_rng(seed).integers(0, FRAME - 7, (len(images), 2))
    for frame, image, (i, j) in zip(frames, images, places, strict=True):
        frame[i : i + 8, j : j + 8] = image
    return frames.reshape(len(images), -1)


def trained(model: Model, x: np.ndarray, y: np.ndarray, rate: float, epochs: int, batch_size: int = 5) -> Model:
    """The model, after training."""
    model.compile(Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, batch_size, epochs, verbose=0)
    return model


def compare(draws: int, copies: int, epochs: int) -> dict[str, list[float]]:
    """Accuracy on new images of 5 to 9 of each way to learn, for each draw of the examples."""
    images, digits = load_digits(return_X_y=True)
    images = (images / 16).reshape(-1, 8, 8)
    old = digits < 5
    x = np.concatenate([framed(images[old], seed) for seed in range(copies)])
    stack = [Input((FRAME**2,)), Dense(256, "relu"), Dense(128, "relu"), Dense(5, "softmax")]
    found: dict[str, list[float]] = {"from nothing": [], "new last layer": [], "then all layers": []}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "first_task.safetensors"
        trained(Sequential(stack), x, np.tile(digits[old], copies), 0.002, 10, 32).save(path)
        x, y = framed(images, copies), digits - 5
        for draw in range(draws):
            order = np.random.default_rng(draw).permutation(len(x))
            shown = np.concatenate([order[y[order] == digit][:EXAMPLES] for digit in range(5)])
            rest = np.setdiff1d(np.flatnonzero(~old), shown)

            def note(way: str, model: Model, rest: np.ndarray = rest) -> None:
                found[way].append(model.evaluate(x[rest], y[rest], verbose=0)[1])

            note("from nothing", trained(clone_model(load_model(path)), x[shown], y[shown], 0.002, epochs))
            model = load_model(path)
            assert isinstance(model, Sequential)
            model.pop()  # it said which of 0 to 4 it was
            model.trainable = False
            model.add(Dense(5, "softmax", name="new_digits"))
            note("new last layer", trained(model, x[shown], y[shown], 0.005, epochs))
            model.trainable = True
            note("then all layers", trained(model, x[shown], y[shown], 0.0005, epochs))
    return found


if __name__ == "__main__":
    ranvier.utils.set_random_seed(1)
    for way, accuracies in compare(draws=10, copies=20, epochs=40).items():
        print(f"    {way:<16} {np.mean(accuracies):.3f}, from {min(accuracies):.3f} to {max(accuracies):.3f}")
