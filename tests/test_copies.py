"""`bind_copies`: copies of parameters in another format, in the pass that updates them."""

import re
from typing import Any

import numpy as np
import pytest

import fastgd
from support.cases import BY_NAME, Case, every_case
from support.comparing import assert_equal, assert_same
from support.formats import BFLOAT16, FLOAT16, FLOAT32, FLOAT64, encoded, master
from support.running import ISAS, gradient, instruction_set, placed, threads
from support.stepping import gradients, make, parameters

by_copy = pytest.mark.parametrize("to", [BFLOAT16, FLOAT16, FLOAT32], ids=str)


def copied(params: Any, to: np.dtype) -> list[Any]:
    """Arrays like the parameters, of numbers that are never theirs."""
    return [np.full_like(p, 77, dtype=to) for p in params]


def assert_copies(copies: Any, params: Any, what: str) -> None:
    for i, (copy, param) in enumerate(zip(copies, params, strict=True)):
        if copy is not None:
            with np.errstate(all="ignore"):
                assert_equal(copy, encoded(param, copy.dtype), f"{what}, copy {i}")


@every_case
def test_copies_of_every_rule(case: Case) -> None:
    """C and F order, a 0-d and an empty array, one without a copy; the gradient of one comes later."""
    params, twins = parameters(), parameters()
    opt, twin = make(case, params), make(case, twins)
    copies = [None if i == 4 else c for i, c in enumerate(copied(params, BFLOAT16))]
    opt.bind_copies(copies)
    assert_copies(copies, params, "when they are bound")
    for t in range(3):
        grads = [None if i == 2 and t < 2 else g for i, g in enumerate(gradients(t))]
        opt.step(grads)
        twin.step(grads)
        assert_same(params, twins)
        assert_copies(copies, params, f"step {t + 1}")
    assert_same(opt.state_dict(), twin.state_dict())


@by_copy
@pytest.mark.parametrize("dtype", [FLOAT32, FLOAT64, BFLOAT16, FLOAT16], ids=str)
def test_every_pair_of_formats(dtype: np.dtype, to: np.dtype) -> None:
    rng = np.random.default_rng(2)
    for name in ("sgd", "adamw", "lamb"):
        case = BY_NAME[name]
        with np.errstate(over="ignore"):
            start = [gradient(rng, n, np.float32, special=True).astype(dtype) for n in (1, 700, 2049, 5000)]
        params, copies = [placed(p, 3) for p in start], [placed(p, 1) for p in copied(start, to)]
        opt = case.optimizer(params, **case.arguments, ema_decay=0.5)
        opt.bind_copies(copies)
        for t in range(3):
            with np.errstate(over="ignore"):
                grads = [gradient(rng, p.shape, np.float32, special=t > 1).astype(dtype) for p in start]
            with instruction_set(ISAS[t % len(ISAS)]):
                opt.step(grads)
            assert_copies(copies, params, f"{name}, step {t + 1}")


@by_copy
@pytest.mark.parametrize("dtype", [BFLOAT16, FLOAT16], ids=str)
def test_copies_of_master_weights_are_those_of_float32(dtype: np.dtype, to: np.dtype) -> None:
    rng = np.random.default_rng(3)
    params = [rng.standard_normal(n).astype(dtype) for n in (3, 5000)]
    opt, copies = fastgd.AdamW(params, master_weights=True), copied(params, to)
    opt.bind_copies(copies)
    for t in range(4):
        opt.step([rng.standard_normal(p.shape).astype(np.float32) for p in params])
        assert_copies(copies, [master(p, opt.state[i]) for i, p in enumerate(params)], f"step {t + 1}")


@pytest.mark.parametrize("name", ["adamw", "lamb"])
def test_the_same_bits_on_any_number_of_threads(name: str) -> None:
    case, ends = BY_NAME[name], []
    start = np.random.default_rng(4).standard_normal(70_003).astype(np.float32)
    for count in (1, 2, 3, 4):
        params = [start.copy(), start[:5].copy()]
        opt, copies = case.optimizer(params, **case.arguments), copied(params, BFLOAT16)
        opt.bind_copies(copies)
        with threads(count):
            for t in range(3):
                opt.step([np.cos(start + t), np.cos(start[:5])], zero_grads=True)
        assert_copies(copies, params, f"{count} threads")
        ends.append([params, copies])
    for end in ends[1:]:
        assert_same(end, ends[0])


