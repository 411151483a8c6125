# LaProp: Ziyin et al. 2020, Algorithm 1, with the rate inside the momentum and both corrections as the authors' code
# carries them: they are right for rates that change. Cautious: caution.pxd.
from libc.math cimport sqrt

from fastgd.kernels.caution cimport agreement, enlarged
from fastgd.kernels.decay cimport corrected
from fastgd.kernels.real cimport real, root

ctypedef struct Laprop "fastgd_Laprop":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double maximize
    double corrected_weight_decay   # the largest learning rate, or 0
    double cautious

ctypedef struct LapropScalars:
    double grad_scale
    double keep         # 1 - lr * weight_decay, after the step
    double beta1
    double grad_share   # (1 - beta1) * lr, of the normalized gradient
    double beta2
    double one_minus_beta2
    double step_size    # lr / exp_avg_lr_1
    double eps

# What goes from step to step; zeros before the first.
ctypedef struct LapropCarry:
    double exp_avg_lr_1     # mean of the rates, with the weights of the momentum
    double exp_avg_lr_2     # 1 - beta2**t

cdef enum LapropRules:
    LAPROP
    LAPROP_CAUTIOUS


cdef inline int fold_laprop(LapropScalars* s, double grad_scale, long long t,
                            const Laprop* h, LapropCarry* carry) noexcept nogil:
    cdef double root_c2
    carry.exp_avg_lr_1 = h.beta1 * (carry.exp_avg_lr_1 if t > 1 else 0.0) + (1.0 - h.beta1) * h.lr
    carry.exp_avg_lr_2 = h.beta2 * (carry.exp_avg_lr_2 if t > 1 else 0.0) + (1.0 - h.beta2)
    root_c2 = sqrt(carry.exp_avg_lr_2)
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.keep = 1.0 - h.lr * corrected(h.weight_decay, h.lr, h.corrected_weight_decay)
    s.beta1 = h.beta1
    s.grad_share = (1.0 - h.beta1) * h.lr * root_c2
    s.beta2 = h.beta2
    s.one_minus_beta2 = 1.0 - h.beta2
    s.step_size = h.lr / carry.exp_avg_lr_1 if h.lr > 0 else 0.0
    s.eps = h.eps * root_c2
    return LAPROP_CAUTIOUS if h.cautious else LAPROP


cdef inline void laprop(real* restrict param, const real* restrict grad,
                        real* restrict exp_avg, real* restrict exp_avg_sq,
                        Py_ssize_t n, const LapropScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, keep = <real>s.keep
    cdef real beta1 = <real>s.beta1, grad_share = <real>s.grad_share
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real step_size = <real>s.step_size, eps = <real>s.eps
    cdef real g, m, v
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        m = beta1 * exp_avg[i] + grad_share * g / (root(v) + eps)
        exp_avg[i] = m
        exp_avg_sq[i] = v
        param[i] = keep * (param[i] - step_size * m)


cdef inline void laprop_cautious_measure(real* restrict param, const real* restrict grad,
                                         real* restrict exp_avg, real* restrict exp_avg_sq, double* restrict agreeing,
                                         Py_ssize_t n, const LapropScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale
    cdef real beta1 = <real>s.beta1, grad_share = <real>s.grad_share
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2, eps = <real>s.eps
    cdef real g, v
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        agreeing[i] = <double>agreement(beta1 * exp_avg[i] + grad_share * g / (root(v) + eps), g)


cdef inline void settle_laprop_cautious(LapropScalars* s, const double* sums, Py_ssize_t n,
                                        double* memory) noexcept nogil:
    s.step_size = enlarged(s.step_size, sums[0], n)


cdef inline void laprop_cautious(real* restrict param, const real* restrict grad,
                                 real* restrict exp_avg, real* restrict exp_avg_sq,
                                 Py_ssize_t n, const LapropScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, keep = <real>s.keep
    cdef real beta1 = <real>s.beta1, grad_share = <real>s.grad_share
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real step_size = <real>s.step_size, eps = <real>s.eps
    cdef real g, m, v
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        m = beta1 * exp_avg[i] + grad_share * g / (root(v) + eps)
        exp_avg[i] = m
        exp_avg_sq[i] = v
        param[i] = keep * (param[i] - step_size * (m * agreement(m, g)))
