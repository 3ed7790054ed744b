"""Every loss: values, gradients in training, reductions and weights, and cross-entropies however they are spelled."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cases import LOSSES, SAMPLES, Loss, sigmoid, softmax
from harness import DTYPES, GRADIENT, TOLERANCE, Array, assert_same_bits, identifier
from reference import numeric_gradient, relative_error

from ranvier import _core, config, losses

every_dtype = pytest.mark.parametrize("dtype", DTYPES)
every_loss = pytest.mark.parametrize(
    ("case", "arguments"),
    [
        pytest.param(case, arguments, id=f"{identifier(case, arguments)}-{case.targets}")
        for case in LOSSES
        for arguments in case.arguments
    ],
)
# Rows of one column, of fewer than a vector has lanes, of more, and several rows in each row of the batch.
SHAPES = [(11, 1), (11, 4), (5, 40), (3, 4, 5)]


def make(case: Loss, arguments: dict[str, Any], **own: Any) -> losses.Loss:
    return getattr(losses, case.name)(**arguments, **own)


def native(case: Loss, arguments: dict[str, Any], dtype: str, y: Array, **own: Any) -> _core.Loss:
    loss = make(case, arguments, **own)
    return loss.native(dtype, loss.binary_labels and bool(np.isin(y, (0, 1)).all()))


def draw(case: Loss, shape: tuple[int, ...], dtype: str) -> tuple[Array, Array]:
    random = np.random.default_rng(5)
    return SAMPLES[case.targets](random, shape), SAMPLES[case.predictions](random, shape).astype(dtype)


@every_loss
@pytest.mark.parametrize("shape", SHAPES)
@every_dtype
@pytest.mark.usefixtures("isa")
def test_values(case: Loss, arguments: dict[str, Any], shape: tuple[int, ...], dtype: str) -> None:
    y, p = draw(case, shape, dtype)
    expected = case.formula(y.astype(dtype).astype(float), p.astype(float), **arguments)
    loss = make(case, arguments)
    function = getattr(losses, case.kind)
    for found in (native(case, arguments, dtype, y).values(y, p), loss.rows(y, p), function(y, p, **arguments)):
        assert found.dtype == dtype
        assert found.shape == shape[:-1]
        np.testing.assert_allclose(found, expected, **TOLERANCE[dtype])


@every_loss
@pytest.mark.usefixtures("isa")
def test_a_row_does_not_depend_on_its_batch(case: Loss, arguments: dict[str, Any]) -> None:
    y, p = draw(case, (37, 3), "float32")
    loss = native(case, arguments, "float32", y)
    together = loss.values(y, p)
    for row in range(37):
        assert_same_bits(loss.values(y[row : row + 1], p[row : row + 1]), together[row : row + 1])


def predicting(p: Array, dtype: str, last: list[tuple[str, dict[str, Any]]]) -> tuple[_core.Network, Array, Array]:
    """A network whose dense layer predicts its kernel, `p`, on the rows of x, with layers `last` behind; x; the kernel.

    After a step of gradient descent at rate 1 the kernel has changed by minus the gradient of the loss by p.
    """
    scalars = config.scalars(dtype)
    positions = int(np.prod(p.shape[:-1]))
    network = scalars.Network("network")
    value = network.add_input((*p.shape[1:-1], positions), "x")
    head, rest = ({}, last) if not last or last[0][0] != "dense" else (last[0][1], last[1:])
    dense = {"units": p.shape[-1], "use_bias": False, **head}
    for kind, settings in [("dense", dense), *rest]:
        [value] = network.add(scalars.Layer(kind, settings, kind), [value])
    network.set_outputs([value])
    kernel = network.parameters[0].numpy()
    kernel[...] = p.reshape(kernel.shape)
    return network, np.eye(positions, dtype=dtype).reshape(*p.shape[:-1], positions), kernel


def step(
    p: Array,
    y: Array,
    loss: _core.Loss,
    last: list[tuple[str, dict[str, Any]]] | None = None,
    weights: Array | None = None,
    metrics: list[_core.Metric] | None = None,
    factor: float = 1.0,
) -> tuple[list[float], Array]:
    """What a trainer reports for one batch, and its gradient by p."""
    dtype = str(p.dtype)
    scalars = config.scalars(dtype)
    network, x, kernel = predicting(p, dtype, last or [])
    optimizer = scalars.Optimizer("sgd", {"learning_rate": 1.0})
    trainer = scalars.Trainer(network, [loss], [factor], [metrics or []], [[]], optimizer)
    trainer.begin(_core.Feed([x], [y], [weights]), len(x), True, False, 0, -1)
    assert not trainer.run(float("inf"), -1)
    return trainer.results(), p - kernel.reshape(p.shape)


def away_from_kinks(case: Loss, y: Array, p: Array) -> Array:
    """Predictions that no difference's step takes over a kink: an error of 0, a margin of 1, delta."""
    return p + 1e-3 * (abs(abs(y - p) - 0.3) < 1e-3) if y.shape == p.shape else p


