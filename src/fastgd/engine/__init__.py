"""
A step, compiled from its call to its kernels. There is no mathematics here.

`steps` is the step: it reads groups (by `reader`, which has the checks of a class), takes gradients, measures, clips,
folds and runs. `Steps` is a `Plan`: `plan` has the slots and groups, and binds arrays to them. `execute` cuts the slots
into ranges for threads and calls the kernels; `norm` sums in blocks that no thread count changes. `apply` is one rule
on one parameter, for functions without state.

Below them, `dispatch` chooses the kernel module for this CPU and has its table; `threads`, with `cgroup`, says how many
threads there are; `fpmode` sets the floating-point mode; `arrays` reads NumPy's arrays without a call. `exact` gives
the powers of `kernels/exact.pxd` to Python.

`optimizers` and `torch` are the fronts of `steps`. It asks a front about whatever is not plainly right, and the front
has the words for it.
"""

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
