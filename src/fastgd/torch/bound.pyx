"""
Bound: a NumPy optimizer over the memory of a torch optimizer's tensors.

Compiled, since with small networks a step takes hardly longer than to find out that nothing has moved.
"""
from cpython.dict cimport PyDict_Check, PyDict_GetItem, PyDict_Next
from cpython.list cimport PyList_Check
from cpython.ref cimport Py_REFCNT, PyObject

cimport numpy as cnp

from fastgd.engine.arrays cimport is_array, pointer, size_of
from fastgd.engine.tensors cimport Views

from operator import itemgetter

import numpy as np
import torch
from torch.autograd.graph import increment_version

from fastgd import validation
from fastgd.engine.memory import zeros_beside
from fastgd.engine.plan import Plan
from fastgd.torch import checks

cdef extern from "Python.h":
    PyObject* PyList_GET_ITEM(object, Py_ssize_t)       # borrowed
    PyObject* PyTuple_GET_ITEM(object, Py_ssize_t)      # borrowed

cnp.import_array()


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


cdef tuple arrays_of(list grads, Views views):
    """
    Gradients as arrays. One that torch has yet to negate stands for itself; that is a view of an imaginary part, and
    dense only if it has one element.
    """
    cdef tuple flat = views.look(grads)
    cdef Py_ssize_t i
    cdef PyObject* array
    for i in range(len(flat)):
        array = PyTuple_GET_ITEM(flat, i)
        if is_array(array) and size_of(pointer(<object>array)) == 1 and grads[i].is_neg():
            flat = (*flat[:i], grads[i], *flat[i + 1:])
    return flat


