"""Cube root and angle of kernels/elementary.pxd, in the NumPy form whose bits MADGRAD and AdamAtan2 have."""

import numpy as np
import pytest

from support.reference_more import angle, cube_root
from support.running import by_dtype

WIDE = {np.float32: np.float64, np.float64: np.longdouble}


def ulps(found: np.ndarray, exact: np.ndarray, dtype: type) -> float:
    """The largest error in units in the last place."""
    near = np.abs(exact).astype(dtype)
    return float((np.abs(found.astype(exact.dtype) - exact) / np.spacing(near)).max())


def magnitudes(dtype: type, seed: int) -> np.ndarray:
    """Positive numbers of every size."""
    info = np.finfo(dtype)
    rng = np.random.default_rng(seed)
    exponents = rng.uniform(np.log2(info.smallest_subnormal), np.log2(info.max), 100_000)
    return np.maximum(np.exp2(exponents).astype(dtype), info.smallest_subnormal)


@by_dtype
def test_the_cube_root(dtype: type) -> None:
    x = magnitudes(dtype, 1)
    assert ulps(cube_root(x), np.cbrt(x.astype(WIDE[dtype])), dtype) < 1.5
    exact = np.array([0, 1, 8, 27, 64, np.inf], dtype)
    assert cube_root(exact).tolist() == [0, 1, 2, 3, 4, np.inf]
    assert np.isnan(cube_root(np.array([np.nan], dtype))).all()


@by_dtype
def test_the_angle(dtype: type) -> None:
    rng = np.random.default_rng(2)
    for spread in (1.0, 30.0):
        x = np.exp2(rng.uniform(-spread, spread, 100_000)).astype(dtype)
        y = (np.exp2(rng.uniform(-spread, spread, 100_000)) * rng.choice([-1.0, 1.0], 100_000)).astype(dtype)
        assert ulps(angle(y, x), np.arctan2(y.astype(WIDE[dtype]), x.astype(WIDE[dtype])), dtype) < 2.5


@by_dtype
def test_the_ends_of_the_angle(dtype: type) -> None:
    big = np.finfo(dtype).max / 4
    y = np.array([0, 0, 1, -1, 1, 1, -big, np.finfo(dtype).smallest_subnormal], dtype)
    x = np.array([0, 5, 0, 0, np.inf, 1, big, 1], dtype)
    expected = np.arctan2(y.astype(np.float64), x.astype(np.float64)).astype(dtype)
    np.testing.assert_allclose(angle(y, x), expected, rtol=3 * np.finfo(dtype).eps, atol=0)
    nan = np.array([np.nan, 1, np.nan], dtype)
    assert np.isnan(angle(nan, np.array([1, np.nan, np.nan], dtype))).all()


@pytest.mark.parametrize("share", [0.41421356, 0.4142136, 1.0])
def test_the_pieces_of_the_angle_meet(share: float) -> None:
    """Where one piece ends and the next begins the angle goes on growing, but for two units in the last place."""
    near = (np.arange(-50, 51) * np.spacing(np.float32(share)) + np.float32(share)).astype(np.float32)
    for found in (angle(near, np.ones_like(near)), -angle(np.ones_like(near), near)):
        assert (np.diff(found) >= -2 * np.spacing(np.abs(found[1:]))).all()
