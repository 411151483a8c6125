"""
Bound: the step of a torch optimizer, over the memory of its tensors.

Compiled, since with small networks a step takes hardly longer than to find out that nothing has moved.
"""
from cpython.dict cimport PyDict_Check, PyDict_GetItem, PyDict_Next
from cpython.list cimport PyList_Check
from cpython.ref cimport Py_REFCNT, PyObject, PyTypeObject
from libc.string cimport memcmp, memcpy

cimport numpy as cnp

from fastgd.engine.arrays cimport PyArrayObject, data_of, pointer
from fastgd.engine.execute cimport Slot
from fastgd.engine.extents cimport are_apart
from fastgd.engine.formats cimport format_of, goes_with, itemsize
from fastgd.engine.plan cimport Group
from fastgd.engine.settings cimport Settings
from fastgd.engine.steps cimport Steps
from fastgd.kernels.rule cimport FLOAT32, MAX_CARRY
from fastgd.torch.views cimport Borrow, Place, borrow_of, find, laid_out, lies_at

import numpy as np
import torch
from torch.autograd.graph import increment_version

from fastgd import validation
from fastgd.engine.steps import IN_USE
from fastgd.torch import checks

cdef extern from "Python.h":
    PyObject* PyList_GET_ITEM(object, Py_ssize_t)       # borrowed
    bint PyObject_TypeCheck(object, PyTypeObject*)

cnp.import_array()

cdef object is_neg = torch.Tensor.is_neg, Tensor = torch.Tensor, Parameter = torch.nn.Parameter


cdef bint has_objects(given, list expected) except -1:
    """Whether `given` is a list of just these objects."""
    cdef Py_ssize_t i
    if not PyList_Check(given) or len(<list>given) != len(expected):
        return False
    for i in range(len(expected)):
        if PyList_GET_ITEM(given, i) != PyList_GET_ITEM(expected, i):
            return False
    return True


cdef bint has_members(list groups, list members) except -1:
    """Whether the groups, which are dicts, have just the objects in `members` as their "params"."""
    cdef Py_ssize_t i
    cdef PyObject* found
    for i in range(len(groups)):
        found = PyDict_GetItem(<object>PyList_GET_ITEM(groups, i), "params")
        if found == NULL or not has_objects(<object>found, members[i]):
            return False
    return True


cdef list values_of(object state):
    """The values of a dict, each followed, where it is a dict itself, by its values."""
    cdef list result = []
    for value in state.values():
        result.append(value)
        if isinstance(value, dict):
            result.extend(value.values())
    return result


cdef bint has_values(object state, list expected) except -1:
    """Whether `values_of(state)` would be the same objects as `expected`."""
    cdef Py_ssize_t position = 0, inner, n = len(expected), i = 0
    cdef PyObject* value
    cdef PyObject* item
    if not PyDict_Check(state):
        return False
    while PyDict_Next(state, &position, NULL, &value):
        if i >= n or PyList_GET_ITEM(expected, i) != value:
            return False
        i += 1
        if not PyDict_Check(<object>value):
            continue
        inner = 0
        while PyDict_Next(<object>value, &inner, NULL, &item):
            if i >= n or PyList_GET_ITEM(expected, i) != item:
                return False
            i += 1
    return i == n


cdef bint all_held(dict lent) noexcept:
    """
    Whether the storage that was made of each array still holds it. It does not where a tensor has been moved, as to
    shared memory; to ask each tensor for its address would cost a fifth of a step.
    """
    cdef Py_ssize_t position = 0
    cdef PyObject* array
    while PyDict_Next(lent, &position, NULL, &array):
        if Py_REFCNT(<object>array) < 2:
            return False
    return True


cdef inline double get(cnp.ndarray steps, Py_ssize_t i) noexcept:
    if format_of(pointer(steps)) == FLOAT32:
        return (<float*>data_of(pointer(steps)))[i]
    return (<double*>data_of(pointer(steps)))[i]


cdef inline void put(cnp.ndarray steps, Py_ssize_t i, long long value) noexcept:
    if format_of(pointer(steps)) == FLOAT32:
        (<float*>data_of(pointer(steps)))[i] = <float>value
    else:
        (<double*>data_of(pointer(steps)))[i] = <double>value


