# Passes over one array that only read it: the pieces of a norm, and of the sums of a rule of several passes.
from fastgd.kernels.real cimport larger, magnitude, real

cdef enum:
    LANES = 16      # partial sums kept side by side; part of the definition of a norm's bits


cdef inline double as_tree(double* lane) noexcept nogil:
    cdef Py_ssize_t j
    for j in range(8):
        lane[j] += lane[j + 8]
    for j in range(4):
        lane[j] += lane[j + 4]
    return (lane[0] + lane[2]) + (lane[1] + lane[3])


cdef inline double sum_squares(const real* x, Py_ssize_t n, double scale) noexcept nogil:
    """Sum of (scale * x[i])**2 in double: element i goes to lane i % LANES, lanes are added as a fixed tree."""
    cdef double[LANES] lane
    cdef double value
    cdef Py_ssize_t i, j
    for j in range(LANES):
        lane[j] = 0
    for i in range(n // LANES):
        for j in range(LANES):
            value = scale * <double>x[i * LANES + j]
            lane[j] += value * value
    for j in range(n % LANES):
        value = scale * <double>x[n - n % LANES + j]
        lane[j] += value * value
    return as_tree(lane)


cdef inline double largest(const real* x, Py_ssize_t n) noexcept nogil:
    """Largest magnitude, NaN if there is one, 0 for no elements."""
    cdef real[LANES] lane
    cdef real result = 0
    cdef Py_ssize_t i, j
    for j in range(LANES):
        lane[j] = 0
    for i in range(n // LANES):
        for j in range(LANES):
            lane[j] = larger(lane[j], magnitude(x[i * LANES + j]))
    for j in range(n % LANES):
        lane[j] = larger(lane[j], magnitude(x[n - n % LANES + j]))
    for j in range(LANES):
        result = larger(result, lane[j])
    return result
