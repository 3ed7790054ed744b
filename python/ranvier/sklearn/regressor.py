from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import xlogy
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if

from ranvier import losses
from ranvier.sklearn._perceptron import Perceptron

if TYPE_CHECKING:
    from ranvier._typing import Array


class MLPRegressor(RegressorMixin, Perceptron):  # type: ignore[misc]  # scikit-learn has no types
    """scikit-learn's MLPRegressor on the native core: the same arguments, attributes and weights to begin with.

    It minimizes half the squared error, or another loss, of a network of dense layers. The arguments from `dropout` on
    are what scikit-learn's lacks.

    Args:
        loss: "squared_error"; "poisson", half the Poisson deviance, with an exponential output; or a loss of
            `ranvier.losses`, by name or as an object.
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
        callbacks: a list of `ranvier.callbacks`; each fit calls copies of them.
        dtype: "float32" or "float64"; None takes that of X, as scikit-learn does. float32 is twice as fast.

    Attributes:
        model_: the trained `ranvier.Sequential`, which can be saved, looked at and trained further.
        coefs_, intercepts_: weights and biases of each layer, as views: to write into them changes the network.
        loss_, loss_curve_, best_loss_: the last loss, that of each epoch, and the least.
        validation_scores_, best_validation_score_: R^2 after each epoch, and the best; or None.
        n_iter_, t_: epochs of the last call, and rows seen since the first.
        n_layers_, n_outputs_, out_activation_, n_features_in_, feature_names_in_: what the network looks like.
        callbacks_: the copies of `callbacks` that were called.
        stopped_: whether `early_stopping` has ended a series of `partial_fit`: the weights are the best, and further
            calls change nothing.

    Raises: ValueError for arguments out of range, when they are used.
    Source: Glorot and Bengio, AISTATS 2010, for the first weights; Kingma and Ba, ICLR 2015, for "adam".

    >>> import numpy as np
    >>> X = np.linspace(-1, 1, 100)[:, None]
    >>> model = MLPRegressor(activation="tanh", solver="lbfgs", random_state=1).fit(X, X[:, 0] ** 2)
    >>> model.score(X, X[:, 0] ** 2) > 0.99
    True
    """

    _y_numeric = True

    def __init__(
        self,
        loss: Any = "squared_error",
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
        callbacks: Any = None,
        dtype: str | None = None,
    ) -> None:
        self.loss = loss
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
        self.callbacks = callbacks
        self.dtype = dtype

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, validation_data: Any = None) -> MLPRegressor:
        """Trains from new weights, or from those it has with `warm_start`.

        Args:
            X: rows (rows, features), of any number type and order.
            y: targets (rows,) or (rows, outputs).
            sample_weight: a weight for each row; or None.
            validation_data: (X, y) or (X, y, sample_weight): `validation_scores_` holds its score after each epoch,
                `model_.history` its loss, and with `early_stopping` it decides; or None.

        Raises: ValueError and TypeError for data that do not fit; ValueError where the loss becomes NaN or infinite.
        """
        self._fit(X, y, sample_weight, validation_data, incremental=False)
        return self

    @available_if(lambda self: self._has_iterations())  # type: ignore[untyped-decorator]
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, *, validation_data: Any = None) -> MLPRegressor:
        """Trains for one epoch on these rows; with `early_stopping`, until the validation score gets no better.

        Args:
            X: rows (rows, features), of any number type and order.
            y: targets (rows,) or (rows, outputs).
            sample_weight: a weight for each row; or None.
            validation_data: (X, y) or (X, y, sample_weight): `validation_scores_` holds its score after each epoch,
                `model_.history` its loss, and with `early_stopping` it decides; or None.

        Raises: see `fit`.
        """
        self._fit(X, y, sample_weight, validation_data, incremental=True)
        return self

    def predict(self, X: Any) -> Array:
        """The prediction for each row, (rows,) or (rows, outputs)."""
        return self._flat(self._outputs(X))

    def _flat(self, outputs: Array) -> Array:
        return outputs[:, 0] if self.n_outputs_ == 1 else outputs

    def _output(self, y: Array) -> tuple[int, str]:
        poisson = isinstance(self.loss, str) and self.loss == "poisson"
        return 1 if y.ndim == 1 else y.shape[1], "exp" if poisson else "identity"

    def _targets(self, y: Array, loss: losses.Loss) -> Array:
        return y

    def _constant(self, y: Array, weights: Any) -> float:
        if self.out_activation_ != "exp":
            return 0.0
        return float(np.sum(np.average(xlogy(y, y) - y, weights=weights, axis=0)))

    def _score(self, x: Any, y: Array, weights: Any) -> float:
        return float(r2_score(y, self._flat(self._run(x)), sample_weight=weights))
