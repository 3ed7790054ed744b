"""What both perceptrons share: the network that scikit-learn's arguments describe, and its training."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from ranvier import Input, Sequential, layers, losses, optimizers, regularizers
from ranvier.errors import NonFiniteLossError
from ranvier.sklearn import _lbfgs, _parameters
from ranvier.sklearn._iterations import Iterations, Validation
from ranvier.sklearn._threads import shared_processors

if TYPE_CHECKING:
    from ranvier._typing import Array

_ACTIVATIONS = {"identity": "linear", "logistic": "sigmoid"}
_OUTPUTS = {"identity": "linear", "logistic": "sigmoid", "softmax": "softmax", "exp": "exponential"}
# How scikit-learn's losses are made of ours: the class, a factor, and whether columns are summed where ours takes their
# mean. Its gradient of the squared error is that of the sum, too; only the loss that it reports is the mean.
_LOSSES: dict[tuple[str, str], tuple[type[losses.Loss], float, bool]] = {
    ("log_loss", "softmax"): (losses.SparseCategoricalCrossentropy, 1.0, False),
    ("log_loss", "logistic"): (losses.BinaryCrossentropy, 1.0, True),
    ("squared_error", "identity"): (losses.MeanSquaredError, 0.5, True),
    ("poisson", "exp"): (losses.Poisson, 1.0, True),
}


class Perceptron(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The base of classifier and regressor, which say what targets are and how predictions are scored."""

    # --- What the two differ in ---------------------------------------------------------------------------------------

    def _check_targets(self, y: Array, first: bool, incremental: bool) -> None:
        """Learns or checks the classes."""

    def _targets(self, y: Array, loss: losses.Loss) -> Array:
        """Targets as the network takes them."""
        raise NotImplementedError

    def _output(self, y: Array) -> tuple[int, str]:
        """Numbers of the output, and its activation in scikit-learn's words."""
        raise NotImplementedError

    def _weights(self, y: Array, sample_weight: Any) -> Any:
        return sample_weight

    def _held_out_like(self, y: Array) -> Any:
        """Targets that a part held out for validation must hold in the same shares; or None."""
        return None

    def _constant(self, y: Array, weights: Any) -> float:
        """What scikit-learn's loss has in addition, whatever the network does."""
        return 0.0

    def _score(self, x: Any, y: Array, weights: Any) -> float:
        raise NotImplementedError

    # --- Training -----------------------------------------------------------------------------------------------------

    def _fit(self, x: Any, y: Any, sample_weight: Any, validation_data: Any, incremental: bool) -> Perceptron:
        _parameters.check(self)
        if incremental and getattr(self, "stopped_", False):
            return self
        first = not hasattr(self, "model_") or not (self.warm_start or incremental)
        x, y = self._validated(x, y, reset=first)
        self._check_targets(y, first, incremental)
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, x, ensure_non_negative=True)
        self._random_state = check_random_state(self.random_state)
        self.n_outputs_, activation = self._output(y)
        if first:
            self._begin(x, activation)
        validation = self._given_validation(validation_data)
        if validation is None and self.early_stopping and self.solver != "lbfgs":
            x, y, weights, validation = self._hold_out(x, y, weights, incremental)
        weights = self._weights(y, weights)
        batch = self._batch_size(x.shape[0])
        self._compile(batch, weights, new_optimizer=first or not incremental)
        targets = self._targets(y, self.model_.loss)
        constant = self._constant(y, weights)
        with shared_processors():
            if self.solver == "lbfgs":
                self.n_iter_, self.loss_ = _lbfgs.minimize(self, x, targets, weights)
                self.loss_ += constant
            else:
                self._fit_stochastic(x, targets, weights, batch, constant, validation, incremental)
        return self

    def _validated(self, x: Any, y: Any, reset: bool) -> tuple[Any, Array]:
        # Rows are converted batch by batch: other number types need no copy.
        x, y = validate_data(
            self,
            x,
            y,
            accept_sparse="csr",
            multi_output=True,
            dtype="numeric",
            y_numeric=self._y_numeric,
            reset=reset,
        )
        return x, column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y

    def _begin(self, x: Any, activation: str) -> None:
        sizes = self.hidden_layer_sizes
        hidden = [int(size) for size in (sizes if np.iterable(sizes) else [sizes])]
        units = [x.shape[1], *hidden, self.n_outputs_]
        self.n_layers_, self.out_activation_, self.t_ = len(units), activation, 0
        dtype = self.dtype or ("float32" if x.dtype in (np.float32, np.float16) else "float64")
        inner = _ACTIVATIONS.get(self.activation, self.activation)
        stack: list[Any] = [Input((units[0],), dtype=dtype)]
        for i, size in enumerate(hidden):
            stack.append(layers.Dense(size, name=f"hidden_{i}", kernel_initializer="zeros", dtype=dtype))
            if self.batch_normalization:
                stack.append(layers.BatchNormalization(name=f"normalization_{i}", dtype=dtype))
            stack.append(layers.Activation(inner, name=f"activation_{i}", dtype=dtype))
            if self.dropout:
                stack.append(layers.Dropout(self.dropout, seed=i, name=f"dropout_{i}", dtype=dtype))
        stack.append(layers.Dense(units[-1], _OUTPUTS[activation], kernel_initializer="zeros", name="out", dtype=dtype))
        self.model_ = Sequential(stack, name="perceptron")
        # The bounds of Glorot and Bengio, AISTATS 2010, in scikit-learn's order: one seed gives both the same network.
        for layer in self._dense:
            bound = np.sqrt((2.0 if self.activation == "logistic" else 6.0) / sum(layer.kernel.shape))
            for variable in (layer.kernel, layer.bias):
                variable.assign(self._random_state.uniform(-bound, bound, variable.shape))
        if self.solver != "lbfgs":
            self.loss_curve_: list[float] = []
            self.validation_scores_: list[float] | None = [] if self.early_stopping else None
            self.best_validation_score_ = -np.inf if self.early_stopping else None
            self.best_loss_ = None if self.early_stopping else np.inf
            self.stopped_ = False
            self._held_out: Validation | None = None
            self._stale = 0
            self._best_weights = self.model_.get_weights()

    @property
    def _dense(self) -> list[Any]:
        return [layer for layer in self.model_.layers if isinstance(layer, layers.Dense)]

    def _given_validation(self, given: Any) -> Validation | None:
        if given is None:
            return None
        if self.solver == "lbfgs":
            raise ValueError(f"[{type(self).__name__}] solver='lbfgs' has no epochs: validation_data must be None")
        if not isinstance(given, list | tuple) or len(given) not in (2, 3):
            raise ValueError(
                f"[{type(self).__name__}] validation_data must be (X, y) or (X, y, sample_weight), got "
                f"{type(given).__name__}"
            )
        x, y = self._validated(given[0], given[1], reset=False)
        self._check_targets(y, False, True)
        return Validation(x, y, _check_sample_weight(given[2], x) if len(given) == 3 else None)

    def _hold_out(self, x: Any, y: Array, weights: Any, incremental: bool) -> Any:
        # Successive calls of partial_fit are all judged by what the first has set aside.
        if incremental and self._held_out is not None:
            return x, y, weights, self._held_out
        train, aside = train_test_split(
            np.arange(len(y)),
            random_state=self._random_state,
            test_size=self.validation_fraction,
            stratify=self._held_out_like(y),
        )
        if len(aside) < 2:
            raise ValueError(
                f"[{type(self).__name__}] validation_fraction={self.validation_fraction} of {len(y)} rows leaves "
                f"{len(aside)} to validate on: at least 2 are needed"
            )
        held = Validation(x[aside], y[aside], None if weights is None else weights[aside])
        if incremental:
            self._held_out = held
            self.best_validation_score_, self._stale = -np.inf, 0  # a fit before was judged by other rows
        return x[train], y[train], None if weights is None else weights[train], held

    def _batch_size(self, rows: int) -> int:
        if self.solver == "lbfgs":
            return rows
        if self.batch_size == "auto":
            return min(200, rows)
        if self.batch_size > rows:
            warnings.warn(f"batch_size={self.batch_size} is more than the {rows} rows: it is {rows} then", stacklevel=5)
        return min(int(self.batch_size), rows)

    def _compile(self, batch: int, weights: Any, new_optimizer: bool) -> None:
        # scikit-learn divides the penalty by the rows of the batch, or by the sum of their weights.
        rows = batch if weights is None else batch * float(np.mean(weights))
        penalty = regularizers.L2(0.5 * self.alpha / rows) if self.alpha and rows else None
        for layer in self._dense:
            layer.kernel.regularizer = penalty
        if not new_optimizer and self.model_.optimizer is not None:
            return
        loss, factor = self._loss()
        metrics = ["mse"] if self._reported_mean else None
        self.model_.compile(self._optimizer(), loss, loss_weights=[factor], weighted_metrics=metrics)

    @property
    def _reported_mean(self) -> bool:
        return isinstance(self.loss, str) and self.loss == "squared_error" and self.n_outputs_ > 1

    def _loss(self) -> tuple[losses.Loss, float]:
        known = _LOSSES.get((self.loss, self.out_activation_)) if isinstance(self.loss, str) else None
        if known is not None:
            cls, factor, summed = known
            # A mean over the weights, not over the rows, in each batch.
            loss = cls(reduction="mean_with_sample_weight")
            return loss, factor * (self.n_outputs_ if summed else 1)
        loss = losses.as_loss(self.loss, type(self).__name__)
        if getattr(loss, "from_logits", False):
            raise ValueError(f"[{type(self).__name__}] the network ends in {self.out_activation_}: not from_logits")
        return loss, 1.0

    def _optimizer(self) -> optimizers.Optimizer:
        if isinstance(self.solver, optimizers.Optimizer):
            chosen: optimizers.Optimizer = copy.deepcopy(self.solver)
            return chosen
        rate = float(self.learning_rate_init)
        if self.solver == "adam":
            return optimizers.Adam(rate, float(self.beta_1), float(self.beta_2), float(self.epsilon))
        if self.solver == "sgd":
            return optimizers.SGD(rate, float(self.momentum), bool(self.nesterovs_momentum))
        return _lbfgs.gradient_keeper()

    def _fit_stochastic(
        self,
        x: Any,
        targets: Array,
        weights: Any,
        batch: int,
        constant: float,
        validation: Validation | None,
        incremental: bool,
    ) -> None:
        self.n_iter_ = 0
        iterations = Iterations(self, x.shape[0], constant, validation, incremental)
        self.callbacks_ = copy.deepcopy(list(self.callbacks or []))
        run = self.model_._prepared_fit(
            x,
            targets,
            batch_size=batch,
            epochs=1 if incremental else int(self.max_iter),
            verbose=0,
            callbacks=[iterations, *self.callbacks_],
            validation_data=None if validation is None else validation.data(self),
            shuffle=bool(self.shuffle),
            sample_weight=weights,
            seed=int(self._random_state.randint(np.iinfo(np.int32).max)),
        )
        try:
            run()
        except NonFiniteLossError as error:
            raise ValueError(
                f"[{type(self).__name__}] {error}. Non-finite numbers come from a learning rate that is too large or "
                "data that need to be scaled"
            ) from error
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=4)
        if self.early_stopping and (not incremental or self.stopped_):
            self.model_.set_weights(self._best_weights)
        if self.n_iter_ == self.max_iter and not (incremental or self.model_.stop_training):
            warnings.warn(
                f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and the optimization hasn't "
                "converged yet.",
                ConvergenceWarning,
                stacklevel=4,
            )

    # --- What training has made ---------------------------------------------------------------------------------------

    @property
    def coefs_(self) -> list[Array]:
        """The weights of each layer, (inputs, outputs): views, so that writing into them changes the network."""
        return [layer.kernel.numpy() for layer in self._made()]

    @coefs_.setter
    def coefs_(self, values: Any) -> None:
        for layer, value in zip(self._made(), values, strict=True):
            layer.kernel.assign(value)

    @property
    def intercepts_(self) -> list[Array]:
        """The biases of each layer, as views."""
        return [layer.bias.numpy() for layer in self._made()]

    @intercepts_.setter
    def intercepts_(self, values: Any) -> None:
        for layer, value in zip(self._made(), values, strict=True):
            layer.bias.assign(value)

    def _made(self) -> list[Any]:
        if not hasattr(self, "model_"):
            raise AttributeError(f"{type(self).__name__!r} object has no weights before fit")
        return self._dense

    def _outputs(self, x: Any) -> Array:
        check_is_fitted(self)
        return self._run(validate_data(self, x, accept_sparse="csr", dtype="numeric", reset=False))

    def _run(self, x: Any) -> Array:
        with shared_processors():
            outputs: Array = self.model_.predict(x)
        return outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _has_iterations(self) -> bool:
        if self.solver == "lbfgs":
            raise AttributeError("partial_fit needs solver='adam' or 'sgd': 'lbfgs' sees all rows at once")
        return True
