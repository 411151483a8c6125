"""What the tests of numbers share: how arrays are placed and filled, and how a run is set up."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

import fastgd
from fastgd.engine import dispatch

ISAS = dispatch.available()
DTYPES = [np.float32, np.float64]
CACHE_LINE = 64

by_isa = pytest.mark.parametrize("isa", ISAS)
by_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)


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
