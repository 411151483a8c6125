# A plan that measures its gradients.
from fastgd.engine.norm cimport View
from fastgd.engine.plan cimport Plan

cdef double BESIDE_BLOCKS

cdef class Measured(Plan):
    cdef View* views
    cdef double* partial
    cdef Py_ssize_t view_room, partial_room

    cdef double measure(self) except? -1
    cdef double measure_some(self, bint blocked) except? -1
    cdef bint any_blocked(self) noexcept
    cdef double norm_beside(self, double most, double scale) except? -2
    cdef Py_ssize_t first_beyond(self, double bound) except -2
