# Hyperparameters -> the struct of doubles that a fold takes.
from fastgd.kernels.rule cimport MAX_HYPER

ctypedef struct Field:
    # One hyperparameter: where its doubles stand in the struct, and which floats need no check in Python.
    int kind
    int start, count
    double low, high

cdef double real_number(str name, object value) except? -1

cdef class Reader:
    cdef readonly tuple names, checks
    cdef tuple numbers              # for each check, that of a number of its own where a schedule may stand
    cdef readonly int width         # doubles in the struct
    cdef readonly object convert, together
    cdef Field[MAX_HYPER] fields

    cdef bint is_plain(self, Py_ssize_t k, object value) noexcept
    cdef object read(self, Py_ssize_t k, object where, object value, double* hyper)
    cdef int check_together(self, tuple values) except -1
    cdef list schedules(self, tuple values)
    cdef tuple present(self, tuple values, const double* hyper)
