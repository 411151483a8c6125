# Adan: Xie et al. 2022, Algorithm 1, with the coefficients of the authors' code; scalars folded as in adam.pxd.
from libc.math cimport sqrt

from fastgd.kernels.decay cimport corrected
from fastgd.kernels.exact cimport power
from fastgd.kernels.real cimport mean, real, root

ctypedef struct Adan "fastgd_Adan":
    double lr
    double beta1
    double beta2
    double beta3
    double eps
    double weight_decay
    double no_prox
    double maximize
    double corrected_weight_decay   # the largest learning rate, or 0

ctypedef struct AdanScalars:
    double grad_scale
    double keep         # 1 - lr * weight_decay, where the decay is not proximal
    double shrink       # 1 / (1 + lr * weight_decay), where it is
    double follows      # 0 on the first step, which has no gradient before it, then 1
    double beta1
    double one_minus_beta1
    double beta2        # also the weight of the difference in the gradient that is squared
    double one_minus_beta2
    double beta3
    double one_minus_beta3
    double step_size
    double diff_step
    double eps

cdef enum AdanRules:
    ADAN


cdef inline int fold_adan(AdanScalars* s, double grad_scale, long long t, const Adan* h, double* carry) noexcept nogil:
    cdef double root_c3 = sqrt(1.0 - power(h.beta3, t))
    cdef double decay = h.lr * corrected(h.weight_decay, h.lr, h.corrected_weight_decay)
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.keep = 1.0 - decay if h.no_prox else 1.0
    s.shrink = 1.0 if h.no_prox else 1.0 / (1.0 + decay)
    s.follows = 0.0 if t == 1 else 1.0
    s.beta1 = h.beta1
    s.one_minus_beta1 = 1.0 - h.beta1
    s.beta2 = h.beta2
    s.one_minus_beta2 = 1.0 - h.beta2
    s.beta3 = h.beta3
    s.one_minus_beta3 = 1.0 - h.beta3
    s.step_size = h.lr * root_c3 / (1.0 - power(h.beta1, t))
    s.diff_step = h.lr * root_c3 * h.beta2 / (1.0 - power(h.beta2, t))
    s.eps = h.eps * root_c3
    return ADAN


cdef inline void adan(real* restrict param, const real* restrict grad,
                      real* restrict exp_avg, real* restrict exp_avg_diff, real* restrict exp_avg_sq,
                      real* restrict neg_pre_grad,
                      Py_ssize_t n, const AdanScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, keep = <real>s.keep, shrink = <real>s.shrink
    cdef real follows = <real>s.follows, beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real beta3 = <real>s.beta3, one_minus_beta3 = <real>s.one_minus_beta3
    cdef real step_size = <real>s.step_size, diff_step = <real>s.diff_step, eps = <real>s.eps
    cdef real g, change, m, d, ahead, v
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        change = follows * (g + neg_pre_grad[i])
        m = mean(exp_avg[i], g, beta1, one_minus_beta1)
        d = mean(exp_avg_diff[i], change, beta2, one_minus_beta2)
        ahead = g + beta2 * change
        v = beta3 * exp_avg_sq[i] + one_minus_beta3 * ahead * ahead
        exp_avg[i] = m
        exp_avg_diff[i] = d
        exp_avg_sq[i] = v
        neg_pre_grad[i] = -g
        param[i] = shrink * (keep * param[i] - (step_size * m + diff_step * d) / (root(v) + eps))
