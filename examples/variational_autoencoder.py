"""A variational autoencoder learns to draw digits of 64 pixels; `python examples/variational_autoencoder.py [epochs]`.

An image becomes a normal distribution over two numbers, and what is drawn from that becomes an image again. The loss is
how far the image is off (in nats) and how far the distribution is from the standard one, which the layer that draws
adds with `add_loss`. Images that it has not seen cost 20.8 + 3.1 nats. The picture has what the decoder makes of the
plane, at places where the standard distribution has equal parts between them; on the right, where the images are.
"""

import sys
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import ranvier
from ranvier import Input, Model, Sequential, layers, ops

PICTURE = Path(__file__).parent / "output" / "variational_autoencoder.png"
PIXELS, CODE, GRID = 64, 2, 14


class Sampling(layers.Layer):
    """A number for each mean and logarithm of a variance, other ones each time."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed_generator = ranvier.random.SeedGenerator(1337)

    def call(self, inputs: Any) -> Any:
        """Draws, and adds the Kullback-Leibler divergence from the standard normal distribution, for each pixel."""
        mean, log_var = inputs
        divergence = -0.5 * ops.sum(1 + log_var - ops.square(mean) - ops.exp(log_var), axis=1)
        self.add_loss(ops.mean(divergence) / PIXELS)
        batch, code = ops.shape(mean)
        return mean + ops.exp(0.5 * log_var) * ranvier.random.normal((batch, code), seed=self.seed_generator)


ranvier.utils.set_random_seed(1)
epochs = int(sys.argv[1]) if sys.argv[1:] else 400
digits = load_digits()
train, test, _, labels = train_test_split(digits.data / 16, digits.target, random_state=0)

image = Input((PIXELS,))
hidden = layers.Dense(256, activation="gelu")(image)
hidden = layers.Dense(128, activation="gelu")(hidden)
mean, log_var = layers.Dense(CODE, name="mean")(hidden), layers.Dense(CODE, name="log_var")(hidden)
encoder = Model(image, [mean, log_var, Sampling()([mean, log_var])], name="encoder")
decoder = Sequential([Input((CODE,)), layers.Dense(128, activation="gelu"), layers.Dense(256, activation="gelu")])
decoder.add(layers.Dense(PIXELS, activation="sigmoid"))
model = Model(image, decoder(encoder(image)[2]))
model.summary()
rate = ranvier.optimizers.schedules.CosineDecay(2e-3, epochs * -(-len(train) // 64))
model.compile(ranvier.optimizers.Adam(rate), "binary_crossentropy", metrics=["binary_crossentropy"])
model.fit(train, train, batch_size=64, epochs=epochs, verbose=0)

total, reconstruction = (PIXELS * value for value in model.evaluate(test, test, verbose=0))
print(f"\nNats an image of {len(test)}: {reconstruction:.1f} for the pixels, {total - reconstruction:.1f} for the code")

cuts = np.array([NormalDist().inv_cdf((i + 0.5) / GRID) for i in range(GRID)])
plane = np.stack(np.meshgrid(cuts, cuts[::-1]), axis=-1).reshape(-1, CODE)
drawn = np.pad(decoder.predict(plane).reshape(-1, 8, 8), ((0, 0), (1, 1), (1, 1))).reshape(GRID, GRID, 10, 10)
figure = Figure(figsize=(11, 5), layout="constrained")
left, right = figure.subplots(1, 2)
left.imshow(drawn.transpose(0, 2, 1, 3).reshape(10 * GRID, 10 * GRID), cmap="gray_r", vmin=0, vmax=1)
left.set(xticks=[], yticks=[], title="drawn by the decoder")
dots = right.scatter(*encoder.predict(test)[0].T, c=labels, cmap="tab10", s=12)
figure.colorbar(dots, ticks=range(10))
right.set(title="means of the images", aspect="equal")
PICTURE.parent.mkdir(exist_ok=True)
figure.savefig(PICTURE, dpi=120)
print(f"What it draws: {PICTURE}")
