# Whether float32 has room for what a fold makes of hyperparameters, each of which it holds.
from libc.float cimport FLT_MAX
from libc.math cimport fabs, isinf

from fastgd.kernels.rule cimport MAX_SCALARS, Family, Scalars


cdef inline bint may_overflow(const Family* family, const double* hyper, double scale) noexcept nogil:
    """Whether a hyperparameter is so large that a scalar made of it may be beyond float32; no usual one is."""
    # Two numbers up to this one and 2**53, the largest correction of a bias, make no product beyond float32.
    cdef double large = 1e10, most = fabs(scale)
    cdef int k
    for k in range(family.hyper_count):
        most = max(most, fabs(hyper[k]))
    return most > large


cdef inline bint beyond_single(const Scalars* scalars) noexcept nogil:
    """Whether float32 has no room for one of the scalars, which were zeros before the fold."""
    cdef int k
    for k in range(MAX_SCALARS):
        if fabs(scalars.value[k]) > FLT_MAX and not isinf(scalars.value[k]):
            return True
    return False
