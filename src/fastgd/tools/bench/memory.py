"""What a step allocates."""

import tracemalloc

from fastgd.tools.bench import arrays, peers
from fastgd.tools.bench.rows import Row

STEPS = 100


def _traced(row: Row, shapes: arrays.Shapes) -> tuple[int, int]:
    """(bytes that steps leave behind, bytes that they need at most while they run)."""
    stepper = peers.build("fastgd", row, *arrays.fresh(shapes))
    stepper.warm_up(10)
    step = stepper.step
    tracemalloc.start()
    try:
        # Steps under the tracer come first, so that what Python itself keeps for the loop is there before it counts.
        for _ in range(3):
            step()
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(STEPS):
            step()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    stepper.check()
    return after - before, peak - before


def new_bytes(row: Row, shapes: arrays.Shapes) -> int:
    """Bytes left behind by STEPS steps: 0 is the promise."""
    return _traced(row, shapes)[0]


def peak_bytes(row: Row, shapes: arrays.Shapes) -> int:
    """Bytes of the small objects of one call, which must not grow with the size."""
    return _traced(row, shapes)[1]
