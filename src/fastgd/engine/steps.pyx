"""
Steps: the step of an optimizer, compiled from its call to its kernels.

A front, NumPy's Optimizer or torch's, passes itself for what only Python can say: `_refused_groups`, `_refused_group`,
`_flatten` and `_gradient` are asked about what is not plainly right, and raise, or return what can be taken instead.
Nothing of a parameter or a state is changed before all of a step is known to be good.
"""
from cpython.dict cimport PyDict_CheckExact, PyDict_GetItemWithError
from cpython.list cimport PyList_Check, PyList_CheckExact
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.ref cimport Py_DECREF, Py_INCREF
from cpython.tuple cimport PyTuple_Check, PyTuple_CheckExact
from libc.float cimport DBL_MAX
from libc.math cimport INFINITY, fabs

from fastgd.engine.arrays cimport pointer
from fastgd.engine.execute cimport Slot
from fastgd.engine.formats cimport computed_in, format_of
from fastgd.engine.fpmode cimport enter, fp_mode, leave
from fastgd.engine.measured cimport BESIDE_BLOCKS
from fastgd.engine.reader cimport Reader, real_number
from fastgd.engine.rows cimport Gathered, Rows
from fastgd.kernels.rule cimport FLOAT32

import numpy as np

from fastgd.hyperparameters import LARGEST as _LARGEST
from fastgd.hyperparameters import flag
from fastgd.ranks import RefusedElsewhereError

cdef extern from "Python.h":
    PyObject* Py_None
    PyObject* PyList_GET_ITEM(object, Py_ssize_t)       # borrowed
    bint PyDict_Check(object)
    Py_ssize_t PyDict_Size(object)
    PyObject* PySequence_Fast_GET_ITEM(object, Py_ssize_t)      # borrowed, of a list or tuple
    Py_ssize_t PySequence_Fast_GET_SIZE(object)

cdef double LARGEST = _LARGEST      # the largest number that float32 holds
IN_USE = "this optimizer is in use by another thread; give each thread its own, or a lock"
AVERAGED = "the parameters hold their averages: leave `with opt.averaged()` first"


cdef bint is_true(str name, object value) except -1:
    return value is True or (value is not False and flag(name, value))


cdef inline bint plainly_has(object value, Py_ssize_t count, bint named) except -1:
    """Whether something is a dict, or a list or tuple, of so many entries, and of no class that is derived from it."""
    if named:
        return PyDict_CheckExact(value) and PyDict_Size(value) == count
    return (PyList_CheckExact(value) or PyTuple_CheckExact(value)) and PySequence_Fast_GET_SIZE(value) == count


