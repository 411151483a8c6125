"""Readings: a group of `param_groups` as it was read, and whether the caller has changed it since."""
from cpython.dict cimport PyDict_Next
from cpython.ref cimport PyObject

cdef extern from "Python.h":
    PyObject* PyList_GET_ITEM(object, Py_ssize_t)       # borrowed

# Keys of numbers that follow from the steps, and change nothing of what is read.
cdef tuple COUNTS = ("schedule_step", "lookahead_step")

cdef tuple IMMUTABLE = (float, int, bool, str, type(None))


cdef bint is_immutable(object value):
    if type(value) is tuple:
        return all([type(entry) in IMMUTABLE or callable(entry) for entry in <tuple>value])
    return type(value) in IMMUTABLE or callable(value)


cdef class Reading:
    """A group of `param_groups` as it was read."""

    def __init__(self, Group group not None, tree, given not None, Reader reader not None, where=None):
        self.group = group
        self.form = None if tree is None else tree.form
        self.plain = reader.values(given, where)
        self.remember(given, reader)

    cdef bint same(self, dict given) noexcept:
        """Whether a dict has the items that were read."""
        cdef Py_ssize_t position = 0, i = 0, n = len(self.keys)
        cdef PyObject* key
        cdef PyObject* value
        while PyDict_Next(given, &position, &key, &value):
            if i >= n or PyList_GET_ITEM(self.keys, i) != key or PyList_GET_ITEM(self.values, i) != value:
                return False
            i += 1
        return i == n

    cdef bint follow(self, dict given, Reader reader) except -1:
        """
        Take over plain numbers in the place of others, as a scheduler changes them, without a call into Python; False
        where more than that is different.
        """
        cdef Py_ssize_t position = 0, i = 0, n = len(self.keys)
        cdef PyObject* key
        cdef PyObject* value
        cdef Py_ssize_t place
        cdef list plain = None
        cdef bint known = False
        if self.schedules or self.mutable or reader.together is not None:
            return False
        while PyDict_Next(given, &position, &key, &value):
            if i >= n or PyList_GET_ITEM(self.keys, i) != key:
                break
            if PyList_GET_ITEM(self.values, i) != value:
                place = self.places[i]
                if place >= 0 and reader.is_plain(place, <object>value):
                    plain = list(self.plain) if plain is None else plain
                    plain[place] = reader.read(place, None, <object>value, self.group.hyper)
                elif place >= 0 or <object>key not in COUNTS:
                    break
                self.values[i] = <object>value
            i += 1
        else:
            known = i == n
        if plain is not None:
            self.plain = tuple(plain)
        return known

    cdef int remember(self, given, Reader reader) except -1:
        """The items of a dict whose hyperparameters have been read into `plain`."""
        cdef list keys = list(given), values = list(given.values())
        cdef dict numbers = {name: k for k, name in enumerate(reader.names)}
        self.places = [numbers.get(key, -1) for key in keys]
        self.mutable = False
        for place, value in zip(self.places, values):
            if place >= 0 and not is_immutable(value):
                self.mutable = True
        self.schedules = reader.schedules(self.plain)
        self.given, self.keys, self.values = given, keys, values
        return 0

    cdef list changed(self, given):
        """Which hyperparameters have another value; None where more than that is different."""
        cdef Py_ssize_t i = 0
        cdef list result = []
        if len(given) != len(self.keys):
            return None
        for key, value in given.items():
            if key is not self.keys[i]:
                return None
            if value is not self.values[i] or self.mutable:
                if self.places[i] >= 0:
                    result.append(self.places[i])
                elif value is not self.values[i] and key not in COUNTS:
                    return None
            i += 1
        return result
