# Adamax: Kingma & Ba 2015, Algorithm 2.
from fastgd.kernels.exact cimport power
from fastgd.kernels.real cimport larger, magnitude, mean, real, with_l2

ctypedef struct Adamax "fastgd_Adamax":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double maximize

ctypedef struct AdamaxScalars:
    double grad_scale
    double l2
    double beta1
    double one_minus_beta1
    double beta2
    double step_size
    double eps

cdef enum AdamaxRules:
    ADAMAX


cdef inline int fold_adamax(AdamaxScalars* s, double grad_scale, long long t,
                            const Adamax* h, double* carry) noexcept nogil:
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.l2 = h.weight_decay
    s.beta1 = h.beta1
    s.one_minus_beta1 = 1.0 - h.beta1
    s.beta2 = h.beta2
    s.step_size = h.lr / (1.0 - power(h.beta1, t))
    s.eps = h.eps
    return ADAMAX


cdef inline void adamax(real* restrict param, const real* restrict grad,
                        real* restrict exp_avg, real* restrict exp_inf,
                        Py_ssize_t n, const AdamaxScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, step_size = <real>s.step_size
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, eps = <real>s.eps
    cdef real g, m, u
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        m = mean(exp_avg[i], g, beta1, one_minus_beta1)
        u = larger(beta2 * exp_inf[i], magnitude(g) + eps)
        exp_avg[i] = m
        exp_inf[i] = u
        param[i] = param[i] - step_size * m / u
