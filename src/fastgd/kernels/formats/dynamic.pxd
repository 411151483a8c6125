# 8 bits for each element: its place in a table of 256 numbers, times the largest magnitude of its block, in float32.
#
# Dettmers et al., "8-bit Optimizers via Block-wise Quantization", ICLR 2022. The table has zero, 1, and below 1 seven
# decades, each with twice as many numbers as the one below, at equal distances. With signs, code 127 is zero and there
# is no -1, so that the largest magnitude of a block becomes 0.7 % less each time where it is negative; without, code 0
# is zero. The level of a number is its place among those of its sign, from 1 on.
#
# Numbers go to the nearest in the table, halves away from zero, but for some within 10 units in the last place of a
# half. They are found by arithmetic, which is vectorised: the levels of a decade lie on a line.
from libc.math cimport copysignf, fabsf, nextafterf, sqrtf
from libc.stdint cimport int32_t, uint8_t, uint32_t

from fastgd.kernels.formats.bits cimport bits_of, float_of
from fastgd.kernels.rule cimport SPAN, ZERO8

cdef enum:
    DECADES = 7
    FINITE = 0x7f7fffff     # the largest finite float32 as bits

ctypedef struct Lines:
    # The level of x in decade i is the integer part of slope[i] * x + 8 / 9 * count[i], less 1 without signs.
    float[DECADES] slope
    float[DECADES] count
    float[DECADES + 1] start    # the least of each decade, which is half the first number in the lowest; of 1.0
    float top                   # the place of 1.0

ctypedef struct Map:
    float[256] value            # of each code
    Lines lines


cdef inline float boundary(int count, int k) noexcept nogil:
    # Number k of count + 1 at equal distances from .1 to 1, rounded once, as torch.linspace has it.
    cdef double first = <double><float>0.1
    cdef double step = <double>((<float>1.0 - <float>0.1) / <float>count)
    if k < (count + 1) // 2:
        return <float>(first + step * k)
    return <float>(1.0 - step * (count - k))


cdef inline float between(float a, float b) noexcept nogil:
    # The least float32 that is no nearer to a, which is below b.
    cdef double middle = (<double>a + <double>b) / 2.0
    cdef float found = <float>middle
    return nextafterf(found, b) if <double>found < middle else found


cdef inline void fill_map(Map* m, bint signed) noexcept nogil:
    cdef double power = 1e6         # of ten, by which the decade is below the highest
    cdef float* value = m.value + (ZERO8 if signed else 0)    # of level 0
    cdef int i, k, count, level = 0
    value[0] = 0
    for i in range(DECADES):
        count = 1 << i if signed else 2 << i
        m.lines.slope[i] = <float>(count * power / 0.9)
        m.lines.count[i] = <float>count
        m.lines.start[i] = level
        for k in range(count):
            level += 1
            value[level] = <float>(1.0 / power) * ((boundary(count, k) + boundary(count, k + 1)) / <float>2.0)
            if signed:
                value[-level] = -value[level]
        power /= 10.0
    value[level + 1] = <float>1.0
    m.lines.start[DECADES] = level
    for i in range(DECADES + 1):
        level = <int>m.lines.start[i]
        m.lines.start[i] = between(value[level], value[level + 1])
    m.lines.top = <float>128.0 if signed else <float>256.0


cdef inline float place_of(float x, const Lines* l) noexcept nogil:
    # The place of a magnitude in [0, 1] on the line of its decade. All comparisons are made, and none is a branch.
    cdef float slope = l.slope[0], count = l.count[0], place, most
    slope = l.slope[1] if x >= l.start[1] else slope
    count = l.count[1] if x >= l.start[1] else count
    slope = l.slope[2] if x >= l.start[2] else slope
    count = l.count[2] if x >= l.start[2] else count
    slope = l.slope[3] if x >= l.start[3] else slope
    count = l.count[3] if x >= l.start[3] else count
    slope = l.slope[4] if x >= l.start[4] else slope
    count = l.count[4] if x >= l.start[4] else count
    slope = l.slope[5] if x >= l.start[5] else slope
    count = l.count[5] if x >= l.start[5] else count
    slope = l.slope[6] if x >= l.start[6] else slope
    count = l.count[6] if x >= l.start[6] else count
    place = slope * x + count * <float>0.8888889
    # The least of the next decade are as near to the last number of this one, and go to it.
    most = count + count - <float>1.0
    place = place if place < most else most
    return l.top if x >= l.start[DECADES] else place


