# A pass over one array that scales and clips it.
from fastgd.kernels.real cimport bounded, real


cdef inline void clip(real* x, Py_ssize_t n, double scale, double bound) noexcept nogil:
    """x[i] = scale * x[i], then clipped to [-bound, bound]; NaN stays NaN."""
    cdef real s = <real>scale, high = <real>bound
    cdef Py_ssize_t i
    for i in range(n):
        x[i] = bounded(s * x[i], high)
