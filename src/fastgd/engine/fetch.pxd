# Asking for memory whose place the processor cannot foresee, before it is needed.
from libc.stdint cimport uintptr_t

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
