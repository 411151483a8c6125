# A float32 that is stored as a parameter in 16 bits, which everybody reads, and what that lacks.
from libc.stdint cimport int16_t, uint16_t, uint32_t

from fastgd.kernels.formats.bits cimport bits_of, float_of
from fastgd.kernels.formats.float16 cimport float_of_float16, nearest_float16


cdef inline float joined(uint16_t param, int16_t remainder) noexcept nogil:
    return float_of((<uint32_t>param << 16) + <uint32_t>remainder)


cdef inline void part(float x, uint16_t* param, int16_t* remainder) noexcept nogil:
    # The lower half as a signed number: the upper one is rounded, halves away from zero, and the sum is what was. A NaN
    # has nothing below.
    cdef uint32_t bits = bits_of(x)
    cdef uint32_t is_nan = 0u - <uint32_t>(x != x)
    param[0] = <uint16_t>((((bits + 0x8000u) & ~is_nan) | ((bits | 0x400000u) & is_nan)) >> 16)
    remainder[0] = <int16_t>(bits & ~is_nan)


cdef inline void join_bfloat16(const uint16_t* restrict param, const int16_t* restrict remainder,
                               float* restrict target, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        target[i] = joined(param[i], remainder[i])


cdef inline void split_bfloat16(const float* restrict source, uint16_t* restrict param, int16_t* restrict remainder,
                                Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        part(source[i], param + i, remainder + i)


cdef inline void join_float16(const uint16_t* restrict param, const float* restrict master,
                              float* restrict target, Py_ssize_t n) noexcept nogil:
    # Where the parameter is not the master's nearest number, somebody has rewritten it: that is then the master.
    cdef uint32_t is_same
    cdef Py_ssize_t i
    for i in range(n):
        is_same = 0u - <uint32_t>(nearest_float16(master[i]) == param[i])
        target[i] = float_of((bits_of(master[i]) & is_same) | (bits_of(float_of_float16(param[i])) & ~is_same))


cdef inline void split_float16(const float* restrict source, uint16_t* restrict param, float* restrict master,
                               Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        master[i] = source[i]
        param[i] = nearest_float16(source[i])
