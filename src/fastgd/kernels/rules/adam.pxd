# Adam: Kingma & Ba 2015, Algorithm 1; decoupled decay: Loshchilov & Hutter 2019; AMSGrad: Reddi et al. 2018;
# cautious: caution.pxd.
#
# With c1 = 1 - beta1**t and c2 = 1 - beta2**t the update lr * (m / c1) / (sqrt(v / c2 + eps_root) + eps) is, with
# both sides of the fraction multiplied by sqrt(c2), one divide and one root of raw moments: the bias correction lives
# in step_size = lr * sqrt(c2) / c1, eps_root * c2 and eps * sqrt(c2). RAdam and eps_hat differ in
# these scalars alone.
from libc.math cimport sqrt

from fastgd.kernels.caution cimport agreement, enlarged
from fastgd.kernels.decay cimport corrected
from fastgd.kernels.exact cimport power
from fastgd.kernels.real cimport larger, mean, real, root, with_l2

# What the caller says: the arguments of fastgd.Adam in their order. Only ever added to, at the end, where 0 means "as
# before". Flags are 0 or 1.
ctypedef struct Adam "fastgd_Adam":
    double lr
    double beta1
    double beta2
    double eps
    double weight_decay
    double amsgrad
    double maximize
    double decoupled_weight_decay
    double eps_root
    double eps_hat
    double cautious
    double corrected_weight_decay   # the largest learning rate, or 0

# What the loops need.
ctypedef struct AdamScalars:
    double grad_scale
    double l2
    double keep         # 1 - lr * weight_decay, where the decay is decoupled
    double beta1
    double one_minus_beta1
    double beta2
    double one_minus_beta2
    double step_size
    double eps_root
    double eps

cdef enum AdamRules:
    ADAM
    AMSGRAD
    ADAM_CAUTIOUS
    AMSGRAD_CAUTIOUS


cdef inline int fold_adam(AdamScalars* s, double grad_scale, long long t, const Adam* h, double* carry) noexcept nogil:
    cdef double decay = corrected(h.weight_decay, h.lr, h.corrected_weight_decay)
    cdef double c2 = 1.0 - power(h.beta2, t), root_c2 = sqrt(c2)
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.l2 = 0.0 if h.decoupled_weight_decay else decay
    s.keep = 1.0 - h.lr * decay if h.decoupled_weight_decay else 1.0
    s.beta1 = h.beta1
    s.one_minus_beta1 = 1.0 - h.beta1
    s.beta2 = h.beta2
    s.one_minus_beta2 = 1.0 - h.beta2
    s.step_size = h.lr * root_c2 / (1.0 - power(h.beta1, t))
    s.eps_root = h.eps_root if h.eps_hat else h.eps_root * c2
    s.eps = h.eps if h.eps_hat else h.eps * root_c2
    if h.cautious:
        return AMSGRAD_CAUTIOUS if h.amsgrad else ADAM_CAUTIOUS
    return AMSGRAD if h.amsgrad else ADAM


cdef inline void adam(real* restrict param, const real* restrict grad,
                      real* restrict exp_avg, real* restrict exp_avg_sq,
                      Py_ssize_t n, const AdamScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, keep = <real>s.keep
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real step_size = <real>s.step_size, eps_root = <real>s.eps_root, eps = <real>s.eps
    cdef real g, m, v
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        m = mean(exp_avg[i], g, beta1, one_minus_beta1)
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        exp_avg[i] = m
        exp_avg_sq[i] = v
        param[i] = keep * param[i] - step_size * m / (root(v + eps_root) + eps)


cdef inline void amsgrad(real* restrict param, const real* restrict grad,
                         real* restrict exp_avg, real* restrict exp_avg_sq, real* restrict max_exp_avg_sq,
                         Py_ssize_t n, const AdamScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, keep = <real>s.keep
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real step_size = <real>s.step_size, eps_root = <real>s.eps_root, eps = <real>s.eps
    cdef real g, m, v, v_max
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        m = mean(exp_avg[i], g, beta1, one_minus_beta1)
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        v_max = larger(max_exp_avg_sq[i], v)
        exp_avg[i] = m
        exp_avg_sq[i] = v
        max_exp_avg_sq[i] = v_max
        param[i] = keep * param[i] - step_size * m / (root(v_max + eps_root) + eps)


cdef inline void adam_cautious_measure(real* restrict param, const real* restrict grad,
                                       real* restrict exp_avg, real* restrict exp_avg_sq, double* restrict agreeing,
                                       Py_ssize_t n, const AdamScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real g
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        agreeing[i] = <double>agreement(mean(exp_avg[i], g, beta1, one_minus_beta1), g)


cdef inline void settle_adam_cautious(AdamScalars* s, const double* sums, Py_ssize_t n,
                                      double* memory) noexcept nogil:
    s.step_size = enlarged(s.step_size, sums[0], n)


cdef inline void adam_cautious(real* restrict param, const real* restrict grad,
                               real* restrict exp_avg, real* restrict exp_avg_sq,
                               Py_ssize_t n, const AdamScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, keep = <real>s.keep
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real step_size = <real>s.step_size, eps_root = <real>s.eps_root, eps = <real>s.eps
    cdef real g, m, v
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        m = mean(exp_avg[i], g, beta1, one_minus_beta1)
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        exp_avg[i] = m
        exp_avg_sq[i] = v
        param[i] = keep * param[i] - step_size * (m * agreement(m, g)) / (root(v + eps_root) + eps)


cdef inline void amsgrad_cautious_measure(real* restrict param, const real* restrict grad,
                                          real* restrict exp_avg, real* restrict exp_avg_sq,
                                          real* restrict max_exp_avg_sq, double* restrict agreeing,
                                          Py_ssize_t n, const AdamScalars* s) noexcept nogil:
    adam_cautious_measure(param, grad, exp_avg, exp_avg_sq, agreeing, n, s)


cdef inline void settle_amsgrad_cautious(AdamScalars* s, const double* sums, Py_ssize_t n,
                                         double* memory) noexcept nogil:
    settle_adam_cautious(s, sums, n, memory)


cdef inline void amsgrad_cautious(real* restrict param, const real* restrict grad,
                                  real* restrict exp_avg, real* restrict exp_avg_sq, real* restrict max_exp_avg_sq,
                                  Py_ssize_t n, const AdamScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, keep = <real>s.keep
    cdef real beta1 = <real>s.beta1, one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real step_size = <real>s.step_size, eps_root = <real>s.eps_root, eps = <real>s.eps
    cdef real g, m, v, v_max
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        m = mean(exp_avg[i], g, beta1, one_minus_beta1)
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        v_max = larger(max_exp_avg_sq[i], v)
        exp_avg[i] = m
        exp_avg_sq[i] = v
        max_exp_avg_sq[i] = v_max
        param[i] = keep * param[i] - step_size * (m * agreement(m, g)) / (root(v_max + eps_root) + eps)
