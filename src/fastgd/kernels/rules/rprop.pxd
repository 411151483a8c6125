# Rprop: Riedmiller & Braun 1993, without weight backtracking (iRprop-, Igel & Husken 2000).
from fastgd.kernels.real cimport real, signed

ctypedef struct Rprop "fastgd_Rprop":
    double lr
    double eta_minus
    double eta_plus
    double smallest
    double largest
    double maximize

ctypedef struct RpropScalars:
    double grad_scale
    double initial      # lr on the first step, then 0
    double eta_minus
    double eta_plus
    double smallest
    double largest

cdef enum RpropRules:
    RPROP


cdef inline int fold_rprop(RpropScalars* s, double grad_scale, long long t,
                           const Rprop* h, double* carry) noexcept nogil:
    s.grad_scale = -grad_scale if h.maximize else grad_scale
    s.initial = h.lr if t == 1 else 0.0
    s.eta_minus = h.eta_minus
    s.eta_plus = h.eta_plus
    s.smallest = h.smallest
    s.largest = h.largest
    return RPROP


cdef inline void rprop(real* restrict param, const real* restrict grad,
                       real* restrict prev, real* restrict step_size,
                       Py_ssize_t n, const RpropScalars* s) noexcept nogil:
    cdef real grad_scale = <real>s.grad_scale, initial = <real>s.initial
    cdef real eta_minus = <real>s.eta_minus, eta_plus = <real>s.eta_plus
    cdef real smallest = <real>s.smallest, largest = <real>s.largest
    cdef real zero = 0, one = 1
    cdef real g, turn, factor, size, direction
    cdef Py_ssize_t i
    for i in range(n):
        g = grad_scale * grad[i]
        turn = g * prev[i]
        factor = eta_plus if turn > 0 else one
        factor = eta_minus if turn < 0 else factor
        size = (step_size[i] + initial) * factor
        size = smallest if size < smallest else size
        size = largest if size > largest else size
        direction = signed(one, g)
        g = zero if turn < 0 else g
        direction = zero if turn < 0 else direction
        step_size[i] = size
        prev[i] = g
        param[i] = param[i] - direction * size
