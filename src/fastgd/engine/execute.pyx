"""Segments -> ranges for threads -> kernels."""
from cython.parallel cimport prange
from libc.stdint cimport uintptr_t
from libc.string cimport memcpy

from fastgd.engine.dispatch cimport table
from fastgd.engine.fpmode cimport enter, fp_mode, leave
from fastgd.kernels.rule cimport Kernel0, Kernel1, Kernel2, Kernel3, Kernel4

cdef enum:
    CACHE_LINE = 64
    TILE = 512              # elements that a gradient stage holds in L1
    PER_THREAD = 8192       # elements from which one more thread pays

cpdef enum:
    ALIGN_FROM = 1024       # elements from which a short head pays that brings the parameter to a cache line
    # Elements from which a parallel region pays. With threads awake it does from some 50,000; between the steps of a
    # training they sleep, and waking them costs what 500,000 elements of Adam do.
    PARALLEL_FROM = 524288

cdef Py_ssize_t parallel_from = PARALLEL_FROM


def set_parallel_from(Py_ssize_t elements):
    """Change from how many elements threads are used; returns the number before. For tests and measurements."""
    global parallel_from
    before, parallel_from = parallel_from, elements
    return before


ctypedef struct Cut:
    # Where a thread's range begins or ends.
    Py_ssize_t segment
    Py_ssize_t element


cdef inline void call(void* f, int states, void* const* a, Py_ssize_t n, const double* scalars) noexcept nogil:
    if states == 2:
        (<Kernel2>f)(a[0], a[1], a[2], a[3], n, scalars)
    elif states == 1:
        (<Kernel1>f)(a[0], a[1], a[2], n, scalars)
    elif states == 0:
        (<Kernel0>f)(a[0], a[1], n, scalars)
    elif states == 3:
        (<Kernel3>f)(a[0], a[1], a[2], a[3], a[4], n, scalars)
    else:
        (<Kernel4>f)(a[0], a[1], a[2], a[3], a[4], a[5], n, scalars)


cdef inline void advance(void** arrays, int count, Py_ssize_t nbytes) noexcept nogil:
    cdef int k
    for k in range(count):
        arrays[k] = <char*>arrays[k] + nbytes


cdef void staged(void* f, int states, int itemsize, void** arrays, Py_ssize_t n, const double* scalars,
                 const Stage* stage) noexcept nogil:
    """The rule on tiles whose gradient has been scaled and clipped in L1; the gradient itself is only read."""
    cdef double[TILE] tile
    cdef void* grad
    cdef Py_ssize_t m
    while n > 0:
        m = min(n, <Py_ssize_t>TILE)
        grad = arrays[1]
        memcpy(tile, grad, m * itemsize)
        if itemsize == 4:
            table().limit32(<float*>tile, m, stage.scale, stage.bound)
        else:
            table().limit64(tile, m, stage.scale, stage.bound)
        arrays[1] = tile
        call(f, states, arrays, m, scalars)
        arrays[1] = grad
        advance(arrays, states + 2, m * itemsize)
        n -= m


cdef void stretch(const Segment* segment, const Cohort* cohort, Py_ssize_t start, Py_ssize_t stop,
                  const Stage* stage) noexcept nogil:
    """Elements [start, stop) of one segment."""
    cdef void* arrays[MAX_ARRAYS]
    cdef void* f = cohort.f32 if segment.itemsize == 4 else cohort.f64
    cdef Py_ssize_t n = stop - start, head
    if not stage.active and start == 0 and n < ALIGN_FROM:
        call(f, cohort.states, segment.arrays, n, cohort.scalars)
        return
    memcpy(arrays, segment.arrays, sizeof(arrays))
    advance(arrays, cohort.states + 2, start * segment.itemsize)
    if stage.active:
        staged(f, cohort.states, segment.itemsize, arrays, n, cohort.scalars, stage)
        return
    if n >= ALIGN_FROM:
        head = (-<uintptr_t>arrays[0] % CACHE_LINE) // segment.itemsize
        if head:
            call(f, cohort.states, arrays, head, cohort.scalars)
            advance(arrays, cohort.states + 2, head * segment.itemsize)
            n -= head
    call(f, cohort.states, arrays, n, cohort.scalars)


cdef void work(const Segment* segments, const Cohort* cohorts, Cut start, Cut stop,
               const Stage* stage) noexcept nogil:
    cdef Py_ssize_t i, begin, end
    cdef fp_mode mode = enter()
    for i in range(start.segment, stop.segment + 1):
        begin = start.element if i == start.segment else 0
        end = stop.element if i == stop.segment else segments[i].size
        if segments[i].cohort >= 0 and end > begin:
            stretch(&segments[i], &cohorts[segments[i].cohort], begin, end, stage)
    leave(mode)


cdef Cut cut(const Segment* segments, Py_ssize_t count, Py_ssize_t target) noexcept nogil:
    """The place `target` elements into the segments that have a gradient, moved on to a cache line's beginning."""
    cdef Py_ssize_t i, element
    cdef Cut result
    if target == 0:
        return Cut(0, 0)    # not moved on: nobody else has what comes before the line
    for i in range(count):
        if segments[i].cohort < 0:
            continue
        if target < segments[i].size:
            element = target + (-(<uintptr_t>segments[i].arrays[0] + target * segments[i].itemsize)
                                % CACHE_LINE) // segments[i].itemsize
            result.segment = i
            result.element = min(element, segments[i].size)
            return result
        target -= segments[i].size
    result.segment = count - 1
    result.element = segments[count - 1].size
    return result


cdef void execute(const Segment* segments, Py_ssize_t count, const Cohort* cohorts,
                  const Stage* stage, int threads) noexcept nogil:
    """Every segment that has a cohort, in ranges of whole cache lines cut over the list."""
    cdef Py_ssize_t total = 0, i
    cdef int k
    if count == 0:
        return
    for i in range(count):
        if segments[i].cohort >= 0:
            total += segments[i].size
    if total < parallel_from or threads == 1:
        work(segments, cohorts, Cut(0, 0), Cut(count - 1, segments[count - 1].size), stage)
        return
    threads = <int>min(<Py_ssize_t>threads, total // PER_THREAD)
    for k in prange(threads, num_threads=threads, schedule="static", chunksize=1):
        work(segments, cohorts, cut(segments, count, total // threads * k),
             cut(segments, count, total if k == threads - 1 else total // threads * (k + 1)), stage)
