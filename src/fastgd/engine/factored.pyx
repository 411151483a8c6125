"""
The step of a matrix whose second moment is kept as row and column means, and that of a vector: for Adafactor.

A matrix is read three times, row by row: for its means, for the size of the update, and for the step; a fourth time for
a cautious one. Sums are in double: in lanes along a row, by column in blocks of rows, and then row after row and block
after block, so that neither threads nor instruction sets change their bits.
"""
cimport numpy as cnp
from libc.math cimport sqrt
from libc.string cimport memset

from fastgd.engine.arrays cimport data_of, pointer
from fastgd.engine.dispatch cimport table
from fastgd.engine.fpmode cimport enter, fp_mode, leave
from fastgd.engine.pool cimport MAX_CHUNKS, now, run_chunks
from fastgd.engine.threads cimport Cost, expected, is_known, learn, team
from fastgd.engine.threads cimport count as thread_count
from fastgd.kernels.caution cimport enlarged
from fastgd.kernels.real cimport larger, real, root
from fastgd.kernels.rule cimport (
    FACTORED_CAREFUL, FACTORED_SIZE, FACTORED_STEP, FACTORED_SUMS, FLOAT32, FLOAT64, Factored, FactoredPass, Format,
)

import numpy as np

cnp.import_array()

cdef enum:
    WIDTH = 4096            # elements of a row that a vector is cut into
    ELEMENTS = 262144       # of the rows that are a block, and
    LEAST = 4               # how many these are at least, a power of two
    LARGE = 16384           # elements from which threads are thought of

ctypedef struct Numbers:
    # What the elements of a tensor share, as the class says it.
    double scale        # of the gradient, and
    double bound        # where it is then clipped
    double share        # of the new squares in the second moment
    double added        # to each of them
    double eps1         # the least mean of a moment, and its square the least moment
    double rate         # of the step, in proportion to
    double eps2         # at least this, or the parameter;
    bint scaled         # or not
    double decay        # of the parameter, in proportion to
    double lr           # this, or
    bint decays_so      # as the step
    double d
    double beta1        # of the momentum, where there is one
    bint cautious

ctypedef struct Job:
    # A pass over matrices, in blocks.
    const Factored* f
    FactoredPass run
    Py_ssize_t height       # rows of a block
    Py_ssize_t blocks       # of a matrix, and
    Py_ssize_t all          # of all of them
    double* column_sums     # a row for each block, in the pass that sums them
    int threads             # that may be used
    int chunks
    double first            # nanoseconds that chunk 0 took

ctypedef struct Matrices:
    # A step of matrices of one shape, or of a vector, with no `inner`, and its memory. `outer` are the moments
    # of rows as they lie in memory, swapped those of columns.
    Numbers numbers
    Job job
    Format format
    Factored* f             # of each matrix
    Py_ssize_t count
    bint swapped
    void* outer
    void* inner
    void* inverse
    void* parts
    double* row_sums
    double* param_sums
    double* column_sums     # of each block
    double* sums            # of one matrix

cdef Cost cost              # of an element in one pass