cdef class Bound(Steps):
    """
    Parameters and state of a torch optimizer as they were found.

    They are found anew when parameters, groups or state are no longer where and what they were. State that is not the
    engine's own is then copied, so that it lies in memory as the engine wants it, and its tensors in `state` are
    replaced by those that share memory with the engine's arrays. What has not moved is left alone.
    """
    cdef object found_groups, found_state   # the optimizer's own; None where they have to be found anew
    cdef list group_dicts, members          # the dicts of the groups, and the parameters of each
    cdef readonly list leaves               # parameters, in the order of the slots
    cdef list state_values
    cdef Borrow borrow
    cdef dict lent                          # (slot, state key): the array that a tensor in `state` was made of
    cdef dict sources, tensors              # the same: whose view that array is, and the tensor
    cdef dict places                        # id of a parameter -> its slot
    cdef object backward                    # the backward pass in which `step_one` looked at everything
    cdef cnp.ndarray steps, carry           # what the scalars in `state` are views of
    cdef list layouts                       # for each group, that of the state arrays that `state` has
    cdef set waiting                        # slots that have not begun
    cdef bint asked                         # whether gradients of this step may have been computed by Python code

    def __init__(self, reader):
        Steps.__init__(self, reader)
        self.borrow = borrow_of(torch.Tensor)
        self.leaves, self.group_dicts, self.members, self.state_values, self.layouts = [], [], [], [], []
        self.lent, self.sources, self.tensors, self.places, self.waiting = {}, {}, {}, {}, set()

    # ---- looking at tensors ---------------------------------------------------------------------------------------

    cdef bint holds_all(self, object groups, object state) except -1:
        """Whether parameters, groups and state are where and what they were after the latest step."""
        cdef Py_ssize_t i
        if not (self.has_groups(groups) and state is self.found_state
                and has_values(state, self.state_values) and all_held(self.lent)):
            return False
        for i in range(self.count):
            if not (self.holds_leaf(i) and self.has_progress(i)):
                return False
        return True

    cdef bint has_groups(self, object groups) except -1:
        """Whether the groups and their parameters are the objects that were found."""
        return (groups is self.found_groups and has_objects(groups, self.group_dicts)
                and has_members(self.group_dicts, self.members))

    cdef bint holds_leaf(self, Py_ssize_t i) except -1:
        """Whether a parameter lies where it was found."""
        cdef Place place
        return find(self.borrow, <object>PyList_GET_ITEM(self.leaves, i), &place) and lies_at(
            <PyArrayObject*>self.slots[i].param, &place)

    cdef bint has_progress(self, Py_ssize_t i) noexcept:
        """Whether the step count and the carried numbers in `state` are as the latest step left them."""
        cdef const double* numbers = <const double*>data_of(pointer(self.carry)) + MAX_CARRY * i
        return (get(self.steps, i) == self.slots[i].steps
                and memcmp(numbers, self.slots[i].carry, sizeof(self.slots[i].carry)) == 0)

    cdef bint write_progress(self) noexcept:
        """Bring steps and carried numbers into `state`; returns whether its step counts hold them exactly."""
        cdef double* numbers = <double*>data_of(pointer(self.carry))
        cdef Py_ssize_t i
        cdef bint exact = True
        for i in range(self.count):
            put(self.steps, i, self.slots[i].steps)
            exact = exact and get(self.steps, i) == self.slots[i].steps
            memcpy(numbers + MAX_CARRY * i, self.slots[i].carry, sizeof(self.slots[i].carry))
        return exact

    # ---- finding them anew ----------------------------------------------------------------------------------------

    def find(self, front):
        """Find parameters, groups and state where they are now."""
        if self.has_groups(front.param_groups):
            self.find_moved(front)
        else:
            self.find_all(front)

    cdef int find_moved(self, front) except -1:
        """
        Find parameters that lie elsewhere, and state that is no longer the engine's own, in the groups that are known.
        Nothing is taken over before all of it is known to be good.
        """
        cdef list arrays = list(self.params), entries = [], kept = []
        cdef Group group
        cdef Py_ssize_t i, k, n
        state = front.state
        for n, group in enumerate(self.groups):
            for k in range(group.count):
                i = group.start + k
                leaf = self.leaves[i]
                if not self.holds_leaf(i):
                    arrays[i] = checks.parameter(f"param_groups[{n}]['params'][{k}]", leaf)
                entry = self.own_entry(front, leaf, arrays[i], state)
                kept.append(entry is not None)
                if entry is None:
                    entry = front._entry(i, leaf, arrays[i], group)
                entries.append(entry)
        if not are_apart(arrays):
            validation.apart([(front._label(i), array) for i, array in enumerate(arrays)])
        self.found_state = None
        for key in [key for key in self.tensors if not kept[key[0]]]:
            del self.lent[key], self.sources[key], self.tensors[key]
        for i in range(self.count):
            if arrays[i] is not self.params[i]:
                self.place(i, arrays[i])
        for group in self.groups:
            self.replace(group, entries[group.start:group.start + group.count])
        self.found_state = state
        self.publish(front)
        return 0

    cdef int find_all(self, front) except -1:
        """Find everything; nothing is taken over before all of it is known to be good."""
        cdef list found = [], all_arrays = [], kept = []
        cdef Py_ssize_t start = 0
        groups, state = front.param_groups, front.state
        members = [list(group["params"]) for group in groups]
        for n, group in enumerate(groups):
            front._refused_group(n, group)
            storage = front._storage(f"param_groups[{n}]", group)
            slots = Group(front._numpy._family, start, len(members[n]), storage)
            settings = Settings(slots, None, group, self.reader, f"param_groups[{n}]")
            slots.set_hyper(self.reader.doubles(settings.plain))
            arrays, entries = [], []
            for k, leaf in enumerate(members[n]):
                arrays.append(checks.parameter(f"param_groups[{n}]['params'][{k}]", leaf))
                entry = self.own_entry(front, leaf, arrays[k], state)
                kept.append(entry is not None)
                entries.append(front._entry(start + k, leaf, arrays[k], slots) if entry is None else entry)
            found.append((settings, arrays, entries))
            start += len(members[n])
            all_arrays += arrays
        if not are_apart(all_arrays):
            names = [f"param_groups[{n}]['params'][{k}]" for n, leaves in enumerate(members)
                     for k in range(len(leaves))]
            validation.apart(list(zip(names, all_arrays, strict=True)))
        self.take_all(found, kept, members, groups, state)
        self.publish(front)

    cdef object own_entry(self, front, leaf, array, state):
        """Progress and state arrays of a parameter whose state is the engine's own; None where it must be read."""
        cdef Py_ssize_t i = self.places.get(id(leaf), -1)
        if i < 0 or self.leaves[i] is not leaf:
            return None
        before = self.params[i]
        if array.dtype != before.dtype or array.shape != before.shape or array.strides != before.strides:
            return None
        entry = state.get(leaf)
        if not isinstance(entry, dict):
            return None if leaf in state or self.slots[i].steps else (0, (), self.states[i])
        if not entry:
            return None if self.slots[i].steps else (0, (), self.states[i])
        for key, tensor in entry.items():
            if tensor is not self.tensors.get((i, key)) or not self.is_held((i, key)):
                return None
        for key in ("step", *front._numpy.carried, *self.states[i]):
            if (i, key) in self.tensors and key not in entry:
                return None
        if not self.has_progress(i):
            return None
        return (*self.progress(i), self.states[i])

    cdef bint is_held(self, tuple key) noexcept:
        """As `all_held`, of one array."""
        return Py_REFCNT(<object>PyDict_GetItem(self.lent, key)) > 1

    cdef int take_all(self, list found, list kept, list members, groups, state) except -1:
        """Take over what has been found; `kept`: of each parameter, whether its state stays as it is."""
        cdef dict lent = {}, sources = {}, tensors = {}, places = {}
        cdef list leaves = [leaf for params in members for leaf in params]
        cdef Py_ssize_t i, before
        # A scalar in `state` is a view of its slot's place, which has to be another one where the slots are others.
        cdef bint moved = self.steps is None or len(self.steps) != len(leaves)
        for i, leaf in enumerate(leaves):
            before = self.places.get(id(leaf), -1)
            moved = moved or before != i
            for key in ((state.get(leaf) or ()) if kept[i] else ()):
                if (before, key) in self.lent:
                    lent[i, key] = self.lent[before, key]
                    sources[i, key], tensors[i, key] = self.sources[before, key], self.tensors[before, key]
            places[id(leaf)] = i
        self.found_groups = self.found_state = None
        self.places = {}
        self.clear()
        self.settings, self.scheduled = [], False
        self.largest = np.finfo(np.float64).max
        self.reserve(len(leaves))
        for settings, arrays, entries in found:
            self.add_group((<Settings>settings).group, arrays, entries)
            self.settings.append(settings)
            for array in arrays:
                self.bound_largest(array)
        self.lent, self.sources, self.tensors, self.places, self.leaves = lent, sources, tensors, places, leaves
        self.group_dicts, self.members = list(groups), members
        if moved:
            self.steps = np.zeros(len(leaves), np.float32)
            self.carry = np.zeros((len(leaves), MAX_CARRY))
        self.layouts = []
        self.found_groups, self.found_state = groups, state
        return 0

    # ---- what `state` shows ---------------------------------------------------------------------------------------

    cdef int publish(self, front) except -1:
        """Bring into `state` what is not there yet."""
        cdef Group group
        cdef Py_ssize_t n
        if not self.write_progress():
            self.steps = self.steps.astype(np.float64)      # float32 would stay at 2**24.
            self.write_progress()
        for n, group in enumerate(self.groups):
            for i in range(group.start, group.start + group.count):
                if self.slots[i].steps:
                    self.publish_one(front, i, self.state_keys(n))
        self.layouts = [(<Group>group).layout for group in self.groups]
        self.waiting = {i for i in range(self.count) if not self.slots[i].steps}
        self.state_values = values_of(self.found_state)
        return 0

    cdef int publish_one(self, front, Py_ssize_t i, keys) except -1:
        steps, carry = self.progress(i)
        there = self.found_state.get(self.leaves[i], ())
        # As in torch, state of an option that is switched off stays, and is that with which it is switched on again.
        sources = {key: array for key, array in self.states[i].items() if key in keys or key in there}
        visible = front._numpy.entry(steps, carry, sources, {})
        if not visible:
            return 0
        entry = self.found_state.setdefault(self.leaves[i], {})
        carried = list(front._numpy.carried)
        for key in visible:
            source = sources.get(key, self.steps if key == "step" else self.carry)
            if self.sources.get((i, key)) is source and entry.get(key) is self.tensors.get((i, key)):
                continue
            if key == "step":
                view = self.steps[i:i + 1].reshape(())
            elif key in carried:
                view = self.carry[i, carried.index(key):carried.index(key) + 1].reshape(())
            else:
                view = checks.plain_view(source)
            tensor = checks.tensor(view)
            self.lent[i, key], self.sources[i, key], self.tensors[i, key] = view, source, tensor
            entry[key] = tensor
        return 0

    cdef int finish(self, front, list updated) except -1:
        """Tell autograd what has been written to, and bring `state` up to date."""
        cdef Py_ssize_t i
        cdef list begun
        increment_version(updated)
        if not self.write_progress() or [(<Group>group).layout for group in self.groups] != self.layouts:
            return self.publish(front)
        begun = [i for i in self.waiting if self.slots[i].steps]
        if begun:
            for i in begun:
                self.publish_one(front, i, self.state_keys(self.slots[i].group))
            self.state_values = values_of(self.found_state)
            self.waiting.difference_update(begun)
        return 0

    # ---- the step -------------------------------------------------------------------------------------------------

    cdef bint take_tensor(self, front, Py_ssize_t i) except -1:
        """Take the gradient of a slot; False if it has none."""
        cdef Slot* slot = &self.slots[i]
        cdef Place place
        leaf = <object>PyList_GET_ITEM(self.leaves, i)
        grad = leaf.grad    # asked for once, and held
        self.hold(grad)
        slot.cohort = -1
        self.asked = self.asked or (type(leaf) is not Parameter and type(leaf) is not Tensor)
        if grad is None:
            return False
        self.asked = self.asked or type(grad) is not Tensor
        if not (PyObject_TypeCheck(grad, <PyTypeObject*>torch.Tensor)
                and find(self.borrow, grad, &place)
                and goes_with(slot.formats[0], place.format)
                and laid_out(<PyArrayObject*>slot.param, &place)
                and <size_t>place.data % itemsize(place.format) == 0
                and not is_neg(grad)
                and self.takes_place(slot, place.data, place.format)):
            array = front._gradient(i, grad)
            self.hold(array)
            self.asked = True
            if not self.takes(slot, <PyObject*>array):
                raise RuntimeError(f"gradient {i} was copied and is still refused; please report this")
        slot.cohort = 0
        return True

    cdef int check_places(self) except -1:
        """
        Raise if anything has moved since gradients were taken: to ask a subclass is Python code, which can do so.
        """
        cdef Py_ssize_t i, k = 0
        cdef Place place
        cdef bint there = True
        self.asked = False
        for i in range(self.first, self.stop):
            there = there and self.holds_leaf(i)
            if self.slots[i].cohort < 0:
                k += 1
            elif k + 1 < self.held_count and type(<object>self.held[k + 1]) is cnp.ndarray:
                k += 2      # what was copied stays as it was
            else:
                there = there and find(self.borrow, <object>self.held[k], &place) and (
                    place.data == self.slots[i].arrays[1] and place.format == self.slots[i].formats[1]
                    and laid_out(<PyArrayObject*>self.slots[i].param, &place))
                k += 1
        if not there:
            raise RuntimeError("a parameter or a gradient was moved while gradients were asked for")
        return 0

    def step_tensors(self, front, groups, state, double scale):
        """Update all parameters that have a gradient."""
        cdef Py_ssize_t i
        cdef list updated
        cdef bint all_have = True
        if self.busy:
            raise RuntimeError(IN_USE)
        self.busy = True
        try:
            if not self.holds_all(groups, state):
                self.find(front)
            self.read_groups(front, self.group_dicts)
            self.first, self.stop = 0, self.count
            if self.moved:
                self.sort_written()
            for i in range(self.count):
                if not self.take_tensor(front, i):
                    all_have = False
            if self.asked:
                self.check_places()
            updated = self.leaves
            if not all_have:
                updated = [leaf for i, leaf in enumerate(self.leaves) if self.slots[i].cohort >= 0]
            self.run_and_tell(front, scale, updated)
        finally:
            self.release()
            self.busy = False

    def step_one(self, front, groups, state, leaf, backward):
        """
        Update one parameter, as in a step in which no other has a gradient; False if it is in no group. The first
        call in a backward pass looks at everything, later ones only at `leaf`.
        """
        cdef Py_ssize_t i
        if self.busy:
            raise RuntimeError(IN_USE)
        self.busy = True
        try:
            i = self.places.get(id(leaf), -1)
            if backward != self.backward or i < 0 or not self.holds_leaf(i):
                if not self.holds_all(groups, state):
                    self.find(front)
                self.backward = backward
                i = self.places.get(id(leaf), -1)
            if i < 0:
                return False
            self.read_groups(front, self.group_dicts)
            self.first, self.stop = i, i + 1
            if self.moved:
                self.sort_written()
            if self.take_tensor(front, i):
                if self.asked:
                    self.check_places()
                self.run_and_tell(front, scale=1.0, updated=[leaf])
            return True
        finally:
            self.first, self.stop = 0, self.count
            self.release()
            self.busy = False

    cdef int run_and_tell(self, front, double scale, list updated) except -1:
        """The update, and `state` and autograd told of it, also where Ctrl-C comes in between."""
        if not self.update(scale):
            return 0
        try:
            self.finish(front, updated)
        except BaseException:
            self.finish(front, updated)
            raise
        return 0
