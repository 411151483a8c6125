"""
Bound: the step of a torch optimizer, over the memory of its tensors.

Compiled, since with small networks a step takes hardly longer than to find out that nothing has moved.
"""
from cpython.ref cimport PyObject, PyTypeObject

cimport numpy as cnp

from fastgd.engine.arrays cimport PyArrayObject
from fastgd.engine.execute cimport Slot
from fastgd.engine.extents cimport are_apart
from fastgd.engine.formats cimport goes_with, itemsize
from fastgd.engine.plan cimport Group
from fastgd.engine.reading cimport Reading
from fastgd.engine.steps cimport Steps
from fastgd.torch.clock cimport Clock
from fastgd.torch.shown cimport Shown, has_members, has_objects
from fastgd.torch.targets cimport Targets
from fastgd.torch.views cimport Borrow, Place, borrow_of, find, goes_along, laid_out, lies_at, with_parts

import numpy as np
import torch
from torch.autograd.graph import increment_version

from fastgd import validation
from fastgd.torch import checks
from fastgd.torch.clock import COUNT

cdef extern from "Python.h":
    PyObject* PyList_GET_ITEM(object, Py_ssize_t)       # borrowed
    bint PyObject_TypeCheck(object, PyTypeObject*)

cnp.import_array()

cdef object is_neg = torch.Tensor.is_neg, Tensor = torch.Tensor, Parameter = torch.nn.Parameter