@pytest.mark.parametrize("cls", [fastgd.Muon, fastgd.Adafactor])
def test_copies_follow_the_last_pass_of_steps_of_two_parts(cls: type[fastgd.Optimizer]) -> None:
    params = [np.cos(np.arange(15.0)).reshape(5, 3), np.ones((2, 4), np.float32)]
    opt, copies = cls(params, lr=0.1), copied(params, BFLOAT16)
    opt.bind_copies(copies)
    for t in range(3):
        opt.step([np.sin(p + t) for p in params])
        assert_copies(copies, params, f"step {t + 1}")


def test_copies_of_what_the_parameters_hold_for_a_while() -> None:
    params = [np.linspace(-1, 1, 3000), np.ones(2, np.float32)]
    opt = fastgd.ScheduleFreeSGD(params, lr=0.3, ema_decay=0.5)
    copies = copied(params, FLOAT16)
    opt.bind_copies(copies)
    for t in range(3):
        opt.step([np.sin(p + t) for p in params])
    before = [p.copy() for p in params]
    with opt.averaged():
        assert_copies(copies, [opt.state[i]["ema"] for i in range(2)], "averaged")
    assert_copies(copies, before, "after averaged")
    opt.eval()
    assert not np.array_equal(params[0], before[0])
    assert_copies(copies, params, "eval")
    opt.train()
    assert_copies(copies, before, "train")


def test_copies_of_averages_are_rounded_once() -> None:
    param = np.linspace(0, 1, 3000).astype(BFLOAT16)
    opt, copy = fastgd.AdamW([param], ema_decay=0.9), np.zeros(3000, np.float32)
    opt.bind_copies([copy])
    for t in range(3):
        opt.step([np.cos(np.arange(3000.0) + t).astype(np.float32)])
    with opt.averaged():
        assert_equal(copy, np.asarray(opt.state[0]["ema"]), "the average, not the parameter that it is rounded to")
        assert_equal(param, encoded(copy, BFLOAT16), "shown")
    assert_equal(copy, param.astype(np.float32), "after")


def test_copies_of_slow_parameters() -> None:
    param, copy = np.ones(3), np.zeros(3, BFLOAT16)
    opt = fastgd.Lookahead(fastgd.SGD(param, lr=0.7), k=2)
    opt.bind_copies(copy)
    for _ in range(4):
        opt.step(np.ones(3))
        assert_copies([copy], [param], "step")


def test_groups_names_and_unbinding() -> None:
    params, copies = parameters(), copied(parameters(), FLOAT16)
    opt = fastgd.Adam([{"params": dict(zip("abc", params[:3], strict=True))}, {"params": params[3:]}])
    opt.bind_copies([dict(zip("abc", copies[:3], strict=True)), copies[3:]])
    opt.step(gradients(0))
    assert_copies(copies, params, "groups")
    extra = np.ones(3)
    opt.add_param_group({"params": extra})
    opt.step([*gradients(1), np.ones(3)])
    assert_copies(copies, params, "after a new group")
    before = [c.copy(order="K") for c in copies]
    opt.bind_copies(None)
    opt.step([*gradients(2), np.ones(3)])
    assert_same(copies, before)


def test_a_refused_binding_leaves_those_that_were_bound() -> None:
    params, copies = parameters(), copied(parameters(), FLOAT16)
    opt = fastgd.Adam(params)
    opt.bind_copies(copies)
    with pytest.raises(TypeError, match=r"copies\[5\]"):
        opt.bind_copies([*copied(params[:5], BFLOAT16), "copy"])
    opt.step(gradients(0))
    assert_copies(copies, params, "still bound")
    opt.bind_copies(copies)  # again


def test_state_that_is_loaded_is_copied() -> None:
    param, other = np.ones(3, FLOAT16), np.ones(3, FLOAT16)
    opt, twin = (fastgd.SGD([p], lr=1e-4, master_weights=True) for p in (param, other))
    opt.step([np.ones(3, FLOAT16)])
    other[...], copy = param, np.zeros(3, np.float32)
    twin.bind_copies([copy])
    twin.load_state_dict(opt.state_dict())
    assert_equal(copy, np.full(3, np.float32(1) - np.float32(1e-4)), "the master")


