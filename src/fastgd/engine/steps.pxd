# The step of NumPy's and torch's optimizers: it reads groups, takes gradients, clips them and updates.
from cpython.ref cimport PyObject

from fastgd.engine.kept cimport Kept
from fastgd.engine.plan cimport Group
from fastgd.engine.reading cimport Reading
from fastgd.engine.rows cimport Rows

cdef class Steps(Kept):
    cdef readonly set names             # names of parameters that came in dicts
    cdef readonly object grad_norm
    cdef readonly dict clipping         # settings of gradients, as they were given
    cdef public long long skipped_steps
    cdef public tuple bound             # gradients that stay where they are, or None
    # What a class does for its rule, or None: a function of this object that is called before anything is changed, and
    # may return one that makes the first of the changes, which must be compiled and cannot fail.
    cdef public object between
    cdef dict gathered                  # for slots that have had gradients of rows, where these are summed
    cdef readonly bint busy
    cdef readonly bint grouped
    cdef bint skip_nonfinite
    cdef double max_norm, max_value
    cdef double scale, bound_of_elements    # of the latest step
    cdef PyObject** held                # gradients of the step under way, owned
    cdef Py_ssize_t held_count, held_room

    cdef int hold(self, object value) except -1
    cdef int release(self) except -1
    cpdef check_plain(self)
    cdef int begin(self) except -1
    cdef int end(self) except -1
    cdef bint hold_form(self, tuple form, object value) except -1
    cdef bint hold_groups(self, object values) except -1
    cdef int hold_gradients(self, object front, object grads) except -1
    cdef int take_gradients(self, object front) except -1
    cdef int take_slowly(self, object front, Py_ssize_t i) except -1
    cdef int take_rows(self, object front, Py_ssize_t i, Rows rows) except -1
    cdef int forget_rows(self) except -1
    cdef int hold_or_bound(self, object front, object grads, bint zeroes) except -1
    cdef bint update(self, object front, double scale, bint zeroes) except -1
    cdef int check_blocks(self, object front, double scale) except -1
    cdef int bound_largest(self, array) except -1
    cpdef tuple bound_gradients(self)
