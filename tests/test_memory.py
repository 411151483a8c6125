"""Memory: steps allocate nothing that stays or grows, and state lies as its parameter does, untouched until needed."""

import gc
import subprocess
import sys
import tracemalloc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd.engine.execute import ALIGN_FROM
from support.cases import CASES, PARTS, Case, every_case, every_optimizer
from support.running import placed
from support.stepping import make

# Python objects of a step differ a little from step to step: dicts grow, integers leave the cache of small ones.
SLACK = 500

OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "norm": dict(max_grad_norm=0.5),
    "value": dict(max_grad_value=0.1),
    "norm, value, skipping": dict(max_grad_norm=0.5, max_grad_value=0.1, skip_nonfinite=True),
}


@pytest.fixture(scope="module", autouse=True)
def nothing_old_to_collect() -> Iterator[None]:
    """What was there before this file is not looked at when garbage is collected, which takes longer than a test."""
    gc.freeze()
    yield
    gc.unfreeze()


def measured(opt: fastgd.Optimizer, grads: list[np.ndarray], steps: int) -> Iterator[tuple[int, int]]:
    """
    (bytes that stay after some steps, most bytes in use during them), after steps that warm up.

    Three tries, of which one must do: what other threads of this process allocate, as the test runner's, is traced too.
    """
    for _ in range(8):
        opt.step(grads)
    for _ in range(3):
        yield traced(opt, grads, steps)


def traced(opt: fastgd.Optimizer, grads: list[np.ndarray], steps: int) -> tuple[int, int]:
    gc.collect()
    tracemalloc.start()
    try:
        opt.step(grads)
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(steps):
            opt.step(grads)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return after - before, peak - before


def arrays(n: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Two arrays of n elements, one of them not in C order, and their gradients."""
    params = [np.ones(n, np.float32), np.ones((n // 10, 10)).T]
    return params, [p.copy("K") for p in params]


@pytest.mark.parametrize("options", ["plain", "norm, value, skipping"])
@every_case
def test_steps_keep_no_memory(case: Case, options: str) -> None:
    params, grads = arrays(1000)
    assert any(stays <= SLACK for stays, _ in measured(make(case, params, **OPTIONS[options]), grads, 20))


@pytest.mark.parametrize("options", OPTIONS)
@every_optimizer
def test_what_a_step_needs_does_not_grow_with_the_arrays(cls: type[fastgd.Optimizer], options: str) -> None:
    runs = []
    for n in (1000, 400_000):  # one number for each block of a norm would be seen
        params, grads = arrays(n)
        runs.append(measured(cls(params, **OPTIONS[options]), grads, 3))
    assert any(abs(large - small) <= SLACK for (_, small), (_, large) in zip(*runs, strict=True))


def test_the_measure_sees_an_array() -> None:
    class Wasteful(fastgd.SGD):
        def step(self, grads: Any = None, *, grad_scale: float = 1.0) -> None:
            super().step([g * 1 for g in grads])

    params, grads = arrays(1000)
    measures = list(measured(Wasteful(params), grads, 3))
    assert any(stays <= SLACK for stays, _ in measures)
    assert all(peak >= sum(g.nbytes for g in grads) for _, peak in measures)


# ---- what is held ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["made", "left out", "refused"])
def test_gradients_are_not_held_after_a_step(outcome: str) -> None:
    opt = fastgd.Adam([np.ones(5), np.ones(3)], skip_nonfinite=True)
    grad = np.full(5, np.nan if outcome == "left out" else 1.0)
    held = weakref.ref(grad)
    if outcome == "refused":
        with pytest.raises(TypeError, match=r"grads\[1\]"):
            opt.step([grad, "g"])
    else:
        opt.step([grad, None])
    del grad
    gc.collect()
    assert held() is None


# ---- where state lies -----------------------------------------------------------------------------------------------


@every_case
@pytest.mark.parametrize("n", [33, 1023, 1024, 1025])
def test_state_lies_in_cache_lines_as_its_parameter_does_or_at_their_beginning(case: Case, n: int) -> None:
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(n).astype(dtype) for dtype in ("f4", "f8")]
    params = [placed(value, shift) for value in values for shift in range(64 // value.itemsize)]
    params += [placed(values[0][: n // 8 * 8], shift).reshape(-1, 8).T for shift in range(4)]
    opt = make(case, params)
    opt.step([p.copy("K") for p in params])
    for i, entry in opt.state.items():
        for key, array in entry.items():
            if array.shape == params[i].shape:
                line = params[i].ctypes.data % 64 if params[i].size >= ALIGN_FROM else 0
                assert array.ctypes.data % 64 == line, (i, key)
                assert array.strides == params[i].strides


def test_every_rule_with_state_is_among_the_cases() -> None:
    kept = set()
    for case in [*CASES, *PARTS]:
        shape = (1, 2) if case.optimizer is fastgd.Muon else (2,)
        opt = make(case, np.ones(shape))
        opt.step(np.ones(shape))
        kept |= {key for key, array in dict(opt.state.get(0, {})).items() if array.shape == shape}
        kept |= set(case.optimizer.scratch)
    kept -= {"variance"}  # Adafactor's, which is no rule's
    states = {key for _, keys in fastgd.engine.dispatch.rules().values() for key in keys}
    assert kept == {key for key in states if not key.startswith("limit_")}


# In a process of its own: where memory was freed before, an array may lie in it, and is resident whoever touches it.
UNTOUCHED = """
import os
import numpy as np, fastgd

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

param = np.ones(5_000_000)
grad = np.ones_like(param)
before = resident()
opt = fastgd.Adam(param)
made = resident()
opt.step(grad)
stepped = resident()
assert made - before < param.nbytes / 4
assert stepped - made > 1.5 * param.nbytes
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="resident memory is read from /proc")
def test_state_is_untouched_until_the_first_step() -> None:
    subprocess.run([sys.executable, "-c", UNTOUCHED], check=True)
