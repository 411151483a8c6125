"""
Plan: bound arrays, and what each step does with them. It holds no mathematics and finds no words for a user: it says
that an array is not plainly as it must be, and a front says what is wrong with it.
"""
from cpython.mem cimport PyMem_Free, PyMem_Malloc, PyMem_Realloc
from libc.stdlib cimport bsearch, qsort
from libc.string cimport memcmp, memcpy, memset

from fastgd.engine.arrays cimport (
    NPY_ARRAY_ALIGNED, NPY_ARRAY_WRITEABLE, data_of, descr_of, flags_of, is_array, itemsize_of, ndim_of, pointer,
    same_dtype, same_form, same_layout, shape_of, size_of, strides_of,
)
from fastgd.engine.dispatch cimport table
from fastgd.engine.execute cimport BRIEF, Stage, execute, settle_formats, updated
from fastgd.engine.extents cimport compare_extents, compare_starts, extent_of
from fastgd.engine.formats cimport Storage, format_of, goes_with, itemsize
from fastgd.engine.rows cimport begin_rows
from fastgd.engine.single cimport beyond_single, may_overflow
from fastgd.engine.threads cimport count as thread_count
from fastgd.engine.zeros cimport laid_out_zeros, zeros_of_blocks, zeros_of_rows
from fastgd.kernels.rule cimport FLOAT64, MAX_CARRY, SIGNED8, ZERO8, Format, Scalars

cdef extern from "Python.h":
    PyObject* PyList_GET_ITEM(object, Py_ssize_t)       # borrowed

cnp.import_array()

TOO_LARGE = "these hyperparameters need a number in this step that is beyond float32's range"


cdef void* grown(void* memory, Py_ssize_t count, size_t size) except NULL:
    """`memory` with room for at least `count` things of `size` bytes."""
    cdef void* result = PyMem_Realloc(memory, (count + 1) * size)
    if result == NULL:
        raise MemoryError
    return result


cdef const Rule* fold(const Family* family, Scalars* scalars, double grad_scale, long long t, const double* hyper,
                      double* carry) noexcept:
    """Fold a family's hyperparameters for step `t`; returns the rule of the step."""
    return &table().rules[family.rules[family.fold(scalars, grad_scale, t, hyper, carry)]]


cdef class Group:
    """Slots that share hyperparameters, the struct that the fold takes, and how their arrays are stored."""

    def __init__(self, int family, Py_ssize_t start, Py_ssize_t count, Storage storage not None):
        self.family = &table().families[family]
        self.storage = storage
        self.start = start
        self.count = count
        self.layout = -1

    def set_hyper(self, tuple numbers not None):
        """Take over the fields of the family's struct of hyperparameters, in order."""
        cdef int k
        if len(numbers) != self.family.hyper_count:
            raise RuntimeError(f"{self.family.hyper_count} hyperparameters expected, got {len(numbers)}")
        for k in range(self.family.hyper_count):
            self.hyper[k] = numbers[k]

    cdef const Rule* first_rule(self) noexcept:
        """The rule of a group's next step, were it the first."""
        cdef double[MAX_CARRY] carry
        cdef Scalars scalars
        memset(carry, 0, sizeof(carry))
        return fold(self.family, &scalars, 1.0, 1, self.hyper, carry)

    def rule(self):
        """The number of the rule that a parameter of this group begins with."""
        return <int>(self.first_rule() - table().rules)

    def keys(self):
        """Keys of the state arrays of that rule."""
        return state_keys(self.rule())

    def all_keys(self):
        """Keys of the state arrays of all rules of the family, which its options choose between."""
        cdef int k
        return tuple(dict.fromkeys([key for k in range(self.family.rule_count)
                                    for key in state_keys(self.family.rules[k])]))

    def common_keys(self):
        """Keys that all rules of the family have."""
        keys = [state_keys(self.family.rules[k]) for k in range(self.family.rule_count)]
        return tuple([key for key in keys[0] if all([key in others for others in keys])])

    def begun(self, list arrays not None):
        """What slots for parameters begin with: no steps, no carried numbers, the states of that rule at zero."""
        keys = self.keys()
        return [(0, (), self.zeros_of(keys, array)) for array in arrays]

    def zeros_of(self, keys not None, cnp.ndarray param not None):
        """State arrays at zero by key, with the largest magnitudes of those that are in blocks."""
        result = {key: self.zeros(key, param) for key in keys}
        for key in keys if self.storage.in_blocks else ():
            name = self.storage.absmax_key(key, param)
            if name is not None:
                result[name] = zeros_of_blocks(param)
        return result

    def zeros(self, str key not None, cnp.ndarray param not None):
        """A state array at zero, as the group stores it."""
        cdef PyArrayObject* p = pointer(param)
        cdef Format format = self.storage.state_format(key, format_of(p), self.storage.cuts(p))
        result = zeros_of_rows(param, format) if self.is_of_rows(key) else laid_out_zeros(param, format)
        if format == SIGNED8:
            result.fill(ZERO8)
        return result

    cdef bint is_of_rows(self, str key) except -1:
        """Whether a state array has one number for each row of its parameter."""
        cdef int rule = self.family.rules[0], count = table().rules[rule].row_numbers
        return count and key in state_keys(rule)[-count:]

    def master_key(self, cnp.ndarray param not None):
        """The state key of what a parameter lacks to a float32; None where it lacks nothing that is kept."""
        return self.storage.master_key(format_of(pointer(param)))


