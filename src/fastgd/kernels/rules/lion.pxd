# Lion: Chen et al. 2023, Algorithm 2; cautious: caution.pxd.
from fastgd.kernels.caution cimport agreement, enlarged
from fastgd.kernels.decay cimport corrected
from fastgd.kernels.real cimport real, signed

ctypedef struct Lion "fastgd_Lion":
    double lr
    double beta1
    double beta2
    double weight_decay
    double maximize
    double cautious
    double corrected_weight_decay   # the largest learning rate, or 0

ctypedef struct LionScalars:
    double grad_scale
    double keep         # 1 - lr * weight_decay
    double beta1
    double one_minus_beta1
    double beta2
    double one_minus_beta2
    double step_size

cdef enum LionRules:
    LION
    LION_CAUTIOUS


cdef inline int fold_lion(LionScalars* s, double grad_scale, long long t, const Lion* h, double* carry) noexcept nogil:
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.keep = 1.0 - h.lr * corrected(h.weight_decay, h.lr, h.corrected_weight_decay)
    s.beta1 = h.beta1
    s.one_minus_beta1 = 1.0 - h.beta1
    s.beta2 = h.beta2
    s.one_minus_beta2 = 1.0 - h.beta2
    s.step_size = h.lr
    return LION_CAUTIOUS if h.cautious else LION


cdef inline void lion(real* restrict param, const real* restrict grad, real* restrict momentum_buffer,
                      Py_ssize_t n, const LionScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, keep = <real>s.keep, step_size = <real>s.step_size
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real g, m
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        m = momentum_buffer[i]
        momentum_buffer[i] = beta2 * m + one_minus_beta2 * g
        param[i] = keep * param[i] - signed(step_size, beta1 * m + one_minus_beta1 * g)


cdef inline void lion_cautious_measure(real* restrict param, const real* restrict grad,
                                       real* restrict momentum_buffer, double* restrict agreeing,
                                       Py_ssize_t n, const LionScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real g
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        agreeing[i] = <double>agreement(beta1 * momentum_buffer[i] + one_minus_beta1 * g, g)


cdef inline void settle_lion_cautious(LionScalars* s, const double* sums, Py_ssize_t n, double* memory) noexcept nogil:
    s.step_size = enlarged(s.step_size, sums[0], n)


cdef inline void lion_cautious(real* restrict param, const real* restrict grad, real* restrict momentum_buffer,
                               Py_ssize_t n, const LionScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, keep = <real>s.keep, step_size = <real>s.step_size
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real g, m, u
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        m = momentum_buffer[i]
        u = beta1 * m + one_minus_beta1 * g
        momentum_buffer[i] = beta2 * m + one_minus_beta2 * g
        param[i] = keep * param[i] - signed(step_size, u) * agreement(u, g)
