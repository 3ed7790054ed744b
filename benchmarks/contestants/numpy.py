"""The network written by hand in NumPy."""

from contestants.base import Array, Contestant
from ranvier.bench import NumpyClassifier


class Numpy(Contestant):
    def __init__(self, sizes: tuple[int, ...], batch: int) -> None:
        self.batch = batch
        self.model = NumpyClassifier(sizes)

    def train(self, epochs: int) -> None:
        self.model.fit(self.x, self.y, self.batch, epochs)

    def predict(self, x: Array) -> Array:
        return self.model.predict(x)


def create(sizes: tuple[int, ...], batch: int, _variant: str) -> Contestant:
    return Numpy(sizes, batch)
