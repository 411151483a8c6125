"""
Euclidean norms with the same bits for any layout, thread count and instruction set.

Each array is taken in C order of its indices, in blocks of BLOCK elements; a block is summed by
reductions.sum_squares, and the sums of the blocks are added one after the other in double.
"""
from libc.math cimport frexp, isfinite, isnan, ldexp, sqrt
from libc.stdint cimport uint16_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc

cimport numpy as cnp

from fastgd.engine.arrays cimport (
    NPY_ARRAY_C_CONTIGUOUS, PyArrayObject, data_of, flags_of, itemsize_of, ndim_of, pointer, shape_of, size_of,
    strides_of,
)
from fastgd.engine.dispatch cimport table
from fastgd.engine.formats cimport computed_in, format_of, itemsize
from fastgd.engine.fpmode cimport enter, fp_mode, leave
from fastgd.engine.pool cimport MAX_CHUNKS, now, run_chunks
from fastgd.engine.threads cimport Cost, expected, is_known, learn, team
from fastgd.engine.threads cimport count as thread_count
from fastgd.kernels.rule cimport DIRECT, FLOAT64, Format

cnp.import_array()

cdef enum:
    BLOCK = 4096            # elements; part of the definition of a norm's bits
    LARGE = 16              # blocks of a chunk, and from which threads are thought of

# Outside these bounds a sum of float64 squares may have lost elements to overflow or underflow.
cdef double TRUST_FROM = 1e-280
cdef double TRUST_TO = 1e300

ctypedef struct Job:
    # Sums over the blocks of a list of views, in chunks.
    const View* views
    double scale
    double* partial
    Py_ssize_t blocks
    int chunks
    double first            # nanoseconds that chunk 0 took

cdef Cost cost


cdef void view(PyArrayObject* array, Format format, const void* data, View* out) noexcept:
    """Elements at `data`, laid out as `array` is, whose dtype may be another."""
    out.data = <const char*>data
    out.size = size_of(array)
    out.format = format
    out.contiguous = (flags_of(array) & NPY_ARRAY_C_CONTIGUOUS) != 0
    out.ndim = ndim_of(array)
    out.shape = shape_of(array)
    out.strides = strides_of(array)
    out.item = itemsize_of(array)


cdef inline void copy_items(const char* source, Py_ssize_t stride, char* target, Py_ssize_t width,
                            Py_ssize_t n) noexcept nogil:
    """n items of `width` bytes that lie `stride` bytes apart, side by side."""
    cdef Py_ssize_t k
    if width == 2:
        for k in range(n):
            (<uint16_t*>target)[k] = (<const uint16_t*>(source + k * stride))[0]
    elif width == 4:
        for k in range(n):
            (<uint32_t*>target)[k] = (<const uint32_t*>(source + k * stride))[0]
    else:
        for k in range(n):
            (<uint64_t*>target)[k] = (<const uint64_t*>(source + k * stride))[0]


cdef void gather(const View* v, Py_ssize_t start, Py_ssize_t n, char* out) noexcept nogil:
    """Elements [start, start + n) of the C order into `out`."""
    cdef Py_ssize_t[64] index, strides
    cdef Py_ssize_t rest = start, done = 0, run, width = itemsize(v.format)
    cdef const char* source = v.data
    cdef int axis, last = v.ndim - 1
    for axis in range(last, -1, -1):
        strides[axis] = v.strides[axis] // v.item * width
        index[axis] = rest % v.shape[axis]
        rest //= v.shape[axis]
        source += index[axis] * strides[axis]
    while True:
        run = min(v.shape[last] - index[last], n - done)
        copy_items(source, strides[last], out + done * width, width, run)
        done += run
        if done == n:
            return
        source -= index[last] * strides[last]
        index[last] = 0
        axis = last - 1
        while index[axis] + 1 == v.shape[axis]:
            source -= index[axis] * strides[axis]
            index[axis] = 0
            axis -= 1
        index[axis] += 1
        source += strides[axis]


cdef double block_sum(const View* v, Py_ssize_t start, double scale) noexcept nogil:
    cdef double[BLOCK] tile
    cdef float[BLOCK] decoded
    cdef Py_ssize_t n = min(v.size - start, <Py_ssize_t>BLOCK)
    cdef Format compute = computed_in(v.format)
    cdef const void* block = v.data + start * itemsize(v.format)
    if not v.contiguous:
        gather(v, start, n, <char*>tile)
        block = tile
    if v.format >= DIRECT:
        table().decode[compute][v.format](block, decoded, n)
        block = decoded
    return table().sum_squares[compute](block, n, scale)


cdef void range_sums(const View* views, Py_ssize_t first, Py_ssize_t stop, double scale,
                     double* partial) noexcept nogil:
    """partial[b] = sum of block b, for blocks [first, stop) counted over the list."""
    cdef Py_ssize_t b = first, i = 0, before = 0, n
    while b < stop:
        n = (views[i].size + BLOCK - 1) // BLOCK
        if b < before + n:
            partial[b] = block_sum(&views[i], (b - before) * BLOCK, scale)
            b += 1
        else:
            before += n
            i += 1


