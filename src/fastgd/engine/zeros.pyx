"""Arrays of zeros beside a parameter, for its state."""
from cpython.ref cimport PyTypeObject
from libc.stdint cimport uintptr_t

from fastgd.engine.arrays cimport (
    NPY_ARRAY_ALIGNED, NPY_ARRAY_WRITEABLE, PyArrayObject, data_of, itemsize_of, ndim_of, pointer, shape_of, size_of,
    strides_of,
)
from fastgd.engine.execute cimport ALIGN_FROM, CACHE_LINE
from fastgd.engine.formats cimport format_of, itemsize, number_of
from fastgd.kernels.rule cimport SPAN

cdef extern from "numpy/arrayobject.h":
    object PyArray_New(PyTypeObject*, int, const cnp.npy_intp*, int, const cnp.npy_intp*, void*, int, int, void*)

from numpy import float32, uint8, zeros

from fastgd.engine.formats import NAMES as _NAMES

cnp.import_array()


cdef object laid_out_zeros(cnp.ndarray param, Format format):
    """
    Zeros in a format, laid out like `param`, in pages that nobody has touched yet.

    As many elements stand before the next cache line as in the parameter, so that one short head brings both to it;
    below the size that gets a head, they begin at a line. The result is a view, so that it cannot be resized in place.
    """
    cdef PyArrayObject* p = pointer(param)
    cdef Py_ssize_t width = itemsize(format), given = itemsize_of(p), nbytes = size_of(p) * width
    cdef cnp.ndarray raw = zeros(nbytes + CACHE_LINE, uint8)
    cdef Py_ssize_t head = -<uintptr_t>data_of(p) % CACHE_LINE // given if size_of(p) >= ALIGN_FROM else 0
    cdef uintptr_t offset = (-<uintptr_t>data_of(pointer(raw)) - head * width) % CACHE_LINE
    cdef cnp.ndarray result = laid_out(param, format, <char*>data_of(pointer(raw)) + offset)
    cnp.set_array_base(result, raw)
    return result


cdef object zeros_of_rows(cnp.ndarray param, Format format):
    """A zero in a format for each row of `param`, which is one row where it has no axes; a view as above."""
    return zeros((<object>param).shape[:1], _NAMES[format]).view()


cdef object zeros_of_blocks(cnp.ndarray param):
    """A float32 zero for each block of state in 8 bits; a view as above."""
    return zeros((size_of(pointer(param)) + SPAN - 1) // SPAN, float32).view()


cdef object laid_out(cnp.ndarray param, Format format, void* data):
    """An array over memory, laid out like `param`; it holds nothing."""
    cdef PyArrayObject* p = pointer(param)
    cdef Py_ssize_t width = itemsize(format), given = itemsize_of(p)
    cdef cnp.npy_intp[64] strides
    cdef bint some = size_of(p) > 0
    cdef int axis
    for axis in range(ndim_of(p)):
        strides[axis] = strides_of(p)[axis] // given * width if shape_of(p)[axis] > 1 and some else width
    return PyArray_New(
        <PyTypeObject*>cnp.ndarray, ndim_of(p), <const cnp.npy_intp*>shape_of(p), number_of(format),
        strides if some else NULL, data, 0, NPY_ARRAY_WRITEABLE | NPY_ARRAY_ALIGNED, NULL,
    )


def zeros_beside(cnp.ndarray param, cnp.ndarray like=None):
    """Zeros laid out like `param`, of its dtype or that of `like`, which must be in a format."""
    return laid_out_zeros(param, format_of(pointer(param if like is None else like)))
