# A pass over one array that scales and clips it.
from fastgd.kernels.real cimport real


cdef inline void clip(real* x, Py_ssize_t n, double scale, double bound) noexcept nogil:
    """x[i] = scale * x[i], then clipped to [-bound, bound]; NaN stays NaN."""
    cdef real s = <real>scale, high = <real>bound, value
    cdef Py_ssize_t i
    for i in range(n):
        value = s * x[i]
        x[i] = high if value > high else (-high if value < -high else value)
