"""The layers that Keras has always kept under `layers.core`."""

from ranvier.layers.core.activation import Activation
from ranvier.layers.core.dense import Dense
from ranvier.layers.core.einsum_dense import EinsumDense
from ranvier.layers.core.embedding import Embedding
from ranvier.layers.core.identity import Identity
from ranvier.layers.core.input_layer import Input, InputLayer
from ranvier.layers.core.lambda_layer import Lambda
from ranvier.layers.core.masking import Masking
from ranvier.layers.regularization import Dropout
from ranvier.layers.reshaping import Flatten, Reshape

__all__ = [
    "Activation",
    "Dense",
    "Dropout",
    "EinsumDense",
    "Embedding",
    "Flatten",
    "Identity",
    "Input",
    "InputLayer",
    "Lambda",
    "Masking",
    "Reshape",
]
