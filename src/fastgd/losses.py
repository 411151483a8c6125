"""Losses with their gradients, and scaling: the public name of `fastgd.descent.losses`."""

from fastgd.descent.losses import cross_entropy, logistic, mean_squared_error, min_max_scale

__all__ = ["cross_entropy", "logistic", "mean_squared_error", "min_max_scale"]
