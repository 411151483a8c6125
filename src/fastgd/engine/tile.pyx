"""
The way of arrays that a rule does not compute in, and of gradients that are clipped: through tiles that stay in L1.

Of each such array, a tile is decoded, handed to the kernel with the pointers of the arrays that need none, and encoded
again. The gradient is only decoded.
"""
from libc.stdint cimport uint8_t, uint16_t, uint32_t, uint64_t
from libc.string cimport memcpy

cimport numpy as cnp

from fastgd.engine.arrays cimport data_of, pointer, size_of
from fastgd.engine.dispatch cimport table
from fastgd.engine.execute cimport MAX_ARRAYS, Cohort, Slot, Stage
from fastgd.engine.formats cimport computed_in, format_of, itemsize
from fastgd.engine.fpmode cimport enter, fp_mode, leave
from fastgd.kernels.rule cimport (
    BFLOAT16, FLOAT32, FLOAT64, SIGNED8, SPAN, Format, Measure, Scalars,
)

cnp.import_array()


cdef inline uint64_t mixed(uint64_t x) noexcept nogil:
    x = (x ^ (x >> 30)) * <uint64_t>0xbf58476d1ce4e5b9u
    x = (x ^ (x >> 27)) * <uint64_t>0x94d049bb133111ebu
    return x ^ (x >> 31)


cdef uint64_t key_of(const Slot* slot, int k) noexcept nogil:
    """What the random bits of array k follow from in this step, besides the number of an element."""
    cdef uint64_t key = mixed(slot.seed + <uint64_t>0x9e3779b97f4a7c15u)
    key = mixed(key + <uint64_t>slot.steps)
    return mixed(key + <uint64_t>(slot.number * 64 + k))


