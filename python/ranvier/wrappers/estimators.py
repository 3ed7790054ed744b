"""The three wrappers of Keras: any model as a classifier, a regressor or a transformer of scikit-learn."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from ranvier import random
from ranvier.models import Model, clone_model
from ranvier.sklearn._threads import shared_processors
from ranvier.utils import to_categorical

if TYPE_CHECKING:
    from ranvier._typing import Array


class SKLBase(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """What the wrappers share."""

    _y_numeric = True

    def __init__(
        self,
        model: Any,
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
        random_state: Any = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, **kwargs: Any) -> Any:
        """Trains the model.

        Args:
            X: rows (rows, ...).
            y: targets (rows,) or (rows, outputs).
            **kwargs: arguments for `Model.fit`.

        Raises: RuntimeError for a model that is not compiled; what `Model.fit` raises.
        """
        numeric = self._y_numeric
        X, y = validate_data(self, X, y, dtype="numeric", multi_output=True, allow_nd=True, y_numeric=numeric)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        targets = self._process_target(y, reset=True)
        if self.random_state is None:
            return self._fit(X, targets, kwargs)
        with random.seeded(int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))):
            return self._fit(X, targets, kwargs)

    def _fit(self, X: Any, y: Any, given: dict[str, Any]) -> Any:
        with shared_processors():
            model = self._get_model(X, y)
            if not isinstance(model, Model) or model.optimizer is None or model.loss is None:
                raise RuntimeError("Given model needs to be compiled, and have a loss and an optimizer.")
            arguments = {**(self.fit_kwargs or {}), **given}
            if arguments.get("callbacks") is not None:
                arguments["callbacks"] = copy.deepcopy(arguments["callbacks"])
            self.history_ = model.fit(X, y, **{"verbose": 0, **arguments})
        self.model_ = model
        return self

    def _get_model(self, X: Any, y: Any) -> Any:
        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if isinstance(self.model, Model):
            return self.model if self.warm_start else clone_model(self.model)
        if not callable(self.model):
            raise TypeError(
                f"[{type(self).__name__}] model must be a compiled model or a function that returns one, got "
                f"{self.model!r:.80}"
            )
        return self.model(X=X, y=y, **(self.model_kwargs or {}))

    def predict(self, X: Any) -> Array:
        """Predictions (rows,) or (rows, outputs); of a classifier, its classes."""
        return self._reverse_process_target(self._raw(X))

    def _raw(self, X: Any) -> Array:
        check_is_fitted(self)
        X = validate_data(self, X, dtype="numeric", allow_nd=True, reset=False)
        with shared_processors():
            outputs: Array = self.model_.predict(X)
        return outputs

    def _process_target(self, y: Array, reset: bool = False) -> Array:
        if reset:
            self._target_ndim = y.ndim
        return y

    def _reverse_process_target(self, y: Array) -> Array:
        return y[:, 0] if self._target_ndim == 1 and y.ndim == 2 and y.shape[1] == 1 else y


class SKLearnClassifier(ClassifierMixin, SKLBase):  # type: ignore[misc]
    """A model as a classifier of scikit-learn.

    Targets reach the model as one-hot rows, so it ends in as many units as there are classes, with a loss such as
    "categorical_crossentropy".

    Args:
        model: a compiled model, which is cloned before each fit, or a function that returns one; it is called with
            `X` and `y`, as they are trained on, and `model_kwargs`.
        warm_start: whether `fit` goes on with the model that was trained last; a model that is given is then not
            cloned.
        model_kwargs: further arguments for `model`, if it is a function.
        fit_kwargs: arguments for `Model.fit`; those of `fit` go first. Callbacks among them are copied for each fit.
        random_state: a number makes weights, order of rows and dropout the same again; None draws them from the
            library's generator.

    Attributes:
        model_: the trained model.
        history_: what its `fit` returned.
        classes_: the labels, in the order of the model's outputs.

    >>> import numpy as np
    >>> from ranvier import Sequential, layers
    >>> def network(X, y):
    ...     model = Sequential([layers.Input(X.shape[1:]), layers.Dense(y.shape[1], activation="softmax")])
    ...     model.compile("adam", "categorical_crossentropy")
    ...     return model
    >>> X, y = np.array([[0.0], [1.0]] * 20), np.array(["low", "high"] * 20)
    >>> SKLearnClassifier(network, random_state=0).fit(X, y, epochs=2).classes_.tolist()
    ['high', 'low']
    """

    _y_numeric = False

    def decision_function(self, X: Any) -> Array:
        """What the model puts out, (rows, classes); for two classes by how much the second has more, (rows,)."""
        raw = self._raw(X)
        return np.subtract(raw[:, 1], raw[:, 0], dtype=np.float64) if len(self.classes_) == 2 else raw

    def predict_proba(self, X: Any) -> Array:
        """What the model puts out, (rows, classes): probabilities, if it ends in a softmax."""
        return self._raw(X)

    def _process_target(self, y: Array, reset: bool = False) -> Array:
        kind = type_of_target(y, raise_unknown=True)
        if kind not in ("binary", "multiclass"):
            raise ValueError(f"Only binary and multiclass target types are supported. Target type: {kind}")
        if reset:
            self.classes_ = np.unique(y)
            if len(self.classes_) == 1:
                raise ValueError("Classifier can't train when only one class is present.")
        return to_categorical(np.searchsorted(self.classes_, y), len(self.classes_))

    def _reverse_process_target(self, y: Array) -> Array:
        labels: Array = self.classes_[y.argmax(axis=-1)]
        return labels

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags


class SKLearnRegressor(RegressorMixin, SKLBase):  # type: ignore[misc]
    """A model as a regressor of scikit-learn.

    Args:
        model: a compiled model, which is cloned before each fit, or a function that returns one; it is called with
            `X` and `y`, as they are trained on, and `model_kwargs`.
        warm_start: whether `fit` goes on with the model that was trained last; a model that is given is then not
            cloned.
        model_kwargs: further arguments for `model`, if it is a function.
        fit_kwargs: arguments for `Model.fit`; those of `fit` go first. Callbacks among them are copied for each fit.
        random_state: a number makes weights, order of rows and dropout the same again; None draws them from the
            library's generator.

    Attributes:
        model_: the trained model.
        history_: what its `fit` returned.

    >>> import numpy as np
    >>> from ranvier import Sequential, layers
    >>> model = Sequential([layers.Input((1,)), layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> X = np.linspace(0, 1, 50)[:, None]
    >>> SKLearnRegressor(model, random_state=0).fit(X, X[:, 0], epochs=3).predict(X).shape
    (50,)
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags


class SKLearnTransformer(TransformerMixin, SKLBase):  # type: ignore[misc]
    """A model as a transformer of scikit-learn: rows become what the model puts out.

    Args:
        model: a compiled model, which is cloned before each fit, or a function that returns one; it is called with
            `X` and `y`, as they are trained on, and `model_kwargs`.
        warm_start: whether `fit` goes on with the model that was trained last; a model that is given is then not
            cloned.
        model_kwargs: further arguments for `model`, if it is a function.
        fit_kwargs: arguments for `Model.fit`; those of `fit` go first. Callbacks among them are copied for each fit.
        random_state: a number makes weights, order of rows and dropout the same again; None draws them from the
            library's generator.

    Attributes:
        model_: the trained model.
        history_: what its `fit` returned.

    >>> import numpy as np
    >>> from ranvier import Sequential, layers
    >>> model = Sequential([layers.Input((3,)), layers.Dense(2, activation="tanh"), layers.Dense(3)])
    >>> model.compile("adam", "mse")
    >>> X = np.eye(3)
    >>> SKLearnTransformer(model, random_state=0).fit(X, X).transform(X).shape
    (3, 3)
    """

    def transform(self, X: Any) -> Array:
        """What the model puts out for rows."""
        return self._raw(X)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
