# Roofs: what the hardware allows, in the form of rules, so that they are compiled, cut and threaded as the rules are:
# stream_K reads and writes what a rule with K state arrays does, with one add per written array; the others do a
# rule's divides and roots alone (param is a tile in L1, grad another).
from fastgd.kernels.real cimport real, root

ctypedef struct RoofScalars:
    double addend


cdef inline void stream_0(real* restrict param, const real* restrict grad,
                          Py_ssize_t n, const RoofScalars* s) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        param[i] = param[i] + grad[i]


cdef inline void stream_1(real* restrict param, const real* restrict grad, real* restrict a,
                          Py_ssize_t n, const RoofScalars* s) noexcept nogil:
    cdef real addend = <real>s.addend
    cdef Py_ssize_t i
    for i in range(n):
        param[i] = param[i] + grad[i]
        a[i] = a[i] + addend


cdef inline void stream_2(real* restrict param, const real* restrict grad, real* restrict a, real* restrict b,
                          Py_ssize_t n, const RoofScalars* s) noexcept nogil:
    cdef real addend = <real>s.addend
    cdef Py_ssize_t i
    for i in range(n):
        param[i] = param[i] + grad[i]
        a[i] = a[i] + addend
        b[i] = b[i] + addend


cdef inline void stream_3(real* restrict param, const real* restrict grad,
                          real* restrict a, real* restrict b, real* restrict c,
                          Py_ssize_t n, const RoofScalars* s) noexcept nogil:
    cdef real addend = <real>s.addend
    cdef Py_ssize_t i
    for i in range(n):
        param[i] = param[i] + grad[i]
        a[i] = a[i] + addend
        b[i] = b[i] + addend
        c[i] = c[i] + addend


cdef inline void stream_4(real* restrict param, const real* restrict grad,
                          real* restrict a, real* restrict b, real* restrict c, real* restrict d,
                          Py_ssize_t n, const RoofScalars* s) noexcept nogil:
    cdef real addend = <real>s.addend
    cdef Py_ssize_t i
    for i in range(n):
        param[i] = param[i] + grad[i]
        a[i] = a[i] + addend
        b[i] = b[i] + addend
        c[i] = c[i] + addend
        d[i] = d[i] + addend


cdef inline void stream_copy(real* restrict param, const real* restrict grad, real* restrict a,
                             Py_ssize_t n, const RoofScalars* s) noexcept nogil:
    cdef real p
    cdef Py_ssize_t i
    for i in range(n):
        p = param[i] + grad[i]
        param[i] = p
        a[i] = p


cdef inline void divide(real* restrict param, const real* restrict grad,
                        Py_ssize_t n, const RoofScalars* s) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        param[i] = grad[i] / param[i]


cdef inline void divide_root(real* restrict param, const real* restrict grad,
                             Py_ssize_t n, const RoofScalars* s) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        param[i] = grad[i] / root(param[i])


cdef inline void divide_two_roots(real* restrict param, const real* restrict grad,
                                  Py_ssize_t n, const RoofScalars* s) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        param[i] = root(grad[i]) / root(param[i])
