# Which format an array has, and how a group's arrays are stored.
from fastgd.engine.arrays cimport PyArrayObject
from fastgd.kernels.rule cimport FLOAT32, FLOAT64, INT16, Format

cdef Format format_of(PyArrayObject* a) noexcept nogil
cdef int number_of(Format format) noexcept nogil


cdef inline Py_ssize_t itemsize(Format format) noexcept nogil:
    if format == FLOAT32:
        return 4
    if format == FLOAT64:
        return 8
    return 2 if format <= INT16 else 1


cdef inline Format computed_in(Format param) noexcept nogil:
    """What a rule computes in for a parameter of this format."""
    return FLOAT64 if param == FLOAT64 else FLOAT32


cdef inline bint goes_with(Format param, Format other) noexcept nogil:
    """Whether a gradient or state loses nothing where it is computed with: float64 is for float64 parameters alone."""
    return 0 <= other < INT16 and (other != FLOAT64 or param == FLOAT64)


cdef class Storage:
    cdef readonly object state_dtype, rounding, seed, master_weights, ema_decay
    cdef readonly bint in_blocks        # whether state is in 8 bits

    cdef str master_key(self, Format param)
    cdef bint is_random(self, str key, Format format) except -1
    cdef bint cuts(self, PyArrayObject* param) noexcept
    cdef Format state_format(self, str key, Format param, bint cut) except -1
