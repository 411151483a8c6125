"""Which memory arrays take, and whether they share any."""
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdlib cimport bsearch, qsort

cimport numpy as cnp

from fastgd.engine.arrays cimport data_of, itemsize_of, pointer, size_of

cnp.import_array()      # itemsize_of asks which NumPy this is


cdef int compare_extents(const void* a, const void* b) noexcept nogil:
    """0 where two extents overlap."""
    if (<const Extent*>a).stop <= (<const Extent*>b).start:
        return -1
    return (<const Extent*>a).start >= (<const Extent*>b).stop


cdef int compare_starts(const void* a, const void* b) noexcept nogil:
    return ((<const Extent*>a).start > (<const Extent*>b).start) - ((<const Extent*>a).start < (<const Extent*>b).start)


cdef Extent extent_of(PyArrayObject* a) noexcept:
    cdef Extent result
    result.start = <const char*>data_of(a)
    result.stop = result.start + size_of(a) * itemsize_of(a)
    return result


cdef bint disjoint(Extent* extents, Py_ssize_t n) noexcept nogil:
    """Whether extents, which this sorts, share no memory."""
    cdef Py_ssize_t i
    qsort(extents, n, sizeof(Extent), compare_starts)
    for i in range(1, n):
        if extents[i - 1].stop > extents[i].start:
            return False
    return True


cdef Extent* extents_of(list arrays, Py_ssize_t* n) except NULL:
    """The extents of the dense arrays that have elements, `n` of them; the caller frees them."""
    cdef Extent* extents = <Extent*>PyMem_Malloc((len(arrays) + 1) * sizeof(Extent))
    if extents == NULL:
        raise MemoryError
    n[0] = 0
    for array in arrays:
        if size_of(pointer(array)):
            extents[n[0]] = extent_of(pointer(array))
            n[0] += 1
    return extents


cdef bint are_apart(list arrays) except -1:
    """Whether dense arrays share no memory."""
    cdef Py_ssize_t n
    cdef Extent* extents = extents_of(arrays, &n)
    cdef bint result = disjoint(extents, n)
    PyMem_Free(extents)
    return result


def lie_apart(list written not None, list read not None):
    """Whether dense arrays that are written to share no memory with each other, nor with any that is only read."""
    cdef Py_ssize_t n
    cdef Extent extent
    cdef Extent* extents = extents_of(written, &n)
    cdef bint apart = disjoint(extents, n)
    for array in read:
        extent = extent_of(pointer(array))
        apart = apart and (extent.start == extent.stop
                           or bsearch(&extent, extents, n, sizeof(Extent), compare_extents) == NULL)
    PyMem_Free(extents)
    return apart
