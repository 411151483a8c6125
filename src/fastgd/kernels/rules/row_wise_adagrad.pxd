# Adagrad with one sum for each row, over the mean square of the row's gradient: as recommenders have it for embeddings
# (Naumov et al. 2019, FBGEMM). The first pass measures a row, and the second divides by what that comes to.
from libc.math cimport sqrt

from fastgd.kernels.real cimport real, with_l2

ctypedef struct RowWiseAdagrad "fastgd_RowWiseAdagrad":
    double lr
    double weight_decay
    double eps
    double maximize

ctypedef struct RowWiseAdagradScalars:
    double grad_scale
    double l2
    double lr
    double eps
    double step_size        # of a row, once its sum is settled

# What is kept for each row; zeros before the first step.
ctypedef struct RowWiseAdagradMemory:
    double sum

cdef enum RowWiseAdagradRules:
    ROW_WISE_ADAGRAD


cdef inline int fold_row_wise_adagrad(RowWiseAdagradScalars* s, double grad_scale, long long t,
                                      const RowWiseAdagrad* h, double* carry) noexcept nogil:
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.l2 = h.weight_decay
    s.lr = h.lr
    s.eps = h.eps
    s.step_size = 0.0
    return ROW_WISE_ADAGRAD


cdef inline void row_wise_adagrad_measure(real* restrict param, const real* restrict grad, double* restrict squares,
                                          Py_ssize_t n, const RowWiseAdagradScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, g
    cdef Py_ssize_t i
    for i in range(n):
        g = with_l2(grad_scale * grad[i], param[i], l2)
        squares[i] = <double>g * <double>g


cdef inline void settle_rows_row_wise_adagrad(RowWiseAdagradScalars* s, const double* sums, Py_ssize_t n,
                                              double* memory) noexcept nogil:
    memory[0] += sums[0] / <double>n
    s.step_size = s.lr / (sqrt(memory[0]) + s.eps)


cdef inline void row_wise_adagrad(real* restrict param, const real* restrict grad,
                                  Py_ssize_t n, const RowWiseAdagradScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, l2 = <real>s.l2, step_size = <real>s.step_size
    cdef Py_ssize_t i
    for i in range(n):
        param[i] = param[i] - step_size * with_l2(grad_scale * grad[i], param[i], l2)
