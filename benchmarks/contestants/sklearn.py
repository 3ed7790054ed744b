"""scikit-learn's MLPClassifier."""

import numpy as np
from sklearn.neural_network import MLPClassifier

from contestants.base import LEARNING_RATE, Array, Contestant


class ScikitLearn(Contestant):
    def __init__(self, sizes: tuple[int, ...], batch: int) -> None:
        self.classes = np.arange(sizes[-1])
        self.model = MLPClassifier(
            hidden_layer_sizes=sizes[1:-1], alpha=0, batch_size=batch, learning_rate_init=LEARNING_RATE
        )

    def train(self, epochs: int) -> None:
        for _ in range(epochs):
            self.model.partial_fit(self.x, self.y, classes=self.classes)

    def predict(self, x: Array) -> Array:
        return np.asarray(self.model.predict_proba(x))


def create(sizes: tuple[int, ...], batch: int, _variant: str) -> Contestant:
    return ScikitLearn(sizes, batch)
