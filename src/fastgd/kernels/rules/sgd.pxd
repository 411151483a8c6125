# Stochastic gradient descent; momentum after Polyak 1964, Nesterov's form after Sutskever et al. 2013.
from fastgd.kernels.real cimport real, with_l2

ctypedef struct SgdScalars:
    double grad_scale
    double l2
    double step_size

ctypedef struct SgdMomentumScalars:
    double grad_scale
    double l2
    double decay        # of the buffer; 0 on the step that starts it
    double gain         # of the gradient into the buffer
    double step_size

ctypedef struct SgdNesterovScalars:
    double grad_scale
    double l2
    double decay
    double gain
    double momentum     # of the new buffer in the look-ahead
    double ahead        # of the gradient in the look-ahead
    double step_size


cdef inline void fold_sgd(SgdScalars* s, double grad_scale, long long t,
                          double lr, double weight_decay, bint maximize) noexcept nogil:
    s.grad_scale = -grad_scale if maximize else grad_scale
    s.l2 = weight_decay
    s.step_size = lr


cdef inline void fold_sgd_momentum(SgdMomentumScalars* s, double grad_scale, long long t,
                                   double lr, double momentum, double dampening, double weight_decay,
                                   bint maximize, bint ema) noexcept nogil:
    """Step 1 starts the buffer."""
    s.grad_scale = -grad_scale if maximize else grad_scale
    s.l2 = weight_decay
    if ema:
        s.decay = momentum
        s.gain = 1.0 - momentum
    else:
        s.decay = 0.0 if t == 1 else momentum
        s.gain = 1.0 if t == 1 else 1.0 - dampening
    s.step_size = lr


cdef inline void fold_sgd_nesterov(SgdNesterovScalars* s, double grad_scale, long long t,
                                   double lr, double momentum, double weight_decay,
                                   bint maximize, bint ema) noexcept nogil:
    cdef SgdMomentumScalars plain
    fold_sgd_momentum(&plain, grad_scale, t, lr, momentum, 0.0, weight_decay, maximize, ema)
    s.grad_scale = plain.grad_scale
    s.l2 = plain.l2
    s.decay = plain.decay
    s.gain = plain.gain
    s.momentum = momentum
    s.ahead = plain.gain if ema else 1.0
    s.step_size = plain.step_size


cdef inline void sgd(real* restrict param, const real* restrict grad,
                     Py_ssize_t n, const SgdScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, step_size = <real>s.step_size
    cdef real g
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        param[i] = param[i] - step_size * g


cdef inline void sgd_momentum(real* restrict param, const real* restrict grad, real* restrict momentum_buffer,
                              Py_ssize_t n, const SgdMomentumScalars* s) noexcept nogil:
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
                              Py_ssize_t n, const SgdNesterovScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, step_size = <real>s.step_size
    cdef real decay = <real>s.decay, gain = <real>s.gain, momentum = <real>s.momentum, ahead = <real>s.ahead
    cdef real g, b
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        b = decay * momentum_buffer[i] + gain * g
        momentum_buffer[i] = b
        param[i] = param[i] - step_size * (ahead * g + momentum * b)
