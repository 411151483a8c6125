# A float32 as its bits and back; the copies are no instructions.
from libc.stdint cimport uint32_t
from libc.string cimport memcpy


cdef inline uint32_t bits_of(float x) noexcept nogil:
    cdef uint32_t bits
    memcpy(&bits, &x, sizeof(bits))
    return bits


cdef inline float float_of(uint32_t bits) noexcept nogil:
    cdef float x
    memcpy(&x, &bits, sizeof(x))
    return x
