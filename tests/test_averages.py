"""`ema_decay`: moving averages of parameters, in the pass that updates them, and `averaged()`."""

import copy
import re
from typing import Any

import numpy as np
import pytest

import fastgd
from support.cases import BY_NAME, Case, every_case
from support.comparing import assert_equal, assert_same
from support.formats import (
    BFLOAT16,
    FLOAT16,
    FLOAT32,
    FLOAT64,
    SEED,
    Mix,
    encoded,
    master,
    random_bits,
    stochastic,
)
from support.interrupts import interrupted
from support.running import ISAS, gradient, instruction_set, placed, threads
from support.stepping import gradients, make, parameters

DECAY = 0.75


def follow(average: np.ndarray | None, param: np.ndarray, decay: float = DECAY) -> np.ndarray:
    """The average after one more step, in the dtype of both."""
    if average is None:
        return param.copy(order="K")
    keep, take = param.dtype.type(decay), param.dtype.type(1.0 - decay)
    with np.errstate(all="ignore"):
        return param + keep * (average - param) if keep < take else average + take * (param - average)


def averages(opt: fastgd.Optimizer) -> list[Any]:
    return [opt.state.get(i, {}).get("ema") for i in range(len(opt._steps.params))]


@every_case
def test_averages_of_every_rule(case: Case) -> None:
    """C and F order, a 0-d and an empty array; one of them begins later than the rest."""
    params, twins = parameters(), parameters()
    opt, twin = make(case, params, ema_decay=DECAY), make(case, twins)
    expected: list[Any] = [None] * 6
    for t in range(4):
        grads = [None if i == 2 and t < 2 else g for i, g in enumerate(gradients(t))]
        opt.step(grads)
        twin.step(grads)
        assert_same(params, twins)
        for i, grad in enumerate(grads):
            expected[i] = expected[i] if grad is None else follow(expected[i], params[i])
        for i, (ours, theirs) in enumerate(zip(averages(opt), expected, strict=True)):
            if theirs is None:
                assert ours is None
            else:
                assert_equal(ours, theirs, f"step {t + 1}, parameter {i}")
                assert ours.strides == params[i].strides or not ours.size
    saved = opt.state_dict()["state"]
    without = {i: {key: value for key, value in entry.items() if key != "ema"} for i, entry in saved.items()}
    assert_same({i: entry for i, entry in without.items() if entry}, twin.state_dict()["state"])


MIXES = [
    Mix(BFLOAT16, BFLOAT16),
    Mix(FLOAT16, FLOAT32),
    Mix(FLOAT32, BFLOAT16),
    Mix(BFLOAT16, BFLOAT16, "param"),
    Mix(FLOAT16, FLOAT16, "param"),
    Mix(BFLOAT16, FLOAT32, "bfloat16", "stochastic"),
    Mix(FLOAT32, FLOAT32, "bfloat16"),
    Mix(FLOAT64, FLOAT64, "bfloat16"),
    Mix(FLOAT64, FLOAT32, "float32"),
]


@pytest.mark.parametrize("mix", MIXES, ids=str)
@pytest.mark.parametrize("name", ["sgd", "adamw", "sgd_momentum"])
def test_averages_are_stored_as_other_state_is(mix: Mix, name: str) -> None:
    case, rng = BY_NAME[name], np.random.default_rng(2)
    start = [gradient(rng, n, np.float32).astype(mix.param) for n in (1, 700, 2049, 5000)]
    params = [placed(p, 3) for p in start]
    opt = case.optimizer(params, **case.arguments, **mix.storage, ema_decay=DECAY)
    expected: list[Any] = [None] * 4
    for t in range(4):
        with np.errstate(over="ignore"):
            grads = [gradient(rng, p.shape, np.float32, special=t > 2).astype(mix.grad) for p in start]
        with instruction_set(ISAS[t % len(ISAS)]):
            opt.step(grads)
        for i, param in enumerate(params):
            before = None if expected[i] is None else expected[i].astype(mix.compute)
            with np.errstate(all="ignore"):
                after = follow(before, param.astype(mix.compute))
                if mix.state_dtype == "bfloat16":
                    expected[i] = stochastic(after, random_bits(after.size, SEED, t, i, 63))
                else:
                    expected[i] = encoded(after, mix.state)
            assert_equal(averages(opt)[i], expected[i], f"step {t + 1}, parameter {i}")


