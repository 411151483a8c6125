"""
Master weights: parameters in 16 bits whose training is, bit for bit, that of parameters in float32.
"""

import copy
import re
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import formats
from fastgd.engine import dispatch
from support.cases import BY_NAME, Case, every_case
from support.comparing import assert_equal, assert_same
from support.formats import BFLOAT16, FLOAT16, master
from support.running import ISAS, gradient, instruction_set, placed, threads

KEYS = {BFLOAT16: "param_remainder", FLOAT16: "master_param"}
by_narrow = pytest.mark.parametrize("dtype", [BFLOAT16, FLOAT16], ids=str)


def shown(values: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """What a float32 shows as: bfloat16 rounds halves away from zero, so that 16 bits are enough for the rest."""
    with np.errstate(all="ignore"):
        nearest = values.astype(dtype)
    if dtype == FLOAT16:
        return nearest
    up = ((np.ascontiguousarray(values).view(np.uint32).astype(np.uint64) + 0x8000) >> np.uint64(16)).astype(np.uint16)
    return np.where(np.isfinite(values), up, nearest.view(np.uint16)).view(BFLOAT16)


@by_narrow
@every_case
def test_every_rule_trains_as_in_float32(case: Case, dtype: np.dtype) -> None:
    rng = np.random.default_rng(11)
    isa = ISAS[len(case.name) % len(ISAS)]
    start = [gradient(rng, n, np.float32).astype(dtype) for n in (1, 33, 700, 1500)]
    params = [placed(p, 3) for p in start]
    wide = [p.astype(np.float32) for p in start]
    opt = case.optimizer(params, **case.arguments, master_weights=True)
    twin = case.optimizer(wide, **case.arguments)
    for t in range(8):
        with np.errstate(over="ignore"):
            grads = [gradient(rng, p.shape, np.float32, special=t > 4).astype(dtype) for p in start]
        with instruction_set(isa):
            opt.step(grads)
        twin.step(grads)
        for i, (param, expected) in enumerate(zip(params, wide, strict=True)):
            assert_equal(master(param, opt.state[i]), expected, f"step {t + 1}, parameter {i}")
            assert_equal(param, shown(expected, dtype), f"step {t + 1}, what parameter {i} shows")


@by_narrow
def test_a_thousand_steps_on_all_threads(dtype: np.dtype) -> None:
    rng = np.random.default_rng(3)
    start = [rng.standard_normal(n).astype(dtype) for n in (40_001, 7)]
    params, wide = [p.copy() for p in start], [p.astype(np.float32) for p in start]
    opt, twin = fastgd.AdamW(params, lr=1e-3, master_weights=True), fastgd.AdamW(wide, lr=1e-3)
    grads = [[rng.standard_normal(p.shape).astype(dtype) for p in start] for _ in range(7)]
    for t in range(1000):
        with threads([1, 2, 3, 7][t % 4]):
            opt.step(grads[t % 7])
        twin.step(grads[t % 7])
    for i, (param, expected) in enumerate(zip(params, wide, strict=True)):
        assert_equal(master(param, opt.state[i]), expected, "master")


@pytest.mark.parametrize("isa", dispatch.available())
def test_the_two_halves_of_every_number(isa: str) -> None:
    """Ties, signs, ends of the range, subnormals: SGD puts a number there, and the next step finds it again."""
    rng = np.random.default_rng(5)
    bits = rng.integers(0, 2**32, 2**16, np.uint32)
    ties = (np.arange(2**16, dtype=np.uint32) << np.uint32(16)) + np.uint32(0x8000)
    values = np.concatenate([bits, ties, ties - 1, ties + 1]).view(np.float32)
    w = np.zeros(values.size, BFLOAT16)
    opt = fastgd.SGD([w], lr=1.0, master_weights=True)
    with instruction_set(isa):
        opt.step([-values])
        assert_equal(master(w, opt._steps.states[0]), values, "put there")
        assert_equal(w, shown(values, BFLOAT16), "shown")
        opt.step([np.zeros_like(values)])
    assert_equal(master(w, opt._steps.states[0]), values, "found again")


def test_a_parameter_in_float16_that_was_rewritten_is_the_new_master() -> None:
    w = np.ones(1500, FLOAT16)
    opt = fastgd.SGD([w], lr=1e-5, master_weights=True)
    for _ in range(3):
        opt.step([np.ones(1500, FLOAT16)])
    w[::2] = 3
    opt.step([np.zeros(1500, FLOAT16)])
    one = np.float32(1)
    for _ in range(3):
        one = one - np.float32(1e-5)
    assert_equal(opt.state[0]["master_param"][:2], np.array([3, one], np.float32), "master")
    assert_equal(w[:2], np.array([3, one]).astype(FLOAT16), "shown")


@by_narrow
@pytest.mark.parametrize("name", ["sgd", "sgd_momentum", "adam_amsgrad", "adagrad_initial"])
def test_a_run_goes_on_from_its_state(name: str, dtype: np.dtype, tmp_path: Any) -> None:
    case, rng = BY_NAME[name], np.random.default_rng(4)
    start = [np.asfortranarray(rng.standard_normal((4, 5)).astype(dtype)), rng.standard_normal(1500).astype(dtype)]
    grads = [[np.full_like(p, 0.01 * t) for p in start] for t in range(8)]
    whole, parts = ([p.copy(order="K") for p in start] for _ in range(2))
    opt, first = (case.optimizer(p, **case.arguments, master_weights=True) for p in (whole, parts))
    for t in range(4):
        opt.step(grads[t])
        first.step(grads[t])
    fastgd.save(tmp_path / "state", first)
    by_file = case.optimizer(parts)
    fastgd.load(tmp_path / "state", by_file)
    for t in range(4, 8):
        opt.step(grads[t])
        by_file.step(grads[t])
    assert_same(parts, whole)
    assert_same(by_file.state_dict(), opt.state_dict())
    assert by_file.state[0][KEYS[dtype]].dtype == (np.int16 if dtype == BFLOAT16 else np.float32)


def test_parameters_in_float32_need_nothing_more() -> None:
    params = [np.ones(3, np.float32), np.ones(3), np.ones(3, BFLOAT16)]
    opt = fastgd.AdamW(params, master_weights=True)
    opt.step([np.ones(3, np.float32)] * 2 + [np.ones(3, BFLOAT16)])
    assert [set(opt.state[i]) - {"step", "exp_avg", "exp_avg_sq"} for i in range(3)] == [
        set(),
        set(),
        {"param_remainder"},
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda w: fastgd.AdamW([w], master_weights=True, rounding="stochastic"),
         "rounding: master_weights=True rounds nothing at random, got 'stochastic'"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message.removesuffix("..."))):
        make(np.ones((2, 2), BFLOAT16))
    with pytest.raises(TypeError, match="master_weights must be a bool, got int"):
        fastgd.AdamW([np.ones(2, BFLOAT16)], master_weights=1)


