"""Writes tests/python/keras_files: models saved by Keras 3 itself, and what they predict.

Run it with Keras installed: `KERAS_BACKEND=jax python tests/peers/make_keras_files.py`.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
from keras import layers

FOLDER = Path(__file__).parents[1] / "python" / "keras_files"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    keras.utils.set_random_seed(1)
    random = np.random.default_rng(1)
    x, z = random.normal(size=(8, 4)).astype("float32"), random.normal(size=(8, 2)).astype("float32")

    chain = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(6, activation="relu", kernel_initializer="he_normal"),
            layers.Dropout(0.2),
            layers.Dense(3, activation="softmax", name="out"),
        ]
    )
    chain.compile(keras.optimizers.Adam(0.01, amsgrad=True), "sparse_categorical_crossentropy", metrics=["accuracy"])
    chain.fit(x, np.arange(8) % 3, epochs=3, verbose=0)
    chain.save(FOLDER / "sequential.keras")
    chain.save_weights(FOLDER / "sequential.weights.h5")

    first, second = keras.Input((4,), name="first"), keras.Input((2,), name="second")
    twice = layers.Dense(4, activation="gelu", name="twice")
    added = layers.Add()([twice(first), first])
    joined = layers.Concatenate()([added, twice(first), second])
    one = layers.Dense(1, name="one")(layers.Activation("tanh")(joined))
    two = layers.LeakyReLU(0.1, name="two")(layers.Reshape((2, 2))(layers.ELU(0.5)(layers.Dropout(0.1)(added))))
    graph = keras.Model([first, second], [one, two], name="graph")
    graph.compile(
        keras.optimizers.SGD(0.1, momentum=0.9),
        ["mse", keras.losses.MeanAbsoluteError()],
        loss_weights=[1, 0.5],
        metrics=[["mae"], []],
    )
    graph.fit([x, z], [x[:, :1], x.reshape(-1, 2, 2)], verbose=0)
    graph.save(FOLDER / "functional.keras")
    (FOLDER / "functional.json").write_text(graph.to_json())

    single = keras.Input((4,))
    keras.Model(single, layers.Flatten()(layers.Identity()(layers.Dense(2, use_bias=False)(single)))).save(
        FOLDER / "single.keras"
    )
    outputs = graph.predict([x, z], verbose=0)
    np.savez(
        FOLDER / "expected.npz",
        x=x,
        z=z,
        chain=chain.predict(x, verbose=0),
        graph_one=outputs[0],
        graph_two=outputs[1],
        single=keras.saving.load_model(FOLDER / "single.keras").predict(x, verbose=0),
    )


if __name__ == "__main__":
    main()
