# NAdam: Dozat 2016, with the momentum schedule of the paper's section 3; scalars folded as in adam.pxd.
# Cautious: caution.pxd.
from libc.math cimport sqrt

from fastgd.kernels.caution cimport agreement, enlarged
from fastgd.kernels.decay cimport corrected
from fastgd.kernels.exact cimport Pair, exp_times, power
from fastgd.kernels.real cimport mean, real, root, with_l2

ctypedef struct Nadam "fastgd_Nadam":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double momentum_decay
    double decoupled_weight_decay
    double maximize
    double eps_root
    double corrected_weight_decay   # the largest learning rate, or 0
    double cautious

ctypedef struct NadamScalars:
    double grad_scale
    double l2
    double keep
    double beta1
    double one_minus_beta1
    double beta2
    double one_minus_beta2
    double grad_step    # of the gradient's own part of the look-ahead
    double step_size
    double eps_root
    double eps
    double enlargement  # of a cautious step, once it is settled

# What goes from step to step; zeros before the first.
ctypedef struct NadamCarry:
    double mu_product   # of all steps so far

cdef enum NadamRules:
    NADAM
    NADAM_CAUTIOUS


cdef inline int fold_nadam(NadamScalars* s, double grad_scale, long long t,
                           const Nadam* h, NadamCarry* carry) noexcept nogil:
    cdef double decay = corrected(h.weight_decay, h.lr, h.corrected_weight_decay)
    cdef Pair log_base = Pair(-0.040821994520255166, -8.893492737632459e-19)     # of 0.96
    cdef double mu = h.beta1 * (1.0 - 0.5 * exp_times(<double>t * h.momentum_decay, log_base))
    cdef double mu_next = h.beta1 * (1.0 - 0.5 * exp_times(<double>(t + 1) * h.momentum_decay, log_base))
    cdef double product = (carry.mu_product if t > 1 else 1.0) * mu
    cdef double c2 = 1.0 - power(h.beta2, t), step = h.lr * sqrt(c2)
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.l2 = 0.0 if h.decoupled_weight_decay else decay
    s.keep = 1.0 - h.lr * decay if h.decoupled_weight_decay else 1.0
    s.beta1 = h.beta1
    s.one_minus_beta1 = 1.0 - h.beta1
    s.beta2 = h.beta2
    s.one_minus_beta2 = 1.0 - h.beta2
    s.grad_step = step * (1.0 - mu) / (1.0 - product)
    s.step_size = step * mu_next / (1.0 - product * mu_next)
    s.eps_root = h.eps_root * c2
    s.eps = h.eps * sqrt(c2)
    s.enlargement = 1.0
    carry.mu_product = product
    return NADAM_CAUTIOUS if h.cautious else NADAM


cdef inline void nadam(real* restrict param, const real* restrict grad,
                       real* restrict exp_avg, real* restrict exp_avg_sq,
                       Py_ssize_t n, const NadamScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, keep = <real>s.keep
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real grad_step = <real>s.grad_step, step_size = <real>s.step_size
    cdef real eps_root = <real>s.eps_root, eps = <real>s.eps
    cdef real g, m, v
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        m = mean(exp_avg[i], g, beta1, one_minus_beta1)
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        exp_avg[i] = m
        exp_avg_sq[i] = v
        param[i] = keep * param[i] - (grad_step * g + step_size * m) / (root(v + eps_root) + eps)


cdef inline void nadam_cautious_measure(real* restrict param, const real* restrict grad,
                                        real* restrict exp_avg, real* restrict exp_avg_sq, double* restrict agreeing,
                                        Py_ssize_t n, const NadamScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real grad_step = <real>s.grad_step, step_size = <real>s.step_size
    cdef real g
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        agreeing[i] = <double>agreement(grad_step * g + step_size * mean(exp_avg[i], g, beta1, one_minus_beta1), g)


cdef inline void settle_nadam_cautious(NadamScalars* s, const double* sums, Py_ssize_t n,
                                       double* memory) noexcept nogil:
    s.enlargement = enlarged(1.0, sums[0], n)


cdef inline void nadam_cautious(real* restrict param, const real* restrict grad,
                                real* restrict exp_avg, real* restrict exp_avg_sq,
                                Py_ssize_t n, const NadamScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, keep = <real>s.keep
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real grad_step = <real>s.grad_step, step_size = <real>s.step_size, enlargement = <real>s.enlargement
    cdef real eps_root = <real>s.eps_root, eps = <real>s.eps
    cdef real g, m, v, u
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        m = mean(exp_avg[i], g, beta1, one_minus_beta1)
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        u = grad_step * g + step_size * m
        exp_avg[i] = m
        exp_avg_sq[i] = v
        param[i] = keep * param[i] - enlargement * (u * agreement(u, g)) / (root(v + eps_root) + eps)
