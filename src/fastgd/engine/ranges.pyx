"""
Arrays that lie in files: their memory, and what the system is told of ranges of them.

Without being told, Linux reads a mapped file a few pages at a time, and lets pages that are written to pile up until a
step has to wait for them to be written.
"""
from cpython.buffer cimport PyBuffer_FillInfo

from fastgd.engine.execute cimport Mapped, Ranges, Slot
from fastgd.engine.formats cimport itemsize
from fastgd.kernels.rule cimport BFLOAT16

cdef extern from * nogil:
    """
    #if defined(_WIN32)
    static void *fastgd_map(int fd, size_t n) { (void)fd; (void)n; return NULL; }
    static void fastgd_unmap(void *p, size_t n) { (void)p; (void)n; }
    static int fastgd_own(int fd) { (void)fd; return -1; }
    static void fastgd_disown(int fd) { (void)fd; }
    static void fastgd_tell(int what, char *p, char *stop, int fd, long long at)
    { (void)what; (void)p; (void)stop; (void)fd; (void)at; }
    #else
    #include <fcntl.h>
    #include <sys/mman.h>
    #include <unistd.h>
    static void *fastgd_map(int fd, size_t n)
    {
        void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        return p == MAP_FAILED ? NULL : p;
    }
    static void fastgd_unmap(void *p, size_t n) { munmap(p, n); }
    static int fastgd_own(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 0); }
    static void fastgd_disown(int fd) { close(fd); }
    /* Tell the system of whole pages of a file mapped at p. All of it is advice: what is refused is done without. */
    static void fastgd_tell(int what, char *p, char *stop, int fd, long long at)
    {
        size_t n = (size_t)(stop - p);
        if (what == 0)
            (void)madvise(p, n, MADV_WILLNEED);
    #if defined(__linux__)
        else if (what == 1)
            (void)sync_file_range(fd, at, (off_t)n, SYNC_FILE_RANGE_WRITE);
        else {
            (void)sync_file_range(fd, at, (off_t)n, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE
                                                        | SYNC_FILE_RANGE_WAIT_AFTER);
            (void)madvise(p, n, MADV_DONTNEED);     /* of a file that is shared: the numbers stay */
            (void)posix_fadvise(fd, at, (off_t)n, POSIX_FADV_DONTNEED);
        }
    #else
        else if (what == 1)
            (void)msync(p, n, MS_ASYNC);
        (void)fd; (void)at;
    #endif
    }
    #endif
    """
    void* fastgd_map(int fd, size_t n)
    void fastgd_unmap(void* p, size_t n)
    int fastgd_own(int fd)
    void fastgd_disown(int fd)
    void fastgd_tell(int what, char* p, char* stop, int fd, long long at)

cdef enum:
    PAGE = 65536        # bytes; whole pages of every system
    READ = 0
    WRITE = 1
    DROP = 2


cdef class Mapping:
    """
    A file in memory, whole; it has a descriptor of its own only where one is `wanted`.

    `mmap.mmap` keeps one for each file, and a process may have no more than some hundreds.
    """
    cdef void* data
    cdef readonly Py_ssize_t nbytes
    cdef readonly int fd

    def __cinit__(self, int fd, Py_ssize_t nbytes, bint wanted):
        self.fd = -1
        self.nbytes = nbytes
        self.data = fastgd_map(fd, nbytes)
        if self.data == NULL:
            raise MemoryError(f"a file of {nbytes} bytes cannot be mapped")
        if wanted:
            self.fd = fastgd_own(fd)

    def __dealloc__(self):
        if self.data != NULL:
            fastgd_unmap(self.data, self.nbytes)
        if self.fd >= 0:
            fastgd_disown(self.fd)

    def __getbuffer__(self, Py_buffer* buffer, int flags):
        PyBuffer_FillInfo(buffer, self, self.data, self.nbytes, False, flags)


cdef const Mapped* found(const Ranges* ranges, const char* place) noexcept nogil:
    """The file that lies at `place`; NULL where it is other memory."""
    cdef Py_ssize_t low = 0, high = ranges.count, middle
    while low < high:
        middle = (low + high) // 2
        if ranges.mapped[middle].stop <= place:
            low = middle + 1
        else:
            high = middle
    if low < ranges.count and ranges.mapped[low].start <= place:
        return &ranges.mapped[low]
    return NULL


cdef void tell_array(const Ranges* ranges, int what, const void* array, Py_ssize_t start,
                     Py_ssize_t stop) noexcept nogil:
    """Tell the system of bytes [start, stop) of an array, if they lie in a file."""
    cdef const Mapped* one = found(ranges, <const char*>array + start)
    cdef Py_ssize_t first, last, size
    if one == NULL or (what != READ and one.fd < 0):
        return
    size = one.stop - one.start
    first = <const char*>array + start - one.start
    last = min(first + stop - start, size)
    # What begins within a page is told of with it; what ends within one leaves it to the next range.
    first -= first % PAGE
    last = size if last == size else last - last % PAGE
    if first < last:
        fastgd_tell(what, <char*>one.start + first, <char*>one.start + last, one.fd, one.offset + first)


cdef void tell(const Ranges* ranges, int what, const Slot* slot, int states, Py_ssize_t start,
               Py_ssize_t stop) noexcept nogil:
    cdef int k
    cdef Py_ssize_t width
    start, stop = max(start, 0), min(stop, slot.size)
    if start >= stop:
        return
    for k in range(states + 2):
        if k != 1:      # The gradient is the caller's.
            width = itemsize(slot.formats[k])
            tell_array(ranges, what, slot.arrays[k], start * width, stop * width)
    if slot.master != NULL:
        width = 2 if slot.formats[0] == BFLOAT16 else 4
        tell_array(ranges, what, slot.master, start * width, stop * width)
    if slot.after != NULL and slot.after.average != NULL:
        width = itemsize(slot.after.average_format)
        tell_array(ranges, what, slot.after.average, start * width, stop * width)


cdef void read_ahead(const Ranges* ranges, const Slot* slot, int states, Py_ssize_t start,
                     Py_ssize_t stop) noexcept nogil:
    """Let elements [start, stop) of a slot be read, without waiting for them."""
    tell(ranges, READ, slot, states, start, stop)


cdef void write_behind(const Ranges* ranges, const Slot* slot, int states, Py_ssize_t start,
                       Py_ssize_t stop) noexcept nogil:
    """Let them be written, without waiting."""
    tell(ranges, WRITE, slot, states, start, stop)


cdef void let_go(const Ranges* ranges, const Slot* slot, int states, Py_ssize_t start,
                 Py_ssize_t stop) noexcept nogil:
    """Wait until they are written, and let their memory be used for others."""
    tell(ranges, DROP, slot, states, start, stop)
