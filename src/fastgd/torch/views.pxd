# What a function of DLPack's interface writes, as far as it is used (dlpack.h).
cimport numpy as cnp
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint64_t

from fastgd.engine.arrays cimport PyArrayObject
from fastgd.kernels.rule cimport Format

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

cdef enum:
    MAX_DIMS = 64

ctypedef struct Place:
    # Where a tensor's elements are.
    void* data
    int ndim
    cnp.npy_intp[MAX_DIMS] shape
    cnp.npy_intp[MAX_DIMS] strides    # in bytes
    Format format

cdef bint is_sharded(object tensor) noexcept
cdef bint goes_along(object grad, object leaf) except -1
cdef list with_parts(list tensors)
cdef bint find(Borrow borrow, object tensor, Place* place) except -1
cdef bint lies_at(PyArrayObject* a, const Place* place) noexcept
cdef bint laid_out(PyArrayObject* a, const Place* place) noexcept
cdef object array_at(const Place* place)
cdef object rows_at(Borrow borrow, object indices, object values)
cdef Borrow borrow_of(object kind) except? NULL

cdef class Views:
    cdef object kind
    cdef Borrow borrow
    cdef tuple arrays
    cpdef tuple look(self, list tensors)
