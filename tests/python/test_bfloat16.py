"""mixed_bfloat16: rounded operands of dense products, everything else float32; the same bits on every machine."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from harness import SHARED_ROWS, THREADS, Array, assert_same_bits, network_of

import ranvier
from ranvier import Sequential, _core, config, dtype_policies, layers

FUSED = [isa for isa in _core.available_isas() if isa != "baseline"]  # sets with fused multiply-add
# Of sums of up to some hundred float32 terms near 1, against float64.
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(autouse=True)
def _policy() -> Iterator[None]:
    yield
    config.set_dtype_policy(None)


def rounded(x: Array) -> Array:
    """To the nearest of the two neighbours with 8 significant bits, in float64."""
    mantissa, exponent = np.frexp(x.astype(np.float64))
    return np.ldexp(np.rint(mantissa * 256), exponent - 8)  # rint: ties to even


def dense(units: int, **arguments: Any) -> layers.Dense:
    return layers.Dense(units, dtype="mixed_bfloat16", **arguments)


def classifier(policy: str, width: int = 64, classes: int = 10) -> Sequential:
    config.set_dtype_policy(policy)
    model = Sequential(
        [
            layers.Dense(width, activation="relu", input_shape=(64,)),
            layers.Dense(width, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )
    model.compile(ranvier.optimizers.Adam(0.002), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 33, 17), (31, 100, 40), (130, 64, 3)], ids=str)
@pytest.mark.usefixtures("isa")
def test_value_and_gradients_are_those_of_rounded_operands(shape: tuple[int, int, int]) -> None:
    rows, inputs, units = shape
    network = network_of(dense(units), [(inputs,)])
    random = np.random.default_rng(1)
    x, dy = random.normal(size=(rows, inputs)).astype("f4"), random.normal(size=(rows, units)).astype("f4")
    kernel, bias = (parameter.numpy() for parameter in network.parameters)
    expected = rounded(x) @ rounded(kernel) + bias
    assert np.abs(expected - (x.astype(float) @ kernel + bias)).max() > 2e-5, "rounding must be seen"
    found = network.predict([x])[0]
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, **TOLERANCE)
    [dx], [dkernel, dbias] = network.gradients([x], [dy], False, 0)
    np.testing.assert_allclose(dx, rounded(dy) @ rounded(kernel).T, **TOLERANCE)
    np.testing.assert_allclose(dkernel, rounded(x).T @ rounded(dy), **TOLERANCE)
    np.testing.assert_allclose(dbias, dy.astype(float).sum(0), **TOLERANCE)


@pytest.mark.parametrize("activation", ["relu", "gelu", "softmax"])
@pytest.mark.usefixtures("isa")
def test_activations_are_not_rounded(activation: str) -> None:
    layer = dense(12, activation=activation)
    network = network_of(layer, [(50,)])
    x = np.random.default_rng(1).normal(size=(20, 50)).astype("f4")
    kernel, bias = (parameter.numpy() for parameter in network.parameters)
    expected = getattr(ranvier.activations, activation)(rounded(x) @ rounded(kernel) + bias)
    np.testing.assert_allclose(network.predict([x])[0], expected, **TOLERANCE)


def results(network: _core.Network, rows: int = SHARED_ROWS) -> list[Array]:
    random = np.random.default_rng(1)
    x, dy = random.normal(size=(rows, 100)).astype("f4"), random.normal(size=(rows, 128)).astype("f4")
    dx, dparameters = network.gradients([x], [dy], False, 0)
    return [*network.predict([x]), *network.run([x], True, 0), *dx, *dparameters]


def test_every_instruction_set_gives_the_same_bits() -> None:
    network = network_of(dense(200, activation="relu"), [(100,)], big=True)
    found = []
    for isa in FUSED:
        _core.select_isa(isa)
        found.append(results(network))
    for isa, arrays in zip(FUSED, found, strict=True):
        for array, expected in zip(arrays, found[0], strict=True):
            assert_same_bits(array, expected, f"{isa} against {FUSED[0]}")


@pytest.mark.usefixtures("isa")
def test_any_number_of_threads_gives_the_same_bits() -> None:
    network = network_of(dense(200, activation="gelu"), [(100,)], big=True)
    found = []
    for threads in THREADS:
        _core.set_num_threads(threads)
        found.append(results(network))
    for arrays in found[1:]:
        for array, expected in zip(arrays, found[0], strict=True):
            assert_same_bits(array, expected)


@pytest.mark.usefixtures("isa")
def test_a_row_does_not_depend_on_its_batch() -> None:
    network = network_of(dense(33, activation="tanh"), [(77,)])
    x = np.random.default_rng(1).normal(size=(70, 77)).astype("f4")
    together = network.predict([x])[0]
    for rows in (1, 2, 5, 16, 17, 33):
        assert_same_bits(network.predict([x[70 - rows :]])[0], together[70 - rows :], f"{rows} rows")


def trained(threads: int, isa: str) -> list[Array]:
    _core.set_num_threads(threads)
    _core.select_isa(isa)
    ranvier.utils.set_random_seed(3)
    random = np.random.default_rng(1)
    x, y = random.normal(size=(600, 64)).astype("f4"), random.integers(0, 10, 600)
    model = classifier("mixed_bfloat16", width=256)
    model.fit(x, y, batch_size=200, epochs=4, verbose=0)
    return [*model.get_weights(), model.predict(x)]


def test_training_has_the_same_bits_on_any_threads_and_instruction_set() -> None:
    expected = trained(1, FUSED[0])
    for threads, isa in [(2, FUSED[0]), *((1, isa) for isa in FUSED[1:])]:
        for found, wanted in zip(trained(threads, isa), expected, strict=True):
            assert_same_bits(found, wanted, f"{threads} threads, {isa}")


def test_digits_are_learnt_as_in_float32() -> None:
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    x, x_test, y, y_test = train_test_split(images / 16, labels, test_size=0.25, random_state=0)
    accuracy: dict[str, list[float]] = {}
    losses: dict[str, list[float]] = {}
    for policy in ("float32", "mixed_bfloat16"):
        for seed in range(5):
            ranvier.utils.set_random_seed(seed)
            model = classifier(policy)
            history = model.fit(x, y, epochs=20, verbose=0)
            losses.setdefault(policy, []).append(history.history["loss"])
            accuracy.setdefault(policy, []).append(model.evaluate(x_test, y_test, verbose=0)[1])
    single, mixed = (np.array(accuracy[policy]) for policy in accuracy)
    assert min(single.min(), mixed.min()) > 0.95
    noise = np.sqrt((single.var(ddof=1) + mixed.var(ddof=1)) / len(single)) + 1 / len(y_test)
    assert abs(mixed.mean() - single.mean()) < 3 * noise
    # The whole curve: the mean loss of every epoch within a few per cent, of the first loss towards the end.
    single_curve, mixed_curve = (np.array(losses[policy]).mean(0) for policy in losses)
    np.testing.assert_allclose(mixed_curve, single_curve, rtol=0.05, atol=0.003)


def test_changed_weights_count_at_once() -> None:
    model = Sequential([dense(8, input_shape=(40,))])
    x = np.random.default_rng(1).normal(size=(6, 40)).astype("f4")
    kernel = model.layers[0].get_weights()[0]
    model.predict(x)
    for change in (
        lambda value: model.set_weights([value, np.zeros(8)]),
        model.layers[0].variables[0].assign,
    ):
        kernel = kernel + 1
        change(kernel)
        np.testing.assert_allclose(model.predict(x), rounded(x) @ rounded(kernel.astype("f4")), **TOLERANCE)


def test_many_threads_may_predict_at_once() -> None:
    model = classifier("mixed_bfloat16")
    x = np.random.default_rng(1).normal(size=(300, 64)).astype("f4")
    expected = model.predict(x)
    with ThreadPoolExecutor(4) as pool:
        for found in pool.map(lambda _: model.predict(x), range(16)):
            assert_same_bits(found, expected)


def test_a_shared_layer_adds_its_gradients() -> None:
    scalars = config.scalars("float32")
    network, layer = scalars.Network("twice"), dense(20, use_bias=False)
    first = network.add(layer.native, [network.add_input((20,), "x")])
    network.set_outputs(network.add(layer.native, first))
    random = np.random.default_rng(1)
    x, dy = random.normal(size=(9, 20)).astype("f4"), random.normal(size=(9, 20)).astype("f4")
    kernel = network.parameters[0].numpy()
    kernel[...] = random.normal(size=(20, 20))
    hidden = (rounded(x) @ rounded(kernel)).astype("f4")
    dhidden = (rounded(dy) @ rounded(kernel).T).astype("f4")
    expected = rounded(hidden).T @ rounded(dy) + rounded(x).T @ rounded(dhidden)
    # A last bit of `hidden` may decide how it is rounded: a few of 180 terms may differ by 1/256.
    np.testing.assert_allclose(network.gradients([x], [dy], False, 0)[1][0], expected, rtol=1e-2, atol=0.5)


def test_policy_of_the_process_and_of_a_layer() -> None:
    assert config.dtype_policy() == ranvier.DTypePolicy("float32")
    config.set_dtype_policy("mixed_bfloat16")
    assert config.dtype_policy().name == "mixed_bfloat16"
    mixed, single = layers.Dense(2), layers.Dense(2, dtype="float32")
    assert (mixed.compute_dtype, mixed.variable_dtype, mixed.dtype) == ("bfloat16", "float32", "float32")
    assert (single.compute_dtype, single.dtype_policy.name) == ("float32", "float32")
    model = Sequential([mixed, layers.Dropout(0.1), single])
    assert model.predict(np.ones((3, 4))).dtype == np.float32
    assert {weight.dtype for weight in model.get_weights()} == {np.dtype("f4")}
    config.set_dtype_policy(None)
    config.set_floatx("float64")
    try:
        assert config.dtype_policy().name == layers.Dense(1).dtype == "float64"
    finally:
        config.set_floatx("float32")


@pytest.mark.parametrize(
    "given",
    [
        "mixed_bfloat16",
        ranvier.DTypePolicy("mixed_bfloat16"),
        {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "mixed_bfloat16"}, "registered_name": None},
    ],
    ids=["name", "policy", "Keras's dict"],
)
def test_policy_survives_the_configuration(given: Any) -> None:
    layer = layers.Dense(3, dtype=given)
    again = layers.Dense.from_config(layer.get_config())
    assert again.dtype_policy == layer.dtype_policy == dtype_policies.get("mixed_bfloat16")
    assert again.native_config()["dtype_policy"] == "mixed_bfloat16"
    assert "dtype_policy" not in layers.Dense(3).native_config()
    policy = layer.dtype_policy
    assert dtype_policies.deserialize(dtype_policies.serialize(policy)) == policy


@pytest.mark.parametrize("name", ["mixed_float16", "bfloat16", "float8", 3])
def test_unknown_policies_are_named(name: Any) -> None:
    for attempt in (config.set_dtype_policy, ranvier.DTypePolicy, lambda name: layers.Dense(1, dtype=name)):
        with pytest.raises(ValueError, match=r"^\[dtype\] expected 'float32', 'float64' or 'mixed_bfloat16', got"):
            attempt(name)
    assert config.dtype_policy().name == "float32"


def test_native_layer_refuses_what_it_cannot_do() -> None:
    with pytest.raises(ValueError, match=r"^\[d\] .*'mixed_bfloat16' needs weights of float32.*float64"):
        _core.float64.Layer("dense", {"units": 1, "dtype_policy": "mixed_bfloat16"}, "d")
    with pytest.raises(ValueError, match=r"^\[d\] .*'mixed_float16'.*mixed_bfloat16"):
        _core.float32.Layer("dense", {"units": 1, "dtype_policy": "mixed_float16"}, "d")
