# Euclidean norms whose bits depend on the numbers in their logical order alone.

from fastgd.engine.arrays cimport PyArrayObject
from fastgd.kernels.rule cimport Format

ctypedef struct View:
    # One array; shape and strides, which count items of `item` bytes, are NumPy's own and live as long as their array.
    const char* data
    Py_ssize_t size
    Format format
    bint contiguous
    int ndim
    const Py_ssize_t* shape
    const Py_ssize_t* strides
    Py_ssize_t item

cdef void view(PyArrayObject* array, Format format, const void* data, View* out) noexcept
cdef Py_ssize_t blocks(const View* views, Py_ssize_t count) noexcept nogil
cdef double norm(const View* views, Py_ssize_t count, double* partial, int threads) noexcept nogil
