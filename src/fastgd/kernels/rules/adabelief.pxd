# AdaBelief: Zhuang et al. 2020, Algorithm 2; scalars folded as in adam.pxd. As the authors have it, eps is added to the
# second moment at each step and stays in it.
from libc.math cimport sqrt

from fastgd.kernels.decay cimport corrected
from fastgd.kernels.exact cimport power
from fastgd.kernels.real cimport mean, real, root

ctypedef struct Adabelief "fastgd_Adabelief":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double maximize
    double corrected_weight_decay   # the largest learning rate, or 0

ctypedef struct AdabeliefScalars:
    double grad_scale
    double keep         # 1 - lr * weight_decay
    double beta1
    double one_minus_beta1
    double beta2
    double one_minus_beta2
    double step_size
    double added        # eps in the second moment
    double eps          # outside the root

cdef enum AdabeliefRules:
    ADABELIEF


cdef inline int fold_adabelief(AdabeliefScalars* s, double grad_scale, long long t,
                               const Adabelief* h, double* carry) noexcept nogil:
    cdef double root_c2 = sqrt(1.0 - power(h.beta2, t))
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.keep = 1.0 - h.lr * corrected(h.weight_decay, h.lr, h.corrected_weight_decay)
    s.beta1 = h.beta1
    s.one_minus_beta1 = 1.0 - h.beta1
    s.beta2 = h.beta2
    s.one_minus_beta2 = 1.0 - h.beta2
    s.step_size = h.lr * root_c2 / (1.0 - power(h.beta1, t))
    s.added = h.eps
    s.eps = h.eps * root_c2
    return ADABELIEF


cdef inline void adabelief(real* restrict param, const real* restrict grad,
                           real* restrict exp_avg, real* restrict exp_avg_var,
                           Py_ssize_t n, const AdabeliefScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, keep = <real>s.keep
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real step_size = <real>s.step_size, added = <real>s.added, eps = <real>s.eps
    cdef real g, m, d, v
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        m = mean(exp_avg[i], g, beta1, one_minus_beta1)
        d = g - m
        v = beta2 * exp_avg_var[i] + one_minus_beta2 * d * d + added
        exp_avg[i] = m
        exp_avg_var[i] = v
        param[i] = keep * param[i] - step_size * m / (root(v) + eps)
