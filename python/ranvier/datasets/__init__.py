"""The data sets that courses begin with, as in `keras.datasets`: fetched once, and found where Keras has put them.

Every module has `load_data`, which returns `(x_train, y_train), (x_test, y_test)`. The files are recognised by their
SHA-256 and kept in `~/.keras/datasets` (the environment's KERAS_HOME moves that). Without a network, data come with
other packages: scikit-learn's `load_digits`, `load_iris` and so on.
"""

from ranvier.datasets import (
    boston_housing,
    california_housing,
    cifar10,
    cifar100,
    fashion_mnist,
    imdb,
    mnist,
    reuters,
)

__all__ = [
    "boston_housing",
    "california_housing",
    "cifar10",
    "cifar100",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
]
