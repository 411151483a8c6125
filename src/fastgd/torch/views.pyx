"""
Tensors of other libraries seen as NumPy arrays, without a call into Python for each: through DLPack's C exchange
interface (DLPack 1.2) where the library has it, else through the method `numpy`.
"""
from cpython.exc cimport PyErr_Clear
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.pycapsule cimport PyCapsule_GetPointer
from cpython.ref cimport PyObject, PyTypeObject
from libc.stdint cimport uint32_t

cimport numpy as cnp

from fastgd.engine.arrays cimport (
    NPY_ARRAY_OWNDATA, NPY_ARRAY_WRITEABLE, PyArrayObject, data_of, flags_of, itemsize_of, ndim_of, pointer, same_form,
    shape_of, size_of, strides_of,
)
from fastgd.engine.extents cimport Extent, disjoint
from fastgd.engine.formats cimport format_of, itemsize, number_of
from fastgd.engine.rows cimport Rows
from fastgd.kernels.rule cimport BFLOAT16, FLOAT16, FLOAT32, FLOAT64, INT16, SIGNED8

cdef extern from "Python.h":
    PyObject* PyList_GET_ITEM(object, Py_ssize_t)       # borrowed
    PyObject* PyTuple_GET_ITEM(object, Py_ssize_t)      # borrowed
    bint PyObject_TypeCheck(object, PyTypeObject*)

from fastgd import formats

cnp.import_array()

cdef enum:
    DLPACK_MAJOR = 1
    DLPACK_CPU = 1
    DLPACK_INT = 0
    DLPACK_UINT = 1
    DLPACK_FLOAT = 2
    DLPACK_BFLOAT = 4

ctypedef struct ExchangeAPI:
    uint32_t major
    uint32_t minor
    void* previous
    void* allocate
    void* to_managed
    void* from_managed
    Borrow borrow
    void* stream


cdef object sharded = None      # the class of tensors that lie where a part of them does: DTensor, once there is one


def let_in(kind):
    """Find a tensor of this class where its part lies that is in this process."""
    global sharded
    sharded = kind


cdef bint is_sharded(object tensor) noexcept:
    return sharded is not None and type(tensor) is sharded


cdef bint goes_along(object grad, object leaf) except -1:
    """Whether, of two tensors, either none is a DTensor or both are divided alike."""
    if not is_sharded(grad) and not is_sharded(leaf):
        return True
    return type(grad) is type(leaf) and grad.placements == leaf.placements and grad.device_mesh == leaf.device_mesh


cdef list with_parts(list tensors):
    """Tensors and, of DTensors, what they have here: each has a version of its own."""
    for tensor in tensors:
        if is_sharded(tensor):
            return tensors + [tensor._local_tensor for tensor in tensors if is_sharded(tensor)]
    return tensors


cdef Borrow borrow_of(object kind) except? NULL:
    """The function of a class that says where a tensor lies; NULL if the class has none that is understood."""
    cdef ExchangeAPI* api
    capsule = getattr(kind, "__dlpack_c_exchange_api__", None)
    if capsule is None:
        return NULL
    api = <ExchangeAPI*>PyCapsule_GetPointer(capsule, b"dlpack_exchange_api")
    return api.borrow if api.major == DLPACK_MAJOR else NULL


cdef Format format_in_dlpack(int code, int bits, int lanes) noexcept:
    """The format by DLPack's description of a dtype; -1 for one that is in none."""
    if lanes == 1 and code == DLPACK_INT and bits == 16:
        return INT16
    if lanes == 1 and code == DLPACK_UINT and bits == 8:
        return SIGNED8
    if lanes != 1 or (code != DLPACK_FLOAT and (code != DLPACK_BFLOAT or bits != 16)):
        return -1
    if bits == 16:
        return BFLOAT16 if code == DLPACK_BFLOAT else FLOAT16
    if bits == 32:
        return FLOAT32
    return FLOAT64 if bits == 64 else -1


cdef bint laid_out(PyArrayObject* a, const Place* place) noexcept:
    """Whether a place has the shape of an array and, counted in items and wherever they matter, its strides."""
    return ndim_of(a) == place.ndim and same_form(
        place.ndim, shape_of(a), strides_of(a), itemsize_of(a),
        <const Py_ssize_t*>place.shape, <const Py_ssize_t*>place.strides, itemsize(place.format))


cdef bint lies_at(PyArrayObject* a, const Place* place) noexcept:
    """Whether an array has just this place, and its format."""
    return (format_of(a) == place.format and laid_out(a, place)
            and (size_of(a) == 0 or data_of(a) == place.data))


cdef bint find_slowly(object tensor, Place* place) except -1:
    cdef cnp.ndarray array
    cdef int axis
    try:
        array = formats.asarray(tensor.detach())
    except (AttributeError, TypeError, RuntimeError):
        return False
    if format_of(pointer(array)) < 0:
        return False
    if flags_of(pointer(array)) & NPY_ARRAY_OWNDATA and size_of(pointer(array)):
        return False    # The tensor has no memory, so that NumPy made some.
    place.data = data_of(pointer(array))
    place.ndim = ndim_of(pointer(array))
    place.format = format_of(pointer(array))
    for axis in range(place.ndim):
        place.shape[axis] = shape_of(pointer(array))[axis]
        place.strides[axis] = strides_of(pointer(array))[axis]
    return True


