# Averaged stochastic gradient descent: Polyak & Juditsky 1992; the schedule of Bottou 2010.
from fastgd.kernels.real cimport real, with_l2

ctypedef struct AsgdScalars:
    double grad_scale
    double l2
    double keep         # 1 - lambd * eta
    double step_size    # eta
    double mu


cdef inline void asgd(real* restrict param, const real* restrict grad, real* restrict ax,
                      Py_ssize_t n, const AsgdScalars* s) noexcept nogil:
    # Before averaging begins (mu = 1) the average is the parameter itself.
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2
    cdef real keep = <real>s.keep, step_size = <real>s.step_size
    cdef real p
    cdef Py_ssize_t i
    for i in range(n):
        p = keep * param[i] - step_size * with_l2(grad_scale * grad[i], param[i], l2)
        param[i] = p
        ax[i] = p


cdef inline void asgd_average(real* restrict param, const real* restrict grad, real* restrict ax,
                              Py_ssize_t n, const AsgdScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2
    cdef real keep = <real>s.keep, step_size = <real>s.step_size, mu = <real>s.mu
    cdef real p
    cdef Py_ssize_t i
    for i in range(n):
        p = keep * param[i] - step_size * with_l2(grad_scale * grad[i], param[i], l2)
        param[i] = p
        ax[i] = ax[i] + (p - ax[i]) * mu
