"""
What is measured on: lists of shapes by name, and arrays of them.

Elements are never zero and never near a subnormal. Each variant gets fresh arrays, laid out as NumPy lays them out.
"""

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fastgd import formats

Shapes = Sequence[tuple[int, ...]]

BLOCK = 1 << 16


def dense(*widths: int) -> Shapes:
    """Weights and biases of a network of dense layers."""
    pairs = itertools.pairwise(widths)
    return [shape for fan_in, fan_out in pairs for shape in ((fan_out, fan_in), (fan_out,))]


def transformer(layers: int = 12, width: int = 384, words: int = 9000, places: int = 512) -> Shapes:
    """A decoder as GPT-2 has it: 25M parameters in 148 tensors."""
    norm = [(width,), (width,)]
    attention = [(3 * width, width), (3 * width,), (width, width), (width,)]
    feedforward = [(4 * width, width), (4 * width,), (width, 4 * width), (width,)]
    return [(words, width), (places, width), *(layers * [*norm, *attention, *norm, *feedforward]), *norm]


SIZES = {
    "16": 16, "1k": 1_000, "4k": 4_096, "10k": 10_000, "100k": 100_000, "1M": 1_000_000, "4M": 4_000_000,
    "20M": 20_000_000,
}  # fmt: skip
WORK: dict[str, Shapes] = {
    **{name: [(size,)] for name, size in SIZES.items()},
    "500 x 64": 500 * [(64,)],
    "100 x 10k": 100 * [(10_000,)],
    "8-64-64-4": dense(8, 64, 64, 4),
    "transformer, 25M": transformer(),
}


@dataclass(frozen=True)
class Kind:
    """How the arrays of a measurement are stored: formats by name, and what fastgd's optimizers are told of it."""

    param: str
    grad: str
    state: str
    storage: Mapping[str, Any] = field(default_factory=dict)

    @property
    def compute(self) -> str:
        """What a rule computes in."""
        return "float64" if self.param == "float64" else "float32"

    @property
    def is_plain(self) -> bool:
        """Whether NumPy alone has it, and everything is in the parameter's dtype."""
        return self.param == self.grad == self.compute

    def moved(self, reads: int, writes: int) -> int:
        """The bytes that are moved for each element: the parameter twice, the gradient once, and states."""
        param, grad = (formats.dtype(name).itemsize for name in (self.param, self.grad))
        # Of a block in 8 bits its largest magnitude is the 256th part of what is moved.
        state = 1 if self.state == "8bit" else formats.dtype(self.state).itemsize
        return 2 * (param + 2 * bool(self.storage.get("master_weights"))) + grad + (reads + writes - 3) * state


# Kernels take all of these as they lie, so that roofs do, but for 8 bits, which a roof decodes and encodes, too.
KINDS = {
    "float32": Kind("float32", "float32", "float32"),
    "float64": Kind("float64", "float64", "float64"),
    "bfloat16": Kind("bfloat16", "bfloat16", "bfloat16", {"state_dtype": "param"}),
    "bfloat16-float32": Kind("bfloat16", "bfloat16", "float32"),
    "bfloat16-master": Kind("bfloat16", "bfloat16", "float32", {"master_weights": True}),
    "float32-bfloat16": Kind("float32", "bfloat16", "float32"),
    "8bit": Kind("float32", "float32", "8bit", {"state_dtype": "8bit"}),
    "8bit-sqrt": Kind("float32", "float32", "8bit", {"state_dtype": "8bit-sqrt"}),
}


def values(shape: tuple[int, ...], dtype: np.dtype[Any], seed: int) -> np.ndarray:
    """Magnitudes in [0.5, 1), signs at random; long arrays repeat a block, for drawing 20M numbers takes longer."""
    rng = np.random.default_rng(seed)
    result = np.empty(shape, dtype)
    flat = result.reshape(-1)
    wide = np.dtype(np.float32) if dtype.itemsize == 2 else dtype
    block = rng.random(min(flat.size, BLOCK)).astype(wide)
    block = ((0.5 + 0.5 * block) * np.sign(block - wide.type(0.5) + wide.type(2.0**-30))).astype(dtype)
    for start in range(0, flat.size, BLOCK):
        flat[start : start + BLOCK] = block[: flat.size - start]
    return result


def fresh(shapes: Shapes, dtype: str = "float32", seed: int = 0) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """(parameters, gradients) of a kind; the same values for the same seed, in memory of their own."""
    param, grad = formats.dtype(KINDS[dtype].param), formats.dtype(KINDS[dtype].grad)
    params = [values(shape, param, seed + 2 * i) for i, shape in enumerate(shapes)]
    return params, [values(shape, grad, seed + 2 * i + 1) for i, shape in enumerate(shapes)]


UNITS = {"k": 10**3, "M": 10**6}


def elements_of(size: str) -> int:
    """1k -> 1000."""
    return int(size[:-1]) * UNITS[size[-1]] if size[-1:] in UNITS else int(size)


def size_of(n: int) -> str:
    """1000 -> 1k."""
    return next((f"{n // factor}{unit}" for unit, factor in reversed(UNITS.items()) if n % factor == 0), str(n))


def elements(shapes: Shapes) -> int:
    return sum(math.prod(shape) for shape in shapes)


def sample(array: np.ndarray) -> np.ndarray:
    """A copy of at most some thousand elements, spread over the array."""
    flat = array.reshape(-1)
    return flat[:: max(1, flat.size // 4096)].copy()


def unsound(arrays: Iterable[np.ndarray]) -> str:
    """What among the elements would change the speed of vector instructions; nothing if all is well."""
    for array in arrays:
        if array.dtype.name not in formats.ALL:
            continue
        single = array.dtype.itemsize < 8
        some = sample(array).astype(np.float32 if single else np.float64)
        if not np.isfinite(some).all():
            return "a value is not finite"
        if ((some != 0) & (np.abs(some) < (2.0**-126 if single else 2.0**-1022))).any():
            return "a value is subnormal"
    return ""
