# MARS: Yuan et al. 2024, Algorithm 2 (MARS-AdamW) with the gradient before in the place of one of two at the same
# samples. The first pass measures the corrected gradient, which is clipped to length 1;
# a cautious step has one more (caution.pxd).
from libc.math cimport sqrt

from fastgd.kernels.caution cimport agreement, enlarged
from fastgd.kernels.decay cimport corrected
from fastgd.kernels.exact cimport power
from fastgd.kernels.real cimport mean, real, root, with_l2

ctypedef struct Mars "fastgd_Mars":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double gamma
    double maximize
    double corrected_weight_decay   # the largest learning rate, or 0
    double cautious

ctypedef struct MarsScalars:
    double grad_scale
    double correction   # gamma * beta1 / (1 - beta1), of the change of the gradient; 0 on the first step
    double shrink       # 1 / max(1, norm), once it is settled
    double keep         # 1 - lr * weight_decay
    double beta1
    double one_minus_beta1
    double beta2
    double one_minus_beta2
    double step_size
    double eps

cdef enum MarsRules:
    MARS
    MARS_CAUTIOUS


cdef inline int fold_mars(MarsScalars* s, double grad_scale, long long t, const Mars* h, double* carry) noexcept nogil:
    cdef double root_c2 = sqrt(1.0 - power(h.beta2, t))
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.correction = h.gamma * h.beta1 / (1.0 - h.beta1) if t > 1 else 0.0
    s.shrink = 1.0
    s.keep = 1.0 - h.lr * corrected(h.weight_decay, h.lr, h.corrected_weight_decay)
    s.beta1 = h.beta1
    s.one_minus_beta1 = 1.0 - h.beta1
    s.beta2 = h.beta2
    s.one_minus_beta2 = 1.0 - h.beta2
    s.step_size = h.lr * root_c2 / (1.0 - power(h.beta1, t))
    s.eps = h.eps * root_c2
    return MARS_CAUTIOUS if h.cautious else MARS


cdef inline void mars_measure(real* restrict param, const real* restrict grad,
                              real* restrict exp_avg, real* restrict exp_avg_sq, real* restrict last_grad,
                              double* restrict squares,
                              Py_ssize_t n, const MarsScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, correction = <real>s.correction
    cdef real g, c
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        c = with_l2(g, g - last_grad[i], correction)
        squares[i] = <double>c * <double>c


cdef inline void settle_mars(MarsScalars* s, const double* sums, Py_ssize_t n, double* memory) noexcept nogil:
    # A NaN among the gradients spreads, as in any norm.
    s.shrink = 1.0 if sums[0] <= 1.0 else 1.0 / sqrt(sums[0])


cdef inline void mars(real* restrict param, const real* restrict grad,
                      real* restrict exp_avg, real* restrict exp_avg_sq, real* restrict last_grad,
                      Py_ssize_t n, const MarsScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, correction = <real>s.correction, shrink = <real>s.shrink
    cdef real keep = <real>s.keep, beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real step_size = <real>s.step_size, eps = <real>s.eps
    cdef real g, c, m, v
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        c = shrink * with_l2(g, g - last_grad[i], correction)
        m = mean(exp_avg[i], c, beta1, one_minus_beta1)
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * c * c
        last_grad[i] = g
        exp_avg[i] = m
        exp_avg_sq[i] = v
        param[i] = keep * param[i] - step_size * m / (root(v) + eps)


cdef inline void mars_cautious_measure(real* restrict param, const real* restrict grad,
                                       real* restrict exp_avg, real* restrict exp_avg_sq, real* restrict last_grad,
                                       double* restrict squares,
                                       Py_ssize_t n, const MarsScalars* s) noexcept nogil:
    mars_measure(param, grad, exp_avg, exp_avg_sq, last_grad, squares, n, s)


cdef inline void settle_mars_cautious(MarsScalars* s, const double* sums, Py_ssize_t n, double* memory) noexcept nogil:
    settle_mars(s, sums, n, memory)


cdef inline void mars_cautious_measure_2(real* restrict param, const real* restrict grad,
                                         real* restrict exp_avg, real* restrict exp_avg_sq, real* restrict last_grad,
                                         double* restrict agreeing,
                                         Py_ssize_t n, const MarsScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, correction = <real>s.correction, shrink = <real>s.shrink
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real g, c
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        c = shrink * with_l2(g, g - last_grad[i], correction)
        agreeing[i] = <double>agreement(mean(exp_avg[i], c, beta1, one_minus_beta1), g)


cdef inline void settle_mars_cautious_2(MarsScalars* s, const double* sums, Py_ssize_t n,
                                        double* memory) noexcept nogil:
    s.step_size = enlarged(s.step_size, sums[0], n)


cdef inline void mars_cautious(real* restrict param, const real* restrict grad,
                               real* restrict exp_avg, real* restrict exp_avg_sq, real* restrict last_grad,
                               Py_ssize_t n, const MarsScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, correction = <real>s.correction, shrink = <real>s.shrink
    cdef real keep = <real>s.keep, beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real step_size = <real>s.step_size, eps = <real>s.eps
    cdef real g, c, m, v
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        c = shrink * with_l2(g, g - last_grad[i], correction)
        m = mean(exp_avg[i], c, beta1, one_minus_beta1)
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * c * c
        last_grad[i] = g
        exp_avg[i] = m
        exp_avg_sq[i] = v
        param[i] = keep * param[i] - step_size * (m * agreement(m, g)) / (root(v) + eps)
