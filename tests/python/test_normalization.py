"""What batch normalization does with its statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import assert_same_bits

from ranvier import Input, Sequential, _core, layers

X = np.random.default_rng(1).normal(2, 3, size=(40, 4))
Y = np.random.default_rng(2).normal(size=(40, 1))


def model(**arguments: Any) -> Sequential:
    made = Sequential(
        [Input((4,)), layers.BatchNormalization(dtype="float64", **arguments), layers.Dense(1, dtype="float64")]
    )
    made.compile("sgd", "mse")
    return made


def statistics(made: Sequential) -> tuple[np.ndarray, np.ndarray]:
    mean, variance = made.layers[0].get_weights()[-2:]
    return mean, variance


def test_running_averages_follow_the_batches() -> None:
    made = model(momentum=0.7)
    assert [w.name for w in made.layers[0].weights] == ["gamma", "beta", "moving_mean", "moving_variance"]
    assert [w.name for w in made.layers[0].non_trainable_weights] == ["moving_mean", "moving_variance"]
    made.fit(X, Y, batch_size=10, shuffle=False, verbose=0)
    mean, variance = np.zeros(4), np.ones(4)
    for batch in np.split(X, 4):
        mean = 0.7 * mean + 0.3 * batch.mean(0)
        variance = 0.7 * variance + 0.3 * batch.var(0)
    np.testing.assert_allclose(statistics(made)[0], mean, rtol=1e-12)
    np.testing.assert_allclose(statistics(made)[1], variance, rtol=1e-12)


def test_evaluation_and_prediction_leave_them_alone() -> None:
    made = model()
    before = [s.copy() for s in statistics(made)]
    made.evaluate(X, Y, verbose=0)
    made.predict(X)
    for found, expected in zip(statistics(made), before, strict=True):
        assert_same_bits(found, expected)
    made.layers[0](X, training=True)
    assert (statistics(made)[0] != before[0]).all()


@pytest.mark.parametrize("whole_model", [False, True])
def test_a_frozen_layer_is_in_inference_mode(whole_model: bool) -> None:
    made = model()
    made.layers[0].set_weights([np.full(4, 2.0), np.ones(4), np.full(4, 0.5), np.full(4, 4.0)])
    (made if whole_model else made.layers[0]).trainable = False
    before = [w.copy() for w in made.layers[0].get_weights()]
    hat = 2 * (X - 0.5) / np.sqrt(4 + 1e-3) + 1
    expected = np.mean((hat @ made.get_weights()[-2] + made.get_weights()[-1] - Y) ** 2)
    assert made.train_on_batch(X, Y) == pytest.approx(expected, rel=1e-12)
    for found, expected in zip(made.layers[0].get_weights(), before, strict=True):
        assert_same_bits(found, expected)
    (made if whole_model else made.layers[0]).trainable = True
    assert [w.name for w in made.layers[0].trainable_weights] == ["gamma", "beta"]
    made.train_on_batch(X, Y)
    assert (statistics(made)[0] != before[2]).all()


def test_means_far_from_zero_and_many_rows_keep_their_digits() -> None:
    x = (1000 + np.random.default_rng(3).normal(size=(20000, 2))).astype("f4")
    layer = layers.BatchNormalization(momentum=0.0)
    y = layer(x, training=True)
    exact = x.astype(float)
    np.testing.assert_allclose(layer.get_weights()[2], exact.mean(0), rtol=1e-6)
    np.testing.assert_allclose(layer.get_weights()[3], exact.var(0), rtol=1e-4)
    np.testing.assert_allclose(y, (exact - exact.mean(0)) / np.sqrt(exact.var(0) + 1e-3), atol=5e-4)


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu", "softmax"])
@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("threads", [1, 2])
def test_an_activation_behind_it_is_as_one_by_itself(activation: str, axis: int, training: bool, threads: int) -> None:
    """Neighbours may be computed as one."""
    _core.set_num_threads(threads)
    rows, shape = 700, (3, 37)
    x = np.random.default_rng(7).normal(size=(rows, *shape))
    dy = np.random.default_rng(8).normal(size=(rows, *shape))

    def network(*parts: layers.Layer) -> _core.Network:
        made = _core.float64.Network("network")
        values = [made.add_input(shape, "x")]
        for part in parts:
            values = made.add(part.native, values)
        made.set_outputs(values)
        return made

    normalization = layers.BatchNormalization(axis, dtype="float64")
    normalization.build((None, *shape))
    size = normalization.get_weights()[0].shape
    normalization.set_weights([np.random.default_rng(i).uniform(0.5, 2, size) for i in range(4)])
    after = layers.Activation(activation, dtype="float64")
    start = [w.copy() for w in normalization.get_weights()]
    (dx,), dparameters = network(normalization, after).gradients([x], [dy], training, 0)
    normalization.set_weights(start)
    y = network(normalization, after).run([x], training, 0)[0]
    normalization.set_weights(start)
    z = network(normalization).run([x], training, 0)[0]
    np.testing.assert_allclose(y, network(after).run([z], training, 0)[0], rtol=1e-12, atol=1e-12)
    (dz,), _ = network(after).gradients([z], [dy], training, 0)
    (expected,), expected_parameters = network(normalization).gradients([x], [dz], training, 0)
    np.testing.assert_allclose(dx, expected, rtol=1e-9, atol=1e-12)
    for found, wanted in zip(dparameters, expected_parameters, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)


def test_training_is_the_same_on_any_number_of_threads() -> None:
    x = np.random.default_rng(4).normal(size=(512, 12, 16)).astype("f4")
    results = []
    for threads in (1, 2, 4):
        made = Sequential([Input((12, 16))])
        for layer in (
            layers.Dense(128, "relu", kernel_initializer="ones"),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dense(128, kernel_initializer="ones"),
            layers.BatchNormalization(axis=1),
            layers.LayerNormalization(),
            layers.GroupNormalization(8),
            layers.AlphaDropout(0.1, seed=1),
            layers.GaussianNoise(0.1, seed=2),
            layers.Dense(16, kernel_initializer="ones"),
        ):
            made.add(layer)
        random = np.random.default_rng(5)
        made.set_weights([abs(random.normal(scale=0.1, size=w.shape)) for w in made.get_weights()])
        made.compile("adam", "mse")
        _core.set_num_threads(threads)
        for _ in range(2):
            made.train_on_batch(x, x)
        results.append(made.get_weights())
    for result in results[1:]:
        for found, expected in zip(result, results[0], strict=True):
            assert_same_bits(found, expected)


def test_dropout_of_noise_has_its_moments() -> None:
    x = np.random.default_rng(6).normal(size=(4000, 50)).astype("f4")
    for layer, mean, variance in (
        (layers.AlphaDropout(0.3, seed=1), 0, 1),
        (layers.GaussianNoise(0.5, seed=1), 0, 1.25),
        (layers.GaussianDropout(0.5, seed=1), 0, 2),
    ):
        y = layer(x, training=True)
        assert y.mean() == pytest.approx(mean, abs=0.02)
        assert y.var() == pytest.approx(variance, rel=0.03)
        assert (layer(x) == x).all()
