"""
Plan: bound arrays, and what each step does with them. It holds no mathematics and gives no message: an array that is
not plainly as it must be is reported by its number, and fastgd.validation says what is wrong with it.
"""
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.ref cimport PyObject
from libc.stdlib cimport bsearch
from libc.string cimport memcmp, memset

cimport numpy as cnp

from fastgd.engine.arrays cimport (
    NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, NPY_ARRAY_F_CONTIGUOUS, NPY_ARRAY_WRITEABLE,
    PyArrayObject, data_of, descr_of, flags_of, is_array, is_native, itemsize_of, pointer, same_dtype, same_layout,
    size_of, type_of,
)
from fastgd.engine.dispatch cimport table
from fastgd.engine.execute cimport MAX_CARRY, Cohort, Segment, Stage, execute
from fastgd.engine.norm cimport View, blocks, norm, view
from fastgd.engine.threads cimport count as thread_count
from fastgd.kernels.rule cimport Rule

from numpy import float64

cdef extern from "Python.h":
    PyObject* Py_None
    PyObject* PyTuple_GET_ITEM(object, Py_ssize_t)      # borrowed
    Py_ssize_t PyTuple_GET_SIZE(object)
    PyObject* PyList_GET_ITEM(object, Py_ssize_t)       # borrowed

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


cdef Extent extent_of(PyArrayObject* a) noexcept:
    cdef Extent result
    result.start = <const char*>data_of(a)
    result.stop = result.start + size_of(a) * itemsize_of(a)
    return result


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


cdef inline double get(cnp.ndarray steps, Py_ssize_t i) noexcept:
    if itemsize_of(pointer(steps)) == 4:
        return (<float*>data_of(pointer(steps)))[i]
    return (<double*>data_of(pointer(steps)))[i]


cdef inline void put(cnp.ndarray steps, Py_ssize_t i, long long value) noexcept:
    if itemsize_of(pointer(steps)) == 4:
        (<float*>data_of(pointer(steps)))[i] = <float>value
    else:
        (<double*>data_of(pointer(steps)))[i] = <double>value


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
        self.segments[self.count].arrays[0] = data_of(pointer(param))
        self.segments[self.count].size = size_of(pointer(param))
        self.segments[self.count].itemsize = itemsize_of(pointer(param))
        self.segments[self.count].descr = descr_of(pointer(param))
        self.segments[self.count].group = group
        self.params.append(param)
        self.states.append(())
        self.count += 1
        self.written_count = -1

    def set_states(self, Py_ssize_t i, tuple arrays):
        """State arrays of parameter `i`, laid out as it is, in the order of the rule's state keys."""
        cdef int k
        for k in range(len(arrays)):
            self.segments[i].arrays[2 + k] = data_of(pointer(arrays[k]))
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

    def write_progress(self, cnp.ndarray steps, cnp.ndarray carry):
        """
        Steps taken (float32 or float64) and carried numbers (float64, two to a row) of every parameter. Returns
        whether `steps` holds them all exactly.
        """
        cdef double* numbers = <double*>data_of(pointer(carry))
        cdef Py_ssize_t i
        cdef bint exact = True
        for i in range(self.count):
            put(steps, i, self.segments[i].steps)
            exact = exact and get(steps, i) == self.segments[i].steps
            numbers[2 * i] = self.segments[i].carry[0]
            numbers[2 * i + 1] = self.segments[i].carry[1]
        return exact

    def has_progress(self, cnp.ndarray steps, cnp.ndarray carry):
        """Whether the arrays are as `write_progress` left them."""
        cdef const double* numbers = <const double*>data_of(pointer(carry))
        cdef Py_ssize_t i
        for i in range(self.count):
            if (get(steps, i) != self.segments[i].steps
                    or numbers[2 * i] != self.segments[i].carry[0] or numbers[2 * i + 1] != self.segments[i].carry[1]):
                return False
        return True

    cdef int begin_anew(self) except -1:
        """Sort what the plan writes to, for the search that `overlaps` makes, and forget what was searched before."""
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
            self.written[i] = extent_of(pointer(arrays[i]))
        self.written_count = len(arrays)
        for i in range(self.count):
            self.segments[i].arrays[1] = NULL
        return 0

    cdef bint overlaps(self, PyArrayObject* grad) noexcept:
        cdef Extent extent = extent_of(grad)
        return (extent.start != extent.stop
                and bsearch(&extent, self.written, self.written_count, sizeof(Extent), compare_extents) != NULL)

    def touches(self, cnp.ndarray array):
        """Whether a checked array shares memory with what the plan writes to."""
        if self.written_count < 0:
            self.begin_anew()
        return self.overlaps(pointer(array))

    cdef bint usable(self, Segment* segment, PyArrayObject* param, PyObject* grad) noexcept:
        """Whether a parameter is as it was bound and `grad` can be its gradient."""
        cdef PyArrayObject* g = <PyArrayObject*>grad
        if not (is_array(grad)
                and same_dtype(param, g)
                and descr_of(param) == segment.descr
                and flags_of(g) & NPY_ARRAY_ALIGNED
                and same_layout(param, g)
                and data_of(param) == segment.arrays[0]
                and size_of(param) == segment.size
                and flags_of(param) & NPY_ARRAY_WRITEABLE):
            return False
        # At the address of the step before, with the same extent, it has been found apart from all that is written.
        if data_of(g) != segment.arrays[1]:
            if self.overlaps(g):
                return False
            segment.arrays[1] = data_of(g)
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
        cdef PyObject* grad
        if PyTuple_GET_SIZE(grads) != self.count:
            raise RuntimeError(f"{self.count} gradients expected, got {len(grads)}")
        if self.written_count < 0:
            self.begin_anew()
        self.cohort_count = 0
        self.grads = grads
        for i in range(self.count):
            grad = PyTuple_GET_ITEM(grads, i)
            if grad == Py_None:
                self.segments[i].cohort = -1
                continue
            if not self.usable(&self.segments[i], <PyArrayObject*>PyList_GET_ITEM(self.params, i), grad):
                return i
            self.segments[i].cohort = self.join_cohort(&self.segments[i])
        return -1

    def release(self):
        """Let go of the gradients of a step that is not run."""
        self.grads = ()

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


