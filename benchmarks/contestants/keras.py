"""Keras 3 on the backend that `variant` names, and whatever else runs Keras code."""

import os
from types import ModuleType
from typing import Any

import numpy as np

from contestants.base import LEARNING_RATE, Array, Contestant


class KerasLike(Contestant):
    def __init__(self, keras: ModuleType, shape: tuple[int, ...], hidden: list[Any], classes: int, batch: int) -> None:
        self.batch = batch
        self.model = keras.Sequential(
            [keras.Input(shape=shape), *hidden, keras.layers.Dense(classes, activation="softmax")]
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


def dense(keras: ModuleType, sizes: tuple[int, ...], batch: int) -> Contestant:
    hidden = [keras.layers.Dense(units, activation="relu") for units in sizes[1:-1]]
    return KerasLike(keras, sizes[:1], hidden, sizes[-1], batch)


def convolutional(keras: ModuleType, shape: list[int], blocks: list[Any], classes: int, batch: int) -> Contestant:
    hidden: list[Any] = []
    for filters, padding, normalized, halved in blocks:
        if normalized:
            hidden += [keras.layers.Conv2D(filters, 3, padding=padding), keras.layers.BatchNormalization()]
            hidden += [keras.layers.ReLU()]
        else:
            hidden += [keras.layers.Conv2D(filters, 3, padding=padding, activation="relu")]
        if halved:
            hidden += [keras.layers.MaxPooling2D()]
    return KerasLike(keras, tuple(shape), [*hidden, keras.layers.Flatten()], classes, batch)


def sequential(keras: ModuleType, kind: str, shape: tuple[int, int], sizes: tuple[int, ...], batch: int) -> Contestant:
    if kind == "embedding":
        hidden = [keras.layers.Embedding(shape[1], sizes[0]), keras.layers.GlobalAveragePooling1D()]
        return KerasLike(keras, shape[:1], hidden, sizes[-1], batch)
    return KerasLike(keras, shape, [getattr(keras.layers, kind.upper())(sizes[0])], sizes[-1], batch)


def library(variant: str) -> ModuleType:
    os.environ["KERAS_BACKEND"] = variant
    import keras

    module: ModuleType = keras
    return module


def create(sizes: tuple[int, ...], batch: int, variant: str) -> Contestant:
    return dense(library(variant), sizes, batch)


def create_convolutional(shape: list[int], blocks: list[Any], classes: int, batch: int, variant: str) -> Contestant:
    return convolutional(library(variant), shape, blocks, classes, batch)


def create_sequence(kind: str, shape: tuple[int, int], sizes: tuple[int, ...], batch: int, variant: str) -> Contestant:
    return sequential(library(variant), kind, shape, sizes, batch)
