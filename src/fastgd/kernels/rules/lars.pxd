# LARS: You, Gitman & Ginsburg 2017, Algorithm 1. The first pass measures the parameter and its gradient, the second is
# SGD with momentum on the gradient times the ratio that is settled.
from libc.math cimport sqrt

from fastgd.kernels.real cimport real, with_l2

ctypedef struct Lars "fastgd_Lars":
    double lr
    double momentum
    double dampening
    double weight_decay
    double nesterov
    double trust_coefficient
    double eps
    double always_adapt
    double trust_clip
    double maximize

ctypedef struct LarsScalars:
    double grad_scale
    double l2
    double momentum
    double grad_weight      # of the gradient in the buffer: 1 on the first step, then 1 - dampening
    double step_size
    double trust_coefficient
    double eps
    double adapts
    double trust_clip
    double ratio            # 1, until it is settled

cdef enum LarsRules:
    LARS
    LARS_NESTEROV


cdef inline int fold_lars(LarsScalars* s, double grad_scale, long long t, const Lars* h, double* carry) noexcept nogil:
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.l2 = h.weight_decay
    s.momentum = h.momentum
    s.grad_weight = 1.0 if t == 1 or h.momentum == 0 else 1.0 - h.dampening
    s.step_size = h.lr
    s.trust_coefficient = h.trust_coefficient
    s.eps = h.eps
    s.adapts = h.weight_decay != 0 or h.always_adapt != 0
    s.trust_clip = h.trust_clip
    s.ratio = 1.0
    return LARS_NESTEROV if h.nesterov else LARS


cdef inline void lars_measure(real* restrict param, const real* restrict grad, real* restrict momentum_buffer,
                              double* restrict param_squares, double* restrict grad_squares,
                              Py_ssize_t n, const LarsScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, g
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        param_squares[i] = <double>param[i] * <double>param[i]
        grad_squares[i] = <double>g * <double>g


cdef inline void settle_lars(LarsScalars* s, const double* sums, Py_ssize_t n, double* memory) noexcept nogil:
    cdef double param_norm = sqrt(sums[0]), grad_norm = sqrt(sums[1])
    if s.adapts and param_norm > 0 and grad_norm > 0:
        s.ratio = s.trust_coefficient * param_norm / (grad_norm + param_norm * s.l2 + s.eps)
    if s.adapts and s.trust_clip:
        s.ratio = min(s.ratio / s.step_size, 1.0)


cdef inline void lars(real* restrict param, const real* restrict grad, real* restrict momentum_buffer,
                      Py_ssize_t n, const LarsScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, ratio = <real>s.ratio
    cdef real momentum = <real>s.momentum, grad_weight = <real>s.grad_weight, step_size = <real>s.step_size
    cdef real d, b
    cdef Py_ssize_t i
    for i in range(n):
        d = ratio * with_l2(grad_scale * grad[i], param[i], l2)
        b = momentum * momentum_buffer[i] + grad_weight * d
        momentum_buffer[i] = b
        param[i] = param[i] - step_size * b


cdef inline void lars_nesterov_measure(real* restrict param, const real* restrict grad,
                                       real* restrict momentum_buffer,
                                       double* restrict param_squares, double* restrict grad_squares,
                                       Py_ssize_t n, const LarsScalars* s) noexcept nogil:
    lars_measure(param, grad, momentum_buffer, param_squares, grad_squares, n, s)


cdef inline void settle_lars_nesterov(LarsScalars* s, const double* sums, Py_ssize_t n, double* memory) noexcept nogil:
    settle_lars(s, sums, n, memory)


cdef inline void lars_nesterov(real* restrict param, const real* restrict grad, real* restrict momentum_buffer,
                               Py_ssize_t n, const LarsScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, ratio = <real>s.ratio
    cdef real momentum = <real>s.momentum, grad_weight = <real>s.grad_weight, step_size = <real>s.step_size
    cdef real d, b
    cdef Py_ssize_t i
    for i in range(n):
        d = ratio * with_l2(grad_scale * grad[i], param[i], l2)
        b = momentum * momentum_buffer[i] + grad_weight * d
        momentum_buffer[i] = b
        param[i] = param[i] - step_size * (d + momentum * b)
