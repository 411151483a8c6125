# D-Adaptation, Adam's form: Defazio & Mishchenko 2023, Algorithm 5, as the authors' code has it; d is settled from two
# sums over all parameters and counts in the next step.
from libc.math cimport INFINITY, sqrt

from fastgd.kernels.exact cimport power
from fastgd.kernels.real cimport magnitude, real, root, with_l2

ctypedef struct DadaptAdam "fastgd_DadaptAdam":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double decouple
    double use_bias_correction
    double d0
    double growth_rate      # 0 for no bound
    double maximize

ctypedef struct DadaptAdamScalars:
    double grad_scale
    double l2
    double keep             # 1 - d * lr * weight_decay, where the decay is decoupled
    double beta1
    double grad_share       # d * lr * (1 - beta1)
    double beta2
    double one_minus_beta2
    double root_beta2
    double sum_share        # of the gradient in s
    double eps
    double moves            # 1, or 0 where nothing is known yet
    double dlr
    double lr
    double growth_rate

# What goes from step to step; zeros before the first.
ctypedef struct DadaptAdamCarry:
    double d
    double numerator_weighted

cdef enum DadaptAdamRules:
    DADAPT_ADAM


cdef inline int fold_dadapt_adam(DadaptAdamScalars* s, double grad_scale, long long t,
                                 const DadaptAdam* h, DadaptAdamCarry* carry) noexcept nogil:
    cdef double dlr
    if t == 1:
        carry.d = h.d0
        carry.numerator_weighted = 0.0
    dlr = carry.d * h.lr
    if h.use_bias_correction:
        dlr = dlr * sqrt(1.0 - power(h.beta2, t)) / (1.0 - power(h.beta1, t))
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.l2 = 0.0 if h.decouple else h.weight_decay
    s.keep = 1.0 - dlr * h.weight_decay if h.decouple else 1.0
    s.beta1 = h.beta1
    s.grad_share = dlr * (1.0 - h.beta1)
    s.beta2 = h.beta2
    s.one_minus_beta2 = 1.0 - h.beta2
    s.root_beta2 = sqrt(h.beta2)
    s.sum_share = dlr * (1.0 - s.root_beta2)
    s.eps = h.eps
    s.moves = 1.0
    s.dlr = dlr
    s.lr = h.lr
    s.growth_rate = h.growth_rate if h.growth_rate > 0 else INFINITY
    return DADAPT_ADAM


cdef inline void dadapt_adam_measure(real* restrict param, const real* restrict grad,
                                     real* restrict exp_avg, real* restrict exp_avg_sq, real* restrict s,
                                     double* restrict numerator_terms, double* restrict denominator_terms,
                                     Py_ssize_t n, const DadaptAdamScalars* scalars) noexcept nogil:
    cdef real grad_scale = <real>scalars.grad_scale, l2 = <real>scalars.l2
    cdef real beta1 = <real>scalars.beta1, grad_share = <real>scalars.grad_share
    cdef real beta2 = <real>scalars.beta2, one_minus_beta2 = <real>scalars.one_minus_beta2
    cdef real root_beta2 = <real>scalars.root_beta2, sum_share = <real>scalars.sum_share, eps = <real>scalars.eps
    cdef real g, v, total
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        v = exp_avg_sq[i]
        total = s[i]
        numerator_terms[i] = <double>g * <double>(total / (root(v) + eps))
        total = root_beta2 * total + sum_share * g
        exp_avg[i] = beta1 * exp_avg[i] + grad_share * g
        exp_avg_sq[i] = beta2 * v + one_minus_beta2 * g * g
        s[i] = total
        denominator_terms[i] = <double>magnitude(total)


cdef inline void settle_all_dadapt_adam(DadaptAdamScalars* s, const double* sums, Py_ssize_t n,
                                        double* memory) noexcept nogil:
    cdef DadaptAdamCarry* carry = <DadaptAdamCarry*>memory
    cdef double numerator, estimate
    if sums[1] == 0:
        # All gradients so far were zero: nothing moves.
        s.moves = 0.0
        s.keep = 1.0
        return
    numerator = s.root_beta2 * carry.numerator_weighted + (1.0 - s.root_beta2) * (s.dlr * sums[0])
    if s.lr > 0:
        estimate = numerator / ((1.0 - s.root_beta2) * sums[1])
        carry.d = max(carry.d, min(estimate, carry.d * s.growth_rate))
    carry.numerator_weighted = numerator


cdef inline void dadapt_adam(real* restrict param, const real* restrict grad,
                             real* restrict exp_avg, real* restrict exp_avg_sq, real* restrict s,
                             Py_ssize_t n, const DadaptAdamScalars* scalars) noexcept nogil:
    cdef real keep = <real>scalars.keep, moves = <real>scalars.moves, eps = <real>scalars.eps
    cdef Py_ssize_t i
    for i in range(n):
        param[i] = keep * param[i] - moves * exp_avg[i] / (root(exp_avg_sq[i]) + eps)
