# A plan whose groups are read from their owner's dicts.
from fastgd.engine.following cimport Following
from fastgd.engine.formats cimport Storage
from fastgd.engine.reader cimport Reader
from fastgd.engine.reading cimport Reading

cdef class Grouped(Following):
    cdef readonly Reader reader
    cdef readonly list readings, trees  # one of each for each group
    cdef public long long completed     # steps that have updated anything, which schedules are asked with
    cdef bint scheduled

    cdef bint read_groups(self, object front, object groups) except -1
    cdef Storage check_storage(self, object front, Py_ssize_t number, object given)
    cdef int read_group(self, object front, Py_ssize_t number, object given) except -1
    cdef int ask_schedules(self, Reading reading, Py_ssize_t number) except -1
    cdef int ask_all_schedules(self) except -1