@pytest.mark.parametrize("dtype", [BFLOAT16, FLOAT16], ids=str)
@pytest.mark.parametrize("name", ["adamw", "lamb"])
def test_averages_of_master_weights_are_those_of_float32(name: str, dtype: np.dtype) -> None:
    case, rng = BY_NAME[name], np.random.default_rng(3)
    start = [rng.standard_normal(n).astype(dtype) for n in (3, 5000)]
    params, wide = [p.copy() for p in start], [p.astype(np.float32) for p in start]
    opt = case.optimizer(params, **case.arguments, master_weights=True, ema_decay=DECAY)
    twin = case.optimizer(wide, **case.arguments, ema_decay=DECAY)
    for _ in range(5):
        grads = [rng.standard_normal(p.shape).astype(np.float32) for p in start]
        opt.step(grads)
        twin.step(grads)
    assert_same(averages(opt), averages(twin))
    before = [p.copy() for p in params]
    with opt.averaged():
        for param, average in zip(params, averages(opt), strict=True):
            assert_equal(param, average.astype(dtype), "shown")
    assert_same(params, before)
    for i, expected in enumerate(wide):
        assert_equal(master(params[i], opt.state[i]), expected, "the master is the same")


@pytest.mark.parametrize("name", ["adamw", "lamb", "sgd"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, BFLOAT16], ids=str)
def test_the_same_bits_on_any_number_of_threads(name: str, dtype: Any) -> None:
    case, rng, ends = BY_NAME[name], np.random.default_rng(4), []
    start = [rng.standard_normal(n).astype(dtype) for n in (70_003, 5, 33_000)]
    grads = [[rng.standard_normal(p.shape).astype(dtype) for p in start] for _ in range(3)]
    stored = {} if name == "lamb" else {"state_dtype": "bfloat16"}
    for count in (1, 2, 3, 4):
        params = [p.copy() for p in start]
        opt = case.optimizer(params, **case.arguments, **stored, ema_decay=0.9)
        with threads(count):
            for grad in grads:
                opt.step(grad)
        ends.append([params, opt.state_dict()])
    for end in ends[1:]:
        assert_same(end, ends[0])


def matrices() -> list[np.ndarray]:
    return [np.cos(np.arange(15.0)).reshape(5, 3), np.ones((2, 4), np.float32)]


@pytest.mark.parametrize("cls", [fastgd.Muon, fastgd.Adafactor])
def test_averages_follow_the_last_pass_of_steps_of_two_parts(cls: type[fastgd.Optimizer]) -> None:
    params, expected = matrices(), [None, None]
    opt = cls(params, lr=0.1, ema_decay=DECAY)
    for t in range(4):
        opt.step([np.sin(p + t) for p in params])
        expected = [follow(e, p) for e, p in zip(expected, params, strict=True)]
        for ours, theirs in zip(averages(opt), expected, strict=True):
            assert_equal(ours, theirs, f"step {t + 1}")
    other = cls(matrices())
    other.load_state_dict(opt.state_dict())
    assert_same(other.state_dict(), opt.state_dict())


def test_groups_differ_and_may_change_their_minds() -> None:
    a, b, c = np.ones(3), np.ones(3), np.ones(3)
    opt = fastgd.SGD([{"params": a, "ema_decay": 0.5}, {"params": b}, {"params": c}], lr=0.5, ema_decay=0.9)
    grads = [np.ones(3)] * 3
    opt.param_groups[2]["ema_decay"] = None
    opt.step(grads)
    opt.step(grads)
    assert [e is None or e[0] for e in averages(opt)] == [0.25, 0.5 + (1.0 - 0.9) * -0.5, True]
    opt.param_groups[0]["ema_decay"] = None  # rests
    opt.param_groups[1]["ema_decay"] = 0.0
    opt.param_groups[2]["ema_decay"] = 0.25  # begins
    opt.step(grads)
    assert [e[0] for e in averages(opt)] == [0.25, -0.5, -0.5]
    opt.param_groups[0]["ema_decay"] = 0.5  # goes on
    del opt.param_groups[1]["ema_decay"]  # rests
    opt.step(grads)
    assert [e[0] for e in averages(opt)] == [0.25 + 0.5 * (-1 - 0.25), -0.5, -1 + 0.25 * (-0.5 - -1)]
    assert [group.get("ema_decay") for group in opt.state_dict()["param_groups"]] == [0.5, None, 0.25]


