# FTRL-Proximal: McMahan et al. 2013, Algorithm 1, with Keras' numbers; the power of the learning rate is -1/2.
from fastgd.kernels.real cimport bounded, real, root, with_l2

ctypedef struct Ftrl "fastgd_Ftrl":
    double lr
    double initial_accumulator_value
    double l1_regularization_strength
    double l2_regularization_strength
    double l2_shrinkage_regularization_strength
    double beta
    double maximize

ctypedef struct FtrlScalars:
    double grad_scale
    double initial      # initial_accumulator_value on the first step, then 0
    double inverse_lr
    double shrinkage    # twice its strength
    double l1
    double quadratic    # what l2 and beta add to the divisor

cdef enum FtrlRules:
    FTRL


cdef inline int fold_ftrl(FtrlScalars* s, double grad_scale, long long t, const Ftrl* h, double* carry) noexcept nogil:
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.initial = h.initial_accumulator_value if t == 1 else 0.0
    s.inverse_lr = 1.0 / h.lr
    s.shrinkage = 2.0 * h.l2_shrinkage_regularization_strength
    s.l1 = h.l1_regularization_strength
    s.quadratic = 2.0 * h.l2_regularization_strength + h.beta / h.lr
    return FTRL


cdef inline void ftrl(real* restrict param, const real* restrict grad,
                      real* restrict accumulator, real* restrict linear,
                      Py_ssize_t n, const FtrlScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, initial = <real>s.initial, inverse_lr = <real>s.inverse_lr
    cdef real shrinkage = <real>s.shrinkage, l1 = <real>s.l1, quadratic = <real>s.quadratic
    cdef real g, before, total, size, z
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        before = accumulator[i] + initial
        total = before + g * g
        size = root(total)
        z = linear[i] + with_l2(g, param[i], shrinkage) - (size - root(before)) * inverse_lr * param[i]
        accumulator[i] = total
        linear[i] = z
        param[i] = (bounded(z, l1) - z) / (size * inverse_lr + quadratic)
