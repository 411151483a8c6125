"""
Rows: the gradient of a few rows of a table, such as the embeddings of the words in a batch.

A step takes each row once, in ascending order, with the sum of what it has been given, in the order in which it was
given. So neither threads nor the order of distinct rows change a bit. What is ascending already is used where it lies.
"""
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from libc.stdint cimport int32_t
from libc.string cimport memcpy, memset

from fastgd.engine.arrays cimport (
    NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, PyArrayObject, data_of, flags_of, is_native, itemsize_of, ndim_of,
    pointer, shape_of, type_of,
)
from fastgd.engine.dispatch cimport table
from fastgd.engine.execute cimport MAX_ARRAYS, Cohort, Slot, Stage, Touched, plain_stage, row_width
from fastgd.engine.fetch cimport fetch_lines
from fastgd.engine.formats cimport computed_in, format_of, goes_with, itemsize
from fastgd.engine.fpmode cimport enter, fp_mode, leave
from fastgd.engine.tile cimport run_tiles
from fastgd.kernels.real cimport real
from fastgd.kernels.rule cimport FLOAT64, Format

from fastgd import validation

cnp.import_array()

cdef enum:
    TILE = 512                  # elements that are decoded at once, to be added
    DIGITS = 256                # of which a sort looks at one
    ROWS_AHEAD = 8              # rows between the one that is added and the one that is asked for
    PATIENCE = 64               # steps that need less than a quarter of the memory, after which it is let go of
    PLAIN = NPY_ARRAY_ALIGNED | NPY_ARRAY_C_CONTIGUOUS


cdef class Rows:
    """
    The gradient of a few rows of a parameter, along its first axis; the other rows have none.

    Parameters
    ----------
    indices : ndarray of int32 or int64
        Numbers of the rows, at least 0, in any order. A row that comes several times has the sum of its values, added
        in the order in which they come. C-contiguous, as `values`; both are only read, and may be empty. Either may
        also be a tensor or an array of JAX, whose memory is taken without a copy.
    values : ndarray
        The gradient of each: of the shape ``(len(indices), *param.shape[1:])``, in any dtype that a gradient of the
        parameter may have.

    Attributes
    ----------
    indices, values : ndarray
        As given, or over the same memory.

    Raises
    ------
    TypeError, ValueError
        If an array is not as described.

    Notes
    -----
    For `step` of `SGD` without momentum, `Adagrad`, `RowWiseAdagrad`, `SparseAdam`, and `Adam` and `AdamW` with
    ``lazy_rows=True``: what is updated, parameter and state, are these rows alone, in time that does not grow with the
    table. A row that the parameter does not have is an IndexError, before anything is changed.

    Examples
    --------
    >>> import numpy as np, fastgd
    >>> table = np.zeros((1000, 2))
    >>> opt = fastgd.SGD({"words": table}, lr=0.5)
    >>> opt.step({"words": fastgd.Rows(np.array([7, 3, 7]), np.array([[1.0, 2.0], [4.0, 4.0], [1.0, 0.0]]))})
    >>> table[[3, 7]]
    array([[-2., -2.],
           [-1., -1.]])
    """

    def __init__(self, indices, values):
        self.indices, self.values = validation.rows("indices", indices, "values", values)

    def __reduce__(self):
        return type(self), (self.indices, self.values)

    def __repr__(self):
        return f"Rows({len(self.indices)} of shape {(<object>self.values).shape[1:]}, {self.values.dtype})"

    cdef bint fits(self, const Slot* slot) noexcept:
        """Whether these can be rows of a parameter, but for their numbers; arrays may have been changed in place."""
        cdef PyArrayObject* n = pointer(self.indices)
        cdef PyArrayObject* v = pointer(self.values)
        cdef int axis
        if not (flags_of(n) & flags_of(v) & PLAIN == PLAIN
                and flags_of(<PyArrayObject*>slot.param) & NPY_ARRAY_C_CONTIGUOUS
                and cnp.PyTypeNum_ISSIGNED(type_of(n)) and itemsize_of(n) >= 4 and is_native(n)
                and goes_with(slot.formats[0], format_of(v))
                and slot.ndim > 0 and ndim_of(n) == 1 and ndim_of(v) == slot.ndim
                and shape_of(n)[0] == shape_of(v)[0]):
            return False
        for axis in range(1, slot.ndim):
            if shape_of(v)[axis] != slot.shape[axis]:
                return False
        return True


cdef Py_ssize_t read(int64_t* numbers, const void* indices, bint wide, Py_ssize_t count, int64_t limit,
                     bint* ascending) noexcept nogil:
    """
    Checked indices, and whether they ascend without duplicates; returns the first position of one that is out of
    range, or -1.
    """
    cdef Py_ssize_t i
    cdef int64_t last = -1
    ascending[0] = True
    for i in range(count):
        numbers[i] = (<const int64_t*>indices)[i] if wide else (<const int32_t*>indices)[i]
        if not 0 <= numbers[i] < limit:
            return i
        if numbers[i] <= last:
            ascending[0] = False
        last = numbers[i]
    return -1


