# Gradients of a few rows of a parameter, and what a step makes of them.
from libc.stdint cimport int64_t

cimport numpy as cnp

from fastgd.engine.execute cimport Cohort, Slot, Touched
from fastgd.kernels.rule cimport Format

ctypedef struct Pair:
    # A row's number, and which of the rows of a gradient it is.
    int64_t number
    int64_t position

cdef void begin_rows(const Slot* slot, const Cohort* cohort) noexcept nogil


cdef class Rows:
    cdef readonly cnp.ndarray indices, values

    cdef bint fits(self, const Slot* slot) noexcept

cdef class Gathered:
    cdef Touched touched
    cdef int64_t* numbers
    cdef const void** values
    cdef Pair* pairs                # twice as many as there are rows, for sorting
    cdef char* sums
    cdef Py_ssize_t room, bytes     # rows for which there is room, and bytes of sums
    cdef int idle                   # steps in a row that have needed less than a quarter of it
    cdef tuple said                 # what the group of the slot said when rows were found to go with it

    cdef void let_go(self) noexcept
    cdef bint knows(self, tuple said) noexcept
    cdef int make_room(self, Py_ssize_t count) except -1
    cdef Py_ssize_t gather(self, Rows rows, Slot* slot, bint joined) except -2
    cdef Py_ssize_t sort(self, const char* source, Slot* slot, Py_ssize_t count, bint joined) except -1
    cdef void sum_rows(self, const char* source, const Pair* pairs, Py_ssize_t count, Py_ssize_t width,
                       Format compute, Format format, bint apart) noexcept nogil
