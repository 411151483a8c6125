# SignSGD and Signum: Bernstein et al. 2018.
from fastgd.kernels.real cimport real, signed, with_l2

ctypedef struct SignScalars:
    double grad_scale
    double l2
    double step_size

ctypedef struct SignMomentumScalars:
    double grad_scale
    double l2
    double momentum
    double one_minus_momentum
    double step_size


cdef inline void fold_sign_sgd(SignScalars* s, double grad_scale, long long t,
                               double lr, double weight_decay, bint maximize) noexcept nogil:
    s.grad_scale = -grad_scale if maximize else grad_scale
    s.l2 = weight_decay
    s.step_size = lr


cdef inline void fold_sign_momentum(SignMomentumScalars* s, double grad_scale, long long t,
                                    double lr, double momentum, double weight_decay, bint maximize) noexcept nogil:
    s.grad_scale = -grad_scale if maximize else grad_scale
    s.l2 = weight_decay
    s.momentum = momentum
    s.one_minus_momentum = 1.0 - momentum
    s.step_size = lr


cdef inline void sign_sgd(real* restrict param, const real* restrict grad,
                          Py_ssize_t n, const SignScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, step_size = <real>s.step_size
    cdef Py_ssize_t i
    for i in range(n):
        param[i] = param[i] - signed(step_size, with_l2(grad_scale * grad[i], param[i], l2))


cdef inline void sign_momentum(real* restrict param, const real* restrict grad, real* restrict momentum_buffer,
                               Py_ssize_t n, const SignMomentumScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, step_size = <real>s.step_size
    cdef real momentum = <real>s.momentum, one_minus_momentum = <real>s.one_minus_momentum
    cdef real g, b
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        b = momentum * momentum_buffer[i] + one_minus_momentum * g
        momentum_buffer[i] = b
        param[i] = param[i] - signed(step_size, b)
