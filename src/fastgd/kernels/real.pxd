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


cdef inline real sign(real x) noexcept nogil:
    # NaN and zero are returned as they are. One comparison, where `x > 0` and `x < 0` would be two.
    cdef real one = 1
    if real is float:
        return copysignf(one, x) if fabsf(x) > 0 else x
    else:
        return copysign(one, x) if fabs(x) > 0 else x


cdef inline real larger(real a, real b) noexcept nogil:
    # numpy.maximum: NaN if either is. `|`, since `or` would branch.
    return a if (a >= b) | (a != a) else b


cdef inline real with_l2(real g, real p, real l2) noexcept nogil:
    # Without decay an infinite parameter must not reach the state as 0 * inf = NaN.
    return g + l2 * p if l2 != 0 else g
