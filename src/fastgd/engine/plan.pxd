# The slots of one optimizer, and what each step does with them.
from cpython.ref cimport PyObject

cimport numpy as cnp

from fastgd.engine.arrays cimport PyArrayObject
from fastgd.engine.execute cimport Cohort, Slot, Stage
from fastgd.engine.extents cimport Extent
from fastgd.engine.formats cimport Storage
from fastgd.kernels.rule cimport MAX_HYPER, Family, Format, Rule, Scalars

cdef void* grown(void* memory, Py_ssize_t count, size_t size) except NULL
cdef const Rule* fold(const Family* family, Scalars* scalars, double grad_scale, long long t, const double* hyper,
                      double* carry) noexcept

cdef class Group:
    cdef const Family* family
    cdef double[MAX_HYPER] hyper
    cdef readonly Storage storage
    cdef readonly Py_ssize_t start, count   # of its slots: the first, and how many
    cdef int layout                         # which states its slots have; -1 before the first
    cdef int latest                         # its latest cohort in this step; -1 before the first

    cdef const Rule* first_rule(self) noexcept
    cdef bint is_of_rows(self, str key) except -1

cdef class Plan:
    cdef readonly list groups
    cdef readonly list params               # an array for each slot
    cdef readonly list states               # for each slot, all state arrays that it has had, by key
    cdef Slot* slots
    cdef Cohort* cohorts
    cdef Extent* written
    cdef Py_ssize_t count, room, written_count
    cdef Py_ssize_t elements            # that this step updates
    cdef Py_ssize_t first, stop             # the slots of this step: others have no gradient
    cdef int cohort_count
    cdef bint moved                         # whether anything has, since `written` was sorted
    cdef bint blocked                       # whether a slot has state in 8 bits
    cdef bint averaging                     # whether a group has kept moving averages of its parameters
    cdef readonly list copies               # for each slot the array that its parameter is copied to, or None
    cdef bint with_rows                     # whether a gradient of this step has some of its rows alone
    cdef Stage stage                        # of the latest step
    cdef public object files                # what keeps state arrays in files; None where they are in memory

    cdef int reserve(self, Py_ssize_t count) except -1
    cdef int place(self, Py_ssize_t i, cnp.ndarray param) except -1
    cdef int clear(self) except -1
    cdef int sort_written(self) except -1
    cdef bint overlaps(self, const void* data, Py_ssize_t nbytes) noexcept
    cdef bint holds(self, Slot* slot) noexcept
    cdef bint takes(self, Slot* slot, PyObject* grad) noexcept
    cdef bint takes_place(self, Slot* slot, void* data, Format format) noexcept
    cdef int fold(self, double scale) except -1
    cdef int refuse_single(self, Group group, int number) except -1
    cdef object kept(self, Py_ssize_t i, str key, array)
    cdef int use(self, Group group, int rule) except -1
    cdef void update_slots(self, const Stage* stage, int threads) noexcept nogil
    cdef int run(self, double scale, double bound, bint staged) except -1
    cdef int use_averages(self, Group group) except -1

cpdef tuple keys_of_layout(int layout)
