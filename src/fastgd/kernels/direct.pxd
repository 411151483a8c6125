# What the functions of direct.pxi are made of, which `make derive` writes: a rule on arrays as they are stored, without
# a tile, where some are in bfloat16. They call the rule for one element. setup.py has every such call inlined, so that
# the element's numbers stay in registers and the loop around it is vectorised as the rule's own is.
from libc.stdint cimport uint16_t, uint32_t
from libc.string cimport memcpy

from fastgd.kernels.formats.bits cimport bits_of, float_of


cdef inline float load(uint16_t x) noexcept nogil:
    return float_of(<uint32_t>x << 16)


# Where everything is in bfloat16, elements are taken two by two: as the halves of 32 bits they need no other places in
# a vector than their numbers.

cdef inline void load_two(const uint16_t* source, float* x, float* y) noexcept nogil:
    cdef uint32_t bits
    memcpy(&bits, source, sizeof(bits))
    x[0] = float_of(bits << 16)
    y[0] = float_of(bits & 0xffff0000u)


cdef inline uint32_t rounded(float x) noexcept nogil:
    # The upper half is what nearest_bfloat16 returns. A NaN needs no care: its lower half is zero, since it comes from
    # bfloat16 or from arithmetic on what does, so that nothing carries.
    cdef uint32_t bits = bits_of(x)
    return bits + 0x7fffu + ((bits >> 16) & 1u)


cdef inline void store_two(uint16_t* target, float x, float y) noexcept nogil:
    cdef uint32_t bits = (rounded(x) >> 16) | (rounded(y) & 0xffff0000u)
    memcpy(target, &bits, sizeof(bits))
