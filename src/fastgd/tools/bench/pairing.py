"""
Paired runs: A B A B ... in one process, and the median of the ratios.

Machines are shared and their clocks move, so that a time says nothing; a ratio of two times taken within the same
millisecond does.
"""

import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

import numpy as np

from fastgd.engine.execute import PARALLEL_FROM
from fastgd.tools.bench import arrays, limits, peers
from fastgd.tools.bench.rows import Row
from fastgd.tools.bench.stepper import Stepper
from fastgd.tools.bench.threads import using

BLOCK = 1e-3  # seconds of one timed block, long against the clock's own cost
CACHED = 3e-3  # below this a step may live in a cache that the other variant has just emptied
RESTORES = 8  # untimed steps that bring it back: 1M elements of Adam take five until their time stands still


def time_steps(stepper: Stepper, number: int) -> float:
    """Seconds per step over `number` steps; what `before` does is not counted."""
    step, before, clock = stepper.step, stepper.before, time.perf_counter
    if before is None:
        start = clock()
        for _ in repeat(None, number):
            step()
        return (clock() - start) / number
    total = 0.0
    for _ in repeat(None, number):
        before()
        start = clock()
        step()
        total += clock() - start
    return total / number


def settle() -> None:
    """
    Wait until no thread of this process computes.

    The workers of an OpenMP runtime spin for some 8 ms after a step; another runtime's would have to share cores with
    them.
    """
    for _ in range(50):
        start = time.process_time()
        time.sleep(0.002)
        if time.process_time() - start < 5e-4:
            return


class Block:
    """What is timed of one variant in one round."""

    def __init__(self, stepper: Stepper, calm: bool) -> None:
        stepper.warm_up()
        once = min(time_steps(stepper, 1) for _ in range(3))
        self.stepper = stepper
        self.calm = calm
        self.number = max(1, min(10_000, int(BLOCK / max(once, 1e-8))))
        self.restores = RESTORES if once < CACHED else int(calm)

    def time(self) -> float:
        """Seconds per step, after untimed steps that bring arrays back into the cache and threads back to work."""
        if self.calm:
            settle()
        if self.restores:
            time_steps(self.stepper, self.restores)
        return time_steps(self.stepper, self.number)


def interleave(
    steppers: Sequence[Stepper], seconds: float, *, calm: bool = False, least: int = 5, most: int = 400
) -> np.ndarray:
    """
    Seconds per step, [round, stepper]: warmed up, one after the other in every round, checked at the end.

    `calm` is for variants whose threads belong to different runtimes.
    """
    blocks = [Block(stepper, calm) for stepper in steppers]
    rounds: list[list[float]] = []
    collecting = gc.isenabled()
    gc.disable()
    try:
        end = time.perf_counter() + seconds
        while len(rounds) < least or (time.perf_counter() < end and len(rounds) < most):
            rounds.append([block.time() for block in blocks])
    finally:
        if collecting:
            gc.enable()
    for stepper in steppers:
        stepper.check()
    return np.array(rounds)


@dataclass(frozen=True)
class Ratio:
    """Medians; `ratio` is how many times longer the other took in the same round, with its quartiles."""

    ours: float
    other: float
    ratio: float
    low: float
    high: float
    rounds: int


def ratio(ours: np.ndarray, other: np.ndarray) -> Ratio:
    low, middle, high = np.percentile(other / ours, [25, 50, 75])
    return Ratio(float(np.median(ours)), float(np.median(other)), float(middle), float(low), float(high), len(ours))


def compare(ours: Stepper, other: Stepper, seconds: float, *, calm: bool = False, least: int = 5) -> Ratio:
    times = interleave([ours, other], seconds, calm=calm, least=least)
    return ratio(times[:, 0], times[:, 1])


# ---- the two comparisons that everything else is made of --------------------------------------------------------


def against_limit(
    row: Row,
    shapes: arrays.Shapes,
    dtype: str,
    threads: int,
    seconds: float,
    *,
    whole_step: bool = False,
    least: int = 5,
) -> Ratio:
    """
    `ratio` is limit / ours, at most about 1, where limit = max(stream, arithmetic) of the same round.

    Ours is the kernel as the plan runs it, or with `whole_step` the whole of `Optimizer.step`.
    """
    n = arrays.elements(shapes)
    with using(threads):
        ours, other = arrays.fresh(shapes, dtype), arrays.fresh(shapes, dtype)
        steppers = [
            peers.build("fastgd", row, *ours) if whole_step else limits.engine(row, *ours),
            limits.stream(row, *other),
        ]
        # The engine gives small work to one thread, so its limit is one thread's.
        pure = limits.arithmetic(row, np.dtype(dtype), threads if n >= PARALLEL_FROM else 1)
        times = interleave([*steppers, *([pure] if pure else [])], seconds, least=least)
    limit = times[:, 1]
    if pure:
        limit = np.maximum(limit, times[:, 2] * n / limits.ARITHMETIC_ELEMENTS)
    return ratio(times[:, 0], limit)


def against_peer(
    row: Row,
    library: str,
    shapes: arrays.Shapes,
    dtype: str,
    threads: int,
    seconds: float,
    *,
    clip: float | None = None,
    least: int = 5,
) -> Ratio:
    """`ratio` is how many times faster fastgd's whole step is; raises UnavailableError where it is n/a."""
    peers.load(library, row)
    with using(threads):
        ours = peers.build("fastgd", row, *arrays.fresh(shapes, dtype), clip=clip)
        other = peers.build(library, row, *arrays.fresh(shapes, dtype), clip=clip)
        return compare(ours, other, seconds, calm=threads > 1 and library not in peers.ONE_THREAD, least=least)
