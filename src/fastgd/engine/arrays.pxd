# Reading NumPy arrays through borrowed pointers: no reference counts, no calls.
from cpython.ref cimport PyObject

cdef extern from "numpy/arrayobject.h" nogil:
    ctypedef struct PyArrayObject:
        pass
    enum:
        NPY_ARRAY_ALIGNED
        NPY_ARRAY_OWNDATA
        NPY_ARRAY_WRITEABLE
        NPY_ARRAY_C_CONTIGUOUS
        NPY_ARRAY_F_CONTIGUOUS
    enum:
        NPY_UINT8
        NPY_INT16
        NPY_HALF
        NPY_FLOAT32
        NPY_FLOAT64
    int is_array "PyArray_CheckExact"(PyObject*)
    void* data_of "PyArray_DATA"(PyArrayObject*)
    int ndim_of "PyArray_NDIM"(PyArrayObject*)
    const Py_ssize_t* shape_of "PyArray_DIMS"(PyArrayObject*)
    const Py_ssize_t* strides_of "PyArray_STRIDES"(PyArrayObject*)
    void* descr_of "PyArray_DESCR"(PyArrayObject*)
    int type_of "PyArray_TYPE"(PyArrayObject*)
    bint is_native "PyArray_ISNOTSWAPPED"(PyArrayObject*)
    int flags_of "PyArray_FLAGS"(PyArrayObject*)
    int itemsize_of "PyArray_ITEMSIZE"(PyArrayObject*)


cdef inline PyArrayObject* pointer(object array) noexcept:
    return <PyArrayObject*><void*>array


cdef inline Py_ssize_t size_of(PyArrayObject* a) noexcept nogil:
    cdef Py_ssize_t result = 1
    cdef int axis
    for axis in range(ndim_of(a)):
        result *= shape_of(a)[axis]
    return result


cdef inline bint same_dtype(PyArrayObject* a, PyArrayObject* b) noexcept nogil:
    # Native dtypes are mostly one object; unpickled arrays have their own.
    return descr_of(a) == descr_of(b) or (type_of(a) == type_of(b) and is_native(a) and is_native(b))


cdef inline bint same_form(int ndim, const Py_ssize_t* shape, const Py_ssize_t* strides, Py_ssize_t width,
                           const Py_ssize_t* other_shape, const Py_ssize_t* other_strides,
                           Py_ssize_t other_width) noexcept nogil:
    """Whether shapes are equal, and strides, counted in items of so many bytes, wherever they matter."""
    cdef int axis
    cdef bint same = True, empty = False
    for axis in range(ndim):
        if shape[axis] != other_shape[axis]:
            return False
        empty = empty or shape[axis] == 0
        same = same and (strides[axis] * other_width == other_strides[axis] * width or shape[axis] == 1)
    return same or empty


cdef inline bint same_layout(PyArrayObject* a, PyArrayObject* b) noexcept nogil:
    return ndim_of(a) == ndim_of(b) and same_form(ndim_of(a), shape_of(a), strides_of(a), itemsize_of(a),
                                                  shape_of(b), strides_of(b), itemsize_of(b))
