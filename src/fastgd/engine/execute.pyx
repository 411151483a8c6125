"""Slots -> chunks for threads -> kernels."""
from libc.stdint cimport uintptr_t
from libc.string cimport memcpy

from fastgd.engine.dispatch cimport table
from fastgd.engine.formats cimport computed_in, itemsize
from fastgd.engine.fpmode cimport enter, fp_mode, leave
from fastgd.engine.pool cimport MAX_CHUNKS, now, run_chunks
from fastgd.engine.threads cimport Cost, expected, is_known, learn, team
from fastgd.engine.tile cimport call, run_tiles
from fastgd.kernels.rule cimport DIRECT, FORMATS

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
    LARGE = 16384           # elements from which threads are thought of, and of a chunk
    MAX_RULES = 64          # whose cost is remembered, and one more place for roofs

ctypedef struct Cut:
    # Where a chunk begins or ends.
    Py_ssize_t slot
    Py_ssize_t element

ctypedef struct Job:
    # What is done in chunks, of which number k lies between cuts k and k + 1.
    const Slot* slots
    Py_ssize_t count
    const Cohort* cohorts
    const Stage* stage
    double first            # nanoseconds that chunk 0 took
    Cut[MAX_CHUNKS + 1] cuts

cdef Cost[MAX_RULES + 1][FORMATS] costs


cdef void settle_formats(Slot* slot, int states) noexcept nogil:
    """Find out whether a slot is direct, once parameter and states are there."""
    cdef int k
    slot.stochastic = 0
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


cdef void run_chunk(void* data, int k) noexcept nogil:
    """Chunk k, in a thread whose floating-point mode need not be the caller's."""
    cdef Job* job = <Job*>data
    cdef fp_mode mode = enter()
    cdef double start = now() if k == 0 else 0
    run_range(job.slots, job.count, job.cohorts, job.cuts[k], job.cuts[k + 1], job.stage)
    if k == 0:
        job.first = now() - start
    leave(mode)


cdef Cut aligned(const Slot* slots, Py_ssize_t i, Py_ssize_t element) noexcept nogil:
    """The first place from an element of slot i on where its parameter has a cache line's beginning, or its end."""
    cdef Py_ssize_t width = itemsize(slots[i].formats[0])
    cdef Py_ssize_t rest = (-(<uintptr_t>slots[i].arrays[0] + element * width) % CACHE_LINE) // width
    return Cut(i, min(element + rest, slots[i].size))


cdef void cut(Job* job, Py_ssize_t total, int chunks) noexcept nogil:
    """Cut the slots that have a gradient, `total` elements, into equal chunks of whole cache lines."""
    cdef const Slot* slots = job.slots
    cdef Py_ssize_t i = 0, before = 0, target
    cdef int k
    # Chunk 0 starts at element 0 even off a cache line: no other chunk has the elements before it.
    job.cuts[0] = Cut(0, 0)
    for k in range(1, chunks):
        target = total // chunks * k
        while slots[i].cohort < 0 or target - before >= slots[i].size:
            before += slots[i].size if slots[i].cohort >= 0 else 0
            i += 1
        job.cuts[k] = aligned(slots, i, target - before)
    job.cuts[chunks] = Cut(job.count - 1, slots[job.count - 1].size)


cdef Cost* cost_of(const Slot* slot, const Cohort* cohorts) noexcept nogil:
    cdef Py_ssize_t rule = cohorts[slot.cohort].rule - table().rules
    return &costs[rule if 0 <= rule < MAX_RULES else MAX_RULES][slot.formats[0]]


cdef void execute(const Slot* slots, Py_ssize_t count, const Cohort* cohorts,
                  const Stage* stage, int threads) noexcept nogil:
    """
    Every slot that has a cohort, alone or in chunks for threads.

    The caller has entered the usual floating-point mode.
    """
    cdef Py_ssize_t total = 0, i
    if count == 0:
        return
    for i in range(count):
        if slots[i].cohort >= 0:
            total += slots[i].size
    if threads == 1 or total < LARGE or not in_chunks(slots, count, cohorts, stage, total, threads):
        run_range(slots, count, cohorts, Cut(0, 0), Cut(count - 1, slots[count - 1].size), stage)


cdef bint in_chunks(const Slot* slots, Py_ssize_t count, const Cohort* cohorts,
                    const Stage* stage, Py_ssize_t total, int threads) noexcept nogil:
    """Do a step of `total` elements in chunks, if it is worth it: for threads, or to measure what the rule costs."""
    cdef Job job
    cdef Cost* cost = NULL
    cdef double work = 0.0
    cdef Py_ssize_t i
    cdef int chunks
    for i in range(count):
        if slots[i].cohort >= 0:
            work += slots[i].size * expected(cost_of(&slots[i], cohorts))
            if cost == NULL:
                cost = cost_of(&slots[i], cohorts)
    threads = team(threads, total, work)
    if threads == 1 and is_known(cost):
        return False
    # Each thread has as many chunks as the others.
    chunks = threads * max(1, <int>min(total // LARGE, <Py_ssize_t>MAX_CHUNKS) // threads)
    job.slots, job.count, job.cohorts, job.stage = slots, count, cohorts, stage
    cut(&job, total, chunks)
    run_chunks(threads, chunks, run_chunk, &job)
    if not is_known(cost):
        learn(cost, total // chunks, job.first)
    return True
