# Yogi: Zaheer et al. 2018, Algorithm 2, with Adam's bias correction; scalars folded as in adam.pxd.
from libc.math cimport sqrt

from fastgd.kernels.decay cimport corrected
from fastgd.kernels.exact cimport power
from fastgd.kernels.real cimport mean, real, root, signed

ctypedef struct Yogi "fastgd_Yogi":
    double lr
    double beta1
    double beta2
    double eps
    double initial_accumulator_value
    double weight_decay
    double maximize
    double corrected_weight_decay   # the largest learning rate, or 0

ctypedef struct YogiScalars:
    double grad_scale
    double keep         # 1 - lr * weight_decay
    double initial      # initial_accumulator_value on the first step, then 0
    double beta1
    double one_minus_beta1
    double one_minus_beta2
    double step_size
    double eps

cdef enum YogiRules:
    YOGI


cdef inline int fold_yogi(YogiScalars* s, double grad_scale, long long t, const Yogi* h, double* carry) noexcept nogil:
    cdef double root_c2 = sqrt(1.0 - power(h.beta2, t))
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.keep = 1.0 - h.lr * corrected(h.weight_decay, h.lr, h.corrected_weight_decay)
    s.initial = h.initial_accumulator_value if t == 1 else 0.0
    s.beta1 = h.beta1
    s.one_minus_beta1 = 1.0 - h.beta1
    s.one_minus_beta2 = 1.0 - h.beta2
    s.step_size = h.lr * root_c2 / (1.0 - power(h.beta1, t))
    s.eps = h.eps * root_c2
    return YOGI


cdef inline void yogi(real* restrict param, const real* restrict grad,
                      real* restrict exp_avg, real* restrict exp_avg_sq,
                      Py_ssize_t n, const YogiScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, keep = <real>s.keep, initial = <real>s.initial
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real one_minus_beta2 = <real>s.one_minus_beta2
    cdef real step_size = <real>s.step_size, eps = <real>s.eps
    cdef real g, m, v
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        m = exp_avg[i] + initial
        v = exp_avg_sq[i] + initial
        m = mean(m, g, beta1, one_minus_beta1)
        v = v - one_minus_beta2 * signed(g * g, v - g * g)
        exp_avg[i] = m
        exp_avg_sq[i] = v
        param[i] = keep * param[i] - step_size * m / (root(v) + eps)
