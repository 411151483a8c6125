"""Storage formats in plain NumPy: what is decoded, computed in float32 or float64, and encoded again."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from fastgd import formats
from fastgd.engine import dispatch
from support.cases import Case

BFLOAT16 = formats.bfloat16()
SEED = 2**62 + 12345
MASK = 2**64 - 1
FLOAT16, FLOAT32, FLOAT64 = (np.dtype(name) for name in ("float16", "float32", "float64"))


@dataclass(frozen=True)
class Mix:
    """Dtypes of a parameter and its gradient, and how state is stored."""

    param: np.dtype
    grad: np.dtype
    state_dtype: str | None = None
    rounding: str = "nearest"

    @property
    def storage(self) -> dict[str, Any]:
        """The keywords of an optimizer."""
        return {"state_dtype": self.state_dtype, "rounding": self.rounding, "seed": SEED}

    @property
    def compute(self) -> np.dtype:
        return FLOAT64 if self.param == FLOAT64 else FLOAT32

    @property
    def state(self) -> np.dtype:
        if self.state_dtype is None:
            return self.compute
        return self.param if self.state_dtype == "param" else formats.dtype(self.state_dtype)

    def __str__(self) -> str:
        return f"{self.param}-{self.grad}-{self.state_dtype}-{self.rounding}"


MIXES = [
    Mix(BFLOAT16, BFLOAT16),
    Mix(BFLOAT16, FLOAT32),
    Mix(BFLOAT16, FLOAT16),
    Mix(FLOAT16, FLOAT16),
    Mix(FLOAT16, FLOAT32),
    Mix(FLOAT16, BFLOAT16),
    Mix(FLOAT32, BFLOAT16),
    Mix(FLOAT32, FLOAT16),
    Mix(FLOAT64, FLOAT32),
    Mix(FLOAT64, BFLOAT16),
    Mix(FLOAT64, FLOAT16),
    Mix(BFLOAT16, BFLOAT16, "param"),
    Mix(FLOAT16, FLOAT16, "param"),
    Mix(FLOAT32, FLOAT32, "param"),
    Mix(FLOAT16, BFLOAT16, "float32"),
    Mix(FLOAT64, FLOAT64, "float32"),
    Mix(BFLOAT16, BFLOAT16, None, "stochastic"),
    Mix(BFLOAT16, BFLOAT16, "param", "stochastic"),
    Mix(BFLOAT16, FLOAT32, "bfloat16", "stochastic"),
    Mix(BFLOAT16, BFLOAT16, "bfloat16"),
    Mix(FLOAT16, FLOAT16, "bfloat16"),
    Mix(FLOAT32, FLOAT32, "bfloat16"),
    Mix(FLOAT64, FLOAT64, "bfloat16"),
]

every_mix = pytest.mark.parametrize("mix", MIXES, ids=str)


def encoded(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """In a format, rounded to nearest; from float64 by way of float32, where that is wider."""
    if dtype.itemsize == 2:
        values = values.astype(np.float32)
    return values.astype(dtype)


def mixed(x: int) -> int:
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & MASK
    return x ^ (x >> 31)


def random_bits(n: int, seed: int, steps: int, number: int, k: int) -> np.ndarray:
    """
    16 random bits for each of n elements.

    `steps` have been taken before, `number` is the parameter's, and k the array's: 0 for the parameter, from 2 on for
    the states in the order of their rule.
    """
    key = mixed(mixed(mixed(seed + 0x9E3779B97F4A7C15 & MASK) + steps & MASK) + 64 * number + k & MASK)
    low, high = np.uint32(key & 0xFFFFFFFF), np.uint32(key >> 32)
    with np.errstate(over="ignore"):
        x = np.arange(n, dtype=np.uint32) + low
        x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
        x = ((x ^ (x >> np.uint32(15))) + high) * np.uint32(0x846CA68B)
    return x >> np.uint32(16)


def stochastic(values: np.ndarray, random: np.ndarray) -> np.ndarray:
    """In bfloat16, up or down by `random`; to nearest from the largest finite number on."""
    with np.errstate(all="ignore"):
        bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
        up = ((bits + random.reshape(bits.shape)) >> np.uint32(16)).astype(np.uint16)
        nearest = values.astype(np.float32).astype(BFLOAT16).view(np.uint16)
    return np.where(bits & np.uint32(0x7FFFFFFF) >= 0x7F7F0000, nearest, up).view(BFLOAT16)


def master(param: np.ndarray, state: Any) -> np.ndarray:
    """The float32 that a parameter and its state stand for."""
    if param.dtype == FLOAT16:
        return np.asarray(state["master_param"])
    upper = param.view(np.uint16).astype(np.int64) << 16
    return (upper + state["param_remainder"]).astype(np.uint32).view(np.float32)


# State that hardly moves in a step; tests/test_formats.py sees to it that each state of each rule is in one of these.
SLOW = {
    "acc_delta", "accumulator", "ax", "ema", "exp_avg_slow", "exp_avg_sq", "exp_avg_var", "exp_inf",
    "grad_sum_sq", "linear", "max_exp_avg_sq", "s", "square_avg", "sum", "z",
}  # fmt: skip
QUICK = {
    "exp_avg", "exp_avg_diff", "grad_avg", "last_grad", "momentum_buffer", "neg_exp_avg", "neg_pre_grad", "p0", "prev",
    "step_size", "update", "x0",
}  # fmt: skip


class Twin:
    """
    A parameter in a mix of formats, in C order, as it is stored after each step; number `number` of its optimizer.

    Attributes
    ----------
    param : ndarray
        In its dtype.
    state : dict
        As `opt.state` has it, without the step: arrays in the dtype that they are stored in.
    """

    def __init__(self, case: Case, mix: Mix, param: np.ndarray, number: int = 0) -> None:
        self.case, self.mix, self.param, self.number = case, mix, param.copy(), number
        self.state: dict[str, Any] = {}
        self.keys = dispatch.rules()[case.rules[-1]][1]

    def step(self, grad: np.ndarray, t: int, **more: Any) -> None:
        compute = self.mix.compute
        param = self.param.astype(compute)
        state = {k: v.astype(compute) if isinstance(v, np.ndarray) else v for k, v in self.state.items()}
        with np.errstate(all="ignore"):
            self.case.reference(param, grad.astype(compute), state, t, **self.case.arguments, **more)
        random = self.mix.param == BFLOAT16 and self.mix.rounding == "stochastic"
        self.param[...] = self._stored(param, self.param.dtype, random, t, 0)
        self.state = {
            k: self._stored(
                v, self.mix.state, self.mix.state_dtype == "bfloat16" and k in SLOW, t, self.keys.index(k) + 2
            )
            if isinstance(v, np.ndarray)
            else v
            for k, v in state.items()
        }

    def _stored(self, values: np.ndarray, dtype: np.dtype, random: bool, t: int, k: int) -> np.ndarray:
        if random:
            return stochastic(values, random_bits(values.size, SEED, t - 1, self.number, k))
        with np.errstate(all="ignore"):
            return encoded(values, dtype)
