# Prodigy: Mishchenko & Defazio 2023, Algorithm 4, as the authors' code has it: the moments are weighted by d, the
# estimate of the distance to the solution, which is settled from two sums over all parameters before the step is made.
from libc.math cimport INFINITY, sqrt

from fastgd.kernels.exact cimport power
from fastgd.kernels.real cimport begin, magnitude, real, root, with_l2

ctypedef struct Prodigy "fastgd_Prodigy":
    double lr
    double beta1
    double beta2
    double beta3            # 0 for sqrt(beta2)
    double eps
    double weight_decay
    double decouple
    double use_bias_correction
    double safeguard_warmup
    double d0
    double d_coef
    double growth_rate      # 0 for no bound
    double maximize

ctypedef struct ProdigyScalars:
    double grad_scale
    double begun            # 0 on the first step, then 1
    double l2
    double keep             # 1 - d * lr * weight_decay, where the decay is decoupled
    double beta1
    double grad_share       # d * (1 - beta1)
    double beta2
    double square_share     # d**2 * (1 - beta2)
    double beta3
    double sum_share        # of the gradient in s
    double step_size        # d * lr
    double eps              # d * eps, with the new d
    double numerator_share  # of the first sum in the numerator
    double lr
    double plain_eps
    double d0
    double d_coef
    double growth_rate

# What goes from step to step; zeros before the first.
ctypedef struct ProdigyCarry:
    double d
    double d_max
    double d_numerator

cdef enum ProdigyRules:
    PRODIGY


cdef inline int fold_prodigy(ProdigyScalars* s, double grad_scale, long long t,
                             const Prodigy* h, ProdigyCarry* carry) noexcept nogil:
    cdef double dlr
    if t == 1:
        carry.d = carry.d_max = h.d0
        carry.d_numerator = 0.0
    dlr = carry.d * h.lr
    if h.use_bias_correction:
        dlr = dlr * sqrt(1.0 - power(h.beta2, t)) / (1.0 - power(h.beta1, t))
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.begun = 0.0 if t == 1 else 1.0
    s.l2 = 0.0 if h.decouple else h.weight_decay
    s.keep = 1.0 - dlr * h.weight_decay if h.decouple else 1.0
    s.beta1 = h.beta1
    s.grad_share = carry.d * (1.0 - h.beta1)
    s.beta2 = h.beta2
    s.square_share = carry.d * carry.d * (1.0 - h.beta2)
    s.beta3 = h.beta3 if h.beta3 > 0 else sqrt(h.beta2)
    s.sum_share = carry.d / h.d0 * (carry.d if h.safeguard_warmup else dlr)
    s.step_size = dlr
    s.eps = carry.d * h.eps
    s.numerator_share = carry.d / h.d0 * dlr
    s.lr = h.lr
    s.plain_eps = h.eps
    s.d0 = h.d0
    s.d_coef = h.d_coef
    s.growth_rate = h.growth_rate if h.growth_rate > 0 else INFINITY
    return PRODIGY


cdef inline void prodigy_measure(real* restrict param, const real* restrict grad,
                                 real* restrict exp_avg, real* restrict exp_avg_sq,
                                 real* restrict s, real* restrict p0,
                                 double* restrict numerator_terms, double* restrict denominator_terms,
                                 Py_ssize_t n, const ProdigyScalars* scalars) noexcept nogil:
    cdef real grad_scale = <real>scalars.grad_scale, l2 = <real>scalars.l2
    cdef real beta1 = <real>scalars.beta1, grad_share = <real>scalars.grad_share
    cdef real beta2 = <real>scalars.beta2, square_share = <real>scalars.square_share
    cdef real beta3 = <real>scalars.beta3, sum_share = <real>scalars.sum_share
    cdef real g, total
    cdef Py_ssize_t i
    if scalars.begun == 0:
        begin(p0, param, n)
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        total = beta3 * s[i] + sum_share * g
        exp_avg[i] = beta1 * exp_avg[i] + grad_share * g
        exp_avg_sq[i] = beta2 * exp_avg_sq[i] + square_share * g * g
        s[i] = total
        numerator_terms[i] = <double>g * <double>(p0[i] - param[i])
        denominator_terms[i] = <double>magnitude(total)


cdef inline void settle_all_prodigy(ProdigyScalars* s, const double* sums, Py_ssize_t n,
                                    double* memory) noexcept nogil:
    cdef ProdigyCarry* carry = <ProdigyCarry*>memory
    cdef double numerator, estimate
    if sums[1] == 0:
        # All gradients so far were zero: nothing moves.
        s.step_size = 0.0
        s.keep = 1.0
        return
    numerator = s.beta3 * carry.d_numerator + s.numerator_share * sums[0]
    if s.lr > 0:
        estimate = s.d_coef * numerator / sums[1]
        if carry.d == s.d0:
            carry.d = max(carry.d, estimate)
        carry.d_max = max(carry.d_max, estimate)
        carry.d = min(carry.d_max, carry.d * s.growth_rate)
    carry.d_numerator = numerator
    s.eps = carry.d * s.plain_eps


cdef inline void prodigy(real* restrict param, const real* restrict grad,
                         real* restrict exp_avg, real* restrict exp_avg_sq, real* restrict s, real* restrict p0,
                         Py_ssize_t n, const ProdigyScalars* scalars) noexcept nogil:
    cdef real keep = <real>scalars.keep, step_size = <real>scalars.step_size, eps = <real>scalars.eps
    cdef Py_ssize_t i
    for i in range(n):
        param[i] = keep * param[i] - step_size * exp_avg[i] / (root(exp_avg_sq[i]) + eps)
