"""The perceptrons: scikit-learn's own checks, its numbers, and what its users miss."""

import copy
import os
import pickle
import subprocess
import sys
import warnings
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from sklearn import neural_network
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.utils.estimator_checks import parametrize_with_checks

import ranvier
from ranvier import callbacks
from ranvier.sklearn import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(200, 6))
LABELS = (X[:, 0] * X[:, 1] > 0).astype(int)
CLASSES = np.array(["red", "green", "blue"])[np.digitize(X[:, 0] + X[:, 1], [-0.7, 0.7])]
MULTILABEL = (X[:, :3] > 0).astype(int)
TARGETS = np.sin(X[:, 0]) + X[:, 1]
ROUNDING = 1e-9  # of 100 float64 steps that start from the same weights
BATCHES = {"shuffle": False, "batch_size": 50, "max_iter": 25, "n_iter_no_change": 30, "tol": 0.0}


@parametrize_with_checks(
    [MLPClassifier(max_iter=50), MLPRegressor(max_iter=100), MLPClassifier(solver="lbfgs", alpha=0.1)]
)
def test_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def both(kind: str, **arguments: Any) -> tuple[Any, Any]:
    theirs = getattr(neural_network, kind)(random_state=3, **arguments)
    ours = {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor}[kind](random_state=3, **arguments)
    return ours, theirs


CASES: dict[str, tuple[str, Any, dict[str, Any]]] = {
    "binary": ("MLPClassifier", LABELS, {}),
    "classes": ("MLPClassifier", CLASSES, {"activation": "tanh", "hidden_layer_sizes": (8, 5)}),
    "multilabel": ("MLPClassifier", MULTILABEL, {"activation": "logistic"}),
    "regression": ("MLPRegressor", TARGETS, {}),
    "two outputs": ("MLPRegressor", np.stack([TARGETS, X[:, 2]], 1), {"activation": "identity"}),
    "poisson": ("MLPRegressor", np.exp(TARGETS), {"loss": "poisson"}),
    "sgd": ("MLPRegressor", TARGETS, {"solver": "sgd", "learning_rate_init": 0.01}),
    "sgd, no momentum": ("MLPClassifier", CLASSES, {"solver": "sgd", "momentum": 0.0, "nesterovs_momentum": False}),
    "invscaling": ("MLPClassifier", CLASSES, {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.3}),
    "adaptive": (
        "MLPRegressor",
        TARGETS,
        {"solver": "sgd", "learning_rate": "adaptive", "tol": 0.3, "n_iter_no_change": 2, "learning_rate_init": 0.01},
    ),
    "alpha": ("MLPClassifier", LABELS, {"alpha": 1.0, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-4}),
    "stops": ("MLPRegressor", TARGETS, {"tol": 0.5, "n_iter_no_change": 3}),
    "early stopping": (
        "MLPClassifier",
        LABELS,
        {"early_stopping": True, "validation_fraction": 0.25, "n_iter_no_change": 4},
    ),
}


