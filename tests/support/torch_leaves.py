"""Parameters of torch of several shapes with gradients, and how their numbers are compared with NumPy's."""

from typing import Any

import numpy as np
import torch

from fastgd import formats
from support.comparing import assert_equal

SHAPES = [(3, 4), (), (2500,)]


def arrays(seed: int, dtype: Any = np.float32) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.standard_normal(shape)).astype(dtype) for shape in SHAPES]


def leaves(name: str = "float32") -> list[Any]:
    return [torch.tensor(a.tolist(), dtype=getattr(torch, name)).requires_grad_() for a in arrays(0)]


def give(params: list[Any], seed: int) -> None:
    for param, grad in zip(params, arrays(seed), strict=True):
        param.grad = torch.tensor(grad.tolist(), dtype=param.dtype)


def numbers(tensors: Any) -> list[np.ndarray]:
    return [np.array(formats.asarray(tensor.detach())) for tensor in tensors]


def assert_all_equal(some: Any, others: Any) -> None:
    for i, (a, b) in enumerate(zip(some, others, strict=True)):
        assert_equal(np.asarray(a), np.asarray(b), f"number {i}")
