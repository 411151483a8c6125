# RMSprop: Tieleman & Hinton 2012; centered as in Graves 2013, section 4.2.
from fastgd.kernels.real cimport larger, mean, real, root, with_l2

ctypedef struct Rmsprop "fastgd_Rmsprop":
    double lr
    double alpha
    double eps
    double weight_decay
    double momentum
    double centered
    double maximize
    double eps_root

ctypedef struct RmspropScalars:
    double grad_scale
    double l2
    double alpha
    double one_minus_alpha
    double momentum
    double step_size
    double eps_root
    double eps

cdef enum RmspropRules:
    RMSPROP
    RMSPROP_MOMENTUM
    RMSPROP_CENTERED
    RMSPROP_CENTERED_MOMENTUM


cdef inline int fold_rmsprop(RmspropScalars* s, double grad_scale, long long t,
                             const Rmsprop* h, double* carry) noexcept nogil:
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.l2 = h.weight_decay
    s.alpha = h.alpha
    s.one_minus_alpha = 1.0 - h.alpha
    s.momentum = h.momentum
    s.step_size = h.lr
    s.eps_root = h.eps_root
    s.eps = h.eps
    if h.momentum == 0:
        return RMSPROP_CENTERED if h.centered else RMSPROP
    return RMSPROP_CENTERED_MOMENTUM if h.centered else RMSPROP_MOMENTUM


cdef inline real variance(real square_avg, real grad_avg) noexcept nogil:
    # Rounding can make it negative where the gradient is constant.
    cdef real zero = 0
    return larger(square_avg - grad_avg * grad_avg, zero)


cdef inline void rmsprop(real* restrict param, const real* restrict grad, real* restrict square_avg,
                         Py_ssize_t n, const RmspropScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, step_size = <real>s.step_size
    cdef real alpha = <real>s.alpha, one_minus_alpha = <real>s.one_minus_alpha
    cdef real eps_root = <real>s.eps_root, eps = <real>s.eps
    cdef real g, v
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        v = alpha * square_avg[i] + one_minus_alpha * g * g
        square_avg[i] = v
        param[i] = param[i] - step_size * g / (root(v + eps_root) + eps)


cdef inline void rmsprop_momentum(real* restrict param, const real* restrict grad,
                                  real* restrict square_avg, real* restrict momentum_buffer,
                                  Py_ssize_t n, const RmspropScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, step_size = <real>s.step_size
    cdef real alpha = <real>s.alpha, one_minus_alpha = <real>s.one_minus_alpha, momentum = <real>s.momentum
    cdef real eps_root = <real>s.eps_root, eps = <real>s.eps
    cdef real g, v, b
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        v = alpha * square_avg[i] + one_minus_alpha * g * g
        b = momentum * momentum_buffer[i] + g / (root(v + eps_root) + eps)
        square_avg[i] = v
        momentum_buffer[i] = b
        param[i] = param[i] - step_size * b


cdef inline void rmsprop_centered(real* restrict param, const real* restrict grad,
                                  real* restrict square_avg, real* restrict grad_avg,
                                  Py_ssize_t n, const RmspropScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, step_size = <real>s.step_size
    cdef real alpha = <real>s.alpha, one_minus_alpha = <real>s.one_minus_alpha
    cdef real eps_root = <real>s.eps_root, eps = <real>s.eps
    cdef real g, v, a
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        v = alpha * square_avg[i] + one_minus_alpha * g * g
        a = mean(grad_avg[i], g, alpha, one_minus_alpha)
        square_avg[i] = v
        grad_avg[i] = a
        param[i] = param[i] - step_size * g / (root(variance(v, a) + eps_root) + eps)


cdef inline void rmsprop_centered_momentum(real* restrict param, const real* restrict grad,
                                           real* restrict square_avg, real* restrict grad_avg,
                                           real* restrict momentum_buffer,
                                           Py_ssize_t n, const RmspropScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, step_size = <real>s.step_size
    cdef real alpha = <real>s.alpha, one_minus_alpha = <real>s.one_minus_alpha, momentum = <real>s.momentum
    cdef real eps_root = <real>s.eps_root, eps = <real>s.eps
    cdef real g, v, a, b
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        v = alpha * square_avg[i] + one_minus_alpha * g * g
        a = mean(grad_avg[i], g, alpha, one_minus_alpha)
        b = momentum * momentum_buffer[i] + g / (root(variance(v, a) + eps_root) + eps)
        square_avg[i] = v
        grad_avg[i] = a
        momentum_buffer[i] = b
        param[i] = param[i] - step_size * b
