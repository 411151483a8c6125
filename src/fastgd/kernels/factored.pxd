# Adafactor's loops over rows: those of a matrix, or of a vector that is cut into rows. Which come when is in
# engine/factored.pyx. Sums are in double, in LANES along a row; those of a column take ROWS rows at once.
from fastgd.kernels.caution cimport agreement
from fastgd.kernels.real cimport bounded, larger, real, root
from fastgd.kernels.rule cimport Factored

cdef enum:
    LANES = 16
    ROWS = 4        # part of the definition of the sums of columns
    TILE = 512      # elements of an update, which stays in L1; whole LANES


cdef inline double total(double* lane) noexcept nogil:
    cdef double result = 0
    cdef Py_ssize_t j
    for j in range(LANES):
        result += lane[j]
    return result


cdef inline Py_ssize_t width(const Factored* f, Py_ssize_t row) noexcept nogil:
    return min(f.columns, f.size - row * f.columns)


cdef inline void add_squares(const real* restrict x, Py_ssize_t n, double* restrict lane) noexcept nogil:
    cdef Py_ssize_t k, j
    for k in range(n // LANES):
        for j in range(LANES):
            lane[j] += <double>x[k * LANES + j] * <double>x[k * LANES + j]
    for j in range(n - n % LANES, n):
        lane[j % LANES] += <double>x[j] * <double>x[j]


cdef inline double sum_of_row(const real* x, Py_ssize_t n) noexcept nogil:
    cdef double[LANES] lane
    cdef Py_ssize_t j
    for j in range(LANES):
        lane[j] = 0
    add_squares(x, n, lane)
    return total(lane)


cdef inline void sums_of_row(const real* restrict x, double* restrict columns, Py_ssize_t n, real scale, real bound,
                             double* restrict row_sum) noexcept nogil:
    cdef double[LANES] lane
    cdef double square
    cdef real g
    cdef Py_ssize_t k, j
    for j in range(LANES):
        lane[j] = 0
    for k in range(n // LANES):
        for j in range(LANES):
            g = bounded(scale * x[k * LANES + j], bound)
            square = <double>g * <double>g
            lane[j] += square
            columns[k * LANES + j] += square
    for j in range(n - n % LANES, n):
        g = bounded(scale * x[j], bound)
        square = <double>g * <double>g
        lane[j % LANES] += square
        columns[j] += square
    row_sum[0] = total(lane)


cdef inline void sums_of_rows(const real* restrict x, double* restrict columns, Py_ssize_t n, real scale, real bound,
                              double* restrict row_sums) noexcept nogil:
    """As of one row, of ROWS."""
    cdef double[LANES] lane0
    cdef double[LANES] lane1
    cdef double[LANES] lane2
    cdef double[LANES] lane3
    cdef const real* restrict x1 = x + n
    cdef const real* restrict x2 = x + 2 * n
    cdef const real* restrict x3 = x + 3 * n
    cdef double s0, s1, s2, s3
    cdef real g
    cdef Py_ssize_t k, j
    for j in range(LANES):
        lane0[j] = lane1[j] = lane2[j] = lane3[j] = 0
    for k in range(n // LANES):
        for j in range(LANES):
            g = bounded(scale * x[k * LANES + j], bound)
            s0 = <double>g * <double>g
            g = bounded(scale * x1[k * LANES + j], bound)
            s1 = <double>g * <double>g
            g = bounded(scale * x2[k * LANES + j], bound)
            s2 = <double>g * <double>g
            g = bounded(scale * x3[k * LANES + j], bound)
            s3 = <double>g * <double>g
            lane0[j] += s0
            lane1[j] += s1
            lane2[j] += s2
            lane3[j] += s3
            columns[k * LANES + j] += (s0 + s1) + (s2 + s3)
    for j in range(n - n % LANES, n):
        g = bounded(scale * x[j], bound)
        s0 = <double>g * <double>g
        g = bounded(scale * x1[j], bound)
        s1 = <double>g * <double>g
        g = bounded(scale * x2[j], bound)
        s2 = <double>g * <double>g
        g = bounded(scale * x3[j], bound)
        s3 = <double>g * <double>g
        lane0[j % LANES] += s0
        lane1[j % LANES] += s1
        lane2[j % LANES] += s2
        lane3[j % LANES] += s3
        columns[j] += (s0 + s1) + (s2 + s3)
    row_sums[0], row_sums[1], row_sums[2], row_sums[3] = total(lane0), total(lane1), total(lane2), total(lane3)


cdef inline void sum_matrix(real* param, const Factored* f, Py_ssize_t start, Py_ssize_t stop,
                            double* column_sums) noexcept nogil:
    """Squares of the gradient, by row and by column, and those of the parameter by row."""
    cdef const real* grad = <const real*>f.grad
    cdef Py_ssize_t n = f.columns, i, j
    for j in range(n):
        column_sums[j] = 0
    i = start
    while i + ROWS <= stop:
        sums_of_rows(grad + i * n, column_sums, n, <real>f.scale, <real>f.bound, f.row_sums + i)
        i += ROWS
    for i in range(i, stop):
        sums_of_row(grad + i * n, column_sums, n, <real>f.scale, <real>f.bound, f.row_sums + i)
    if f.param_sums != NULL:
        for i in range(start, stop):
            f.param_sums[i] = sum_of_row(param + i * n, n)


cdef inline void update_matrix(const Factored* f, Py_ssize_t row, Py_ssize_t start, Py_ssize_t n,
                               real* restrict update) noexcept nogil:
    """
    The update of elements [start, start + n) of a row, whose moments are its part times those of the columns.

    Where none of them is below the floor, the root is that of the row times that of the column, which is known.
    """
    cdef const real* restrict grad = <const real*>f.grad + row * f.columns + start
    cdef const real* restrict moments = <const real*>f.column_moments + start
    cdef const real* restrict inverse = <const real*>f.inverse + start
    cdef real scale = <real>f.scale, bound = <real>f.bound, floor = <real>f.floor, one = <real>1
    cdef real part = (<const real*>f.row_parts)[row]
    cdef Py_ssize_t j
    if <double>part * f.least >= <double>floor:
        part = one / root(part)
        for j in range(n):
            update[j] = bounded(scale * grad[j], bound) * (part * inverse[j])
        return
    for j in range(n):
        update[j] = bounded(scale * grad[j], bound) / root(larger(part * moments[j], floor))


cdef inline void update_vector(const Factored* f, Py_ssize_t row, Py_ssize_t start, Py_ssize_t n,
                               real* restrict update) noexcept nogil:
    """The update of elements [start, start + n) of a row of a vector, whose moments are known."""
    cdef const real* restrict grad = <const real*>f.grad + row * f.columns + start
    cdef const real* restrict variance = <const real*>f.variance + row * f.columns + start
    cdef real scale = <real>f.scale, bound = <real>f.bound, floor = <real>f.floor
    cdef Py_ssize_t j
    for j in range(n):
        update[j] = bounded(scale * grad[j], bound) / root(larger(variance[j], floor))


cdef inline void move_variance(real* restrict variance, const real* restrict grad, Py_ssize_t n,
                               const Factored* f) noexcept nogil:
    cdef real scale = <real>f.scale, bound = <real>f.bound, share = <real>f.share, added = <real>f.added, g
    cdef Py_ssize_t j
    for j in range(n):
        g = bounded(scale * grad[j], bound)
        variance[j] = variance[j] + share * (g * g + added - variance[j])


cdef inline void measure_rows(real* param, const Factored* f, Py_ssize_t start, Py_ssize_t stop,
                              double* unused) noexcept nogil:
    """Squares of the update by row; of a vector also its moments, and the squares of the parameter."""
    cdef real[TILE] update
    cdef double[LANES] lane
    cdef Py_ssize_t i, j, n, part, tile
    for i in range(start, stop):
        n = width(f, i)
        if f.variance != NULL:
            move_variance(<real*>f.variance + i * f.columns, <const real*>f.grad + i * f.columns, n, f)
            if f.param_sums != NULL:
                f.param_sums[i] = sum_of_row(param + i * f.columns, n)
        for j in range(LANES):
            lane[j] = 0
        for tile in range((n + TILE - 1) // TILE):
            j = tile * TILE
            part = min(n - j, <Py_ssize_t>TILE)
            if f.variance == NULL:
                update_matrix(f, i, j, part, update)
            else:
                update_vector(f, i, j, part, update)
            add_squares(update, part, lane)
        f.row_sums[i] = total(lane)


cdef inline void step_plain(real* restrict param, const real* restrict update, Py_ssize_t n, real keep,
                            real step_size) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(n):
        param[j] = keep * param[j] - step_size * update[j]


cdef inline double step_momentum(real* restrict param, real* restrict momentum, const real* restrict grad,
                                 const real* restrict update, Py_ssize_t n, const Factored* f) noexcept nogil:
    """A cautious step moves the momentum alone, and returns how many of its elements have the gradient's sign."""
    cdef real scale = <real>f.scale, keep = <real>f.keep, step_size = <real>f.step_size
    cdef real beta1 = <real>f.beta1, rest = <real>f.one_minus_beta1
    cdef double agreeing = 0
    cdef Py_ssize_t j
    for j in range(n):
        momentum[j] = beta1 * momentum[j] + rest * (step_size * update[j])
    if f.cautious:
        for j in range(n):
            agreeing += <double>agreement(momentum[j], scale * grad[j])
        return agreeing
    for j in range(n):
        param[j] = keep * param[j] - momentum[j]
    return 0


cdef inline void take(real* param, const Factored* f, Py_ssize_t start, Py_ssize_t stop,
                      double* unused) noexcept nogil:
    """The step of rows; of a cautious one the momentum, and by row how many of its elements agree."""
    cdef real[TILE] update
    cdef Py_ssize_t i, j, n, part, k, tile
    for i in range(start, stop):
        n = width(f, i)
        f.row_sums[i] = 0
        for tile in range((n + TILE - 1) // TILE):
            j = tile * TILE
            part, k = min(n - j, <Py_ssize_t>TILE), i * f.columns + j
            if f.variance == NULL:
                update_matrix(f, i, j, part, update)
            else:
                update_vector(f, i, j, part, update)
            if f.momentum == NULL:
                step_plain(param + k, update, part, <real>f.keep, <real>f.step_size)
            else:
                f.row_sums[i] += step_momentum(param + k, <real*>f.momentum + k, <const real*>f.grad + k, update, part,
                                               f)


cdef inline void take_cautiously(real* restrict param, const Factored* f, Py_ssize_t start, Py_ssize_t stop,
                                 double* unused) noexcept nogil:
    """What a cautious `take` has left out."""
    cdef const real* restrict momentum = <const real*>f.momentum
    cdef const real* restrict grad = <const real*>f.grad
    cdef real scale = <real>f.scale, keep = <real>f.keep, factor = <real>f.enlargement
    cdef Py_ssize_t i
    for i in range(start * f.columns, min(stop * f.columns, f.size)):
        param[i] = keep * param[i] - factor * (momentum[i] * agreement(momentum[i], scale * grad[i]))
