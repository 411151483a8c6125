"""How many threads a step may use, and from when on it uses them."""
import os

from fastgd.engine.pool cimport available, reaction, retry

from fastgd.engine.cgroup import cpu_limit

cdef enum:
    MOST = 1024                 # threads, as in pool.h
    PER_THREAD = 8192           # elements from which one more thread is used where `parallel_from` is set
    # Nanoseconds of work that a thread is woken for at least: waking it costs the caller about a fifth of that.
    LEAST = 25000
    TIMES = 4                   # that a cost is measured: at first, memory may have to be made


cdef int usable_cpus() except -1:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


cdef int of_fastgd() except -1:
    """FASTGD_NUM_THREADS, or 0."""
    cdef str value = os.environ.get("FASTGD_NUM_THREADS", "").strip()
    if not value:
        return 0
    if not (value.isascii() and value.isdigit() and 1 <= int(value) <= MOST):
        raise ImportError(f"FASTGD_NUM_THREADS must be an integer in [1, {MOST}], got {value!r}")
    return int(value)


cdef int of_openmp() except -1:
    """The first number of OMP_NUM_THREADS, or 0; what OpenMP would not understand is left alone, as it does."""
    cdef str value = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return min(int(value), MOST) if value.isascii() and value.isdigit() else 0


cdef int _own = of_fastgd()
cdef int _default = _own or of_openmp() or min(usable_cpus(), MOST)
cdef int _limit = _default                      # threadpoolctl's
cdef int _quota = MOST if _own else cpu_limit() or MOST
cdef int _asked = 0                             # by set_num_threads; 0 for the default
cdef Py_ssize_t _parallel_from = -1             # -1 where it is found out
cdef double _reaction = 0


cdef int count() noexcept:
    # A limit of threadpoolctl is lower than the default; a number that is not lower has been put back.
    if _asked and _limit >= _default:
        return _asked
    if _asked:
        return min(_asked, _limit)
    return max(1, min(_limit, _quota))


cdef double reaction_time() noexcept nogil:
    global _reaction
    if _reaction == 0:
        _reaction = reaction()
    return max(_reaction, <double>LEAST)


cdef int team(int threads, Py_ssize_t elements, double nanoseconds) noexcept nogil:
    """
    How many of `threads` threads a work is worth that takes one of them so long.

    A thread is worth being woken if it can do as much work as goes by until it begins.
    """
    if threads == 1:
        return 1
    if _parallel_from >= 0:
        return 1 if elements < _parallel_from else max(1, <int>min(<Py_ssize_t>threads, elements // PER_THREAD))
    if nanoseconds < 2 * LEAST:
        return 1
    return max(1, <int>min(<double>threads, nanoseconds / reaction_time()))


# Python threads may measure the same work at the same time, and one of the numbers is then lost.

cdef bint is_known(const Cost* cost) noexcept nogil:
    return cost.times >= TIMES


cdef double expected(const Cost* cost) noexcept nogil:
    """Nanoseconds of an element, as far as is known."""
    return cost.nanoseconds if cost.times else 1.0


cdef void learn(Cost* cost, Py_ssize_t elements, double nanoseconds) noexcept nogil:
    cdef double each = nanoseconds / elements
    if cost.times == 0 or each < cost.nanoseconds:
        cost.nanoseconds = each
    cost.times += 1


def get_num_threads():
    """
    Threads that a step over large parameters uses now.

    Returns
    -------
    int
        What `set_num_threads` set, or else FASTGD_NUM_THREADS, or else OMP_NUM_THREADS or the affinity mask, within
        the CPU quota of the container; no more than threadpoolctl allows, and no more than the system lets be made.
    """
    return available(count())


def set_num_threads(n):
    """
    Set the number of threads for every later step; results do not depend on it.

    Parameters
    ----------
    n : int or None
        In [1, 1024]; may exceed the number of cores. None restores the default. A limit that threadpoolctl sets
        still holds.

    Raises
    ------
    TypeError, ValueError
        If `n` is not an integer, or out of range.
    """
    global _asked
    if n is None:
        _asked = 0
        return
    if isinstance(n, bool) or not hasattr(n, "__index__"):
        raise TypeError(f"n must be an int or None, got {type(n).__name__}")
    if not 1 <= n <= MOST:
        raise ValueError(f"n must be in [1, {MOST}], got {n}")
    _asked = n
    retry()


def set_parallel_from(elements):
    """
    Set from how many elements on a step is shared among threads; results do not depend on it.

    Parameters
    ----------
    elements : int or None
        At least 0. None, the default, leaves it to fastgd, which measures how long a thread takes to begin and how
        much work a step is.

    Returns
    -------
    int or None
        What was set before.

    Raises
    ------
    TypeError, ValueError
        If `elements` is not an integer, or negative.

    Examples
    --------
    >>> import fastgd
    >>> before = fastgd.set_parallel_from(100_000)
    >>> fastgd.set_parallel_from(before)
    100000
    """
    global _parallel_from
    before = None if _parallel_from < 0 else _parallel_from
    if elements is None:
        _parallel_from = -1
        return before
    if isinstance(elements, bool) or not hasattr(elements, "__index__"):
        raise TypeError(f"elements must be an int or None, got {type(elements).__name__}")
    if elements < 0:
        raise ValueError(f"elements must be at least 0, got {elements}")
    _parallel_from = min(elements, 1 << 62)
    return before


def get_limit():
    """The limit that threadpoolctl has set, or the default."""
    return _limit


def set_limit(int n):
    """Obey a limit of threadpoolctl; one of at least the default is none for what `set_num_threads` sets."""
    global _limit
    _limit = max(1, min(n, MOST))


def reaction_us():
    """Microseconds until a worker begins, as they were measured on this machine; None without workers."""
    return reaction() / 1e3 or None
