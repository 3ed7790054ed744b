"""A generative adversarial network on points in the plane: eight small clouds on a circle.

A generator makes points of noise; a discriminator learns to tell them from true ones; the generator learns to deceive
it, through it, while its weights are frozen. In 14 seconds all 8 clouds are found, and 91 % of the points lie in one.
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import ranvier
from ranvier import Input, Model, Sequential
from ranvier.layers import Dense, LeakyReLU
from ranvier.optimizers import Adam

PICTURE = Path(__file__).parent / "output" / "gan.png"
NOISE, CLOUDS, SPREAD = 8, 8, 0.05


def clouds(points: int, random: np.random.Generator) -> np.ndarray:
    """True points, (points, 2)."""
    angle = 2 * np.pi * random.integers(CLOUDS, size=points) / CLOUDS
    return np.stack([np.cos(angle), np.sin(angle)], 1) + SPREAD * random.normal(size=(points, 2))


def networks() -> tuple[Sequential, Sequential, Model]:
    """The generator, the discriminator, and one behind the other."""
    generator = Sequential([Input((NOISE,)), Dense(96, "relu"), Dense(96, "relu"), Dense(2)], name="generator")
    judge = [Input((2,)), Dense(96), LeakyReLU(0.2), Dense(96), LeakyReLU(0.2), Dense(1, "sigmoid")]
    discriminator = Sequential(judge, name="discriminator")
    discriminator.compile(Adam(4e-4, beta_1=0.5), "binary_crossentropy")
    noise = Input((NOISE,))
    both = Model(noise, discriminator(generator(noise)))
    both.compile(Adam(2e-4, beta_1=0.5), "binary_crossentropy")
    return generator, discriminator, both


def quality(points: np.ndarray) -> tuple[int, float]:
    """How many clouds are found, and the share of points that lie in one (within four deviations)."""
    centers = np.exp(2j * np.pi * np.arange(CLOUDS) / CLOUDS)
    distance = abs((points[:, 0] + 1j * points[:, 1])[:, None] - centers)
    close = distance.min(1) < 4 * SPREAD
    found = np.bincount(distance.argmin(1)[close], minlength=CLOUDS)
    return int((found > len(points) / CLOUDS / 5).sum()), float(close.mean())


def draw(true: np.ndarray, made: np.ndarray) -> None:
    """True points and made ones."""
    figure = Figure(figsize=(8, 4), layout="constrained")
    for panel, points, title in zip(figure.subplots(1, 2), (true, made), ("true", "generated"), strict=True):
        panel.scatter(*points.T, s=3, alpha=0.4)
        panel.set(title=title, xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), aspect="equal")
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=120)


def main(steps: int = 6_000, batch: int = 128) -> tuple[int, float]:
    """Trains in turns, draws, and returns the quality of 2,000 points."""
    ranvier.utils.set_random_seed(1)
    random = np.random.default_rng(1)
    generator, discriminator, both = networks()
    labels = np.repeat([1.0, 0.0], batch)
    for _ in range(steps):
        made = generator.predict(random.normal(size=(batch, NOISE)))
        discriminator.trainable = True
        discriminator.train_on_batch(np.concatenate([clouds(batch, random), made]), labels)
        discriminator.trainable = False
        both.train_on_batch(random.normal(size=(batch, NOISE)), np.ones(batch))
    points = generator.predict(random.normal(size=(2000, NOISE)))
    draw(clouds(2000, random), points)
    return quality(points)


if __name__ == "__main__":
    found, close = main()
    print(f"{found} of 8 clouds, {close:.0%} of points in one")
