# RAdam: Liu et al. 2020, Algorithm 2. A rectified step is Adam's, with other scalars; those before have no root.
from libc.math cimport sqrt

from fastgd.kernels.decay cimport corrected
from fastgd.kernels.exact cimport power
from fastgd.kernels.real cimport mean, real, with_l2
from fastgd.kernels.rules.adam cimport AdamScalars

ctypedef struct Radam "fastgd_Radam":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double decoupled_weight_decay
    double maximize
    double eps_root
    double corrected_weight_decay   # the largest learning rate, or 0

cdef enum RadamRules:
    ADAM_UNRECTIFIED
    ADAM


cdef inline int fold_radam(AdamScalars* s, double grad_scale, long long t,
                           const Radam* h, double* carry) noexcept nogil:
    cdef double decay = corrected(h.weight_decay, h.lr, h.corrected_weight_decay)
    cdef double beta2_t = power(h.beta2, t), c2 = 1.0 - beta2_t
    cdef double rho_inf = 2.0 / (1.0 - h.beta2) - 1.0
    cdef double rho = rho_inf - 2.0 * <double>t * beta2_t / c2
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.l2 = 0.0 if h.decoupled_weight_decay else decay
    s.keep = 1.0 - h.lr * decay if h.decoupled_weight_decay else 1.0
    s.beta1 = h.beta1
    s.one_minus_beta1 = 1.0 - h.beta1
    s.beta2 = h.beta2
    s.one_minus_beta2 = 1.0 - h.beta2
    s.eps_root = h.eps_root
    s.eps = h.eps
    s.step_size = h.lr / (1.0 - power(h.beta1, t))
    if not rho > 5.0:
        return ADAM_UNRECTIFIED
    s.step_size *= sqrt((rho - 4.0) * (rho - 2.0) * rho_inf / ((rho_inf - 4.0) * (rho_inf - 2.0) * rho) * c2)
    return ADAM


cdef inline void adam_unrectified(real* restrict param, const real* restrict grad,
                                  real* restrict exp_avg, real* restrict exp_avg_sq,
                                  Py_ssize_t n, const AdamScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, keep = <real>s.keep
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real step_size = <real>s.step_size
    cdef real g, m
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        m = mean(exp_avg[i], g, beta1, one_minus_beta1)
        exp_avg[i] = m
        exp_avg_sq[i] = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        param[i] = keep * param[i] - step_size * m
