# The threads of fastgd, shared by all that is threaded; pool.h says what they guarantee.
from libc.stdint cimport int64_t

ctypedef void (*Work)(void* job, int chunk) noexcept nogil

cdef enum:
    MAX_CHUNKS = 1024       # that a piece of work is cut into; 65535 would be possible

cdef void run_chunks(int threads, int chunks, Work work, void* job) noexcept nogil
cdef int64_t reaction() noexcept nogil
cdef int available(int threads) noexcept nogil
cdef int64_t now() noexcept nogil
cdef void retry() noexcept nogil
