# bfloat16: the upper half of a float32. From float64 it is rounded twice, by way of float32.
from libc.stdint cimport uint16_t, uint32_t

from fastgd.kernels.formats.bits cimport bits_of, float_of
from fastgd.kernels.real cimport real


cdef inline uint16_t nearest_bfloat16(float x) noexcept nogil:
    # Half a unit is added, less one bit where the number above is odd: ties go to even. The carry of a large number
    # makes it infinite, as it should be; that of a NaN would make it another number, so that it is set quiet instead.
    cdef uint32_t bits = bits_of(x)
    cdef uint32_t rounded = bits + 0x7fffu + ((bits >> 16) & 1u)
    cdef uint32_t quiet = bits | 0x400000u
    cdef uint32_t result = quiet if x != x else rounded
    return <uint16_t>(result >> 16)


cdef inline void decode_bfloat16(const uint16_t* restrict source, real* restrict target, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        target[i] = <real>float_of(<uint32_t>source[i] << 16)


cdef inline void encode_bfloat16(const real* restrict source, uint16_t* restrict target, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        target[i] = nearest_bfloat16(<float>source[i])
