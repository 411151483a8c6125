# float16, with integers alone: the same bits with and without the instructions for it. Exponents are compared as the
# bits of a float32 without its sign; no operand is subnormal, which some processors take a hundred cycles for.
from libc.stdint cimport uint16_t, uint32_t

from fastgd.kernels.formats.bits cimport bits_of, float_of
from fastgd.kernels.real cimport real

cdef enum:
    # The bits of float32 numbers, and of what float16's infinity and its exponents become when they are shifted.
    REBIAS = 0x38000000             # 112 more in the exponent
    ONE_HALF = 0x3f000000           # its last bit is worth float16's smallest number
    SMALLEST_NORMAL = 0x38800000    # of float16: 2**-14
    BEYOND = 0x47800000             # 2**16; below it, what rounds to infinity carries into the exponent
    INFINITE = 0x7f800000
    SHIFTED_NORMAL = 0x00800000
    SHIFTED_INFINITE = 0x0f800000


cdef inline float float_of_float16(uint16_t half) noexcept nogil:
    cdef uint32_t sign = (<uint32_t>half & 0x8000u) << 16
    cdef uint32_t magnitude = (<uint32_t>half & 0x7fffu) << 13
    cdef uint32_t normal = magnitude + <uint32_t>REBIAS
    cdef uint32_t small = bits_of(float_of(normal + <uint32_t>SHIFTED_NORMAL) - float_of(<uint32_t>SMALLEST_NORMAL))
    cdef uint32_t special = magnitude | <uint32_t>INFINITE
    cdef uint32_t result = small if magnitude < <uint32_t>SHIFTED_NORMAL else normal
    result = special if magnitude >= <uint32_t>SHIFTED_INFINITE else result
    return float_of(result | sign)


cdef inline uint16_t nearest_float16(float x) noexcept nogil:
    cdef uint32_t bits = bits_of(x)
    cdef uint32_t magnitude = bits & 0x7fffffffu
    cdef uint32_t normal = (magnitude - <uint32_t>REBIAS + 0xfffu + ((magnitude >> 13) & 1u)) >> 13
    # The sum rounds at the place of float16's last bit.
    cdef uint32_t small = bits_of(float_of(magnitude) + float_of(<uint32_t>ONE_HALF)) - <uint32_t>ONE_HALF
    # A mask, where a choice would keep the sum behind a branch and the loop from being vectorised.
    cdef uint32_t is_small = 0u - <uint32_t>(magnitude < <uint32_t>SMALLEST_NORMAL)
    cdef uint32_t result = (small & is_small) | (normal & ~is_small)
    result = 0x7c00u if magnitude >= <uint32_t>BEYOND else result
    result = 0x7e00u if magnitude > <uint32_t>INFINITE else result
    return <uint16_t>(result | ((bits >> 16) & 0x8000u))


cdef inline void decode_float16(const uint16_t* restrict source, real* restrict target, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        target[i] = <real>float_of_float16(source[i])


cdef inline void encode_float16(const real* restrict source, uint16_t* restrict target, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(n):
        target[i] = nearest_float16(<float>source[i])