@every_loss
@pytest.mark.parametrize("shape", SHAPES[1:])
@pytest.mark.usefixtures("isa")
def test_gradient_in_training(case: Loss, arguments: dict[str, Any], shape: tuple[int, ...]) -> None:
    y, p = draw(case, shape, "float64")
    p = away_from_kinks(case, y, p)
    results, gradient = step(p, y, native(case, arguments, "float64", y))

    def mean(moved: Array) -> float:
        return float(np.mean(case.formula(y, moved, **arguments)))

    np.testing.assert_allclose(results, [mean(p), mean(p)], **TOLERANCE["float64"])
    assert relative_error(gradient, numeric_gradient(mean, p)) <= GRADIENT


@every_loss
def test_gradient_of_one_column(case: Loss, arguments: dict[str, Any]) -> None:
    y, p = draw(case, (9, 1), "float64")
    p = away_from_kinks(case, y, p)
    _, gradient = step(p, y, native(case, arguments, "float64", y))
    expected = numeric_gradient(lambda moved: float(np.mean(case.formula(y, moved, **arguments))), p)
    assert relative_error(gradient, expected) <= GRADIENT


@every_loss
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight"])
@pytest.mark.parametrize("weighted", ["not", "rows", "positions"])
def test_reductions_and_weights(case: Loss, arguments: dict[str, Any], reduction: str, weighted: str) -> None:
    """The number and the gradient: weights and the factor of the loss count in both."""
    y, p = draw(case, (6, 3, 4), "float64")
    random = np.random.default_rng(7)
    weights = {"not": None, "rows": random.uniform(0, 2, 6), "positions": random.uniform(0, 2, (6, 3))}[weighted]
    spread = np.ones((6, 3)) if weights is None else np.broadcast_to(weights.reshape(6, -1), (6, 3))
    factor = 0.7

    def reduced(moved: Array) -> float:
        total = np.sum(spread * case.formula(y, moved, **arguments))
        divisor = {"sum": 1, "mean_with_sample_weight": spread.sum()}.get(reduction, spread.size)
        return float(factor * total / divisor)

    loss = native(case, arguments, "float64", y, reduction=reduction)
    results, gradient = step(p, y, loss, weights=weights, factor=factor)
    np.testing.assert_allclose(results, [reduced(p), reduced(p) / factor], **TOLERANCE["float64"])
    assert relative_error(gradient, numeric_gradient(reduced, p)) <= GRADIENT
    called = make(case, arguments, reduction=reduction)(y, p, sample_weight=weights)
    np.testing.assert_allclose(factor * called, reduced(p), **TOLERANCE["float64"])


# Ways to write a cross-entropy of logits: the layers that follow, whether they end in probabilities.
LINKS: dict[str, tuple[Callable[[Array], Array], dict[str, tuple[list[tuple[str, dict[str, Any]]], bool]]]] = {
    "softmax": (
        softmax,
        {
            "in the dense layer": ([("dense", {"activation": "softmax"})], True),
            "as a layer": ([("axis_activation", {"activation": "softmax"})], True),
            "as a layer behind others": ([("identity", {}), ("axis_activation", {"activation": "softmax"})], True),
            "in the loss": ([], False),
        },
    ),
    "sigmoid": (
        sigmoid,
        {
            "in the dense layer": ([("dense", {"activation": "sigmoid"})], True),
            "as a layer": ([("activation", {"activation": "sigmoid"})], True),
            "as a layer behind others": ([("identity", {}), ("activation", {"activation": "sigmoid"})], True),
            "in the loss": ([], False),
        },
    ),
}
OF_LOGITS = [case for case in LOSSES if case.name.endswith("Crossentropy") and {"from_logits": True} in case.arguments]


