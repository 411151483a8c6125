"""
Averaged: parameters that hold their moving averages for a while, and then again what they were. Behind and Way: slow
parameters that come after them.

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
    cdef list owners, layouts, kept     # the parameters, how they lay, and what they held

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
            if steps.copying:
                steps.check_copies(self.front)
            self.owners = self.present()
            self.layouts = [(array.dtype, array.shape, array.strides) for array in steps.params]
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
                if not self.restore():
                    self.restore_what_fits()
            self.front._written_to()

    cdef list present(self):
        """The parameters: torch's tensors, which may be given other memory, or NumPy's arrays."""
        return list(getattr(self.steps, "leaves", self.steps.params))

    cdef bint fits(self) except -1:
        """Whether the parameters are those that were kept, and laid out as they were."""
        cdef list present = self.present()
        if len(present) != len(self.owners):
            return False
        for param, owner, array, layout in zip(present, self.owners, self.steps.params, self.layouts):
            if param is not owner or (array.dtype, array.shape, array.strides) != layout:
                return False
        return True

    cdef bint restore(self) except -1:
        """Write to all parameters what they held; False, and nothing written, where one is not as it was."""
        cdef Py_ssize_t i
        cdef Steps steps = self.steps
        if not (steps.in_place(self.front) and self.fits()):
            return False
        for i in range(steps.count):
            memcpy(steps.slots[i].arrays[0], data_of(pointer(self.kept[i])),
                   steps.slots[i].size * itemsize_of(pointer(self.kept[i])))
        self.end()
        return True

    cdef int restore_what_fits(self) except -1:
        """The same where parameters have another dtype or layout by now, or are others."""
        cdef dict places = {id(param): i for i, param in enumerate(self.present())}
        cdef Py_ssize_t lost = 0
        for owner, kept in zip(self.owners, self.kept):
            place = places.get(id(owner))
            if place is not None and self.steps.params[place].shape == kept.shape:
                np.copyto(self.steps.params[place], kept, casting="unsafe")
            else:
                lost += 1
        self.end()
        if lost:
            raise RuntimeError(f"averaged(): {lost} of the parameters were taken away or changed in shape inside, and "
                               "keep their averages")
        return 0

    cdef int end(self) except -1:
        self.steps.averaged = False
        self.steps.show(False)
        self.owners, self.layouts, self.kept = [], [], []
        return 0


cdef class Behind:
    """
    Parameters
    ----------
    steps : Steps
        Of the optimizer whose parameters these follow.
    k, alpha
        After every `k` steps they go the share `alpha` of the way to the parameters, which then go back to them.
    """
    cdef Steps steps
    cdef object k, alpha
    cdef readonly list slow
    cdef public object count        # steps that it knows of

    def __init__(self, Steps steps not None, k, alpha):
        self.steps, self.k, self.alpha = steps, k, alpha
        self.slow, self.count = [], 0
        self.grow()

    def grow(self):
        """Begin with the parameters that are not known yet, where they are."""
        for param in self.steps.params[len(self.slow):]:
            self.slow.append(np.array(param, order="K"))

    def follow(self, completed):
        """Take note of a step of the optimizer, which had completed so many before the call."""
        if self.steps.completed == completed:
            return
        self.count += 1
        if self.count % self.k:
            return
        for param, slow in zip(self.steps.params, self.slow):
            way = param - slow
            slow += slow.dtype.type(self.alpha) * way
            param[...] = slow
        self.steps.show(False)


cdef class Way:
    """
    What slow tensors and their parameters have before them in a step of torch's that is under way.

    Parameters
    ----------
    alpha
        As of `Behind`.
    counts : list of (dict, int)
        Groups, and the count that each then has.
    pairs : list of (Tensor, Tensor)
        Parameters, without their gradients, and slow ones, alike in form.
    """
    cdef object alpha
    cdef list counts, pairs

    def __init__(self, alpha, list counts not None, list pairs not None):
        self.alpha, self.counts, self.pairs = alpha, counts, pairs

    def __call__(self):
        """Go it."""
        for group, count in self.counts:
            group["lookahead_step"] = count
        for param, slow in self.pairs:
            slow.add_(param.sub(slow).mul_(self.alpha))
            param.copy_(slow)


def change(list entries not None, list pairs not None):
    """
    Change entries of dicts and numbers of parameters, with no place for an interrupt between them.

    Parameters
    ----------
    entries : list of (dict, str, object)
        What each dict then has under the key; None for nothing.
    pairs : list of (array, array), or of Tensor
        Parameters, without their gradients, and what they then hold.
    """
    for held, key, value in entries:
        if value is None:
            held.pop(key, None)
        else:
            held[key] = value
    for param, numbers in pairs:
        copy = getattr(param, "copy_", None)
        if copy is None:
            param[...] = numbers
        else:
            copy(numbers)
