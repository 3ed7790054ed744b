"""Keras 3, and whatever else runs Keras code."""

from types import ModuleType
from typing import Any

from contestants.base import LEARNING_RATE, Array
from gpt import Sizes


class KerasLike:
    def __init__(self, keras: ModuleType, sizes: Sizes, batch: int) -> None:
        layers = keras.layers

        class Positions(layers.Layer):  # type: ignore[misc, name-defined]  # of whichever library
            def build(self, input_shape: Any) -> None:
                self.places = self.add_weight(shape=input_shape[1:], initializer="random_normal", name="places")

            def call(self, x: Any) -> Any:
                return x + self.places

        tokens = keras.Input((sizes.time,))
        x = Positions()(layers.Embedding(sizes.vocabulary, sizes.width)(tokens))
        for _ in range(sizes.blocks):
            y = layers.LayerNormalization()(x)
            attention = layers.MultiHeadAttention(sizes.heads, sizes.width // sizes.heads)
            x = layers.add([x, attention(y, y, use_causal_mask=True)])
            y = layers.Dense(4 * sizes.width, activation="gelu")(layers.LayerNormalization()(x))
            x = layers.add([x, layers.Dense(sizes.width)(y)])
        logits = layers.Dense(sizes.vocabulary)(layers.LayerNormalization()(x))
        self.batch, self.model = batch, keras.Model(tokens, logits)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(keras.optimizers.Adam(LEARNING_RATE), loss)

    def load(self, x: Array, y: Array) -> None:
        self.x, self.y = x.astype("float32"), y

    def train(self, epochs: int) -> None:
        self.model.fit(self.x, self.y, batch_size=self.batch, epochs=epochs, verbose=0)


def create(sizes: Sizes, batch: int) -> KerasLike:
    import keras

    return KerasLike(keras, sizes, batch)
