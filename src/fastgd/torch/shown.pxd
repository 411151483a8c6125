# The tensors in `state` of a torch optimizer, and the memory of the engine that they have.
cimport numpy as cnp

from fastgd.engine.execute cimport Slot
from fastgd.torch.views cimport Borrow

ctypedef struct Number:
    # A step count or a carried number as `state` has it.
    void* data      # NULL where it does not
    bint wide       # float64, not float32

cdef bint has_objects(given, list expected) except -1
cdef bint has_members(list groups, list members) except -1

cdef class Shown:
    cdef Borrow borrow
    cdef object kind                # the NumPy class
    cdef tuple numbers_keys         # keys of what is a number for each parameter: its step count, what it carries
    cdef object state               # the optimizer's own
    cdef bint seen                  # whether others have asked for it since everything was looked at
    cdef bint known                 # whether `items` are what is in it
    cdef bint hidden                # whether nobody else had a reference to anything in it
    cdef list items, arrays         # keys and values, and for each tensor of the engine's memory the array that it has
    cdef list lent, foreign         # the views that tensors were made of; where in `items` other tensors stand
    cdef dict tensors               # parameter -> {key: (tensor, array, the view of it that torch holds, if it does)}
    cdef Number* numbers            # for each slot its step count, then what it carries
    cdef Py_ssize_t count
    cdef dict pools                 # dtype -> [room for numbers, how much of it is used]

    cdef bint stands(self) except -1
    cdef bint is_hidden(self) noexcept
    cdef bint keeps(self, object leaf) except -1
    cdef bint is_own(self, object leaf, object entry, object known) except -1
    cdef bint counts(self, const Slot* slot, Py_ssize_t i) noexcept
    cdef bint write(self, const Slot* slots, Py_ssize_t first, Py_ssize_t stop) noexcept
    cdef int reserve(self, Py_ssize_t count) except -1
    cdef int show(self, object leaf, Py_ssize_t i, long long steps, tuple carry, dict sources, bint adopting) except -1
    cdef tuple number(self, object have, Py_ssize_t k, double value, bint adopting)
    cdef int forget_items(self) except -1
    cdef int note(self) except -1
    cdef int note_last(self, object leaf) except -1
