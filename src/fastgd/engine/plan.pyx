"""
Plan: bound arrays, and what each step does with them. It holds no mathematics and gives no message: an array that is
not plainly as it must be is reported by its number, and fastgd.validation says what is wrong with it.
"""
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.tuple cimport PyTuple_GET_ITEM, PyTuple_GET_SIZE
from libc.stdlib cimport bsearch
from libc.string cimport memset

cimport numpy as cnp

from fastgd.engine.dispatch cimport table
from fastgd.engine.execute cimport MAX_CARRY, Cohort, Segment, Stage, execute
from fastgd.engine.norm cimport View, blocks, norm, view
from fastgd.engine.threads cimport count as thread_count
from fastgd.kernels.rule cimport Rule

cnp.import_array()

ctypedef struct Extent:
    # Memory that the plan writes to: [start, stop).
    const char* start
    const char* stop


cdef int compare_extents(const void* a, const void* b) noexcept nogil:
    """0 where two extents overlap."""
    if (<const Extent*>a).stop <= (<const Extent*>b).start:
        return -1
    return (<const Extent*>a).start >= (<const Extent*>b).stop


cdef Extent extent_of(cnp.ndarray a) noexcept:
    cdef Extent result
    result.start = <const char*>cnp.PyArray_DATA(a)
    result.stop = result.start + cnp.PyArray_NBYTES(a)
    return result


cdef bint same_layout(cnp.ndarray a, cnp.ndarray b) noexcept:
    """Shapes are equal, and strides wherever they matter."""
    cdef int axis, ndim = cnp.PyArray_NDIM(a)
    cdef cnp.npy_intp n
    if ndim != cnp.PyArray_NDIM(b):
        return False
    for axis in range(ndim):
        n = cnp.PyArray_DIM(a, axis)
        if n != cnp.PyArray_DIM(b, axis):
            return False
        if n > 1 and cnp.PyArray_STRIDE(a, axis) != cnp.PyArray_STRIDE(b, axis) and cnp.PyArray_SIZE(a):
            return False
    return True


cdef Cohort* set_rule(Cohort* cohort, int number, tuple scalars) except NULL:
    """The rule's functions, and its scalars in the order of the table."""
    cdef const Rule* rule = &table().rules[number]
    cdef Py_ssize_t i, n = PyTuple_GET_SIZE(scalars)
    cdef int words = rule.scalars[0] != 0, states = rule.states[0] != 0
    i = 0
    while rule.scalars[i]:
        words += rule.scalars[i] == b' '
        i += 1
    i = 0
    while rule.states[i]:
        states += rule.states[i] == b' '
        i += 1
    if n != words:
        raise RuntimeError(f"rule {rule.name.decode()} has {words} scalars, got {n}")
    for i in range(n):
        cohort.scalars[i] = <object>PyTuple_GET_ITEM(scalars, i)
    cohort.states = states
    cohort.f32 = rule.f32
    cohort.f64 = rule.f64
    return cohort


