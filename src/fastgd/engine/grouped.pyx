"""
Grouped: a plan whose groups are dicts of their owner's, which are read again where they have been changed.

A front, NumPy's Optimizer or torch's, passes itself for the words about what is not plainly right.
"""
from cpython.dict cimport PyDict_CheckExact
from cpython.list cimport PyList_Check
from cpython.ref cimport PyObject
from libc.string cimport memcpy

from fastgd.engine.arrays cimport data_of, descr_of, pointer, size_of
from fastgd.engine.execute cimport Slot
from fastgd.engine.formats cimport Storage
from fastgd.engine.plan cimport Group
from fastgd.engine.reading cimport Reading
from fastgd.kernels.rule cimport MAX_HYPER

from fastgd.engine.plan import keys_of_layout

cdef extern from "Python.h":
    PyObject* PyList_GET_ITEM(object, Py_ssize_t)       # borrowed


cdef class Grouped(Following):
    def place_of(self, Py_ssize_t i):
        """(group, number in the group) of slot `i`."""
        cdef int number = self.slots[i].group
        return number, i - (<Group>self.groups[number]).start

    def given_params(self, Py_ssize_t number):
        """What ``"params"`` of a group must be."""
        cdef Reading reading = self.readings[number]
        return reading.values[reading.keys.index("params")]

    def state_keys(self, Py_ssize_t number):
        """Keys of the state arrays that a group's slots have in use."""
        return keys_of_layout((<Reading>self.readings[number]).group.layout)

    def check_param(self, Py_ssize_t i, label):
        """Raise if a parameter is not as it was bound."""
        cdef Slot* slot = &self.slots[i]
        if self.holds(slot):
            return
        array = self.params[i]
        if not array.flags.writeable:
            raise ValueError(f"{label}: expected a writeable array, got a read-only one")
        change = "changed in dtype"
        if descr_of(pointer(array)) == slot.descr:
            same = data_of(pointer(array)) == slot.arrays[0] and size_of(pointer(array)) == slot.size
            change = "changed in shape or strides" if same else "resized or moved"
        raise ValueError(f"{label}: expected the array that was given, got one {change} since")

    def plain(self, Py_ssize_t number):
        """The checked hyperparameters of a group, with what its schedules said last."""
        cdef Reading reading = self.readings[number]
        return self.reader.present(reading.plain, reading.group.hyper)

    def current(self, front, groups):
        """The checked hyperparameters of all groups, with the present values of schedules."""
        cdef Reading reading
        cdef list result = []
        self.read_groups(front, groups)
        if self.scheduled:
            self.ask_all_schedules()
        for reading in self.readings:
            result.append(self.reader.present(reading.plain, reading.group.hyper))
        return result

    cdef bint read_groups(self, object front, object groups) except -1:
        """Take over what has been changed in `param_groups` since the latest step; returns whether anything has."""
        cdef Py_ssize_t i
        cdef Reading reading
        cdef PyObject* given
        cdef bint changed = False
        if not PyList_Check(groups) or len(<list>groups) != len(self.readings):
            front._refused_groups(len(self.readings))
        for i in range(len(self.readings)):
            reading = <Reading>self.readings[i]
            given = PyList_GET_ITEM(groups, i)
            if given == <PyObject*>reading.given:
                if not reading.mutable and reading.same(<dict>reading.given):
                    continue
                if reading.follow(<dict>reading.given, self.reader):
                    continue
            self.read_group(front, i, (<list>groups)[i])
            changed = True
            # A number of the user's own type is Python code, which can change the list.
            if len(<list>groups) != len(self.readings):
                front._refused_groups(len(self.readings))
        if changed:
            self.scheduled = any([(<Reading>one).schedules for one in self.readings])
        return changed

    def check_groups(self, front, groups):
        """Raise if more than hyperparameters has been changed in `param_groups`."""
        cdef Reading reading
        if not PyList_Check(groups) or len(<list>groups) != len(self.readings):
            front._refused_groups(len(self.readings))
        for number, given in enumerate(groups):
            reading = self.readings[number]
            if not PyDict_CheckExact(given) or given is not reading.given or reading.changed(given) is None:
                front._refused_group(number, given)
                self.check_storage(front, number, given)

    cdef Storage check_storage(self, object front, Py_ssize_t number, object given):
        """How a group asks for its arrays to be stored; raises if that is not as they are."""
        cdef Storage storage = front._storage(f"param_groups[{number}]", given)
        if not storage.stores_like((<Reading>self.readings[number]).group.storage):
            raise ValueError(f"param_groups[{number}]: how state is stored cannot be changed; use load_state_dict of a "
                             "new optimizer")
        return storage

    cdef int read_group(self, object front, Py_ssize_t number, object given) except -1:
        """Check what has been changed in a group, and take it over: all of it or nothing."""
        cdef Reading reading = <Reading>self.readings[number]
        cdef Storage storage = reading.group.storage
        cdef double[MAX_HYPER] hyper
        cdef list plain = list(reading.plain)
        changed = reading.changed(given) if PyDict_CheckExact(given) and given is reading.given else None
        if changed is None:
            front._refused_group(number, given)     # it raises, unless only hyperparameters differ
            storage = self.check_storage(front, number, given)
            changed = range(len(self.reader.names))
        where = f"param_groups[{number}]"
        memcpy(hyper, reading.group.hyper, sizeof(hyper))
        for k in changed:
            plain[k] = self.reader.read(k, where, given[self.reader.names[k]], hyper)
        if len(changed) != 1 or changed[0] != 0:
            self.reader.check_together(tuple(plain))
        if front._normalizes:
            for k in changed:
                given[self.reader.names[k]] = plain[k]
        memcpy(reading.group.hyper, hyper, sizeof(hyper))
        reading.plain = tuple(plain)
        if storage is not reading.group.storage:
            reading.group.storage = storage
            self.use_averages(reading.group)
        reading.remember(given, self.reader)
        return 0

    cdef int ask_schedules(self, Reading reading, Py_ssize_t number) except -1:
        """What the schedules of a group say of the next step, into its struct."""
        for place, check, rest, schedule in reading.schedules:
            try:
                value = schedule(self.completed)
            except Exception as error:
                error.add_note(f"param_groups[{number}]{rest}({self.completed}), a schedule, raised it")
                raise
            if type(value) is not float or not check.low <= value <= check.high:
                value = check(f"param_groups[{number}]{rest}({self.completed})", value)
            reading.group.hyper[place] = value
        if reading.schedules:
            self.reader.check_together(self.reader.present(reading.plain, reading.group.hyper))
        return 0

    cdef int ask_all_schedules(self) except -1:
        cdef Py_ssize_t number
        for number in range(len(self.readings)):
            self.ask_schedules(<Reading>self.readings[number], number)
        return 0
