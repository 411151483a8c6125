"""
Shown: what `state` of a torch optimizer shows of the engine's state, and whether it still does.

Tensors in `state` and the engine's arrays have the same memory. Either the engine has made both, or a tensor came with
its memory, which the engine then uses as it is: what other processes share, or whoever else holds it, sees each step.
"""
from cpython.dict cimport PyDict_Check, PyDict_GetItem, PyDict_Next
from cpython.list cimport PyList_Check
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.ref cimport PyObject
from libc.string cimport memset

cimport numpy as cnp

from fastgd.engine.arrays cimport data_of, pointer, size_of
from fastgd.engine.formats cimport format_of
from fastgd.kernels.rule cimport FLOAT32, FLOAT64, MAX_CARRY
from fastgd.torch.views cimport Place, array_at, borrow_of, find, is_sharded, lies_at

import numpy as np
import torch

from fastgd.torch import checks, shards

cdef extern from "Python.h":
    PyObject* Py_None
    Py_ssize_t refcount "Py_REFCNT"(PyObject*)
    PyObject* PyList_GET_ITEM(object, Py_ssize_t)       # borrowed

cnp.import_array()

cdef enum:
    WIDTH = MAX_CARRY + 1       # numbers of a slot
    EXACT = 1 << 24             # float32 holds all whole numbers to this one


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


cdef list items_of(object leaf, object entry):
    """A key and its value, followed, where this is a dict, by its own keys and values."""
    cdef list result = [leaf, entry]
    if isinstance(entry, dict):
        for item in entry.items():
            result.extend(item)
    return result


cdef bint has_items(object state, list expected) except -1:
    """Whether a dict has just these objects, as `items_of` lists them."""
    cdef Py_ssize_t position = 0, inner, n = len(expected), i = 0
    cdef PyObject* key
    cdef PyObject* value
    if not PyDict_Check(state):
        return False
    while PyDict_Next(state, &position, &key, &value):
        if i + 1 >= n or PyList_GET_ITEM(expected, i) != key or PyList_GET_ITEM(expected, i + 1) != value:
            return False
        i += 2
        if not PyDict_Check(<object>value):
            continue
        entry = <object>value
        inner = 0
        while PyDict_Next(entry, &inner, &key, &value):
            if i + 1 >= n or PyList_GET_ITEM(expected, i) != key or PyList_GET_ITEM(expected, i + 1) != value:
                return False
            i += 2
    return i == n


cdef bint lies(Borrow borrow, object tensor, object array) except -1:
    """Whether a tensor has just the memory of an array, in the same form."""
    cdef Place place
    return find(borrow, tensor, &place) and lies_at(pointer(array), &place)


cdef inline double get(const Number* number) noexcept:
    return (<double*>number.data)[0] if number.wide else (<float*>number.data)[0]


cdef inline bint put(const Number* number, double value) noexcept:
    """Write a number; returns whether it is there exactly."""
    if number.data == NULL:
        return True
    if number.wide:
        (<double*>number.data)[0] = value
    else:
        (<float*>number.data)[0] = <float>value
    return get(number) == value


cdef inline bint has(const Number* number, double value) noexcept:
    """Whether a number is as it was written."""
    return number.data == NULL or get(number) == (value if number.wide else <double><float>value)


