"""How many threads a step may use, and what happens after a fork."""
import os

from fastgd.engine.cgroup import cpu_limit

cdef extern from *:
    """
    #ifdef _OPENMP
    #include <omp.h>
    static const int fastgd_openmp = _OPENMP;
    static int fastgd_max_threads(void) { return omp_get_max_threads(); }
    #else
    static const int fastgd_openmp = 0;
    static int fastgd_max_threads(void) { return 1; }
    #endif
    """
    const int fastgd_openmp
    int fastgd_max_threads() nogil

cdef int _default_max = fastgd_max_threads()    # OMP_NUM_THREADS or the CPUs of the affinity mask
cdef int _quota = cpu_limit() or 0x7fffffff
cdef int _asked = 0                             # by set_num_threads; 0 for the default
cdef bint _forked = False


cdef int count() noexcept:
    # The runtime's own value is read at each step, since threadpoolctl changes it: lowered, it also limits what
    # was asked for.
    cdef int now = fastgd_max_threads()
    if _forked or not fastgd_openmp:
        return 1
    if _asked and now >= _default_max:
        return _asked
    if _asked:
        return min(_asked, now)
    return max(1, min(now, _quota))


def get_num_threads():
    """
    Threads that a step over large parameters uses now.

    Returns
    -------
    int
        What `set_num_threads` set, or else the OpenMP default (OMP_NUM_THREADS, the affinity mask, a limit set by
        threadpoolctl) within the CPU quota of the container; 1 without OpenMP and in a forked child.
    """
    return count()


def set_num_threads(n):
    """
    Set the number of threads for every later step; results do not depend on it.

    Parameters
    ----------
    n : int or None
        In [1, 1024]; may exceed the number of cores. None restores the default. A limit that threadpoolctl sets
        still holds, and a forked child stays on one thread.

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
    if not 1 <= n <= 1024:
        raise ValueError(f"n must be in [1, 1024], got {n}")
    _asked = n


def openmp():
    """OpenMP's version date that the engine was compiled with, 0 without OpenMP."""
    return fastgd_openmp


def _after_fork():
    # libgomp's workers do not exist in the child, and waiting for them would hang.
    global _forked
    _forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