@pytest.mark.parametrize(("kind", "y", "arguments"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("weighted", [False, True])
def test_numbers_are_those_of_scikit_learn(kind: str, y: Any, arguments: dict[str, Any], weighted: bool) -> None:
    arguments = {**BATCHES, **arguments}
    weights = None
    if weighted:  # the penalty is divided by the weights of a batch: the same in all for weights that repeat
        weights = np.tile([0.5, 2.0, 1.0, 0.0, 1.5], 40)
    ours, theirs = both(kind, **arguments)
    for each in (ours, theirs):
        each.fit(X, y, sample_weight=weights)
    close = {"rtol": ROUNDING, "atol": ROUNDING}
    if arguments.get("loss") == "poisson":
        close = {"rtol": 1e-5, "atol": 1e-5}  # Keras's, and so ours, adds 1e-7 to the prediction before the logarithm
    if weighted and arguments.get("early_stopping"):
        close = {"rtol": 1e-4, "atol": 1e-4}  # what is left is weighted otherwise in each batch
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, **close)
    for one, other in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_, strict=True):
        np.testing.assert_allclose(one, other, **close)
    np.testing.assert_allclose(ours.loss_, theirs.loss_, **close)
    for name in ("n_iter_", "n_layers_", "n_outputs_", "out_activation_", "t_", "n_features_in_"):
        assert getattr(ours, name) == getattr(theirs, name), name
    for name in ("best_loss_", "validation_scores_", "best_validation_score_"):
        wanted, found = getattr(theirs, name), getattr(ours, name)
        assert (found is None) == (wanted is None), name
        if wanted is not None:
            np.testing.assert_allclose(found, wanted, **close)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X)) if kind == "MLPClassifier" else None
    if kind == "MLPClassifier":
        np.testing.assert_array_equal(ours.classes_, theirs.classes_)
        np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), **close)
        np.testing.assert_allclose(ours.predict_log_proba(X), theirs.predict_log_proba(X), rtol=1e-6, atol=1e-6)
    else:
        np.testing.assert_allclose(ours.predict(X), theirs.predict(X), **close)


@pytest.mark.parametrize("kind", ["MLPClassifier", "MLPRegressor"])
def test_lbfgs_is_that_of_scikit_learn(kind: str) -> None:
    y = LABELS if kind == "MLPClassifier" else TARGETS
    ours, theirs = both(kind, solver="lbfgs", max_iter=30, hidden_layer_sizes=(5,), activation="tanh", alpha=0.1)
    for each in (ours, theirs):
        each.fit(X, y)
    np.testing.assert_allclose(ours.loss_, theirs.loss_, rtol=1e-6)
    assert ours.n_iter_ == theirs.n_iter_
    with pytest.raises(AttributeError, match="partial_fit"):
        ours.partial_fit(X, y)
    for argument, value in {"dropout": 0.5, "batch_normalization": True, "callbacks": [callbacks.Callback()]}.items():
        with pytest.raises(ValueError, match=f"lbfgs.*{argument} must be"):
            clone(ours).set_params(**{argument: value}).fit(X, y)
    with pytest.raises(ValueError, match="validation_data"):
        ours.fit(X, y, validation_data=(X, y))


def test_every_argument_and_attribute_of_scikit_learn_is_there() -> None:
    for kind in ("MLPClassifier", "MLPRegressor"):
        ours, theirs = both(kind)
        wanted = theirs.get_params()
        assert {name: value for name, value in ours.get_params().items() if name in wanted} == wanted
        y = LABELS if kind == "MLPClassifier" else TARGETS
        theirs.set_params(max_iter=3).fit(X, y)
        ours.set_params(max_iter=3).fit(X, y)
        public = {name for name in vars(theirs) if name.endswith("_") and not name.startswith("_")}
        assert not [name for name in public if not hasattr(ours, name)]


def test_warm_start_and_partial_fit_go_on_as_in_scikit_learn() -> None:
    ours, theirs = both("MLPClassifier", **(BATCHES | {"max_iter": 5}), warm_start=True)
    for each in (ours, theirs):
        each.fit(X, LABELS)
        each.fit(X, LABELS)
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=ROUNDING)
    ours, theirs = both("MLPClassifier", **BATCHES)
    for each in (ours, theirs):
        each.partial_fit(X[:100], CLASSES[:100], classes=np.unique(CLASSES))
        for _ in range(4):
            each.partial_fit(X[100:], CLASSES[100:])
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=ROUNDING)
    assert (ours.n_iter_, ours.t_) == (theirs.n_iter_, theirs.t_) == (1, 500)
    with pytest.raises(ValueError, match="classes not in"):
        ours.partial_fit(X[:3], ["red", "violet", "blue"])


