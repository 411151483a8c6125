# AdaPNM: Xie et al. 2021, Algorithm 2: two momenta, each of every other step's gradients, of which one is subtracted.
# The one that odd steps move is `exp_avg`, and `neg_exp_avg` that of even steps.
from libc.math cimport sqrt

from fastgd.kernels.decay cimport corrected
from fastgd.kernels.exact cimport power
from fastgd.kernels.real cimport larger, mean, real, root

ctypedef struct AdaPnm "fastgd_AdaPnm":
    double lr
    double beta1
    double beta2
    double beta3
    double eps
    double weight_decay
    double ams_bound
    double maximize
    double corrected_weight_decay   # the largest learning rate, or 0

ctypedef struct AdaPnmScalars:
    double grad_scale
    double keep         # 1 - lr * weight_decay
    double beta1        # squared: a momentum moves at every other step
    double one_minus_beta1
    double beta2
    double one_minus_beta2
    double ahead        # of the momentum that has moved, with the rate and both corrections
    double behind       # of the other one
    double eps
    double odd          # 1 on odd steps, 0 on even ones

cdef enum AdaPnmRules:
    ADA_PNM
    ADA_PNM_BOUND


cdef inline real chosen(real on_odd, real on_even, real odd) noexcept nogil:
    return on_odd if odd != 0 else on_even


cdef inline int fold_ada_pnm(AdaPnmScalars* s, double grad_scale, long long t,
                             const AdaPnm* h, double* carry) noexcept nogil:
    cdef double root_c2 = sqrt(1.0 - power(h.beta2, t))
    cdef double noise = sqrt((1.0 + h.beta3) * (1.0 + h.beta3) + h.beta3 * h.beta3)
    cdef double step = h.lr * root_c2 / (1.0 - power(h.beta1, t)) / noise
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.keep = 1.0 - h.lr * corrected(h.weight_decay, h.lr, h.corrected_weight_decay)
    s.beta1 = h.beta1 * h.beta1
    s.one_minus_beta1 = 1.0 - s.beta1
    s.beta2 = h.beta2
    s.one_minus_beta2 = 1.0 - h.beta2
    s.ahead = step * (1.0 + h.beta3)
    s.behind = step * h.beta3
    s.eps = h.eps * root_c2
    s.odd = <double>(t % 2)
    return ADA_PNM_BOUND if h.ams_bound else ADA_PNM


cdef inline void ada_pnm(real* restrict param, const real* restrict grad,
                         real* restrict exp_avg, real* restrict neg_exp_avg, real* restrict exp_avg_sq,
                         Py_ssize_t n, const AdaPnmScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, keep = <real>s.keep
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real ahead = <real>s.ahead, behind = <real>s.behind, eps = <real>s.eps, odd = <real>s.odd
    cdef real g, m, other, v
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        m = mean(chosen(exp_avg[i], neg_exp_avg[i], odd), g, beta1, one_minus_beta1)
        other = chosen(neg_exp_avg[i], exp_avg[i], odd)
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        exp_avg[i] = chosen(m, other, odd)
        neg_exp_avg[i] = chosen(other, m, odd)
        exp_avg_sq[i] = v
        param[i] = keep * param[i] - (ahead * m - behind * other) / (root(v) + eps)


cdef inline void ada_pnm_bound(real* restrict param, const real* restrict grad,
                               real* restrict exp_avg, real* restrict neg_exp_avg, real* restrict exp_avg_sq,
                               real* restrict max_exp_avg_sq,
                               Py_ssize_t n, const AdaPnmScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, keep = <real>s.keep
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real ahead = <real>s.ahead, behind = <real>s.behind, eps = <real>s.eps, odd = <real>s.odd
    cdef real g, m, other, v, v_max
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        m = mean(chosen(exp_avg[i], neg_exp_avg[i], odd), g, beta1, one_minus_beta1)
        other = chosen(neg_exp_avg[i], exp_avg[i], odd)
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        v_max = larger(max_exp_avg_sq[i], v)
        exp_avg[i] = chosen(m, other, odd)
        neg_exp_avg[i] = chosen(other, m, odd)
        exp_avg_sq[i] = v
        max_exp_avg_sq[i] = v_max
        param[i] = keep * param[i] - (ahead * m - behind * other) / (root(v_max) + eps)