cdef Pair* by_number(const int64_t* numbers, Pair* pairs, Pair* spare, Py_ssize_t count) noexcept nogil:
    """Numbers and their positions, sorted by numbers; those of one number stay in their order."""
    cdef Py_ssize_t[DIGITS + 1] starts
    cdef Py_ssize_t i
    cdef int64_t limit = 1
    cdef int shift = 0, digit
    for i in range(count):
        pairs[i].number = numbers[i]
        pairs[i].position = i
        limit = max(limit, numbers[i] + 1)
    while shift < 64 and (limit - 1) >> shift:
        memset(starts, 0, sizeof(starts))
        for i in range(count):
            starts[(pairs[i].number >> shift & (DIGITS - 1)) + 1] += 1
        for digit in range(DIGITS):
            starts[digit + 1] += starts[digit]
        for i in range(count):
            digit = pairs[i].number >> shift & (DIGITS - 1)
            spare[starts[digit]] = pairs[i]
            starts[digit] += 1
        pairs, spare = spare, pairs
        shift += 8
    return pairs


cdef inline void add(real* restrict sums, const real* restrict values, Py_ssize_t n) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(n):
        sums[j] += values[j]


cdef void add_row(Format compute, char* sums, Format format, const char* values, Py_ssize_t n) noexcept nogil:
    """sums += values, which are decoded if they are in another format."""
    cdef double[TILE] decoded
    cdef const void* tile
    cdef Py_ssize_t start = 0, m
    while start < n:
        m = min(n - start, <Py_ssize_t>TILE)
        tile = values + start * itemsize(format)
        if format != compute:
            table().decode[compute][format](tile, decoded, m)
            tile = decoded
        if compute == FLOAT64:
            add[double](<double*>sums + start, <const double*>tile, m)
        else:
            add[float](<float*>sums + start, <const float*>tile, m)
        start += m


cdef void repeat_item(char* target, const void* item, Py_ssize_t width, Py_ssize_t n) noexcept nogil:
    """n items of `width` bytes, side by side."""
    cdef Py_ssize_t i
    for i in range(n):
        memcpy(target + i * width, item, width)


cdef void begin_rows(const Slot* slot, const Cohort* cohort) noexcept nogil:
    """
    The state of all rows before a first step: what that makes of zeros under a zero gradient, and zeros in the rows
    that it updates.
    """
    cdef double[MAX_ARRAYS] element
    cdef Slot one = slot[0]
    cdef Stage stage = plain_stage(False)
    cdef Py_ssize_t width = row_width(slot) if slot.size else 0, item, row
    cdef int k
    if cohort.rule.measure_count:
        return      # What is kept for each row is zero before it is updated.
    memset(element, 0, sizeof(element))
    for k in range(2 + cohort.rule.state_count):
        one.arrays[k] = &element[k]
    one.master, one.stochastic = NULL, 0
    run_tiles(&one, cohort, 0, 1, 0, &stage)
    for k in range(2, 2 + cohort.rule.state_count):
        item = itemsize(slot.formats[k])
        if element[k] != 0:
            repeat_item(<char*>slot.arrays[k], &element[k], item, slot.size)
            for row in range(slot.touched.count):
                memset(<char*>slot.arrays[k] + slot.touched.numbers[row] * width * item, 0, width * item)


cdef Py_ssize_t distinct(const Pair* sorted, Py_ssize_t count, Py_ssize_t* repeated) noexcept nogil:
    """How many numbers there are, of which so many come more than once."""
    cdef Py_ssize_t i, result = 0
    repeated[0] = 0
    for i in range(count):
        if i == 0 or sorted[i].number != sorted[i - 1].number:
            result += 1
        elif i == 1 or sorted[i].number != sorted[i - 2].number:
            repeated[0] += 1
    return result


cdef void* resized(void* memory, Py_ssize_t nbytes) except NULL:
    cdef void* result = PyMem_Realloc(memory, nbytes + 1)
    if result == NULL:
        raise MemoryError
    return result