cdef bint find(Borrow borrow, object tensor, Place* place) except -1:
    """Find where a tensor lies; False if it is in none of the formats, or not in this memory."""
    cdef DLTensor found
    cdef Py_ssize_t size = 1
    cdef int axis
    if is_sharded(tensor):
        tensor = tensor._local_tensor
    if borrow == NULL:
        return find_slowly(tensor, place)
    if borrow(<void*>tensor, &found) != 0:
        PyErr_Clear()
        return False
    place.format = format_in_dlpack(found.code, found.bits, found.lanes)
    if place.format < 0 or found.device_type != DLPACK_CPU or found.ndim > MAX_DIMS:
        return False
    place.data = <char*>found.data + found.byte_offset
    place.ndim = found.ndim
    for axis in range(found.ndim):
        place.shape[axis] = found.shape[axis]
        place.strides[axis] = found.strides[axis] * (found.bits // 8)
        size *= found.shape[axis]
    # Fake tensors, wrappers and tensors whose storage was freed have elements and no memory.
    return found.data != NULL or size == 0


cdef object array_at(const Place* place):
    """An array over a place, which holds nothing: whoever uses it holds the tensor."""
    if place.format == BFLOAT16:
        formats.bfloat16()
    return cnp.PyArray_New(cnp.ndarray, place.ndim, <cnp.npy_intp*>place.shape, number_of(place.format),
                           <cnp.npy_intp*>place.strides, place.data, 0, NPY_ARRAY_WRITEABLE, None)


cdef object rows_at(Borrow borrow, object indices, object values):
    """Rows over the memory of a sparse tensor's, which they hold; None where they lie otherwise than rows must."""
    cdef DLTensor found
    cdef Place place
    cdef Rows rows = Rows.__new__(Rows)
    if borrow == NULL:
        return None
    if borrow(<void*>indices, &found) != 0:
        PyErr_Clear()
        return None
    if (found.device_type != DLPACK_CPU or found.code != DLPACK_INT or found.bits != 64 or found.lanes != 1
            or found.ndim != 2 or found.shape[0] != 1 or (found.shape[1] > 1 and found.strides[1] != 1)
            or not find(borrow, values, &place)):
        return None
    rows.indices = cnp.PyArray_SimpleNewFromData(
        1, <cnp.npy_intp*>found.shape + 1, cnp.NPY_INT64, <char*>found.data + found.byte_offset)
    rows.values = array_at(&place)
    cnp.set_array_base(rows.indices, indices)
    cnp.set_array_base(rows.values, values)
    return rows


cdef object view(Borrow borrow, object tensor, object known):
    cdef Place place
    if not find(borrow, tensor, &place):
        return tensor
    if known is not None and lies_at(pointer(known), &place):
        return known
    return array_at(&place)


cdef class Views:
    """
    For a list of tensors one array each, over the tensor's memory and without a reference to it: whoever uses the
    array holds the tensor. An array stays the same object until its tensor is found elsewhere or in another form.
    What is not of the class `kind`, in none of the formats, or not in this memory, stands for itself.
    """
    def __init__(self, kind):
        self.kind = kind
        self.arrays = ()
        self.borrow = borrow_of(kind)

    cpdef tuple look(self, list tensors):
        """Arrays of tensors, of which some may be None; the same tuple as before if nothing has changed."""
        cdef Py_ssize_t i, n = len(tensors)
        cdef list changed = None
        cdef object tensor, before, array
        if len(self.arrays) != n:
            self.arrays = (None,) * n
        for i in range(n):
            tensor = <object>PyList_GET_ITEM(tensors, i)
            before = <object>PyTuple_GET_ITEM(self.arrays, i)
            array = tensor
            if PyObject_TypeCheck(tensor, <PyTypeObject*>self.kind):
                array = view(self.borrow, tensor, before if type(before) is cnp.ndarray else None)
            if array is not before:
                if changed is None:
                    changed = list(self.arrays)
                changed[i] = array
        if changed is not None:
            self.arrays = tuple(changed)
        return self.arrays

    def lie_apart(self, list tensors):
        """Whether tensors, which are dense, plainly share no memory."""
        cdef Py_ssize_t axis, nbytes, n = 0
        cdef Place place
        cdef Extent* extents = <Extent*>PyMem_Malloc((len(tensors) + 1) * sizeof(Extent))
        if extents == NULL:
            raise MemoryError
        try:
            for tensor in tensors:
                if not PyObject_TypeCheck(tensor, <PyTypeObject*>self.kind) or not find(self.borrow, tensor, &place):
                    return False
                nbytes = itemsize(place.format)
                for axis in range(place.ndim):
                    nbytes *= place.shape[axis]
                if nbytes:
                    extents[n] = Extent(<const char*>place.data, <const char*>place.data + nbytes)
                    n += 1
            return disjoint(extents, n)
        finally:
            PyMem_Free(extents)
