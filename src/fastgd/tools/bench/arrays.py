"""Arrays to measure on: never zero, never near a subnormal, fresh for each variant, laid out as NumPy lays them out."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

Shapes = Sequence[tuple[int, ...]]

BLOCK = 1 << 16


def values(shape: tuple[int, ...], dtype: np.dtype[Any], seed: int) -> np.ndarray:
    """Magnitudes in [0.5, 1), signs at random; long arrays repeat a block, for drawing 20M numbers takes longer."""
    rng = np.random.default_rng(seed)
    result = np.empty(shape, dtype)
    flat = result.reshape(-1)
    block = rng.random(min(flat.size, BLOCK)).astype(dtype)
    block = (0.5 + 0.5 * block) * np.sign(block - block.dtype.type(0.5) + block.dtype.type(2.0**-30))
    for start in range(0, flat.size, BLOCK):
        flat[start : start + BLOCK] = block[: flat.size - start]
    return result


def fresh(shapes: Shapes, dtype: str = "float32", seed: int = 0) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """(parameters, gradients); the same values for the same seed, in memory of their own."""
    kind = np.dtype(dtype)
    params = [values(shape, kind, seed + 2 * i) for i, shape in enumerate(shapes)]
    return params, [values(shape, kind, seed + 2 * i + 1) for i, shape in enumerate(shapes)]


def elements(shapes: Shapes) -> int:
    return sum(math.prod(shape) for shape in shapes)


def sample(array: np.ndarray) -> np.ndarray:
    """A copy of at most some thousand elements, spread over the array."""
    flat = array.reshape(-1)
    return flat[:: max(1, flat.size // 4096)].copy()


def unsound(arrays: Iterable[np.ndarray]) -> str:
    """What among the elements would change the speed of vector instructions; nothing if all is well."""
    for array in arrays:
        if array.dtype.kind != "f":
            continue
        some = sample(array)
        if not np.isfinite(some).all():
            return "a value is not finite"
        if ((some != 0) & (np.abs(some) < np.finfo(some.dtype).tiny)).any():
            return "a value is subnormal"
    return ""
