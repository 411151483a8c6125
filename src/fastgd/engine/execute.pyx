"""Slots -> chunks for threads -> kernels."""
from libc.stdint cimport int16_t, uintptr_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from fastgd.engine.dispatch cimport table
from fastgd.engine.fetch cimport fetch, fetch_rows
from fastgd.engine.formats cimport computed_in, itemsize
from fastgd.engine.fpmode cimport enter, fp_mode, leave
from fastgd.engine.pool cimport MAX_CHUNKS, now, run_chunks
from fastgd.engine.ranges cimport DEPTH, RANGE, let_go, read_ahead, write_behind
from fastgd.engine.stages cimport run_after
from fastgd.engine.threads cimport Cost, expected, is_known, learn, team
from fastgd.engine.tile cimport call, measure_tiles, run_tiles
from fastgd.kernels.rule cimport (
    BFLOAT16, BFLOAT16_BESIDE_STATES, BFLOAT16_GRAD, BFLOAT16_MASTER, BFLOAT16_THROUGHOUT, DIRECT, FLOAT32, FLOAT64,
    FORMATS, MAX_CARRY, MAX_TERMS, SIGNED8, SPAN, Format, Rule,
)

cdef enum:
    AHEAD = 3               # slots between the one that is updated and the one that is asked for
    ROWS_AHEAD = 8          # rows that are asked for at once, while as many are updated
    LARGE = 16384           # elements from which threads are thought of, and of a chunk
    MAX_RULES = 96          # whose cost is remembered, and one more place for roofs
    CACHED = 32768          # elements of a slot that goes through all its passes at once
    PIECE = 512             # elements that are updated before what follows them is: all their arrays are then in L1

ctypedef struct Cut:
    # Where a chunk begins or ends.
    Py_ssize_t slot
    Py_ssize_t element

ctypedef struct Work:
    # A step: its slots, and which of the passes over them is under way. Rules of one pass are done in pass 0.
    Slot* slots
    Py_ssize_t count
    Cohort* cohorts
    const Stage* stage
    bint several                    # whether a rule has more than one pass
    bint failed                     # whether other processes were not reached, so that the last pass is not made
    int number                      # of the pass
    double[MAX_TERMS] sums          # over all slots, of rules whose sums are, and their elements
    Py_ssize_t summed
    # Where threads share a step, what is measured of blocks waits here until the pass is over; else this is NULL.
    double* partial                 # MAX_TERMS sums for each block
    Py_ssize_t* first               # for each slot, the number of its first block
    Cohort* own                     # for each slot, its cohort with what its sums have changed

ctypedef struct Job:
    # What is done in chunks, of which number k lies between cuts k and k + 1.
    Work* work
    double first            # nanoseconds that chunk 0 took
    Cut[MAX_CHUNKS + 1] cuts

cdef Cost[2][MAX_RULES + 1][FORMATS] costs      # of parameters, and of rows, which memory does not have at hand


cdef void settle_formats(Slot* slot, int states) noexcept nogil:
    """Find out which kernels take a slot's arrays as they are, once parameter and states are there."""
    cdef int k
    cdef bint equal = True, single = True
    slot.stochastic = 0
    slot.master = NULL
    slot.blocked = False
    for k in range(2, states + 2):
        equal = equal and slot.formats[k] == slot.formats[0]
        single = single and slot.formats[k] == FLOAT32
        slot.blocked = slot.blocked or slot.formats[k] >= SIGNED8
    slot.direct = equal and slot.formats[0] < DIRECT
    slot.narrow = 0
    if slot.formats[0] == BFLOAT16:
        slot.narrow = BFLOAT16_THROUGHOUT if equal else (BFLOAT16_BESIDE_STATES if single else 0)
    elif slot.formats[0] == FLOAT32 and single:
        slot.narrow = BFLOAT16_GRAD


cdef inline void* narrow_kernel(const Slot* slot, const Rule* rule) noexcept nogil:
    """The kernel for arrays of which some are in bfloat16; NULL where they go through tiles."""
    if slot.narrow == 0 or slot.formats[1] != BFLOAT16 or slot.stochastic:
        return NULL
    if slot.master != NULL:
        return rule.kernels[BFLOAT16_MASTER] if slot.narrow == BFLOAT16_BESIDE_STATES else NULL
    return rule.kernels[slot.narrow]


cdef inline void locate(const Slot* slot, int states, Py_ssize_t start, void** arrays) noexcept nogil:
    """Where element `start` lies in a slot's arrays, and in what its parameter lacks to a float32."""
    cdef int k
    for k in range(states + 2):
        arrays[k] = <char*>slot.arrays[k] + start * itemsize(slot.formats[k])
    if slot.master != NULL:
        arrays[states + 2] = <int16_t*>slot.master + start