@pytest.mark.parametrize("way", ["dict", "file"])
@pytest.mark.parametrize("state_dtype", [None, "bfloat16"])
def test_a_run_goes_on_from_its_state(way: str, state_dtype: str | None, tmp_path: Any) -> None:
    rng = np.random.default_rng(4)
    start = [np.asfortranarray(rng.standard_normal((4, 5)).astype(np.float32)), rng.standard_normal(3000)]
    whole, parts = ([p.copy(order="K") for p in start] for _ in range(2))
    settings: dict[str, Any] = dict(lr=0.1, state_dtype=state_dtype, ema_decay=0.9, seed=3)
    opt, first = fastgd.AdamW(whole, **settings), fastgd.AdamW(parts, **settings)
    grads = [[np.full_like(p, t) for p in start] for t in range(6)]
    for t in range(3):
        opt.step(grads[t])
        first.step(grads[t])
    later = fastgd.AdamW(parts)
    if way == "file":
        fastgd.save(tmp_path / "state", first)
        fastgd.load(tmp_path / "state", later)
    else:
        later.load_state_dict(first.state_dict())
    assert later.param_groups[0]["ema_decay"] == 0.9
    for t in range(3, 6):
        opt.step(grads[t])
        later.step(grads[t])
    assert_same(parts, whole)
    assert_same(later.state_dict(), opt.state_dict())


def test_state_without_averages_lets_them_begin() -> None:
    old, new = np.ones(3), np.ones(3)
    first = fastgd.Adam(old)
    first.step(np.ones(3))
    opt = fastgd.Adam(new, ema_decay=0.5)
    opt.load_state_dict(first.state_dict())
    assert "ema" not in opt.state[0]
    opt.step(np.ones(3))
    assert_same(opt.state[0]["ema"], new)


# ---- averaged() -----------------------------------------------------------------------------------------------------


def stepped(**more: Any) -> tuple[list[np.ndarray], fastgd.Optimizer]:
    params = parameters()
    opt = fastgd.Adam(params, lr=0.1, **{"ema_decay": DECAY, **more})
    for t in range(3):
        opt.step([None if i == 2 else g for i, g in enumerate(gradients(t))])
    return params, opt


def test_parameters_hold_their_averages_and_then_what_they_held() -> None:
    params, opt = stepped()
    before, state, places = copy.deepcopy(params), opt.state_dict(), [p.ctypes.data for p in params]
    with opt.averaged() as nothing:
        assert nothing is None
        for i, average in enumerate(averages(opt)):
            assert_equal(params[i], before[i] if average is None else average, f"parameter {i}")
        assert_same(opt.state_dict(), state)
        params[0][...] = 7  # is lost
    assert_same(params, before)
    assert_same(opt.state_dict(), state)
    assert places == [p.ctypes.data for p in params]
    opt.step(gradients(9))
    _, twin = stepped()
    twin.step(gradients(9))
    assert_same(opt.state_dict(), twin.state_dict())


def test_an_exception_brings_parameters_back_and_goes_on() -> None:
    params, opt = stepped()
    before = copy.deepcopy(params)

    def evaluate() -> None:
        with opt.averaged():
            assert not (params[0] == before[0]).all()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        evaluate()
    assert_same(params, before)
    opt.step(gradients(3))


REFUSED: dict[str, Any] = {
    "step": lambda opt: opt.step(gradients(0)),
    "averaged": lambda opt: opt.averaged().__enter__(),
    "load_state_dict": lambda opt: opt.load_state_dict(opt.state_dict()),
    "add_param_group": lambda opt: opt.add_param_group({"params": [np.ones(2)]}),
}
IN_IT = re.escape("the parameters hold their averages: leave `with opt.averaged()` first")


@pytest.mark.parametrize("call", REFUSED)
def test_what_is_refused_inside(call: str) -> None:
    params, opt = stepped()
    before, state = copy.deepcopy(params), opt.state_dict()
    with opt.averaged():
        inside = copy.deepcopy(params)
        with pytest.raises(RuntimeError, match=IN_IT):
            REFUSED[call](opt)
        assert_same(params, inside)
    assert_same(params, before)
    assert_same(opt.state_dict(), state)


