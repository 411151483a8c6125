# A float32 that is stored as a parameter in 16 bits, which everybody reads, and what that lacks.
from libc.stdint cimport int16_t, uint16_t, uint32_t

from fastgd.kernels.formats.bfloat16 cimport nearest_bfloat16
from fastgd.kernels.formats.bits cimport bits_of, float_of
from fastgd.kernels.formats.float16 cimport float_of_float16, nearest_float16


cdef inline void join_bfloat16(const uint16_t* restrict param, const int16_t* restrict remainder,
                               float* restrict target, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        target[i] = float_of((<uint32_t>param[i] << 16) + <uint32_t>remainder[i])


cdef inline void split_bfloat16(const float* restrict source, uint16_t* restrict param, int16_t* restrict remainder,
                                Py_ssize_t n) noexcept nogil:
    # The lower half as a signed number: the upper one is rounded, halves away from zero, and the sum is what was. An
    # infinity and a NaN have nothing below.
    cdef uint32_t bits, is_number, upper
    cdef Py_ssize_t i
    for i in range(n):
        bits = bits_of(source[i])
        is_number = 0u - <uint32_t>((bits & 0x7fffffffu) < 0x7f800000u)
        upper = ((bits + 0x8000u) >> 16) & is_number
        param[i] = <uint16_t>(upper | (<uint32_t>nearest_bfloat16(source[i]) & ~is_number))
        remainder[i] = <int16_t>(bits & is_number)


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
