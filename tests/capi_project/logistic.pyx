# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
"""Logistic regression, trained by fastgd's Adam in one call, without the GIL."""
from libc.math cimport exp
from libc.string cimport memset

import numpy as np

from fastgd.capi cimport ABI_VERSION, Adam, Scalars, abi_version, adam_f32, adam_scalars

if abi_version() != ABI_VERSION:
    raise ImportError(
        f"logistic is built for version {ABI_VERSION} of fastgd's C API and found {abi_version()}; build it anew"
    )


cdef void gradient(const float[:, ::1] x, const float[::1] y, const float[::1] weights,
                   float[::1] grad) noexcept nogil:
    """Of the mean log loss, into grad."""
    cdef Py_ssize_t i, j
    cdef double score, error
    grad[:] = 0
    for i in range(x.shape[0]):
        score = 0
        for j in range(x.shape[1]):
            score += x[i, j] * weights[j]
        error = (1 / (1 + exp(-score)) - y[i]) / x.shape[0]
        for j in range(x.shape[1]):
            grad[j] += <float>(error * x[i, j])


cdef void train(const float[:, ::1] x, const float[::1] y, float[::1] weights, float[::1] grad,
                float[::1] exp_avg, float[::1] exp_avg_sq, long long steps, double lr) noexcept nogil:
    cdef Scalars scalars
    cdef Adam hyper
    cdef long long t
    memset(&hyper, 0, sizeof(hyper))
    hyper.lr = lr
    hyper.beta1 = 0.9
    hyper.beta2 = 0.999
    hyper.eps = 1e-8
    for t in range(1, steps + 1):
        gradient(x, y, weights, grad)
        adam_scalars(&scalars, 1.0, t, &hyper, sizeof(hyper))
        adam_f32(&weights[0], &grad[0], &exp_avg[0], &exp_avg_sq[0], weights.shape[0], &scalars)


def fit(const float[:, ::1] x not None, const float[::1] y not None, long long steps, double lr=0.1):
    """Weights for the rows of x, one for each of its columns; y holds 0 or 1 for each of its rows."""
    if x.shape[1] == 0 or x.shape[0] != y.shape[0]:
        raise ValueError(f"x and y: expected (n, m) and n, m > 0, got {(x.shape[0], x.shape[1])} and {y.shape[0]}")
    weights, grad, exp_avg, exp_avg_sq = np.zeros((4, x.shape[1]), np.float32)
    cdef float[::1] w = weights, g = grad, m = exp_avg, v = exp_avg_sq
    with nogil:
        train(x, y, w, g, m, v, steps, lr)
    return weights