@by_narrow
def test_torch(dtype: np.dtype) -> None:
    torch = pytest.importorskip("torch")
    adapter = pytest.importorskip("fastgd.torch")
    rng = np.random.default_rng(8)
    start = [rng.standard_normal(n).astype(np.float32) for n in (5, 1500)]
    narrow = getattr(torch, formats.name_of(dtype))
    params = [torch.from_numpy(p).to(narrow).requires_grad_() for p in start]
    wide = [p.detach().float().requires_grad_() for p in params]
    opt, twin = adapter.AdamW(params, lr=1e-3, master_weights=True), adapter.AdamW(wide, lr=1e-3)

    def step(opt: Any, params: Any, t: int) -> None:
        for k, param in enumerate(params):
            values = np.random.default_rng([t, k]).standard_normal(param.shape).astype(np.float32)
            param.grad = torch.from_numpy(values).to(narrow).to(param.dtype)
        opt.step()

    for t in range(20):
        step(opt, params, t)
        step(twin, wide, t)
        if t == 10:  # in the middle of the way, go on in a copy, and in an optimizer that loads the state
            opt = copy.deepcopy(opt)
            params = opt.param_groups[0]["params"]
            other = adapter.AdamW(params)
            other.load_state_dict(opt.state_dict())
            opt = other
    for param, expected in zip(params, wide, strict=True):
        state = {key: value.numpy() for key, value in opt.state[param].items()}
        assert state[KEYS[dtype]].dtype == (np.int16 if dtype == BFLOAT16 else np.float32)
        assert_equal(master(formats.asarray(param.detach()), state), expected.detach().numpy(), "master")