cdef inline Py_ssize_t before_line(const Slot* slot, Py_ssize_t element) noexcept nogil:
    """
    How many elements there are from this one to where a cache line of the parameter begins, or a block of state.
    """
    cdef Py_ssize_t width = itemsize(slot.formats[0])
    if slot.blocked:
        return -element % SPAN
    return (-(<uintptr_t>slot.arrays[0] + element * width) % CACHE_LINE) // width


cdef void run_part(const Slot* slot, const Cohort* cohort, Py_ssize_t start, Py_ssize_t stop,
                   const Stage* stage) noexcept nogil:
    """Elements [start, stop) of one slot, and what comes after the rule."""
    cdef Py_ssize_t n
    if slot.after == NULL and not stage.zeroes:
        run_rule(slot, cohort, start, stop, stage)
        return
    while start < stop:
        n = min(stop - start, PIECE + before_line(slot, start))
        run_rule(slot, cohort, start, start + n, stage)
        run_after(slot, start, start + n, stage.zeroes)
        start += n


cdef void run_rule(const Slot* slot, const Cohort* cohort, Py_ssize_t start, Py_ssize_t stop,
                   const Stage* stage) noexcept nogil:
    """The last pass of a rule over elements [start, stop) of one slot."""
    cdef void* arrays[MAX_ARRAYS + 1]
    cdef void* f = NULL
    cdef int states = cohort.rule.state_count, given = states + (slot.master != NULL)
    cdef Py_ssize_t n = stop - start, head = 0
    if not stage.active:
        if slot.direct and slot.formats[1] == slot.formats[0]:
            f = cohort.rule.kernels[slot.formats[0]]
        else:
            f = narrow_kernel(slot, cohort.rule)
        if f != NULL and start == 0 and n < ALIGN_FROM and given == states:
            call(f, states, slot.arrays, n, &cohort.scalars)
            return
    if n >= ALIGN_FROM:
        head = before_line(slot, start)
    if f == NULL:
        run_tiles(slot, cohort, start, stop, head, stage)
        return
    memset(arrays, 0, sizeof(arrays))
    if head:
        locate(slot, states, start, arrays)
        call(f, given, arrays, head, &cohort.scalars)
    locate(slot, states, start + head, arrays)
    call(f, given, arrays, n - head, &cohort.scalars)


cdef inline Py_ssize_t blocks_of(Py_ssize_t elements) noexcept nogil:
    return (elements + BLOCK - 1) // BLOCK


cdef void add(double* sums, const double* terms) noexcept nogil:
    cdef int k
    for k in range(MAX_TERMS):
        sums[k] += terms[k]


cdef void run_whole(const Slot* slot, const Cohort* cohort, Py_ssize_t start, Py_ssize_t stop, const Stage* stage,
                    double* memory) noexcept nogil:
    """All passes over elements [start, stop) of one slot, for which `memory` is kept: all of them, or one row."""
    cdef Cohort own = cohort[0]
    cdef double[MAX_TERMS] sums
    cdef double[MAX_TERMS] terms
    cdef Py_ssize_t b
    cdef int number
    for number in range(cohort.rule.measure_count):
        memset(sums, 0, sizeof(sums))
        memset(terms, 0, sizeof(terms))
        for b in range(blocks_of(stop - start)):
            measure_tiles(slot, &own, number, start + b * BLOCK, min(start + (b + 1) * BLOCK, stop), stage, terms)
            add(sums, terms)
        cohort.rule.measures[number].settle(&own.scalars, sums, stop - start, memory)
    run_part(slot, &own, start, stop, stage)


cdef void run_row(const Slot* slot, const Cohort* cohort, Py_ssize_t row, Py_ssize_t width,
                  const Stage* stage) noexcept nogil:
    """All passes over one row of a slot whose rule keeps numbers for it."""
    cdef double[MAX_CARRY] memory
    cdef void* numbers
    cdef int k
    for k in range(cohort.rule.row_numbers):
        numbers = slot.arrays[2 + cohort.rule.state_count + k]
        if computed_in(slot.formats[0]) == FLOAT64:
            memory[k] = (<double*>numbers)[row]
        else:
            memory[k] = (<float*>numbers)[row]
    run_whole(slot, cohort, row * width, (row + 1) * width, stage, memory)
    for k in range(cohort.rule.row_numbers):
        numbers = slot.arrays[2 + cohort.rule.state_count + k]
        if computed_in(slot.formats[0]) == FLOAT64:
            (<double*>numbers)[row] = memory[k]
        else:
            (<float*>numbers)[row] = <float>memory[k]


