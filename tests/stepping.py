"""What the tests of steps share: arrays of every kind, how a run is made, and bits that can be compared."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

import fastgd
from cases import CASES, Case

Arrays = list[np.ndarray]
Wrap = Callable[[Arrays], Any]

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
every_optimizer = pytest.mark.parametrize("cls", sorted({case.optimizer for case in CASES}, key=lambda c: c.__name__))


def parameters(seed: int = 0) -> Arrays:
    """Both dtypes, C order, F order, a 0-d and an empty array."""
    rng = np.random.default_rng(seed)
    return [
        rng.standard_normal((3, 5)).astype(np.float32),
        np.asfortranarray(rng.standard_normal((4, 6))),
        rng.standard_normal(17),
        np.array(rng.standard_normal(), np.float32),
        np.empty((0, 3)),
        rng.standard_normal((2, 3, 4)).astype(np.float32).transpose(2, 0, 1),
    ]


def gradients(seed: int) -> Arrays:
    rng = np.random.default_rng(1000 + seed)
    result = [np.empty_like(p) for p in parameters()]
    for grad in result:
        grad[...] = rng.standard_normal(grad.shape)
    return result


def run(opt: fastgd.Optimizer, steps: range, wrap: Wrap = list) -> None:
    for t in steps:
        opt.step(wrap(gradients(t)))


def make(case: Case, params: Any, **more: Any) -> fastgd.Optimizer:
    return case.optimizer(params, **case.arguments, **more)


def assert_same(a: Any, b: Any) -> None:
    """Bit for bit, layout included."""
    assert freeze(a) == freeze(b)


def freeze(value: Any) -> Any:
    """`value` in a form that `==` compares bit for bit, NaN and signed zeros included."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.strides, value.flags.writeable, value.tobytes("K")
    if isinstance(value, Mapping):
        return {key: freeze(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(freeze, value)]
    return repr(value)
