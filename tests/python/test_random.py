"""Random numbers at once and in networks: against NumPy's Philox, their distributions, and when which are drawn."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pytest
from harness import (
    DTYPES,
    FLOAT64,
    SHARED_ROWS,
    TAIL,
    THREADS,
    Array,
    assert_same_bits,
    assert_steps_follow_the_gradient,
)
from reference import philox
from scipy import stats

from ranvier import Input, Model, Sequential, _core, gradients, layers, ops, random, saving, utils

ROWS = 3000

# What is drawn, and its distribution.
DISTRIBUTIONS: dict[str, tuple[Callable[..., Any], Any]] = {
    "normal": (lambda shape, seed: random.normal(shape, 1.0, 2.0, seed=seed), stats.norm(1, 2)),
    "uniform": (lambda shape, seed: random.uniform(shape, -2, 3, seed=seed), stats.uniform(-2, 5)),
    "truncated_normal": (
        lambda shape, seed: random.truncated_normal(shape, 1.0, 2.0, seed=seed),
        stats.truncnorm(-2, 2, 1, 2),
    ),
}
every_distribution = pytest.mark.parametrize("name", DISTRIBUTIONS)


def noise_model(draw: Callable[..., Any], width: int = 3, dtype: str = "float64") -> Model:
    """What `draw` makes of the shape of the input, alone."""
    x = Input((width,), dtype=dtype)
    return Model(x, draw(ops.shape(x)))


def bits(seed: int, count: int, stream: int = 0) -> Array:
    return philox(seed, stream, count).astype(float)


# --- Values -----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("isa")
def test_normal_numbers_are_quantiles_of_philox_words() -> None:
    model = noise_model(lambda shape: random.normal(shape, 1.0, 2.0))
    [found] = model.network.predict([np.zeros((50, 3))], 77)
    expected = [1 + 2 * NormalDist().inv_cdf(p) for p in (bits(77, 150) + 0.5) / 2**32]
    np.testing.assert_allclose(found.reshape(-1), expected, **FLOAT64)


@pytest.mark.usefixtures("isa")
@pytest.mark.parametrize(("dtype", "digits"), [("float64", 32), ("float32", 24)])
def test_uniform_numbers_are_philox_words(dtype: str, digits: int) -> None:
    model = noise_model(lambda shape: random.uniform(shape, 1, 3), dtype=dtype)
    [found] = model.network.predict([np.zeros((50, 3))], 77)
    expected = 1 + 2 * np.floor(bits(77, 150) / 2.0 ** (32 - digits)) / 2.0**digits
    np.testing.assert_allclose(found.reshape(-1), expected, rtol=2 * np.finfo(dtype).eps)


@every_distribution
@pytest.mark.parametrize("dtype", DTYPES)
def test_distribution_in_networks(name: str, dtype: str) -> None:
    draw, law = DISTRIBUTIONS[name]
    found = noise_model(lambda shape: draw(shape, None), dtype=dtype).predict(np.zeros((ROWS, 3))).astype(float)
    check(found, law)


@every_distribution
def test_distribution_at_once(name: str) -> None:
    draw, law = DISTRIBUTIONS[name]
    found = draw((ROWS, 3), None)
    assert found.dtype == np.float32
    check(found.astype(float), law)


def check(found: Array, law: Any) -> None:
    assert stats.kstest(found.reshape(-1), law.cdf).pvalue > 1e-3
    error = law.std() / np.sqrt(found.size)
    assert abs(found.mean() - law.mean()) < 4 * error
    assert abs(found.std() - law.std()) < 4 * error
    low, high = law.support()
    assert found.min() >= low
    assert found.max() < high
    # Neither rows nor columns depend on each other.
    pairs = [found[:-1, 0] * found[1:, 0], found[:, 0] * found[:, 1]]
    for product in pairs:
        assert abs(product.mean() - law.mean() ** 2) < 5 * (law.var() + law.mean() ** 2) / np.sqrt(ROWS)


def test_uniform_numbers_stay_below_the_end() -> None:
    """In float32 1 + (1 - 2^-24) would be rounded to 2."""
    model = noise_model(lambda shape: random.uniform(shape, 1, 2), 1000, "float32")
    found = model.predict(np.zeros((20_000, 1000), np.float32))
    assert found.max() == np.nextafter(np.float32(2), np.float32(1))
    assert found.min() >= 1


def test_other_draws_at_once() -> None:
    whole = random.randint((ROWS,), -1, 3, seed=1)
    assert whole.dtype == np.int32
    assert set(whole.tolist()) == {-1, 0, 1, 2}
    assert abs(random.binomial((ROWS,), 10, 0.3, seed=1).mean() - 3) < 0.15
    assert stats.kstest(random.beta((ROWS,), 2.0, 3.0, seed=1), stats.beta(2, 3).cdf).pvalue > 1e-3
    assert stats.kstest(random.gamma((ROWS,), 2.0, seed=1), stats.gamma(2).cdf).pvalue > 1e-3
    assert sorted(random.shuffle(np.arange(50), seed=1).tolist()) == list(range(50))
    assert not np.array_equal(random.shuffle(np.arange(50), seed=1), np.arange(50))
    assert random.normal((2,), dtype="float64").dtype == np.float64
    assert random.uniform((ROWS,), 0, 4, dtype="int32", seed=1).dtype == np.int32


@pytest.mark.parametrize("symbolic", [False, True])
def test_categorical(symbolic: bool) -> None:
    share = np.array([0.1, 0.6, 0.3])
    logits = np.broadcast_to(np.log(share), (ROWS, 3))
    found = (
        layers.Lambda(lambda x: random.categorical(x, 2))(logits) if symbolic else random.categorical(logits, 2, seed=1)
    )
    assert found.shape == (ROWS, 2)
    counts = np.bincount(found.reshape(-1).astype(int), minlength=3)
    assert stats.chisquare(counts, 2 * ROWS * share).pvalue > 1e-3


@pytest.mark.parametrize("symbolic", [False, True])
def test_dropout(symbolic: bool) -> None:
    """In inference as well, as in Keras; with a gradient of what was kept."""
    x = np.full((ROWS, 4), 2.0)
    drop = lambda x, **more: random.dropout(x, 0.25, seed=3, **more)  # noqa: E731
    found = layers.Lambda(drop)(x) if symbolic else drop(x)
    assert set(np.unique(found).tolist()) == {0.0, np.float32(2 / 0.75).item() if symbolic else 2 / 0.75}
    assert abs((found == 0).mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / found.size)
    if symbolic:
        shared = layers.Lambda(drop, arguments={"noise_shape": (None, 1)})(x)
        assert set((shared == 0).sum(1).tolist()) == {0, 4}
        slope = gradients(layers.Lambda(drop, dtype="float64"), x)
        np.testing.assert_allclose(slope, (slope != 0) / 0.75)


# --- Which numbers ----------------------------------------------------------------------------------------------------


@every_distribution
@pytest.mark.usefixtures("isa")
def test_numbers_do_not_depend_on_threads_and_blocks(name: str) -> None:
    """Rows of three numbers: parts begin in the middle of a block of Philox. The tail makes it work for threads."""
    x = Input((3,))
    noise = DISTRIBUTIONS[name][0](ops.shape(x), None)
    tail = layers.Dense(TAIL)(layers.Dense(TAIL)(noise))
    network = Model(x, [noise, tail]).network
    rows = np.zeros((5 * SHARED_ROWS, 3), np.float32)
    expected = None
    for threads in THREADS:
        _core.set_num_threads(threads)
        found = network.predict([rows], 5)[0]
        expected = found if expected is None else expected
        assert_same_bits(found, expected, f"{threads} threads")
    assert len(np.unique(expected)) > 0.99 * expected.size
    for few in (1, 7, 130):
        assert_same_bits(network.predict([rows[:few]], 5)[0], expected[:few], f"{few} rows")


def test_numbers_differ_from_call_to_call_and_from_node_to_node() -> None:
    x = Input((3,))
    model = Model(x, [random.normal(ops.shape(x)) for _ in range(2)])
    rows = np.zeros((4, 3))
    utils.set_random_seed(3)
    first, second = model.predict(rows), model(rows)
    everything = np.concatenate([*first, *second])
    assert len(np.unique(everything)) == everything.size
    utils.set_random_seed(3)
    for again, before in zip(model.predict(rows), first, strict=True):
        assert_same_bits(again, before)


def test_seeds() -> None:
    """An integer gives the same numbers each time, as in Keras; a SeedGenerator and None others."""
    rows = np.zeros((4, 3))
    fixed, stream = noise_model(lambda s: random.normal(s, seed=8)), random.SeedGenerator(8)
    assert_same_bits(fixed.predict(rows), fixed.predict(rows))
    assert_same_bits(random.normal((4,), seed=8), random.normal((4,), seed=8))
    assert not np.array_equal(random.normal((4,), seed=stream), random.normal((4,), seed=stream))
    moving = noise_model(lambda s: random.normal(s, seed=stream))
    assert not np.array_equal(moving.predict(rows), moving.predict(rows))
    utils.set_random_seed(1)
    plain = random.normal((4,))
    assert not np.array_equal(plain, random.normal((4,)))
    utils.set_random_seed(1)
    assert_same_bits(random.normal((4,)), plain)


def test_networks_that_draw_nothing_use_no_seed() -> None:
    model = Sequential([Input((3,)), layers.Dense(2), layers.Dropout(0.5)])
    model.compile("sgd", "mse")
    utils.set_random_seed(4)
    wanted = random.draw_seed()
    utils.set_random_seed(4)
    model.predict(np.zeros((4, 3)))
    model(np.zeros((4, 3)))
    model.evaluate(np.zeros((4, 3)), np.zeros((4, 2)), verbose=0)
    model.train_on_batch(np.zeros((4, 3)), np.zeros((4, 2)))
    assert random.draw_seed() == wanted
    assert not model.network.draws


def noisy(dtype: str = "float64") -> Model:
    """A model that is nothing but noise, with a weight that an optimizer can hold still."""
    x = Input((3,), dtype=dtype)
    noise = layers.Lambda(lambda x: random.normal(ops.shape(x)), dtype=dtype)(x)
    model = Model(x, noise + 0 * layers.Dense(3, dtype=dtype)(x))
    model.compile("sgd", "mse")
    return model


def test_every_step_of_training_draws_others() -> None:
    x = np.zeros((8, 3))
    model = noisy()
    seen = [model.train_on_batch(x, x) for _ in range(3)]
    seen += [model.test_on_batch(x, x) for _ in range(3)]
    history = model.fit(x, x, batch_size=8, epochs=4, validation_data=(x, x), verbose=0).history
    seen += [*history["loss"], *history["val_loss"]]
    assert len(set(seen)) == len(seen)


def test_training_is_the_same_for_any_number_of_threads_and_any_seed_repeats() -> None:
    results = []
    for threads in (*THREADS, 1):
        _core.set_num_threads(threads)
        utils.set_random_seed(5)
        model = Sequential([Input((3,)), layers.GaussianNoise(0.1), Sampled(TAIL), layers.Dense(TAIL), layers.Dense(1)])
        model.compile("adam", "mse")
        x = np.random.default_rng(0).normal(size=(SHARED_ROWS, 3))
        model.fit(x, x[:, :1], batch_size=SHARED_ROWS, epochs=3, verbose=0)
        results.append(model.get_weights())
    for weights in results[1:]:
        for found, expected in zip(weights, results[0], strict=True):
            assert_same_bits(found, expected)


def test_evaluation_does_not_depend_on_the_batch_size() -> None:
    """Noise belongs to the row, whatever batch that is in."""
    x, model = np.zeros((50, 3)), noisy()
    found = []
    for size in (1, 7, 32, 50):
        utils.set_random_seed(6)
        found.append(model.evaluate(x, x, batch_size=size, verbose=0))
    np.testing.assert_allclose(found, found[0], rtol=1e-12)


# --- Forms ------------------------------------------------------------------------------------------------------------


@saving.register_keras_serializable("test_random")
class Sampled(layers.Layer):
    """z = mean + exp(log_var / 2) e, with mean and log_var from two dense layers."""

    def __init__(self, units: int, seed: Any = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units, self.seed = units, seed
        self.mean = layers.Dense(units, dtype=self.dtype)
        self.log_var = layers.Dense(units, dtype=self.dtype)

    def call(self, inputs: Any) -> Any:
        mean, log_var = self.mean(inputs), self.log_var(inputs)
        batch, units = ops.shape(mean)[0], ops.shape(mean)[1]
        return mean + ops.exp(0.5 * log_var) * random.normal((batch, units), seed=self.seed)


@pytest.mark.parametrize(
    "form",
    [
        ops.shape,
        lambda x: (ops.shape(x)[0], 3),
        lambda x: [None, x.shape[-1]],
        lambda x: x.shape,
    ],
)
def test_the_batch_in_a_call(form: Callable[[Any], Any]) -> None:
    found = layers.Lambda(lambda x: 0 * x + random.normal(form(x)))(np.zeros((40, 3)))
    assert len(np.unique(found)) == 120


def test_numbers_that_are_one_for_the_batch() -> None:
    model = Sequential([Input((3,)), layers.Lambda(lambda x: 0 * x + random.normal((3,)))])
    first, second = model.predict(np.zeros((40, 3))), model.predict(np.zeros((40, 3)))
    assert np.array_equal(first, np.broadcast_to(first[0], first.shape))
    assert len(np.unique([first[0], second[0]])) == 6


def test_open_sizes() -> None:
    x = Input((None, 2))
    model = Model(x, x + random.normal(ops.shape(x)))
    for steps in (3, 5):
        assert len(np.unique(model.predict(np.zeros((4, steps, 2))))) == 4 * steps * 2


def test_each_call_and_each_step_draws_for_itself() -> None:
    class Cell(layers.Layer):
        state_size = 2

        def call(self, inputs: Any, states: Any) -> Any:
            noise = random.normal(ops.shape(inputs)) + random.normal((2,))
            return noise, [states[0]]

    found = layers.RNN(Cell(), return_sequences=True)(np.zeros((3, 5, 2)))
    assert len(np.unique(found)) == 30
    inner = noise_model(random.normal, 3, "float32")
    x = Input((3,))
    twice = Model(x, [inner(x), inner(x)])
    assert len(np.unique(twice.predict(np.zeros((5, 3))))) == 30


def test_weights_of_a_layer_inside_are_drawn_at_once() -> None:
    class Features(layers.Layer):
        def build(self, shape: Any) -> None:
            self.random = random.normal((shape[-1], 4), seed=1)

        def call(self, inputs: Any) -> Any:
            return ops.matmul(inputs, self.random)

    def features(x: Any) -> Any:
        return Features()(x)

    found = layers.Lambda(features)(np.eye(3, dtype=np.float32))
    assert_same_bits(found, random.normal((3, 4), seed=1))
    dense = layers.Dense(4, kernel_initializer=lambda shape, dtype=None: random.normal(shape, dtype=dtype, seed=1))
    assert_same_bits(layers.Lambda(dense)(np.eye(3, dtype=np.float32)), random.normal((3, 4), seed=1))


def test_noise_in_training_only() -> None:
    class Noisy(layers.Layer):
        def call(self, inputs: Any, training: bool = False) -> Any:
            return inputs + random.normal(ops.shape(inputs)) if training else inputs

    layer, x = Noisy(), np.zeros((4, 3), np.float32)
    assert_same_bits(layer(x), x)
    assert len(np.unique(layer(x, training=True))) == 12


# --- Gradients --------------------------------------------------------------------------------------------------------


def test_gradients_pass_the_noise_by() -> None:
    """Of z = m + exp(v / 2) e: 1 and exp(v / 2) e / 2, with e from the counters of its seed."""
    mean, log_var = np.random.default_rng(0).normal(size=(2, 5, 3))
    noise = np.array([NormalDist().inv_cdf(p) for p in (bits(9, 15) + 0.5) / 2**32]).reshape(5, 3)

    def sample(m: Any, v: Any) -> Any:
        return m + ops.exp(0.5 * v) * random.normal(ops.shape(m), seed=9)

    of_mean, of_log_var = gradients(sample, mean, log_var)
    np.testing.assert_allclose(of_mean, np.ones((5, 3)))
    np.testing.assert_allclose(of_log_var, 0.5 * np.exp(0.5 * log_var) * noise, **FLOAT64)


def test_a_step_follows_the_numeric_gradient() -> None:
    """Of a whole model with its noise held, by the loss that the same model reports."""
    model = Sequential([Input((4,), dtype="float64"), Sampled(3, seed=2, dtype="float64")])
    model.compile("sgd", "mse")
    random_numbers = np.random.default_rng(1)
    x, y = random_numbers.normal(size=(6, 4)), random_numbers.normal(size=(6, 3))
    assert_steps_follow_the_gradient(model, x, y)


# --- Files ------------------------------------------------------------------------------------------------------------


def test_saved_and_loaded(tmp_path: Path) -> None:
    model = Sequential([Input((3,)), Sampled(2)])
    model.save(tmp_path / "model.safetensors")
    again = saving.load_model(tmp_path / "model.safetensors")
    x = np.ones((4, 3))
    for other in (again, pickle.loads(pickle.dumps(model))):
        assert_same_bits(*(one.network.predict([x], 3)[0] for one in (model, other)))


def test_operations_are_saved(tmp_path: Path) -> None:
    x = Input((3,))
    model = Model(x, x + random.truncated_normal(ops.shape(x), seed=4))
    model.save(tmp_path / "model.safetensors")
    again = saving.load_model(tmp_path / "model.safetensors")
    assert_same_bits(again.predict(np.ones((4, 3))), model.predict(np.ones((4, 3))))


# --- Errors -----------------------------------------------------------------------------------------------------------


def widened(x: Any) -> Any:
    return x + random.normal((None, 4))


def loss_that_draws() -> None:
    model = Sequential([Input((3,)), layers.Dense(1)])
    model.compile("sgd", lambda y, p: ops.mean(ops.square(y - p + random.normal(ops.shape(p))), axis=-1))
    model.fit(np.ones((2, 3)), np.ones((2, 1)), verbose=0)


@pytest.mark.parametrize(
    ("act", "error", "words"),
    [
        (lambda: random.normal((None, 3)), ValueError, r"\(None, 3\).*ops\.shape"),
        (lambda: random.normal((3, None)), ValueError, r"positive sizes.*\(3, None\)"),
        (lambda: random.normal((3, 0)), ValueError, r"positive sizes.*\(3, 0\)"),
        (lambda: random.normal((3, 2.5)), ValueError, r"positive sizes.*2\.5"),
        (lambda: random.normal((3,), stddev=-1), ValueError, "stddev .* at least 0, got -1"),
        (lambda: random.normal((3,), mean="a"), TypeError, "mean must be a number, got 'a'"),
        (lambda: random.normal((3,), mean=np.nan), ValueError, "mean must be a finite number"),
        (lambda: random.normal((3,), seed="a"), ValueError, "seed must be an integer"),
        (lambda: random.uniform((3,), 2, 1), ValueError, "minval must not be above maxval, got 2 and 1"),
        (lambda: random.randint((3,), 2, 2), ValueError, "minval must be below maxval, got 2 and 2"),
        (lambda: random.dropout(np.ones(3), 1.5), ValueError, "rate must be"),
        (lambda: random.dropout(np.ones((3, 2)), 0.5, (3,)), ValueError, "noise_shape"),
        (lambda: random.categorical(np.ones(3), 2), ValueError, r"\(batch, classes\), got shape \(3,\)"),
        (lambda: random.shuffle(Input((3,))), TypeError, "shuffle"),
        (lambda: random.gamma((None, 3), 1.0), TypeError, "gamma"),
        (lambda: layers.Lambda(lambda x: x + random.beta((3,), 1, 1))(np.ones((2, 3))), TypeError, "beta"),
        (lambda: layers.Lambda(widened)(np.ones((2, 3))), ValueError, r"\(\*, 3\) and \(\*, 4\)"),
        (lambda: random.SeedGenerator(1, dtype="x"), TypeError, "dtype"),
        (loss_that_draws, ValueError, "cannot draw random numbers"),
    ],
)
def test_errors(act: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        act()