cdef class Gathered:
    """
    What a step makes of the rows of one slot, in memory that is kept from step to step.

    It is as large as the largest gradient of the last steps has needed: what one batch alone has needed is let go of.
    """

    def __dealloc__(self):
        self.let_go()

    cdef void let_go(self) noexcept:
        PyMem_Free(self.numbers)
        PyMem_Free(self.values)
        PyMem_Free(self.pairs)
        PyMem_Free(self.sums)
        self.numbers, self.values, self.pairs, self.sums = NULL, NULL, NULL, NULL
        self.room = self.bytes = self.idle = 0

    cdef bint knows(self, tuple said) noexcept:
        """Whether these are the objects that were there before: none of them is changed in place."""
        cdef Py_ssize_t k
        if self.said is None:
            return False
        for k in range(len(said)):
            if said[k] is not self.said[k]:
                return False
        return True

    cdef int make_room(self, Py_ssize_t count) except -1:
        """Room for so many rows, but for their sums."""
        if self.idle > PATIENCE:
            self.let_go()
        if count > self.room or self.numbers == NULL:
            self.numbers = <int64_t*>resized(self.numbers, count * sizeof(int64_t))
            self.values = <const void**>resized(self.values, count * sizeof(void*))
            self.pairs = <Pair*>resized(self.pairs, 2 * count * sizeof(Pair))
            self.room = count
        return 0

    cdef Py_ssize_t gather(self, Rows rows, Slot* slot, bint joined) except -2:
        """
        Make rows that fit a slot its gradient; returns the first position of an index that is out of range, or -1.

        `joined`: they shall lie one after the other. The indices are copied before they are checked: another thread
        could change them while a step runs.
        """
        cdef Py_ssize_t count = shape_of(pointer(rows.values))[0], nbytes = 0, bad, i
        cdef Py_ssize_t stride = (row_width(slot) if slot.size else 0) * itemsize_of(pointer(rows.values))
        cdef const char* source = <const char*>data_of(pointer(rows.values))
        cdef bint ascending, wide = itemsize_of(pointer(rows.indices)) == 8
        self.make_room(count)
        bad = read(self.numbers, data_of(pointer(rows.indices)), wide, count, slot.shape[0], &ascending)
        if bad >= 0:
            return bad
        slot.formats[1] = format_of(pointer(rows.values))
        slot.arrays[1] = NULL       # A later array at the address of these was not looked at.
        if ascending:
            for i in range(count):
                self.values[i] = source + i * stride
            self.touched = Touched(count, self.numbers, self.values)
        else:
            nbytes = self.sort(source, slot, count, joined)
        self.idle = self.idle + 1 if 4 * count < self.room or 4 * nbytes < self.bytes else 0
        slot.touched = &self.touched
        return -1

    cdef Py_ssize_t sort(self, const char* source, Slot* slot, Py_ssize_t count, bint joined) except -1:
        """
        Bring the rows of values at `source` into ascending order, each once, with the sum of what it has been given;
        returns how many bytes there are of sums.

        A row that comes once stays where it lies, if it need not be `joined` with others or decoded beside sums.
        """
        cdef Py_ssize_t rows, repeated, nbytes
        cdef Py_ssize_t width = row_width(slot) if slot.size else 0
        cdef Format compute = computed_in(slot.formats[0]), format = slot.formats[1]
        cdef bint apart
        cdef Pair* pairs
        with nogil:
            pairs = by_number(self.numbers, self.pairs, self.pairs + self.room, count)
            rows = distinct(pairs, count, &repeated)
        apart = not joined and (format == compute or repeated == 0)
        nbytes = (repeated if apart else rows) * width * itemsize(compute)
        if nbytes > self.bytes or self.sums == NULL:
            self.sums = <char*>resized(self.sums, nbytes)
            self.bytes = nbytes
        if nbytes:
            slot.formats[1] = compute
        with nogil:
            self.sum_rows(source, pairs, count, width, compute, format, apart)
        self.touched = Touched(rows, self.numbers, self.values)
        return nbytes

    cdef void sum_rows(self, const char* source, const Pair* pairs, Py_ssize_t count, Py_ssize_t width, Format compute,
                       Format format, bint apart) noexcept nogil:
        cdef Py_ssize_t stride = width * itemsize(format), i = 0, row = 0, position
        cdef char* sums = self.sums
        cdef fp_mode mode = enter()
        while i < count:
            self.numbers[row] = pairs[i].number
            position = pairs[i].position
            i += 1
            if apart and (i == count or pairs[i].number != self.numbers[row]):
                self.values[row] = source + position * stride
            else:
                self.values[row] = sums
                if i + ROWS_AHEAD < count:
                    fetch_lines(source + pairs[i + ROWS_AHEAD].position * stride, stride)
                table().decode[compute][format](source + position * stride, sums, width)
                while i < count and pairs[i].number == self.numbers[row]:
                    if i + ROWS_AHEAD < count:
                        fetch_lines(source + pairs[i + ROWS_AHEAD].position * stride, stride)
                    add_row(compute, sums, format, source + pairs[i].position * stride, width)
                    i += 1
                sums += width * itemsize(compute)
            row += 1
        leave(mode)
