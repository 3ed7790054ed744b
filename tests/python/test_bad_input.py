"""What the door says to bad input: which argument, what was expected, what came, the first bad row, the way out.

Every case also shows that nothing has changed: the model's weights, and that it still trains.
"""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ranvier
from ranvier import Input, Model, Sequential, layers, losses, metrics, optimizers

ROWS, FEATURES, CLASSES = 12, 4, 3
X = np.linspace(-1, 1, ROWS * FEATURES).reshape(ROWS, FEATURES)
Y = np.arange(ROWS) % CLASSES
ONE_HOT = np.eye(CLASSES)[Y]


def classifier(loss: Any = "sparse_categorical_crossentropy", units: int = CLASSES, **arguments: Any) -> Sequential:
    model = Sequential([Input((FEATURES,)), layers.Dense(units, activation="softmax", name="out")], name="net")
    model.compile("sgd", loss, **arguments)
    return model


def changed(array: np.ndarray, position: Any, value: Any) -> np.ndarray:
    array = array.astype(float)
    array[position] = value
    return array


class Fit:
    """One bad argument of `fit` on a classifier, and the parts of the message."""

    def __init__(
        self, name: str, error: type[Exception], *parts: str, loss: Any = None, units: int = CLASSES, **bad: Any
    ) -> None:
        self.name = name
        self.error = error
        self.parts = parts
        self.loss = loss or "sparse_categorical_crossentropy"
        self.units = units
        self.bad = bad


