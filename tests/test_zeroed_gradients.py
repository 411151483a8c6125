"""`step(grads, zero_grads=True)`: gradients are zeros after the step, and nothing else is different."""

import math
from typing import Any

import numpy as np
import pytest

import fastgd
from support.cases import Case, every_case
from support.comparing import assert_same
from support.formats import BFLOAT16, FLOAT16
from support.running import threads
from support.stepping import gradients, make, parameters

FINISHING = {"Muon": fastgd.Muon, "Adafactor": fastgd.Adafactor}


def zeros(grads: Any) -> Any:
    return [None if g is None else np.zeros_like(g) for g in grads]


@every_case
def test_zeros_after_every_rule(case: Case) -> None:
    params, twins = parameters(), parameters()
    opt, twin = make(case, params, max_grad_norm=2.0), make(case, twins, max_grad_norm=2.0)
    for t in range(4):
        grads = [None if i == t else g for i, g in enumerate(gradients(t))]
        twin.step(grads, grad_scale=0.5)
        opt.step(grads, grad_scale=0.5, zero_grads=True)
        assert_same(grads, zeros(grads))
    assert_same(params, twins)
    assert_same(opt.state_dict(), twin.state_dict())


@pytest.mark.parametrize("name", FINISHING)
def test_zeros_after_steps_of_two_parts(name: str) -> None:
    params, twins = ([np.ones((5, 7)), np.ones((3, 2), np.float32)] for _ in range(2))
    opt, twin = FINISHING[name](params), FINISHING[name](twins)
    for t in range(3):
        grads = [np.cos(np.arange(p.size, dtype=p.dtype).reshape(p.shape) + t) for p in params]
        twin.step(grads)
        opt.step(grads, zero_grads=True)
        assert_same(grads, zeros(grads))
    assert_same(params, twins)
    assert_same(opt.state_dict(), twin.state_dict())


@pytest.mark.parametrize("dtype", [np.float32, np.float64, FLOAT16, BFLOAT16], ids=str)
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_large_gradients_in_every_format_and_on_all_threads(dtype: Any, count: int) -> None:
    """Pieces, tiles, and the several passes of LAMB, in which a gradient is read twice."""
    rng = np.random.default_rng(1)
    start = [rng.standard_normal(n).astype(dtype) for n in (40_001, 1, 2049)]
    for cls in (fastgd.AdamW, fastgd.LAMB, fastgd.Prodigy):
        params, twins = ([p.copy() for p in start] for _ in range(2))
        opt, twin = cls(params), cls(twins)
        for _ in range(2):
            grads = [rng.standard_normal(p.shape).astype(dtype) for p in start]
            with threads(1):
                twin.step(grads)
            with threads(count):
                opt.step(grads, zero_grads=True)
            assert_same(grads, zeros(grads))
        assert_same(params, twins)


def test_bound_gradients_are_added_to_again() -> None:
    params, twins = parameters(), parameters()
    opt, twin = fastgd.Adam(params), fastgd.Adam(twins)
    buffers = zeros(gradients(0))
    opt.bind(buffers)
    for t in range(4):
        for buffer, grad in zip(buffers, gradients(t), strict=True):
            np.add(buffer, grad, out=buffer)
        opt.step(zero_grads=True)
        twin.step(gradients(t))
    assert_same(params, twins)


@pytest.mark.parametrize("cls", [fastgd.Adam, fastgd.Muon])
def test_a_step_that_is_left_out_zeroes_too(cls: type[fastgd.Optimizer]) -> None:
    """Who adds to gradients would have the NaN in them for ever."""
    param, grad = np.ones((2, 2)), np.full((2, 2), math.nan)
    opt = cls([param], skip_nonfinite=True)
    opt.step([grad], zero_grads=True)
    assert_same([param, grad], [np.ones((2, 2)), np.zeros((2, 2))])
    assert (opt.skipped_steps, opt.steps_completed) == (1, 0)


def test_groups_and_lookahead() -> None:
    params, twins = parameters(), parameters()
    opts = [
        fastgd.Lookahead(fastgd.SGD([{"params": p[:2]}, {"params": p[2:], "lr": 0.5}]), k=2) for p in (params, twins)
    ]
    for t in range(4):
        grads = gradients(t)
        opts[1].step([grads[:2], grads[2:]])
        opts[0].step([grads[:2], grads[2:]], zero_grads=True)
        assert_same(grads, zeros(grads))
    assert_same(params, twins)


def read_only() -> list[np.ndarray]:
    grads = gradients(0)
    grads[3].flags.writeable = False
    return grads


def shared() -> list[np.ndarray]:
    grads = gradients(0)
    both = np.ones(15 + 4, np.float32)
    grads[0] = both[:15].reshape(3, 5)
    grads[3] = both[14:15].reshape(())
    return grads


BAD: dict[str, tuple[Any, str]] = {
    "read-only": (read_only, r"grads\[3\]: expected a writeable array, got a read-only one"),
    "shared": (shared, r"grads\[\d\]: expected memory of its own, got memory that it shares with grads\[\d\]"),
}


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("cls", [fastgd.Adam, fastgd.SGD])
def test_what_cannot_be_zeroed_is_refused_before_anything_changes(cls: type[fastgd.Optimizer], bad: str) -> None:
    grads, message = BAD[bad][0](), BAD[bad][1]
    params, twins = parameters(), parameters()
    opt, twin = cls(params), cls(twins)
    before = [g.copy(order="K") for g in grads]
    with pytest.raises(ValueError, match=message):
        opt.step(grads, zero_grads=True)
    assert all((g == b).all() for g, b in zip(grads, before, strict=True))
    assert_same(params, twins)
    assert_same(opt.state_dict(), twin.state_dict())
    opt.step(grads)  # which only reads them
    twin.step(grads)
    assert_same(params, twins)


@pytest.mark.parametrize("value", [1, None, "yes", np.ones(2)], ids=repr)
def test_zero_grads_is_a_bool(value: Any) -> None:
    param, grad = np.ones(2), np.ones(2)
    with pytest.raises(TypeError, match="zero_grads must be a bool, got"):
        fastgd.SGD([param]).step([grad], zero_grads=value)
    assert_same([param, grad], [np.ones(2), np.ones(2)])


def test_a_gradient_of_a_subclass_is_zeroed_itself() -> None:
    grad = np.ones(3).view(np.recarray)
    fastgd.SGD(np.ones(3)).step(grad, zero_grads=True)
    assert not np.asarray(grad).any()