cdef inline float largest(const float* restrict source, Py_ssize_t n, uint32_t mask) noexcept nogil:
    # Of the finite elements; `mask` may leave the sign, and with it those below zero, out. As bits they are in the
    # order of integers, whose maximum is vectorised.
    cdef int32_t most = 0, bits
    cdef Py_ssize_t i
    for i in range(n):
        bits = <int32_t>(bits_of(source[i]) & mask)
        bits = 0 if bits > FINITE else bits
        most = bits if bits > most else most
    return float_of(<uint32_t>most)


cdef inline void scale_of(float most, float* lift, float* inverse) noexcept nogil:
    # What brings magnitudes up to `most` to [0, 1] in two products: a small subnormal number has no inverse in float32.
    lift[0] = <float>0.0
    inverse[0] = <float>0.0
    if most > 0:
        lift[0] = <float>4294967296.0 if most < <float>1e-30 else <float>1.0
        inverse[0] = <float>1.0 / (most * lift[0])


cdef inline void pack_signed(const float* restrict source, uint8_t* restrict codes, float* restrict absmax,
                             Py_ssize_t n, const Map* m) noexcept nogil:
    # An infinity becomes the largest that is finite, and NaN becomes 0: one element does not take a block with it.
    cdef Lines lines = m.lines
    cdef float lift, inverse, x, place
    cdef int32_t code
    cdef Py_ssize_t i, b, start
    for b in range((n + SPAN - 1) // SPAN):
        start = b * SPAN
        absmax[b] = largest(source + start, min(n - start, <Py_ssize_t>SPAN), 0x7fffffffu)
        scale_of(absmax[b], &lift, &inverse)
        for i in range(start, min(n, start + SPAN)):
            x = fabsf(source[i]) * lift * inverse
            place = place_of(x, &lines)
            place = place if x >= lines.start[0] else <float>0.0
            code = ZERO8 + <int32_t>copysignf(place, source[i])
            codes[i] = <uint8_t>(code if code > 0 else 0)


cdef inline void pack_positive(const float* restrict source, uint8_t* restrict codes, float* restrict absmax,
                               Py_ssize_t n, const Map* m) noexcept nogil:
    # What is above zero does not become zero, however far below the largest it is: it is what a step is divided by.
    cdef Lines lines = m.lines
    cdef float lift, inverse, x, place, least
    cdef Py_ssize_t i, b, start
    for b in range((n + SPAN - 1) // SPAN):
        start = b * SPAN
        absmax[b] = largest(source + start, min(n - start, <Py_ssize_t>SPAN), 0xffffffffu)
        scale_of(absmax[b], &lift, &inverse)
        for i in range(start, min(n, start + SPAN)):
            x = source[i] if source[i] > 0 else <float>0.0
            place = place_of(x * lift * inverse, &lines)
            least = <float>2.0 if x > 0 else <float>1.0
            place = place if place > least else least
            codes[i] = <uint8_t>(<int32_t>place - 1)


cdef inline void pack_root(float* restrict source, uint8_t* restrict codes, float* restrict absmax,
                           Py_ssize_t n, const Map* m) noexcept nogil:
    # The square roots, which takes the place of the elements.
    cdef Py_ssize_t i
    for i in range(n):
        source[i] = sqrtf(source[i] if source[i] > 0 else <float>0.0)
    pack_positive(source, codes, absmax, n, m)


cdef inline void unpack(const uint8_t* restrict codes, const float* restrict absmax, float* restrict target,
                        Py_ssize_t n, const Map* m) noexcept nogil:
    cdef Py_ssize_t i, b
    for b in range((n + SPAN - 1) // SPAN):
        for i in range(b * SPAN, min(n, (b + 1) * SPAN)):
            target[i] = m.value[codes[i]] * absmax[b]


cdef inline void unpack_root(const uint8_t* restrict codes, const float* restrict absmax, float* restrict target,
                             Py_ssize_t n, const Map* m) noexcept nogil:
    cdef Py_ssize_t i
    unpack(codes, absmax, target, n, m)
    for i in range(n):
        target[i] = target[i] * target[i]
