"""`accumulate`: gradients of several batches, summed in float32 or float64, for one step."""

import copy
import math
import re
from typing import Any

import numpy as np
import pytest

import fastgd
from support.cases import Case, every_case
from support.comparing import assert_equal, assert_same
from support.formats import BFLOAT16, FLOAT16
from support.running import gradient, threads
from support.stepping import gradients, make, parameters


def summed(batches: list[Any]) -> list[Any]:
    """The sums of gradients that may be None, in float32 and float64, one after the other."""
    result: list[Any] = [None] * len(batches[0])
    for batch in batches:
        for i, grad in enumerate(batch):
            if grad is not None:
                wide = grad.astype(np.float64 if grad.dtype == np.float64 else np.float32)
                result[i] = np.asarray(wide + (0 if result[i] is None else result[i]))
    return result


@every_case
def test_a_step_after_every_few_batches(case: Case) -> None:
    """Windows of several lengths, one of them of one batch; gradients that lack in some or in all of them."""
    params, twins = parameters(), parameters()
    opt, twin = make(case, params, max_grad_norm=2.0), make(case, twins, max_grad_norm=2.0)
    t = 0
    for window in (3, 1, 2):
        batches = [[None if (i, t + k) in ((2, 1), (3, 3)) else g for i, g in enumerate(gradients(t + k))]
                   for k in range(window)]  # fmt: skip
        before = copy.deepcopy([params, opt.state_dict()])
        for k, batch in enumerate(batches):
            opt.accumulate(batch)
            assert opt.accumulated == k + 1
        assert_same([params, opt.state_dict()], before)
        opt.step(grad_scale=0.5)
        twin.step(summed(batches), grad_scale=0.5 / window)
        assert opt.accumulated == 0
        assert opt.grad_norm == twin.grad_norm
        t += window
    assert_same(params, twins)
    assert_same(opt.state_dict(), twin.state_dict())


@pytest.mark.parametrize("dtype", [BFLOAT16, FLOAT16, np.float32], ids=str)
@pytest.mark.parametrize("given", [BFLOAT16, FLOAT16, np.float32], ids=str)
def test_sums_are_in_float32(dtype: Any, given: Any) -> None:
    rng = np.random.default_rng(1)
    start = [rng.standard_normal(n).astype(dtype) for n in (1, 700, 5000)]
    params, twins = ([p.copy() for p in start] for _ in range(2))
    opt, twin = fastgd.AdamW(params), fastgd.AdamW(twins)
    for _ in range(2):
        batches = [[gradient(rng, p.shape, np.float32).astype(given) for p in start] for _ in range(7)]
        for batch in batches:
            opt.accumulate(batch)
        opt.step()
        twin.step(summed(batches), grad_scale=1 / 7)
    assert_same(params, twins)
    assert_same(opt.state_dict(), twin.state_dict())


def test_small_gradients_in_sixteen_bits_are_not_lost() -> None:
    param = np.zeros(3, BFLOAT16)
    opt = fastgd.SGD([param], lr=1.0)
    opt.accumulate([np.ones(3, BFLOAT16)])
    for _ in range(999):
        opt.accumulate([np.full(3, 1 / 1024, BFLOAT16)])  # 1 + 1/1024 is 1 in bfloat16
    opt.step(grad_scale=1000)
    assert_equal(param, np.full(3, -(1 + 999 / 1024), np.float32).astype(BFLOAT16), "the sum")


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_large_sums_on_all_threads(count: int) -> None:
    rng = np.random.default_rng(2)
    start = [rng.standard_normal(70_003).astype(np.float32), rng.standard_normal(5)]
    params, twins = ([p.copy() for p in start] for _ in range(2))
    opt, twin = fastgd.LAMB(params), fastgd.LAMB(twins)
    batches = [[rng.standard_normal(p.shape).astype(p.dtype) for p in start] for _ in range(3)]
    with threads(1):
        twin.step(summed(batches), grad_scale=1 / 3)
    with threads(count):
        for batch in batches:
            opt.accumulate(batch, zero_grads=True)
            assert_same(batch, [np.zeros_like(g) for g in batch])
        opt.step()
    assert_same(params, twins)


@pytest.mark.parametrize("cls", [fastgd.Muon, fastgd.Adafactor])
def test_steps_of_two_parts(cls: type[fastgd.Optimizer]) -> None:
    start = [np.cos(np.arange(15.0)).reshape(5, 3), np.ones((2, 4), np.float32)]
    params, twins = ([p.copy() for p in start] for _ in range(2))
    opt, twin = cls(params), cls(twins)
    for t in range(3):
        batches = [[np.sin(p * (t + k)) for p in start] for k in range(2)]
        for batch in batches:
            opt.accumulate(batch)
        opt.step()
        twin.step(summed(batches), grad_scale=0.5)
    assert_same(params, twins)


