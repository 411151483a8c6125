"""
The step of a matrix whose second moment is kept as row and column means, and that of a vector: for Adafactor.

Sums are in double, in 16 lanes along a row and row after row, on one thread; so the bits are the same everywhere. A
matrix is read three times: for its means, for the size of the update, and for the step, row by row in the cache; a
fourth time for a cautious step.
"""
cimport numpy as cnp
from libc.math cimport sqrt

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


cdef int step_matrices(real[:, :, ::1] param, const real[:, :, ::1] grad, real[:, :, ::1] momentum, real[:, ::1] outer,
                       real[:, ::1] inner, bint swapped, Factors* f) except -1:
    """A step of matrices: `outer` are the moments of rows as they lie in memory; swapped, these are columns."""
    cdef Py_ssize_t count = param.shape[0], rows = param.shape[1], columns = param.shape[2], b, i
    cdef Py_ssize_t size = count * rows * columns
    cdef double[::1] row_sums = np.empty(rows), column_sums = np.empty(columns), least = np.empty(count)
    dtype = np.float32 if real is float else np.float64
    cdef real[::1] mean = np.empty(count, dtype), update = np.empty(columns, dtype)
    cdef real[:, ::1] inverse = np.empty((count, columns), dtype)
    cdef double total = 0, agreeing = 0, first, second, step_size
    cdef bint has = momentum is not None
    cdef fp_mode mode
    with nogil:
        mode = enter()
        for b in range(count):
            means(&grad[b, 0, 0], rows, columns, f, &row_sums[0], &column_sums[0])
            first = blend(&outer[b, 0], &row_sums[0], rows, columns, f) / <double>rows
            second = blend(&inner[b, 0], &column_sums[0], columns, rows, f) / <double>columns
            mean[b] = larger(<real>(second if swapped else first), <real>f.eps1)
            least[b] = invert(&inner[b, 0], &inverse[b, 0], columns)
            for i in range(rows):
                row_of_update(&grad[b, i, 0], &update[0], columns, outer[b, i] / mean[b], &inner[b, 0],
                              &inverse[b, 0], least[b], f)
                total += sum_of_squares(&update[0], columns)
        step_size = f.alpha / max(1.0, sqrt(total) / (sqrt(<double>size) * f.d))
        for b in range(count):
            for i in range(rows):
                row_of_update(&grad[b, i, 0], &update[0], columns, outer[b, i] / mean[b], &inner[b, 0],
                              &inverse[b, 0], least[b], f)
                agreeing += step_row(&param[b, i, 0], &momentum[b, i, 0] if has else NULL, &grad[b, i, 0], &update[0],
                                     columns, step_size, f)
        if f.cautious:
            step_cautiously(&param[0, 0, 0], &momentum[0, 0, 0], &grad[0, 0, 0], size, enlarged(1.0, agreeing, size), f)
        leave(mode)
    return 0


cdef int step_vector(real[::1] param, const real[::1] grad, real[::1] momentum, real[::1] variance,
                     Factors* f) except -1:
    """A step of a vector, whose moment is kept element by element."""
    cdef Py_ssize_t n = param.shape[0], i
    cdef real[::1] update = np.empty(n, np.float32 if real is float else np.float64)
    cdef real scale = <real>f.scale, bound = <real>f.bound, part = <real>f.share, added = <real>f.added
    cdef real floor = <real>(f.eps1 * f.eps1), g, v
    cdef bint has = momentum is not None
    cdef double agreeing, step_size
    cdef fp_mode mode
    with nogil:
        mode = enter()
        for i in range(n):
            g = bounded(scale * grad[i], bound)
            v = variance[i] + part * (g * g + added - variance[i])
            variance[i] = v
            update[i] = g / root(larger(v, floor))
        step_size = f.alpha / max(1.0, sqrt(sum_of_squares(&update[0], n)) / (sqrt(<double>n) * f.d))
        agreeing = step_row(&param[0], &momentum[0] if has else NULL, &grad[0], &update[0], n, step_size, f)
        if f.cautious:
            step_cautiously(&param[0], &momentum[0], &grad[0], n, enlarged(1.0, agreeing, n), f)
        leave(mode)
    return 0


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


cdef int run(p, g, m, tuple moments, bint swapped, Factors* f) except -1:
    if len(moments) == 1:
        if p.dtype == np.float32:
            return step_vector[float](p, g, m, moments[0], f)
        return step_vector[double](p, g, m, moments[0], f)
    if p.dtype == np.float32:
        return step_matrices[float](p, g, m, moments[0], moments[1], swapped, f)
    return step_matrices[double](p, g, m, moments[0], moments[1], swapped, f)


def step(param, grad, momentum, tuple moments, dict numbers):
    """
    Update a parameter, its moments and, where it is not None, its momentum in place; `numbers` are those of `Factors`.

    `param`, `grad` and `momentum` are dense, not empty, of one shape and one dtype, float32 or float64; `moments` are
    ``row_var`` and ``col_var``, or for fewer than two axes ``variance``, all in C order.
    """
    cdef Factors f = numbers
    has, swapped = momentum is not None, False
    if param.ndim < 2:
        run(param.reshape(-1), np.ascontiguousarray(grad).reshape(-1), momentum.reshape(-1) if has else None,
            (moments[0].reshape(-1),), False, &f)
        return
    *_, rows, columns = param.shape
    row_var, col_var = moments[0].reshape(-1, rows), moments[1].reshape(-1, columns)
    if param.ndim == 2 and param.flags.f_contiguous and not param.flags.c_contiguous:
        param, grad, momentum = param.T, grad.T, momentum.T if has else None
        rows, columns, row_var, col_var, swapped = columns, rows, col_var, row_var, True
    plain, shape = np.ascontiguousarray(param), (-1, rows, columns)
    own = np.ascontiguousarray(momentum) if has else None
    run(plain.reshape(shape), np.ascontiguousarray(grad).reshape(shape), own.reshape(shape) if has else None,
        (row_var, col_var), swapped, &f)
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
