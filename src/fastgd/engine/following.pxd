# A plan whose parameters are followed by moving averages and copies.
from cpython.ref cimport PyObject

from fastgd.engine.execute cimport After
from fastgd.engine.plan cimport Group, Plan

cdef class Following(Plan):
    cdef bint begun                         # whether averages have begun of which a front has not been told

    cdef After* after_of(self, Py_ssize_t i) except NULL
    cdef int set_average(self, Py_ssize_t i, array, bint begun) except -1
    cdef int set_copies(self, list arrays) except -1
    cdef int finish_slots(self) except -1
    cdef bint in_place(self, object front) except -1
    cdef bint gradients_apart(self) except -1
    cdef int check_zeroes(self, object front, PyObject** grads) except -1
    cdef void zero_gradients(self) noexcept
