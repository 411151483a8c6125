# Adadelta: Zeiler 2012, Algorithm 1; eps stands inside both roots.
from fastgd.kernels.real cimport real, root, with_l2

ctypedef struct Adadelta "fastgd_Adadelta":
    double lr
    double rho
    double eps
    double weight_decay
    double maximize

ctypedef struct AdadeltaScalars:
    double grad_scale
    double l2
    double rho
    double one_minus_rho
    double step_size
    double eps

cdef enum AdadeltaRules:
    ADADELTA


cdef inline int fold_adadelta(AdadeltaScalars* s, double grad_scale, long long t,
                              const Adadelta* h, double* carry) noexcept nogil:
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.l2 = h.weight_decay
    s.rho = h.rho
    s.one_minus_rho = 1.0 - h.rho
    s.step_size = h.lr
    s.eps = h.eps
    return ADADELTA


cdef inline void adadelta(real* restrict param, const real* restrict grad,
                          real* restrict square_avg, real* restrict acc_delta,
                          Py_ssize_t n, const AdadeltaScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, step_size = <real>s.step_size
    cdef real rho = <real>s.rho, one_minus_rho = <real>s.one_minus_rho, eps = <real>s.eps
    cdef real g, v, delta
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        v = rho * square_avg[i] + one_minus_rho * g * g
        delta = root((acc_delta[i] + eps) / (v + eps)) * g
        square_avg[i] = v
        acc_delta[i] = rho * acc_delta[i] + one_minus_rho * delta * delta
        param[i] = param[i] - step_size * delta