FITS = [
    Fit("feature count", ValueError, "[fit] x: expected shape (*, 4), got (12, 5)", x=np.ones((12, 5))),
    Fit("transposed", ValueError, "expected shape (*, 4), got (4, 12)", "transpose", x=X.T, y=Y[:4]),
    Fit("no feature axis", ValueError, "[fit] x: expected shape (*, 4), got (12,)", x=X[:, 0]),
    Fit("y of another length", ValueError, "x has 12 rows, but y has 11", y=Y[:-1]),
    Fit("labels from 1", ValueError, "classes from 0 to 2", "y[2] = 3", "y - 1", y=Y + 1),
    Fit("label too great", ValueError, "classes from 0 to 2", "y[5] = 7", "8 units", y=changed(Y, 5, 7)),
    Fit("negative label", ValueError, "y[4] = -1", "number the classes from 0", y=changed(Y, 4, -1)),
    Fit("label between", ValueError, "integer classes", "y[3] = 0.5", y=changed(Y, 3, 0.5)),
    Fit("sparse labels of one unit", ValueError, "classes from 0 to 0", "binary_crossentropy", units=1, y=Y % 2),
    Fit("one-hot for sparse", ValueError, "looks one-hot", "categorical_crossentropy", "argmax", y=ONE_HOT),
    Fit(
        "indices for categorical",
        ValueError,
        "looks like class indices",
        "sparse_categorical_crossentropy",
        "to_categorical(y, 3)",
        loss="categorical_crossentropy",
        y=Y,
    ),
    Fit("columns of y", ValueError, "y: expected shape (*, 3), got (12, 2)", loss="mse", y=np.ones((12, 2))),
    Fit(
        "labels -1 and 1",
        ValueError,
        "numbers from 0 to 1",
        "(y + 1) / 2",
        loss="binary_crossentropy",
        y=2 * ONE_HOT - 1,
    ),
    Fit(
        "probability above 1", ValueError, "y[2, 1] = 1.5", loss="binary_crossentropy", y=changed(ONE_HOT, (2, 1), 1.5)
    ),
    Fit("NaN in x", ValueError, "[fit] x[3, 2] is nan, in row 3", x=changed(X, (3, 2), np.nan)),
    Fit("infinity in x", ValueError, "[fit] x[0, 1] is -inf, in row 0", x=changed(X, (0, 1), -np.inf)),
    Fit("NaN in float32 x", ValueError, "x[11, 3] is nan", x=changed(X, (11, 3), np.nan).astype("f4")),
    Fit("NaN in strided x", ValueError, "x[1, 0] is nan", x=changed(X, (2, 0), np.nan)[::2], y=Y[::2]),
    Fit("NaN in y", ValueError, "[fit] y[3, 0] is nan", loss="mse", y=changed(ONE_HOT, (3, 0), np.nan)),
    Fit("NaN in labels", ValueError, "[fit] y[3] is nan", y=changed(Y, 3, np.nan)),
    Fit("no rows", ValueError, "x has no rows", x=X[:0], y=Y[:0]),
    Fit("no x", ValueError, "x is missing", x=None),
    Fit("no y", ValueError, "y is missing", y=None),
    Fit("batch size 0", ValueError, "batch_size must be an integer of at least 1, got 0", batch_size=0),
    Fit("batch size 2.5", ValueError, "batch_size must be an integer of at least 1, got 2.5", batch_size=2.5),
    Fit("negative epochs", ValueError, "epochs must be an integer of at least 0, got -1", epochs=-1),
    Fit("no steps", ValueError, "steps_per_epoch must be an integer of at least 1, got 0", steps_per_epoch=0),
    Fit("validation frequency", ValueError, "validation_freq", "got 0", validation_freq=0),
    Fit("verbose", ValueError, "verbose must be 0, 1, 2 or 'auto', got 3", verbose=3),
    Fit(
        "objects",
        TypeError,
        "x must be an array of numbers",
        "object",
        "'a', a str",
        x=np.array([["a", 1.0, 2, 3]] * 12, object),
    ),
    Fit("text", TypeError, "array of <U1", "encode text", x=np.full((12, 4), "a")),
    Fit("complex", TypeError, "complex128", "real and the imaginary part", x=X.astype(complex)),
    Fit("times", TypeError, "datetime64", "convert times", x=np.zeros((12, 4), "M8[s]")),
    Fit("fields", TypeError, "plain array", x=np.zeros(12, [("a", float), ("b", int)])),
    Fit("rows of different lengths", ValueError, "x must hold rows of one shape", x=[[1, 2], [3]] * 6),
    Fit("a number", ValueError, "the single number 3.0", x=3.0),
    Fit("a generator with y", ValueError, "x gives whole batches: y must be None", x=(row for row in X)),
    Fit("objects in y", TypeError, "y must be an array of numbers", y=np.array(["a"] * 12, object)),
    Fit(
        "weights of another length",
        ValueError,
        "sample_weight must hold a weight for each of 12 rows, got 11",
        sample_weight=np.ones(11),
    ),
    Fit("negative weight", ValueError, "sample_weight[2] is -1", "negative", sample_weight=changed(np.ones(12), 2, -1)),
    Fit("NaN weight", ValueError, "sample_weight[2] is nan", sample_weight=changed(np.ones(12), 2, np.nan)),
    Fit(
        "class without weight",
        ValueError,
        "no weight for class 2, first seen in row 2",
        "[0, 1]",
        class_weight={0: 1, 1: 2},
    ),
    Fit("negative class weight", ValueError, "class_weight[1] is -2", class_weight={0: 1, 1: -2, 2: 1}),
    Fit("list of class weights", TypeError, "class_weight must be a dict", class_weight=[1, 2, 3]),
    Fit("split of 1", ValueError, "validation_split must be between 0 and 1, got 1.0", validation_split=1.0),
    Fit("split too small", ValueError, "leaves one part empty", validation_split=0.99),
    Fit("validation data of one array", ValueError, "validation_data must be (x, y)", validation_data=X),
    Fit(
        "validation features",
        ValueError,
        "[fit, validation_data] x: expected shape (*, 4)",
        validation_data=(X[:, :3], Y),
    ),
    Fit(
        "callback class",
        TypeError,
        "number 0 must be a Callback object",
        "History()",
        callbacks=[ranvier.callbacks.History],
    ),
]


@pytest.mark.parametrize("case", FITS, ids=lambda case: case.name)
def test_fit_refuses(case: Fit) -> None:
    model = classifier(case.loss, case.units)
    before = model.get_weights()
    good_y = {"sparse_categorical_crossentropy": Y}.get(case.loss, ONE_HOT)
    with pytest.raises(case.error) as caught:
        model.fit(**({"x": X, "y": good_y, "verbose": 0} | case.bad))
    for part in case.parts:
        assert part in str(caught.value)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert model.history is None
    if case.units == CLASSES:
        model.fit(X, good_y, verbose=0)