cdef class Plan:
    """
    The arrays of one optimizer. The order of a step: `refresh`, perhaps `grad_norm`, `prepare` for each cohort, `run`.
    Parameters and states must have been checked; of what changes from step to step the plan checks that it is safe.
    """
    cdef list params, states
    cdef tuple grads
    cdef Segment* segments
    cdef View* views
    cdef Cohort* cohorts
    cdef Extent* written
    cdef double* partial
    cdef Py_ssize_t count, cohort_room, written_count, partial_room
    cdef int cohort_count

    def __cinit__(self):
        self.params = []
        self.states = []
        self.grads = ()

    def __dealloc__(self):
        PyMem_Free(self.segments)
        PyMem_Free(self.views)
        PyMem_Free(self.cohorts)
        PyMem_Free(self.written)
        PyMem_Free(self.partial)

    def __len__(self):
        return self.count

    def add(self, cnp.ndarray param, int group):
        """A parameter of `group`, without state."""
        cdef void* room = PyMem_Realloc(self.segments, (self.count + 1) * sizeof(Segment))
        if room == NULL:
            raise MemoryError
        self.segments = <Segment*>room
        room = PyMem_Realloc(self.views, (self.count + 1) * sizeof(View))
        if room == NULL:
            raise MemoryError
        self.views = <View*>room
        memset(&self.segments[self.count], 0, sizeof(Segment))
        self.segments[self.count].arrays[0] = cnp.PyArray_DATA(param)
        self.segments[self.count].size = cnp.PyArray_SIZE(param)
        self.segments[self.count].itemsize = cnp.PyArray_ITEMSIZE(param)
        self.segments[self.count].group = group
        self.params.append(param)
        self.states.append(())
        self.count += 1
        self.written_count = -1

    def set_states(self, Py_ssize_t i, tuple arrays):
        """State arrays of parameter `i`, laid out as it is, in the order of the rule's state keys."""
        cdef int k
        for k in range(len(arrays)):
            self.segments[i].arrays[2 + k] = cnp.PyArray_DATA(arrays[k])
        self.states[i] = arrays
        self.written_count = -1

    def progress(self, Py_ssize_t i):
        """(steps taken, carried numbers) of parameter `i`."""
        return self.segments[i].steps, tuple([self.segments[i].carry[k] for k in range(MAX_CARRY)])

    def set_progress(self, Py_ssize_t i, long long steps, tuple carry):
        cdef int k
        self.segments[i].steps = steps
        for k in range(MAX_CARRY):
            self.segments[i].carry[k] = carry[k]

    cdef int order_written(self) except -1:
        """Sort what the plan writes to, for the search that `overlaps` makes."""
        cdef Py_ssize_t i
        arrays = [a for a in self.params if a.size]
        for states in self.states:
            arrays.extend([a for a in states if a.size])
        arrays.sort(key=lambda a: a.ctypes.data)
        cdef void* room = PyMem_Realloc(self.written, (len(arrays) + 1) * sizeof(Extent))
        if room == NULL:
            raise MemoryError
        self.written = <Extent*>room
        for i in range(len(arrays)):
            self.written[i] = extent_of(arrays[i])
        self.written_count = len(arrays)
        return 0

    cdef bint overlaps(self, cnp.ndarray grad) noexcept:
        cdef Extent extent = extent_of(grad)
        return (extent.start != extent.stop
                and bsearch(&extent, self.written, self.written_count, sizeof(Extent), compare_extents) != NULL)

    cdef bint usable(self, Py_ssize_t i, object grad):
        """Whether parameter `i` is as it was bound and `grad` can be its gradient."""
        cdef cnp.ndarray param = self.params[i], g
        if not (cnp.PyArray_DATA(param) == self.segments[i].arrays[0]
                and cnp.PyArray_SIZE(param) == self.segments[i].size
                and cnp.PyArray_ISWRITEABLE(param)
                and cnp.PyArray_CheckExact(grad)):
            return False
        g = grad
        if not (cnp.PyArray_TYPE(g) == cnp.PyArray_TYPE(param)
                and cnp.PyArray_ISNOTSWAPPED(g)
                and cnp.PyArray_ISALIGNED(g)
                and same_layout(param, g)):
            return False
        # At the address of the step before, with the same extent, it has been found apart from all that is written.
        if cnp.PyArray_DATA(g) == self.segments[i].arrays[1]:
            return True
        if self.overlaps(g):
            return False
        self.segments[i].arrays[1] = cnp.PyArray_DATA(g)
        return True

    cdef int join_cohort(self, Segment* segment) except -1:
        """The number of the cohort of a segment in this step."""
        cdef int k
        cdef Cohort* cohort
        for k in range(self.cohort_count - 1, -1, -1):
            cohort = &self.cohorts[k]
            if (cohort.group == segment.group and cohort.steps == segment.steps
                    and cohort.carry[0] == segment.carry[0] and cohort.carry[1] == segment.carry[1]):
                return k
        cdef void* room
        if self.cohort_count == self.cohort_room:
            room = PyMem_Realloc(self.cohorts, (2 * self.cohort_room + 1) * sizeof(Cohort))
            if room == NULL:
                raise MemoryError
            self.cohorts = <Cohort*>room
            self.cohort_room = 2 * self.cohort_room + 1
        cohort = &self.cohorts[self.cohort_count]
        cohort.group = segment.group
        cohort.steps = segment.steps
        cohort.carry = segment.carry
        self.cohort_count += 1
        return self.cohort_count - 1

    def refresh(self, tuple grads not None):
        """
        Take the gradients of a step, None for a parameter that is left alone. Returns the number of the first
        gradient or parameter that is not as it must be, -1 if there is none.
        """
        cdef Py_ssize_t i
        cdef object grad
        if PyTuple_GET_SIZE(grads) != self.count:
            raise RuntimeError(f"{self.count} gradients expected, got {len(grads)}")
        if self.written_count < 0:
            self.order_written()
            for i in range(self.count):
                self.segments[i].arrays[1] = NULL
        self.cohort_count = 0
        self.grads = grads
        for i in range(self.count):
            grad = <object>PyTuple_GET_ITEM(grads, i)
            if grad is None:
                self.segments[i].cohort = -1
                continue
            if not self.usable(i, grad):
                return i
            self.segments[i].cohort = self.join_cohort(&self.segments[i])
        return -1

    def cohorts_of_step(self):
        """[(group, steps taken, carried numbers)] of the gradients that `refresh` took."""
        cdef int k
        return [(self.cohorts[k].group, self.cohorts[k].steps, (self.cohorts[k].carry[0], self.cohorts[k].carry[1]))
                for k in range(self.cohort_count)]

    def prepare(self, int cohort, int rule, tuple scalars not None, tuple carry not None):
        """What the next `run` does to a cohort, and the numbers that it then carries."""
        if not 0 <= cohort < self.cohort_count:
            raise IndexError(cohort)
        set_rule(&self.cohorts[cohort], rule, scalars)
        self.cohorts[cohort].next_carry[0] = carry[0]
        self.cohorts[cohort].next_carry[1] = carry[1]

    def grad_norm(self):
        """The norm over the gradients that `refresh` took."""
        cdef Py_ssize_t i, n = 0
        cdef int threads = thread_count()
        cdef double result
        for i in range(self.count):
            if self.segments[i].cohort >= 0:
                view(self.grads[i], &self.views[n])
                n += 1
        cdef Py_ssize_t needed = blocks(self.views, n)
        cdef void* room
        if needed > self.partial_room:
            room = PyMem_Realloc(self.partial, needed * sizeof(double))
            if room == NULL:
                raise MemoryError
            self.partial = <double*>room
            self.partial_room = needed
        with nogil:
            result = norm(self.views, n, self.partial, threads)
        return result

    def run(self, double scale, double bound, bint staged):
        """
        Update every parameter that has a gradient; `staged`: the gradient is scaled and clipped to [-bound, bound]
        on the way. Cannot fail.
        """
        cdef int threads = thread_count()
        cdef Stage stage = Stage(staged, scale, bound)
        cdef Py_ssize_t i
        cdef Segment* segment
        with nogil:
            execute(self.segments, self.count, self.cohorts, &stage, threads)
            for i in range(self.count):
                segment = &self.segments[i]
                if segment.cohort >= 0:
                    segment.steps += 1
                    segment.carry = self.cohorts[segment.cohort].next_carry
        self.grads = ()


def update(int rule, tuple arrays not None, tuple scalars not None):
    """One rule on one parameter: `arrays` are param, grad and states, checked, all laid out alike."""
    cdef Segment segment
    cdef Cohort cohort
    cdef Stage stage = Stage(False, 1, 0)
    cdef int k, threads = thread_count()
    set_rule(&cohort, rule, scalars)
    if len(arrays) != cohort.states + 2:
        raise RuntimeError(f"{cohort.states + 2} arrays expected, got {len(arrays)}")
    for k in range(cohort.states + 2):
        segment.arrays[k] = cnp.PyArray_DATA(arrays[k])
    segment.size = cnp.PyArray_SIZE(arrays[0])
    segment.itemsize = cnp.PyArray_ITEMSIZE(arrays[0])
    segment.cohort = 0
    with nogil:
        execute(&segment, 1, &cohort, &stage, threads)
