# What a function of DLPack's interface writes, as far as it is used (dlpack.h).
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint64_t

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

cdef class Views:
    cdef object kind
    cdef Borrow borrow
    cdef tuple arrays
    cpdef tuple look(self, list tensors)