@pytest.mark.parametrize("case", OF_LOGITS, ids=lambda case: case.name)
@pytest.mark.parametrize("smoothing", [0, 0.2])
@pytest.mark.parametrize("shape", SHAPES[1:])
@pytest.mark.usefixtures("isa")
def test_crossentropy_however_it_is_spelled(case: Loss, smoothing: float, shape: tuple[int, ...]) -> None:
    """The same bits for each spelling, and the same as the formula of probabilities."""
    if smoothing and case.name.startswith("Sparse"):
        smoothing = 0
    own = {"label_smoothing": smoothing} if smoothing else {}
    link, spellings = LINKS["sigmoid" if case.name.startswith("Binary") else "softmax"]
    y, logits = draw(case, shape, "float64")

    def mean(moved: Array) -> float:
        return float(np.mean(case.formula(y, link(moved), **own)))

    expected = numeric_gradient(mean, logits)
    found = {}
    for spelling, (last, probabilities) in spellings.items():
        loss = native(case, own if probabilities else {"from_logits": True, **own}, "float64", y)
        seen = _core.float64.Metric("mean_loss", {"loss": "mean_squared_error"})
        sparse = case.targets == "classes"
        results, gradient = step(logits, y, loss, last, metrics=[] if sparse else [seen])
        np.testing.assert_allclose(results[0], mean(logits), **TOLERANCE["float64"])
        assert relative_error(gradient, expected) <= GRADIENT, spelling
        if not sparse:  # metrics are told what the network ends in
            p = link(logits) if probabilities else logits
            np.testing.assert_allclose(results[2], np.mean((y - p) ** 2), **TOLERANCE["float64"])
        found[spelling] = gradient
    for spelling, gradient in found.items():
        assert_same_bits(gradient, found["in the loss"], spelling)


@pytest.mark.parametrize("case", OF_LOGITS, ids=lambda case: case.name)
@every_dtype
@pytest.mark.usefixtures("isa")
def test_crossentropy_of_extreme_logits(case: Loss, dtype: str) -> None:
    """A probability that is 0 in any precision costs what the formula says, and its gradient is exact."""
    logits = np.array([[-1000.0, 1000.0], [1000.0, -1000.0]], dtype)
    y = {"binary": np.eye(2), "distribution": np.eye(2), "classes": np.arange(2)}[case.targets]
    binary = case.name.startswith("Binary")
    last = [("dense", {"activation": "sigmoid" if binary else "softmax"})]
    results, gradient = step(logits, y, native(case, {}, dtype, y), last)
    alpha = 0.25 if case.name == "CategoricalFocalCrossentropy" else 1
    assert results[0] == alpha * (1000 if binary else 2000)
    np.testing.assert_array_equal(gradient, alpha * np.array([[-0.5, 0.5], [0.5, -0.5]]) / (2 if binary else 1))


@pytest.mark.parametrize("case", OF_LOGITS, ids=lambda case: case.name)
@pytest.mark.usefixtures("isa")
def test_probabilities_of_0_and_1_are_clipped_as_in_keras(case: Loss) -> None:
    p = np.array([[0, 1.0], [1, 0], [0, 1], [1, 0]])
    y = np.array([1.0, 0, 0, 1]) if case.targets == "classes" else np.array([[0, 1.0], [1, 0], [1, 0], [0, 1]])
    values = native(case, {}, "float64", y).values(y, p)
    np.testing.assert_allclose(values, case.formula(y, p), **TOLERANCE["float64"])
    assert values[2] > (4 if case.name == "CategoricalFocalCrossentropy" else 16)


@every_loss
def test_configuration_survives_json(case: Loss, arguments: dict[str, Any]) -> None:
    loss = make(case, arguments, reduction="sum")
    written = json.loads(json.dumps(losses.serialize(loss)))
    again = losses.deserialize(written)
    assert type(again) is type(loss)
    assert again.get_config() == loss.get_config()
    assert (again.native_kind(), again.native_config()) == (loss.native_kind(), loss.native_config())


@pytest.mark.parametrize("name", sorted({case.name for case in LOSSES}))
def test_bad_arguments_are_named(name: str) -> None:
    with pytest.raises(ValueError, match=rf"\[{name}\] reduction must be one of .*; got 'avarage'"):
        getattr(losses, name)(reduction="avarage")


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("Huber", {"delta": 0}, "delta must be above 0, got 0"),
        ("BinaryCrossentropy", {"label_smoothing": 1.5}, "label_smoothing must be from 0 to 1, got 1.5"),
        ("CategoricalCrossentropy", {"label_smoothing": -1}, "label_smoothing must be from 0 to 1, got -1"),
        ("BinaryFocalCrossentropy", {"alpha": 1.5}, "alpha must be from 0 to 1, got 1.5"),
        ("BinaryFocalCrossentropy", {"gamma": -1}, "gamma must be at least 0, got -1"),
        ("BinaryFocalCrossentropy", {"label_smoothing": 2}, "label_smoothing must be from 0 to 1, got 2"),
        ("CategoricalFocalCrossentropy", {"alpha": -1}, "alpha must be a number of at least 0, or a list .* got -1"),
        ("CategoricalFocalCrossentropy", {"gamma": -1}, "gamma must be at least 0, got -1"),
        ("CategoricalGeneralizedCrossEntropy", {"q": 1}, "q must be between 0 and 1, got 1"),
        ("Tversky", {"alpha": -1}, "alpha must be at least 0, got -1"),
        ("Circle", {"gamma": 0}, "gamma must be above 0, got 0"),
        ("Circle", {"margin": 1}, "margin must be between 0 and 1, got 1"),
    ],
)
def test_bad_numbers_are_named(name: str, arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=rf"\[{name}\] {words}"):
        getattr(losses, name)(**arguments)


