"""
What comes after a rule, on elements that it has just left in the cache: the moving average of a parameter, its copy in
another format, and zeros in the place of its gradient.

A parameter is what its rule computes with: with master weights the float32, otherwise what is stored.
"""
from libc.stdint cimport uint16_t, uint32_t
from libc.string cimport memcpy, memset

from fastgd.engine.dispatch cimport table
from fastgd.engine.execute cimport After, Slot
from fastgd.engine.formats cimport computed_in, itemsize
from fastgd.engine.tile cimport ROOM, TILE, aligned, key_of
from fastgd.kernels.rule cimport BFLOAT16, Format

cdef enum:
    AVERAGE = 63        # the number of the array of averages, where random bits follow from it


cdef const void* values(const Slot* slot, Format compute, Py_ssize_t start, Py_ssize_t n, void* tile) noexcept nogil:
    """Elements of the parameter as a rule computes with them: where they lie, or in a tile."""
    cdef Format format = slot.formats[0]
    cdef char* stored = <char*>slot.arrays[0] + start * itemsize(format)
    if slot.master != NULL:
        table().join[format](<uint16_t*>stored, <char*>slot.master + start * (2 if format == BFLOAT16 else 4),
                             <float*>tile, n)
        return tile
    if format == compute:
        return stored
    table().decode[compute][format](stored, tile, n)
    return tile


cdef void follow(const Slot* slot, Format compute, const void* param, Py_ssize_t start, Py_ssize_t n,
                 void* tile) noexcept nogil:
    """Move the average of n elements towards the parameter; at first it is the parameter."""
    cdef const After* after = slot.after
    cdef Format format = after.average_format
    cdef char* stored = <char*>after.average + start * itemsize(format)
    cdef void* average = stored if format == compute else tile
    if not after.begun:
        memcpy(average, param, n * itemsize(compute))
    else:
        if format != compute:
            table().decode[compute][format](stored, tile, n)
        table().follow[compute](average, param, n, after.decay)
    if after.random:
        table().stochastic[compute](tile, <uint16_t*>stored, n, <uint32_t>start, key_of(slot, AVERAGE))
    elif format != compute:
        table().encode[compute][format](tile, stored, n)


cdef void run_after(const Slot* slot, Py_ssize_t start, Py_ssize_t stop, bint zeroes) noexcept nogil:
    """What comes after the rule for elements [start, stop) of a slot."""
    cdef char[2 * ROOM] room
    cdef char* tile = aligned(room)
    cdef Format compute = computed_in(slot.formats[0])
    cdef const After* after = slot.after
    cdef const void* param
    cdef Py_ssize_t width = itemsize(slot.formats[1]), n, first = start
    while after != NULL and start < stop:
        n = min(stop - start, <Py_ssize_t>TILE)
        param = values(slot, compute, start, n, tile)
        if after.average != NULL:
            follow(slot, compute, param, start, n, tile + ROOM)
        if after.copy != NULL:
            table().encode[compute][after.copy_format](
                param, <char*>after.copy + start * itemsize(after.copy_format), n)
        start += n
    if zeroes:
        memset(<char*>slot.arrays[1] + first * width, 0, (stop - first) * width)


cdef void show(const Slot* slot, bint average) noexcept nogil:
    """Bring the copy of a slot up to date; `average`: with its average, which the parameter is then rounded to."""
    cdef char[2 * ROOM] room
    cdef char* tile = aligned(room)
    cdef Format compute = computed_in(slot.formats[0])
    cdef const After* after = slot.after
    cdef const void* shown
    cdef Py_ssize_t start = 0, n
    while start < slot.size:
        n = min(slot.size - start, <Py_ssize_t>TILE)
        if average:
            table().decode[compute][after.average_format](
                <char*>after.average + start * itemsize(after.average_format), tile, n)
            table().encode[compute][slot.formats[0]](
                tile, <char*>slot.arrays[0] + start * itemsize(slot.formats[0]), n)
            shown = tile
        else:
            shown = values(slot, compute, start, n, tile)
        if after.copy != NULL:
            table().encode[compute][after.copy_format](
                shown, <char*>after.copy + start * itemsize(after.copy_format), n)
        start += n
