# bfloat16: the upper half of a float32. From float64 it is rounded twice, by way of float32.
from libc.stdint cimport uint16_t, uint32_t, uint64_t

from fastgd.kernels.formats.bits cimport bits_of, float_of
from fastgd.kernels.real cimport real


cdef inline uint16_t nearest_bfloat16(float x) noexcept nogil:
    # Half a unit is added, less one bit where the number above is odd: ties go to even. The carry of a large number
    # makes it infinite, as it should be; that of a NaN would make it another number, so that it is set quiet instead.
    cdef uint32_t bits = bits_of(x)
    cdef uint32_t rounded = bits + 0x7fffu + ((bits >> 16) & 1u)
    # A mask, where a choice would be a branch and keep a loop from being vectorised.
    cdef uint32_t is_nan = 0u - <uint32_t>(x != x)
    return <uint16_t>(((rounded & ~is_nan) | ((bits | 0x400000u) & is_nan)) >> 16)


cdef inline void decode_bfloat16(const uint16_t* restrict source, real* restrict target, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        target[i] = <real>float_of(<uint32_t>source[i] << 16)


cdef inline void encode_bfloat16(const real* restrict source, uint16_t* restrict target, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        target[i] = nearest_bfloat16(<float>source[i])


cdef inline uint32_t random_16(uint32_t element, uint32_t low, uint32_t high) noexcept nogil:
    # A hash of the element's number, with two multiplications; each half of the key stands before one of them.
    cdef uint32_t x = element + low
    x = (x ^ (x >> 16)) * 0x7feb352du
    x = ((x ^ (x >> 15)) + high) * 0x846ca68bu
    return x >> 16


cdef inline uint16_t stochastic_bfloat16(float x, uint32_t random) noexcept nogil:
    # What is cut off carries into what is kept as often as its share of a unit. From the largest finite number on,
    # where a carry would make an infinity, or another number of a NaN, it is rounded to nearest.
    cdef uint32_t bits = bits_of(x)
    cdef uint32_t nearest = nearest_bfloat16(x)
    cdef uint32_t result = (bits + random) >> 16
    result = nearest if (bits & 0x7fffffffu) >= 0x7f7f0000u else result
    return <uint16_t>result


cdef inline void encode_bfloat16_stochastic(const real* restrict source, uint16_t* restrict target, Py_ssize_t n,
                                            uint32_t first, uint64_t key) noexcept nogil:
    cdef uint32_t low = <uint32_t>key, high = <uint32_t>(key >> 32)
    cdef Py_ssize_t i
    for i in range(n):
        target[i] = stochastic_bfloat16(<float>source[i], random_16(first + <uint32_t>i, low, high))
