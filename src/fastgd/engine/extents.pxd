# Extents of memory.
from fastgd.engine.arrays cimport PyArrayObject

ctypedef struct Extent:
    # [start, stop).
    const char* start
    const char* stop

cdef int compare_extents(const void* a, const void* b) noexcept nogil
cdef int compare_starts(const void* a, const void* b) noexcept nogil
cdef Extent extent_of(PyArrayObject* a) noexcept
cdef bint disjoint(Extent* extents, Py_ssize_t n) noexcept nogil
cdef bint are_apart(list arrays) except -1
