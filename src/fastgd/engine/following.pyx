"""
Following: a plan whose parameters are followed, in the pass that updates them, by moving averages and by copies in
other formats, and whose gradients may be summed over several batches. `stages` has the loops of the first two.

An average is made in the step that begins it, so that what `states` have under its key is one.
"""
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc
from libc.string cimport memset, strcmp

cimport numpy as cnp

from fastgd.engine.arrays cimport NPY_ARRAY_WRITEABLE, PyArrayObject, data_of, flags_of, pointer, same_layout, size_of
from fastgd.engine.dispatch cimport table
from fastgd.engine.execute cimport Cohort, Slot, Stage, execute, plain_stage, settle_formats
from fastgd.engine.extents cimport Extent, disjoint
from fastgd.engine.formats cimport computed_in, format_of, itemsize
from fastgd.engine.fpmode cimport enter, fp_mode, leave
from fastgd.engine.stages cimport show
from fastgd.engine.threads cimport count as thread_count
from fastgd.engine.zeros cimport laid_out, laid_out_zeros
from fastgd.kernels.rule cimport Rule

from fastgd import formats, validation
from fastgd.engine.formats import AVERAGE

cnp.import_array()      # same_layout asks which NumPy this is

CHANGED_SINCE = "changed in dtype or layout since its gradients were accumulated, and all that were are forgotten"


cdef const Rule* sum_of_two() noexcept:
    """A rule that adds the gradient to the parameter: the roof of rules without state does nothing else."""
    cdef int k = 0
    while strcmp(table().roofs[k].name, b"stream_0") != 0:
        k += 1
    return &table().roofs[k]