def test_partial_fit_with_early_stopping() -> None:
    model = MLPClassifier((16,), early_stopping=True, n_iter_no_change=3, learning_rate_init=0.01, random_state=1)
    curve: list[int] = []
    for _ in range(200):
        model.partial_fit(X, LABELS, classes=[0, 1])
        curve.append(len(model.loss_curve_))
        if model.stopped_:
            break
    assert model.stopped_
    assert len(model.validation_scores_) == len(curve) < 200
    assert model.best_validation_score_ == max(model.validation_scores_)
    weights = [array.copy() for array in model.coefs_]
    model.partial_fit(X, LABELS)  # it has stopped
    for before, after in zip(weights, model.coefs_, strict=True):
        np.testing.assert_array_equal(before, after)
    held = model._held_out
    assert model._score(held.x, held.y, None) == model.best_validation_score_


@pytest.mark.parametrize("early_stopping", [False, True])
def test_partial_fit_goes_on_after_a_fit_that_has_stopped(early_stopping: bool) -> None:
    model = MLPClassifier((8,), early_stopping=early_stopping, tol=1.0, n_iter_no_change=1, random_state=1).fit(
        X, LABELS
    )
    assert model.n_iter_ < 10
    for _ in range(2):
        before = [array.copy() for array in model.coefs_]
        model.partial_fit(X, LABELS)
        assert (model.coefs_[0] != before[0]).any()


def test_validation_data_are_used_in_fit() -> None:
    model = MLPRegressor(
        hidden_layer_sizes=(16,), max_iter=200, early_stopping=True, n_iter_no_change=5, random_state=1
    )
    model.fit(X[:150], TARGETS[:150], validation_data=(X[150:], TARGETS[150:]))
    assert len(model.validation_scores_) == model.n_iter_ == len(model.model_.history.history["val_loss"])
    np.testing.assert_allclose(model.score(X[150:], TARGETS[150:]), model.best_validation_score_)
    watched = MLPRegressor(hidden_layer_sizes=(16,), max_iter=4).fit(
        X, TARGETS, validation_data=(X, TARGETS, np.ones(200))
    )
    assert len(watched.validation_scores_) == 4
    with pytest.raises(ValueError, match="validation_data must be"):
        model.fit(X, TARGETS, validation_data=X)


def test_dropout_and_batch_normalization() -> None:
    model = MLPClassifier((32, 16), dropout=0.3, batch_normalization=True, max_iter=40, random_state=1)
    model.fit(X, CLASSES)
    kinds = [type(layer).__name__ for layer in model.model_.layers]
    assert kinds == ["Dense", "BatchNormalization", "Activation", "Dropout"] * 2 + ["Dense"]
    assert [array.shape for array in model.coefs_] == [(6, 32), (32, 16), (16, 3)]
    again = clone(model).fit(X, CLASSES)
    assert again.loss_curve_ == model.loss_curve_
    assert clone(model).set_params(random_state=2).fit(X, CLASSES).loss_curve_ != model.loss_curve_
    masks = [layer.seed for layer in model.model_.layers if type(layer).__name__ == "Dropout"]
    assert len(set(masks)) == 2


def test_class_weights() -> None:
    y = (X[:, 0] > 1.2).astype(int)
    plain = MLPClassifier((8,), max_iter=30, random_state=1).fit(X, y)
    balanced = clone(plain).set_params(class_weight="balanced").fit(X, y)
    assert balanced.predict(X).sum() > plain.predict(X).sum()
    given = clone(plain).set_params(class_weight={0: len(y) / (2 * (y == 0).sum()), 1: len(y) / (2 * y.sum())})
    np.testing.assert_allclose(given.fit(X, y).loss_curve_, balanced.loss_curve_)
    weighted = clone(plain).fit(X, y, sample_weight=np.where(y, len(y) / (2 * y.sum()), len(y) / (2 * (y == 0).sum())))
    np.testing.assert_allclose(weighted.loss_curve_, balanced.loss_curve_)
    with pytest.raises(ValueError, match="needs all rows"):
        balanced.partial_fit(X, y)


