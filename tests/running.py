"""What the tests of numbers share: how arrays are placed and filled, how a run is set up, and what "the same" means."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

import fastgd
from fastgd.engine import dispatch

ISAS = dispatch.available()
DTYPES = [np.float32, np.float64]
CACHE_LINE = 64


@contextmanager
def instruction_set(name: str) -> Iterator[None]:
    before = dispatch.chosen()
    dispatch.select(name)
    try:
        yield
    finally:
        dispatch.select(before)


@contextmanager
def threads(n: int | None) -> Iterator[None]:
    fastgd.set_num_threads(n)
    try:
        yield
    finally:
        fastgd.set_num_threads(None)


def placed(values: np.ndarray, shift: int = 0) -> np.ndarray:
    """A copy in C order that begins `shift` elements after a cache line's beginning."""
    raw = np.zeros(values.nbytes + CACHE_LINE + shift * values.itemsize, np.uint8)
    start = -raw.ctypes.data % CACHE_LINE + shift * values.itemsize
    array = raw[start : start + values.nbytes].view(values.dtype).reshape(values.shape)
    array[...] = values
    return array


def specials(dtype: type) -> np.ndarray:
    """What arithmetic treats apart: signed zeros, the ends of the range, subnormals, infinities and NaN."""
    info = np.finfo(dtype)
    tiny, least, most = info.tiny, info.smallest_subnormal, info.max
    values = [0, -0.0, tiny, -tiny, least, -least, 0, tiny / 3, most, -most, most**0.6, np.inf, -np.inf, np.nan]
    return np.array(values, dtype)


def gradient(rng: np.random.Generator, shape: int | tuple[int, ...], dtype: type, special: bool = False) -> np.ndarray:
    """Normal numbers over six orders of magnitude; with `special`, one in fifty is of the kind above."""
    values = np.asarray(rng.standard_normal(shape) * 10.0 ** rng.uniform(-3, 3, shape)).astype(dtype)
    if special and values.size:
        where = rng.random(shape) < 0.02
        values[where] = rng.choice(specials(dtype), np.count_nonzero(where))
    return values


def assert_same(actual: np.ndarray, expected: np.ndarray, what: str) -> None:
    """Every element equal, NaN to NaN."""
    assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape), what
    if np.array_equal(actual, expected, equal_nan=True):
        return
    wrong = np.argwhere(~((actual == expected) | ((actual != actual) & (expected != expected))))
    first = tuple(wrong[0])
    raise AssertionError(
        f"{what}: {len(wrong)} of {actual.size} elements differ, the first at {first}: "
        f"{float(actual[first]).hex()} instead of {float(expected[first]).hex()}"
    )


def assert_same_state(optimizer: fastgd.Optimizer, states: Sequence[dict], what: str) -> None:
    """Arrays and carried numbers of all parameters equal those of the reference, and there are no others."""
    for i, expected in enumerate(states):
        actual = dict(optimizer.state.get(i, {}))
        if actual.pop("step", None) == 0:
            continue  # Adagrad, like torch's, has its state before the first step
        assert set(actual) == set(expected), f"{what}: state of parameter {i}"
        for key, value in expected.items():
            assert_same(np.asarray(actual[key]), np.asarray(value), f"{what}: {key} of parameter {i}")


def assert_same_arrays(actual: Iterable[np.ndarray], expected: Iterable[np.ndarray], what: str) -> None:
    for i, pair in enumerate(zip(actual, expected, strict=True)):
        assert_same(*pair, f"{what}: parameter {i}")
