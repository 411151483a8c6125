"""
Tensors of other libraries seen as NumPy arrays, without a call into Python for each: through DLPack's C exchange
interface (DLPack 1.2) where the library has it, else through the method `numpy`.
"""
from cpython.dict cimport PyDict_Check, PyDict_GetItem, PyDict_Next
from cpython.exc cimport PyErr_Clear
from cpython.list cimport PyList_Check
from cpython.pycapsule cimport PyCapsule_GetPointer
from cpython.ref cimport PyObject
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

cimport numpy as cnp

from fastgd.engine.arrays cimport (
    NPY_ARRAY_WRITEABLE, PyArrayObject, data_of, descr_of, ndim_of, pointer, shape_of, size_of, strides_of,
)

cdef extern from "Python.h":
    PyObject* PyList_GET_ITEM(object, Py_ssize_t)       # borrowed
    PyObject* PyTuple_GET_ITEM(object, Py_ssize_t)      # borrowed

cnp.import_array()

cdef enum:
    DLPACK_MAJOR = 1
    DLPACK_CPU = 1
    DLPACK_FLOAT = 2
    MAX_DIMS = 64

# dlpack.h, as far as it is used.
ctypedef struct DLTensor:
    void* data
    int32_t device_type
    int32_t device_id
    int32_t ndim
    uint8_t code
    uint8_t bits
    uint16_t lanes
    int64_t* shape
    int64_t* strides        # in elements
    uint64_t byte_offset

ctypedef int (*Borrow)(void*, DLTensor*) noexcept

ctypedef struct ExchangeAPI:
    uint32_t major
    uint32_t minor
    void* previous
    void* allocate
    void* to_managed
    void* from_managed
    Borrow borrow
    void* stream

ctypedef struct Place:
    # Where a tensor's elements are.
    void* data
    int ndim
    cnp.npy_intp[MAX_DIMS] shape
    cnp.npy_intp[MAX_DIMS] strides    # in bytes

# NumPy has one object for each native dtype.
cdef cnp.dtype float32 = cnp.dtype("f4")
cdef cnp.dtype float64 = cnp.dtype("f8")


cdef bint lies_at(PyArrayObject* a, cnp.dtype dtype, const Place* place) noexcept:
    """Whether an array has just this place; strides count where there is more than one element."""
    cdef int axis
    cdef bint strides = True
    if descr_of(a) != <void*>dtype or ndim_of(a) != place.ndim:
        return False
    for axis in range(place.ndim):
        if shape_of(a)[axis] != place.shape[axis]:
            return False
        strides = strides and (strides_of(a)[axis] == place.strides[axis] or place.shape[axis] == 1)
    return size_of(a) == 0 or (strides and data_of(a) == place.data)