def test_bound_gradients_groups_and_lookahead() -> None:
    params, twins = parameters(), parameters()
    opts = [fastgd.Lookahead(fastgd.Adam([{"params": p[:2]}, {"params": p[2:]}]), k=2) for p in (params, twins)]
    buffers = gradients(0)
    opts[0].bind([buffers[:2], buffers[2:]])
    for t in range(4):
        for k in range(2):
            for buffer, grad in zip(buffers, gradients(2 * t + k), strict=True):
                buffer += grad
            opts[0].accumulate(zero_grads=True) if t + k else opts[0].accumulate(gradients(0), zero_grads=True)
            if t + k == 0:
                opts[0].zero_grad()
        opts[0].step()
        opts[1].step(summed([gradients(2 * t), gradients(2 * t + 1)]), grad_scale=0.5)
    assert_same(params, twins)


def test_steps_that_are_left_out_or_refused() -> None:
    """One that is left out forgets the sums; one that is refused keeps them."""
    params, twins = parameters(), parameters()
    opt, twin = fastgd.Adam(params, skip_nonfinite=True), fastgd.Adam(twins, skip_nonfinite=True)
    bad = gradients(0)
    bad[0][1, 1] = math.nan
    opt.accumulate(gradients(1))
    opt.accumulate(bad)
    opt.step()
    assert (opt.skipped_steps, opt.accumulated) == (1, 0)
    opt.accumulate(gradients(2))
    opt.param_groups[0]["lr"] = -1.0
    with pytest.raises(ValueError, match="lr"):
        opt.step()
    assert opt.accumulated == 1
    opt.param_groups[0]["lr"] = 1e-3
    opt.accumulate(gradients(3))
    opt.step()
    twin.step(summed([gradients(2), gradients(3)]), grad_scale=0.5)
    assert_same(params, twins)


BAD: list[tuple[Any, type[Exception], str]] = [
    (lambda g: g[:5], ValueError, "grads: expected 6 entries like params, got 5"),
    (lambda g: [*g[:5], 1.0], TypeError, "grads[5]: expected a numpy.ndarray, got float"),
    (lambda g: [*g[:5], g[5].astype(np.float64)], TypeError, "grads[5]: expected dtype float32, bfloat16 or float16"),
    (lambda g: [g[0].T, *g[1:]], ValueError, "grads[0]: expected shape (3, 5), got (5, 3)"),
]


@pytest.mark.parametrize(("bad", "error", "message"), BAD)
def test_a_refused_call_adds_nothing(bad: Any, error: type[Exception], message: str) -> None:
    params, twins = parameters(), parameters()
    opt, twin = fastgd.Adam(params), fastgd.Adam(twins)
    opt.accumulate(gradients(0))
    with pytest.raises(error, match=re.escape(message)):
        opt.accumulate(bad(gradients(1)))
    assert opt.accumulated == 1
    opt.step()
    twin.step(gradients(0))
    assert_same(params, twins)


def test_mixtures_are_refused() -> None:
    params, before = parameters(), parameters()
    opt = fastgd.Adam(params, ema_decay=0.5)
    with pytest.raises(RuntimeError, match="no gradients are bound"):
        opt.accumulate()
    opt.accumulate(gradients(0))
    message = "gradients have been accumulated over 1 batch: call step() without any, and accumulate() with these"
    with pytest.raises(RuntimeError, match=re.escape(message)):
        opt.step(gradients(1))
    with pytest.raises(ValueError, match=r"zero_grads is for accumulate\(\) where gradients are accumulated"):
        opt.step(zero_grads=True)
    grads = gradients(1)
    grads[2].flags.writeable = False
    with pytest.raises(ValueError, match=r"grads\[2\]: expected a writeable array, got a read-only one"):
        opt.accumulate(grads, zero_grads=True)
    with pytest.raises(TypeError, match="zero_grads must be a bool, got int"):
        opt.accumulate(grads, zero_grads=1)
    with pytest.raises(AttributeError):
        opt.accumulated = 0
    with opt.averaged(), pytest.raises(RuntimeError, match="the parameters hold their averages"):
        opt.accumulate(grads)
    assert opt.accumulated == 1
    assert_same(params, before)
    opt.step()
    with pytest.raises(RuntimeError, match="no gradients are bound"):
        opt.step()


def test_sums_are_no_state() -> None:
    params, twins = parameters(), parameters()
    opt, twin = fastgd.Adam(params), fastgd.Adam(twins)
    opt.step(gradients(0))
    twin.step(gradients(0))
    saved = opt.state_dict()
    opt.accumulate(gradients(1))
    assert_same(opt.state_dict(), saved)
    opt.load_state_dict(saved)
    assert opt.accumulated == 0
    opt.accumulate(gradients(2))
    opt.add_param_group({"params": np.ones(3)})
    opt.step()
    twin.step(gradients(2))
    assert_same(params, twins)


def test_a_window_without_any_gradient() -> None:
    param = np.ones(2)
    opt = fastgd.SGD([param])
    opt.accumulate([None])
    opt.step()
    assert (opt.steps_completed, opt.accumulated, param.tolist()) == (0, 0, [1.0, 1.0])
