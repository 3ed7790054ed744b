"""Epochs as scikit-learn counts them: curves, the best so far, when to slow down and when to stop."""

from __future__ import annotations

from typing import Any

from ranvier.callbacks import Callback
from ranvier.utils.progress import say

_SLOWEST = 1e-6


class Validation:
    """Rows that are validated on.

    Args:
        x, y: as the user has them.
        weights: of the rows, or None.
    """

    def __init__(self, x: Any, y: Any, weights: Any) -> None:
        self.x, self.y, self.weights = x, y, weights

    def data(self, estimator: Any) -> tuple[Any, ...]:
        """What `fit` of the model takes."""
        targets = estimator._targets(self.y, estimator.model_.loss)
        return (self.x, targets) if self.weights is None else (self.x, targets, self.weights)


class Iterations(Callback):
    """Keeps the attributes of a perceptron up to date while its model trains.

    Args:
        estimator: the perceptron.
        rows: of the training data.
        constant: what scikit-learn's loss has in addition.
        validation: what is validated on, or None.
        incremental: whether it is one of many calls of `partial_fit`.
    """

    def __init__(
        self, estimator: Any, rows: int, constant: float, validation: Validation | None, incremental: bool
    ) -> None:
        super().__init__()
        self._estimator = estimator
        self._rows = rows
        self._constant = constant
        self._validation = validation
        self._incremental = incremental

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        one, logs = self._estimator, logs or {}
        one.n_iter_ += 1
        one.t_ += self._rows
        one.loss_ = logs["loss"] + self._constant
        if one._reported_mean:
            one.loss_ -= 0.5 * (one.n_outputs_ - 1) * logs["mse"]
        one.loss_curve_.append(one.loss_)
        if one.verbose:
            say(f"Iteration {one.n_iter_}, loss = {one.loss_:.8f}")
        if self._validation is not None:
            self._validate()
        better = self._is_better()
        one._stale = 0 if better else one._stale + 1
        if one.solver == "sgd" and one.learning_rate == "invscaling":
            self.model.optimizer.learning_rate = one.learning_rate_init / (one.t_ + 1) ** one.power_t
        if one._stale > one.n_iter_no_change:
            self._slow_down_or_stop()

    def _validate(self) -> None:
        one, validation = self._estimator, self._validation
        assert validation is not None
        score = one._score(validation.x, validation.y, validation.weights)
        if one.validation_scores_ is None:
            one.validation_scores_ = []
        one.validation_scores_.append(score)
        if one.verbose:
            say(f"Validation score: {score:f}")

    def _is_better(self) -> bool:
        one = self._estimator
        if not one.early_stopping:
            better = bool(one.loss_ <= one.best_loss_ - one.tol)
            one.best_loss_ = min(one.best_loss_, one.loss_)
            return better
        score = one.validation_scores_[-1]
        better = not score < one.best_validation_score_ + one.tol
        if score > one.best_validation_score_:
            one.best_validation_score_ = score
            one._best_weights = self.model.get_weights()
        return better

    def _slow_down_or_stop(self) -> None:
        one = self._estimator
        what = "Validation score" if one.early_stopping else "Training loss"
        said = f"{what} did not improve more than tol={one.tol:f} for {one.n_iter_no_change} consecutive epochs."
        rate = self.model.optimizer.learning_rate
        if one.solver != "sgd" or one.learning_rate != "adaptive" or rate <= _SLOWEST:
            self.model.stop_training = True
            one.stopped_ = self._incremental and one.early_stopping
            said += " Stopping."
        else:
            self.model.optimizer.learning_rate = rate / 5
            one._stale = 0
            said += f" Setting learning rate to {rate / 5:f}"
        if one.verbose:
            say(said)
