from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import _check_partial_fit_first_call, check_classification_targets, type_of_target

from ranvier import losses
from ranvier.sklearn._perceptron import Perceptron
from ranvier.utils import to_categorical

if TYPE_CHECKING:
    from ranvier._typing import Array


class MLPClassifier(ClassifierMixin, Perceptron):  # type: ignore[misc]  # scikit-learn has no types
    """scikit-learn's MLPClassifier on the native core: the same arguments, attributes and weights to begin with.

    It minimizes the cross-entropy, or another loss, of a network of dense layers. The arguments from `dropout` on are
    what scikit-learn's lacks.

    Args:
        hidden_layer_sizes: units of each hidden layer.
        activation: of hidden layers: "identity", "logistic", "tanh", "relu", or any of `ranvier.activations`.
        solver: "adam", "sgd", an `ranvier.optimizers.Optimizer`, or "lbfgs": SciPy's L-BFGS-B on the native loss and
            gradient of all rows at once, for small data; it has no epochs, so neither dropout, batch normalization,
            callbacks nor validation go with it.
        alpha: strength of the L2 penalty alpha / 2 |W|^2, which is divided by the rows of a batch, or by the sum of
            their weights. Here it is divided by the same number in the smaller last batch, too.
        batch_size: rows a step; "auto" is 200, or all if there are fewer.
        learning_rate: of "sgd": "constant"; "invscaling", divided by (rows seen)^power_t; or "adaptive", divided by 5
            where training does not get better.
        learning_rate_init: size of the first steps.
        power_t: exponent of "invscaling".
        max_iter: epochs at most.
        shuffle: whether each epoch takes the rows in an order of its own.
        random_state: decides weights, order, dropout and what is held out; a number makes all of it the same again.
        tol: by how much the loss, or the validation score, must get better.
        verbose: whether to print the loss of each epoch.
        warm_start: whether `fit` goes on from the weights it has.
        momentum: of "sgd", from 0 to 1.
        nesterovs_momentum: whether that is Nesterov's.
        early_stopping: whether to stop when the score on held-out rows, or on `validation_data`, does not get better,
            and to take the best weights; otherwise the training loss decides. It works with `partial_fit` too.
        validation_fraction: share of rows that are held out for it.
        beta_1, beta_2, epsilon: of "adam".
        n_iter_no_change: epochs without getting better after which to stop.
        max_fun: calls of the loss at most, of "lbfgs".
        dropout: share of the outputs of hidden layers that are dropped in training.
        batch_normalization: whether hidden layers are normalized before their activation.
        class_weight: a dict of weights by class, or "balanced": rows / (classes * rows of the class); or None.
        loss: "log_loss", or a loss of `ranvier.losses` for probabilities, by name or as an object.
        callbacks: a list of `ranvier.callbacks`; each fit calls copies of them.
        dtype: "float32" or "float64"; None takes that of X, as scikit-learn does. float32 is twice as fast.

    Attributes:
        classes_: the labels, in the order of `predict_proba`.
        model_: the trained `ranvier.Sequential`, which can be saved, looked at and trained further.
        coefs_, intercepts_: weights and biases of each layer, as views: to write into them changes the network.
        loss_, loss_curve_, best_loss_: the last loss, that of each epoch, and the least.
        validation_scores_, best_validation_score_: accuracy after each epoch, and the best; or None.
        n_iter_, t_: epochs of the last call, and rows seen since the first.
        n_layers_, n_outputs_, out_activation_, n_features_in_, feature_names_in_: what the network looks like.
        callbacks_: the copies of `callbacks` that were called.
        stopped_: whether `early_stopping` has ended a series of `partial_fit`: the weights are the best, and further
            calls change nothing.

    Raises: ValueError for arguments out of range, when they are used.
    Source: Glorot and Bengio, AISTATS 2010, for the first weights; Kingma and Ba, ICLR 2015, for "adam".

    >>> import numpy as np
    >>> X, y = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 1.0], [1.0, 0.0]] * 8), np.array(["no", "no", "yes", "yes"] * 8)
    >>> model = MLPClassifier((16,), solver="lbfgs", random_state=1).fit(X, y)
    >>> model.predict(X[:4]).tolist()
    ['no', 'no', 'yes', 'yes']
    """

    _y_numeric = False

    def __init__(
        self,
        hidden_layer_sizes: Any = (100,),
        activation: str = "relu",
        *,
        solver: Any = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        max_fun: int = 15000,
        dropout: float = 0.0,
        batch_normalization: bool = False,
        class_weight: Any = None,
        loss: Any = "log_loss",
        callbacks: Any = None,
        dtype: str | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.dropout = dropout
        self.batch_normalization = batch_normalization
        self.class_weight = class_weight
        self.loss = loss
        self.callbacks = callbacks
        self.dtype = dtype

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, validation_data: Any = None) -> MLPClassifier:
        """Trains from new weights, or from those it has with `warm_start`.

        Args:
            X: rows (rows, features), of any number type and order.
            y: classes (rows,), of any type, or labels 0 and 1 (rows, labels).
            sample_weight: a weight for each row; or None.
            validation_data: (X, y) or (X, y, sample_weight): `validation_scores_` holds its score after each epoch,
                `model_.history` its loss, and with `early_stopping` it decides; or None.

        Raises: ValueError and TypeError for data that do not fit; ValueError where the loss becomes NaN or infinite.
        """
        self._fit(X, y, sample_weight, validation_data, incremental=False)
        return self

    @available_if(lambda self: self._has_iterations())  # type: ignore[untyped-decorator]
    def partial_fit(
        self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None, *, validation_data: Any = None
    ) -> MLPClassifier:
        """Trains for one epoch on these rows; with `early_stopping`, until the validation score gets no better.

        Args:
            X: rows (rows, features), of any number type and order.
            y: classes (rows,), or labels 0 and 1 (rows, labels).
            sample_weight: a weight for each row; or None.
            validation_data: (X, y) or (X, y, sample_weight): `validation_scores_` holds its score after each epoch,
                `model_.history` its loss, and with `early_stopping` it decides; or None.
            classes: all classes, in the first call.

        Raises: ValueError in the first call without classes; see `fit`.
        """
        if self.class_weight == "balanced":
            raise ValueError("[MLPClassifier] class_weight='balanced' needs all rows: give partial_fit a dict")
        _check_partial_fit_first_call(self, classes)
        self._fit(X, y, sample_weight, validation_data, incremental=True)
        return self

    def predict(self, X: Any) -> Array:
        """The most probable class of each row, or labels 0 and 1 (rows, labels)."""
        return self._decide(self._outputs(X))

    def predict_proba(self, X: Any) -> Array:
        """The probability of each class, (rows, classes), or of each label."""
        p = self._outputs(X)
        return np.concatenate([1 - p, p], axis=1) if self.n_outputs_ == 1 else p

    def predict_log_proba(self, X: Any) -> Array:
        """The logarithm of `predict_proba`."""
        with np.errstate(divide="ignore"):
            logarithm: Array = np.log(self.predict_proba(X))
        return logarithm

    def _decide(self, p: Array) -> Array:
        if self._multilabel:
            return (p > 0.5).astype(int)
        chosen = p[:, 0] > 0.5 if self.n_outputs_ == 1 else p.argmax(axis=1)
        labels: Array = self.classes_[np.minimum(chosen.astype(int), len(self.classes_) - 1)]
        return labels

    def _check_targets(self, y: Array, first: bool, incremental: bool) -> None:
        check_classification_targets(y)
        multilabel = type_of_target(y).startswith("multilabel")
        found = np.arange(y.shape[1]) if multilabel else np.unique(y)
        if not hasattr(self, "classes_") or not (self.warm_start or incremental):
            self.classes_, self._multilabel = found, multilabel
            return
        if first:  # the first call of partial_fit was told the classes
            self._multilabel = multilabel
        unknown = np.setdiff1d(found, self.classes_)
        if multilabel != self._multilabel or len(unknown):
            raise ValueError(f"`y` has classes not in `self.classes_`, which has {self.classes_}: {unknown}")
        if self.warm_start and not incremental and len(found) != len(self.classes_):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous call to fit. Previously "
                f"got {self.classes_}, `y` has {found}"
            )

    def _output(self, y: Array) -> tuple[int, str]:
        if self._multilabel:
            return y.shape[1], "logistic"
        loss = None if self.loss == "log_loss" else losses.as_loss(self.loss, "MLPClassifier")
        of_classes = loss is not None and (loss.sparse or loss.kind.startswith("categorical"))
        if len(self.classes_) <= 2 and not of_classes:
            return 1, "logistic"
        return len(self.classes_), "softmax"

    def _targets(self, y: Array, loss: losses.Loss) -> Array:
        if self._multilabel:
            return y
        index = np.searchsorted(self.classes_, y)
        return index if self.n_outputs_ == 1 or loss.sparse else to_categorical(index, len(self.classes_))

    def _weights(self, y: Array, sample_weight: Any) -> Any:
        if self.class_weight is None:
            return sample_weight
        by_class = compute_sample_weight(self.class_weight, y)
        return by_class if sample_weight is None else by_class * sample_weight

    def _held_out_like(self, y: Array) -> Any:
        # As scikit-learn does: it holds out the same rows for the same random_state.
        return y if self.n_outputs_ == 1 else None

    def _score(self, x: Any, y: Array, weights: Any) -> float:
        return float(accuracy_score(y, self._decide(self._run(x)), sample_weight=weights))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags
