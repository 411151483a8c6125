"""
The step of a matrix whose second moment is kept as row and column means, and that of a vector: for Adafactor.

Sums are in double, in 16 lanes along a row and row after row, on one thread; so the bits are the same everywhere. A
matrix is read three times: for its means, for the size of the update, and for the step, row by row in the cache; a
fourth time for a cautious step.
"""
cimport numpy as cnp
from libc.math cimport sqrt

from fastgd.engine.arrays cimport data_of, pointer
from fastgd.engine.fpmode cimport enter, fp_mode, leave
from fastgd.kernels.caution cimport agreement, enlarged
from fastgd.kernels.real cimport bounded, larger, real, root

import numpy as np

cnp.import_array()

cdef enum:
    LANES = 16

ctypedef struct Factors:
    # What all elements of a tensor share.
    double scale        # of the gradient, and
    double bound        # where it is then clipped
    double share        # of the new squares in the second moment
    double added        # to each of them
    double eps1         # the least mean of a moment, and its square the least moment
    double keep         # of the parameter
    double alpha        # the step, before it is divided by what the update is larger than d
    double d
    double beta1        # of the momentum, where there is one
    bint cautious

ctypedef struct Matrices:
    # A step of matrices of one shape, or of a vector, which has one row. `outer` are the moments of rows as they lie in
    # memory, swapped those of columns; or those of a vector, for which `inner` is NULL.
    Factors factors
    Py_ssize_t count
    Py_ssize_t rows
    Py_ssize_t columns
    bint swapped
    void* param
    void* grad
    void* momentum      # NULL without one
    void* outer
    void* inner
    void* scratch
    void* sums


cdef double summed(double* lane) noexcept nogil:
    cdef int j
    cdef double total = 0
    for j in range(LANES):
        total += lane[j]
        lane[j] = 0
    return total


