"""
Averaged: parameters that hold their moving averages for a while, and then again what they were.

Compiled, so that an interrupt comes before or after a change of all parameters.
"""
cimport numpy as cnp
from libc.string cimport memcpy

from fastgd.engine.arrays cimport data_of, itemsize_of, pointer
from fastgd.engine.steps cimport Steps

import numpy as np

from fastgd.engine.steps import AVERAGED

cnp.import_array()      # itemsize_of asks which NumPy this is

NONE_KEPT = "no averages are kept: give ema_decay to the optimizer or to a group"


cdef class Averaged:
    """
    Parameters
    ----------
    front : Optimizer
        Whose parameters are meant; its `_look` finds them and reads its groups, and `_written` is told of each change.
    steps : Steps
        Its own.
    """
    cdef object front
    cdef Steps steps
    cdef list kept

    def __init__(self, front, Steps steps not None):
        self.front = front
        self.steps = steps

    def __enter__(self):
        cdef Steps steps = self.steps
        with steps:
            if steps.averaged:
                raise RuntimeError(AVERAGED)
            self.front._look()
            if not any([group.storage.ema_decay is not None for group in steps.groups]):
                raise RuntimeError(NONE_KEPT)
            self.kept = [np.array(param, order="K") for param in steps.params]
            steps.averaged = True
            steps.show(True)
            try:
                self.front._written_to()
            except BaseException:
                self.restore()
                raise

    def __exit__(self, *error):
        with self.steps:
            if not self.restore():
                self.front._look()      # finds those that lie elsewhere by now, or says what is wrong
                self.restore()
            self.front._written_to()

    cdef bint restore(self) except -1:
        """Write to all parameters what they held; False, and nothing written, where one is not as it was."""
        cdef Py_ssize_t i
        cdef Steps steps = self.steps
        if not steps.in_place(self.front):
            return False
        for i in range(steps.count):
            memcpy(steps.slots[i].arrays[0], data_of(pointer(self.kept[i])),
                   steps.slots[i].size * itemsize_of(pointer(self.kept[i])))
        steps.averaged = False
        steps.show(False)
        return True
