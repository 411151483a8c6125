"""
Found: the slots of a torch optimizer, as its parameters, groups and state were found.

Compiled, since with small networks a step takes hardly longer than to find out that nothing has moved.
"""
from cpython.ref cimport PyObject

from fastgd.engine.arrays cimport PyArrayObject
from fastgd.engine.extents cimport are_apart
from fastgd.engine.plan cimport Group
from fastgd.engine.reading cimport Reading
from fastgd.torch.shown cimport has_members, has_objects
from fastgd.torch.views cimport Place, borrow_of, find, lies_at, with_parts

import numpy as np
import torch
from torch.autograd.graph import increment_version

from fastgd import validation
from fastgd.engine.formats import absmax_keys
from fastgd.ranks import sums_over_all
from fastgd.torch import checks
from fastgd.torch.clock import COUNT

cdef extern from "Python.h":
    PyObject* PyList_GET_ITEM(object, Py_ssize_t)       # borrowed


cdef class Found(Steps):
    """
    Parameters and state of a torch optimizer as they were found.

    They are found anew when parameters, groups or state are no longer where and what they were. State whose tensors lie
    as the engine wants them is used where it lies. Other state is copied, and its tensors in `state` are replaced by
    those that share memory with the engine's arrays. What has not moved is left alone.
    """

    def __init__(self, reader, kind, Clock clock not None):
        Steps.__init__(self, reader)
        self.clock = clock
        self.borrow = borrow_of(torch.Tensor)
        self.shown = Shown(kind)
        self.leaves, self.group_dicts, self.members, self.layouts = [], [], [], []
        self.places, self.waiting, self.targets = {}, set(), Targets()

    # ---- looking at tensors ---------------------------------------------------------------------------------------

    cdef bint holds_all(self, object groups) except -1:
        """Whether parameters, groups and state are where and what they were after the latest step."""
        cdef Py_ssize_t i
        if not (self.has_groups(groups) and self.shown.stands() and self.targets.hold(self.leaves, self.copies)):
            return False
        for i in range(self.count):
            if not (self.holds_leaf(i) and self.shown.counts(&self.slots[i], i)):
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

    cdef bint in_place(self, object front) except -1:
        return self.holds_all(front.param_groups)

    def look(self, front):
        """Find what is no longer where it was, and read the groups."""
        if not self.holds_all(front.param_groups):
            self.find(front)
        self.read_groups(front, self.group_dicts)

    def bind_copies(self, front, list tensors not None):
        """Let tensors, of which some may be None, be copies of the parameters from now on."""
        before, self.targets.tensors = self.targets.tensors, {}     # which may be what has to give way
        try:
            self.look(front)
            targets = {id(leaf): tensor for leaf, tensor in zip(self.leaves, tensors) if tensor is not None}
            self.set_copies(self.found_copies(front, targets))
        except BaseException:
            self.targets.tensors = before
            raise
        self.targets.tensors = targets

    def refresh_copies(self, front):
        """Bring copies up to date with parameters that have been written to outside of a step."""
        if self.targets.tensors:
            self.look(front)
            self.show(self.averaged)
            increment_version(with_parts(list(self.targets.tensors.values())))

    def number_of(self, leaf):
        """The slot of a parameter that has been found."""
        return self.places[id(leaf)]

    # ---- finding them anew ----------------------------------------------------------------------------------------

    def find(self, front, bint copying=False):
        """Find parameters, groups and state where they are now; `copying`: leave the memory of new state to others."""
        if self.has_groups(front.param_groups):
            self.find_moved(front, copying)
        else:
            self.find_all(front, copying)
        if self.targets.tensors:
            self.set_copies(self.found_copies(front, self.targets.tensors))

    cdef list found_copies(self, front, dict tensors):
        """The arrays of copies; where one is not as it must be, none is written to before that is mended."""
        try:
            return self.targets.found(front, tensors, self.leaves, self.params, self.states)
        except BaseException:
            self.set_copies([None] * self.count)
            raise

    def find_loaded(self, front, list remembered not None):
        """
        Find groups and state that `load_state_dict` has put there, with copies of the state; `remembered` is what
        schedules take over.
        """
        cdef Py_ssize_t i
        self.clock.move(front.param_groups)
        counts = [group[COUNT] for group in front.param_groups if COUNT in group]
        self.find(front, True)
        if not counts:
            counts = [self.slots[i].steps for i in range(self.count)] if front._numpy.has_step else [0]
        completed = max(counts, default=0)
        self.clock.load(remembered, completed)
        self.completed = completed

    cdef int find_moved(self, front, bint copying) except -1:
        """
        Find parameters that lie elsewhere, and state that is no longer the engine's own, in the groups that are known.
        Nothing is taken over before all of it is known to be good.
        """
        cdef list arrays = list(self.params), entries = []
        cdef Group group
        cdef Py_ssize_t i, k, n
        state = self.shown.state
        for n, group in enumerate(self.groups):
            for k in range(group.count):
                i = group.start + k
                if not self.holds_leaf(i):
                    arrays[i] = checks.parameter(f"param_groups[{n}]['params'][{k}]", self.leaves[i])
                entries.append(self.entry(front, i, self.leaves[i], arrays[i], state, group, copying))
        self.check_apart(arrays, entries, self.members)
        self.shown.known = False
        for i in range(self.count):
            if arrays[i] is not self.params[i]:
                self.place(i, arrays[i])
        for group in self.groups:
            self.replace(group, entries[group.start:group.start + group.count])
        self.publish(not copying)
        return 0

    cdef int find_all(self, front, bint copying) except -1:
        """Find everything; nothing is taken over before all of it is known to be good."""
        cdef list found = [], arrays = [], entries = []
        cdef Py_ssize_t start
        groups, state = front.param_groups, self.shown.state
        members = [list(group["params"]) for group in groups]
        self.clock.match(groups)
        for n, group in enumerate(groups):
            front._refused_group(n, group)
            self.clock.take_new(front, n, group, self.completed)
            start = len(arrays)
            storage = front._storage(f"param_groups[{n}]", group)
            slots = Group(front._numpy._family, start, len(members[n]), storage)
            reading = Reading(slots, None, group, self.reader, f"param_groups[{n}]")
            slots.set_hyper(self.reader.doubles(reading.plain))
            for k, leaf in enumerate(members[n]):
                arrays.append(checks.parameter(f"param_groups[{n}]['params'][{k}]", leaf))
                entries.append(self.entry(front, start + k, leaf, arrays[start + k], state, slots, copying))
            found.append((reading, arrays[start:], entries[start:]))
        self.check_apart(arrays, entries, members)
        ranks = front._ranks([leaf for leaves in members for leaf in leaves])
        self.take_all(found, members, groups, ranks, sums_over_all(front._numpy))
        self.publish(not copying)
        return 0

    cdef object entry(self, front, Py_ssize_t number, leaf, array, state, Group group, bint copying):
        """Progress and state arrays of a parameter: the engine's own where `state` has them, else those that it has."""
        cdef Py_ssize_t i = self.places.get(id(leaf), -1)
        if i < 0 or self.leaves[i] is not leaf:
            return front._entry(number, leaf, array, group, (), copying)
        before, entry = self.params[i], state.get(leaf)
        shown = () if copying else self.shown.keys_of(leaf)
        if (array.dtype == before.dtype and array.shape == before.shape and array.strides == before.strides
                and (<Group>self.groups[self.slots[i].group]).storage.stores_like(group.storage)):
            if not shown and not self.slots[i].steps and (leaf not in state or (isinstance(entry, dict) and not entry)):
                return 0, (), self.states[i]
            if shown and isinstance(entry, dict) and self.shown.is_own(leaf, entry, front._known):
                if self.shown.counts(&self.slots[i], i):
                    return (*self.progress(i), self.states[i])
                return (*front._progress(f"state_dict['state'][{number}]", entry), self.states[i])
        return front._entry(number, leaf, array, group, shown, copying)

    cdef int check_apart(self, list arrays, list entries, list members) except -1:
        """Raise if parameters and state share memory."""
        if are_apart([*arrays, *[array for _, _, states in entries for array in states.values()]]):
            return 0
        names = [f"param_groups[{n}]['params'][{k}]" for n, leaves in enumerate(members) for k in range(len(leaves))]
        states = [(f"state {key!r} of {names[i]}", array)
                  for i, (_, _, states) in enumerate(entries) for key, array in states.items()]
        validation.apart([*zip(names, arrays, strict=True), *states])
        return 0

    cdef int take_all(self, list found, list members, groups, ranks, bint over_all) except -1:
        """Take over what has been found."""
        cdef list leaves = [leaf for params in members for leaf in params]
        cdef dict sums = {id(self.leaves[i]): self.sums[i] for i in range(len(self.sums)) if self.has_sum[i]}
        self.found_groups, self.shown.known = None, False
        self.places = {}
        self.clear()
        self.readings, self.scheduled = [], False
        self.largest = np.finfo(np.float64).max
        self.reserve(len(leaves))
        for reading, arrays, entries in found:
            self.add_group((<Reading>reading).group, arrays, entries)
            self.readings.append(reading)
            for array in arrays:
                self.bound_largest(array)
        self.leaves, self.places = leaves, {id(leaf): i for i, leaf in enumerate(leaves)}
        self.set_ranks(ranks, over_all)
        self.shown.forget_others(leaves)
        self.sums, self.has_sum = [sums.get(id(leaf)) for leaf in leaves], [id(leaf) in sums for leaf in leaves]
        self.targets.forget_others(self.places)
        self.group_dicts, self.members = list(groups), members
        self.found_groups = groups
        return 0

    def may_touch(self, array):
        """Whether anything that the step writes to lies between the first and the last element of an array."""
        if self.moved:
            self.sort_written()
        first, stop = np.lib.array_utils.byte_bounds(array)
        return self.overlaps(<void*><size_t>first, stop - first)

    def written_arrays(self):
        """What the step writes to, but for copies of parameters."""
        return [*self.params, *[array for entry in self.states for array in entry.values()]]

    # ---- what `state` shows ---------------------------------------------------------------------------------------

    cdef int publish(self, bint adopting) except -1:
        """Bring into `state` what is not there yet; `adopting`: numbers in it are written to from now on."""
        cdef Py_ssize_t i
        self.shown.reserve(self.count)
        for i in range(self.count):
            self.publish_one(i, adopting)
        self.shown.write(self.slots, 0, self.count)
        self.layouts = [(<Group>group).layout for group in self.groups]
        self.waiting = {i for i in range(self.count) if not self.slots[i].steps}
        self.shown.note()
        return 0

    cdef int publish_one(self, Py_ssize_t i, bint adopting) except -1:
        steps, carry = self.progress(i)
        leaf = self.leaves[i]
        there, keys = self.shown.state.get(leaf, ()), self.state_keys(self.slots[i].group)
        # As in torch, state of an option that is switched off stays, and is that with which it is switched on again.
        for name in [name for key in keys for name in absmax_keys(key)]:
            if name in self.states[i]:
                keys = (*keys, name)
            elif name in there:     # of codes that have become numbers
                del there[name]
        sources = {key: array for key, array in self.states[i].items() if key in (*keys, *checks.STATE) or key in there}
        return self.shown.show(leaf, i, steps, carry, sources, adopting)

    cdef int finish(self, list updated) except -1:
        """Tell autograd what has been written to, and bring the `state` of it up to date."""
        self.finish_own(updated)
        tell = getattr(self.between, "tell", None)
        if tell is not None:
            tell(self)
        return 0

    cdef int finish_own(self, list updated) except -1:
        cdef Py_ssize_t i, n
        cdef Group group
        cdef bint all_new = True
        increment_version(with_parts(updated))
        if self.targets.tensors:
            increment_version(with_parts(self.targets.of(updated)))
        if not self.shown.write(self.slots, self.first, self.stop):
            self.waiting.update(range(self.first, self.stop))
        for n in range(len(self.groups)):
            group = <Group>PyList_GET_ITEM(self.groups, n)
            if group.layout != <int>self.layouts[n]:
                self.layouts[n] = group.layout
                self.waiting.update(range(group.start, group.start + group.count))
        if self.begun:
            self.waiting.update(range(self.first, self.stop))
            self.begun = False
        if not self.waiting:
            return 0
        for i in sorted([i for i in self.waiting if self.first <= i < self.stop and self.slots[i].cohort >= 0]):
            new = self.leaves[i] not in self.shown.state
            self.publish_one(i, True)
            if new and all_new and self.leaves[i] in self.shown.state:
                self.shown.note_last(self.leaves[i])
            all_new = all_new and new
            self.waiting.discard(i)
        self.shown.write(self.slots, self.first, self.stop)
        if not all_new:
            self.shown.note()
        return 0
