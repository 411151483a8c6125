# Adagrad: Duchi, Hazan & Singer 2011, diagonal form.
from fastgd.kernels.real cimport real, root, with_l2

ctypedef struct Adagrad "fastgd_Adagrad":
    double lr
    double lr_decay
    double weight_decay
    double initial_accumulator_value
    double eps
    double maximize
    double eps_root

ctypedef struct AdagradScalars:
    double grad_scale
    double l2
    double initial      # initial_accumulator_value on the first step, then 0
    double step_size
    double eps_root
    double eps

cdef enum AdagradRules:
    ADAGRAD


cdef inline int fold_adagrad(AdagradScalars* s, double grad_scale, long long t,
                             const Adagrad* h, double* carry) noexcept nogil:
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.l2 = h.weight_decay
    s.initial = h.initial_accumulator_value if t == 1 else 0.0
    s.step_size = h.lr / (1.0 + <double>(t - 1) * h.lr_decay)
    s.eps_root = h.eps_root
    s.eps = h.eps
    return ADAGRAD


cdef inline void adagrad(real* restrict param, const real* restrict grad, real* restrict sum,
                         Py_ssize_t n, const AdagradScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, initial = <real>s.initial
    cdef real step_size = <real>s.step_size, eps_root = <real>s.eps_root, eps = <real>s.eps
    cdef real g, total
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        total = sum[i] + initial + g * g
        sum[i] = total
        param[i] = param[i] - step_size * g / (root(total + eps_root) + eps)