@every_loss
def test_bad_shapes_are_named(case: Loss, arguments: dict[str, Any]) -> None:
    y, p = draw(case, (4, 3), "float64")
    for wrong in (y[:3], y[..., :2] if y.ndim == 2 else y[:, None] * np.ones(3)):
        with pytest.raises(ValueError, match=r"\[y_true\] expected shape \(4,.*\) for y_pred of shape \(4, 3\), got "):
            make(case, arguments)(wrong, p)


def test_alpha_of_each_class() -> None:
    case = next(case for case in LOSSES if case.name == "CategoricalFocalCrossentropy")
    y, p = draw(case, (6, 4), "float64")
    alpha = [0.1, 0.9, 0.5, 0.0]
    loss = losses.CategoricalFocalCrossentropy(alpha=alpha)
    np.testing.assert_allclose(loss.rows(y, p), case.formula(y, p, alpha=alpha), **TOLERANCE["float64"])
    _, gradient = step(p, y, loss.native("float64"))
    expected = numeric_gradient(lambda moved: float(np.mean(case.formula(y, moved, alpha=alpha))), p)
    assert relative_error(gradient, expected) <= GRADIENT
    with pytest.raises(ValueError, match="alpha holds 4 numbers, but the predictions have 3 columns"):
        loss.rows(y[:, :3], p[:, :3])
    with pytest.raises(ValueError, match="alpha holds 4 numbers, but the predictions have 3 columns"):
        step(p[:, :3].copy(), y[:, :3], loss.native("float64"))


@pytest.mark.parametrize("ignored", [255, -1, 2])
@pytest.mark.parametrize("from_logits", [False, True])
@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "sum", "mean_with_sample_weight"])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_class_that_does_not_count(ignored: int, from_logits: bool, reduction: str, weighted: bool) -> None:
    case = next(case for case in LOSSES if case.name == "SparseCategoricalCrossentropy")
    y, p = draw(case, (9, 4), "float64")
    p = abs(p) + 0.1
    y[[1, 4, 5]] = ignored
    weights = np.random.default_rng(7).uniform(0, 2, 9) if weighted else None
    ones = np.ones(9) if weights is None else weights
    counted = y != ignored

    def reduced(moved: Array) -> float:
        rows = case.formula(np.where(counted, y, 0), moved, from_logits=from_logits)
        total = float(np.sum((ones * rows)[counted]))
        return total / {"sum": 1, "mean_with_sample_weight": ones[counted].sum()}.get(reduction, counted.sum())

    loss = losses.SparseCategoricalCrossentropy(from_logits, ignored, reduction)
    np.testing.assert_allclose(loss(y, p, sample_weight=weights), reduced(p), **TOLERANCE["float64"])
    results, gradient = step(p, y, loss.native("float64"), weights=weights)
    np.testing.assert_allclose(results[0], reduced(p), **TOLERANCE["float64"])
    assert relative_error(gradient, numeric_gradient(reduced, p)) <= GRADIENT
    assert (loss.rows(y, p)[~counted] == 0).all()
    assert (gradient[~counted] == 0).all()


def test_a_batch_in_which_nothing_counts_costs_nothing() -> None:
    loss = losses.SparseCategoricalCrossentropy(ignore_class=0)
    results, gradient = step(np.full((3, 2), 0.5), np.zeros(3), loss.native("float64"))
    assert results[0] == 0
    assert (gradient == 0).all()
    with pytest.raises(ValueError, match="expected integer classes from 0 to 1, got 5"):
        loss.rows([0, 5], [[0.5, 0.5], [0.5, 0.5]])
    with pytest.raises(TypeError, match="ignore_class must be an integer or None, got 'void'"):
        losses.SparseCategoricalCrossentropy(ignore_class="void")


def test_a_wrong_answer_of_no_probability_has_a_finite_slope() -> None:
    loss = losses.CategoricalGeneralizedCrossEntropy(0.5)
    results, gradient = step(np.array([[0.0, 1.0]]), np.zeros(1), loss.native("float64"))
    assert results[0] == 2
    assert np.isfinite(gradient).all()
    assert gradient[0, 0] < -1000
