# Averaged stochastic gradient descent: Polyak & Juditsky 1992; the schedule of Bottou 2010.
from libc.math cimport pow

from fastgd.kernels.real cimport real, with_l2

ctypedef struct AsgdScalars:
    double grad_scale
    double l2
    double keep         # 1 - lambd * eta
    double step_size    # eta
    double mu


cdef inline bint fold_asgd(AsgdScalars* s, double grad_scale, long long t, double* eta, double* mu,
                           double lr, double lambd, double alpha, double t0, double weight_decay,
                           bint maximize) noexcept nogil:
    """
    Whether the average has begun, by the rule asgd_average; if not, the rule is asgd.

    eta, mu: of this step, in step 1 not read; become those of the next.
    """
    s.grad_scale = -grad_scale if maximize else grad_scale
    s.l2 = weight_decay
    s.step_size = eta[0] if t > 1 else lr
    s.mu = mu[0] if t > 1 else 1.0
    s.keep = 1.0 - lambd * s.step_size
    eta[0] = lr / pow(1.0 + lambd * lr * <double>t, alpha)
    mu[0] = 1.0 / max(1.0, <double>t - t0)
    return s.mu != 1.0


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
