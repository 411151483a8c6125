"""
The step of a matrix whose second moment is kept as row and column means, and that of a vector: for Adafactor.

Sums are in double, in 16 lanes along a row and row after row, on one thread; so the bits are the same everywhere. A
matrix is read three times: for its means, for the size of the update, and for the step, row by row in the cache.
"""
cimport numpy as cnp
from libc.math cimport sqrt

from fastgd.engine.fpmode cimport enter, fp_mode, leave
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
    double eps1
    double keep         # of the parameter


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


cdef double blend(real* average, const double* sums, Py_ssize_t n, Py_ssize_t count, double share) noexcept nogil:
    """Move averages towards the means of `count` squares each; returns the sum of what they are then."""
    cdef real part = <real>share, mean
    cdef double total = 0
    cdef Py_ssize_t i
    for i in range(n):
        mean = <real>(sums[i] / <double>count)
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


cdef int step_matrices(real[:, :, ::1] param, const real[:, :, ::1] grad, real[:, ::1] outer, real[:, ::1] inner,
                       bint swapped, Factors* f, double alpha, double d) except -1:
    """A step of matrices: `outer` are the moments of rows as they lie in memory; swapped, these are columns."""
    cdef Py_ssize_t count = param.shape[0], rows = param.shape[1], columns = param.shape[2], b, i, j
    cdef double[::1] row_sums = np.empty(rows), column_sums = np.empty(columns), least = np.empty(count)
    dtype = np.float32 if real is float else np.float64
    cdef real[::1] mean = np.empty(count, dtype), update = np.empty(columns, dtype)
    cdef real[:, ::1] inverse = np.empty((count, columns), dtype)
    cdef double total = 0, first, second
    cdef real keep = <real>f.keep, step_size
    cdef real* p
    cdef fp_mode mode
    with nogil:
        mode = enter()
        for b in range(count):
            means(&grad[b, 0, 0], rows, columns, f, &row_sums[0], &column_sums[0])
            first = blend(&outer[b, 0], &row_sums[0], rows, columns, f.share) / <double>rows
            second = blend(&inner[b, 0], &column_sums[0], columns, rows, f.share) / <double>columns
            mean[b] = larger(<real>(second if swapped else first), <real>f.eps1)
            least[b] = invert(&inner[b, 0], &inverse[b, 0], columns)
            for i in range(rows):
                row_of_update(&grad[b, i, 0], &update[0], columns, outer[b, i] / mean[b], &inner[b, 0],
                              &inverse[b, 0], least[b], f)
                total += sum_of_squares(&update[0], columns)
        step_size = <real>(alpha / max(1.0, sqrt(total) / (sqrt(<double>(count * rows * columns)) * d)))
        for b in range(count):
            for i in range(rows):
                row_of_update(&grad[b, i, 0], &update[0], columns, outer[b, i] / mean[b], &inner[b, 0],
                              &inverse[b, 0], least[b], f)
                p = &param[b, i, 0]
                for j in range(columns):
                    p[j] = keep * p[j] - step_size * update[j]
        leave(mode)
    return 0


cdef int step_vector(real[::1] param, const real[::1] grad, real[::1] variance, Factors* f, double alpha,
                     double d) except -1:
    """A step of a vector, whose moment is kept element by element."""
    cdef Py_ssize_t n = param.shape[0], i
    cdef real[::1] update = np.empty(n, np.float32 if real is float else np.float64)
    cdef real scale = <real>f.scale, bound = <real>f.bound, part = <real>f.share, keep = <real>f.keep
    cdef real floor = <real>(f.eps1 * f.eps1), step_size, g, v
    cdef fp_mode mode
    with nogil:
        mode = enter()
        for i in range(n):
            g = bounded(scale * grad[i], bound)
            v = variance[i] + part * (g * g - variance[i])
            variance[i] = v
            update[i] = g / root(larger(v, floor))
        step_size = <real>(alpha / max(1.0, sqrt(sum_of_squares(&update[0], n)) / (sqrt(<double>n) * d)))
        for i in range(n):
            param[i] = keep * param[i] - step_size * update[i]
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


cdef int run(p, g, tuple moments, bint swapped, Factors* f, double alpha, double d) except -1:
    if len(moments) == 1:
        if p.dtype == np.float32:
            return step_vector[float](p, g, moments[0], f, alpha, d)
        return step_vector[double](p, g, moments[0], f, alpha, d)
    if p.dtype == np.float32:
        return step_matrices[float](p, g, moments[0], moments[1], swapped, f, alpha, d)
    return step_matrices[double](p, g, moments[0], moments[1], swapped, f, alpha, d)


def step(param, grad, tuple moments, double scale, double bound, double share, double eps1, double keep, double alpha,
         double d):
    """
    Update a parameter and its moments in place; the numbers are those of `Factors`, and `alpha` is the step before
    it is divided by what the update is larger than `d`.

    `param` and `grad` are dense, not empty, of one shape and one dtype, float32 or float64; `moments` are ``row_var``
    and ``col_var``, or for fewer than two axes ``variance``, all in C order.
    """
    cdef Factors f = Factors(scale, bound, share, eps1, keep)
    if param.ndim < 2:
        run(param.reshape(-1), np.ascontiguousarray(grad).reshape(-1), (moments[0].reshape(-1),), False, &f, alpha, d)
        return
    *_, rows, columns = param.shape
    row_var, col_var = moments[0].reshape(-1, rows), moments[1].reshape(-1, columns)
    if param.ndim == 2 and param.flags.f_contiguous and not param.flags.c_contiguous:
        run(param.T[None], np.ascontiguousarray(grad.T)[None], (col_var, row_var), True, &f, alpha, d)
        return
    plain = np.ascontiguousarray(param)
    shape = (-1, rows, columns)
    run(plain.reshape(shape), np.ascontiguousarray(grad).reshape(shape), (row_var, col_var), False, &f, alpha, d)
    if plain is not param:
        param[...] = plain