cdef void run_chunk(void* data, int k) noexcept nogil:
    """The blocks of chunk k, in a thread whose floating-point mode need not be the caller's."""
    cdef Job* job = <Job*>data
    cdef fp_mode mode = enter()
    cdef double start = now() if k == 0 else 0
    range_sums(job.views, job.blocks * k // job.chunks, job.blocks * (k + 1) // job.chunks, job.scale, job.partial)
    if k == 0:
        job.first = now() - start
    leave(mode)


cdef double sum_in_order(const View* views, Py_ssize_t count, double scale) noexcept nogil:
    cdef double result = 0
    cdef Py_ssize_t i, b
    for i in range(count):
        for b in range((views[i].size + BLOCK - 1) // BLOCK):
            result += block_sum(&views[i], b * BLOCK, scale)
    return result


cdef Py_ssize_t blocks(const View* views, Py_ssize_t count) noexcept nogil:
    """How many partial sums `norm` needs room for."""
    cdef Py_ssize_t i, result = 0
    for i in range(count):
        result += (views[i].size + BLOCK - 1) // BLOCK
    return result


cdef double all_squares(const View* views, Py_ssize_t count, double* partial, int threads,
                        double scale) noexcept nogil:
    cdef Job job
    cdef Py_ssize_t n = blocks(views, count), b
    cdef double result = 0
    if n < LARGE or threads == 1:
        return sum_in_order(views, count, scale)
    threads = team(threads, n * BLOCK, n * BLOCK * expected(&cost))
    if threads == 1 and is_known(&cost):
        return sum_in_order(views, count, scale)
    job.views, job.scale, job.partial, job.blocks = views, scale, partial, n
    job.chunks = threads * max(1, <int>min(n // LARGE, <Py_ssize_t>MAX_CHUNKS) // threads)
    run_chunks(threads, job.chunks, run_chunk, &job)
    if not is_known(&cost):
        learn(&cost, n // job.chunks * BLOCK, job.first)
    for b in range(n):
        result += partial[b]
    return result


cdef double largest_of(const View* v) noexcept nogil:
    cdef float[BLOCK] decoded
    cdef Py_ssize_t b, start, n
    cdef double result = 0, value
    if v.format < DIRECT:
        return table().largest[v.format](v.data, v.size)
    for b in range((v.size + BLOCK - 1) // BLOCK):
        start = b * BLOCK
        n = min(v.size - start, <Py_ssize_t>BLOCK)
        table().decode[computed_in(v.format)][v.format](v.data + start * itemsize(v.format), decoded, n)
        value = table().largest[computed_in(v.format)](decoded, n)
        if value > result or isnan(value):
            result = value
        if isnan(result):
            break
    return result


cdef double largest_of_all(const View* views, Py_ssize_t count) noexcept nogil:
    """Largest magnitude, NaN if there is one. The views are dense, so they can be read in the order of memory."""
    cdef Py_ssize_t i
    cdef double result = 0, value
    for i in range(count):
        value = largest_of(&views[i])
        if value > result or isnan(value):
            result = value
        if isnan(result):
            break
    return result


cdef bint all_single(const View* views, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i
    for i in range(count):
        if views[i].format == FLOAT64:
            return False
    return True


cdef double norm(const View* views, Py_ssize_t count, double* partial, int threads) noexcept nogil:
    """
    The norm of all elements of all views; not finite only if an element or the norm itself is not. One thread needs no
    room for partial sums. The caller has entered the usual floating-point mode.
    """
    cdef double total = all_squares(views, count, partial, threads, 1)
    cdef double most
    cdef int exponent
    if TRUST_FROM < total < TRUST_TO or isnan(total):
        return sqrt(total)
    if total == 0 and all_single(views, count):
        return 0    # a float32, or a narrower number, squared does not vanish in double, so they are zeros
    most = largest_of_all(views, count)
    if most == 0 or not isfinite(most):
        return most
    frexp(most, &exponent)
    # ldexp(1, -exponent) itself overflows where the largest element is subnormal.
    exponent = max(exponent, -1000)
    return ldexp(sqrt(all_squares(views, count, partial, threads, ldexp(1, -exponent))), exponent)


def grad_norm(list arrays):
    """The norm over a list of checked, dense arrays."""
    cdef Py_ssize_t n = len(arrays), i
    cdef View* views = <View*>malloc((n + 1) * sizeof(View))
    cdef double* partial = NULL
    cdef volatile double result = 0     # volatile, so that it is computed before `leave`
    cdef fp_mode mode
    cdef int threads = thread_count()
    cdef PyArrayObject* array
    try:
        if views == NULL:
            raise MemoryError
        for i in range(n):
            array = pointer(arrays[i])
            view(array, format_of(array), data_of(array), &views[i])
        partial = <double*>malloc((blocks(views, n) + 1) * sizeof(double))
        if partial == NULL:
            raise MemoryError
        with nogil:
            mode = enter()
            result = norm(views, n, partial, threads)
            leave(mode)
        return result
    finally:
        free(partial)
        free(views)


cdef void clip_tiles(char* data, Py_ssize_t n, Format format, double scale, double bound) noexcept nogil:
    cdef float[BLOCK] decoded
    cdef Py_ssize_t b, start, m
    cdef char* place
    for b in range((n + BLOCK - 1) // BLOCK):
        start = b * BLOCK
        m = min(n - start, <Py_ssize_t>BLOCK)
        place = data + start * itemsize(format)
        table().decode[computed_in(format)][format](place, decoded, m)
        table().clip[computed_in(format)](decoded, m, scale, bound)
        table().encode[computed_in(format)][format](decoded, place, m)


def clip(list arrays not None, double scale, double bound):
    """array = scale * array clipped to [-bound, bound], in place, for checked, dense arrays; without an interrupt."""
    for array in arrays:
        clip_one(array, scale, bound)


cdef int clip_one(cnp.ndarray array, double scale, double bound) except -1:
    cdef void* data = data_of(pointer(array))
    cdef Py_ssize_t n = size_of(pointer(array))
    cdef Format format = format_of(pointer(array))
    cdef fp_mode mode
    with nogil:
        mode = enter()
        if format < DIRECT:
            table().clip[format](data, n, scale, bound)
        else:
            clip_tiles(<char*>data, n, format, scale, bound)
        leave(mode)
    return 0
