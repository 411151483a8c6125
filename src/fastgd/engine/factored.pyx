"""
The step of a matrix whose second moment is kept as row and column means, and that of a vector: for Adafactor.

A matrix is read three times, row by row: for its means, for the size of the update, and for the step; a fourth time for
a cautious one. Sums are in double: in lanes along a row, by column in blocks of rows, and then row after row and block
after block, so that neither threads nor instruction sets change their bits.
"""
cimport numpy as cnp
from libc.math cimport sqrt
from libc.string cimport memset

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
        threads = team(job.threads, size, size * expected(&cost))
        job.chunks = threads * <int>max(1, min(job.all, <Py_ssize_t>MAX_CHUNKS) // threads)
    run_chunks(threads, job.chunks, run_chunk, job)
    if size >= LARGE and not is_known(&cost):
        learn(&cost, size // job.chunks, job.first)


cdef Job job_of(const Factored* f, Py_ssize_t count) noexcept:
    cdef Job job
    memset(&job, 0, sizeof(job))
    job.f, job.threads = f, thread_count()
    job.height = max(<Py_ssize_t>LEAST, ELEMENTS // f.columns // LEAST * LEAST)
    job.blocks = (f.rows + job.height - 1) // job.height
    job.all = count * job.blocks
    return job


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


cdef int step_matrices(real[:, :, ::1] param, const real[:, :, ::1] grad, real[:, :, ::1] momentum, real[:, ::1] outer,
                       real[:, ::1] inner, bint swapped, const Numbers* h) except -1:
    """A step of matrices: `outer` are the moments of rows as they lie in memory; swapped, these are columns."""
    cdef Py_ssize_t count = param.shape[0], rows = param.shape[1], columns = param.shape[2], b
    cdef Format format = FLOAT32 if real is float else FLOAT64
    cdef double[:, ::1] row_sums = np.empty((count, rows)), param_sums = np.empty((count, rows))
    dtype = np.float32 if real is float else np.float64
    cdef real[:, ::1] parts = np.empty((count, rows), dtype), inverse = np.empty((count, columns), dtype)
    cdef char[::1] room = np.empty(count * sizeof(Factored), np.int8)
    cdef Factored* f = <Factored*>&room[0]
    cdef Job job
    cdef double[::1] column_sums, sums = np.empty(columns)
    cdef bint has = momentum is not None
    cdef fp_mode mode
    for b in range(count):
        begin(&f[b], h)
        f[b].param, f[b].grad = &param[b, 0, 0], &grad[b, 0, 0]
        f[b].momentum = &momentum[b, 0, 0] if has else NULL
        f[b].size, f[b].rows, f[b].columns = rows * columns, rows, columns
        f[b].row_sums, f[b].param_sums = &row_sums[b, 0], &param_sums[b, 0] if h.scaled else NULL
        f[b].row_parts, f[b].column_moments, f[b].inverse = &parts[b, 0], &inner[b, 0], &inverse[b, 0]
    job = job_of(f, count)
    column_sums = np.empty(job.all * columns)
    with nogil:
        mode = enter()
        run_pass(&job, format, FACTORED_SUMS, &column_sums[0])
        for b in range(count):
            settle_moments(&f[b], &job, b, &outer[b, 0], &inner[b, 0], &inverse[b, 0], &parts[b, 0], &sums[0], swapped,
                           h)
        run_pass(&job, format, FACTORED_SIZE, NULL)
        make_steps(f, &job, format, &row_sums[0, 0], &param_sums[0, 0], h)
        leave(mode)
    return 0


cdef int step_vector(real[::1] param, const real[::1] grad, real[::1] momentum, real[::1] variance,
                     const Numbers* h) except -1:
    """A step of a vector, whose moment is kept element by element."""
    cdef Py_ssize_t n = param.shape[0], rows = (n + WIDTH - 1) // WIDTH
    cdef Format format = FLOAT32 if real is float else FLOAT64
    cdef double[::1] row_sums = np.empty(rows), param_sums = np.empty(rows)
    cdef Factored f
    cdef Job job
    cdef fp_mode mode
    begin(&f, h)
    f.param, f.grad, f.variance = &param[0], &grad[0], &variance[0]
    f.momentum = &momentum[0] if momentum is not None else NULL
    f.size, f.rows, f.columns = n, rows, WIDTH
    f.row_sums, f.param_sums = &row_sums[0], &param_sums[0] if h.scaled else NULL
    job = job_of(&f, 1)
    with nogil:
        mode = enter()
        run_pass(&job, format, FACTORED_SIZE, NULL)
        make_steps(&f, &job, format, &row_sums[0], &param_sums[0], h)
        leave(mode)
    return 0


cdef int run(p, g, m, tuple moments, bint swapped, const Numbers* h) except -1:
    if len(moments) == 1:
        if p.dtype == np.float32:
            return step_vector[float](p, g, m, moments[0], h)
        return step_vector[double](p, g, m, moments[0], h)
    if p.dtype == np.float32:
        return step_matrices[float](p, g, m, moments[0], moments[1], swapped, h)
    return step_matrices[double](p, g, m, moments[0], moments[1], swapped, h)


def step(param, grad, momentum, tuple moments, dict numbers):
    """
    Update a parameter, its moments and, where it is not None, its momentum in place; `numbers` are those of `Numbers`.

    `param`, `grad` and `momentum` are dense, not empty, of one shape and one dtype, float32 or float64; `moments` are
    ``row_var`` and ``col_var``, or for fewer than two axes ``variance``, all in C order.
    """
    cdef Numbers h = numbers
    has, swapped = momentum is not None, False
    if param.ndim < 2:
        run(param.reshape(-1), np.ascontiguousarray(grad).reshape(-1), momentum.reshape(-1) if has else None,
            (moments[0].reshape(-1),), False, &h)
        return
    *_, rows, columns = param.shape
    row_var, col_var = moments[0].reshape(-1, rows), moments[1].reshape(-1, columns)
    if param.ndim == 2 and param.flags.f_contiguous and not param.flags.c_contiguous:
        param, grad, momentum = param.T, grad.T, momentum.T if has else None
        rows, columns, row_var, col_var, swapped = columns, rows, col_var, row_var, True
    plain, shape = np.ascontiguousarray(param), (-1, rows, columns)
    own = np.ascontiguousarray(momentum) if has else None
    run(plain.reshape(shape), np.ascontiguousarray(grad).reshape(shape), own.reshape(shape) if has else None,
        (row_var, col_var), swapped, &h)
    if plain is not param:
        param[...] = plain
    if own is not momentum:
        momentum[...] = own


cdef class Work:
    """Steps that are made one after the other where the object is called, without a place for an interrupt."""
    cdef list steps

    def __init__(self):
        self.steps = []

    def add(self, *arguments):
        """One more call of `step`."""
        self.steps.append(arguments)

    def __call__(self):
        for arguments in self.steps:
            step(*arguments)
