# The tensors that parameters are copied to.
from fastgd.torch.views cimport Borrow

cdef class Targets:
    cdef Borrow borrow
    cdef public dict tensors        # id of a parameter -> the tensor

    cdef bint hold(self, list leaves, list arrays) except -1
    cdef list found(self, front, dict tensors, list leaves, list params, list states)
    cdef list of(self, list leaves)
    cdef int forget_others(self, dict known) except -1
