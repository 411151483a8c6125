"""
Bound: the step of a torch optimizer, over the memory of its tensors.

`found` knows where they lie.
"""
from cpython.ref cimport PyObject, PyTypeObject

cimport numpy as cnp

from fastgd.engine.arrays cimport PyArrayObject
from fastgd.engine.execute cimport Slot
from fastgd.engine.formats cimport goes_with, itemsize
from fastgd.engine.rows cimport Rows
from fastgd.engine.steps cimport Steps
from fastgd.torch.clock cimport Clock
from fastgd.torch.found cimport Found
from fastgd.torch.views cimport Place, find, goes_along, laid_out, rows_at, with_parts

import torch
from torch.autograd.graph import increment_version

from fastgd.engine.following import CHANGED_SINCE
from fastgd.engine.formats import IN_BLOCKS
from fastgd.ranks import LeftOut, sums_over_all
from fastgd.torch import checks

cdef extern from "Python.h":
    PyObject* PyList_GET_ITEM(object, Py_ssize_t)       # borrowed
    bint PyObject_TypeCheck(object, PyTypeObject*)

cnp.import_array()

cdef object is_neg = torch.Tensor.is_neg, Tensor = torch.Tensor, Parameter = torch.nn.Parameter
cdef object sparse_coo = torch.sparse_coo


