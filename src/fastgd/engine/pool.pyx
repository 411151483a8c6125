"""The threads of fastgd: this module alone has the state of pool.h, and the others of the engine cimport it."""
import os

cdef extern from "pool.h":
    """
    #if defined(__GNUC__)
    __attribute__((visibility("default")))
    #elif defined(_MSC_VER)
    __declspec(dllexport)
    #endif
    const char fastgd_threads[] = "threadpoolctl knows the module by this symbol";
    """
    void fastgd_pool_run(int threads, int chunks, Work work, void* job) nogil
    int64_t fastgd_pool_reaction() nogil
    int fastgd_pool_available(int threads) nogil
    void fastgd_pool_retry() nogil
    unsigned int fastgd_pool_shared() nogil
    void fastgd_pool_spin(int64_t nanoseconds) nogil
    int64_t pool_now() nogil


cdef void run_chunks(int threads, int chunks, Work work, void* job) noexcept nogil:
    """Do all chunks of a work on up to so many threads. A worker's floating-point mode need not be the caller's."""
    fastgd_pool_run(threads, chunks, work, job)


cdef int64_t reaction() noexcept nogil:
    """Nanoseconds in which a worker begins; 0 where there is none, or none at the moment."""
    return fastgd_pool_reaction()


cdef int available(int threads) noexcept nogil:
    """How many of `threads` threads there can be, as far as is known."""
    return fastgd_pool_available(threads)


cdef int64_t now() noexcept nogil:
    """Nanoseconds of a clock that runs evenly."""
    return pool_now()


cdef void retry() noexcept nogil:
    """Let threads be made again where one could not be."""
    fastgd_pool_retry()


def shared():
    """How many pieces of work have been shared among threads so far; for tests and measurements."""
    return fastgd_pool_shared()


cdef int spin(str value) except -1:
    """Take over FASTGD_SPIN_US, the microseconds that a thread looks out for work before it sleeps."""
    try:
        microseconds = float(value)
    except ValueError:
        microseconds = -1.0
    if not 0 <= microseconds <= 1e6:
        raise ImportError(f"FASTGD_SPIN_US must be a number in [0, 1000000], got {value!r}")
    fastgd_pool_spin(<int64_t>(1000 * <double>microseconds))
    return 0


spin(os.environ.get("FASTGD_SPIN_US") or "40")