cdef class Plan:
    """
    The arrays of one optimizer. The order of a step: a gradient for each slot, perhaps the norm, `fold`, `run`.
    Parameters and states must have been checked; of what changes from step to step the plan checks that it is safe.
    """

    def __cinit__(self):
        self.groups = []
        self.params = []
        self.states = []
        self.copies = []
        self.moved = True

    def __dealloc__(self):
        cdef Py_ssize_t i
        for i in range(self.count):
            PyMem_Free(self.slots[i].shape)
            PyMem_Free(self.slots[i].after)
        PyMem_Free(self.slots)
        PyMem_Free(self.cohorts)
        PyMem_Free(self.written)

    # ---- slots ----------------------------------------------------------------------------------------------------

    cdef int reserve(self, Py_ssize_t count) except -1:
        """Make room for `count` slots in all."""
        if count <= self.room:
            return 0
        count = max(count, 2 * self.room)
        self.slots = <Slot*>grown(self.slots, count, sizeof(Slot))
        self.cohorts = <Cohort*>grown(self.cohorts, count, sizeof(Cohort))
        self.room = count
        return 0

    cdef int place(self, Py_ssize_t i, cnp.ndarray param) except -1:
        """Bind slot `i` to a checked parameter; states and progress stay."""
        cdef Slot* slot = &self.slots[i]
        cdef PyArrayObject* p = pointer(param)
        cdef size_t nbytes = ndim_of(p) * sizeof(Py_ssize_t)
        cdef Py_ssize_t* shape = <Py_ssize_t*>PyMem_Malloc(2 * nbytes)
        if shape == NULL:
            raise MemoryError
        if nbytes:      # NumPy has no memory for the shape of 0-d arrays.
            memcpy(shape, shape_of(p), nbytes)
            memcpy(shape + ndim_of(p), strides_of(p), nbytes)
        self.params[i] = param
        PyMem_Free(slot.shape)
        slot.shape = shape
        slot.ndim = ndim_of(p)
        slot.arrays[0] = data_of(p)
        slot.size = size_of(p)
        slot.formats[0] = slot.formats[1] = format_of(p)
        slot.param = p
        slot.descr = descr_of(p)
        self.moved = True
        return 0

    def add_group(self, Group group not None, list arrays not None, list entries=None):
        """
        A group of slots for checked parameters. `entries` are (steps, carried numbers, state arrays by key) of each;
        without them a slot begins.
        """
        cdef Py_ssize_t i, first = self.count
        cdef int number = <int>len(self.groups), rule = group.rule()
        if entries is None:
            entries = group.begun(arrays)
        self.reserve(self.count + len(arrays))
        memset(&self.slots[first], 0, len(arrays) * sizeof(Slot))
        self.params.extend(arrays)
        self.states.extend([states for _, _, states in entries])
        self.copies.extend([None] * len(arrays))
        for i in range(len(arrays)):
            self.place(first + i, arrays[i])
            self.slots[first + i].group = number
            self.slots[first + i].cohort = -1
            self.set_progress(first + i, entries[i][0], entries[i][1])
        self.count += len(arrays)
        self.first, self.stop = 0, self.count
        self.groups.append(group)
        self.use(group, rule)

    cdef int clear(self) except -1:
        """Forget all groups."""
        cdef Py_ssize_t i
        for i in range(self.count):
            PyMem_Free(self.slots[i].shape)
            PyMem_Free(self.slots[i].after)
        self.count = self.first = self.stop = self.cohort_count = 0
        self.blocked = False
        self.groups, self.params, self.states, self.copies = [], [], [], []
        self.moved = True
        return 0

    cdef object kept(self, Py_ssize_t i, str key, array):
        """A state array that slot `i` gets: in a file, where states are kept in files."""
        return array if self.files is None else self.files.keep(i, key, array)

    cdef int use(self, Group group, int rule) except -1:
        """Give a group's slots the state arrays of `rule`: those that they have had, or new ones at zero."""
        cdef Py_ssize_t i
        cdef int k
        keys = state_keys(rule)
        for i in range(group.start, group.start + group.count):
            entry = self.states[i]
            missing = [key for key in keys if key not in entry]
            if missing:
                made = group.zeros_of(missing, self.params[i])
                entry.update({key: self.kept(i, key, made[key]) for key in made})
        for i in range(group.start, group.start + group.count):
            entry = self.states[i]
            for k, key in enumerate(keys):
                self.slots[i].arrays[2 + k] = data_of(pointer(entry[key]))
                self.slots[i].formats[2 + k] = format_of(pointer(entry[key]))
                if self.slots[i].formats[2 + k] == SIGNED8:
                    self.slots[i].formats[2 + k] = group.storage.state_format(key, self.slots[i].formats[0], True)
                    name = group.storage.absmax_key(key, self.params[i])
                    self.slots[i].absmax[k] = <float*>data_of(pointer(entry[name]))
            settle_formats(&self.slots[i], table().rules[rule].state_count)
            self.blocked = self.blocked or self.slots[i].blocked
            self.slots[i].seed = group.storage.seed
            self.slots[i].number = i
            key = group.storage.master_key(self.slots[i].formats[0])
            if key is not None:
                if key not in entry:
                    entry[key] = self.kept(i, key, group.zeros(key, self.params[i]))
                self.slots[i].master = data_of(pointer(entry[key]))
            for k, key in enumerate((None, None, *keys)):
                if k != 1 and group.storage.is_random(key, self.slots[i].formats[k]):
                    self.slots[i].stochastic |= 1 << k
        group.layout = table().rules[rule].layout
        self.use_averages(group)
        self.moved = True
        return 0

    def use_rule(self, Group group not None):
        """Give a group's slots the state arrays of the rule that it begins with now."""
        cdef int rule = group.rule()
        if group.layout != table().rules[rule].layout:
            self.use(group, rule)

    def replace(self, Group group not None, list entries not None):
        """
        Give a group's slots other progress and state arrays: (steps, carried numbers, arrays by key) for each. The
        arrays must be checked and have the keys of the rule that the group begins with now.
        """
        cdef Py_ssize_t i
        for i in range(group.count):
            steps, carry, arrays = entries[i]
            self.states[group.start + i] = arrays
            self.set_progress(group.start + i, steps, carry)
        self.use(group, group.rule())

    cdef int use_averages(self, Group group) except -1:
        """Let the moving averages of a group's slots be as it asks for; this is for `Following`."""
        return 0

    def updated(self):
        """The slots that the step under way updates."""
        return [i for i in range(self.first, self.stop) if self.slots[i].cohort >= 0]

    def progress(self, Py_ssize_t i):
        """(steps taken, carried numbers) of slot `i`."""
        cdef Group group = self.groups[self.slots[i].group]
        return self.slots[i].steps, tuple([self.slots[i].carry[k] for k in range(group.family.carry_count)])

    def set_progress(self, Py_ssize_t i, long long steps, tuple carry):
        cdef int k
        self.slots[i].steps = steps
        for k in range(MAX_CARRY):
            self.slots[i].carry[k] = carry[k] if k < len(carry) else 0.0

    # ---- gradients ------------------------------------------------------------------------------------------------

    cdef int sort_written(self) except -1:
        """Sort what a step writes to, for the search that `overlaps` makes, and forget what was searched before."""
        cdef Py_ssize_t i, n = 0, most = 2 * self.count
        for entry in self.states:
            most += len(entry)
        self.written = <Extent*>grown(self.written, most, sizeof(Extent))
        for i in range(self.count):
            self.slots[i].arrays[1] = NULL
            copy = self.copies[i]
            arrays = [self.params[i], *self.states[i].values(), *([] if copy is None else [copy])]
            for array in arrays:
                if size_of(pointer(array)):
                    self.written[n] = extent_of(pointer(array))
                    n += 1
        qsort(self.written, n, sizeof(Extent), compare_starts)
        self.written_count = n
        self.moved = False
        return 0

    cdef bint overlaps(self, const void* data, Py_ssize_t nbytes) noexcept:
        cdef Extent extent = Extent(<const char*>data, <const char*>data + nbytes)
        return nbytes and bsearch(&extent, self.written, self.written_count, sizeof(Extent), compare_extents) != NULL

    def touches(self, cnp.ndarray array):
        """Whether a checked array shares memory with what the plan writes to."""
        if self.moved:
            self.sort_written()
        return self.overlaps(data_of(pointer(array)), size_of(pointer(array)) * itemsize_of(pointer(array)))

    cdef bint holds(self, Slot* slot) noexcept:
        """Whether a parameter is as it was bound."""
        cdef PyArrayObject* param = <PyArrayObject*>slot.param
        return (descr_of(param) == slot.descr
                and data_of(param) == slot.arrays[0]
                and flags_of(param) & NPY_ARRAY_WRITEABLE
                and ndim_of(param) == slot.ndim
                and same_form(slot.ndim, slot.shape, slot.shape + slot.ndim, 1, shape_of(param), strides_of(param), 1))

    cdef bint takes(self, Slot* slot, PyObject* grad) noexcept:
        """Whether a parameter is as it was bound and `grad` can be its gradient, which is then the slot's."""
        cdef PyArrayObject* g = <PyArrayObject*>grad
        cdef Format format = slot.formats[0]
        if not (is_array(grad) and self.holds(slot)):
            return False
        if not same_dtype(<PyArrayObject*>slot.param, g):
            format = format_of(g)
        return (goes_with(slot.formats[0], format)
                and flags_of(g) & NPY_ARRAY_ALIGNED
                and same_layout(<PyArrayObject*>slot.param, g)
                and self.takes_place(slot, data_of(g), format))

    cdef bint takes_place(self, Slot* slot, void* data, Format format) noexcept:
        """Whether a gradient may lie at `data`, which is then the slot's."""
        # Same address and format as in the step before: the overlap check has already been made.
        if data != slot.arrays[1] or format != slot.formats[1]:
            if self.overlaps(data, slot.size * itemsize(format)):
                return False
            slot.arrays[1] = data
            slot.formats[1] = format
        return True

    # ---- the update -----------------------------------------------------------------------------------------------

    cdef int fold(self, double scale) except -1:
        """
        Fold hyperparameters into scalars, once for slots that follow each other with equal progress.

        A slot has a gradient where its `cohort` is not -1.
        """
        cdef Py_ssize_t i
        cdef Slot* slot
        cdef Cohort* cohort
        cdef Group group = None
        cdef int number = -1
        cdef bint large
        for one in self.groups:
            (<Group>one).latest = -1
        self.cohort_count = 0
        self.elements = 0
        for i in range(self.first, self.stop):
            slot = &self.slots[i]
            if slot.cohort < 0:
                continue
            self.elements += updated(slot)
            if slot.group != number:
                number = slot.group
                group = <Group>self.groups[number]
            if group.latest >= 0:
                cohort = &self.cohorts[group.latest]
                if (cohort.steps == slot.steps
                        and memcmp(cohort.carry, slot.carry, cohort.history * sizeof(double)) == 0):
                    slot.cohort = group.latest
                    continue
            group.latest = slot.cohort = self.cohort_count
            cohort = &self.cohorts[self.cohort_count]
            self.cohort_count += 1
            cohort.group = number
            cohort.steps = slot.steps
            cohort.carry = slot.carry
            cohort.history = group.family.carry_count - group.family.memory_count
            cohort.next_carry = slot.carry
            large = may_overflow(group.family, group.hyper, scale)
            if large:
                memset(&cohort.scalars, 0, sizeof(Scalars))
            cohort.rule = fold(group.family, &cohort.scalars, scale, slot.steps + 1, group.hyper, cohort.next_carry)
            if large and beyond_single(&cohort.scalars):
                self.refuse_single(group, number)
            if cohort.rule.layout != group.layout:
                self.use(group, <int>(cohort.rule - table().rules))
        return 0

    cdef int refuse_single(self, Group group, int number) except -1:
        """Raise if a slot of a group whose scalars are beyond float32 computes in it."""
        cdef Py_ssize_t i
        for i in range(group.start, group.start + group.count):
            if self.slots[i].cohort >= 0 and self.slots[i].formats[0] != FLOAT64:
                raise ValueError(f"param_groups[{number}]: {TOO_LARGE}")
        return 0

    cdef int run(self, double scale, double bound, bint staged) except -1:
        """
        Update every slot that has a gradient; `staged`: the gradient is scaled and clipped to [-bound, bound] on the
        way. Once anything has changed it cannot fail, unless other processes are not reached.
        """
        cdef int threads
        self.stage.active, self.stage.scale, self.stage.bound = staged, scale, bound
        if self.elements < BRIEF:
            self.update_slots(&self.stage, 1)
        else:
            threads = thread_count()
            with nogil:
                self.update_slots(&self.stage, threads)
        return 0

    cdef void update_slots(self, const Stage* stage, int threads) noexcept nogil:
        cdef Py_ssize_t i
        cdef int k
        cdef Slot* slot
        for i in range(self.first, self.stop if self.with_rows else self.first):
            slot = &self.slots[i]
            if slot.cohort >= 0 and slot.touched != NULL and slot.steps == 0:
                begin_rows(slot, &self.cohorts[slot.cohort])
        self.with_rows = False
        if not execute(self.slots + self.first, self.stop - self.first, self.cohorts, stage, threads):
            return
        for i in range(self.first, self.stop):
            slot = &self.slots[i]
            if slot.cohort >= 0:
                slot.steps += 1
                for k in range(self.cohorts[slot.cohort].history):
                    slot.carry[k] = self.cohorts[slot.cohort].next_carry[k]
                if slot.after != NULL:
                    slot.after.begun = True

    def repeat(self, int times=1, int roof=-1):
        """
        Run the latest step's kernels again, with its gradients and scalars, for benchmarks of the engine alone.

        With `roof`, the number of a roof with as many states, that runs in the place of the rules from now on.
        """
        cdef int i
        if roof >= 0:
            for i in range(self.cohort_count):
                if table().roofs[roof].state_count != self.cohorts[i].rule.state_count:
                    raise RuntimeError(f"{table().roofs[roof].name.decode()} has another number of states")
                self.cohorts[i].rule = &table().roofs[roof]
                # The addend of a roof is its only scalar, and small so that the arrays stay ordinary numbers.
                (<double*>&self.cohorts[i].scalars)[0] = 1e-6
        for _ in range(times):
            self.run(1.0, 0.0, False)


cdef dict _keys = {}     # layout -> the keys


cdef tuple state_keys(int rule):
    """State keys of a rule of the table, in the order of its arrays."""
    return keys_of_layout(table().rules[rule].layout)


cpdef tuple keys_of_layout(int layout):
    """State keys of the rules that share a layout, in the order of their arrays."""
    keys = _keys.get(layout)
    if keys is None:
        keys = _keys[layout] = tuple(table().rules[layout].states.decode().split())
    return keys
