"""Keras 3 on the backend that `variant` names, and whatever else runs Keras code."""

import os
from types import ModuleType

import numpy as np

from contestants.base import LEARNING_RATE, Array, Contestant


class KerasLike(Contestant):
    def __init__(self, keras: ModuleType, sizes: tuple[int, ...], batch: int) -> None:
        self.batch = batch
        self.model = keras.Sequential(
            [
                keras.Input(shape=(sizes[0],)),
                *(keras.layers.Dense(units, activation="relu") for units in sizes[1:-1]),
                keras.layers.Dense(sizes[-1], activation="softmax"),
            ]
        )
        self.model.compile(
            optimizer=keras.optimizers.Adam(learning_rate=LEARNING_RATE), loss="sparse_categorical_crossentropy"
        )

    def train(self, epochs: int) -> None:
        self.model.fit(self.x, self.y, batch_size=self.batch, epochs=epochs, verbose=0)

    def predict(self, x: Array) -> Array:
        return np.asarray(self.model.predict(x, verbose=0))

    def call(self, x: Array) -> Array:
        y = self.model(x)
        return np.asarray(y.detach() if hasattr(y, "detach") else y)


def create(sizes: tuple[int, ...], batch: int, variant: str) -> Contestant:
    os.environ["KERAS_BACKEND"] = variant
    import keras

    return KerasLike(keras, sizes, batch)
