# ADOPT: Taniguchi et al. 2024, Algorithm 2, with the clipping of the authors' code.
from fastgd.kernels.caution cimport agreement, enlarged
from fastgd.kernels.decay cimport corrected
from fastgd.kernels.exact cimport real_power
from fastgd.kernels.real cimport bounded, larger, mean, real, root

ctypedef struct Adopt "fastgd_Adopt":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double clip_exponent
    double maximize
    double cautious
    double corrected_weight_decay   # the largest learning rate, or 0

ctypedef struct AdoptScalars:
    double grad_scale
    double keep         # 1 - lr * weight_decay
    double beta1
    double one_minus_beta1
    double beta2
    double one_minus_beta2
    double step_size
    double eps
    double bound        # of the normalized gradient

cdef enum AdoptRules:
    ADOPT
    ADOPT_CAUTIOUS


cdef inline int fold_adopt(AdoptScalars* s, double grad_scale, long long t,
                           const Adopt* h, double* carry) noexcept nogil:
    # The first step only squares the gradient into the second moment: its normalized gradient is clipped to 0.
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.keep = 1.0 - h.lr * corrected(h.weight_decay, h.lr, h.corrected_weight_decay) if t > 1 else 1.0
    s.beta1 = h.beta1
    s.one_minus_beta1 = 1.0 - h.beta1
    s.beta2 = h.beta2 if t > 1 else 0.0
    s.one_minus_beta2 = 1.0 - s.beta2
    s.step_size = h.lr
    s.eps = h.eps
    s.bound = real_power(<double>(t - 1), h.clip_exponent) if t > 1 else 0.0
    return ADOPT_CAUTIOUS if h.cautious else ADOPT


cdef inline void adopt(real* restrict param, const real* restrict grad,
                       real* restrict exp_avg, real* restrict exp_avg_sq,
                       Py_ssize_t n, const AdoptScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, keep = <real>s.keep
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real step_size = <real>s.step_size, eps = <real>s.eps, bound = <real>s.bound
    cdef real g, m
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        m = bounded(g / larger(root(exp_avg_sq[i]), eps), bound)
        m = mean(exp_avg[i], m, beta1, one_minus_beta1)
        exp_avg[i] = m
        exp_avg_sq[i] = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        param[i] = keep * param[i] - step_size * m


cdef inline void adopt_cautious_measure(real* restrict param, const real* restrict grad,
                                        real* restrict exp_avg, real* restrict exp_avg_sq, double* restrict agreeing,
                                        Py_ssize_t n, const AdoptScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, eps = <real>s.eps, bound = <real>s.bound
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real g, m
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        m = bounded(g / larger(root(exp_avg_sq[i]), eps), bound)
        agreeing[i] = <double>agreement(mean(exp_avg[i], m, beta1, one_minus_beta1), g)


cdef inline void settle_adopt_cautious(AdoptScalars* s, const double* sums, Py_ssize_t n,
                                       double* memory) noexcept nogil:
    s.step_size = enlarged(s.step_size, sums[0], n)


cdef inline void adopt_cautious(real* restrict param, const real* restrict grad,
                                real* restrict exp_avg, real* restrict exp_avg_sq,
                                Py_ssize_t n, const AdoptScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, keep = <real>s.keep
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real step_size = <real>s.step_size, eps = <real>s.eps, bound = <real>s.bound
    cdef real g, m
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        m = bounded(g / larger(root(exp_avg_sq[i]), eps), bound)
        m = mean(exp_avg[i], m, beta1, one_minus_beta1)
        exp_avg[i] = m
        exp_avg_sq[i] = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        param[i] = keep * param[i] - step_size * (m * agreement(m, g))
