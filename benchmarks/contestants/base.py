"""What a contestant can do. The modules here import NumPy and the library they measure, nothing else."""

from abc import ABC, abstractmethod
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]

LEARNING_RATE = 1e-4


class Contestant(ABC):
    """Dense layers with ReLU between them, softmax cross-entropy, Adam, float32; all of it the library's own way."""

    def load(self, x: Array, y: Array) -> None:
        """Takes the rows to train on; not timed."""
        self.x, self.y = x, y

    @abstractmethod
    def train(self, epochs: int) -> None:
        """Passes over the loaded rows, in a new order each time."""

    @abstractmethod
    def predict(self, x: Array) -> Array:
        """The probabilities of the classes, from NumPy to NumPy."""

    def call(self, x: Array) -> Array:
        """The same by the quickest way that the library's documentation has for a single row."""
        return self.predict(x)
