# MADGRAD: Defazio & Jelassi 2021, Algorithm 1, with the authors' eps in the rate.
from libc.math cimport sqrt

from fastgd.kernels.elementary cimport cube_root
from fastgd.kernels.real cimport begun_with, mean, real, with_l2

ctypedef struct Madgrad "fastgd_Madgrad":
    double lr
    double momentum
    double weight_decay
    double eps
    double maximize

ctypedef struct MadgradScalars:
    double grad_scale
    double begun        # 0 on the first step, then 1
    double l2
    double weight       # of this gradient in the sums
    double momentum
    double one_minus_momentum
    double eps

cdef enum MadgradRules:
    MADGRAD


cdef inline int fold_madgrad(MadgradScalars* s, double grad_scale, long long t,
                             const Madgrad* h, double* carry) noexcept nogil:
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.begun = 0.0 if t == 1 else 1.0
    s.l2 = h.weight_decay
    s.weight = (h.lr + h.eps) * sqrt(<double>t) if h.lr > 0 else 0.0
    s.momentum = h.momentum
    s.one_minus_momentum = 1.0 - h.momentum
    s.eps = h.eps
    return MADGRAD


cdef inline void madgrad(real* restrict param, const real* restrict grad,
                         real* restrict grad_sum_sq, real* restrict s, real* restrict x0,
                         Py_ssize_t n, const MadgradScalars* scalars) noexcept nogil:
    cdef real grad_scale = <real>scalars.grad_scale, begun = <real>scalars.begun, l2 = <real>scalars.l2
    cdef real weight = <real>scalars.weight, eps = <real>scalars.eps
    cdef real momentum = <real>scalars.momentum, one_minus_momentum = <real>scalars.one_minus_momentum
    cdef real g, first, squares, total, z
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        first = begun_with(x0[i], param[i], begun)
        squares = grad_sum_sq[i] + weight * g * g
        total = s[i] + weight * g
        x0[i] = first
        grad_sum_sq[i] = squares
        s[i] = total
        z = first - total / (cube_root(squares) + eps)
        param[i] = mean(param[i], z, momentum, one_minus_momentum)
