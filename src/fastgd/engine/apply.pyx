"""
Function: one rule on one parameter, without an optimizer, for fastgd.functional.

What is plainly right goes to the kernel without a call into Python; for the rest validation finds the words, or the
plain arrays that can be taken.
"""
from cpython.ref cimport PyObject
from libc.string cimport memcpy, memset

cimport numpy as cnp

from fastgd.engine.arrays cimport (
    NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, NPY_ARRAY_F_CONTIGUOUS, NPY_ARRAY_WRITEABLE, PyArrayObject, data_of,
    descr_of, flags_of, is_array, pointer, same_layout, size_of,
)
from fastgd.engine.dispatch cimport table
from fastgd.engine.execute cimport BRIEF, MAX_ARRAYS, Cohort, Slot, Stage, execute, plain_stage, settle_formats
from fastgd.engine.formats cimport format_of, goes_with, itemsize
from fastgd.engine.fpmode cimport enter, fp_mode, leave
from fastgd.engine.plan cimport keys_of_layout
from fastgd.engine.single cimport beyond_single, may_overflow
from fastgd.engine.reader cimport Reader, real_number
from fastgd.engine.threads cimport count as thread_count
from fastgd.kernels.rule cimport DIRECT, FLOAT64, MAX_HYPER, MAX_VARIANTS, Family, Format

from fastgd import validation
from fastgd.engine.plan import TOO_LARGE as _TOO_LARGE

cdef extern from "Python.h":
    PyObject* Py_None
    PyObject* PyTuple_GET_ITEM(object, Py_ssize_t)      # borrowed

cnp.import_array()


cdef bint together(PyArrayObject** arrays, int n, Format* formats) noexcept:
    """
    Whether param, grad and states are plainly what an update takes: in formats that go with the parameter's, laid out
    alike in C or F order, apart from each other, and all but the gradient writeable. Finds their formats.
    """
    cdef int i, j, needed
    cdef Py_ssize_t size
    cdef const char* starts[MAX_ARRAYS]
    cdef const char* stops[MAX_ARRAYS]
    if not is_array(<PyObject*>arrays[0]):
        return False
    size = size_of(arrays[0])
    for i in range(n):
        if not is_array(<PyObject*>arrays[i]):
            return False
        formats[i] = formats[0] if i and descr_of(arrays[i]) == descr_of(arrays[0]) else format_of(arrays[i])
        needed = NPY_ARRAY_ALIGNED if i == 1 else NPY_ARRAY_ALIGNED | NPY_ARRAY_WRITEABLE
        if not (goes_with(formats[0], formats[i])
                and flags_of(arrays[i]) & needed == needed
                and flags_of(arrays[i]) & (NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS)
                and same_layout(arrays[0], arrays[i])):
            return False
        starts[i] = <const char*>data_of(arrays[i])
        stops[i] = starts[i] + size * itemsize(formats[i])
        for j in range(i):
            if starts[i] < stops[j] and starts[j] < stops[i]:
                return False
    return True


def is_plain(tuple arrays not None):
    """Whether `arrays` (param, grad and states) are plainly what an update takes, and all float32 or all float64."""
    cdef PyArrayObject* found[MAX_ARRAYS]
    cdef Format formats[MAX_ARRAYS]
    cdef int i, n = <int>len(arrays)
    if n > MAX_ARRAYS:
        return False
    for i in range(n):
        found[i] = <PyArrayObject*>PyTuple_GET_ITEM(arrays, i)
    if not together(found, n, formats):
        return False
    for i in range(n):
        if formats[i] >= DIRECT or formats[i] != formats[0]:
            return False
    return True


