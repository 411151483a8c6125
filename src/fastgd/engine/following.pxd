# A plan whose parameters are followed by moving averages and copies.
from cpython.ref cimport PyObject

from fastgd.engine.execute cimport After
from fastgd.engine.measured cimport Measured
from fastgd.engine.plan cimport Group

cdef class Following(Measured):
    cdef bint begun                         # whether averages have begun of which a front has not been told
    cdef public bint averaged               # whether parameters hold their averages, so that no step may come
    cdef bint copying                       # whether there are copies
    cdef list sums                          # for each slot the sum of its gradients, or None
    cdef list has_sum                       # for each slot whether it has had one since the latest step
    cdef readonly Py_ssize_t window         # how many batches are in the sums

    cdef After* after_of(self, Py_ssize_t i) except NULL
    cdef int set_average(self, Py_ssize_t i, array, bint begun) except -1
    cdef int begin_averages(self, Py_ssize_t first, Py_ssize_t stop) except -1
    cdef int check_copies(self, object front) except -1
    cdef bint in_place(self, object front) except -1
    cdef bint gradients_apart(self) except -1
    cdef int check_zeroes(self, object front, PyObject** grads) except -1
    cdef void zero_gradients(self) noexcept
    cdef int make_sums(self, object front) except -1
    cdef bint sum_fits(self, Py_ssize_t i) except -1
    cdef int add_up(self, object front, bint zeroes) except -1
    cdef list summed(self)
    cdef int end_window(self) except -1