cdef class Views:
    """
    For a list of tensors one array each, over the tensor's memory and without a reference to it: whoever uses the
    array holds the tensor. An array stays the same object until its tensor is found elsewhere or in another form.
    """
    cdef Borrow borrow
    cdef tuple arrays

    def __init__(self, kind):
        cdef ExchangeAPI* api
        self.arrays = ()
        capsule = getattr(kind, "__dlpack_c_exchange_api__", None)
        if capsule is not None:
            api = <ExchangeAPI*>PyCapsule_GetPointer(capsule, b"dlpack_exchange_api")
            if api.major == DLPACK_MAJOR:
                self.borrow = api.borrow

    cdef object find(self, object tensor, Place* place):
        """The dtype of a tensor and its place; None if it is not float32 or float64 in this memory."""
        cdef DLTensor found
        cdef cnp.dtype dtype
        cdef int axis
        if self.borrow == NULL:
            return find_slowly(tensor, place)
        if self.borrow(<void*>tensor, &found) != 0:
            PyErr_Clear()
            return None
        if (found.device_type != DLPACK_CPU or found.code != DLPACK_FLOAT or found.lanes != 1
                or found.bits not in (32, 64) or found.ndim > MAX_DIMS):
            return None
        place.data = <char*>found.data + found.byte_offset
        place.ndim = found.ndim
        for axis in range(found.ndim):
            place.shape[axis] = found.shape[axis]
            place.strides[axis] = found.strides[axis] * (found.bits // 8)
        return float32 if found.bits == 32 else float64

    cdef object view(self, object tensor, object known):
        cdef Place place
        dtype = self.find(tensor, &place)
        if dtype is None:
            return tensor
        if known is not None and lies_at(pointer(known), dtype, &place):
            return known
        return cnp.PyArray_New(cnp.ndarray, place.ndim, place.shape, dtype.num, place.strides, place.data, 0,
                               NPY_ARRAY_WRITEABLE, None)

    cpdef tuple look(self, list tensors):
        """
        Arrays of tensors of which some may be None; the same tuple as before if nothing has changed. A tensor that
        is not float32 or float64 in this memory stands for itself.
        """
        cdef Py_ssize_t i, n = len(tensors)
        cdef list changed = None
        cdef object tensor, before, array
        if len(self.arrays) != n:
            self.arrays = (None,) * n
        for i in range(n):
            tensor = <object>PyList_GET_ITEM(tensors, i)
            before = <object>PyTuple_GET_ITEM(self.arrays, i)
            if tensor is None:
                array = None
            else:
                array = self.view(tensor, before if type(before) is cnp.ndarray else None)
            if array is not before:
                if changed is None:
                    changed = list(self.arrays)
                changed[i] = array
        if changed is not None:
            self.arrays = tuple(changed)
        return self.arrays


cdef object find_slowly(object tensor, Place* place):
    cdef cnp.ndarray array
    cdef int axis
    try:
        array = tensor.detach().numpy()
    except (AttributeError, TypeError, RuntimeError):
        return None
    if array.dtype is not float32 and array.dtype is not float64:
        return None
    place.data = data_of(pointer(array))
    place.ndim = ndim_of(pointer(array))
    for axis in range(place.ndim):
        place.shape[axis] = shape_of(pointer(array))[axis]
        place.strides[axis] = strides_of(pointer(array))[axis]
    return array.dtype


cdef bint has_members(list groups, list dicts, list members) except -1:
    """Whether the groups are the same dicts, with the same objects in the same order as their "params"."""
    cdef Py_ssize_t i, k
    cdef PyObject* found
    cdef list wanted
    if len(groups) != len(dicts):
        return False
    for i in range(len(groups)):
        if PyList_GET_ITEM(groups, i) != PyList_GET_ITEM(dicts, i):
            return False
        found = PyDict_GetItem(<object>PyList_GET_ITEM(groups, i), "params")
        wanted = members[i]
        if found == NULL or not PyList_Check(<object>found) or len(<list>found) != len(wanted):
            return False
        for k in range(len(wanted)):
            if PyList_GET_ITEM(<object>found, k) != PyList_GET_ITEM(wanted, k):
                return False
    return True


cdef list values_of(object state):
    """The values of a dict, each followed, where it is a dict itself, by its values."""
    cdef list result = []
    for value in state.values():
        result.append(value)
        if isinstance(value, dict):
            result.extend(value.values())
    return result


cdef bint has_values(object state, list expected) except -1:
    """Whether `values_of(state)` would be the same objects as `expected`."""
    cdef Py_ssize_t position = 0, inner, n = len(expected), i = 0
    cdef PyObject* value
    cdef PyObject* item
    if not PyDict_Check(state):
        return False
    while PyDict_Next(state, &position, NULL, &value):
        if i >= n or PyList_GET_ITEM(expected, i) != value:
            return False
        i += 1
        if not PyDict_Check(<object>value):
            continue
        inner = 0
        while PyDict_Next(<object>value, &inner, NULL, &item):
            if i >= n or PyList_GET_ITEM(expected, i) != item:
                return False
            i += 1
    return i == n


cdef class Binding:
    """
    The parameters in groups like torch's, as they were found: tensors of class `kind`, and arrays over their memory.

    `params`, `arrays`: of all groups, in order; the arrays are valid as long as `holds`. `missing`: how many
    parameters had no gradient when `gradients` was called.
    """
    cdef readonly list params
    cdef readonly tuple arrays
    cdef readonly int missing
    cdef list groups, members, values
    cdef Views views, grad_views

    def __init__(self, kind, list groups not None):
        self.groups = list(groups)
        self.members = [list(group["params"]) for group in groups]
        self.params = [param for params in self.members for param in params]
        self.views = Views(kind)
        self.grad_views = Views(kind)
        self.arrays = self.views.look(self.params)
        self.values = []

    def remember(self, state):
        """Take the objects in `state`, a dict of dicts, as those that `holds` expects."""
        self.values = values_of(state)

    def holds(self, list groups not None, state):
        """Whether groups and state have the same objects as before, and the parameters are where they were."""
        return (has_members(groups, self.groups, self.members)
                and has_values(state, self.values)
                and self.views.look(self.params) is self.arrays)

    def gradients(self):
        """(arrays over the gradients, the gradients): hold the latter as long as the former are used."""
        cdef list grads = []
        self.missing = 0
        for param in self.params:
            grad = param.grad
            self.missing += grad is None
            grads.append(grad)
        return self.grad_views.look(grads), grads
