"""
The same bits as plain NumPy from every instruction set, thread count, size, alignment and layout.

The expected parameters and states of a case are computed once by reference.py and then met by every way of running.
Norms and clipping are in test_gradients.py.
"""

import functools
import itertools
import math
from typing import Any, NamedTuple

import numpy as np
import pytest

from fastgd.engine import dispatch
from support import digests
from support.cases import BY_NAME, CASES, PARTS, Case, every_case
from support.comparing import assert_equal, assert_equal_arrays, assert_equal_state
from support.running import ISAS, by_dtype, by_isa, gradient, instruction_set, placed, threads

THREADS = [1, 2, 3, 7]
STEPS = 8  # past RAdam's sixth and ASGD's third
# Around vector widths, cache lines, tiles of 512, the head's threshold of 1024, blocks of a norm; mixed, so that the
# ranges of threads begin and end inside, between and next to small and large ones. Together above the threshold of
# 32768 from which threads are used.
SIZES = [
    0, 1, 16384, 2, 3, 4, 5, 1025, 7, 8, 9, 15, 16, 17, 12289, 31, 32, 33, 63, 64, 65, 127, 128, 129, 511, 512, 513,
    1023, 1024, 4095, 4096, 4097, 6, 10, 11, 12, 13, 14, 0,
]  # fmt: skip


class Run(NamedTuple):
    """What goes into a run, and what the reference makes of it."""

    start: list[np.ndarray]
    grads: list[list[np.ndarray]]  # by step
    params: list[list[np.ndarray]]  # after each step
    states: list[dict[str, Any]]  # after the last


