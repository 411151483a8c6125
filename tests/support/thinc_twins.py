"""What the tests of fastgd.thinc share: both libraries' optimizers, data, and comparisons."""

import copy
from typing import Any

import numpy as np
import pytest

pytest.importorskip("thinc")
from thinc import optimizers as host

from fastgd import thinc as adapter

KEY = (1, "W")
# 1 - beta is the same in float32 and in double, so that nothing but rounding tells thinc's numbers from ours.
EXACT = dict(beta1=0.875, beta2=1 - 2.0**-10)
every_name = pytest.mark.parametrize("name", ["Adam", "RAdam"])


def ours(name: str, *args: Any, **settings: Any) -> Any:
    return getattr(adapter, name)(*args, **settings)


def theirs(name: str, *args: Any, **settings: Any) -> Any:
    return getattr(host, name)(*args, **settings)


def normal(seed: int, shape: tuple[int, ...] = (7, 33), dtype: Any = np.float32) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def snapshot(optimizer: Any, *arrays: Any) -> Any:
    state = (optimizer.mom1, optimizer.mom2, optimizer.averages, dict(optimizer.nr_update))
    return copy.deepcopy((state, arrays))


def same(a: Any, b: Any) -> Any:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return np.array_equal(a, b) and getattr(a, "dtype", None) == getattr(b, "dtype", None)


def assert_near(mine: Any, their: Any, rtol: float) -> None:
    """In units of the largest element, since thinc rounds in another order."""
    assert mine.shape == their.shape
    assert np.abs(mine - their).max() <= rtol * np.abs(their).max()
