"""scikit-learn's multi-layer perceptrons on the native core, with what their users miss."""

from ranvier.sklearn.classifier import MLPClassifier
from ranvier.sklearn.regressor import MLPRegressor

__all__ = ["MLPClassifier", "MLPRegressor"]
