# NovoGrad: Ginsburg et al. 2019, Algorithm 1. The first pass measures the gradient; its second moment is one number for
# each parameter, and what the second pass divides by.
from libc.math cimport sqrt

from fastgd.kernels.real cimport real, with_l2

ctypedef struct Novograd "fastgd_Novograd":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double grad_averaging
    double maximize

ctypedef struct NovogradScalars:
    double grad_scale
    double decay            # part of what is averaged
    double beta1
    double grad_weight
    double beta2
    double one_minus_beta2
    double step_size
    double eps
    double inverse          # of the root of the second moment, once that is settled

# What is kept for each parameter; zeros before the first step.
ctypedef struct NovogradMemory:
    double exp_avg_sq

cdef enum NovogradRules:
    NOVOGRAD


cdef inline int fold_novograd(NovogradScalars* s, double grad_scale, long long t,
                              const Novograd* h, double* carry) noexcept nogil:
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.decay = h.weight_decay
    s.beta1 = h.beta1
    s.grad_weight = 1.0 - h.beta1 if h.grad_averaging else 1.0
    s.beta2 = h.beta2
    s.one_minus_beta2 = 1.0 - h.beta2
    s.step_size = h.lr
    s.eps = h.eps
    s.inverse = 0.0
    return NOVOGRAD


cdef inline void novograd_measure(real* restrict param, const real* restrict grad, real* restrict exp_avg,
                                  double* restrict grad_squares,
                                  Py_ssize_t n, const NovogradScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, g
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        grad_squares[i] = <double>g * <double>g


cdef inline void settle_novograd(NovogradScalars* s, const double* sums, Py_ssize_t n, double* memory) noexcept nogil:
    cdef double v = memory[0]
    v = s.beta2 * v + s.one_minus_beta2 * sums[0] if v != 0 else sums[0]
    memory[0] = v
    s.inverse = 1.0 / (sqrt(v) + s.eps)


cdef inline void novograd(real* restrict param, const real* restrict grad, real* restrict exp_avg,
                          Py_ssize_t n, const NovogradScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, decay = <real>s.decay, inverse = <real>s.inverse
    cdef real beta1 = <real>s.beta1, grad_weight = <real>s.grad_weight, step_size = <real>s.step_size
    cdef real m
    cdef Py_ssize_t i
    for i in range(n):
        m = beta1 * exp_avg[i] + grad_weight * with_l2(inverse * (grad_scale * grad[i]), param[i], decay)
        exp_avg[i] = m
        param[i] = param[i] - step_size * m
