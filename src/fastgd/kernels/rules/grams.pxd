# Grams: Cao et al. 2024, Algorithm 1: the length of Adam's step, the direction of the gradient. Scalars are folded as
# in adam.pxd.
from libc.math cimport sqrt

from fastgd.kernels.decay cimport corrected
from fastgd.kernels.exact cimport power
from fastgd.kernels.real cimport magnitude, mean, real, root, signed

ctypedef struct Grams "fastgd_Grams":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double maximize
    double corrected_weight_decay   # the largest learning rate, or 0

ctypedef struct GramsScalars:
    double grad_scale
    double keep         # 1 - lr * weight_decay
    double beta1
    double one_minus_beta1
    double beta2
    double one_minus_beta2
    double step_size
    double eps

cdef enum GramsRules:
    GRAMS


cdef inline int fold_grams(GramsScalars* s, double grad_scale, long long t,
                           const Grams* h, double* carry) noexcept nogil:
    cdef double root_c2 = sqrt(1.0 - power(h.beta2, t))
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.keep = 1.0 - h.lr * corrected(h.weight_decay, h.lr, h.corrected_weight_decay)
    s.beta1 = h.beta1
    s.one_minus_beta1 = 1.0 - h.beta1
    s.beta2 = h.beta2
    s.one_minus_beta2 = 1.0 - h.beta2
    s.step_size = h.lr * root_c2 / (1.0 - power(h.beta1, t))
    s.eps = h.eps * root_c2
    return GRAMS


cdef inline void grams(real* restrict param, const real* restrict grad,
                       real* restrict exp_avg, real* restrict exp_avg_sq,
                       Py_ssize_t n, const GramsScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, keep = <real>s.keep
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real step_size = <real>s.step_size, eps = <real>s.eps
    cdef real g, m, v
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        m = mean(exp_avg[i], g, beta1, one_minus_beta1)
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        exp_avg[i] = m
        exp_avg_sq[i] = v
        param[i] = keep * param[i] - signed(step_size * magnitude(m) / (root(v) + eps), g)
