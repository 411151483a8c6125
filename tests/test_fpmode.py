"""
The caller's floating-point mode changes no bit, and is afterwards what it was.

The mode is set through the C library's fenv, as a host or one of its libraries would.
"""

import ctypes
import ctypes.util
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import pytest

import fastgd
from support.cases import CASES, Case
from support.comparing import assert_same
from support.running import by_dtype, threads

# Where fenv_t keeps the mode, and the bits of it: flush to zero, subnormal inputs are zeros, rounding up.
PLACES = {
    "x86_64": (28, {"flush": 0x8000, "flush_inputs": 0x0040, "flush_all": 0x8040, "upward": 0x4000}, 0xE040),
    "aarch64": (0, {"flush_all": 0x1000000, "upward": 0x400000}, 0x1C00000),
}
if platform.system() != "Linux" or platform.machine() not in PLACES:
    pytest.skip(f"fenv_t of {platform.system()} on {platform.machine()}", allow_module_level=True)
OFFSET, MODES, MASK = PLACES[platform.machine()]
libm = ctypes.CDLL(ctypes.util.find_library("m") or "libc.so")

by_mode = pytest.mark.parametrize("mode", MODES)
by_threads = pytest.mark.parametrize("n", [1, 2, 5])


def read_mode() -> int:
    environment = ctypes.create_string_buffer(64)
    libm.fegetenv(environment)
    return ctypes.c_uint32.from_buffer(environment, OFFSET).value & MASK


@contextmanager
def in_mode(name: str) -> Iterator[None]:
    environment = ctypes.create_string_buffer(64)
    libm.fegetenv(environment)
    place = ctypes.c_uint32.from_buffer(environment, OFFSET)
    place.value |= MODES[name]
    libm.fesetenv(environment)
    try:
        yield
        assert read_mode() == MODES[name]
    finally:
        place.value &= ~MASK & 0xFFFFFFFF
        libm.fesetenv(environment)


def tiny(rng: np.random.Generator, size: int, dtype: type) -> np.ndarray:
    """Numbers around the least normal one, half of them subnormal."""
    least = np.finfo(dtype).tiny
    return (rng.uniform(-2, 2, size) * least).astype(dtype)


def steps(case: Case, dtype: type) -> Callable[[], list[np.ndarray]]:
    """Two steps over more elements than one thread gets; what they make of them when called."""
    rng = np.random.default_rng(23)
    params = [tiny(rng, 40000, dtype), tiny(rng, 3, dtype)]
    grads = [tiny(rng, 40000, dtype), tiny(rng, 3, dtype)]
    optimizer = case.optimizer(params, **case.arguments)

    def run() -> list[np.ndarray]:
        optimizer.step(grads)
        optimizer.step(grads)
        return [*params, *(value for i in (0, 1) for value in optimizer.state.get(i, {}).values())]

    return run


def test_the_modes_are_what_they_should_be() -> None:
    least = np.array([np.finfo(np.float64).tiny])
    for name in MODES:
        with in_mode(name):
            half, third = least * 0.5, np.array([1.0]) / 3.0
            half *= 4.0  # back in the normal range, where a zero would show
        assert (half[0] == 0.0) == name.startswith("flush")
        assert (third[0] > 1 / 3) == (name == "upward")
    assert read_mode() == 0


@by_threads
@by_mode
@by_dtype
@pytest.mark.parametrize("case", [c for c in CASES if "_" not in c.name], ids=lambda case: case.name)
def test_steps(case: Case, dtype: type, mode: Any, n: int) -> None:
    with threads(n):
        expected = steps(case, dtype)()
        run = steps(case, dtype)
        with in_mode(mode):
            found = run()
    assert_same(found, expected)


@by_mode
@by_dtype
def test_clipped_steps(dtype: type, mode: Any) -> None:
    """By the calling thread the norm becomes a factor, and the factor a scalar."""

    def run(mode: str | None) -> list[Any]:
        rng = np.random.default_rng(31)
        params = [rng.uniform(-1, 1, 100).astype(dtype) for _ in range(20)]
        optimizers = [fastgd.SGD(param, lr=0.1, max_grad_norm=0.3) for param in params]
        grads = [rng.uniform(-1, 1, 100).astype(dtype) for _ in range(20)]
        with in_mode(mode) if mode else nullcontext():
            for optimizer, grad in zip(optimizers, grads, strict=True):
                optimizer.step(grad, grad_scale=0.7)
        return [params, [optimizer.grad_norm for optimizer in optimizers]]

    assert_same(run(mode), run(None))


@by_threads
@by_mode
@by_dtype
def test_norms_and_clipping(dtype: type, mode: Any, n: int) -> None:
    rng = np.random.default_rng(29)
    grads = [tiny(rng, 200000, dtype), tiny(rng, 77, dtype)]
    bound = float(grads[0].max()) / 3
    with threads(n):
        expected = fastgd.grad_norm(grads), [g.copy() for g in grads]
        fastgd.clip_grad_value_(expected[1], bound)
        with in_mode(mode):
            norm = fastgd.grad_norm(grads)
            fastgd.clip_grad_value_(grads, bound)
    assert norm == expected[0] > 0
    assert_same(grads, expected[1])


def test_hyperparameters_below_the_normal_range() -> None:
    """They are folded into scalars by the calling thread."""
    case = Case("adam_small", fastgd.Adam, CASES[0].reference, dict(lr=1e-310, eps=1e-312, weight_decay=3e-310), ())
    expected = steps(case, np.float64)()
    run = steps(case, np.float64)
    with in_mode("flush_all"):
        found = run()
    assert_same(found, expected)
    assert any(0 < abs(value) < 1e-308 for value in expected[0])


@by_mode
@by_dtype
def test_functions(dtype: type, mode: Any) -> None:
    rng = np.random.default_rng(37)
    start = [tiny(rng, 500, dtype) for _ in range(4)]
    start[3] = abs(start[3])
    settings = dict(step=3, lr=0.001, eps=1e-310, weight_decay=0.1)
    expected, found = ([array.copy() for array in start] for _ in range(2))
    fastgd.functional.adam(*expected, **settings)
    with in_mode(mode):
        fastgd.functional.adam(*found, **settings)
    assert_same(found, expected)


SCRIPT = """
import sys
from test_fpmode import *
fastgd.set_parallel_from(1000)
case = next(c for c in CASES if c.name == "adam")
fastgd.set_num_threads(2)
run = steps(case, np.float32)
if sys.argv[1] == "flush":
    with in_mode("flush_all"):
        found = run()
else:
    found = run()
sys.stdout.buffer.write(b"".join(np.asarray(value).tobytes() for value in found))
"""


def test_threads_that_a_flushing_thread_has_started() -> None:
    """They inherit its mode, and keep it for good."""
    path = os.pathsep.join(p for p in sys.path if p)
    said = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT, mode], check=True, capture_output=True, env=os.environ | {"PYTHONPATH": path}
        ).stdout
        for mode in ("usual", "flush")
    ]
    assert said[0] == said[1] != b""


def test_a_flushing_torch() -> None:
    torch = pytest.importorskip("torch")
    case = next(c for c in CASES if c.name == "adam")
    with threads(2):
        expected = steps(case, np.float32)()
        run = steps(case, np.float32)
        if not torch.set_flush_denormal(True):
            pytest.skip("torch cannot flush here")
        try:
            found = run()
            mode = read_mode()
        finally:
            torch.set_flush_denormal(False)
    assert_same(found, expected)
    assert mode != 0