cdef class Shown:
    """
    Parameters
    ----------
    kind : type
        The NumPy class, which says what an entry of `state` has.
    """
    def __init__(self, kind):
        self.borrow = borrow_of(torch.Tensor)
        self.kind = kind
        self.numbers_keys = ("step" if kind.has_step else None, *kind.carried)
        self.tensors, self.pools = {}, {}
        self.forget_items()

    def __dealloc__(self):
        PyMem_Free(self.numbers)

    # ---- whether it is as it was ------------------------------------------------------------------------------

    def get_state(self):
        """`state`, for others."""
        self.seen = True
        return self.state

    def set_state(self, state):
        self.seen, self.known, self.state = True, False, state

    cdef bint stands(self) except -1:
        """
        Whether `state` has the tensors that it had, and they lie where they lay.

        To ask each tensor costs as much as its update. But who has no reference to `state` or anything in it can only
        change the memory behind, for which it is enough to look whether torch still holds the arrays that were lent.
        """
        cdef Py_ssize_t i
        if not self.known:
            return False
        if self.seen or not self.hidden:
            if not has_items(self.state, self.items):
                return False
            for i in range(len(self.items)):
                array = <object>PyList_GET_ITEM(self.arrays, i)
                if array is not None and not lies(self.borrow, <object>PyList_GET_ITEM(self.items, i), array):
                    return False
            self.seen, self.hidden = False, self.is_hidden()
            return True
        for i in range(len(self.lent)):
            if refcount(PyList_GET_ITEM(self.lent, i)) <= 2:    # of `tensors` and `lent`
                return False
        for i in range(len(self.foreign)):
            array = <object>PyList_GET_ITEM(self.arrays, self.foreign[i])
            if not lies(self.borrow, <object>PyList_GET_ITEM(self.items, self.foreign[i]), array):
                return False
        return True

    cdef bint is_hidden(self) noexcept:
        """Whether nobody else has a reference to `state`, its entries, or the tensors in them."""
        cdef Py_ssize_t i
        cdef PyObject* item
        if refcount(<PyObject*>self.state) != 1:
            return False
        for i in range(1, len(self.items), 2):
            item = PyList_GET_ITEM(self.items, i)
            if PyList_GET_ITEM(self.arrays, i) != Py_None:
                if refcount(item) != 3:     # of the entry, `items` and `tensors`
                    return False
            elif PyDict_Check(<object>item) and refcount(item) != 2:
                return False
        return True

    cdef bint keeps(self, object leaf) except -1:
        """Whether the tensors of one parameter lie where they lay."""
        for tensor, array, _ in (self.tensors.get(leaf) or {}).values():
            if not lies(self.borrow, tensor, array):
                return False
        return True

    cdef bint is_own(self, object leaf, object entry, object known) except -1:
        """Whether an entry of `state` has the tensors of the engine's memory, and of those in `known` no other."""
        cdef dict shown = self.tensors.get(leaf) or {}
        for key in known:
            if (key in shown) is not (key in entry) or (key in shown and shown[key][0] is not entry[key]):
                return False
        return self.keeps(leaf)

    cdef bint counts(self, const Slot* slot, Py_ssize_t i) noexcept:
        """Whether the step count and the carried numbers of slot `i` are as the latest step left them."""
        cdef const Number* numbers = self.numbers + WIDTH * i
        cdef int k
        if not has(numbers, <double>slot.steps):
            return False
        for k in range(MAX_CARRY):
            if not has(numbers + 1 + k, slot.carry[k]):
                return False
        return True

    # ---- what it shows ----------------------------------------------------------------------------------------

    cdef bint write(self, const Slot* slots, Py_ssize_t first, Py_ssize_t stop) noexcept:
        """Bring step counts and carried numbers of slots into `state`; returns whether it holds the counts exactly."""
        cdef Py_ssize_t i
        cdef int k
        cdef bint exact = True
        for i in range(first, stop):
            exact = put(self.numbers + WIDTH * i, <double>slots[i].steps) and exact
            for k in range(MAX_CARRY):
                put(self.numbers + WIDTH * i + 1 + k, slots[i].carry[k])
        return exact

    cdef int reserve(self, Py_ssize_t count) except -1:
        """Make room for the numbers of `count` slots, of which none is shown yet."""
        cdef void* room = PyMem_Realloc(self.numbers, (count + 1) * WIDTH * sizeof(Number))
        if room == NULL:
            raise MemoryError
        self.numbers, self.count = <Number*>room, count
        memset(room, 0, count * WIDTH * sizeof(Number))
        return 0

    cdef int show(self, object leaf, Py_ssize_t i, long long steps, tuple carry, dict sources, bint adopting) except -1:
        """
        Bring the state of slot `i` into the entry of its parameter: numbers, and the arrays `sources`. Before the
        first step only what the entry has already; `adopting`: numbers in it are written to from now on.
        """
        cdef Number* number
        cdef Py_ssize_t k
        cdef bint kept
        there = self.state.get(leaf)
        if steps:
            keys = self.kind.entry(steps, carry, sources, {})
        else:
            keys = [key for key in there or () if key in sources or key in self.numbers_keys]
        entry = self.state.setdefault(leaf, {}) if keys else None
        before, now = self.tensors.pop(leaf, None) or {}, {}
        for key in keys:
            array, have, known = sources.get(key), entry.get(key), before.get(key)
            kept = known is not None and known[0] is have and lies(self.borrow, have, known[1])
            if array is None:
                k = self.numbers_keys.index(key)
                if not kept or not self.fits(have, known[1], k, steps):
                    known = self.number(have, k, steps if k == 0 else carry[k - 1], adopting)
                number = self.numbers + WIDTH * i + k
                number.data, number.wide = data_of(pointer(known[1])), format_of(pointer(known[1])) == FLOAT64
            elif not kept or data_of(pointer(known[1])) != data_of(pointer(array)):
                if isinstance(have, torch.Tensor) and lies(self.borrow, have, array):
                    known = (have, array, None)
                else:
                    view = checks.plain_view(array)
                    made = checks.tensor(view, array)
                    # Whoever has a DTensor has its part too, so that no reference count tells who that is.
                    known = (shards.like(leaf, made), array, None if is_sharded(leaf) else view)
            now[key] = known
            if known[0] is not have:
                entry[key] = known[0]
        if now:
            self.tensors[leaf] = now
        return 0

    def fits(self, tensor, array, k, steps):
        """Whether a number that is written to holds what comes; float32 would stay at 2**24, as torch's own does."""
        return k > 0 or steps <= EXACT or format_of(pointer(array)) == FLOAT64 or tensor.is_shared()

    cdef tuple number(self, object have, Py_ssize_t k, double value, bint adopting):
        """A tensor for a number, `have` if it fits, the array of its memory, and the view that was lent to make it."""
        cdef Place place
        cdef list pool
        if adopting and isinstance(have, torch.Tensor) and find(self.borrow, have, &place):
            array = array_at(&place)
            enough = place.format == FLOAT64 or have.is_shared() or (k == 0 and value <= EXACT)
            if (enough and place.format in (FLOAT32, FLOAT64) and size_of(pointer(array)) == 1 and array.flags.aligned
                    and not have.is_neg()):
                return have, array, None
        dtype = np.float32 if k == 0 and value <= EXACT else np.float64
        pool = self.pools.get(dtype)
        if pool is None or pool[1] == len(pool[0]):
            pool = self.pools[dtype] = [np.zeros(max(16, self.count), dtype), 0]
        array = pool[0][pool[1]:pool[1] + 1].reshape(())
        pool[1] += 1
        array[...] = value
        view = array[...]
        return torch.from_numpy(view), array, view

    def keys_of(self, leaf):
        """Which keys of a parameter's entry have the engine's memory."""
        return tuple(self.tensors.get(leaf) or ())

    def forget_others(self, leaves):
        """Let go of the tensors of other parameters."""
        self.tensors = {leaf: self.tensors[leaf] for leaf in leaves if leaf in self.tensors}

    cdef int forget_items(self) except -1:
        self.items, self.arrays, self.lent, self.foreign = [], [], [], []
        self.seen, self.known, self.hidden = True, False, False
        return 0

    cdef int note(self) except -1:
        """Remember what is in `state` now."""
        self.forget_items()
        for leaf in self.state:
            self.note_last(leaf)
        self.known = True
        return 0

    cdef int note_last(self, object leaf) except -1:
        """Remember the entry of a parameter, which is the last of those that are known."""
        cdef dict shown = self.tensors.get(leaf) or {}
        cdef list items = items_of(leaf, self.state[leaf])
        cdef Py_ssize_t i
        self.seen = True
        self.items.extend(items)
        self.arrays.extend([None] * len(items))
        for i in range(2, len(items), 2):
            known = shown.get(items[i])
            if known is not None and known[0] is items[i + 1]:
                place = len(self.arrays) - len(items) + i + 1
                self.arrays[place] = known[1]
                if known[2] is not None:
                    self.lent.append(known[2])
                else:
                    self.foreign.append(place)
        return 0
