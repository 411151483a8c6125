# float32 and float64, for arrays that are not of the type that the rule computes in.
from fastgd.kernels.real cimport real

ctypedef fused stored:
    float
    double


cdef inline void convert(const stored* restrict source, real* restrict target, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        target[i] = <real>source[i]