cdef inline void decode(const Slot* slot, int k, Format compute, const void* source, void* tile, Py_ssize_t n,
                        Py_ssize_t first) noexcept nogil:
    """Read a tile of array k, whose first element is number `first`."""
    cdef Format format = slot.formats[k]
    if format >= SIGNED8:
        table().unpack[format](<const uint8_t*>source, slot.absmax[k - 2] + first // SPAN, <float*>tile, n)
    else:
        table().decode[compute][format](source, tile, n)


cdef inline void encode(const Slot* slot, int k, Format compute, void* tile, void* target, Py_ssize_t n,
                        Py_ssize_t first) noexcept nogil:
    """Store a tile of array k, whose first element is number `first`; it may be changed."""
    if slot.formats[k] >= SIGNED8:
        table().pack[slot.formats[k]](<float*>tile, <uint8_t*>target, slot.absmax[k - 2] + first // SPAN, n)
    elif slot.stochastic >> k & 1:
        table().stochastic[compute](tile, <uint16_t*>target, n, <uint32_t>first, key_of(slot, k))
    else:
        table().encode[compute][slot.formats[k]](tile, target, n)


cdef void run_tiles(const Slot* slot, const Cohort* cohort, Py_ssize_t start, Py_ssize_t stop, Py_ssize_t head,
                    const Stage* stage) noexcept nogil:
    """Elements [start, stop) of one slot; the first tile has `head` of them, where that is not 0."""
    cdef void* f = cohort.rule.kernels[computed_in(slot.formats[0])]
    through_tiles(slot, f, cohort.rule.state_count, &cohort.scalars, start, stop, head, stage, NULL)


cdef void measure_tiles(const Slot* slot, const Cohort* cohort, int number, Py_ssize_t start, Py_ssize_t stop,
                        const Stage* stage, double* sums) noexcept nogil:
    """A measuring pass over elements [start, stop) of one slot: sums[k] = the sum of its term k."""
    cdef const Measure* measure = &cohort.rule.measures[number]
    cdef void* f = measure.kernels[computed_in(slot.formats[0])]
    cdef int k
    for k in range(measure.terms):
        sums[k] = 0
    through_tiles(slot, f, cohort.rule.state_count, &cohort.scalars, start, stop, 0, stage, sums)


cdef void through_tiles(const Slot* slot, void* f, int states, const Scalars* scalars, Py_ssize_t start,
                        Py_ssize_t stop, Py_ssize_t head, const Stage* stage, double* sums) noexcept nogil:
    """A kernel on elements [start, stop) of one slot; one that measures adds to `sums`, which is NULL for others."""
    cdef char[(MAX_ARRAYS + 1) * ROOM] room
    cdef void* stored[MAX_ARRAYS]       # where the next elements lie
    cdef void* tiles[MAX_ARRAYS]        # NULL for arrays that need none
    cdef void* arrays[MAX_ARRAYS + 1]   # what the kernel gets
    cdef Format compute = computed_in(slot.formats[0]), param = slot.formats[0]
    cdef Py_ssize_t width = 2 if param == BFLOAT16 else 4
    cdef char* master = <char*>slot.master
    cdef int count = states + 2, k
    cdef Py_ssize_t n
    for k in range(count):
        stored[k] = <char*>slot.arrays[k] + start * itemsize(slot.formats[k])
        tiles[k] = NULL
        if slot.formats[k] != compute or (k == 1 and stage.active):
            tiles[k] = aligned(room) + k * ROOM
    if master != NULL:
        master += start * width
    arrays[count] = sums
    while start < stop:
        n = min(stop - start, head or TILE)
        head = 0
        for k in range(count):
            arrays[k] = tiles[k] or stored[k]
            if k == 0 and master != NULL:
                table().join[param](<uint16_t*>stored[0], master, <float*>tiles[0], n)
            elif tiles[k]:
                decode(slot, k, compute, stored[k], tiles[k], n, start)
        if stage.active:
            table().clip[compute](arrays[1], n, stage.scale, stage.bound)
        call(f, states + (sums != NULL), arrays, n, scalars)
        for k in range(count):
            if k == 0 and master != NULL:
                table().split[param](<float*>tiles[0], <uint16_t*>stored[0], master, n)
                master += n * width
            elif tiles[k] and k != 1 and not (sums != NULL and slot.formats[k] >= SIGNED8):
                # Codes are stored once: the largest magnitude of a block would not be the same again.
                encode(slot, k, compute, tiles[k], stored[k], n, start)
            stored[k] = <char*>stored[k] + n * itemsize(slot.formats[k])
        start += n


def convert(cnp.ndarray source not None, cnp.ndarray target not None):
    """target = source for arrays of one size in C order, through the tiles of a step; for tests."""
    cdef Format of_source = format_of(pointer(source)), of_target = format_of(pointer(target))
    cdef Format compute = FLOAT64 if FLOAT64 in (of_source, of_target) else FLOAT32
    cdef char* data = <char*>data_of(pointer(source))
    cdef char* to = <char*>data_of(pointer(target))
    cdef double[TILE] tile
    cdef Py_ssize_t b, start, n, size = size_of(pointer(source))
    cdef fp_mode mode = enter()
    for b in range((size + TILE - 1) // TILE):
        start = b * TILE
        n = min(size - start, <Py_ssize_t>TILE)
        table().decode[compute][of_source](data + start * itemsize(of_source), tile, n)
        table().encode[compute][of_target](tile, to + start * itemsize(of_target), n)
    leave(mode)


def pack(cnp.ndarray source not None, int format, cnp.ndarray codes not None, cnp.ndarray absmax not None):
    """
    float32 numbers as codes in 8 bits and the largest magnitude of each block, which are written; all in C order.

    `format` is the number of one in 8 bits.
    """
    cdef float* data = <float*>data_of(pointer(source))
    cdef uint8_t* to = <uint8_t*>data_of(pointer(codes))
    cdef float* most = <float*>data_of(pointer(absmax))
    cdef float[TILE] tile
    cdef Py_ssize_t b, start, n, size = size_of(pointer(source))
    cdef fp_mode mode = enter()
    for b in range((size + TILE - 1) // TILE):
        start = b * TILE
        n = min(size - start, <Py_ssize_t>TILE)
        memcpy(tile, data + start, n * sizeof(float))
        table().pack[format](tile, to + start, most + start // SPAN, n)
    leave(mode)


def unpack(cnp.ndarray codes not None, cnp.ndarray absmax not None, int format, cnp.ndarray target not None):
    """The numbers that codes in 8 bits stand for, into a float32 array; all in C order."""
    cdef fp_mode mode = enter()
    table().unpack[format](<const uint8_t*>data_of(pointer(codes)), <const float*>data_of(pointer(absmax)),
                           <float*>data_of(pointer(target)), size_of(pointer(codes)))
    leave(mode)
