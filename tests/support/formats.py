"""Storage formats in plain NumPy: what is decoded, computed in float32 or float64, and encoded again."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from fastgd import formats
from support.cases import Case

BFLOAT16 = formats.bfloat16()
FLOAT16, FLOAT32, FLOAT64 = (np.dtype(name) for name in ("float16", "float32", "float64"))


@dataclass(frozen=True)
class Mix:
    """Dtypes of a parameter and its gradient, and how state is stored."""

    param: np.dtype
    grad: np.dtype
    state_dtype: str | None = None

    @property
    def compute(self) -> np.dtype:
        return FLOAT64 if self.param == FLOAT64 else FLOAT32

    @property
    def state(self) -> np.dtype:
        if self.state_dtype is None:
            return self.compute
        return self.param if self.state_dtype == "param" else formats.dtype(self.state_dtype)

    def __str__(self) -> str:
        return f"{self.param}-{self.grad}-{self.state_dtype}"


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
]

every_mix = pytest.mark.parametrize("mix", MIXES, ids=str)


def encoded(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """In a format, rounded to nearest; from float64 by way of float32, where that is wider."""
    if dtype.itemsize == 2:
        values = values.astype(np.float32)
    return values.astype(dtype)


class Twin:
    """
    A parameter in a mix of formats, as it is stored after each step.

    Attributes
    ----------
    param : ndarray
        In its dtype.
    state : dict
        As `opt.state` has it, without the step: arrays in the dtype that they are stored in.
    """

    def __init__(self, case: Case, mix: Mix, param: np.ndarray) -> None:
        self.case, self.mix, self.param = case, mix, param.copy()
        self.state: dict[str, Any] = {}

    def step(self, grad: np.ndarray, t: int, **more: Any) -> None:
        compute = self.mix.compute
        param = self.param.astype(compute)
        state = {k: v.astype(compute) if isinstance(v, np.ndarray) else v for k, v in self.state.items()}
        with np.errstate(all="ignore"):
            self.case.reference(param, grad.astype(compute), state, t, **self.case.arguments, **more)
            self.param[...] = encoded(param, self.param.dtype)
            self.state = {k: self._stored(v) for k, v in state.items()}

    def _stored(self, value: Any) -> Any:
        return encoded(value, self.mix.state) if isinstance(value, np.ndarray) else value
