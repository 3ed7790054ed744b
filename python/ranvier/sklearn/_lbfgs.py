"""L-BFGS: scipy's minimizer on the native loss and gradient of all rows at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import minimize as scipy_minimize
from sklearn.exceptions import ConvergenceWarning

from ranvier import optimizers
from ranvier.errors import NonFiniteLossError
from ranvier.saving.state import slots_of

if TYPE_CHECKING:
    from ranvier._typing import Array


def gradient_keeper() -> optimizers.Optimizer:
    """An optimizer whose momentum after a first step at rate 1 is minus the gradient, exactly."""
    return optimizers.SGD(1.0, momentum=0.5, name="lbfgs")


def minimize(estimator: Any, x: Any, targets: Array, weights: Any) -> tuple[int, float]:
    """Trains the model of a perceptron; returns the iterations and the loss.

    Warns, as scikit-learn does, where `max_iter` or `max_fun` ended it.
    Source: Byrd, Lu, Nocedal and Zhu, SIAM J. Sci. Comput. 16, 1995.
    """
    model = estimator.model_
    data = model._take("fit", x, targets, weights)
    with model._only_thread("fit") as inner:
        trainer = model._trainer(model._compiled, data, inner)
        native = model.optimizer._native
        variables = model.trainable_variables
        native.build([variable.native for variable in variables])
        momenta = {id(parameter): view for parameter, _, view in slots_of(native)}
        gradients = [momenta[id(variable.native)] for variable in variables]
        feed = data.feed()

        def put(packed: Array) -> None:
            first = 0
            for variable in variables:
                view = variable.numpy()
                view[...] = packed[first : first + view.size].reshape(view.shape)
                first += view.size

        def loss_and_gradient(packed: Array) -> tuple[float, Array]:
            put(packed)
            for gradient in gradients:
                gradient[...] = 0
            trainer.begin(feed, data.rows, True, False, 0, -1)
            try:
                trainer.run(float("inf"), -1)
            except NonFiniteLossError:
                return np.inf, np.zeros_like(packed)  # a step that was too long: the line search takes a shorter one
            return trainer.results()[0], -np.concatenate([gradient.ravel() for gradient in gradients]).astype(float)

        start = np.concatenate([variable.numpy().ravel() for variable in variables]).astype(float)
        options = {"maxfun": estimator.max_fun, "maxiter": estimator.max_iter, "gtol": estimator.tol}
        found = scipy_minimize(loss_and_gradient, start, method="L-BFGS-B", jac=True, options=options)
        put(found.x)
    if not found.success:
        _warn(f"lbfgs ended after {found.nit} iterations: {found.message}. Increase max_iter or max_fun, or scale X")
    return min(int(found.nit), int(estimator.max_iter)), float(found.fun)


def _warn(text: str) -> None:
    import warnings

    warnings.warn(text, ConvergenceWarning, stacklevel=5)
