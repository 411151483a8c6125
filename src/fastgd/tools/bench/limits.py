"""
What the hardware allows, measured through fastgd's own engine: same plan, same ranges, same threads, same alignment.

stream_K moves what a rule with K states moves, with one add per written array. The others do a rule's divides and
roots on tiles that stay in L1. They are rows of kernels/table.pxi, compiled with the flags of the rules.
"""

import functools
from typing import Any

import numpy as np

from fastgd.engine.memory import CACHE_LINE, zeros_beside
from fastgd.engine.plan import Plan
from fastgd.optimizers.base import RULES
from fastgd.tools.bench import arrays
from fastgd.tools.bench.peers import Arrays, optimizer, states
from fastgd.tools.bench.rows import Row
from fastgd.tools.bench.stepper import ArrayStepper, Stepper

ADDEND = 1e-3
TILE_BYTES = 8192  # of one array; two of them fit in any L1
ARITHMETIC_ELEMENTS = 1 << 20  # in one call, so that the call and the parallel region do not count


def is_limit(rule: str) -> bool:
    """Whether a row of table.pxi is a limit and not an optimizer's rule."""
    return RULES[rule][2] == ("addend",)


def runner(rule: str, params: Arrays, grads: Arrays) -> Stepper:
    """A limit row run by a plan, states laid out as an optimizer's."""
    number, keys, _ = RULES[rule]
    plan = Plan()
    own = [tuple(zeros_beside(param) for _ in keys) for param in params]
    for i, (param, extra) in enumerate(zip(params, own, strict=True)):
        plan.add(param, 0)
        plan.set_states(i, extra)
    gradients = tuple(grads)
    if (refused := plan.refresh(gradients)) >= 0:
        raise RuntimeError(f"{rule}: the plan refused gradient {refused}")
    plan.prepare(0, number, (ADDEND,), (0.0, 0.0))
    step = functools.partial(plan.run, 1.0, 0.0, False)
    # The plan holds addresses only: the gradients live as long as the stepper.
    return ArrayStepper(rule, params, step, lambda: [a for extra in own for a in extra] + list(gradients))


def stream(row: Row, params: Arrays, grads: Arrays) -> Stepper:
    return runner(row.stream, params, grads)


def aligned(n: int, dtype: np.dtype[Any], seed: int) -> np.ndarray:
    """Positive values from the beginning of a cache line on, so that no short head costs time."""
    room = np.zeros(n * dtype.itemsize + CACHE_LINE, np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    tile = room[start : start + n * dtype.itemsize].view(dtype)
    tile[:] = np.abs(arrays.values((n,), dtype, seed))
    return tile


def arithmetic(row: Row, dtype: np.dtype[Any], threads: int) -> Stepper | None:
    """ARITHMETIC_ELEMENTS of the rule's divides and roots, a tile for each thread; None for a rule without."""
    if row.arithmetic is None:
        return None
    n = TILE_BYTES // dtype.itemsize
    count = ARITHMETIC_ELEMENTS // n
    tiles = [aligned(n, dtype, seed) for seed in range(2 * threads)]
    order = [i * threads // count for i in range(count)]
    return runner(row.arithmetic, [tiles[i] for i in order], [tiles[threads + i] for i in order])


def engine(row: Row, params: Arrays, grads: Arrays) -> Stepper:
    """The rule's kernel as the optimizer's plan runs it, without the Python part of a step."""
    opt = optimizer(row, params, row.lr)
    gradients = list(grads)
    # Past the steps that start a state: ASGD averages from its third on, RAdam rectifies from its sixth.
    for _ in range(12):
        opt.step(gradients)
    step = functools.partial(opt._plan.run, 1.0, 0.0, False)
    return ArrayStepper(f"{row.name} kernel", params, step, lambda: states(opt) + gradients)
