# Adam-atan2: Everett et al. 2024, section 4: an angle in the place of Adam's quotient, which needs no eps.
from libc.math cimport sqrt

from fastgd.kernels.decay cimport corrected
from fastgd.kernels.elementary cimport angle
from fastgd.kernels.exact cimport power
from fastgd.kernels.real cimport mean, real, root

ctypedef struct AdamAtan2 "fastgd_AdamAtan2":
    double lr
    double beta1
    double beta2
    double weight_decay
    double a
    double b
    double maximize
    double corrected_weight_decay   # the largest learning rate, or 0

ctypedef struct AdamAtan2Scalars:
    double grad_scale
    double keep         # 1 - lr * weight_decay
    double beta1
    double one_minus_beta1
    double beta2
    double one_minus_beta2
    double ahead        # sqrt(1 - beta2**t) / (1 - beta1**t): both sides of the angle times the first of them
    double b
    double step_size    # lr * a

cdef enum AdamAtan2Rules:
    ADAM_ATAN2


cdef inline int fold_adam_atan2(AdamAtan2Scalars* s, double grad_scale, long long t,
                                const AdamAtan2* h, double* carry) noexcept nogil:
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.keep = 1.0 - h.lr * corrected(h.weight_decay, h.lr, h.corrected_weight_decay)
    s.beta1 = h.beta1
    s.one_minus_beta1 = 1.0 - h.beta1
    s.beta2 = h.beta2
    s.one_minus_beta2 = 1.0 - h.beta2
    s.ahead = sqrt(1.0 - power(h.beta2, t)) / (1.0 - power(h.beta1, t))
    s.b = h.b
    s.step_size = h.lr * h.a
    return ADAM_ATAN2


cdef inline void adam_atan2(real* restrict param, const real* restrict grad,
                            real* restrict exp_avg, real* restrict exp_avg_sq,
                            Py_ssize_t n, const AdamAtan2Scalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, keep = <real>s.keep
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real ahead = <real>s.ahead, b = <real>s.b, step_size = <real>s.step_size
    cdef real g, m, v
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        m = mean(exp_avg[i], g, beta1, one_minus_beta1)
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        exp_avg[i] = m
        exp_avg_sq[i] = v
        param[i] = keep * param[i] - step_size * angle(ahead * m, b * root(v))
