"""The engine: bound arrays -> ranges for threads -> kernels."""

import importlib
import os


def _load_openmp() -> None:
    """
    Load the OpenMP runtime with a short busy wait.

    GNU's runtime spins for some 10 ms before a thread that waits goes to sleep. Where another process has one of the
    cores, a step takes that long, since the spinning thread keeps the late one from coming over; and after a step the
    spinning workers keep the threads of NumPy's BLAS from theirs. The runtime reads its settings once, when it is
    loaded, so the variable is set for that moment, and only if the user has not said how threads wait.
    """
    if "GOMP_SPINCOUNT" in os.environ or "OMP_WAIT_POLICY" in os.environ:
        return
    os.environ["GOMP_SPINCOUNT"] = "1000"  # some 40 us
    try:
        importlib.import_module("fastgd.engine.threads")
    finally:
        del os.environ["GOMP_SPINCOUNT"]


_load_openmp()