def read_only(a: np.ndarray) -> np.ndarray:
    a.flags.writeable = False
    return a


GOOD = np.zeros((4, 4), BFLOAT16)
BAD: dict[str, tuple[Any, type[Exception], str]] = {
    "float64": (lambda p: np.zeros((4, 4)), TypeError,
                "copies[0]: expected dtype float32, bfloat16 or float16, got float64"),
    "int16": (lambda p: np.zeros((4, 4), np.int16), TypeError,
              "copies[0]: expected dtype float32, bfloat16 or float16, got int16"),
    "list": (lambda p: [[0.0] * 4] * 4, TypeError, "copies[0]: expected a numpy.ndarray, got list"),
    "shape": (lambda p: np.zeros((2, 8), BFLOAT16), ValueError, "copies[0]: expected shape (4, 4), got (2, 8)"),
    "order": (lambda p: np.asfortranarray(GOOD), ValueError,
              "copies[0]: expected strides (8, 2) like the parameter's, got (2, 8)"),
    "strided": (lambda p: np.zeros((4, 8), BFLOAT16)[:, ::2], ValueError, "copies[0]: expected a dense array"),
    "read-only": (lambda p: read_only(GOOD.copy()), ValueError,
                  "copies[0]: expected a writeable array, got a read-only one"),
    "masked": (lambda p: np.ma.zeros((4, 4), np.float32), TypeError,
               "copies[0]: expected a numpy.ndarray, got a masked"),
    "swapped": (lambda p: np.zeros((4, 4), ">f4"), TypeError, "copies[0]: expected native byte order"),
    "the parameter": (lambda p: p, ValueError, "expected memory of its own, got memory that it shares with"),
    "in the parameter": (lambda p: p.view(FLOAT16).reshape(-1)[8:24].reshape(4, 4), ValueError,
                         "expected memory of its own, got memory that it shares with"),
}  # fmt: skip


@pytest.mark.parametrize("bad", BAD)
def test_bad_copies(bad: str) -> None:
    make_bad, error, message = BAD[bad]
    param = np.ones((4, 4), np.float32)
    opt = fastgd.Adam([param, np.ones(2)])
    with pytest.raises(error, match=re.escape(message)):
        opt.bind_copies([make_bad(param), None])
    assert_same(param, np.ones((4, 4), np.float32))
    opt.step([np.ones((4, 4), np.float32), None])


def test_bad_forms_and_overlaps() -> None:
    params, copies = parameters(), copied(parameters(), FLOAT16)
    opt = fastgd.Adam(params, ema_decay=0.5)
    opt.step(gradients(0))
    calls: list[tuple[Any, type[Exception], str]] = [
        (copies[:5], ValueError, "copies: expected 6 entries like params, got 5"),
        (copies[0], TypeError, "copies: expected a list or tuple like params, got ndarray"),
        ([np.asarray(opt.state[0]["ema"]), *copies[1:]], ValueError, "memory of its own"),
        ([np.asarray(opt.state[0]["exp_avg"]), *copies[1:]], ValueError, "memory of its own"),
        ([*copies[:3], copies[2][:1].reshape(()), *copies[4:]], ValueError, "copies["),
    ]
    for bad, error, message in calls:
        with pytest.raises(error, match=re.escape(message)):
            opt.bind_copies(bad)
    opt.bind_copies(copies)
    grads = gradients(1)
    grads[2] = copies[2]
    with pytest.raises(ValueError, match=r"grads\[2\]: .* shares with copies\[2\]"):
        opt.step(grads)
    with opt.averaged(), pytest.raises(RuntimeError, match="the parameters hold their averages"):
        opt.bind_copies(None)


def test_a_copy_that_was_resized_is_refused() -> None:
    param, copy = np.ones(4000, np.float32), np.zeros(4000, np.float32)
    opt = fastgd.SGD([param])
    opt.bind_copies([copy])
    copy.resize(40_000, refcheck=False)
    with pytest.raises(ValueError, match=r"copies\[0\]: expected the array that was given, got one resized since"):
        opt.step([np.ones(4000, np.float32)])
    assert_same(param, np.ones(4000, np.float32))
