# The compute type of every rule, and the few functions of one element that rules share. Each exists because C's own
# form is wrong here: it computes in double, mishandles NaN, or does not vectorise.
from libc.math cimport copysign, copysignf, fabs, fabsf, sqrt, sqrtf

ctypedef fused real:
    float
    double


cdef inline real root(real x) noexcept nogil:
    if real is float:
        return sqrtf(x)
    else:
        return sqrt(x)


cdef inline real magnitude(real x) noexcept nogil:
    if real is float:
        return fabsf(x)
    else:
        return fabs(x)


cdef inline real signed(real size, real x) noexcept nogil:
    # size * sign(x) for a size of at least 0; NaN and zero are returned as they are. One comparison, where `x > 0` and
    # `x < 0` would be two, and no product.
    if real is float:
        return copysignf(size, x) if fabsf(x) > 0 else x
    else:
        return copysign(size, x) if fabs(x) > 0 else x


cdef inline real larger(real a, real b) noexcept nogil:
    # numpy.maximum: NaN if either is. The first line alone is one instruction, and loses a NaN in b.
    cdef real most = b if b > a else a
    return b if b != b else most


cdef inline real with_l2(real g, real p, real l2) noexcept nogil:
    # Without decay an infinite parameter must not reach the state as 0 * inf = NaN.
    return g + l2 * p if l2 != 0 else g


cdef inline real bounded(real x, real bound) noexcept nogil:
    # numpy.clip to [-bound, bound], for a bound of at least 0: NaN stays NaN.
    return bound if x > bound else (-bound if x < -bound else x)


cdef inline real begun_with(real z, real first, real begun) noexcept nogil:
    # A state that begins as something else than zero: `first` on the first step, for which `begun` is 0.
    return z if begun != 0 else first


cdef inline void begin(real* restrict state, const real* restrict first, Py_ssize_t n) noexcept nogil:
    # A state that keeps what it begins with, so that later steps need not write it again.
    cdef Py_ssize_t i
    for i in range(n):
        state[i] = first[i]


cdef inline real mean(real old, real new, real keep, real take) noexcept nogil:
    # keep * old + take * new, for keep + take = 1, from the end that has the larger share, as torch's lerp has it. From
    # the other one the rounding of the difference stays in the result: with keep = 0 it would not even be `new`.
    return new + keep * (old - new) if keep < take else old + take * (new - old)
