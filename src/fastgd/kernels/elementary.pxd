# Functions of one element that the C library has with bits of its own on each machine: of + - * / and bits alone.
from fastgd.kernels.real cimport magnitude, real, signed

cdef extern from *:
    """
    #include <stdint.h>
    #include <string.h>

    #ifndef FASTGD_ELEMENTARY
    #define FASTGD_ELEMENTARY
    /* Within 4 % of the cube root of a normal number: a third of the exponent is a third of the bits. In double only
       those of the upper half, and a product in the place of the quotient, which vectors have. */
    static inline float fastgd_near_cube_root_f(float x)
    {
        uint32_t b;
        memcpy(&b, &x, sizeof b);
        b = b / 3 + 709958130u;
        memcpy(&x, &b, sizeof b);
        return x;
    }
    static inline double fastgd_near_cube_root(double x)
    {
        uint64_t b;
        memcpy(&b, &x, sizeof b);
        b = (((b >> 32) * 0x55555556u >> 32) + 715094163u) << 32;
        memcpy(&x, &b, sizeof b);
        return x;
    }
    #endif
    """
    float near_cube_root_f "fastgd_near_cube_root_f"(float x) nogil
    double near_cube_root "fastgd_near_cube_root"(double x) nogil


cdef inline real closer(real t, real x) noexcept nogil:
    # Halley's step towards the cube root of x, with a third of the digits before it.
    cdef real r = x / (t * t)
    return t + t * ((r - t) / (t + t + r))


cdef inline real cube_root(real x) noexcept nogil:
    """
    The cube root of x >= 0, to about one unit in the last place; infinity and NaN are returned as they are.

    Subnormal numbers, which have no exponent of their own, are scaled.
    """
    cdef real small, scaled, t
    if real is float:
        small = <float>1.1754944e-38
        scaled = x * <float>16777216 if x < small else x
        t = near_cube_root_f(scaled)
        t = closer(closer(t, scaled), scaled)
        t = t * <float>0.00390625 if x < small else t
    else:
        small = 2.2250738585072014e-308
        scaled = x * 18014398509481984.0 if x < small else x
        t = near_cube_root(scaled)
        t = closer(closer(closer(t, scaled), scaled), scaled)
        t = t * 3.814697265625e-06 if x < small else t
    return t if x > 0 and x - x == 0 else x


cdef inline real steepness(real w) noexcept nogil:
    # (atan(w) / w - 1) / w**2 for w**2 up to tan(pi / 8)**2, interpolated between Chebyshev's nodes.
    cdef real z = w * w, p
    if real is float:
        p = <float>-0.06451928
        p = p * z + <float>0.10743731
        p = p * z + <float>-0.14263956
        p = p * z + <float>0.1999954
        return p * z + <float>-0.33333332
    else:
        p = -0.019176887119062259
        p = p * z + 0.0392316582955871913
        p = p * z + -0.0508544973794025986
        p = p * z + 0.0585814891280220988
        p = p * z + -0.06664511447381948
        p = p * z + 0.0769218319082608656
        p = p * z + -0.0909090457812390189
        p = p * z + 0.111111110152563617
        p = p * z + -0.142857142846665429
        p = p * z + 0.199999999999955207
        return p * z + -0.333333333333333302


cdef inline real angle(real y, real x) noexcept nogil:
    """atan2(y, x) for x >= 0, to about two units in the last place; 0 for y = 0, NaN if either is."""
    cdef real one = <real>1, eighth = <real>0.41421356237309503, quarter = <real>0.7853981633974483
    cdef real half = <real>1.5707963267948966, size = magnitude(y), low, high, below, w
    high = size if size > x else x
    low = x if size > x else size
    # Above an eighth of a circle less a half of it: atan(w) = pi / 4 + atan((w - 1) / (w + 1)).
    below = low + high if low > eighth * high else high
    w = (low - high if low > eighth * high else low) / (below if below != 0 else one)
    w = (w + w * (w * w * steepness(w))) + (quarter if low > eighth * high else <real>0)
    return signed(half - w if size > x else w, y)
