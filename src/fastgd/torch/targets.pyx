"""Targets: the tensors that parameters are copied to, which lie where they were found, or are found anew."""
from fastgd.engine.arrays cimport pointer
from fastgd.torch.views cimport Place, borrow_of, find, lies_at

import torch

from fastgd import validation
from fastgd.torch import checks


cdef class Targets:
    def __init__(self):
        self.borrow = borrow_of(torch.Tensor)
        self.tensors = {}

    cdef bint hold(self, list leaves, list arrays) except -1:
        """Whether all of them lie where they were found, which is where the arrays of the parameters' copies are."""
        cdef Place place
        if not self.tensors:
            return True
        for leaf, array in zip(leaves, arrays):
            tensor = self.tensors.get(id(leaf))
            if tensor is not None and (array is None or not find(self.borrow, tensor, &place)
                                       or not lies_at(pointer(array), &place)):
                return False
        return True

    cdef list found(self, front, dict tensors, list leaves, list params, list states):
        """For each parameter the array of its copy, or None; raises where they are not as they must be."""
        cdef list arrays = []
        for i, leaf in enumerate(leaves):
            tensor = tensors.get(id(leaf))
            arrays.append(None if tensor is None else checks.copy(front._copy_label(i), tensor, leaf))
        written = [(front._label(i), array) for i, array in enumerate(params)]
        written += [(f"state {key!r} of {front._label(i)}", array)
                    for i, entry in enumerate(states) for key, array in entry.items()]
        copies = [(front._copy_label(i), array) for i, array in enumerate(arrays) if array is not None]
        validation.apart([*written, *copies])
        return arrays

    cdef list of(self, list leaves):
        """Those of some parameters."""
        return [self.tensors[id(leaf)] for leaf in leaves if id(leaf) in self.tensors]

    cdef int forget_others(self, dict known) except -1:
        """Let go of those of other parameters than are known by their ids."""
        self.tensors = {key: tensor for key, tensor in self.tensors.items() if key in known}
        return 0
