# StableAdamW: Wortsman et al. 2023, Algorithm 2, with debiased decay rates. The first pass updates the moments and
# measures how far the gradient's squares are above the second moment; the rate of the second pass is divided by that.
from libc.math cimport sqrt

from fastgd.kernels.decay cimport corrected
from fastgd.kernels.exact cimport power
from fastgd.kernels.real cimport larger, real, root

ctypedef struct StableAdamw "fastgd_StableAdamw":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double maximize
    double corrected_weight_decay   # the largest learning rate, or 0

ctypedef struct StableAdamwScalars:
    double grad_scale
    double beta1            # debiased: (beta**t - beta) / (beta**t - 1)
    double one_minus_beta1
    double beta2
    double one_minus_beta2
    double eps
    double eps_squared
    double decay
    double step_size        # lr, and once it is settled lr / max(1, rms)
    double keep             # 1 - step_size * weight_decay

cdef enum StableAdamwRules:
    STABLE_ADAMW


cdef inline int fold_stable_adamw(StableAdamwScalars* s, double grad_scale, long long t,
                                  const StableAdamw* h, double* carry) noexcept nogil:
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.one_minus_beta1 = (1.0 - h.beta1) / (1.0 - power(h.beta1, t))
    s.beta1 = 1.0 - s.one_minus_beta1
    s.one_minus_beta2 = (1.0 - h.beta2) / (1.0 - power(h.beta2, t))
    s.beta2 = 1.0 - s.one_minus_beta2
    s.eps = h.eps
    s.eps_squared = h.eps * h.eps
    s.decay = corrected(h.weight_decay, h.lr, h.corrected_weight_decay)
    s.step_size = h.lr
    s.keep = 1.0
    return STABLE_ADAMW


cdef inline void stable_adamw_measure(real* restrict param, const real* restrict grad,
                                      real* restrict exp_avg, real* restrict exp_avg_sq,
                                      double* restrict squares,
                                      Py_ssize_t n, const StableAdamwScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, eps_squared = <real>s.eps_squared
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real g, v
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        exp_avg[i] = beta1 * exp_avg[i] + one_minus_beta1 * g
        exp_avg_sq[i] = v
        squares[i] = <double>(g * g / larger(v, eps_squared))


cdef inline void settle_stable_adamw(StableAdamwScalars* s, const double* sums, Py_ssize_t n,
                                     double* memory) noexcept nogil:
    cdef double rms = sqrt(sums[0] / n)
    if rms > 1:
        s.step_size /= rms
    s.keep = 1.0 - s.step_size * s.decay


cdef inline void stable_adamw(real* restrict param, const real* restrict grad,
                              real* restrict exp_avg, real* restrict exp_avg_sq,
                              Py_ssize_t n, const StableAdamwScalars* s) noexcept nogil:
    cdef real keep = <real>s.keep, step_size = <real>s.step_size, eps = <real>s.eps
    cdef Py_ssize_t i
    for i in range(n):
        param[i] = keep * param[i] - step_size * exp_avg[i] / (root(exp_avg_sq[i]) + eps)
