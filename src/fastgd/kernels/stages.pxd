# Passes over arrays that stand before a rule and after it.
from fastgd.kernels.real cimport bounded, mean, real


cdef inline void clip(real* x, Py_ssize_t n, double scale, double bound) noexcept nogil:
    """x[i] = scale * x[i], then clipped to [-bound, bound]; NaN stays NaN."""
    cdef real s = <real>scale, high = <real>bound
    cdef Py_ssize_t i
    for i in range(n):
        x[i] = bounded(s * x[i], high)


cdef inline void follow(real* restrict average, const real* restrict param, Py_ssize_t n, double decay) noexcept nogil:
    """average[i] = decay * average[i] + (1 - decay) * param[i]."""
    cdef real keep = <real>decay, take = <real>(1.0 - decay)
    cdef Py_ssize_t i
    for i in range(n):
        average[i] = mean(average[i], param[i], keep, take)
