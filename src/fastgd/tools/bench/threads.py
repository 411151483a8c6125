"""The same number of threads for everybody who can be told."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import fastgd


def usable_cores() -> int:
    """CPUs that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def using(count: int) -> Iterator[None]:
    """
    `count` threads for fastgd, for torch, and through threadpoolctl for other OpenMP runtimes that are loaded.

    Peers have to be imported before; BLAS is left alone.
    """
    torch = sys.modules.get("torch")
    earlier = torch.get_num_threads() if torch else 0
    with ExitStack() as stack:
        # It comes with scikit-learn; without it, only DeepSpeed's runtime would not be told.
        if importlib.util.find_spec("threadpoolctl") is not None:
            limits = importlib.import_module("threadpoolctl").threadpool_limits
            stack.enter_context(limits(count, user_api="openmp"))
        fastgd.set_num_threads(count)
        if torch:
            torch.set_num_threads(count)
        try:
            yield
        finally:
            fastgd.set_num_threads(None)
            if torch:
                torch.set_num_threads(earlier)
