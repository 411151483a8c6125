# How many threads there are, and how many of them a piece of work is worth.

ctypedef struct Cost:
    # What an element of some kind of work takes one thread, measured as the work is done for the first few times.
    double nanoseconds      # the least so far
    int times               # it was measured

cdef int count() noexcept
cdef int team(int threads, Py_ssize_t elements, double nanoseconds) noexcept nogil
cdef bint is_known(const Cost* cost) noexcept nogil
cdef double expected(const Cost* cost) noexcept nogil
cdef void learn(Cost* cost, Py_ssize_t elements, double nanoseconds) noexcept nogil