cdef class Bound(Found):
    """The step over tensors, with gradients as they are found in it."""
    cdef object backward                    # the backward pass in which `step_one` looked at everything
    cdef list copied                        # (slot, gradient) where this step reads a copy
    cdef bint asked                         # whether Python code may have run since everything was looked at
    cdef public object behind               # a Lookahead, or None

    def __init__(self, reader, kind, Clock clock not None):
        Found.__init__(self, reader, kind, clock)
        self.copied = []

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
        cdef bint had_rows = slot.touched != NULL
        leaf = <object>PyList_GET_ITEM(self.leaves, i)
        grad = leaf.grad    # asked for once, and held
        self.hold(grad)
        slot.cohort = -1
        slot.touched = NULL
        self.asked = self.asked or (type(leaf) is not Parameter and type(leaf) is not Tensor)
        if grad is None:
            return False
        self.asked = self.asked or type(grad) is not Tensor
        # To ask a sparse tensor where it lies is a C++ exception, which takes longer than a step: once is enough.
        sparse = had_rows and grad.layout is sparse_coo
        if sparse or not (
                PyObject_TypeCheck(grad, <PyTypeObject*>torch.Tensor)
                and goes_along(grad, leaf)
                and find(self.borrow, grad, &place)
                and goes_with(slot.formats[0], place.format)
                and laid_out(<PyArrayObject*>slot.param, &place)
                and <size_t>place.data % itemsize(place.format) == 0
                and not is_neg(grad)
                and self.takes_place(slot, place.data, place.format)):
            array = self.rows_of(slot, leaf, grad) if sparse else None
            if array is None:
                array = front._gradient(i, grad)
                self.asked = True
            self.hold(array)
            self.copied.append((i, grad))
            if type(array) is Rows:
                self.take_rows(front, i, <Rows>array)
            elif not self.takes(slot, <PyObject*>array):
                raise RuntimeError(f"gradient {i} was copied and is still refused; please report this")
        slot.cohort = 0
        return True

    cdef object rows_of(self, Slot* slot, object leaf, object grad):
        """The rows that a sparse gradient has, where they lie; None for one that Python has to look at."""
        cdef Rows rows
        if type(grad) is not Tensor or not goes_along(grad, leaf) or grad.shape != leaf.shape:
            return None
        values = grad._values()
        if is_neg(values):
            return None
        rows = rows_at(self.borrow, grad._indices(), values)
        return rows if rows is not None and rows.fits(slot) else None

    cdef int check_places(self) except -1:
        """Raise if anything has moved since it was looked at: to ask a subclass is Python code, which can do so."""
        cdef Py_ssize_t i, k = 0
        cdef Place place
        cdef bint there = self.shown.stands()
        for i in range(self.first, self.stop):
            there = there and self.holds_leaf(i)
            if self.window:
                continue    # sums are the engine's own
            if self.slots[i].cohort < 0:
                k += 1
            elif k + 1 < self.held_count and type(<object>self.held[k + 1]) in (cnp.ndarray, Rows):
                k += 2      # what was copied stays as it was, and rows have been read
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
        self.asked = self.asked or (type(leaf) is not Parameter and type(leaf) is not Tensor)
        if leaf.grad is not None:
            raise RuntimeError(f"{front._gradient_label(i)}: gradients have been accumulated over {self.batches()}: "
                               "call accumulate() with this one too, or set it to None")
        self.slots[i].cohort = -1
        self.slots[i].touched = NULL
        if i >= len(self.has_sum) or not self.has_sum[i]:
            return False
        self.hold(self.sums[i])
        if not self.takes(&self.slots[i], <PyObject*>self.sums[i]):
            self.forget_sums()
            raise ValueError(f"{front._label(i)}: {CHANGED_SINCE}")
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
                if self.slots[i].touched != NULL:
                    label = front._gradient_label(i)
                    raise TypeError(f"{label}: expected a dense tensor to accumulate, got a sparse one")
            if self.asked:
                self.check_places()
            self.add_up(front, False)
            self.let_go()
        finally:
            self.copied = []
            self.end()

    cdef int let_go(self) except -1:
        """Let parameters have no gradient where it has been summed; all of them, also where one objects."""
        cdef Py_ssize_t i
        error = None
        for i in range(self.count):
            if self.slots[i].cohort >= 0:
                try:
                    self.leaves[i].grad = None
                except BaseException as raised:
                    error = raised
        if error is not None:
            raise error
        return 0

    def step_tensors(self, front, groups, double scale, bint zeroes):
        """Update all parameters that have a gradient; `zeroes`: it is then 0."""
        cdef Py_ssize_t i
        cdef list updated
        cdef bint all_have = True, asked = False
        cdef long long exchanges = self.exchanges
        if self.averaged and not self.busy:
            self.refuse_step(front)
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
            if self.asked:
                self.check_places()
            if self.gathered:
                self.forget_rows()
            updated = self.leaves
            if not all_have:
                updated = [leaf for i, leaf in enumerate(self.leaves) if self.slots[i].cohort >= 0]
            if zeroes:
                self.check_zeroes(front, NULL)
                for i, grad in self.copied:
                    checks.fillable(front._gradient_label(i), grad, self)
            if self.run_and_tell(front, scale / max(self.window, 1), updated, zeroes) and self.clock.active:
                self.clock.after()
        except Exception:
            if self.exchanges == exchanges:
                self.refuse_step(front)
            raise
        finally:
            self.copied = []
            self.end()

    cdef int ask_ranks(self, front) except -1:
        """Find out who has parts of the parameters, where no step has been made yet and groups can be read."""
        if self.ranks is None and not self.leaves:
            try:
                self.set_ranks(front._ranks([leaf for group in front.param_groups for leaf in group["params"]]),
                               sums_over_all(front._numpy))
                self.expects_blocks = any(group["state_dtype"] in IN_BLOCKS for group in front.param_groups)
            except (KeyError, TypeError):
                pass
        return 0

    def refuse_step(self, front):
        """Tell other processes, if they wait for this one's part of a step, that it has none."""
        self.ask_ranks(front)
        self.refuse()

    def leave_out(self, front):
        """Tell them that this process leaves the step out; they then do so too."""
        self.ask_ranks(front)
        if self.exchanging:
            self.exchanges += 1
            self.ranks.leave_out()

    def step_one(self, front, groups, leaf, backward):
        """
        Update one parameter, as in a step in which no other has a gradient; False if it is in no group. The first
        call in a backward pass looks at everything, later ones only at `leaf`.
        """
        cdef Py_ssize_t i
        if self.window:
            raise RuntimeError(f"gradients have been accumulated over {self.batches()}: call step() before a "
                               "backward pass that steps")
        self.begin()
        try:
            self.alone = True
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
                if self.slots[i].touched == NULL:
                    self.gathered.pop(i, None)
                if self.asked:
                    self.check_places()
                if self.run_and_tell(front, 1.0, [leaf], False) and self.clock.active:
                    self.clock.backward = backward
            return True
        finally:
            self.alone = False
            self.first, self.stop = 0, self.count
            self.copied = []
            self.end()

    cdef bint run_and_tell(self, object front, double scale, list updated, bint zeroes) except -1:
        """
        The update, and `state` and autograd told of it, also where Ctrl-C comes in between; returns whether anything
        has been updated.
        """
        cdef bint done
        way, begun = None, ()
        if self.behind is not None:
            way, begun, updated = self.behind.ahead(self, self.group_dicts)
        try:
            done = self.update(front, scale, zeroes or self.window > 0)
            if done and way is not None:    # No interrupt can come between the two.
                way()
                self.show(False)
        except LeftOut:
            done = False
            if zeroes or self.window:
                self.zero_gradients()
        if self.window:
            self.end_window()
        try:
            self.tell(updated, begun, done, zeroes)
        except BaseException:
            self.tell(updated, begun, done, zeroes)
            raise
        return done

    cdef int tell(self, list updated, begun, bint done, bint zeroes) except -1:
        if zeroes:
            for _, grad in self.copied:
                grad.detach().zero_()
            grads = [<object>self.held[i] for i in range(self.held_count)]
            increment_version(with_parts([g for g in grads if isinstance(g, Tensor) and not g.is_inference()]))
        if done:
            for leaf, slow in begun:
                self.shown.state.setdefault(leaf, {})["slow"] = slow
            self.finish(updated)
        return 0