cdef void run_rows(const Slot* slot, const Cohort* cohort, Py_ssize_t start, Py_ssize_t stop,
                   const Stage* stage) noexcept nogil:
    """
    Elements [start, stop) of those that a gradient of rows has, or of all where a rule keeps numbers for each row.

    They begin and end with rows. A row is a part of its slot, whose gradient is given from where it would begin if it
    had all rows.
    """
    cdef Slot own = slot[0]
    cdef const Touched* touched = slot.touched
    cdef Py_ssize_t width = row_width(slot), k, row, item = itemsize(slot.formats[1])
    cdef Py_ssize_t first = start // width, last = stop // width
    if touched != NULL:
        fetch_rows(slot, cohort.rule, first, min(first + ROWS_AHEAD, last), width)
    for k in range(first, last):
        row = k
        if touched != NULL:
            if (k - first) % ROWS_AHEAD == 0:
                fetch_rows(slot, cohort.rule, min(k + ROWS_AHEAD, last), min(k + 2 * ROWS_AHEAD, last), width)
            row = touched.numbers[k]
            own.arrays[1] = <void*>(<uintptr_t>touched.values[k] - <uintptr_t>(row * width * item))
        if cohort.rule.row_numbers:
            run_row(&own, cohort, row, width, stage)
        else:
            run_part(&own, cohort, row * width, (row + 1) * width, stage)


cdef inline bint is_apart(const Work* work, const Slot* slot, const Rule* rule) noexcept nogil:
    """Whether a slot goes through its passes one by one, after the other slots have gone through theirs."""
    return rule.measure_count > 0 and not rule.row_numbers and (
        rule.over_all or (work.partial != NULL and slot.size > CACHED))