def same(tuple a not None, tuple b not None):
    """Whether two tuples hold the same numbers, strings and tuples of them, by type and bit; anything else differs."""
    cdef Py_ssize_t i, n = PyTuple_GET_SIZE(a)
    if PyTuple_GET_SIZE(b) != n:
        return False
    for i in range(n):
        if not same_value(a[i], b[i]):
            return False
    return True


cdef bint same_value(object a, object b):
    cdef double x, y
    if type(a) is not type(b):
        return False
    if type(a) is float or type(a) is float64:
        x = a
        y = b
        return memcmp(&x, &y, sizeof(double)) == 0
    if type(a) is tuple:
        return same(a, b)
    return type(a) in (bool, int, str) and a == b


def fit(tuple arrays not None):
    """
    Whether `arrays` (param, grad and states) are plainly what `update` takes: of one native dtype, laid out alike in
    C or F order, apart from each other, and all but the gradient writeable.
    """
    cdef Py_ssize_t i, j, n = PyTuple_GET_SIZE(arrays)
    cdef PyArrayObject* param = <PyArrayObject*>PyTuple_GET_ITEM(arrays, 0)
    cdef PyArrayObject* a
    cdef Extent one, other
    cdef int needed
    for i in range(n):
        a = <PyArrayObject*>PyTuple_GET_ITEM(arrays, i)
        if not is_array(<PyObject*>a):
            return False
        needed = NPY_ARRAY_ALIGNED if i == 1 else NPY_ARRAY_ALIGNED | NPY_ARRAY_WRITEABLE
        if not (same_dtype(param, a)
                and flags_of(a) & needed == needed
                and flags_of(a) & (NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS)
                and same_layout(param, a)):
            return False
        one = extent_of(a)
        for j in range(i):
            other = extent_of(<PyArrayObject*>PyTuple_GET_ITEM(arrays, j))
            if one.start < other.stop and other.start < one.stop:
                return False
    return type_of(param) in (cnp.NPY_FLOAT32, cnp.NPY_FLOAT64) and is_native(param)


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
        segment.arrays[k] = data_of(pointer(arrays[k]))
    segment.size = size_of(pointer(arrays[0]))
    segment.itemsize = itemsize_of(pointer(arrays[0]))
    segment.cohort = 0
    with nogil:
        execute(&segment, 1, &cohort, &stage, threads)
