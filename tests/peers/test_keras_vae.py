"""Variational autoencoders in Keras and here, from the same weights over the same batches: the same losses and weights.

    make test-peers

One source makes both. The noise of Keras is another one, so its deviation is 0 here, or one draw is handed in as data.
"""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras

import ranvier

# Warnings of Keras are its own affair.
pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("default")]

ROWS, PIXELS, CODE, STEPS = 32, 12, 3, 15
# Of the greatest weight or loss, in float32.
TOLERANCE = 1e-4


def autoencoder(k: ModuleType, stddev: float) -> Any:
    """As the guide of Keras writes it, with losses of three forms in three places."""

    class Sampling(k.layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.seed_generator = k.random.SeedGenerator(1337)

        def call(self, inputs: Any) -> Any:
            mean, log_var = inputs
            batch = k.ops.shape(mean)[0]
            dim = k.ops.shape(mean)[1]
            epsilon = k.random.normal(shape=(batch, dim), stddev=stddev, seed=self.seed_generator)
            return mean + k.ops.exp(0.5 * log_var) * epsilon

    class Encoder(k.layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.proj = k.layers.Dense(8, activation="relu")
            self.mean = k.layers.Dense(CODE)
            self.log_var = k.layers.Dense(CODE, kernel_regularizer="l2")
            self.sampling = Sampling()

        def call(self, inputs: Any) -> Any:
            x = self.proj(inputs)
            self.add_loss(0.01 * k.ops.sum(k.ops.square(x), axis=1))  # one a row
            mean, log_var = self.mean(x), self.log_var(x)
            return mean, log_var, self.sampling((mean, log_var))

    class Decoder(k.layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.proj = k.layers.Dense(8, activation="relu", activity_regularizer="l2")
            self.out = k.layers.Dense(PIXELS, activation="sigmoid")

        def call(self, inputs: Any) -> Any:
            return self.out(self.proj(inputs))

    class Autoencoder(k.Model):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.encoder, self.decoder = Encoder(), Decoder()

        def call(self, inputs: Any) -> Any:
            mean, log_var, z = self.encoder(inputs)
            self.add_loss(-0.5 * k.ops.mean(log_var - k.ops.square(mean) - k.ops.exp(log_var) + 1))
            self.add_loss(0.1 * k.ops.mean(z))
            return self.decoder(z)

    return Autoencoder()


def close(found: Any, expected: Any) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    assert np.max(np.abs(found - expected)) <= TOLERANCE * max(1e-3, float(np.max(np.abs(expected))))


@pytest.mark.parametrize("loss", ["mse", "binary_crossentropy", None])
def test_the_same_steps(loss: str | None) -> None:
    x = np.random.default_rng(0).uniform(size=(ROWS, PIXELS)).astype(np.float32)
    theirs, ours = autoencoder(keras, 0.0), autoencoder(ranvier, 0.0)
    for k, model in ((keras, theirs), (ranvier, ours)):
        model.compile(optimizer=k.optimizers.Adam(0.01), loss=loss)
        model(x)
    ours.set_weights(theirs.get_weights())
    targets = () if loss is None else (x,)
    close(ours.evaluate(x, *targets, verbose=0), theirs.evaluate(x, *targets, verbose=0))
    for _ in range(STEPS):
        close(ours.train_on_batch(x, *targets), theirs.train_on_batch(x, *targets))
    for found, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        close(found, expected)
    close(ours.predict(x), theirs.predict(x, verbose=0))


def test_losses_of_training_and_inference_differ_as_keras_has_it() -> None:
    def model_of(k: ModuleType) -> Any:
        class Penalty(k.layers.Layer):
            def call(self, inputs: Any, training: bool = False) -> Any:
                if training:
                    self.add_loss(k.ops.mean(k.ops.square(inputs)))
                return inputs

        shared = k.layers.Dense(3)
        x = k.Input((3,))
        return k.Model(x, Penalty()(shared(Penalty()(shared(x)))))  # of a layer called twice JAX counts one call

    x = np.random.default_rng(1).normal(size=(ROWS, 3)).astype(np.float32)
    theirs, ours = model_of(keras), model_of(ranvier)
    ours.set_weights(theirs.get_weights())
    for k, model in ((keras, theirs), (ranvier, ours)):
        model.compile(optimizer=k.optimizers.SGD(0.05), loss="mse")
    for _ in range(5):
        close(ours.test_on_batch(x, x), theirs.test_on_batch(x, x))
        close(ours.train_on_batch(x, x), theirs.train_on_batch(x, x))
    for found, expected in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        close(found, expected)


def test_noise_of_the_same_distribution_trains_alike() -> None:
    """With noise, the mean loss of many passes agrees to its standard error."""
    x = np.random.default_rng(0).uniform(size=(ROWS, PIXELS)).astype(np.float32)
    theirs, ours = autoencoder(keras, 1.0), autoencoder(ranvier, 1.0)
    for model in (theirs, ours):
        model.compile(optimizer="sgd", loss="mse")
        model(x)
    ours.set_weights(theirs.get_weights())
    found, expected = ([model.test_on_batch(x, x) for _ in range(200)] for model in (ours, theirs))
    error = np.hypot(np.std(found), np.std(expected)) / np.sqrt(200)
    assert abs(np.mean(found) - np.mean(expected)) < 4 * error
    assert 0.7 < np.std(found) / np.std(expected) < 1.4
