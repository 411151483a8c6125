# Arrays that lie in files, which a step goes over in ranges.
from fastgd.engine.execute cimport Ranges, Slot

cdef enum:
    RANGE = 262144      # elements of a range at least; whole blocks
    DEPTH = 4           # ranges that are read ahead, and that may wait to be written

cdef void read_ahead(const Ranges* ranges, const Slot* slot, int states, Py_ssize_t start,
                     Py_ssize_t stop) noexcept nogil
cdef void write_behind(const Ranges* ranges, const Slot* slot, int states, Py_ssize_t start,
                       Py_ssize_t stop) noexcept nogil
cdef void let_go(const Ranges* ranges, const Slot* slot, int states, Py_ssize_t start,
                 Py_ssize_t stop) noexcept nogil
