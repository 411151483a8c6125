"""The functions that documents on gradient descent teach: the public name of `fastgd.descent.textbook`."""

from fastgd.descent.textbook import (
    adagrad,
    cross_entropy,
    gradient_descent,
    initialize_adam,
    logistic,
    mean_squared_error,
    min_max_scale,
    momentum,
    rmsprop,
    update_parameters_with_adam,
)

__all__ = [
    "adagrad",
    "cross_entropy",
    "gradient_descent",
    "initialize_adam",
    "logistic",
    "mean_squared_error",
    "min_max_scale",
    "momentum",
    "rmsprop",
    "update_parameters_with_adam",
]
