# LAMB: You et al. 2020, Algorithm 2. The first pass updates the moments and measures the parameter and its update, the
# second takes the step; scalars are folded as in adam.pxd. A cautious step has one more before them (caution.pxd).
from libc.math cimport sqrt

from fastgd.kernels.caution cimport agreement, enlarged
from fastgd.kernels.exact cimport power
from fastgd.kernels.real cimport real, root, with_l2

ctypedef struct Lamb "fastgd_Lamb":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double bias_correction
    double grad_averaging
    double always_adapt
    double trust_clip
    double maximize
    double cautious

ctypedef struct LambScalars:
    double grad_scale
    double decay        # part of the update
    double beta1
    double grad_weight
    double beta2
    double one_minus_beta2
    double moment_scale
    double eps
    double step_size    # lr, and once it is settled lr times the ratio
    double adapts
    double trust_clip
    double enlargement  # of a cautious update, once it is settled

cdef enum LambRules:
    LAMB
    LAMB_CAUTIOUS


cdef inline int fold_lamb(LambScalars* s, double grad_scale, long long t, const Lamb* h, double* carry) noexcept nogil:
    cdef double c1 = 1.0 - power(h.beta1, t) if h.bias_correction else 1.0
    cdef double root_c2 = sqrt(1.0 - power(h.beta2, t)) if h.bias_correction else 1.0
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.decay = h.weight_decay
    s.beta1 = h.beta1
    s.grad_weight = 1.0 - h.beta1 if h.grad_averaging else 1.0
    s.beta2 = h.beta2
    s.one_minus_beta2 = 1.0 - h.beta2
    s.moment_scale = root_c2 / c1
    s.eps = h.eps * root_c2
    s.step_size = h.lr
    s.adapts = h.weight_decay != 0 or h.always_adapt != 0
    s.trust_clip = h.trust_clip
    s.enlargement = 1.0
    return LAMB_CAUTIOUS if h.cautious else LAMB


cdef inline void lamb_measure(real* restrict param, const real* restrict grad,
                              real* restrict exp_avg, real* restrict exp_avg_sq,
                              double* restrict param_squares, double* restrict update_squares,
                              Py_ssize_t n, const LambScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, decay = <real>s.decay
    cdef real beta1 = <real>s.beta1, grad_weight = <real>s.grad_weight
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real moment_scale = <real>s.moment_scale, eps = <real>s.eps
    cdef real g, m, v, u
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        m = beta1 * exp_avg[i] + grad_weight * g
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        u = with_l2(moment_scale * m / (root(v) + eps), param[i], decay)
        exp_avg[i] = m
        exp_avg_sq[i] = v
        param_squares[i] = <double>param[i] * <double>param[i]
        update_squares[i] = <double>u * <double>u


cdef inline void settle_lamb(LambScalars* s, const double* sums, Py_ssize_t n, double* memory) noexcept nogil:
    cdef double ratio = 1.0
    if s.adapts and sums[0] > 0 and sums[1] > 0:
        ratio = sqrt(sums[0]) / sqrt(sums[1])
    if s.trust_clip and ratio > 1:
        ratio = 1.0
    s.step_size *= ratio


cdef inline void lamb(real* restrict param, const real* restrict grad,
                      real* restrict exp_avg, real* restrict exp_avg_sq,
                      Py_ssize_t n, const LambScalars* s) noexcept nogil:
    cdef real decay = <real>s.decay, moment_scale = <real>s.moment_scale, eps = <real>s.eps
    cdef real step_size = <real>s.step_size
    cdef Py_ssize_t i
    for i in range(n):
        param[i] = param[i] - step_size * with_l2(moment_scale * exp_avg[i] / (root(exp_avg_sq[i]) + eps),
                                                  param[i], decay)


cdef inline void lamb_cautious_measure(real* restrict param, const real* restrict grad,
                                       real* restrict exp_avg, real* restrict exp_avg_sq, double* restrict agreeing,
                                       Py_ssize_t n, const LambScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, beta1 = <real>s.beta1, grad_weight = <real>s.grad_weight
    cdef real g
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        agreeing[i] = <double>agreement(beta1 * exp_avg[i] + grad_weight * g, g)


cdef inline void settle_lamb_cautious(LambScalars* s, const double* sums, Py_ssize_t n, double* memory) noexcept nogil:
    s.enlargement = enlarged(1.0, sums[0], n)


cdef inline real careful_update(real m, real v, real g, real p, const LambScalars* s) noexcept nogil:
    cdef real enlargement = <real>s.enlargement, moment_scale = <real>s.moment_scale
    cdef real eps = <real>s.eps, decay = <real>s.decay
    return with_l2(enlargement * (moment_scale * (m * agreement(m, g)) / (root(v) + eps)), p, decay)


cdef inline void lamb_cautious_measure_2(real* restrict param, const real* restrict grad,
                                         real* restrict exp_avg, real* restrict exp_avg_sq,
                                         double* restrict param_squares, double* restrict update_squares,
                                         Py_ssize_t n, const LambScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, beta1 = <real>s.beta1, grad_weight = <real>s.grad_weight
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real g, m, v, u
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        m = beta1 * exp_avg[i] + grad_weight * g
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        u = careful_update(m, v, g, param[i], s)
        exp_avg[i] = m
        exp_avg_sq[i] = v
        param_squares[i] = <double>param[i] * <double>param[i]
        update_squares[i] = <double>u * <double>u


cdef inline void settle_lamb_cautious_2(LambScalars* s, const double* sums, Py_ssize_t n,
                                        double* memory) noexcept nogil:
    settle_lamb(s, sums, n, memory)


cdef inline void lamb_cautious(real* restrict param, const real* restrict grad,
                               real* restrict exp_avg, real* restrict exp_avg_sq,
                               Py_ssize_t n, const LambScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, step_size = <real>s.step_size
    cdef Py_ssize_t i
    for i in range(n):
        param[i] = param[i] - step_size * careful_update(exp_avg[i], exp_avg_sq[i], grad_scale * grad[i], param[i], s)
