# Hyperparameters of a group as they were found in the caller's dict.
from fastgd.engine.plan cimport Group
from fastgd.engine.reader cimport Reader

cdef class Reading:
    cdef Group group
    cdef tuple form                     # what its gradients are made of, as of a tree; None for an array by itself
    cdef readonly object given          # the dict
    cdef list keys, values              # its items when they were read, recognised by identity
    cdef list places                    # for each key, which hyperparameter it is; -1 for others
    cdef tuple plain                    # checked values, in the reader's order
    cdef bint mutable                   # whether a value may change without another object taking its place
    cdef readonly list schedules        # as of `Reader.schedules`

    cdef bint same(self, dict given) noexcept
    cdef bint follow(self, dict given, Reader reader) except -1
    cdef int remember(self, object given, Reader reader) except -1
    cdef list changed(self, object given)
