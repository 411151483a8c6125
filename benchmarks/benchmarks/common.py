"""
What the benchmarks share. The rows are fastgd's own, since `python -m fastgd bench` measures them too.

With FASTGD_BENCH=full every rule is measured, otherwise those of `FEW`: a full run takes hours, most of it starting
Python and importing peers. `-b` picks from either, as in `asv run -b 'step.Step.time_step\\(.*adamw.*fastgd\\)'`.
"""

import os
import time
from typing import ClassVar

from fastgd.tools.bench import arrays, peers
from fastgd.tools.bench.rows import BY_NAME, ROWS
from fastgd.tools.bench.stepper import Stepper, UnavailableError
from fastgd.tools.bench.threads import usable_cores, using

__all__ = ["BY_NAME", "DTYPES", "FEW", "LIBRARIES", "ROWS", "RULES", "SIZES", "THREADS", "Timed"]

FEW = ("sgd_momentum", "rmsprop", "adamw", "lion")
RULES = [row.name for row in ROWS] if os.environ.get("FASTGD_BENCH") == "full" else list(FEW)
DTYPES = ["float32", "float64"]
SIZES = [1_000, 10_000, 100_000, 1_000_000, 20_000_000]
LIBRARIES = list(peers.LIBRARIES)
THREADS = ["1", "all"]


def clock() -> float:
    """Seconds, without those in which a library's gradients were restored."""
    return time.perf_counter() - Timed.untimed


def thread_count(threads: str) -> int:
    return 1 if threads == "1" else usable_cores()


class Timed:
    """Base of what times a stepper: subclasses set `self.stepper` in their setup."""

    untimed: ClassVar[float] = 0.0
    timer = staticmethod(clock)
    stepper: Stepper
    # Few long repeats: setup, which runs before each, makes fresh arrays.
    repeat = (3, 10, 2.0)
    warmup_time = 0.05

    def build(
        self, library: str, rule: str, shapes: arrays.Shapes, dtype: str = "float32", threads: str = "all",
        clip: float | None = None,
    ) -> None:  # fmt: skip
        """Set up a library, or skip what is n/a."""
        row = BY_NAME[rule]
        if threads == "1" and library in peers.ALL_CORES:
            raise UnavailableError(f"{library} cannot be told a number of threads")
        peers.load(library, row)
        self.threads = using(thread_count(threads))
        self.threads.__enter__()
        self.start(peers.build(library, row, *arrays.fresh(shapes, dtype), clip=clip))

    def start(self, stepper: Stepper) -> None:
        self.stepper = stepper
        stepper.warm_up()

    def step(self) -> None:
        if self.stepper.before is not None:
            start = time.perf_counter()
            self.stepper.before()
            Timed.untimed += time.perf_counter() - start
        self.stepper.step()

    def teardown(self, *_: object) -> None:
        # asv also calls this where setup has skipped.
        stepper = self.__dict__.pop("stepper", None)
        threads = self.__dict__.pop("threads", None)
        if threads is not None:
            threads.__exit__(None, None, None)
        if stepper is not None:
            stepper.check()