cdef class Steps(Kept):
    """
    Parameters, state and settings of an optimizer.

    Parameters
    ----------
    reader : Reader
        The checks of its class.
    """

    def __init__(self, Reader reader not None):
        self.reader = reader
        self.readings = []
        self.trees = []
        self.names = set()
        self.gathered = {}
        self.set_clipping()
        self.largest = np.finfo(np.float64).max

    def __dealloc__(self):
        self.release()
        PyMem_Free(self.held)

    # ---- one user at a time -----------------------------------------------------------------------------------

    def __enter__(self):
        if self.busy:
            raise RuntimeError(IN_USE)
        self.busy = True
        return self

    def __exit__(self, *error):
        self.busy = False

    cpdef check_plain(self):
        """Raise if the parameters hold their averages."""
        if self.averaged:
            raise RuntimeError(AVERAGED)

    # ---- settings --------------------------------------------------------------------------------------------

    def set_clipping(self, max_grad_norm=None, max_grad_value=None, bint skip_nonfinite=False, bint lazy_rows=False,
                     weight_decay_rows=None):
        """Checked settings of gradients; None where there is no bound. Those of rows are for `front._check_rows`."""
        self.clipping = dict(max_grad_norm=max_grad_norm, max_grad_value=max_grad_value, skip_nonfinite=skip_nonfinite,
                             lazy_rows=lazy_rows, weight_decay_rows=weight_decay_rows)
        self.max_norm = -1 if max_grad_norm is None else max_grad_norm
        self.max_value = -1 if max_grad_value is None else max_grad_value
        self.skip_nonfinite = skip_nonfinite

    def add(self, param_groups not None, list added not None, set names not None, bint grouped):
        """
        Checked groups, all of them or none: (Group, tree, dict, parameters) for each. `names` are those of all
        parameters that came in dicts; `grouped`: gradients come as for groups.
        """
        cdef Reading one
        cdef list readings = [Reading(group, tree, given, self.reader) for group, tree, given, _ in added]
        cdef Py_ssize_t total = self.count + sum([len(arrays) for _, _, _, arrays in added])
        for number, one in enumerate(readings, len(self.readings)):
            one.group.set_hyper(self.reader.doubles(one.plain))
            self.ask_schedules(one, number)
        begun = [self.begin_group(<Group>group, tree, arrays) for group, tree, _, arrays in added]
        self.reserve(total)
        for (group, tree, given, arrays), entries in zip(added, begun):
            self.add_group(group, arrays, entries)
            self.trees.append(tree)
            param_groups.append(given)
            for array in arrays:
                self.bound_largest(array)
        self.readings.extend(readings)
        self.scheduled = self.scheduled or any([one.schedules for one in readings])
        self.names = names
        self.grouped = grouped
        self.bound = None

    cdef int bound_largest(self, array) except -1:
        """Let the norm of a finite gradient be at most what a parameter's rule computes with."""
        if computed_in(format_of(pointer(array))) == FLOAT32:
            self.largest = LARGEST
        return 0

    def load(self, param_groups not None, list values not None, list stored not None, list entries not None,
             long long completed):
        """
        Take over, checked, all groups' hyperparameters and (what they say, Storage) of how arrays are stored, and all
        slots' progress and state arrays; or nothing.
        """
        cdef Reading one
        # These may be Python code, in which an interrupt can come; there is none after them.
        doubles = [self.reader.doubles(given) for given in values]
        self.begin_changes(None if self.files is None else self.files.copies(self, entries))
        for one, given, plain, hyper, (said, storage) in zip(self.readings, param_groups, values, doubles, stored):
            given.update(zip(self.reader.names, plain))
            given.update(said)
            one.group.storage = storage
            one.plain = plain
            one.group.set_hyper(hyper)
            one.remember(given, self.reader)
            self.replace(one.group, entries[one.group.start:one.group.start + one.group.count])
        self.scheduled = any([one.schedules for one in self.readings])
        self.completed = completed
        self.end_changes()
        self.forget_sums()
        if self.copying and self.in_place(None):
            self.show(False)

    # ---- gradients --------------------------------------------------------------------------------------------

    cdef int hold(self, object value) except -1:
        """Keep a gradient until the step is over."""
        cdef void* room
        if self.held_count >= self.held_room:
            room = PyMem_Realloc(self.held, (2 * self.held_room + 16) * sizeof(PyObject*))
            if room == NULL:
                raise MemoryError
            self.held = <PyObject**>room
            self.held_room = 2 * self.held_room + 16
        Py_INCREF(value)
        self.held[self.held_count] = <PyObject*>value
        self.held_count += 1
        return 0

    cdef int release(self) except -1:
        """Let go of the gradients."""
        while self.held_count:
            self.held_count -= 1
            Py_DECREF(<object>self.held[self.held_count])
        return 0

    cdef bint hold_form(self, tuple form, object value) except -1:
        """Hold the gradients in a list or dict; False where `value` is not plainly of the form."""
        cdef Py_ssize_t i
        cdef tuple names, parts
        cdef PyObject* found
        cdef bint flat
        if form is None:
            self.hold(value)
            return True
        names, parts, flat = form
        if not plainly_has(value, len(parts), names is not None):
            return False
        if flat and names is None:
            for i in range(len(parts)):
                self.hold(<object>PySequence_Fast_GET_ITEM(value, i))
            return True
        for i in range(len(parts)):
            if names is not None:
                found = PyDict_GetItemWithError(value, names[i])
            else:   # A name of the caller's own type, in a dict before this one, is Python code.
                found = PySequence_Fast_GET_ITEM(value, i) if i < PySequence_Fast_GET_SIZE(value) else NULL
            if found == NULL:
                return False
            if flat or parts[i] is None:
                self.hold(<object>found)
                continue
            part = <object>found    # It is kept alive here, whatever such code does to what has it.
            if not self.hold_form(<tuple>parts[i], part):
                return False
        return True

    cdef bint hold_groups(self, object values) except -1:
        """Hold the gradients of all groups: an entry for each in its form, or one flat list."""
        cdef Py_ssize_t i, n
        cdef bint nested = False
        cdef tuple entries
        cdef Reading reading
        if not PyList_CheckExact(values) and not PyTuple_CheckExact(values):
            return False
        entries = tuple(values)
        n = len(entries)
        for value in entries:
            nested = nested or PyList_Check(value) or PyTuple_Check(value) or PyDict_Check(value)
        if n == self.count and not nested:
            for value in entries:
                self.hold(value)
            return True
        if n != len(self.readings):
            return False
        for i in range(n):
            reading = <Reading>self.readings[i]
            value = entries[i]
            if PyDict_CheckExact(value) and list(value) == ["params"] and (
                    reading.form is None or reading.form[0] != ("params",)):
                value = value["params"]
            if not self.hold_form(reading.form, value):
                return False
        return True

    cdef int hold_gradients(self, object front, object grads) except -1:
        """Hold a gradient for each slot."""
        cdef bint plain
        if self.grouped:
            plain = self.hold_groups(grads)
        else:
            plain = self.hold_form((<Reading>self.readings[0]).form, grads)
        if not plain or self.held_count != self.count:
            self.release()
            for grad in front._flatten("grads", grads):
                self.hold(grad)
        if self.held_count != self.count:
            raise RuntimeError(f"{self.count} gradients expected, got {self.held_count}")
        return 0

    cdef int take_gradients(self, object front) except -1:
        """Check the gradient of each slot, and find where it lies."""
        cdef Py_ssize_t i
        cdef bint asked = False, with_rows = False
        if self.moved:
            self.sort_written()
        for i in range(self.count):
            self.slots[i].touched = NULL
            if self.held[i] == Py_None:
                self.slots[i].cohort = -1
            elif type(<object>self.held[i]) is Rows:
                self.slots[i].cohort = 0
                with_rows = True
            elif self.takes(&self.slots[i], self.held[i]):
                self.slots[i].cohort = 0
            else:
                self.take_slowly(front, i)
                asked = True
        if asked:
            # Looking at an array of a subclass is Python code, which can resize what was found good before.
            for i in range(self.count):
                if (self.slots[i].cohort >= 0 and type(<object>self.held[i]) is not Rows
                        and not self.takes(&self.slots[i], self.held[i])):
                    front._gradient(i, <object>self.held[i])
                    raise RuntimeError(f"gradient {i} was changed while gradients were looked at")
        for i in range(self.count if with_rows else 0):
            if type(<object>self.held[i]) is Rows:
                self.take_rows(front, i, <Rows>self.held[i])
        if self.gathered:
            self.forget_rows()
        return 0

    cdef int forget_rows(self) except -1:
        """Let go of what was gathered for slots whose gradient is an array now, or that are there no longer."""
        for i in list(self.gathered):
            if i >= self.count or (self.slots[<Py_ssize_t>i].cohort >= 0 and self.slots[<Py_ssize_t>i].touched == NULL):
                del self.gathered[i]
        return 0

    cdef int take_slowly(self, object front, Py_ssize_t i) except -1:
        """Ask Python about a gradient that is not plainly right."""
        given = <object>self.held[i]
        grad = front._gradient(i, given)
        Py_INCREF(grad)
        Py_DECREF(given)
        self.held[i] = <PyObject*>grad
        self.slots[i].cohort = -1 if grad is None else 0
        return 0

    cdef int take_rows(self, object front, Py_ssize_t i, Rows rows) except -1:
        """Check and sum the gradient of a slot that has some of its rows."""
        cdef Slot* slot = &self.slots[i]
        cdef Gathered gathered = self.gathered.get(i)
        cdef Reading reading = <Reading>self.readings[slot.group]
        cdef Py_ssize_t bad
        if gathered is None:
            gathered = self.gathered[i] = Gathered()
        said = (reading.plain, (<Group>self.groups[slot.group]).storage, self.clipping)
        if self.copies[i] is not None or reading.schedules or not gathered.knows(said):
            front._check_rows(i)
            gathered.said = said
        self.with_rows = True
        if not (self.holds(slot) and rows.fits(slot) and not (self.touches(rows.indices) or self.touches(rows.values))):
            front._refused_rows(i, rows)
            raise RuntimeError(f"the rows of gradient {i} are refused; please report this")
        # The norm goes over memory in one piece.
        bad = gathered.gather(rows, slot, self.max_norm >= 0 or self.skip_nonfinite)
        if bad >= 0:
            raise IndexError(f"{front._gradient_label(i)}.indices[{bad}] must be in [0, {slot.shape[0]}), "
                             f"got {rows.indices[bad]}")
        return 0

    cpdef tuple bound_gradients(self):
        """The gradients that stay where they are; raises if there are none."""
        if self.bound is None:
            raise RuntimeError("no gradients are bound: give them to bind once, or to each step")
        return self.bound

    @property
    def exchanging(self):
        """Whether each step asks other processes for something, so that they wait for one that makes none."""
        return self.ranks is not None and (
            self.over_all or self.max_norm >= 0 or self.skip_nonfinite or self.together_beside())

    def refuse(self):
        """Tell other processes, if they wait for this one's part of a step, that it has none."""
        if self.exchanging:
            self.exchanges += 1
            self.ranks.refuse()

    # ---- the step ---------------------------------------------------------------------------------------------

    def treatment(self):
        """For `between`: what the step multiplies gradients by, and where it clips their elements."""
        return self.scale, self.bound_of_elements

    def step(self, front, groups, grads, grad_scale, zero_grads):
        """Update every parameter that has a gradient; without `grads`, those that are bound."""
        cdef double scale
        cdef bint zeroes
        self.begin()
        try:
            scale = real_number("grad_scale", grad_scale)
            zeroes = is_true("zero_grads", zero_grads)
            self.read_groups(front, groups)
            if self.scheduled:
                self.ask_all_schedules()
            self.hold_or_bound(front, grads, zeroes)
            if self.window:
                scale /= self.window
            self.take_gradients(front)
            if zeroes:
                self.check_zeroes(front, self.held)
            if self.copying:
                self.check_copies(front)
            self.update(front, scale, zeroes or self.window > 0)
            if self.window:
                self.end_window()
        finally:
            self.end()

    cdef int hold_or_bound(self, object front, object grads, bint zeroes) except -1:
        """Hold the gradients of a step: sums where there are any, else those that are given, or bound."""
        if self.window:
            if grads is not None:
                raise RuntimeError(f"gradients have been accumulated over {self.batches()}: call step() without any, "
                                   "and accumulate() with these")
            if zeroes:
                raise ValueError("zero_grads is for accumulate() where gradients are accumulated, got True")
        if grads is not None:
            return self.hold_gradients(front, grads)
        for grad in self.bound_gradients() if not self.window else self.summed():
            self.hold(grad)
        return 0

    def accumulate(self, front, grads, zero_grads):
        """Add a gradient for each slot to the sums that the next step takes; without `grads`, those that are bound."""
        cdef bint zeroes
        cdef Py_ssize_t i
        self.begin()
        try:
            zeroes = is_true("zero_grads", zero_grads)
            if grads is not None:
                self.hold_gradients(front, grads)
            else:
                for grad in self.bound_gradients():
                    self.hold(grad)
            for i in range(self.held_count):
                if isinstance(<object>self.held[i], Rows):
                    raise TypeError(f"{front._gradient_label(i)}: expected an array to accumulate, got Rows")
            self.take_gradients(front)
            if zeroes:
                self.check_zeroes(front, self.held)
            self.add_up(front, zeroes)
        finally:
            self.end()

    cdef int begin(self) except -1:
        """Begin a step."""
        if self.busy:
            raise RuntimeError(IN_USE)
        if self.averaged:
            self.check_plain()
        self.busy = True
        return 0

    cdef int end(self) except -1:
        """Let go of gradients, and others use the optimizer."""
        self.release()
        self.busy = False
        return 0

    cdef bint update(self, object front, double scale, bint zeroes) except -1:
        """
        The step itself, for the gradients that slots have; returns whether anything has been updated. Gradients that
        become zero do so where the step is left out too.

        No Python code runs between the first change and the last, so that no interrupt can come between them.
        """
        cdef double norm = 0, factor
        cdef bint measured = self.max_norm >= 0 or self.skip_nonfinite, bounded = self.max_value >= 0
        cdef fp_mode mode = enter()
        try:
            if measured:
                norm = self.measure_all(scale) * fabs(scale)
                if self.skip_nonfinite and not norm <= self.largest:
                    self.grad_norm = norm
                    self.skipped_steps += 1
                    if zeroes:
                        self.zero_gradients()
                    return False
                if self.max_norm >= 0:
                    factor = self.max_norm / (norm + 1e-6)
                    # A NaN norm must spread, as in torch: it is not above 1, and min() might hide it.
                    scale *= 1.0 if factor > 1.0 else factor
            elif self.blocked or self.ranks is not None:
                self.begin_together()
            if self.blocked or self.ranks is not None:
                self.check_blocks(front, scale)
            self.scale, self.bound_of_elements = scale, self.max_value if bounded else INFINITY
            self.fold(1.0 if bounded else scale)
            found = norm if measured else None
            work = None if self.between is None else self.between(self)
            if self.averaging:
                self.begin_averages(self.first, self.stop)
            if self.files is not None:
                self.files.ready(self)
            self.begin_changes(None)
            if work is not None:
                work()
            self.stage.zeroes = zeroes
            self.run(scale, self.max_value if bounded else 0.0, bounded)
            if self.over_all:
                self.finish_sums()
            self.grad_norm = found
            if self.cohort_count:
                self.completed += 1
            self.end_changes()
            return self.cohort_count > 0
        finally:
            leave(mode)

    cdef int check_blocks(self, object front, double scale) except -1:
        """Raise for a gradient that would spoil a block of state in 8 bits, here or in another process."""
        cdef double most = BESIDE_BLOCKS / fabs(scale)
        cdef Py_ssize_t i
        if not most <= DBL_MAX:     # A scale of 0 or NaN, which a norm that is not finite makes: it has to be finite.
            most = DBL_MAX
        # A scale that is NaN would reach every block, whichever gradient it comes from.
        if self.beside < 0 or (scale == scale and self.beside <= most):
            return 0
        i = self.first_beyond(most)
        # Those of this process may be beyond it only together, or another process' are.
        if i < 0 and self.beside_here <= most and (scale == scale or not self.any_blocked()):
            raise RefusedElsewhereError
        label = "gradients" if i < 0 else front._gradient_label(i)
        raise ValueError(f"{label}: expected finite numbers with a norm of at most 2**63, after grad_scale and "
                         "max_grad_norm, beside state in 8 bits, got others; skip_nonfinite=True leaves such steps out")
