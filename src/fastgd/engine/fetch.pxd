# Asking for memory whose place the processor cannot foresee, before it is needed.
from libc.stdint cimport uintptr_t

from fastgd.engine.execute cimport Slot
from fastgd.engine.formats cimport computed_in, itemsize
from fastgd.kernels.rule cimport Rule

cdef extern from *:
    """
    #ifndef FASTGD_FETCH
    #define FASTGD_FETCH
    #if defined(__GNUC__)
    /* The empty statement keeps gcc from leaving out a function that does nothing but this. */
    #define fastgd_prefetch(address) do { __builtin_prefetch(address); __asm__ volatile(""); } while (0)
    #else
    #define fastgd_prefetch(address) ((void)(address))
    #endif
    #endif
    """
    void prefetch "fastgd_prefetch"(const void*) nogil

cdef enum:
    FETCHED = 1024          # bytes at the beginning of a row that are asked for; what follows is foreseen
    FETCHED_LINE = 64


cdef inline void fetch_lines(const void* data, Py_ssize_t nbytes) noexcept nogil:
    """Ask for the cache lines of the first bytes at `data`, and for no others: memory has no time for these."""
    cdef const char* line = <const char*>data - <uintptr_t>data % FETCHED_LINE
    cdef const char* end = <const char*>data + min(nbytes, <Py_ssize_t>FETCHED)
    while line < end:
        prefetch(line)
        line += FETCHED_LINE


cdef inline void fetch(const Slot* slot) noexcept nogil:
    """Ask for the beginning of a slot's arrays, which another slot's update leaves time to arrive."""
    cdef int k
    for k in range(4):
        prefetch(slot.arrays[k])


cdef inline void fetch_rows(const Slot* slot, const Rule* rule, Py_ssize_t start, Py_ssize_t stop,
                            Py_ssize_t width) noexcept nogil:
    """
    Ask for the beginnings of some rows of a gradient, whose places in memory the processor cannot foresee.

    All at once: it finds out where several pages lie at the same time, if they are asked for close to each other.
    """
    cdef Py_ssize_t nbytes, i
    cdef int k
    for k in range(rule.row_numbers):
        nbytes = itemsize(computed_in(slot.formats[0]))
        for i in range(start, stop):
            prefetch(<char*>slot.arrays[2 + rule.state_count + k] + slot.touched.numbers[i] * nbytes)
    for k in range(rule.state_count + 2):
        nbytes = width * itemsize(slot.formats[k])
        if k == 1:
            for i in range(start, stop):
                fetch_lines(slot.touched.values[i], nbytes)
        else:
            for i in range(start, stop):
                fetch_lines(<char*>slot.arrays[k] + slot.touched.numbers[i] * nbytes, nbytes)
