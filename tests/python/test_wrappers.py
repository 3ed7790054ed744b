"""Keras's wrappers: any model as an estimator of scikit-learn."""

import pickle
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import ranvier
from ranvier import Input, Sequential, callbacks, layers
from ranvier.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer

RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(120, 4))
LABELS = np.array(["low", "middle", "high"])[np.digitize(X[:, 0], [-0.5, 0.5])]


def network(X: Any, y: Any, loss: str, end: str | None = None, hidden: int = 10) -> Sequential:
    units = y.shape[1] if y.ndim > 1 else 1
    stack = [Input((X.shape[1],)), layers.Dense(hidden, activation="relu"), layers.Dense(units, activation=end)]
    model = Sequential(stack)
    model.compile(ranvier.optimizers.Adam(0.02), loss)
    return model


def classifier(**arguments: Any) -> SKLearnClassifier:
    given = {"loss": "categorical_crossentropy", "end": "softmax"}
    return SKLearnClassifier(network, model_kwargs=given, fit_kwargs={"epochs": 20}, **arguments)


@parametrize_with_checks(
    [
        classifier(),
        SKLearnRegressor(network, model_kwargs={"loss": "mse"}),
        SKLearnTransformer(network, model_kwargs={"loss": "mse"}),
    ]
)
def test_scikit_learns_own_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def test_a_model_is_cloned_unless_it_goes_on() -> None:
    model = network(X, X[:, :1], "mse")
    before = model.get_weights()
    fresh = SKLearnRegressor(model, random_state=1).fit(X, X[:, 0])
    np.testing.assert_array_equal(model.get_weights()[0], before[0])
    assert fresh.model_ is not model
    again = SKLearnRegressor(model, random_state=1).fit(X, X[:, 0])
    np.testing.assert_array_equal(again.predict(X), fresh.predict(X))
    warm = SKLearnRegressor(model, warm_start=True, fit_kwargs={"epochs": 2})
    assert warm.fit(X, X[:, 0]).model_ is model
    steps = model.optimizer.iterations
    warm.fit(X, X[:, 0])
    assert (warm.model_ is model, model.optimizer.iterations) == (True, 2 * steps)


def test_classes_and_probabilities() -> None:
    model = classifier(random_state=0).fit(X, LABELS)
    assert model.classes_.tolist() == ["high", "low", "middle"]
    assert model.score(X, LABELS) > 0.8
    np.testing.assert_array_equal(model.predict_proba(X), model.decision_function(X))
    two = classifier(random_state=0).fit(X, X[:, 0] > 0)
    np.testing.assert_array_equal(two.decision_function(X) > 0, two.predict(X))
    np.testing.assert_array_equal(model.predict(X), model.classes_[model.predict_proba(X).argmax(1)])
    assert len(model.history_.history["loss"]) == 20
    with pytest.raises(ValueError, match="only one class"):
        classifier().fit(X, np.zeros(120))


def test_pickle_clone_search_and_pipelines() -> None:
    model = classifier(random_state=0).fit(X, LABELS)
    other = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(other.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(clone(model).fit(X, LABELS).predict_proba(X), model.predict_proba(X))
    kinds = [{"loss": "mse", "hidden": size} for size in (2, 8)]
    search = GridSearchCV(SKLearnRegressor(network), {"model_kwargs": kinds}, cv=2, n_jobs=2)
    assert search.fit(X, X[:, 0]).best_params_["model_kwargs"] in kinds
    assert cross_val_score(make_pipeline(StandardScaler(), classifier(random_state=0)), X, LABELS, cv=2).min() > 0.6


def test_arguments_of_fit_and_callbacks() -> None:
    stopping = callbacks.EarlyStopping("loss", patience=0, min_delta=1e9)
    given = {"epochs": 5, "callbacks": [stopping]}
    model = SKLearnRegressor(network, model_kwargs={"loss": "mse"}, fit_kwargs=given)
    assert len(model.fit(X, X[:, 0]).history_.history["loss"]) == 2
    assert len(model.fit(X, X[:, 0], callbacks=[], epochs=3).history_.history["loss"]) == 3
    assert (given["epochs"], stopping.model) == (5, None)


def test_what_is_not_compiled_is_told() -> None:
    with pytest.raises(RuntimeError, match="compiled"):
        SKLearnRegressor(Sequential([Input((4,)), layers.Dense(1)])).fit(X, X[:, 0])
    with pytest.raises(TypeError, match="function that returns one"):
        SKLearnRegressor("model").fit(X, X[:, 0])