cdef void run_chunk(void* data, int k) noexcept nogil:
    cdef Job* job = <Job*>data
    cdef fp_mode mode = enter()
    cdef double start = now() if k == 0 else 0
    cdef const Factored* f
    cdef Py_ssize_t b, row
    for b in range(job.all * k // job.chunks, job.all * (k + 1) // job.chunks):
        f = &job.f[b // job.blocks]
        row = b % job.blocks * job.height
        job.run(f.param, f, row, min(row + job.height, f.rows),
                NULL if job.column_sums == NULL else job.column_sums + b * f.columns)
    if k == 0:
        job.first = now() - start
    leave(mode)


cdef void run_pass(Job* job, Format format, int number, double* column_sums) noexcept nogil:
    """A pass over all matrices, alone or in chunks for threads."""
    cdef Py_ssize_t size = job.all // job.blocks * job.f.size
    cdef int threads = 1
    job.run, job.column_sums, job.chunks = table().factored[format][number], column_sums, 1
    if size >= LARGE and job.all > 1:
        threads = <int>min(<Py_ssize_t>team(job.threads, size, size * expected(&cost)), job.all)
        job.chunks = threads * <int>(min(job.all, <Py_ssize_t>MAX_CHUNKS) // threads)
    run_chunks(threads, job.chunks, run_chunk, job)
    if size >= LARGE and not is_known(&cost):
        learn(&cost, size // job.chunks, job.first)


cdef double in_order(const double* sums, Py_ssize_t n) noexcept nogil:
    cdef double total = 0
    cdef Py_ssize_t i
    for i in range(n):
        total += sums[i]
    return total


cdef double blend(real* average, const double* sums, Py_ssize_t n, Py_ssize_t count, const Numbers* h) noexcept nogil:
    """Move averages towards the means of `count` squares each; returns the sum of what they are then."""
    cdef real part = <real>h.share, mean
    cdef double total = 0
    cdef Py_ssize_t i
    for i in range(n):
        mean = <real>(sums[i] / <double>count + h.added)
        average[i] = average[i] + part * (mean - average[i])
        total += <double>average[i]
    return total


cdef double invert(const real* moments, real* inverse, Py_ssize_t n) noexcept nogil:
    """The inverse of each root; returns the least of the moments."""
    cdef real one = <real>1, least = moments[0]
    cdef Py_ssize_t i
    for i in range(n):
        inverse[i] = one / root(moments[i])
    for i in range(n):
        least = moments[i] if moments[i] < least else least
    return <double>least


cdef void settle_moments(Factored* f, const Job* job, Py_ssize_t b, real* outer, real* inner, real* inverse,
                         real* parts, double* sums, bint swapped, const Numbers* h) noexcept nogil:
    """What the sums of matrix `b` make of its moments; `sums` has room for a column."""
    cdef Py_ssize_t rows = f.rows, columns = f.columns, i, j
    cdef const double* block
    cdef double first, second
    cdef real mean
    memset(sums, 0, columns * sizeof(double))
    for i in range(job.blocks):
        block = job.column_sums + (b * job.blocks + i) * columns
        for j in range(columns):
            sums[j] += block[j]
    first = blend(outer, f.row_sums, rows, columns, h) / <double>rows
    second = blend(inner, sums, columns, rows, h) / <double>columns
    mean = larger(<real>(second if swapped else first), <real>h.eps1)
    f.least = invert(inner, inverse, columns)
    for i in range(rows):
        parts[i] = outer[i] / mean


cdef void begin(Factored* f, const Numbers* h) noexcept nogil:
    memset(f, 0, sizeof(Factored))
    f.scale, f.bound, f.share, f.added, f.floor = h.scale, h.bound, h.share, h.added, h.eps1 * h.eps1
    f.beta1, f.one_minus_beta1, f.cautious = h.beta1, 1.0 - h.beta1, h.cautious


cdef void make_steps(Factored* f, Job* job, Format format, double* row_sums, double* param_sums,
                     const Numbers* h) noexcept nogil:
    """The step, once the moments are known; row sums and parameter sums are those of all matrices together."""
    cdef Py_ssize_t count = job.all // job.blocks, rows = count * f.rows, size = count * f.size, b
    cdef double alpha = h.rate, larger_by, part
    larger_by = sqrt(in_order(row_sums, rows)) / (sqrt(<double>size) * h.d)
    if h.scaled:
        alpha *= max(h.eps2, sqrt(in_order(param_sums, rows) / <double>size))
    for b in range(count):
        f[b].step_size = alpha / max(1.0, larger_by)
        f[b].keep = 1.0 - (alpha if h.decays_so else h.lr) * h.decay
    run_pass(job, format, FACTORED_STEP, NULL)
    if h.cautious:
        part = enlarged(1.0, in_order(row_sums, rows), size)
        for b in range(count):
            f[b].enlargement = part
        run_pass(job, format, FACTORED_CAREFUL, NULL)


cdef void step_matrices(Matrices* m, real* outer, real* inner, real* inverse, real* parts) noexcept nogil:
    """A step of matrices, or where there is no `inner`, of a vector, whose moment is kept element by element."""
    cdef Py_ssize_t rows = m.f.rows, columns = m.f.columns, b
    if inner != NULL:
        run_pass(&m.job, m.format, FACTORED_SUMS, m.column_sums)
        for b in range(m.count):
            settle_moments(&m.f[b], &m.job, b, outer + b * rows, inner + b * columns, inverse + b * columns,
                           parts + b * rows, m.sums, m.swapped, &m.numbers)
    run_pass(&m.job, m.format, FACTORED_SIZE, NULL)
    make_steps(m.f, &m.job, m.format, m.row_sums, m.param_sums, &m.numbers)


cdef void* memory_of(object array) noexcept:
    return NULL if array is None else data_of(pointer(array))


cdef inline void* at(void* memory, Py_ssize_t offset) noexcept:
    return NULL if memory == NULL else <char*>memory + offset


cdef class Step:
    """The step of one parameter, with all the memory that it needs, so that it cannot fail once it has begun."""
    cdef Matrices matrices
    cdef list held      # the arrays whose memory is used
    cdef list after     # (array, what it becomes), where the order of axes asks for a copy

    def __init__(self, param, grad, momentum, tuple moments, dict numbers):
        cdef Matrices* m = &self.matrices
        cdef Py_ssize_t rows, columns = WIDTH
        m.numbers = numbers
        m.format = FLOAT32 if param.dtype == np.float32 else FLOAT64
        outer, inner, m.swapped = moments[0], moments[1] if len(moments) > 1 else None, False
        m.count, rows = 1, (param.size + WIDTH - 1) // WIDTH
        if inner is not None:
            *_, rows, columns = param.shape
            m.count = param.size // (rows * columns)
            if param.ndim == 2 and param.flags.f_contiguous and not param.flags.c_contiguous:
                param, grad, momentum = param.T, grad.T, None if momentum is None else momentum.T
                rows, columns, outer, inner, m.swapped = columns, rows, inner, outer, True
        plain, own = np.asarray(param, order="C"), None if momentum is None else np.asarray(momentum, order="C")
        self.after = [(array, made) for array, made in ((param, plain), (momentum, own)) if made is not array]
        self.held = [plain, np.asarray(grad, order="C"), own, outer, inner]
        m.outer, m.inner = memory_of(outer), memory_of(inner)
        self.make_room(rows, columns, param.dtype)

    cdef int make_room(self, Py_ssize_t rows, Py_ssize_t columns, dtype) except -1:
        """All the memory that is used on the way."""
        cdef Matrices* m = &self.matrices
        cdef Job* job = &m.job
        memset(job, 0, sizeof(Job))
        job.height = max(<Py_ssize_t>LEAST, ELEMENTS // columns // LEAST * LEAST)
        job.blocks = (rows + job.height - 1) // job.height
        job.all = m.count * job.blocks
        doubles = np.empty(2 * m.count * rows + (0 if m.inner == NULL else (job.all + 1) * columns))
        ratios = np.empty(0 if m.inner == NULL else m.count * (rows + columns), dtype)
        matrices = np.empty(m.count * sizeof(Factored), np.uint8)
        self.held += [doubles, ratios, matrices]
        m.f = job.f = <Factored*>memory_of(matrices)
        m.row_sums = <double*>memory_of(doubles)
        m.param_sums = m.row_sums + m.count * rows
        m.sums = m.param_sums + m.count * rows
        m.column_sums = m.sums + columns
        m.parts = memory_of(ratios)
        m.inverse = at(m.parts, m.count * rows * dtype.itemsize)
        self.begin_matrices(rows, columns, dtype.itemsize)
        return 0

    cdef int begin_matrices(self, Py_ssize_t rows, Py_ssize_t columns, Py_ssize_t item) except -1:
        """Where each matrix lies."""
        cdef Matrices* m = &self.matrices
        cdef Factored* f
        cdef Py_ssize_t b, size = rows * columns if m.inner != NULL else self.held[0].size
        cdef void* param = memory_of(self.held[0])
        cdef void* grad = memory_of(self.held[1])
        cdef void* momentum = memory_of(self.held[2])
        for b in range(m.count):
            f = &m.f[b]
            begin(f, &m.numbers)
            f.param, f.grad = at(param, b * size * item), at(grad, b * size * item)
            f.momentum = at(momentum, b * size * item)
            f.size, f.rows, f.columns = size, rows, columns
            f.row_sums = m.row_sums + b * rows
            f.param_sums = m.param_sums + b * rows if m.numbers.scaled else NULL
            if m.inner == NULL:
                f.variance = m.outer
            else:
                f.row_parts, f.inverse = at(m.parts, b * rows * item), at(m.inverse, b * columns * item)
                f.column_moments = at(m.inner, b * columns * item)
        return 0

    cdef int make(self) except -1:
        cdef Matrices* m = &self.matrices
        cdef fp_mode mode = enter()
        m.job.threads = thread_count()
        with nogil:
            if m.format == FLOAT32:
                step_matrices[float](m, <float*>m.outer, <float*>m.inner, <float*>m.inverse, <float*>m.parts)
            else:
                step_matrices[double](m, <double*>m.outer, <double*>m.inner, <double*>m.inverse, <double*>m.parts)
        leave(mode)
        for array, made in self.after:
            array[...] = made
        return 0


cdef class Work:
    """Steps that are made one after the other where the object is called, without a place for an interrupt."""
    cdef list steps

    def __init__(self):
        self.steps = []

    def add(self, *arguments):
        """
        One more step: (param, grad, momentum or None, moments, numbers), the numbers being those of `Numbers`.

        `param`, `grad` and `momentum` are dense, not empty, of one shape and one dtype, float32 or float64; `moments`
        are ``row_var`` and ``col_var``, or for fewer than two axes ``variance``, all in C order and in that dtype.
        """
        self.steps.append(Step(*arguments))

    def __call__(self):
        for step in self.steps:
            (<Step>step).make()
