# AdEMAMix: Pagliardini, Ablin & Grangier 2024, Algorithm 1; scalars folded as in adam.pxd.
from libc.math cimport sqrt

from fastgd.kernels.decay cimport corrected
from fastgd.kernels.exact cimport log_pair, power, real_power
from fastgd.kernels.real cimport mean, real, root

ctypedef struct Ademamix "fastgd_Ademamix":
    double lr
    double beta1
    double beta2
    double beta3
    double alpha
    double t_alpha
    double t_beta3
    double eps
    double weight_decay
    double maximize
    double corrected_weight_decay   # the largest learning rate, or 0

ctypedef struct AdemamixScalars:
    double grad_scale
    double keep         # 1 - lr * weight_decay
    double beta1
    double one_minus_beta1
    double beta2
    double one_minus_beta2
    double beta3
    double one_minus_beta3
    double step_size
    double slow_step    # of the slow average, which has no bias correction
    double eps

cdef enum AdemamixRules:
    ADEMAMIX


cdef inline double warmed_beta3(double t, const Ademamix* h) noexcept nogil:
    # From beta1 to beta3 so that the half-life grows linearly: with way = t / t_beta3 it is
    # exp(log(beta1) * log(beta3) / ((1 - way) * log(beta3) + way * log(beta1))), both sides divided by log(beta1).
    cdef double way, ratio = 0.0
    if t >= h.t_beta3:
        return h.beta3
    way = t / h.t_beta3
    if h.beta1 > 0 and h.beta3 > 0:
        ratio = log_pair(h.beta3).hi / log_pair(h.beta1).hi
    return min(real_power(h.beta3, 1.0 / ((1.0 - way) * ratio + way)), h.beta3)


cdef inline int fold_ademamix(AdemamixScalars* s, double grad_scale, long long t,
                              const Ademamix* h, double* carry) noexcept nogil:
    cdef double root_c2 = sqrt(1.0 - power(h.beta2, t))
    cdef double alpha = h.alpha if <double>t >= h.t_alpha else h.alpha * <double>t / h.t_alpha
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.keep = 1.0 - h.lr * corrected(h.weight_decay, h.lr, h.corrected_weight_decay)
    s.beta1 = h.beta1
    s.one_minus_beta1 = 1.0 - h.beta1
    s.beta2 = h.beta2
    s.one_minus_beta2 = 1.0 - h.beta2
    s.beta3 = warmed_beta3(<double>t, h)
    s.one_minus_beta3 = 1.0 - s.beta3
    s.step_size = h.lr * root_c2 / (1.0 - power(h.beta1, t))
    s.slow_step = h.lr * root_c2 * alpha
    s.eps = h.eps * root_c2
    return ADEMAMIX


cdef inline void ademamix(real* restrict param, const real* restrict grad,
                          real* restrict exp_avg, real* restrict exp_avg_slow, real* restrict exp_avg_sq,
                          Py_ssize_t n, const AdemamixScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, keep = <real>s.keep
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta3 = <real>s.beta3, one_minus_beta3 = <real>s.one_minus_beta3
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real step_size = <real>s.step_size, slow_step = <real>s.slow_step, eps = <real>s.eps
    cdef real g, m, slow, v
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        m = mean(exp_avg[i], g, beta1, one_minus_beta1)
        slow = mean(exp_avg_slow[i], g, beta3, one_minus_beta3)
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        exp_avg[i] = m
        exp_avg_slow[i] = slow
        exp_avg_sq[i] = v
        param[i] = keep * param[i] - (step_size * m + slow_step * slow) / (root(v) + eps)
