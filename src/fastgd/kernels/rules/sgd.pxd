# Stochastic gradient descent; momentum after Polyak 1964, Nesterov's form after Sutskever et al. 2013.
from fastgd.kernels.real cimport real, with_l2

ctypedef struct Sgd "fastgd_Sgd":
    double lr
    double momentum
    double dampening
    double weight_decay
    double nesterov
    double maximize
    double momentum_form    # 0 heavy_ball, 1 ema

ctypedef struct SgdScalars:
    double grad_scale
    double l2
    double decay        # of the buffer; 0 on the step that starts it
    double gain         # of the gradient into the buffer
    double momentum     # of the new buffer in Nesterov's look-ahead
    double ahead        # of the gradient in the look-ahead
    double step_size

# What goes from step to step; zeros before the first.
ctypedef struct SgdCarry:
    double started      # 1 once the buffer has been started

cdef enum SgdRules:
    SGD
    SGD_MOMENTUM
    SGD_NESTEROV


cdef inline int fold_sgd(SgdScalars* s, double grad_scale, long long t, const Sgd* h, SgdCarry* carry) noexcept nogil:
    cdef bint ema = h.momentum_form != 0
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.l2 = h.weight_decay
    s.step_size = h.lr
    if h.momentum == 0:
        return SGD
    s.decay = h.momentum
    s.gain = 1.0 - h.momentum if ema else 1.0 - h.dampening
    if not ema and carry.started == 0:
        s.decay = 0.0
        s.gain = 1.0
    s.momentum = h.momentum
    s.ahead = s.gain if ema else 1.0
    carry.started = 1.0
    return SGD_NESTEROV if h.nesterov else SGD_MOMENTUM


cdef inline void sgd(real* restrict param, const real* restrict grad,
                     Py_ssize_t n, const SgdScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, step_size = <real>s.step_size
    cdef real g
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        param[i] = param[i] - step_size * g


cdef inline void sgd_momentum(real* restrict param, const real* restrict grad, real* restrict momentum_buffer,
                              Py_ssize_t n, const SgdScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, step_size = <real>s.step_size
    cdef real decay = <real>s.decay, gain = <real>s.gain
    cdef real g, b
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        b = decay * momentum_buffer[i] + gain * g
        momentum_buffer[i] = b
        param[i] = param[i] - step_size * b


cdef inline void sgd_nesterov(real* restrict param, const real* restrict grad, real* restrict momentum_buffer,
                              Py_ssize_t n, const SgdScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, step_size = <real>s.step_size
    cdef real decay = <real>s.decay, gain = <real>s.gain, momentum = <real>s.momentum, ahead = <real>s.ahead
    cdef real g, b
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        b = decay * momentum_buffer[i] + gain * g
        momentum_buffer[i] = b
        param[i] = param[i] - step_size * (ahead * g + momentum * b)