def test_nothing_is_built_before_y_is_checked() -> None:
    model = Sequential([layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="classes from 0 to 2"):
        model.fit(X, Y + 1, verbose=0)
    assert not model.built
    model.fit(X[:, :2], Y, verbose=0)


def _dense_again() -> Any:
    layer = layers.Dense(1, name="d")
    layer(np.ones((2, 3)))
    return layer(np.ones((2, 4)))


CALLS: list[tuple[str, Callable[[], Any], type[Exception], str]] = [
    ("fit before compile", lambda: Sequential([layers.Dense(1)]).fit(X, Y), ValueError, r"\[fit\].*model\.compile"),
    (
        "evaluate before compile",
        lambda: Sequential([layers.Dense(1)]).evaluate(X, Y),
        ValueError,
        r"\[evaluate\].*compile",
    ),
    ("no loss", lambda: classifier(None).fit(X, Y), ValueError, "compiled without a loss"),
    ("predict without shape", lambda: Sequential().predict(X), ValueError, "has no layers"),
    ("compile without layers", lambda: Sequential().compile("sgd", "mse"), ValueError, "has no layers.*model.add"),
    (
        "predict features",
        lambda: classifier().predict(X[:, :3]),
        ValueError,
        r"\[predict\] x: expected shape \(\*, 4\), got \(12, 3\)",
    ),
    (
        "call features",
        lambda: classifier()(X[:, :3]),
        ValueError,
        r"\[call\] x: expected shape \(\*, 4\), got \(12, 3\)",
    ),
    ("predict complex", lambda: classifier().predict(X * 1j), TypeError, r"\[predict\] x must be an array of numbers"),
    ("predict big numbers", lambda: classifier().predict(X.astype(np.longdouble)), TypeError, "astype"),
    (
        "unknown loss",
        lambda: classifier("mean_square_error"),
        ValueError,
        r"unknown loss 'mean_square_error'; did you mean 'mean_squared_error'\? Valid: .*huber",
    ),
    (
        "unknown optimizer",
        lambda: classifier().compile("adamm", "mse"),
        ValueError,
        r"unknown optimizer 'adamm'; did you mean 'adam'\? Valid: adadelta, adafactor, adagrad, adam, ",
    ),
    (
        "unknown metric",
        lambda: classifier(metrics=["acuracy"]),
        ValueError,
        r"\[compile\] unknown metric 'acuracy'; did you mean 'accuracy'\?",
    ),
    (
        "unknown activation",
        lambda: layers.Dense(1, activation="rellu"),
        ValueError,
        r"unknown activation 'rellu'; did you mean 'relu'\? Valid: .*softplus",
    ),
    (
        "unknown initializer",
        lambda: layers.Dense(1, kernel_initializer="glorot"),
        ValueError,
        "unknown initializer 'glorot'.*Valid: .*he_normal",
    ),
    (
        "unknown layer",
        lambda: layers.deserialize({"class_name": "Dens", "config": {}}),
        ValueError,
        r"unknown layer 'Dens'; did you mean 'Dense'\?",
    ),
    (
        "unknown argument",
        lambda: layers.Dense(1, input_shap=(2,)),
        TypeError,
        r"\[Dense\] unknown argument 'input_shap'; did you mean 'input_shape'\?",
    ),
    (
        "unknown optimizer argument",
        lambda: optimizers.Adam(learning_rat=1),
        TypeError,
        r"\[Adam\] unknown argument 'learning_rat'",
    ),
    ("no loss object", lambda: classifier(3), TypeError, "expected a name"),
    ("no metric", lambda: classifier(metrics=[3]), TypeError, "expected the name of a metric"),
    ("no optimizer", lambda: classifier().compile(3, "mse"), TypeError, "expected the name of an optimizer"),
    ("no activation", lambda: layers.Dense(1, activation=3), TypeError, "expected the name of an activation"),
    ("activation of Python", lambda: layers.Activation(abs), TypeError, "expected the name of an activation"),
    (
        "negative units",
        lambda: layers.Dense(-1),
        ValueError,
        r"\[Dense\] units must be an integer of at least 1, got -1",
    ),
    ("no units", lambda: layers.Dense(0), ValueError, "at least 1, got 0"),
    ("units of text", lambda: layers.Dense("10"), ValueError, "got '10'"),
    ("rate above 1", lambda: layers.Dropout(1.5), ValueError, "rate must be a number from 0 to 1, got 1.5"),
    (
        "negative slope",
        lambda: layers.LeakyReLU(-1),
        ValueError,
        "negative_slope must be a number of at least 0, got -1",
    ),
    ("input shape", lambda: layers.Dense(1, input_shape=(0,)), ValueError, "positive integers"),
    ("input without shape", Input, ValueError, r"shape is missing.*Input\(\(784,\)\)"),
    ("unknown axis", lambda: layers.Dense(1).build((None, None)), ValueError, "every axis but the batch must be known"),
    (
        "dtype",
        lambda: layers.Dense(1, dtype="float16"),
        ValueError,
        "expected 'float32', 'float64' or 'mixed_bfloat16', got 'float16'",
    ),
    ("no layer", lambda: Sequential([3]), TypeError, "expected a layer, got 3"),
    ("layer class", lambda: Sequential([layers.Flatten]), TypeError, r"make one, Flatten\(\.\.\.\)"),
    (
        "same name",
        lambda: Sequential([layers.Dense(1, name="a"), layers.Dense(1, name="a")]),
        ValueError,
        r"\[a\].*name=",
    ),
    ("late input", lambda: Sequential([layers.Dense(1), Input((3,))]), ValueError, "an input must be the first layer"),
    (
        "mixed dtypes",
        lambda: Sequential([layers.Dense(1), layers.Dense(1, dtype="float64")]),
        ValueError,
        "float64.*float32.*set_floatx",
    ),
    ("misfit layer", lambda: Sequential([Input((4,)), layers.Reshape((3,))]), ValueError, "cannot reshape"),
    ("misfit input", _dense_again, ValueError, r"\[d\] expected input \(\*, 3\), got \(\*, 4\)"),
    ("pop nothing", lambda: Sequential().pop(), ValueError, "no layers to take off"),
    (
        "missing layer",
        lambda: classifier().get_layer("outt"),
        ValueError,
        r"unknown layer 'outt'; did you mean 'out'\?",
    ),
    ("layer number", lambda: classifier().get_layer(index=5), ValueError, "no layer 5"),
    ("name and index", lambda: classifier().get_layer("out", 0), ValueError, "either name or index"),
    ("weights count", lambda: classifier().set_weights([np.ones((4, 3))]), ValueError, "expected 2 arrays, got 1"),
    (
        "weights shape",
        lambda: classifier().set_weights([np.ones((3, 4)), np.ones(3)]),
        ValueError,
        r"\[out/kernel\] expected values of shape \(4, 3\), got \(3, 4\)",
    ),
    ("model of arrays", lambda: Model(X, X), TypeError, r"inputs must be symbols.*Input"),
    ("model without output", lambda: Model(Input((3,)), []), ValueError, "at least one of outputs"),
    (
        "disconnected",
        lambda: Model(Input((3,), name="a"), layers.Dense(1)(Input((3,), name="b"))),
        ValueError,
        "need the input 'b', which is not among inputs: .'a'.",
    ),
    ("symbol as array", lambda: np.asarray(Input((3,))), TypeError, "a symbol has no numbers"),
    ("if symbol", lambda: bool(Input((3,))), TypeError, "a symbol has no numbers"),
    ("symbols and arrays", lambda: layers.Add()([Input((3,)), np.ones((1, 3))]), TypeError, "some of each"),
    ("add of one", lambda: layers.Add()(Input((3,))), TypeError, "expected a list of inputs"),
    (
        "add of different",
        lambda: layers.Add(name="sum")([np.ones((2, 3)), np.ones((2, 4))]),
        ValueError,
        r"\[sum\] the shapes .* do not go together",
    ),
    (
        "rate of 0",
        lambda: optimizers.SGD(-0.1),
        ValueError,
        "learning_rate must be a finite number of at least 0, got -0.1",
    ),
    ("rate of text", lambda: optimizers.SGD("fast"), ValueError, "got 'fast'"),
    (
        "two clips",
        lambda: optimizers.SGD(clipnorm=1, clipvalue=1),
        ValueError,
        "only one of .* got clipnorm and clipvalue",
    ),
    ("beta", lambda: optimizers.Adam(beta_1=1.0), ValueError, "beta_1 must be from 0 to below 1, got 1.0"),
    ("momentum", lambda: optimizers.SGD(momentum=2), ValueError, "momentum must be from 0 to 1, got 2"),
    (
        "reduction",
        lambda: losses.MeanSquaredError("average"),
        ValueError,
        "reduction must be one of .*'sum'.*got 'average'",
    ),
    ("delta", lambda: losses.Huber(0), ValueError, "delta must be above 0, got 0"),
    (
        "smoothing",
        lambda: losses.BinaryCrossentropy(label_smoothing=2),
        ValueError,
        "label_smoothing must be from 0 to 1, got 2",
    ),
    (
        "ignored class",
        lambda: losses.SparseCategoricalCrossentropy(ignore_class="void"),
        TypeError,
        "ignore_class must be an integer or None, got 'void'",
    ),
    (
        "class that is not the ignored one",
        lambda: classifier(losses.SparseCategoricalCrossentropy(ignore_class=255)).fit(X, Y + 200),
        ValueError,
        "expected classes from 0 to",
    ),
    ("loss axis", lambda: classifier(losses.CosineSimilarity(axis=0)), ValueError, "last axis only, got axis=0"),
    ("k", lambda: metrics.TopKCategoricalAccuracy(k=0), ValueError, "k must be an integer of at least 1, got 0"),
    ("threshold", lambda: metrics.BinaryAccuracy(threshold=2), ValueError, "threshold must be from 0 to 1, got 2"),
    (
        "indices beyond the loss",
        lambda: losses.sparse_categorical_crossentropy([3], [[0.5, 0.5]]),
        ValueError,
        "classes from 0 to 1, got 3",
    ),
    (
        "indices beyond the metric",
        lambda: metrics.sparse_top_k_categorical_accuracy([-1], [[0.5, 0.5]]),
        ValueError,
        "classes from 0 to 1, got -1",
    ),
    (
        "shapes of a loss",
        lambda: losses.mean_squared_error([[1.0, 2.0]], [[1.0, 2.0, 3.0]]),
        ValueError,
        r"expected shape \(1, 3\)",
    ),
    ("seed", lambda: ranvier.utils.set_random_seed(-1), ValueError, "seed must be an integer"),
    ("one-hot range", lambda: ranvier.utils.to_categorical([3], 3), ValueError, "from 0 to 2, got 3"),
    ("floatx", lambda: ranvier.config.set_floatx("int8"), ValueError, "float32"),
    ("verbose", lambda: classifier().evaluate(X, Y, verbose="loud"), ValueError, "verbose must be"),
]


@pytest.mark.parametrize(("call", "error", "pattern"), [case[1:] for case in CALLS], ids=[case[0] for case in CALLS])
def test_refuses(call: Callable[[], Any], error: type[Exception], pattern: str) -> None:
    with pytest.raises(error) as caught:
        call()
    assert re.search(pattern, str(caught.value), re.DOTALL), str(caught.value)


def test_a_sparse_metric_checks_targets_that_the_loss_does_not() -> None:
    model = Sequential([Input((FEATURES,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=[metrics.SparseTopKCategoricalAccuracy(k=1)])
    with pytest.raises(ValueError, match="a sparse metric expects integer classes"):
        model.fit(X, X[:, 0], verbose=0)
    with pytest.raises(ValueError, match="expected classes from 0 to 0"):
        model.fit(X, Y, verbose=0)


def test_several_outputs_are_named() -> None:
    x = Input((FEATURES,), name="in")
    model = Model(x, [layers.Dense(1, name="a")(x), layers.Dense(1, name="b")(x)])
    with pytest.raises(ValueError, match=r"loss names the output 'c'; did you mean .* Outputs: a, b|Outputs: a, b"):
        model.compile("sgd", {"c": "mse"})
    with pytest.raises(ValueError, match="loss is missing for the output 'b'"):
        model.compile("sgd", {"a": "mse"})
    with pytest.raises(ValueError, match="an item for each output"):
        model.compile("sgd", ["mse"])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match=r"y must be a list of 2 arrays, for \['a', 'b'\]"):
        model.fit(X, Y, verbose=0)
    with pytest.raises(ValueError, match=r"y needs the keys \['a', 'b'\], got \['a'\]"):
        model.fit(X, {"a": Y}, verbose=0)
    with pytest.raises(ValueError, match=r"but y\['b'\] has 11"):
        model.fit(X, [Y, Y[:-1]], verbose=0)


def test_several_inputs_are_named() -> None:
    a, b = Input((2,), name="a"), Input((3,), name="b")
    model = Model([a, b], layers.concatenate([a, b]))
    with pytest.raises(ValueError, match=r"x\['b'\]: expected shape \(\*, 3\), got \(5, 2\)"):
        model.predict([np.ones((5, 2)), np.ones((5, 2))])
    with pytest.raises(ValueError, match=r"x has 5 rows, but x\['b'\] has 4"):
        model.predict({"a": np.ones((5, 2)), "b": np.ones((4, 3))})


def test_an_optimizer_serves_one_model() -> None:
    optimizer = optimizers.SGD()
    first, second = classifier(), classifier()
    first.compile(optimizer, "sparse_categorical_crossentropy")
    second.compile(optimizer, "sparse_categorical_crossentropy")
    first.fit(X, Y, verbose=0)
    with pytest.raises(ValueError, match="already trains another model"):
        second.fit(X, Y, verbose=0)


def test_a_loss_that_turns_nan_names_epoch_and_batch_and_leaves_finite_weights() -> None:
    model = Sequential([Input((FEATURES,)), layers.Dense(8), layers.Dense(1)])
    start = model.get_weights()
    model.compile(optimizers.SGD(1e3), "mse")
    with pytest.raises(ranvier.NonFiniteLossError, match=r"epoch \d+, batch \d+ of 3"):
        model.fit(X * 1e3, Y, batch_size=4, epochs=50, verbose=0)
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    model.set_weights(start)
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
