"""Every regularizer and constraint: value, gradient, training with it, threads, configuration, errors."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest
from cases import CONSTRAINTS, REGULARIZERS, Constraint, Regularizer
from harness import DTYPES, GRADIENT, THREADS, TOLERANCE, assert_same_bits, identifier
from reference import DenseNetwork, numeric_gradient, relative_error

from ranvier import Input, Model, Sequential, _core, config, constraints, layers, optimizers, regularizers

Array = np.ndarray

every_regularizer = pytest.mark.parametrize(
    ("case", "arguments"),
    [pytest.param(case, a, id=identifier(case, a)) for case in REGULARIZERS for a in case.arguments],
)
every_constraint = pytest.mark.parametrize(
    ("case", "arguments"),
    [pytest.param(case, a, id=identifier(case, a)) for case in CONSTRAINTS for a in case.arguments],
)
SHAPES = ((5, 7), (3, 4, 5), (1, 4, 6), (90, 150))
RATE = 0.05
X = np.random.default_rng(5).normal(size=(18, 4))
Y = np.random.default_rng(6).normal(size=(18, 2))


def test_every_kind_has_a_row_and_a_class() -> None:
    assert _core.regularizer_kinds() == sorted({case.kind for case in REGULARIZERS})
    assert _core.constraint_kinds() == sorted({case.kind for case in CONSTRAINTS})
    for module, base, cases in (
        (regularizers, regularizers.Regularizer, REGULARIZERS),
        (constraints, constraints.Constraint, CONSTRAINTS),
    ):
        classes = {getattr(module, name) for name in module.__all__ if isinstance(getattr(module, name), type)}
        assert {cls.__name__ for cls in classes - {base}} == {case.name for case in cases}


@every_regularizer
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.usefixtures("isa")
def test_penalty(case: Regularizer, arguments: dict[str, Any], dtype: str) -> None:
    regularizer = getattr(regularizers, case.name)(**arguments)
    for shape in case.shapes:
        x = np.random.default_rng(1).normal(size=shape).astype(dtype)
        x[0] = 0
        expected = case.formula(x.astype(float), **arguments)
        np.testing.assert_allclose(regularizer(x), expected, **TOLERANCE[dtype])


@every_regularizer
@pytest.mark.usefixtures("isa")
def test_gradient_of_the_penalty(case: Regularizer, arguments: dict[str, Any]) -> None:
    native = getattr(regularizers, case.name)(**arguments).native("float64")
    for shape in case.shapes:
        if np.prod(shape) > 1000:
            continue
        x = np.random.default_rng(2).normal(size=shape)
        expected = numeric_gradient(lambda value: float(case.formula(value, **arguments)), x)
        assert relative_error(native.gradient(x), expected) <= GRADIENT


@every_constraint
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.usefixtures("isa")
def test_constrained(case: Constraint, arguments: dict[str, Any], dtype: str) -> None:
    constraint = getattr(constraints, case.name)(**arguments)
    for shape in SHAPES:
        w = np.random.default_rng(3).normal(size=shape).astype(dtype)
        before = w.copy()
        np.testing.assert_allclose(constraint(w), case.formula(w.astype(float), **arguments), **TOLERANCE[dtype])
        assert_same_bits(w, before)


def penalized(arguments: dict[str, Any], optimizer: Any) -> Sequential:
    made = Sequential(
        [
            Input((4,)),
            layers.Dense(5, "tanh", dtype="float64", **arguments),
            layers.Dense(2, dtype="float64", kernel_regularizer="l2"),
        ]
    )
    made.compile(optimizer, "mse")
    return made


class Reference:
    """The same network in NumPy, under gradient descent."""

    def __init__(self, weights: list[Array]) -> None:
        self.network = DenseNetwork(weights, ["tanh", "linear"])

    def step(self, x: Array, y: Array, penalty: Any, constrain: Any) -> float:
        """Constrained descent on loss and penalty, a function of the weights; the loss before it."""
        rows, gradients, _ = self.network.gradients(x, y, "mean_squared_error")
        weights = self.network.weights
        total = float(np.mean(rows)) + penalty(weights)
        for i, gradient in enumerate(gradients):
            slope = numeric_gradient(lambda value, i=i: penalty([*weights[:i], value, *weights[i + 1 :]]), weights[i])
            gradients[i] = gradient + slope
        moved = [w - RATE * g for w, g in zip(weights, gradients, strict=True)]
        self.network.weights = [constrain(moved[0]), *moved[1:]]
        return total


@every_regularizer
def test_the_loss_has_the_penalty_and_its_gradient(case: Regularizer, arguments: dict[str, Any]) -> None:
    made = penalized({"kernel_regularizer": getattr(regularizers, case.name)(**arguments)}, optimizers.SGD(RATE))
    reference = Reference([w.copy() for w in made.get_weights()])

    def penalty(weights: list[Array]) -> float:
        return float(case.formula(weights[0], **arguments)) + 0.01 * float(np.sum(weights[2] ** 2))

    for _ in range(5):
        assert sum(made.losses) == pytest.approx(penalty(reference.network.weights), rel=1e-8)
        evaluated = made.evaluate(X, Y, batch_size=5, verbose=0)
        expected = reference.step(X, Y, penalty, lambda w: w)
        assert evaluated == pytest.approx(expected, rel=1e-8)
        assert made.train_on_batch(X, Y) == pytest.approx(expected, rel=1e-8)
    for found, weight in zip(made.get_weights(), reference.network.weights, strict=True):
        np.testing.assert_allclose(found, weight, rtol=1e-7, atol=1e-9)


@every_constraint
def test_weights_satisfy_the_constraint_after_each_step(case: Constraint, arguments: dict[str, Any]) -> None:
    constraint = getattr(constraints, case.name)(**arguments)
    made = penalized({"kernel_constraint": constraint, "bias_constraint": "non_neg"}, optimizers.SGD(RATE))
    reference = Reference([w.copy() for w in made.get_weights()])
    for _ in range(3):
        made.train_on_batch(X, Y)
        reference.step(X, Y, lambda w: 0.01 * float(np.sum(w[2] ** 2)), lambda w: case.formula(w, **arguments))
        reference.network.weights[1] = np.maximum(reference.network.weights[1], 0)
    for found, weight in zip(made.get_weights(), reference.network.weights, strict=True):
        np.testing.assert_allclose(found, weight, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("place", ["hidden", "output", "layer", "input", "shared", "activation"])
def test_activity_regularization(place: str) -> None:
    l1, l2, rows = 0.03, 0.2, 6
    regularizer = regularizers.L1L2(l1, l2)
    dense = layers.Dense(3, "tanh", dtype="float64", activity_regularizer=regularizer if place == "hidden" else None)
    last = layers.Dense(2, dtype="float64", activity_regularizer=regularizer if place == "output" else None)
    x = Input((4,))
    layer = layers.ActivityRegularization(l1, l2, dtype="float64")
    first = dense(layer(x) if place == "input" else x)
    if place == "layer":
        first = layer(first)
    if place == "activation":
        first = layers.Activation("tanh", dtype="float64", activity_regularizer=regularizer)(first)
    if place == "shared":
        first = layers.Add(dtype="float64")([layer(first), layer(layers.Activation("relu", dtype="float64")(first))])
    made = Model(x, last(first))
    made.compile(optimizers.SGD(RATE), "mse")
    kernel, bias, kernel_2, bias_2 = (w.copy() for w in made.get_weights())

    def objective(weights: list[Array], x: Array, y: Array) -> float:
        hidden = np.tanh(x @ weights[0] + weights[1])
        regularized = {"input": [x], "hidden": [hidden], "layer": [hidden], "shared": [hidden, np.maximum(hidden, 0)]}
        if place == "activation":
            hidden = np.tanh(hidden)
        if place == "shared":
            hidden = hidden + np.maximum(hidden, 0)
        output = hidden @ weights[2] + weights[3]
        tensors = regularized.get(place, [output if place == "output" else hidden])
        penalty = sum(l1 * np.sum(abs(t)) + l2 * np.sum(t**2) for t in tensors) / len(x)
        return float(np.mean((output - y) ** 2) + penalty)

    weights = [kernel, bias, kernel_2, bias_2]
    losses = [objective(weights, X[i : i + rows], Y[i : i + rows]) for i in range(0, 18, rows)]
    assert made.evaluate(X, Y, batch_size=rows, verbose=0) == pytest.approx(np.mean(losses), rel=1e-10)
    gradients = [
        numeric_gradient(lambda v, i=i: objective([*weights[:i], v, *weights[i + 1 :]], X, Y), weights[i])
        for i in range(4)
    ]
    assert made.train_on_batch(X, Y) == pytest.approx(objective(weights, X, Y), rel=1e-10)
    for found, before, gradient in zip(made.get_weights(), weights, gradients, strict=True):
        np.testing.assert_allclose((before - found) / RATE, gradient, rtol=1e-6, atol=1e-8)
    expected = np.tanh(X @ made.get_weights()[0] + made.get_weights()[1])
    if place in ("hidden", "layer", "input", "output"):
        np.testing.assert_allclose(made.predict(X), expected @ made.get_weights()[2] + made.get_weights()[3], rtol=1e-9)


def test_frozen_weights_have_no_penalty() -> None:
    made = penalized({"kernel_regularizer": "l1"}, "sgd")
    whole = made.evaluate(X, Y, verbose=0)
    penalty = 0.01 * float(np.sum(abs(made.get_weights()[0])))
    made.layers[0].trainable = False
    assert made.evaluate(X, Y, verbose=0) == pytest.approx(whole - penalty, rel=1e-9)
    assert len(made.losses) == 1


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("optimizer", ["adam", "lamb", "adafactor"])
@pytest.mark.parametrize("regularizer", [regularizers.L1L2(1e-3, 1e-3), regularizers.OrthogonalRegularizer(0.1)])
def test_training_with_everything_is_the_same_on_any_number_of_threads(
    dtype: str, optimizer: str, regularizer: regularizers.Regularizer
) -> None:
    x = np.random.default_rng(8).normal(size=(600, 150))
    results = []
    for threads in THREADS:
        config.set_floatx(dtype)
        made = Sequential(
            [
                Input((150,)),
                layers.Dense(300, "relu", kernel_regularizer=regularizer, kernel_constraint=constraints.MaxNorm(1.5)),
                layers.Dense(300, "tanh", activity_regularizer="l2", kernel_constraint=constraints.UnitNorm(axis=1)),
                layers.Dense(150, kernel_regularizer="l2", bias_constraint="non_neg"),
            ]
        )
        config.set_floatx("float32")
        random = np.random.default_rng(7)
        made.set_weights([random.normal(scale=0.1, size=w.shape) for w in made.get_weights()])
        made.compile(optimizers.get({"class_name": optimizer, "config": {"global_clipnorm": 1.0}}), "mse")
        _core.set_num_threads(threads)
        made.fit(x, x, batch_size=200, epochs=2, shuffle=False, verbose=0)
        results.append([*made.get_weights(), np.array(made.history.history["loss"])])
    for result in results[1:]:
        for found, expected in zip(result, results[0], strict=True):
            assert_same_bits(found, expected)


@every_regularizer
def test_configuration_survives_json(case: Regularizer, arguments: dict[str, Any]) -> None:
    regularizer = getattr(regularizers, case.name)(**arguments)
    again = regularizers.get(json.loads(json.dumps(regularizers.serialize(regularizer))))
    assert type(again) is type(regularizer)
    assert again.get_config() == regularizer.get_config()


@every_constraint
def test_configuration_of_constraints_survives_json(case: Constraint, arguments: dict[str, Any]) -> None:
    constraint = getattr(constraints, case.name)(**arguments)
    again = constraints.get(json.loads(json.dumps(constraints.serialize(constraint))))
    assert type(again) is type(constraint)
    assert again.get_config() == constraint.get_config()


@pytest.mark.parametrize(
    ("module", "name", "arguments", "words"),
    [
        pytest.param(module, case.name, arguments, words, id=f"{case.name}-{words}")
        for module, cases in ((regularizers, REGULARIZERS), (constraints, CONSTRAINTS))
        for case in cases
        for arguments, words in case.bad_arguments
    ],
)
def test_bad_arguments_are_named(module: Any, name: str, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(f"[{name}] {words}")):
        getattr(module, name)(**arguments)


def test_what_does_not_fit_is_refused_when_the_layer_is_built() -> None:
    wrong = {
        "[d/bias] an orthogonal regularizer needs a matrix, got the shape (2,)": {
            "bias_regularizer": regularizers.OrthogonalRegularizer()
        },
        "[d/kernel] the axis 2 of its constraint does not exist in the shape (3, 2)": {
            "kernel_constraint": constraints.UnitNorm(axis=2)
        },
    }
    for words, arguments in wrong.items():
        with pytest.raises(ValueError, match=re.escape(words)):
            layers.Dense(2, name="d", **arguments).build((None, 3))
    with pytest.raises(ValueError, match="unknown regularizer 'l1_l3'; did you mean 'l1_l2'"):
        layers.Dense(2, kernel_regularizer="l1_l3")
    with pytest.raises(ValueError, match="unknown constraint 'maxnorm'; did you mean"):
        layers.Dense(2, kernel_constraint="maxnorm")


def test_what_is_written_in_python_says_so() -> None:
    class Mine(regularizers.Regularizer):
        def __call__(self, x: Any) -> float:
            return 0.0

    with pytest.raises(TypeError, match=re.escape("[Mine] regularizers written in Python cannot be trained with")):
        layers.Dense(2, kernel_regularizer=Mine()).build((None, 3))
