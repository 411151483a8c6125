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
