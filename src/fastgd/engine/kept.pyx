"""
Kept: a plan whose state may be kept in files, by the object `files`.

The ledger is an array in one of them. Its first row has 1 while changes are under way, and the steps completed; each
other row the steps that a slot has taken, and the numbers that it carries. What is stored in it is in the file when the
process is killed, and no interrupt can come between.
"""
from cpython.mem cimport PyMem_Free
from libc.stdint cimport uintptr_t
from libc.stdio cimport rename
from libc.string cimport memcpy

cimport numpy as cnp

from fastgd.engine.arrays cimport data_of, itemsize_of, pointer, size_of
from fastgd.engine.execute cimport Mapped
from fastgd.engine.plan cimport grown
from fastgd.kernels.rule cimport MAX_CARRY

cdef enum:
    ROW = 1 + MAX_CARRY
ROW_OF_LEDGER = ROW


cdef class Kept(Shared):
    def __dealloc__(self):
        PyMem_Free(self.ranges.mapped)

    def set_ledger(self, cnp.ndarray ledger not None):
        """Let a checked array, with a row for each slot and one before them, be the ledger."""
        self.ledger = ledger
        self.entries = <double*>data_of(pointer(ledger))

    def set_renaming(self, renaming):
        """Let a file be renamed, (from, to) in bytes, once changes have begun; None for no file."""
        self.renaming = renaming

    def set_ranges(self, list mapped not None):
        """
        Let steps go over files in ranges: (address, bytes, descriptor or -1, offset in the file) of each that is in
        memory, in the order of addresses. Without any they do not.
        """
        cdef Py_ssize_t i
        cdef Mapped* one
        self.ranges.mapped = <Mapped*>grown(self.ranges.mapped, len(mapped), sizeof(Mapped))
        for i in range(len(mapped)):
            one = &self.ranges.mapped[i]
            one.start = <const char*><uintptr_t>mapped[i][0]
            one.stop = one.start + <Py_ssize_t>mapped[i][1]
            one.fd = mapped[i][2]
            one.offset = mapped[i][3]
        self.ranges.count = len(mapped)
        self.stage.ranges = &self.ranges if mapped else NULL

    def settle(self):
        """Write down what there is, without a step."""
        self.files.ready(self)
        self.begin_changes(None)
        self.end_changes()

    cdef list begin_group(self, Group group, tree, list arrays):
        """What the slots of a new group begin with, or go on from where files have it."""
        entries = group.begun(arrays)
        return entries if self.files is None else self.files.begin(group, tree, arrays, entries)

    cdef int begin_changes(self, list copies) noexcept:
        """
        Mark the files as under way. `copies`: (dict, key, array) of state arrays that take the place of those in the
        dicts, of which they then have the numbers.
        """
        if self.ledger is None:
            return 0
        self.entries[0] = 1
        if self.renaming is not None:
            if rename(<bytes>self.renaming[0], <bytes>self.renaming[1]) == 0:   # else the next step tries again
                self.files.changed = False
            self.renaming = None
        for entry, key, array in copies or ():
            memcpy(data_of(pointer(array)), data_of(pointer(entry[key])),
                   size_of(pointer(array)) * itemsize_of(pointer(array)))
            entry[key] = array
        return 0

    cdef int end_changes(self) noexcept:
        """Write down what slots have done, and that nothing is under way."""
        cdef Py_ssize_t i
        cdef double* row = self.entries
        if self.ledger is None:
            return 0
        row[1] = <double>self.completed
        for i in range(self.count):
            row += ROW
            row[0] = <double>self.slots[i].steps
            memcpy(row + 1, self.slots[i].carry, MAX_CARRY * sizeof(double))
        self.entries[0] = 0
        return 0