def test_losses_of_the_library() -> None:
    huber = MLPRegressor(ranvier.losses.Huber(0.5), (16,), max_iter=50, random_state=1).fit(X, TARGETS)
    assert huber.loss_curve_[-1] < huber.loss_curve_[0]
    focal = MLPClassifier((16,), loss="categorical_focal_crossentropy", max_iter=30, random_state=1).fit(X, LABELS)
    assert focal.out_activation_ == "softmax"
    assert focal.predict_proba(X).shape == (200, 2)
    binary = MLPClassifier((16,), loss=ranvier.losses.BinaryFocalCrossentropy(), max_iter=30).fit(X, LABELS)
    assert binary.out_activation_ == "logistic"
    with pytest.raises(ValueError, match="from_logits"):
        clone(binary).set_params(loss=ranvier.losses.BinaryCrossentropy(from_logits=True)).fit(X, LABELS)
    with pytest.raises(ValueError, match=r"loss comes first.*hidden_layer_sizes=\(3,\)"):
        MLPRegressor((3,)).fit(X, TARGETS)
    with pytest.raises(ValueError, match=r"unknown loss 'hubber'.*did you mean 'huber'"):
        MLPRegressor("hubber").fit(X, TARGETS)


def test_callbacks_are_copied() -> None:
    stopping = callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True)
    model = MLPRegressor(callbacks=[stopping], max_iter=300, learning_rate_init=0.05, random_state=1)
    model.fit(X[:100], TARGETS[:100], validation_data=(X[100:], TARGETS[100:]))
    assert stopping.model is None
    assert model.callbacks_[0].stopped_epoch == model.n_iter_ - 1 < 299
    clone(model).fit(X, TARGETS, validation_data=(X, TARGETS))


def test_optimizers_and_types_of_the_library() -> None:
    model = MLPClassifier(solver=ranvier.optimizers.AdamW(0.01, weight_decay=0.1), dtype="float32", max_iter=5)
    model.fit(X, LABELS)
    assert model.coefs_[0].dtype == np.float32
    assert model.model_.optimizer is not model.solver
    assert MLPClassifier(max_iter=2).fit(X.astype("float32"), LABELS).coefs_[0].dtype == np.float32
    assert MLPClassifier(max_iter=2).fit(X, LABELS).coefs_[0].dtype == np.float64


def test_sparse_rows() -> None:
    dense = X * (np.abs(X) > 1)
    rows = scipy.sparse.csr_matrix(dense)
    for model in (MLPClassifier((8,), max_iter=5, random_state=1), MLPRegressor(max_iter=5, early_stopping=True)):
        y = LABELS if isinstance(model, MLPClassifier) else TARGETS
        model.set_params(random_state=1)
        one, other = clone(model).fit(dense, y), clone(model).fit(rows, y)
        assert one.loss_curve_ == other.loss_curve_
        np.testing.assert_array_equal(one.predict(dense), other.predict(scipy.sparse.csc_array(dense)))


def test_weights_are_views_that_can_be_set() -> None:
    model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=1).fit(X, TARGETS)
    before = model.predict(X)
    model.intercepts_[-1][...] += 1
    np.testing.assert_allclose(model.predict(X), before + 1)
    model.coefs_ = [np.zeros_like(array) for array in model.coefs_]
    assert np.ptp(model.predict(X)) == 0
    assert not hasattr(MLPRegressor(), "coefs_")


