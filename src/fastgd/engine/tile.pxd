# A kernel on arrays in any format.
from libc.stdint cimport uint64_t, uintptr_t

from fastgd.engine.execute cimport CACHE_LINE, Cohort, Slot, Stage
from fastgd.kernels.rule cimport Kernel0, Kernel1, Kernel2, Kernel3, Kernel4

cdef enum:
    TILE = 512                              # elements
    ROOM = TILE * 8 + 64    # bytes, and a cache line: tiles at multiples of 4096 would take each other's places in L1


cdef inline char* aligned(char* room) noexcept nogil:
    return room + -<uintptr_t>room % CACHE_LINE


cdef uint64_t key_of(const Slot* slot, int k) noexcept nogil

cdef void run_tiles(const Slot* slot, const Cohort* cohort, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t head,
                    const Stage* stage) noexcept nogil

cdef void measure_tiles(const Slot* slot, const Cohort* cohort, int number, Py_ssize_t start, Py_ssize_t stop,
                        const Stage* stage, double* sums) noexcept nogil


cdef inline void call(void* f, int states, void* const* a, Py_ssize_t n, const void* scalars) noexcept nogil:
    if states == 2:
        (<Kernel2>f)(a[0], a[1], a[2], a[3], n, scalars)
    elif states == 1:
        (<Kernel1>f)(a[0], a[1], a[2], n, scalars)
    elif states == 0:
        (<Kernel0>f)(a[0], a[1], n, scalars)
    elif states == 3:
        (<Kernel3>f)(a[0], a[1], a[2], a[3], a[4], n, scalars)
    else:
        (<Kernel4>f)(a[0], a[1], a[2], a[3], a[4], a[5], n, scalars)
