"""What the tests of steps share: arrays of every kind, and how a run is made."""

from collections.abc import Callable
from typing import Any

import numpy as np

import fastgd
from support.cases import Case

Arrays = list[np.ndarray]
Wrap = Callable[[Arrays], Any]


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
