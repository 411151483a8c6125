"""Slots -> ranges for threads -> kernels."""
from cython.parallel cimport prange
from libc.stdint cimport uintptr_t
from libc.string cimport memcpy

from fastgd.engine.formats cimport computed_in, itemsize
from fastgd.engine.fpmode cimport enter, fp_mode, leave
from fastgd.engine.tile cimport call, run_tiles
from fastgd.kernels.rule cimport DIRECT

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define fastgd_prefetch(address) __builtin_prefetch(address)
    #else
    #define fastgd_prefetch(address) ((void)(address))
    #endif
    """
    void prefetch "fastgd_prefetch"(const void*) nogil

cdef enum:
    AHEAD = 3               # slots between the one that is updated and the one that is asked for
    PER_THREAD = 8192       # elements from which one more thread pays

cdef Py_ssize_t parallel_from = PARALLEL_FROM


def set_parallel_from(Py_ssize_t elements):
    """Change from how many elements threads are used; returns the number before. For tests and measurements."""
    global parallel_from
    before, parallel_from = parallel_from, elements
    return before


ctypedef struct Cut:
    # Where a thread's range begins or ends.
    Py_ssize_t slot
    Py_ssize_t element


cdef void settle_formats(Slot* slot, int states) noexcept nogil:
    """Find out whether a slot is direct, once parameter and states are there."""
    cdef int k
    slot.direct = slot.formats[0] < DIRECT
    for k in range(2, states + 2):
        slot.direct = slot.direct and slot.formats[k] == slot.formats[0]


cdef inline void advance(void** arrays, int count, Py_ssize_t nbytes) noexcept nogil:
    cdef int k
    for k in range(count):
        arrays[k] = <char*>arrays[k] + nbytes


cdef void run_part(const Slot* slot, const Cohort* cohort, Py_ssize_t start, Py_ssize_t stop,
                   const Stage* stage) noexcept nogil:
    """Elements [start, stop) of one slot."""
    cdef void* arrays[MAX_ARRAYS]
    cdef void* f = cohort.rule.kernels[computed_in(slot.formats[0])]
    cdef int states = cohort.rule.state_count
    cdef Py_ssize_t n = stop - start, width, head = 0
    cdef bint direct = slot.direct and slot.formats[1] == slot.formats[0] and not stage.active
    if direct and start == 0 and n < ALIGN_FROM:
        call(f, states, slot.arrays, n, &cohort.scalars)
        return
    width = itemsize(slot.formats[0])
    if n >= ALIGN_FROM:
        head = (-(<uintptr_t>slot.arrays[0] + start * width) % CACHE_LINE) // width
    if not direct:
        run_tiles(slot, cohort, start, stop, head, stage)
        return
    memcpy(arrays, slot.arrays, sizeof(arrays))
    advance(arrays, states + 2, start * width)
    if head:
        call(f, states, arrays, head, &cohort.scalars)
        advance(arrays, states + 2, head * width)
    call(f, states, arrays, n - head, &cohort.scalars)


cdef inline void fetch(const Slot* slot) noexcept nogil:
    """Ask for the beginning of a slot's arrays, which another slot's update leaves time to arrive."""
    cdef int k
    for k in range(4):
        prefetch(slot.arrays[k])


cdef void run_range(const Slot* slots, Py_ssize_t count, const Cohort* cohorts, Cut start, Cut stop,
                    const Stage* stage) noexcept nogil:
    cdef Py_ssize_t i, begin, end
    for i in range(start.slot, stop.slot + 1):
        if i + AHEAD < count:
            fetch(&slots[i + AHEAD])
        begin = start.element if i == start.slot else 0
        end = stop.element if i == stop.slot else slots[i].size
        if slots[i].cohort >= 0 and end > begin:
            run_part(&slots[i], &cohorts[slots[i].cohort], begin, end, stage)


cdef void run_thread(const Slot* slots, Py_ssize_t count, const Cohort* cohorts, Cut start, Cut stop,
                     const Stage* stage) noexcept nogil:
    """Run a range in a thread of a parallel region, whose floating-point mode need not be the caller's."""
    cdef fp_mode mode = enter()
    run_range(slots, count, cohorts, start, stop, stage)
    leave(mode)


cdef Cut split(const Slot* slots, Py_ssize_t count, Py_ssize_t target) noexcept nogil:
    """The place `target` elements into the slots that have a gradient, moved on to a cache line's beginning."""
    cdef Py_ssize_t i, element, width
    cdef Cut result
    if target == 0:
        # Thread 0 starts at element 0 even off a cache line: no other thread owns the elements before it.
        return Cut(0, 0)
    for i in range(count):
        if slots[i].cohort < 0:
            continue
        if target < slots[i].size:
            width = itemsize(slots[i].formats[0])
            element = target + (-(<uintptr_t>slots[i].arrays[0] + target * width) % CACHE_LINE) // width
            result.slot = i
            result.element = min(element, slots[i].size)
            return result
        target -= slots[i].size
    result.slot = count - 1
    result.element = slots[count - 1].size
    return result


cdef void execute(const Slot* slots, Py_ssize_t count, const Cohort* cohorts,
                  const Stage* stage, int threads) noexcept nogil:
    """
    Every slot that has a cohort, in ranges of whole cache lines cut over the list.

    The caller has entered the usual floating-point mode.
    """
    cdef Py_ssize_t total = 0, i
    cdef int k
    if count == 0:
        return
    for i in range(count):
        if slots[i].cohort >= 0:
            total += slots[i].size
    if total < parallel_from or threads == 1:
        run_range(slots, count, cohorts, Cut(0, 0), Cut(count - 1, slots[count - 1].size), stage)
        return
    threads = <int>max(1, min(<Py_ssize_t>threads, total // PER_THREAD))
    for k in prange(threads, num_threads=threads, schedule="static", chunksize=1):
        run_thread(slots, count, cohorts, split(slots, count, total // threads * k),
                   split(slots, count, total if k == threads - 1 else total // threads * (k + 1)), stage)