cdef class Bound(Steps):
    """
    Parameters and state of a torch optimizer as they were found.

    They are found anew when parameters, groups or state are no longer where and what they were. State whose tensors lie
    as the engine wants them is used where it lies. Other state is copied, and its tensors in `state` are replaced by
    those that share memory with the engine's arrays. What has not moved is left alone.
    """
    cdef object found_groups                # the optimizer's own; None where they have to be found anew
    cdef list group_dicts, members          # the dicts of the groups, and the parameters of each
    cdef readonly Clock clock               # the schedules of the groups
    cdef readonly Shown shown               # what `state` has of the engine's
    cdef readonly list leaves               # parameters, in the order of the slots
    cdef Borrow borrow
    cdef dict places                        # id of a parameter -> its slot
    cdef object backward                    # the backward pass in which `step_one` looked at everything
    cdef list layouts                       # for each group, that of the state arrays that `state` has
    cdef set waiting                        # slots that have not begun
    cdef readonly Targets targets           # the tensors that parameters are copied to
    cdef list copied                        # (slot, gradient) where this step reads a copy
    cdef bint asked                         # whether Python code may have run since everything was looked at

    def __init__(self, reader, kind, Clock clock not None):
        Steps.__init__(self, reader, kind.waits)
        self.clock = clock
        self.borrow = borrow_of(torch.Tensor)
        self.shown = Shown(kind)
        self.leaves, self.group_dicts, self.members, self.layouts = [], [], [], []
        self.places, self.waiting, self.copied, self.targets = {}, set(), [], Targets()

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
        self.look(front)
        targets = {id(leaf): tensor for leaf, tensor in zip(self.leaves, tensors) if tensor is not None}
        self.set_copies(self.targets.found(front, targets, self.leaves, self.params, self.states))
        self.targets.tensors = targets

    def refresh_copies(self, front):
        """Bring copies up to date with parameters that have been written to outside of a step."""
        if self.targets.tensors:
            self.look(front)
            self.show(False)
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
            self.set_copies(self.targets.found(front, self.targets.tensors, self.leaves, self.params, self.states))

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
        self.take_all(found, members, groups)
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

    cdef int take_all(self, list found, list members, groups) except -1:
        """Take over what has been found."""
        cdef list leaves = [leaf for params in members for leaf in params]
        cdef dict sums = {id(self.leaves[i]): self.sums[i] for i in range(len(self.sums)) if self.gathered[i]}
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
        self.shown.forget_others(leaves)
        self.sums, self.gathered = [sums.get(id(leaf)) for leaf in leaves], [id(leaf) in sums for leaf in leaves]
        self.targets.forget_others(self.places)
        self.group_dicts, self.members = list(groups), members
        self.found_groups = groups
        return 0

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
        sources = {key: array for key, array in self.states[i].items() if key in (*keys, *checks.STATE) or key in there}
        return self.shown.show(leaf, i, steps, carry, sources, adopting)

    cdef int finish(self, list updated) except -1:
        """Tell autograd what has been written to, and bring the `state` of it up to date."""
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

    # ---- the step -------------------------------------------------------------------------------------------------

    cdef int read_group(self, front, Py_ssize_t number, given) except -1:
        """Check what has been changed in a group, which may be a schedule."""
        self.clock.take_new(front, number, given, self.completed)
        if len(with_parts(self.leaves)) > self.count:
            front._check_divided(f"param_groups[{number}]", given)
        return Steps.read_group(self, front, number, given)

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
                and goes_along(grad, leaf)
                and find(self.borrow, grad, &place)
                and goes_with(slot.formats[0], place.format)
                and laid_out(<PyArrayObject*>slot.param, &place)
                and <size_t>place.data % itemsize(place.format) == 0
                and not is_neg(grad)
                and self.takes_place(slot, place.data, place.format)):
            array = front._gradient(i, grad)
            self.hold(array)
            self.copied.append((i, grad))
            self.asked = True
            if not self.takes(slot, <PyObject*>array):
                raise RuntimeError(f"gradient {i} was copied and is still refused; please report this")
        slot.cohort = 0
        return True

    cdef int check_places(self) except -1:
        """Raise if anything has moved since it was looked at: to ask a subclass is Python code, which can do so."""
        cdef Py_ssize_t i, k = 0
        cdef Place place
        cdef bint there = self.shown.stands()
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
            raise RuntimeError("a parameter, a gradient or state was moved while gradients were asked for")
        return 0

    cdef bint take_sum(self, front, Py_ssize_t i) except -1:
        """Take what has been summed for a slot; False if that is nothing."""
        leaf = self.leaves[i]
        if leaf.grad is not None:
            raise RuntimeError(f"{front._gradient_label(i)}: gradients have been accumulated over {self.window} "
                               "batches: call accumulate() with this one too, or set it to None")
        self.slots[i].cohort = -1
        if i >= len(self.gathered) or not self.gathered[i]:
            return False
        self.hold(self.sums[i])
        if not self.takes(&self.slots[i], <PyObject*>self.sums[i]):
            raise RuntimeError(f"{front._label(i)}: changed in dtype or shape since its gradients were accumulated")
        self.slots[i].cohort = 0
        return True

    def accumulate_tensors(self, front, groups):
        """Add the gradients to the sums that the next step takes, and let go of them."""
        cdef Py_ssize_t i
        self.begin()
        self.asked = False
        try:
            if not self.holds_all(groups):
                self.find(front)
            self.first, self.stop = 0, self.count
            if self.moved:
                self.sort_written()
            for i in range(self.count):
                self.take_tensor(front, i)
            if self.asked:
                self.check_places()
            self.add_up(False)
            for i in range(self.count):
                if self.slots[i].cohort >= 0:
                    self.leaves[i].grad = None
        finally:
            self.copied = []
            self.end(False)

    def step_tensors(self, front, groups, double scale, bint zeroes):
        """Update all parameters that have a gradient; `zeroes`: it is then 0."""
        cdef Py_ssize_t i
        cdef list updated
        cdef bint all_have = True, asked = False, done = False
        self.begin()
        self.copied = []
        try:
            if not self.holds_all(groups):
                self.find(front)
            if self.clock.active:
                self.clock.end_pass()
                asked = self.clock.before(front, bool(self.shown.state))
            self.asked = self.read_groups(front, self.group_dicts) or asked
            self.first, self.stop = 0, self.count
            if self.moved:
                self.sort_written()
            for i in range(self.count):
                if not (self.take_sum(front, i) if self.window else self.take_tensor(front, i)):
                    all_have = False
            if self.asked and not self.window:
                self.check_places()
            updated = self.leaves
            if not all_have:
                updated = [leaf for i, leaf in enumerate(self.leaves) if self.slots[i].cohort >= 0]
            if zeroes:
                self.check_zeroes(front, NULL)
                for i, grad in self.copied:
                    checks.fillable(front._gradient_label(i), grad)
            if self.window:
                done = self.run_and_tell(scale / self.window, updated, True)
                self.end_window()
            else:
                done = self.run_and_tell(scale, updated, zeroes)
            if done and self.clock.active:
                self.clock.after()
        finally:
            self.copied = []
            self.end(done)

    def step_one(self, front, groups, leaf, backward):
        """
        Update one parameter, as in a step in which no other has a gradient; False if it is in no group. The first
        call in a backward pass looks at everything, later ones only at `leaf`.
        """
        cdef Py_ssize_t i
        cdef bint done = False
        self.begin()
        try:
            i = self.places.get(id(leaf), -1)
            if backward != self.backward or i < 0 or not (self.holds_leaf(i) and self.shown.keeps(leaf)):
                if not self.holds_all(groups):
                    self.find(front)
                self.backward = backward
                i = self.places.get(id(leaf), -1)
            if i < 0:
                return False
            if self.clock.active:
                self.clock.before_pass(front, backward, bool(self.shown.state))
            self.asked = self.read_groups(front, self.group_dicts)
            self.first, self.stop = i, i + 1
            if self.moved:
                self.sort_written()
            if self.take_tensor(front, i):
                if self.asked:
                    self.check_places()
                done = self.run_and_tell(1.0, [leaf], False)
                if done and self.clock.active:
                    self.clock.backward = backward
            return True
        finally:
            self.first, self.stop = 0, self.count
            self.copied = []
            self.end(done)

    cdef bint run_and_tell(self, double scale, list updated, bint zeroes) except -1:
        """
        The update, and `state` and autograd told of it, also where Ctrl-C comes in between; returns whether anything
        has been updated.
        """
        cdef bint done = self.update(scale, zeroes)
        try:
            self.tell(updated, done, zeroes)
        except BaseException:
            self.tell(updated, done, zeroes)
            raise
        return done

    cdef int tell(self, list updated, bint done, bint zeroes) except -1:
        if zeroes:
            for _, grad in self.copied:
                grad.detach().zero_()
            grads = [<object>self.held[i] for i in range(self.held_count)]
            increment_version(with_parts([g for g in grads if isinstance(g, Tensor) and not g.is_inference()]))
        if done:
            self.finish(updated)
        return 0

    def finish_step(self, call, list slots=None):
        cdef list updated = self.updated() if slots is None else slots
        Steps.finish_step(self, call, updated)
        if self.begun:
            for i in updated:
                self.publish_one(i, True)
            self.shown.write(self.slots, 0, self.count)
            self.shown.note()
            self.begun = False
