# What comes after a rule.
from fastgd.engine.execute cimport Slot

cdef void run_after(const Slot* slot, Py_ssize_t start, Py_ssize_t stop, bint zeroes) noexcept nogil
cdef void show(const Slot* slot, bint average) noexcept nogil
