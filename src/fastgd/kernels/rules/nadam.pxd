# NAdam: Dozat 2016, with the momentum schedule of the paper's section 3; scalars folded as in adam.pxd.
from libc.math cimport pow, sqrt

from fastgd.kernels.real cimport real, root, with_l2

ctypedef struct NadamScalars:
    double grad_scale
    double l2
    double keep
    double one_minus_beta1
    double beta2
    double one_minus_beta2
    double grad_step    # of the gradient's own part of the look-ahead
    double step_size
    double eps_root
    double eps


cdef inline void fold_nadam(NadamScalars* s, double grad_scale, long long t, double* mu_product,
                            double lr, double beta1, double beta2, double eps, double weight_decay,
                            double momentum_decay, bint decoupled_weight_decay, bint maximize,
                            double eps_root) noexcept nogil:
    """mu_product: that of the step before, in step 1 not read; becomes this step's."""
    cdef double mu = beta1 * (1.0 - 0.5 * pow(0.96, <double>t * momentum_decay))
    cdef double mu_next = beta1 * (1.0 - 0.5 * pow(0.96, <double>(t + 1) * momentum_decay))
    cdef double product = (mu_product[0] if t > 1 else 1.0) * mu
    cdef double c2 = 1.0 - pow(beta2, <double>t), step = lr * sqrt(c2)
    s.grad_scale = -grad_scale if maximize else grad_scale
    s.l2 = 0.0 if decoupled_weight_decay else weight_decay
    s.keep = 1.0 - lr * weight_decay if decoupled_weight_decay else 1.0
    s.one_minus_beta1 = 1.0 - beta1
    s.beta2 = beta2
    s.one_minus_beta2 = 1.0 - beta2
    s.grad_step = step * (1.0 - mu) / (1.0 - product)
    s.step_size = step * mu_next / (1.0 - product * mu_next)
    s.eps_root = eps_root * c2
    s.eps = eps * sqrt(c2)
    mu_product[0] = product


cdef inline void nadam(real* restrict param, const real* restrict grad,
                       real* restrict exp_avg, real* restrict exp_avg_sq,
                       Py_ssize_t n, const NadamScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, keep = <real>s.keep
    cdef real one_minus_beta1 = <real>s.one_minus_beta1
    cdef real beta2 = <real>s.beta2, one_minus_beta2 = <real>s.one_minus_beta2
    cdef real grad_step = <real>s.grad_step, step_size = <real>s.step_size
    cdef real eps_root = <real>s.eps_root, eps = <real>s.eps
    cdef real g, m, v
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        m = exp_avg[i] + one_minus_beta1 * (g - exp_avg[i])
        v = beta2 * exp_avg_sq[i] + one_minus_beta2 * g * g
        exp_avg[i] = m
        exp_avg_sq[i] = v
        param[i] = keep * param[i] - (grad_step * g + step_size * m) / (root(v + eps_root) + eps)