def in_layout(values: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """A copy whose axes lie in memory in another order, the slowest first."""
    return values.transpose(order).copy(order="C").transpose(tuple(np.argsort(order)))


@functools.lru_cache(maxsize=8)
def numbers(dtype: type, shapes: tuple[Any, ...], steps: int, special: bool) -> tuple[list, list[list]]:
    """Parameters and the gradients of each step, which nobody writes to; they are the same for every case."""
    rng = np.random.default_rng(7)
    start = [gradient(rng, shape, dtype) for shape in shapes]
    grads = [[gradient(rng, shape, dtype, special) for shape in shapes] for _ in range(steps)]
    for array in itertools.chain(start, *grads):
        array.flags.writeable = False
    return start, grads


def reference_run(case: Case, dtype: type, shapes: Any, steps: int, special: bool = True, orders: Any = None) -> Run:
    """`orders` are those of the axes in memory, in which rules of several passes sum."""
    start, grads = numbers(dtype, tuple(shapes), steps, special)
    if orders is not None:
        start = [in_layout(p, order) for p, order in zip(start, orders, strict=True)]
        grads = [[in_layout(g, order) for g, order in zip(row, orders, strict=True)] for row in grads]
    params = [p.copy(order="K") for p in start]
    states: list[dict[str, Any]] = [{} for _ in shapes]
    after = []
    with np.errstate(all="ignore"):
        for t in range(1, steps + 1):
            for param, grad, state in zip(params, grads[t - 1], states, strict=True):
                case.reference(param, grad, state, t, **case.arguments)
            after.append([p.copy() for p in params])
    return Run(start, grads, after, states)


@functools.lru_cache(maxsize=1)
def sizes_run(name: str, dtype: type) -> Run:
    return reference_run(BY_NAME[name], dtype, SIZES, STEPS)


def test_every_rule_has_a_case() -> None:
    rules = set(dispatch.rules())
    assert {rule for case in [*CASES, *PARTS] for rule in case.rules} == rules


# The first of these changes fastest: all ways of a case come one after the other, and share the reference's result.
@by_isa
@pytest.mark.parametrize("shift", [0, 1])
@by_dtype
@every_case
def test_sizes_threads_and_alignments(isa: str, shift: Any, case: Case, dtype: type) -> None:
    run = sizes_run(case.name, dtype)
    params = [placed(p, shift) for p in run.start]
    optimizer = case.optimizer(params, **case.arguments)
    for t in range(STEPS):
        n = THREADS[(t + shift) % len(THREADS)]
        grads = [placed(g, 3 * shift) for g in run.grads[t]]
        with instruction_set(isa), threads(n):
            optimizer.step(grads)
        assert_equal_arrays(params, run.params[t], f"step {t + 1} on {n} threads")
        assert_equal_arrays(grads, run.grads[t], "gradients are only read")
    assert_equal_state(optimizer, run.states, "after the last step")


# The small ones first: pytest groups by the outermost parameter, and the reference's result is kept for one.
@pytest.mark.parametrize("size", [32767, 32768, 32769, 65536 + 33, 1_000_003])
@pytest.mark.parametrize("name", ["sgd", "adam_l2", "adam_amsgrad", "rmsprop_centered_momentum", "lamb"])
@by_dtype
def test_ranges_of_one_large_array(size: int, name: str, dtype: type) -> None:
    case = BY_NAME[name]
    run = reference_run(case, dtype, [size], 2)
    for isa, n, shift in [(ISAS[-1], 2, 1), (ISAS[-1], 7, 0), *((isa, 3, 5) for isa in ISAS)]:
        params = [placed(run.start[0], shift)]
        optimizer = case.optimizer(params, **case.arguments)
        for t in range(2):
            with instruction_set(isa), threads(n):
                optimizer.step([placed(run.grads[t][0], 1)])
            assert_equal(params[0], run.params[t][0], f"step {t + 1} with {isa} on {n} threads")
        assert_equal_state(optimizer, run.states, f"{isa} on {n} threads")


@by_isa
@every_case
def test_body_and_tail_agree(case: Case, isa: str) -> None:
    """Equal elements stay equal, wherever in an array they are, and without sums over it whichever array that is."""
    alone = dispatch.pass_counts()[case.rules[0]] == 1
    params = [placed(np.full(n, 0.7, np.float32), n % 16) for n in (1, 2, 5, 16, 33, 67, 1031, 40001)]
    optimizer = case.optimizer(params, **case.arguments)
    with instruction_set(isa), threads(3):
        for t in range(STEPS):
            optimizer.step([np.full(p.size, math.sin(t + 1), np.float32) for p in params])
    for i, param in enumerate(params):
        assert_equal(param, np.full_like(param, params[0][0] if alone else param[0]), f"parameter {i}")
        for key, value in optimizer.state.get(i, {}).items():
            if value.ndim:
                assert_equal(value, np.full_like(value, optimizer.state[0 if alone else i][key][0]), f"{key} of {i}")


@by_dtype
@every_case
def test_layouts(case: Case, dtype: type) -> None:
    """C order, F order and other permutations of the axes, 0-d and empty: the same numbers at the same indices."""
    shapes = [(), (1,), (0, 3), (1, 1, 1), (37, 41), (37, 41), (5, 1, 700), (5, 1, 700), (2, 3, 4, 5), (3, 0, 2)]
    orders = [(), (0,), (1, 0), (2, 0, 1), (0, 1), (1, 0), (2, 0, 1), (1, 2, 0), (3, 1, 0, 2), (2, 1, 0)]
    run = reference_run(case, dtype, shapes, STEPS, orders=orders)
    params = [p.copy(order="K") for p in run.start]
    optimizer = case.optimizer(params, **case.arguments)
    for t in range(STEPS):
        optimizer.step(run.grads[t])
        assert_equal_arrays(params, run.params[t], f"step {t + 1}")
    assert_equal_state(optimizer, run.states, "after the last step")


@by_dtype
@every_case
@by_isa
def test_the_bits_of_every_machine(isa: str, case: Case, dtype: type) -> None:
    """The table was written on x86-64; another architecture, compiler or C library must find the same."""
    with instruction_set(isa):
        assert digests.digest(case, dtype) == digests.expected()[case.name][dtype is np.float64]


def test_the_table_of_bits_has_no_other_cases() -> None:
    assert list(digests.expected()) == [case.name for case in CASES]