def test_pickle_clone_and_copy() -> None:
    model = MLPClassifier((8,), early_stopping=True, callbacks=[callbacks.TerminateOnNaN()], random_state=1, max_iter=5)
    model.fit(X, CLASSES)
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        np.testing.assert_array_equal(other.predict_proba(X), model.predict_proba(X))
        assert other.loss_curve_ == model.loss_curve_
    model.partial_fit(X, CLASSES)
    other = pickle.loads(pickle.dumps(model))
    for each in (model, other):
        each.partial_fit(X, CLASSES)
    assert other.loss_curve_ == model.loss_curve_
    assert not hasattr(clone(model), "model_")


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("hidden_layer_sizes", (3, 0)),
        ("activation", "rellu"),
        ("solver", "adamm"),
        ("alpha", -1.0),
        ("batch_size", 0),
        ("learning_rate", "fast"),
        ("learning_rate_init", 0.0),
        ("power_t", -1),
        ("max_iter", 0),
        ("tol", -1e-3),
        ("momentum", 1.5),
        ("validation_fraction", 1.0),
        ("beta_1", 1.0),
        ("beta_2", -0.1),
        ("epsilon", 0.0),
        ("n_iter_no_change", 0),
        ("max_fun", 0),
        ("dropout", 1.0),
        ("dtype", "float16"),
    ],
)
def test_arguments_out_of_range(argument: str, value: Any) -> None:
    with pytest.raises(ValueError, match=argument if argument != "activation" else "rellu"):
        MLPRegressor(**{argument: value}).fit(X, TARGETS)


def test_numbers_that_grow_without_end_are_told() -> None:
    model = MLPRegressor(solver="sgd", learning_rate_init=1e6, max_iter=20)
    with pytest.raises(ValueError, match=r"Non-finite.*learning rate"):
        model.fit(X, TARGETS)


def test_training_that_has_not_converged_is_told() -> None:
    with pytest.warns(ConvergenceWarning, match="Maximum iterations"):
        MLPRegressor(max_iter=2).fit(X, TARGETS)
    with pytest.warns(ConvergenceWarning, match="max_iter"):
        MLPRegressor(max_iter=2, solver="lbfgs").fit(X, TARGETS)


# Each task says how many threads the native core would take, and how many there are.
SEARCH = r"""
import os, sys, json
import numpy as np
from sklearn.model_selection import GridSearchCV
from ranvier import _core
from ranvier.sklearn import MLPRegressor

class Watching(MLPRegressor):
    def _run(self, x):
        from ranvier.sklearn._threads import shared_processors
        with shared_processors():
            os.write(1, b"THREADS %d\n" % _core.num_threads())  # whole, whoever else writes
        return super()._run(x)

import joblib
if __name__ == "__main__":
    X = np.random.default_rng(0).normal(size=(80, 4)); y = X[:, 0]
    with joblib.parallel_config(sys.argv[1], n_jobs=2):
        search = GridSearchCV(Watching(max_iter=250, random_state=0), {"hidden_layer_sizes": [(4,), (8,)]}, cv=2)
        search.fit(X, y)
    print("BEST", json.dumps(search.best_params_["hidden_layer_sizes"]))
"""


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_grid_search_takes_one_thread_for_each_job(backend: str, tmp_path: Any) -> None:
    program = tmp_path / "search.py"
    program.write_text(SEARCH)
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    environment["LOKY_MAX_CPU_COUNT"] = "2"
    command = [sys.executable, str(program), backend]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert "BEST" in run.stdout, run.stderr
    found = [int(line.split()[1]) for line in run.stdout.splitlines() if line.startswith("THREADS")]
    assert len(found) >= 4
    assert set(found[:4]) == {1}


def test_grid_search_in_this_process_takes_all() -> None:
    search = GridSearchCV(MLPClassifier(max_iter=20, random_state=0), {"dropout": [0.0, 0.2]}, cv=2)
    search.fit(X, CLASSES)
    assert search.best_estimator_.n_iter_ > 0
    assert not ranvier._core.work_alone(False)


def test_no_warning_of_ours_in_a_plain_fit() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MLPClassifier(max_iter=500, tol=1e-2, random_state=0).fit(X, LABELS)