cdef class Function:
    """
    A family of rules as a function.

    Parameters
    ----------
    kind : type
        The optimizer class: its family, its checks and what it carries.
    states : tuple of str
        Names of the state arrays that a call gives, in order.
    """
    cdef const Family* family
    cdef Reader reader
    cdef tuple states, carried
    cdef tuple known                            # plain values that were read last, recognised by identity
    cdef double[MAX_HYPER] hyper                # and their struct
    cdef unsigned int[MAX_VARIANTS] needed      # by the family's rules: a bit for each of the states that it has

    def __init__(self, kind, tuple states not None):
        cdef int variant
        self.family = &table().families[kind._family]
        checks = {name: check.constant() for name, check in kind.checks.items()}
        self.reader = Reader(checks, together=kind._reader.together)
        self.states = states
        self.carried = tuple(kind.carried.items())
        self.known = (object(),) * len(self.reader.names)     # none that is given
        for variant in range(self.family.rule_count):
            keys = keys_of_layout(table().rules[self.family.rules[variant]].layout)
            self.needed[variant] = sum([1 << k for k, key in enumerate(states) if key in keys])

    def update(self, param, grad, tuple states, step, grad_scale, tuple values, tuple carry=()):
        """One update with the hyperparameters `values`, in their order; returns the numbers to carry on."""
        cdef double[MAX_HYPER] hyper
        cdef Cohort cohort
        cdef Slot slot
        cdef fp_mode mode
        cdef double scale
        cdef long long t
        cdef Py_ssize_t k
        cdef bint large
        scale = real_number("grad_scale", grad_scale)
        t = step if type(step) is int and 0 < step < 1 << 53 else validation.count("step", step)
        self.read(values, hyper)
        memset(cohort.next_carry, 0, sizeof(cohort.next_carry))
        for k in range(len(carry)):
            cohort.next_carry[k] = carry[k] if not self.carried else self.carried[k][1](self.carried[k][0], carry[k])
        large = may_overflow(self.family, hyper, scale)
        if large:
            memset(&cohort.scalars, 0, sizeof(cohort.scalars))
        mode = enter()
        try:
            variant = self.family.fold(&cohort.scalars, scale, t, hyper, cohort.next_carry)
            cohort.rule = &table().rules[self.family.rules[variant]]
            held = self.bind(&slot, variant, param, grad, states)
            if large and slot.formats[0] != FLOAT64 and beyond_single(&cohort.scalars):
                raise ValueError(_TOO_LARGE)
            cohort.history = self.family.carry_count - self.family.memory_count
            slot.carry = cohort.next_carry
            for k in range(cohort.history, self.family.carry_count if t == 1 else 0):
                slot.carry[k] = 0       # a first step reads none
            self.run(&slot, &cohort, held)
            for k in range(cohort.history, self.family.carry_count):
                cohort.next_carry[k] = slot.carry[k]
        finally:
            leave(mode)
        if self.carried:
            return tuple([cohort.next_carry[k] for k in range(len(self.carried))])
        return None

    cdef int read(self, tuple values, double* hyper) except -1:
        """Check the values that are not those of the call before; all go into the struct `hyper`."""
        cdef Py_ssize_t k
        cdef list plain = None
        memcpy(hyper, self.hyper, sizeof(self.hyper))
        known = self.known
        for k in range(len(values)):
            if values[k] is not known[k]:
                plain = list(known) if plain is None else plain
                plain[k] = self.reader.read(k, None, values[k], hyper)
        if plain is not None:
            known = tuple(plain)
            self.reader.check_together(known)
            memcpy(self.hyper, hyper, sizeof(self.hyper))
            self.known = known
        return 0

    cdef object bind(self, Slot* slot, int variant, param, grad, tuple states):
        """Bind the arrays of a call to a rule of the family; returns what holds them."""
        cdef PyArrayObject* found[MAX_ARRAYS]
        cdef PyObject* state
        cdef unsigned int needed = self.needed[variant]
        cdef int n = 2, k
        found[0], found[1] = pointer(param), pointer(grad)
        for k in range(len(self.states)):
            state = PyTuple_GET_ITEM(states, k)
            if (state != Py_None) != (needed >> k & 1):
                expected, came = ("None", "an array") if state != Py_None else ("an array", "None")
                raise ValueError(f"{self.states[k]}: expected {expected} with these hyperparameters, got {came}")
            if state != Py_None:
                found[n] = <PyArrayObject*>state
                n += 1
        kept = states
        if not together(found, n, slot.formats):
            names = ("param", "grad", *self.states)
            given = zip(names, (param, grad, *states), strict=True)
            kept = validation.together([(name, array) for name, array in given if array is not None])
            for k in range(n):
                found[k] = pointer(kept[k])
                slot.formats[k] = format_of(found[k])
        for k in range(n):
            slot.arrays[k] = data_of(found[k])
        settle_formats(slot, n - 2)
        slot.after = NULL
        slot.touched = NULL
        slot.size = size_of(found[0])
        slot.cohort = 0
        return kept

    cdef int run(self, Slot* slot, Cohort* cohort, object held) except -1:
        """The update; `held` keeps the arrays that the slot points to."""
        cdef Stage stage = plain_stage(False)
        cdef int threads
        if slot.size < BRIEF:
            execute(slot, 1, cohort, &stage, 1)
        else:
            threads = thread_count()
            with nogil:
                execute(slot, 1, cohort, &stage, threads)
        return 0
