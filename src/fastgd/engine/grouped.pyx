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
from fastgd.engine.settings cimport Settings
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
        cdef Settings settings = self.settings[number]
        return settings.values[settings.keys.index("params")]

    def state_keys(self, Py_ssize_t number):
        """Keys of the state arrays that a group's slots have in use."""
        return keys_of_layout((<Settings>self.settings[number]).group.layout)

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
        cdef Settings settings = self.settings[number]
        return self.reader.present(settings.plain, settings.group.hyper)

    def current(self, front, groups):
        """The checked hyperparameters of all groups, with the present values of schedules."""
        cdef Settings settings
        cdef list result = []
        self.read_groups(front, groups)
        if self.scheduled:
            self.ask_all_schedules()
        for settings in self.settings:
            result.append(self.reader.present(settings.plain, settings.group.hyper))
        return result

    cdef bint read_groups(self, object front, object groups) except -1:
        """Take over what has been changed in `param_groups` since the latest step; returns whether anything has."""
        cdef Py_ssize_t i
        cdef Settings settings
        cdef PyObject* given
        cdef bint changed = False
        if not PyList_Check(groups) or len(<list>groups) != len(self.settings):
            front._refused_groups(len(self.settings))
        for i in range(len(self.settings)):
            settings = <Settings>self.settings[i]
            given = PyList_GET_ITEM(groups, i)
            if given != <PyObject*>settings.given or settings.mutable or not settings.same(<dict>settings.given):
                self.read_group(front, i, (<list>groups)[i])
                changed = True
                # A number of the user's own type is Python code, which can change the list.
                if len(<list>groups) != len(self.settings):
                    front._refused_groups(len(self.settings))
        if changed:
            self.scheduled = any([(<Settings>one).schedules for one in self.settings])
        return changed

    def check_groups(self, front, groups):
        """Raise if more than hyperparameters has been changed in `param_groups`."""
        cdef Settings settings
        if not PyList_Check(groups) or len(<list>groups) != len(self.settings):
            front._refused_groups(len(self.settings))
        for number, given in enumerate(groups):
            settings = self.settings[number]
            if not PyDict_CheckExact(given) or given is not settings.given or settings.changed(given) is None:
                front._refused_group(number, given)
                self.check_storage(front, number, given)

    cdef Storage check_storage(self, object front, Py_ssize_t number, object given):
        """How a group asks for its arrays to be stored; raises if that is not as they are."""
        cdef Storage storage = front._storage(f"param_groups[{number}]", given)
        if not storage.stores_like((<Settings>self.settings[number]).group.storage):
            raise ValueError(f"param_groups[{number}]: how state is stored cannot be changed; use load_state_dict of a "
                             "new optimizer")
        return storage

    cdef int read_group(self, object front, Py_ssize_t number, object given) except -1:
        """Check what has been changed in a group, and take it over: all of it or nothing."""
        cdef Settings settings = <Settings>self.settings[number]
        cdef Storage storage = settings.group.storage
        cdef double[MAX_HYPER] hyper
        cdef list plain = list(settings.plain)
        changed = settings.changed(given) if PyDict_CheckExact(given) and given is settings.given else None
        if changed is None:
            front._refused_group(number, given)     # it raises, unless only hyperparameters differ
            storage = self.check_storage(front, number, given)
            changed = range(len(self.reader.names))
        where = f"param_groups[{number}]"
        memcpy(hyper, settings.group.hyper, sizeof(hyper))
        for k in changed:
            plain[k] = self.reader.read(k, where, given[self.reader.names[k]], hyper)
        if len(changed) != 1 or changed[0] != 0:
            self.reader.check_together(tuple(plain))
        if front._normalizes:
            for k in changed:
                given[self.reader.names[k]] = plain[k]
        memcpy(settings.group.hyper, hyper, sizeof(hyper))
        settings.plain = tuple(plain)
        if storage is not settings.group.storage:
            settings.group.storage = storage
            self.use_averages(settings.group)
        settings.remember(given, self.reader)
        return 0

    cdef int ask_schedules(self, Settings settings, Py_ssize_t number) except -1:
        """What the schedules of a group say of the next step, into its struct."""
        for place, check, rest, schedule in settings.schedules:
            try:
                value = schedule(self.completed)
            except Exception as error:
                error.add_note(f"param_groups[{number}]{rest}({self.completed}), a schedule, raised it")
                raise
            if type(value) is not float or not check.low <= value <= check.high:
                value = check(f"param_groups[{number}]{rest}({self.completed})", value)
            settings.group.hyper[place] = value
        if settings.schedules:
            self.reader.check_together(self.reader.present(settings.plain, settings.group.hyper))
        return 0

    cdef int ask_all_schedules(self) except -1:
        cdef Py_ssize_t number
        for number in range(len(self.settings)):
            self.ask_schedules(<Settings>self.settings[number], number)
        return 0