def test_schedule_free_parameters_are_in_one_mode_at_a_time() -> None:
    param = np.ones(3)
    opt = fastgd.ScheduleFreeSGD(param, ema_decay=0.5)
    opt.step(np.ones(3))
    opt.step(np.ones(3))
    with opt.averaged(), pytest.raises(RuntimeError, match=IN_IT):
        opt.eval()
    opt.eval()
    x = param.copy()
    with opt.averaged():
        assert_same(param, opt.state[0]["ema"])
        with pytest.raises(RuntimeError, match=IN_IT):
            opt.train()
    assert_same(param, x)
    opt.train()


def test_without_averages_it_is_refused() -> None:
    params, opt = stepped(ema_decay=None)
    with pytest.raises(RuntimeError, match="no averages are kept: give ema_decay to the optimizer or to a group"):
        opt.averaged().__enter__()
    opt.param_groups[0]["ema_decay"] = 0.5
    before = copy.deepcopy(params)
    with opt.averaged():  # there are none yet
        assert_same(params, before)


def test_parameters_are_looked_at_before_and_after() -> None:
    params, opt = stepped()
    before = copy.deepcopy(params)
    params[1].flags.writeable = False
    with pytest.raises(ValueError, match=r"params\[1\]: expected a writeable array"):
        opt.averaged().__enter__()
    assert_same(params[:1], before[:1])
    params[1].flags.writeable = True
    context = opt.averaged()
    context.__enter__()
    params[1].flags.writeable = False
    with pytest.raises(ValueError, match=r"params\[1\]: expected a writeable array"):
        context.__exit__()
    params[1].flags.writeable = True
    with pytest.raises(RuntimeError, match=IN_IT):
        opt.step(gradients(0))
    context.__exit__()
    assert_same(params, before)


def test_an_interrupt_on_the_way_in_leaves_parameters_alone() -> None:
    moment, seen = 1, set()
    while True:
        params, opt = stepped()
        before, inside = copy.deepcopy(params), False

        def evaluate() -> None:
            nonlocal inside
            with opt.averaged():  # noqa: B023
                inside = True

        came = interrupted(evaluate, moment)
        seen.add(inside)
        assert_same(params, before)
        opt.step(gradients(1))
        if not came:
            break
        moment += 1
    assert seen == {True, False}


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (1.0, ValueError, "ema_decay must be in [0, 1), got 1.0"),
        (-0.1, ValueError, "ema_decay must be in [0, 1), got -0.1"),
        (float("nan"), ValueError, "ema_decay must be finite, got nan"),
        ("0.9", TypeError, "ema_decay must be a real number, got str"),
        (len, TypeError, "ema_decay must be a real number, got builtin_function_or_method"),
    ],
    ids=repr,
)
def test_bad_decays(value: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        fastgd.Adam(np.ones(3), ema_decay=value)
    message = message.replace("ema_decay", "params[0]['ema_decay']")
    with pytest.raises(error, match=re.escape(message)):
        fastgd.Adam([{"params": np.ones(3), "ema_decay": value}])
    params, opt = stepped()
    before = copy.deepcopy([params, opt.state_dict()])
    opt.param_groups[0]["ema_decay"] = value
    with pytest.raises(error, match=re.escape(message.replace("params[0]", "param_groups[0]"))):
        opt.step(gradients(0))
    opt.param_groups[0]["ema_decay"] = DECAY
    assert_same([params, opt.state_dict()], before)


def test_a_gradient_in_an_average_is_refused() -> None:
    _, opt = stepped()
    grads = gradients(0)
    grads[0] = np.asarray(opt.state[0]["ema"])
    with pytest.raises(ValueError, match=r"grads\[0\]: expected memory of its own, .* state 'ema' of params\[0\]"):
        opt.step(grads)


def test_repr_and_a_saved_average_of_another_shape() -> None:
    _, opt = stepped()
    assert "ema_decay=0.75" in repr(opt)
    saved = opt.state_dict()
    saved["state"][0]["ema"] = np.ones(3, np.float32)
    with pytest.raises(ValueError, match=re.escape("state_dict['state'][0]['ema']: expected shape (3, 5), got (3,)")):
        opt.load_state_dict(saved)
