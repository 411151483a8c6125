# A plan whose state may be kept in files.
from fastgd.engine.execute cimport Ranges
from fastgd.engine.plan cimport Group
from fastgd.engine.shared cimport Shared

cdef class Kept(Shared):
    cdef Ranges ranges
    cdef object ledger          # an array in a file: whether a step is under way, and what slots have done; or None
    cdef double* entries        # of it
    cdef object renaming        # (from, to): what has to be renamed when changes begin; or None

    cdef list begin_group(self, Group group, tree, list arrays)
    cdef int begin_changes(self, list copies) noexcept
    cdef int end_changes(self) noexcept