cdef void measure_blocks(Work* work, Py_ssize_t i, const Cohort* cohort, Py_ssize_t start,
                         Py_ssize_t stop) noexcept nogil:
    """The measuring pass under way over elements [start, stop) of slot i, which begin and end with blocks."""
    cdef double[MAX_TERMS] terms
    cdef Py_ssize_t b
    memset(terms, 0, sizeof(terms))
    for b in range(start // BLOCK, blocks_of(stop)):
        measure_tiles(&work.slots[i], cohort, work.number, b * BLOCK, min((b + 1) * BLOCK, stop), work.stage, terms)
        if work.partial == NULL:
            if not work.slots[i].elsewhere:
                add(work.sums, terms)
        else:
            memcpy(work.partial + (work.first[i] + b) * MAX_TERMS, terms, sizeof(terms))


cdef void run_passes(Work* work, Py_ssize_t i, Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    """What the pass under way does with elements [start, stop) of slot i, whose rule has several passes."""
    cdef Slot* slot = &work.slots[i]
    cdef Cohort* cohort = &work.cohorts[slot.cohort]
    cdef const Rule* rule = cohort.rule
    if not is_apart(work, slot, rule):
        if work.number == 0:
            run_whole(slot, cohort, 0, slot.size, work.stage, slot.carry + cohort.history)
        return
    if not rule.over_all and work.number > 0:
        cohort = &work.own[i]
    if work.number < rule.measure_count:
        measure_blocks(work, i, cohort, start, stop)
    elif work.number == rule.measure_count:
        run_part(slot, cohort, start, stop, work.stage)


cdef void run_elements(Work* work, Py_ssize_t i, Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    """What the pass under way does with elements [start, stop) of slot i."""
    cdef const Slot* slot = &work.slots[i]
    cdef const Cohort* cohort = &work.cohorts[slot.cohort]
    if slot.touched != NULL or cohort.rule.row_numbers:
        if work.number == 0:
            run_rows(slot, cohort, start, stop, work.stage)
    elif cohort.rule.measure_count:
        run_passes(work, i, start, stop)
    elif work.number == 0:
        run_part(slot, cohort, start, stop, work.stage)


cdef void run_in_ranges(Work* work, Py_ssize_t i, Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    """The same in ranges, of which later ones are read meanwhile, and earlier ones written."""
    cdef const Slot* slot = &work.slots[i]
    cdef const Rule* rule = work.cohorts[slot.cohort].rule
    cdef const Ranges* ranges = work.stage.ranges
    cdef int states = rule.state_count
    cdef bint apart = is_apart(work, slot, rule)
    cdef Py_ssize_t size = RANGE, end
    if slot.touched != NULL or (rule.measure_count and not apart and not rule.row_numbers):
        run_elements(work, i, start, stop)
        return
    if work.number > (rule.measure_count if apart else 0):
        return
    if rule.row_numbers:
        size = row_width(slot) * max(1, RANGE // row_width(slot))
    read_ahead(ranges, slot, states, start, start + DEPTH * size)
    while start < stop:
        end = min(start - start % size + size, stop)
        read_ahead(ranges, slot, states, end + (DEPTH - 1) * size, end + DEPTH * size)
        run_elements(work, i, start, end)
        write_behind(ranges, slot, states, start, end)
        let_go(ranges, slot, states, start - DEPTH * size, end - DEPTH * size)
        start = end


cdef void run_range(Work* work, Cut start, Cut stop) noexcept nogil:
    cdef const Slot* slots = work.slots
    cdef Py_ssize_t i, begin, end
    for i in range(start.slot, stop.slot + 1):
        if i + AHEAD < work.count:
            fetch(&slots[i + AHEAD])
        begin = start.element if i == start.slot else 0
        end = stop.element if i == stop.slot else updated(&slots[i])
        if slots[i].cohort >= 0 and end > begin:
            if work.stage.ranges == NULL:
                run_elements(work, i, begin, end)
            else:
                run_in_ranges(work, i, begin, end)


cdef void settle_slot(Work* work, Py_ssize_t i) noexcept nogil:
    """Settle what has been measured of slot i, or add it to what is summed over all."""
    cdef Slot* slot = &work.slots[i]
    cdef const Rule* rule = work.cohorts[slot.cohort].rule
    cdef Py_ssize_t b, blocks = blocks_of(slot.size)
    cdef double[MAX_TERMS] sums
    if rule.over_all:
        if slot.elsewhere:
            return
        work.summed += slot.size
        if work.partial != NULL:
            for b in range(blocks):
                add(work.sums, work.partial + (work.first[i] + b) * MAX_TERMS)
        return
    memset(sums, 0, sizeof(sums))
    for b in range(blocks):
        add(sums, work.partial + (work.first[i] + b) * MAX_TERMS)
    if work.number == 0:
        work.own[i] = work.cohorts[slot.cohort]
    rule.measures[work.number].settle(&work.own[i].scalars, sums, slot.size,
                                      slot.carry + work.cohorts[slot.cohort].history)


cdef bint settle(Work* work) noexcept nogil:
    """After a pass: settle what it has measured; returns whether there is one more."""
    cdef Py_ssize_t i
    cdef int settled = -1
    cdef Cohort* cohort
    cdef bint more = False, over_all = False
    for i in range(work.count):
        if work.slots[i].cohort >= 0:
            cohort = &work.cohorts[work.slots[i].cohort]
            if is_apart(work, &work.slots[i], cohort.rule) and work.number < cohort.rule.measure_count:
                settle_slot(work, i)
                more = True
                over_all = over_all or cohort.rule.over_all
    if over_all and work.stage.add_others != NULL:
        work.failed = not work.stage.add_others(work.stage.owner, work.sums, &work.summed)
        if work.failed:
            return False
    for i in range(work.count if work.summed else 0):
        # Slots of a cohort follow each other, but for those of others that stand between.
        if work.slots[i].cohort > settled:
            settled = work.slots[i].cohort
            cohort = &work.cohorts[settled]
            if cohort.rule.over_all and work.number < cohort.rule.measure_count:
                cohort.rule.measures[work.number].settle(&cohort.scalars, work.sums, work.summed, cohort.next_carry)
    memset(work.sums, 0, sizeof(work.sums))
    work.summed = 0
    work.number += 1
    return more


cdef void run_chunk(void* data, int k) noexcept nogil:
    """Chunk k, in a thread whose floating-point mode need not be the caller's."""
    cdef Job* job = <Job*>data
    cdef fp_mode mode = enter()
    cdef double start = now() if k == 0 else 0
    run_range(job.work, job.cuts[k], job.cuts[k + 1])
    if k == 0 and job.work.number == 0:
        job.first = now() - start
    leave(mode)


cdef Cut aligned(const Work* work, Py_ssize_t i, Py_ssize_t element) noexcept nogil:
    """The first place from an element of slot i on where it may be cut, or its end."""
    cdef const Slot* slot = &work.slots[i]
    cdef const Rule* rule = work.cohorts[slot.cohort].rule
    if slot.touched != NULL or rule.row_numbers:
        if element:     # There are rows.
            element += -element % row_width(slot)
    elif rule.measure_count == 0:
        # A cache line of the parameter begins there, or a block.
        element += before_line(slot, element)
    elif is_apart(work, slot, rule):
        element += -element % BLOCK
    elif element:
        element = slot.size
    return Cut(i, min(element, updated(slot)))


cdef void cut(Job* job, Py_ssize_t total, int chunks) noexcept nogil:
    """Cut the slots that have a gradient, `total` elements, into chunks of about the same size."""
    cdef const Slot* slots = job.work.slots
    cdef Py_ssize_t i = 0, before = 0, target, last = job.work.count - 1
    cdef int k
    # Chunk 0 starts at element 0 even off a cache line: no other chunk has the elements before it.
    job.cuts[0] = Cut(0, 0)
    for k in range(1, chunks):
        target = total // chunks * k
        while slots[i].cohort < 0 or target - before >= updated(&slots[i]):
            before += updated(&slots[i]) if slots[i].cohort >= 0 else 0
            i += 1
        job.cuts[k] = aligned(job.work, i, target - before)
    job.cuts[chunks] = Cut(last, updated(&slots[last]))


cdef Cost* cost_of(const Slot* slot, const Cohort* cohorts) noexcept nogil:
    cdef Py_ssize_t rule = cohorts[slot.cohort].rule - table().rules
    cdef Format format = SIGNED8 if slot.blocked else slot.formats[0]
    return &costs[slot.touched != NULL][rule if 0 <= rule < MAX_RULES else MAX_RULES][format]


cdef bint execute(Slot* slots, Py_ssize_t count, Cohort* cohorts, const Stage* stage, int threads) noexcept nogil:
    """
    Every slot that has a cohort, alone or in chunks for threads; False, without the last pass, where other processes
    were not reached.

    The caller has entered the usual floating-point mode.
    """
    cdef Work work
    cdef Py_ssize_t total = 0, i
    if count == 0:
        return True
    memset(&work, 0, sizeof(work))
    work.slots, work.count, work.cohorts, work.stage = slots, count, cohorts, stage
    for i in range(count):
        if slots[i].cohort >= 0:
            total += updated(&slots[i])
            work.several = work.several or cohorts[slots[i].cohort].rule.measure_count > 0
    if threads > 1 and total >= LARGE and in_chunks(&work, total, threads):
        return not work.failed
    if stage.ranges != NULL:    # Large slots then measure range by range, as they do for threads.
        make_room(&work)
    run_range(&work, Cut(0, 0), Cut(count - 1, updated(&slots[count - 1])))
    while work.several and settle(&work):
        run_range(&work, Cut(0, 0), Cut(count - 1, updated(&slots[count - 1])))
    free_room(&work)
    return not work.failed


cdef bint make_room(Work* work) noexcept nogil:
    """Memory for what rules of several passes measure; False where there is none, and one thread needs none."""
    cdef Py_ssize_t i, blocks = 0
    if not work.several:
        return True
    for i in range(work.count):
        blocks += blocks_of(work.slots[i].size)
    work.partial = <double*>malloc((blocks + 1) * MAX_TERMS * sizeof(double))
    work.first = <Py_ssize_t*>malloc(work.count * sizeof(Py_ssize_t))
    work.own = <Cohort*>malloc(work.count * sizeof(Cohort))
    if work.partial == NULL or work.first == NULL or work.own == NULL:
        free_room(work)
        return False
    blocks = 0
    for i in range(work.count):
        work.first[i] = blocks
        blocks += blocks_of(work.slots[i].size)
    return True


cdef void free_room(Work* work) noexcept nogil:
    free(work.partial)
    free(work.first)
    free(work.own)
    work.partial, work.first, work.own = NULL, NULL, NULL


cdef bint in_chunks(Work* work, Py_ssize_t total, int threads) noexcept nogil:
    """Do a step of `total` elements in chunks, if it is worth it: for threads, or to measure what the rule costs."""
    cdef Job job
    cdef Cost* cost = NULL
    cdef double expense = 0.0
    cdef Py_ssize_t i
    cdef int chunks
    for i in range(work.count):
        if work.slots[i].cohort >= 0:
            expense += updated(&work.slots[i]) * expected(cost_of(&work.slots[i], work.cohorts))
            if cost == NULL:
                cost = cost_of(&work.slots[i], work.cohorts)
    threads = team(threads, total, expense)
    if (threads == 1 and is_known(cost)) or not make_room(work):
        return False
    # Each thread has as many chunks as the others.
    chunks = threads * max(1, <int>min(total // LARGE, <Py_ssize_t>MAX_CHUNKS) // threads)
    job.work = work
    cut(&job, total, chunks)
    run_chunks(threads, chunks, run_chunk, &job)
    while work.several and settle(work):
        run_chunks(threads, chunks, run_chunk, &job)
    free_room(work)
    if not is_known(cost) and work.stage.ranges == NULL:
        learn(cost, total // chunks, job.first)
    return True