cdef class Bound:
    """
    Parameters and state of a torch optimizer as they were found, and the NumPy optimizer that updates them.

    It is made anew when parameters, groups or state are no longer where and what they were. The state is then copied,
    so that it lies in memory as the engine wants it, and its tensors in `state` are replaced by those that share
    memory with the NumPy optimizer.

    `inner`: the NumPy optimizer; None where no group has a parameter, as on a rank of ZeroRedundancyOptimizer.
    """
    cdef readonly object inner
    cdef object plan, numpy_class, pick, state, groups
    cdef list group_dicts, members          # of all groups
    cdef list where, filled, values         # of those with parameters: name in messages, dict, checked hyperparameters
    cdef list params, state_values
    cdef tuple arrays
    cdef Views views, grad_views, one_view
    cdef dict lent                          # (number, state key): the array that a tensor in `state` was made of
    cdef dict places                        # by id of a parameter: its number, group and address
    cdef object backward                    # the backward pass in which `holds_in` looked at everything
    cdef object steps, carry                # arrays that the scalars in `state` are views of
    cdef list published                     # the state keys of each group that `state` has
    cdef set waiting                        # parameters that have not begun

    def __init__(self, optimizer):
        self.numpy_class = optimizer._numpy
        self.groups, self.state = optimizer.param_groups, optimizer.state
        self.group_dicts = list(self.groups)
        self.members = [list(group["params"]) for group in self.groups]
        self.params = [param for params in self.members for param in params]
        self.views, self.grad_views, self.one_view = Views(torch.Tensor), Views(torch.Tensor), Views(torch.Tensor)
        self.arrays = self.views.look(self.params)
        self.where, self.filled, self.values, self.places, self.lent = [], [], [], {}, {}
        names = checks.names(self.numpy_class)
        self.pick = itemgetter(*names)
        given, saved, state = [], [], {}
        for n, group in enumerate(self.groups):
            where = f"param_groups[{n}]"
            values = checks.hyperparameters(self.numpy_class, where, group)
            if not group["params"]:
                continue
            keys = ("step", *self.numpy_class._carries, *checks.state_keys(self.numpy_class, values))
            numbers = []
            for k, param in enumerate(group["params"]):
                checks.parameter(f"{where}['params'][{k}]", param)
                i = len(self.places)
                self.places[id(param)] = i, len(self.filled), param.data_ptr()
                entry = self.state.get(param, {})
                state[i] = {key: checks.array(entry[key]) for key in keys if entry.get(key) is not None}
                numbers.append(i)
            self.where.append(where)
            self.filled.append(group)
            self.values.append(values)
            named = dict(zip(names, values, strict=True))
            given.append({**named, "params": [self.arrays[i] for i in numbers]})
            saved.append({**named, "params": numbers})
        self.inner = self.numpy_class(given, **optimizer._settings()) if given else None
        if any(state.values()):
            self.inner.load_state_dict({"state": state, "param_groups": saved})
        self.plan = self.inner._plan if given else Plan()
        self.steps, self.carry = np.zeros(len(self.params), np.float32), np.zeros((len(self.params), 2))
        self.waiting = set()
        self.publish(True)

    cdef int publish(self, bint anew) except -1:
        """Bring into `state` what the NumPy optimizer has: all of it, or what is not there yet."""
        if not self.plan.write_progress(self.steps, self.carry):
            self.steps, anew = self.steps.astype(np.float64), True  # float32 would stay at 2**24
            self.plan.write_progress(self.steps, self.carry)
        self.published = [] if self.inner is None else list(self.inner._group_states)
        for number, keys in enumerate(self.published):
            for i in self.inner._members(number):
                self.publish_one(i, keys, anew or i in self.waiting)
        self.waiting = {i for i in range(len(self.params)) if not self.plan.progress(i)[0]}
        self.state_values = values_of(self.state)
        return 0

    cdef int publish_one(self, i, keys, bint anew) except -1:
        steps, carry = self.plan.progress(i)
        if not steps:
            return 0
        arrays = {key: self.inner._states[i][key] for key in keys}
        visible = self.inner._entry(steps, carry, arrays, {})
        if not visible:
            return 0
        arrays["step"] = self.steps[i:i + 1].reshape(())
        for k, key in enumerate(self.numpy_class._carries):
            arrays[key] = self.carry[i, k:k + 1].reshape(())
        entry = self.state.setdefault(self.params[i], {})
        entry.update({key: self.lend(i, key, arrays[key]) for key in visible if anew or key not in entry})
        return 0

    cdef object lend(self, i, key, array):
        self.lent[i, key] = view = array[...]
        return torch.from_numpy(view)

    def holds(self, groups, state):
        """Whether parameters, groups and state are where and what they were after the latest step."""
        return (groups is self.groups
                and state is self.state
                and has_objects(groups, self.group_dicts)
                and has_members(self.group_dicts, self.members)
                and has_values(state, self.state_values)
                and self.views.look(self.params) is self.arrays
                and all_held(self.lent)
                and self.plan.has_progress(self.steps, self.carry))

    def holds_in(self, groups, state, param, backward):
        """As `holds`, which is asked once in a backward pass; later only `param` is looked at."""
        place = self.places.get(id(param))
        if backward == self.backward and place is not None and place[2] == param.data_ptr():
            return True
        self.backward = backward
        return self.holds(groups, state)

    def update(self, scale):
        """Update all parameters that have a gradient."""
        cdef list grads = []
        cdef bint missing = False
        cdef Py_ssize_t n
        for n in range(len(self.filled)):
            self.read_group(n)
        for param in self.params:
            grad = param.grad
            missing = missing or grad is None
            grads.append(grad)
        updated = self.params
        if missing:
            updated = [param for param, grad in zip(self.params, grads) if grad is not None]
        self.run(arrays_of(grads, self.grad_views), scale, updated)

    def update_one(self, param):
        """Update one parameter, as in a step in which no other has a gradient; False if it is in no group."""
        cdef list flat = [None] * len(self.params)
        cdef list grads = [param.grad]      # held, for arrays are not
        place = self.places.get(id(param))
        if place is None:
            return False
        i, n, _ = place
        self.read_group(n)
        flat[i] = arrays_of(grads, self.one_view)[0]
        self.run(tuple(flat), 1.0, [param])
        return True

    cdef int read_group(self, Py_ssize_t n) except -1:
        """Check the hyperparameters of a group if they have been changed."""
        group = self.filled[n]
        try:
            if self.pick(group) == self.values[n]:
                return 0
        except Exception:  # a name is missing, or a value that cannot be compared: the checks say which
            pass
        self.values[n] = checks.hyperparameters(self.numpy_class, self.where[n], group)
        return 0

    cdef int run(self, tuple flat, scale, list updated) except -1:
        cdef bint moved = False
        if self.inner is None:
            return 0
        try:
            moved = self.inner._update(flat, scale, self.values, self.check_gradient)
            if moved:
                self.finish(updated)
        except BaseException:
            self.plan.release()
            if moved or not self.plan.has_progress(self.steps, self.carry):     # Ctrl-C came after the update
                self.finish(updated)
            raise
        return 0

    def check_gradient(self, i, _):
        """The gradient of parameter `i`, which the plan does not take as it is; copied if its strides differ."""
        n = self.places[id(self.params[i])][1]
        k = i - sum([len(group["params"]) for group in self.filled[:n]])
        label = f"{self.where[n]}['params'][{k}].grad"
        array = checks.gradient(label, self.params[i])
        if validation.is_dense(array) and self.plan.touches(array):
            raise ValueError(f"{label}: expected memory of its own, got memory that the step writes to")
        beside = zeros_beside(self.arrays[i])
        np.copyto(beside, array)
        return beside

    cdef int finish(self, list updated) except -1:
        """Tell autograd what has been written to, and bring `state` up to date."""
        increment_version(updated)
        if (not self.plan.write_progress(self.steps, self.carry)
                or self.inner._group_states != self.published
                or (self.waiting and self.steps[list(self.waiting)].any())):
            self.publish(False)
        return 0
