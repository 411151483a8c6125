# SignSGD and Signum: Bernstein et al. 2018; with decoupled decay, as in Tiger (Su 2023).
from fastgd.kernels.decay cimport corrected
from fastgd.kernels.real cimport real, signed, with_l2

ctypedef struct SignSgd "fastgd_SignSgd":
    double lr
    double momentum
    double weight_decay
    double maximize
    double decoupled_weight_decay
    double corrected_weight_decay   # the largest learning rate, or 0

ctypedef struct SignSgdScalars:
    double grad_scale
    double l2
    double keep         # 1 - lr * weight_decay, where the decay is decoupled
    double momentum
    double one_minus_momentum
    double step_size

cdef enum SignSgdRules:
    SIGN_SGD
    SIGN_MOMENTUM


cdef inline int fold_sign_sgd(SignSgdScalars* s, double grad_scale, long long t,
                              const SignSgd* h, double* carry) noexcept nogil:
    cdef double decay = corrected(h.weight_decay, h.lr, h.corrected_weight_decay)
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.l2 = 0.0 if h.decoupled_weight_decay else decay
    s.keep = 1.0 - h.lr * decay if h.decoupled_weight_decay else 1.0
    s.momentum = h.momentum
    s.one_minus_momentum = 1.0 - h.momentum
    s.step_size = h.lr
    return SIGN_SGD if h.momentum == 0 else SIGN_MOMENTUM


cdef inline void sign_sgd(real* restrict param, const real* restrict grad,
                          Py_ssize_t n, const SignSgdScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, keep = <real>s.keep, step_size = <real>s.step_size
    cdef Py_ssize_t i
    for i in range(n):
        param[i] = keep * param[i] - signed(step_size, with_l2(grad_scale * grad[i], param[i], l2))


cdef inline void sign_momentum(real* restrict param, const real* restrict grad, real* restrict momentum_buffer,
                               Py_ssize_t n, const SignSgdScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, keep = <real>s.keep, step_size = <real>s.step_size
    cdef real momentum = <real>s.momentum, one_minus_momentum = <real>s.one_minus_momentum
    cdef real g, b
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        b = momentum * momentum_buffer[i] + one_minus_momentum * g
        momentum_buffer[i] = b
        param[i] = keep * param[i] - signed(step_size, b)