cdef class Following(Measured):
    def __cinit__(self):
        self.sums, self.has_sum = [], []

    cdef After* after_of(self, Py_ssize_t i) except NULL:
        """What follows slot `i`, of which there is nothing at first."""
        cdef Slot* slot = &self.slots[i]
        if slot.after == NULL:
            slot.after = <After*>PyMem_Calloc(1, sizeof(After))
            if slot.after == NULL:
                raise MemoryError
        return slot.after

    cdef int set_average(self, Py_ssize_t i, array, bint begun) except -1:
        cdef After* after = self.after_of(i)
        cdef Group group = self.groups[self.slots[i].group]
        after.average_format = format_of(pointer(array))
        after.random = group.storage.is_random(AVERAGE, after.average_format)
        after.decay = group.storage.ema_decay
        after.begun = begun
        after.average = data_of(pointer(array))
        return 0

    cdef int use_averages(self, Group group) except -1:
        """Let the averages that a group's slots have go on, or rest where the group does not ask for them."""
        cdef Py_ssize_t i
        self.averaging = self.averaging or group.storage.ema_decay is not None
        for i in range(group.start, group.start + group.count):
            average = self.states[i].get(AVERAGE)
            if average is not None and group.storage.ema_decay is not None:
                self.set_average(i, average, True)
            elif self.slots[i].after != NULL:
                self.slots[i].after.average = NULL
        return 0

    cdef int begin_averages(self, Py_ssize_t first, Py_ssize_t stop) except -1:
        """Make the averages that begin in this step."""
        cdef Py_ssize_t i
        cdef Slot* slot
        cdef Group group
        cdef list made = []
        for i in range(first, stop):
            slot = &self.slots[i]
            group = <Group>self.groups[slot.group]
            if (slot.cohort >= 0 and group.storage.ema_decay is not None
                    and (slot.after == NULL or slot.after.average == NULL)):
                made.append((i, self.kept(i, AVERAGE, group.zeros(AVERAGE, self.params[i]))))
                self.after_of(i)
        for i, array in made:
            self.states[i][AVERAGE] = array
            self.set_average(i, array, False)
        if made:
            self.moved = self.begun = True
        return 0

    def set_copies(self, list arrays not None):
        """Let checked arrays be copies of the parameters from now on; None for a parameter without one."""
        cdef Py_ssize_t i
        for i in range(self.count):
            if arrays[i] is not None:
                self.after_of(i)
        self.copies = arrays
        self.copying = any([copy is not None for copy in arrays])
        self.moved = True
        for i in range(self.count):
            if arrays[i] is not None:
                self.slots[i].after.copy = data_of(pointer(arrays[i]))
                self.slots[i].after.copy_format = format_of(pointer(arrays[i]))
            elif self.slots[i].after != NULL:
                self.slots[i].after.copy = NULL
        self.show(self.averaged)

    cdef int check_copies(self, object front) except -1:
        """Raise if a copy is no longer where it was bound."""
        cdef Py_ssize_t i
        for i in range(self.count):
            copy = self.copies[i]
            if copy is not None and (data_of(pointer(copy)) != self.slots[i].after.copy
                                     or size_of(pointer(copy)) != self.slots[i].size):
                raise ValueError(f"{front._copy_label(i)}: expected the array that was given, got one resized since")
        return 0

    cdef bint in_place(self, object front) except -1:
        """Whether all parameters are as they were bound."""
        cdef Py_ssize_t i
        for i in range(self.count):
            if not self.holds(&self.slots[i]):
                return False
        return True

    def show(self, bint averages):
        """Bring all copies up to date; `averages`: with those of the parameters, which then hold them too."""
        cdef Py_ssize_t i
        cdef After* after
        cdef fp_mode mode
        if not (averages or self.copying):
            return
        mode = enter()
        for i in range(self.count):
            after = self.slots[i].after
            if after != NULL and (after.copy != NULL or (averages and after.average != NULL)):
                show(&self.slots[i], averages and after.average != NULL)
        leave(mode)

    # ---- gradients that become zero ---------------------------------------------------------------------------

    def gradient(self, Py_ssize_t i):
        """The gradient of slot `i`, where it lies; not to be used after the step."""
        return laid_out(self.params[i], self.slots[i].formats[1], self.slots[i].arrays[1])

    cdef bint gradients_apart(self) except -1:
        """Whether no two gradients of this step share memory."""
        cdef Py_ssize_t i, n = 0
        cdef bint result
        cdef Slot* slot
        cdef Extent* extents = <Extent*>PyMem_Malloc((self.count + 1) * sizeof(Extent))
        if extents == NULL:
            raise MemoryError
        for i in range(self.first, self.stop):
            slot = &self.slots[i]
            if slot.cohort >= 0 and slot.size:
                extents[n].start = <const char*>slot.arrays[1]
                extents[n].stop = extents[n].start + slot.size * itemsize(slot.formats[1])
                n += 1
        result = disjoint(extents, n)
        PyMem_Free(extents)
        return result

    cdef int check_zeroes(self, object front, PyObject** grads) except -1:
        """
        Raise if a gradient of this step cannot be overwritten with zeros: by `grads`, the array of each slot, or NULL
        where all can be written to.
        """
        cdef Py_ssize_t i
        for i in range(self.first, self.stop):
            if self.slots[i].cohort >= 0 and self.slots[i].touched != NULL:
                raise ValueError(f"{front._gradient_label(i)}: expected an array to overwrite with zeros, got Rows")
        for i in range(self.count if grads != NULL else 0):
            if self.slots[i].cohort >= 0 and not flags_of(<PyArrayObject*>grads[i]) & NPY_ARRAY_WRITEABLE:
                validation.writeable(front._gradient_label(i), <object>grads[i], formats.ALL)
        if not self.gradients_apart():
            validation.apart([(front._gradient_label(i), self.gradient(i)) for i in self.updated()])
        return 0

    cdef void zero_gradients(self) noexcept:
        cdef Py_ssize_t i
        for i in range(self.first, self.stop):
            if self.slots[i].cohort >= 0:
                memset(self.slots[i].arrays[1], 0, self.slots[i].size * itemsize(self.slots[i].formats[1]))

    # ---- gradients that are summed ----------------------------------------------------------------------------

    cdef int make_sums(self, object front) except -1:
        """
        Make the sums that lack for the gradients that slots have. Those of a parameter that is no longer as it was are
        forgotten, with an error where they hold anything.
        """
        cdef Py_ssize_t i, more = self.count - len(self.sums)
        self.sums.extend([None] * more)
        self.has_sum.extend([False] * more)
        for i in range(self.count):
            if self.slots[i].cohort < 0 or self.sum_fits(i):
                continue
            if self.has_sum[i]:
                self.forget_sums()
                raise ValueError(f"{front._label(i)}: {CHANGED_SINCE}")
            self.sums[i] = laid_out_zeros(self.params[i], computed_in(self.slots[i].formats[0]))
        return 0

    cdef bint sum_fits(self, Py_ssize_t i) except -1:
        """Whether a sum is laid out as its parameter is, and in the format that is computed in."""
        total = self.sums[i]
        return total is not None and (
            format_of(pointer(total)) == computed_in(self.slots[i].formats[0])
            and same_layout(pointer(total), pointer(self.params[i])))

    cdef int add_up(self, object front, bint zeroes) except -1:
        """Add the gradients that slots have to their sums; `zeroes`: they are then 0."""
        cdef Stage stage = plain_stage(zeroes)
        cdef Cohort cohort
        cdef Slot* slot
        cdef Slot* slots
        cdef Py_ssize_t i
        cdef int threads = thread_count()
        cdef fp_mode mode
        self.make_sums(front)
        slots = <Slot*>PyMem_Calloc(self.count + 1, sizeof(Slot))
        if slots == NULL:
            raise MemoryError
        cohort.rule = sum_of_two()
        for i in range(self.count):
            slot = &slots[i]
            slot.cohort = self.slots[i].cohort
            if slot.cohort >= 0:
                slot.arrays[0], slot.arrays[1] = data_of(pointer(self.sums[i])), self.slots[i].arrays[1]
                slot.formats[0], slot.formats[1] = computed_in(self.slots[i].formats[0]), self.slots[i].formats[1]
                slot.size = self.slots[i].size
                settle_formats(slot, 0)
                self.has_sum[i] = True
        mode = enter()
        with nogil:
            execute(slots, self.count, &cohort, &stage, threads)
        leave(mode)
        PyMem_Free(slots)
        self.window += 1
        return 0

    cdef list summed(self):
        """For each slot the sum of its gradients; None for those that have had none."""
        return [self.sums[i] if self.has_sum[i] else None for i in range(len(self.sums))] + (
            [None] * (self.count - len(self.sums)))

    def batches(self):
        """How many batches there are in the sums, in words."""
        return "1 batch" if self.window == 1 else f"{self.window} batches"

    cdef int end_window(self) except -1:
        """Let the next gradients begin sums, of which those that have been used are 0."""
        self.window = 0
        self.has_sum = [False] * len(self.has_sum)
        return 0

    def forget_sums(self):
        """Let the next gradients begin sums."""
        self.sums, self.has_sum, self.window = [], [], 0