cdef double sum_of_squares(const real* x, Py_ssize_t n) noexcept nogil:
    cdef double[LANES] lane
    cdef Py_ssize_t i, j
    for j in range(LANES):
        lane[j] = 0
    for i in range(n // LANES):
        for j in range(LANES):
            lane[j] += <double>x[i * LANES + j] * <double>x[i * LANES + j]
    for j in range(n % LANES):
        lane[j] += <double>x[n - n % LANES + j] * <double>x[n - n % LANES + j]
    return summed(lane)


cdef void means(const real* grad, Py_ssize_t rows, Py_ssize_t columns, const Factors* f,
                double* row_sums, double* column_sums) noexcept nogil:
    """The sums of squares of each row and each column."""
    cdef real scale = <real>f.scale, bound = <real>f.bound, g
    cdef const real* x
    cdef double[LANES] lane
    cdef double square
    cdef Py_ssize_t i, j, k
    for j in range(LANES):
        lane[j] = 0
    for j in range(columns):
        column_sums[j] = 0
    for i in range(rows):
        x = grad + i * columns
        for k in range(columns // LANES):
            for j in range(LANES):
                g = bounded(scale * x[k * LANES + j], bound)
                square = <double>g * <double>g
                lane[j] += square
                column_sums[k * LANES + j] += square
        for j in range(columns - columns % LANES, columns):
            g = bounded(scale * x[j], bound)
            square = <double>g * <double>g
            lane[j % LANES] += square
            column_sums[j] += square
        row_sums[i] = summed(lane)


cdef double blend(real* average, const double* sums, Py_ssize_t n, Py_ssize_t count, const Factors* f) noexcept nogil:
    """Move averages towards the means of `count` squares each; returns the sum of what they are then."""
    cdef real part = <real>f.share, mean
    cdef double total = 0
    cdef Py_ssize_t i
    for i in range(n):
        mean = <real>(sums[i] / <double>count + f.added)
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


cdef void row_of_update(const real* grad, real* update, Py_ssize_t n, real row, const real* columns,
                        const real* inverse, double least, const Factors* f) noexcept nogil:
    """
    The update of a row whose moments are `row * columns[j]`.

    Where none of them is below the floor, the root is that of the row times that of the column, which is known.
    """
    cdef real scale = <real>f.scale, bound = <real>f.bound, floor = <real>(f.eps1 * f.eps1), one = <real>1
    cdef Py_ssize_t j
    if <double>row * least >= <double>floor:
        row = one / root(row)
        for j in range(n):
            update[j] = bounded(scale * grad[j], bound) * (row * inverse[j])
        return
    for j in range(n):
        update[j] = bounded(scale * grad[j], bound) / root(larger(row * columns[j], floor))


cdef double step_row(real* param, real* momentum, const real* grad, const real* update, Py_ssize_t n, double size,
                     const Factors* f) noexcept nogil:
    """
    The step of a row along its update or, if it has one, its momentum; a cautious one moves the momentum alone, and
    returns how many of its elements have the sign of the gradient.
    """
    cdef real scale = <real>f.scale, keep = <real>f.keep, step_size = <real>size
    cdef real beta1 = <real>f.beta1, rest = <real>(1.0 - f.beta1), m
    cdef double agreeing = 0
    cdef Py_ssize_t j
    if momentum == NULL:
        for j in range(n):
            param[j] = keep * param[j] - step_size * update[j]
        return 0
    for j in range(n):
        m = beta1 * momentum[j] + rest * (step_size * update[j])
        momentum[j] = m
        if f.cautious:
            agreeing += <double>agreement(m, scale * grad[j])
        else:
            param[j] = keep * param[j] - m
    return agreeing


cdef void step_cautiously(real* param, const real* momentum, const real* grad, Py_ssize_t n, double enlargement,
                          const Factors* f) noexcept nogil:
    """What `step_row` has left out."""
    cdef real scale = <real>f.scale, keep = <real>f.keep, factor = <real>enlargement
    cdef Py_ssize_t j
    for j in range(n):
        param[j] = keep * param[j] - factor * (momentum[j] * agreement(momentum[j], scale * grad[j]))


cdef void step_matrices(const Matrices* m, real* param, const real* grad, real* momentum, real* outer, real* inner,
                        real* scratch, double* sums) noexcept nogil:
    """A step of matrices; `scratch` and `sums` have room as `Work.add` makes it."""
    cdef const Factors* f = &m.factors
    cdef Py_ssize_t rows = m.rows, columns = m.columns, size = m.count * rows * columns, b, i, at
    cdef double* row_sums = sums
    cdef double* column_sums = sums + rows
    cdef double* least = column_sums + columns
    cdef real* update = scratch
    cdef real* mean = scratch + columns
    cdef real* inverse = mean + m.count
    cdef double total = 0, agreeing = 0, first, second, step_size
    for b in range(m.count):
        means(grad + b * rows * columns, rows, columns, f, row_sums, column_sums)
        first = blend(outer + b * rows, row_sums, rows, columns, f) / <double>rows
        second = blend(inner + b * columns, column_sums, columns, rows, f) / <double>columns
        mean[b] = larger(<real>(second if m.swapped else first), <real>f.eps1)
        least[b] = invert(inner + b * columns, inverse + b * columns, columns)
        for i in range(rows):
            at = (b * rows + i) * columns
            row_of_update(grad + at, update, columns, outer[b * rows + i] / mean[b], inner + b * columns,
                          inverse + b * columns, least[b], f)
            total += sum_of_squares(update, columns)
    step_size = f.alpha / max(1.0, sqrt(total) / (sqrt(<double>size) * f.d))
    for b in range(m.count):
        for i in range(rows):
            at = (b * rows + i) * columns
            row_of_update(grad + at, update, columns, outer[b * rows + i] / mean[b], inner + b * columns,
                          inverse + b * columns, least[b], f)
            agreeing += step_row(param + at, NULL if momentum == NULL else momentum + at, grad + at, update, columns,
                                 step_size, f)
    if f.cautious:
        step_cautiously(param, momentum, grad, size, enlarged(1.0, agreeing, size), f)


cdef void step_vector(const Factors* f, Py_ssize_t n, real* param, const real* grad, real* momentum, real* variance,
                      real* update) noexcept nogil:
    """A step of a vector, whose moment is kept element by element."""
    cdef Py_ssize_t i
    cdef real scale = <real>f.scale, bound = <real>f.bound, part = <real>f.share, added = <real>f.added
    cdef real floor = <real>(f.eps1 * f.eps1), g, v
    cdef double agreeing, step_size
    for i in range(n):
        g = bounded(scale * grad[i], bound)
        v = variance[i] + part * (g * g + added - variance[i])
        variance[i] = v
        update[i] = g / root(larger(v, floor))
    step_size = f.alpha / max(1.0, sqrt(sum_of_squares(update, n)) / (sqrt(<double>n) * f.d))
    agreeing = step_row(param, momentum, grad, update, n, step_size, f)
    if f.cautious:
        step_cautiously(param, momentum, grad, n, enlarged(1.0, agreeing, n), f)


def rms(cnp.ndarray dense):
    """The root of the mean square of a dense array that is not empty."""
    flat = dense.ravel(order="K")
    cdef const float[::1] single
    cdef const double[::1] double_
    if dense.dtype == np.float32:
        single = flat
        return sqrt(sum_of_squares(&single[0], single.shape[0]) / <double>single.shape[0])
    double_ = flat
    return sqrt(sum_of_squares(&double_[0], double_.shape[0]) / <double>double_.shape[0])


cdef void run(const Matrices* m, real* single) noexcept nogil:
    """A step in the dtype of `single`, which is not looked at."""
    cdef real* momentum = <real*>m.momentum
    if m.inner == NULL:
        step_vector[real](&m.factors, m.columns, <real*>m.param, <real*>m.grad, momentum, <real*>m.outer,
                          <real*>m.scratch)
    else:
        step_matrices[real](m, <real*>m.param, <real*>m.grad, momentum, <real*>m.outer, <real*>m.inner,
                            <real*>m.scratch, <double*>m.sums)


cdef void* memory_of(object array) noexcept:
    return NULL if array is None else data_of(pointer(array))


cdef class Step:
    """The step of one parameter, with all the memory that it needs, so that it cannot fail once it has begun."""
    cdef Matrices matrices
    cdef bint single
    cdef list held      # the arrays whose memory is used
    cdef list after     # (array, what it becomes), where the order of axes asks for a copy

    def __init__(self, param, grad, momentum, tuple moments, dict numbers):
        cdef Matrices* m = &self.matrices
        m.factors = numbers
        self.single = param.dtype == np.float32
        outer, inner, m.swapped = moments[0], moments[1] if len(moments) > 1 else None, False
        m.count, m.rows, m.columns = 1, 1, param.size
        if inner is not None:
            *_, m.rows, m.columns = param.shape
            m.count = param.size // (m.rows * m.columns)
            if param.ndim == 2 and param.flags.f_contiguous and not param.flags.c_contiguous:
                param, grad, momentum = param.T, grad.T, None if momentum is None else momentum.T
                m.rows, m.columns, outer, inner, m.swapped = m.columns, m.rows, inner, outer, True
        plain, own = np.asarray(param, order="C"), None if momentum is None else np.asarray(momentum, order="C")
        self.after = [(array, made) for array, made in ((param, plain), (momentum, own)) if made is not array]
        scratch = np.empty(m.columns + (m.count * (1 + m.columns) if inner is not None else 0), param.dtype)
        sums = np.empty(m.rows + m.columns + m.count if inner is not None else 0)
        grad = np.asarray(grad, order="C")
        self.held = [plain, grad, own, outer, inner, scratch, sums]
        m.param, m.grad, m.momentum = memory_of(plain), memory_of(grad), memory_of(own)
        m.outer, m.inner = memory_of(outer), memory_of(inner)
        m.scratch, m.sums = memory_of(scratch), memory_of(sums)

    cdef int make(self) except -1:
        cdef fp_mode mode = enter()
        with nogil:
            if self.single:
                run[float](&self.matrices, NULL)
            else:
                run[double](&self.matrices, NULL)
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
        One more step: (param, grad, momentum or None, moments, numbers), the numbers being those of `Factors`.

        `param`, `grad` and `momentum` are dense, not empty, of one shape and one dtype, float32 or float64; `moments`
        are ``row_var`` and ``col_var``, or for fewer than two axes ``variance``, all in C order and in that dtype.
        """
        self.steps.append(Step(*arguments))

    def __call__(self):
        for step in self.steps:
            (<Step>step).make()
