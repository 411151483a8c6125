"""
Paired runs: A B A B ... in one process, and the median of the ratios.

Machines are shared and their clocks move, so that a time says nothing; a ratio of two times taken within the same
millisecond does. Even a ratio can be noise: one above what the hardware allows, or one whose quartiles are far apart,
is measured again, and if it stays so it is marked.
"""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import repeat

import numpy as np

from fastgd.tools.bench.stepper import Stepper

# A timed block has so many seconds, long against the clock's own cost.
BLOCK = 1e-3
# A step below CACHED seconds may live in a cache that the other variant has just emptied. Untimed steps bring its
# arrays back: 1M elements of Adam take five until their time stands still.
CACHED = 3e-3
RESTORES = 8
# Nothing is faster than its roof, so what is above it by more than the roof's own noise was disturbed.
ABOVE = 1.1
# Of calm runs the upper quartile is at most 1.2 times the lower one.
APART = 1.5
TRIES = 3


@dataclass(frozen=True)
class Ratio:
    """
    Seconds of two variants, and how many times longer the other takes in the same round.

    All are medians; `low` and `high` are the quartiles of the ratio. `doubt` says why it may be noise, if it may.
    """

    ours: float
    other: float
    ratio: float
    low: float
    high: float
    rounds: int
    doubt: str = ""

    def per(self, count: int) -> "Ratio":
        """The other's time for each of `count` parts of its step."""
        return replace(
            self, other=self.other / count, ratio=self.ratio / count, low=self.low / count, high=self.high / count
        )


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
        if stepper.before is not None:
            # What comes before a step takes longer than the step, so a block has fewer of them.
            self.number = min(self.number, 20)
        self.restores = 0 if stepper.before else RESTORES if once < CACHED else int(calm)

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


def ratio(ours: np.ndarray, other: np.ndarray) -> Ratio:
    low, middle, high = np.percentile(other / ours, [25, 50, 75])
    return Ratio(float(np.median(ours)), float(np.median(other)), float(middle), float(low), float(high), len(ours))


def judged(measure: Callable[[], Ratio], highest: float = np.inf) -> Ratio:
    """Measure again while a ratio is above the `highest` possible one or its quartiles are far apart, then mark it."""
    for _ in range(TRIES):
        pair = measure()
        if pair.ratio > highest:
            doubt = f"above the roof: {pair.ratio:.2f}"
        elif pair.high > APART * pair.low:
            doubt = f"quartiles far apart: {pair.low:.3g} to {pair.high:.3g}"
        else:
            return pair
    return replace(pair, doubt=doubt)


def compare(ours: Stepper, other: Stepper, seconds: float, *, calm: bool = False, least: int = 5) -> Ratio:
    """`ratio` is how many times longer the other takes."""

    def once() -> Ratio:
        times = interleave([ours, other], seconds, calm=calm, least=least)
        return ratio(times[:, 0], times[:, 1])

    return judged(once)
