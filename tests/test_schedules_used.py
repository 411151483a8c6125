"""Schedules in optimizers, in one another, saved and resumed; what they refuse."""

import copy
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import schedules as s
from test_schedules import KERAS, OPTAX, TORCH

BESIDE: list[s.Schedule] = [
    s.cyclic_momentum(0.8, 0.9, 3, 5, mode="triangular2"),
    s.one_cycle_momentum(30, three_phase=True),
]

# ---- in optimizers ------------------------------------------------------------------------------------------------


def every_kind() -> list[s.Schedule]:
    made: list[s.Schedule] = [row[0] for rows in (TORCH, OPTAX, KERAS) for row in rows]
    return [*made, s.inverse_time(0.1, 0.2, recursive=True), s.plateau(0.1), *BESIDE]


def test_every_schedule_is_tried_here() -> None:
    tried = {schedule._make.__name__ for schedule in every_kind()}
    assert tried == {name for name in s.__all__ if name not in ("Plateau", "Schedule")}


@pytest.mark.parametrize("schedule", every_kind(), ids=repr)
def test_drives_an_optimizer(schedule: s.Schedule) -> None:
    w, plain = np.array([1.0, -2.0]), np.array([1.0, -2.0])
    opt = fastgd.SGD(w, lr=schedule)
    for t in range(25):
        opt.step(np.array([1.0, -1.0]))
        plain -= schedule(t) * np.array([1.0, -1.0])
        np.testing.assert_array_equal(w, plain)


def test_groups_have_their_own() -> None:
    a, b = np.zeros(1), np.zeros(1)
    groups = [{"params": a, "lr": s.step(1.0, 2, 0.5)}, {"params": b, "lr": s.linear(0.0, 4, 1.0)}]
    opt = fastgd.SGD(groups)
    for _ in range(4):
        opt.step([np.ones(1), np.ones(1)])
    assert (a[0], b[0]) == (-(1 + 1 + 0.5 + 0.5), -(0 + 0.25 + 0.5 + 0.75))


def resumable() -> list[Callable[[], Any]]:
    return [
        lambda: s.warmup(s.cosine(0.1, 20), 5),
        lambda: s.inverse_time(0.1, 0.1, recursive=True),
        lambda: s.plateau(0.1, patience=1),
        lambda: s.warmup(s.plateau(0.1, patience=1), 3),
        lambda: s.join([0.2, s.join([s.step(0.1, 3), s.plateau(0.1, patience=0)], [4])], [2]),
    ]


def plateau_in(schedule: Any) -> Any:
    if isinstance(schedule, s.Plateau):
        return schedule
    return next((found for part in schedule._parts if (found := plateau_in(part))), None)


def train(opt: fastgd.Optimizer, first: int, last: int) -> list[float]:
    rates = []
    for t in range(first, last):
        lr = opt.param_groups[0]["lr"]
        rates.append(lr(t))
        opt.step(np.array([np.sin(t), 1.0]))
        if (told := plateau_in(lr)) is not None:
            told.update([3.0, 2.0, 2.5, 2.5, 2.5, 1.0][t % 6])
    return rates


@pytest.mark.parametrize("make", resumable(), ids=lambda make: repr(make()))
@pytest.mark.parametrize("stop", [0, 1, 4, 7, 13])
def test_resumes(make: Callable[[], Any], stop: int) -> None:
    w = np.array([1.0, 2.0])
    opt = fastgd.Adam(w, lr=make())
    train(opt, 0, stop)
    saved, copied = opt.state_dict(), w.copy()
    expected = train(opt, stop, 20)
    other = fastgd.Adam(copied, lr=make())
    other.load_state_dict(copy.deepcopy(saved))
    assert train(other, stop, 20) == expected
    np.testing.assert_array_equal(copied, w)


def test_a_refused_state_changes_nothing() -> None:
    inner = s.plateau(0.1, patience=0)
    inner.update(1.0)
    inner.update(1.0)
    for schedule in (inner, s.warmup(inner, 3)):
        before = schedule.state_dict()
        for damage in (dict(lr=-1.0), dict(num_bad_epochs=1.5), dict(best="low"), dict(more=1)):
            bad = {**inner.state_dict(), **damage}
            with pytest.raises((TypeError, ValueError)):
                schedule.load_state_dict(bad if schedule is inner else {"0": bad})
            assert schedule.state_dict() == before
    with pytest.raises(ValueError, match=re.escape("the state of plateau: missing 'best', 'num_bad_epochs'")):
        inner.load_state_dict({"lr": 0.1, "cooldown_counter": 0})
    with pytest.raises(ValueError, match=re.escape("the state of constant: unknown name 'lr'")):
        s.constant(0.1).load_state_dict({"lr": 0.1})


@pytest.mark.parametrize("schedule", every_kind(), ids=repr)
def test_prints_and_pickles_as_its_call(schedule: s.Schedule) -> None:
    again = eval(repr(schedule), {name: getattr(s, name) for name in s.__all__})
    pickled = pickle.loads(pickle.dumps(schedule))
    for other in (again, pickled, copy.deepcopy(schedule)):
        assert [other(t) for t in range(60)] == [schedule(t) for t in range(60)]


def test_pickle_keeps_state() -> None:
    lr = s.plateau(0.1, patience=0)
    lr.update(1.0)
    lr.update(1.0)
    again = pickle.loads(pickle.dumps(s.warmup(lr, 2)))
    assert (again(2), again.state_dict()) == (lr.lr, {"0": lr.state_dict()})
    assert lr.lr == pytest.approx(0.01)


def test_callables_of_the_user_go_in() -> None:
    lr = s.join([lambda t: 0.5 + t, s.warmup(lambda t: 2.0 - t, 2)], [2])
    assert [lr(t) for t in range(6)] == [0.5, 1.5, 0.0, 1.0, 2.0, 1.0]
    assert lr.state_dict() == {}


# ---- bad input: call, error, message ------------------------------------------------------------------------------

BAD: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: s.constant(-1), ValueError, "lr must be at least 0, got -1.0"),
    (lambda: s.constant("a"), TypeError, "lr must be a real number, got str"),
    (lambda: s.constant(float("nan")), ValueError, "lr must be finite, got nan"),
    (lambda: s.constant(0.1)(-1), ValueError, "step must be at least 0, got -1"),
    (lambda: s.constant(0.1)(1.0), TypeError, "step must be an integer, got float"),
    (lambda: s.constant(0.1)(True), TypeError, "step must be an integer, got bool"),
    (lambda: s.plateau(0.1)(-1), ValueError, "step must be at least 0, got -1"),
    (lambda: s.step(0.1, 0), ValueError, "step_size must be at least 1, got 0"),
    (lambda: s.step(0.1, 2.5), TypeError, "step_size must be an integer, got float"),
    (lambda: s.step(0.1, 2, 0), ValueError, "gamma must be above 0, got 0.0"),
    (lambda: s.multistep(0.1, 5), TypeError, "milestones must be a list of integers, got int"),
    (lambda: s.multistep(0.1, [5, 5]), ValueError, "milestones must increase, got [5, 5]"),
    (lambda: s.multistep(0.1, [0, 5]), ValueError, "milestones[0] must be at least 1, got 0"),
    (lambda: s.multistep(0.1, [1.5]), TypeError, "milestones[0] must be an integer, got float"),
    (lambda: s.exponential(0.1, -1), ValueError, "gamma must be above 0, got -1.0"),
    (lambda: s.exponential(0.1, 0.5, staircase=1), TypeError, "staircase must be a bool, got int"),
    (lambda: s.exponential(0.1, 0.5, end_lr=-1), ValueError, "end_lr must be at least 0, got -1.0"),
    (lambda: s.linear(0.1, -3), ValueError, "steps must be at least 1, got -3"),
    (lambda: s.polynomial(0.1, 3, power=0), ValueError, "power must be above 0, got 0.0"),
    (lambda: s.inverse_time(0.1, -0.1), ValueError, "decay_rate must be at least 0, got -0.1"),
    (lambda: s.cosine(0.1, 3, exponent=0), ValueError, "exponent must be above 0, got 0.0"),
    (lambda: s.warm_restarts(0.1, 3, length_factor=0.5), ValueError, "length_factor must be at least 1, got 0.5"),
    (lambda: s.warm_restarts(0.1, 3, lr_factor=0), ValueError, "lr_factor must be above 0, got 0.0"),
    (lambda: s.cyclic(0.5, 0.1), ValueError, "max_lr must be at least lr (0.5), got 0.1"),
    (lambda: s.cyclic(0.1, 0.5, mode="sine"), ValueError, "mode must be one of 'triangular', 'triangular2'"),
    (lambda: s.cyclic(0.1, 0.5, gamma=1.5), ValueError, "gamma must be in [0, 1], got 1.5"),
    (lambda: s.one_cycle(0.1, 1), ValueError, "total_steps must be at least 2, got 1"),
    (lambda: s.one_cycle(0.1, 9, pct_start=1.5), ValueError, "pct_start must be in [0, 1], got 1.5"),
    (
        lambda: s.one_cycle(0.1, 9, pct_start=0.6, three_phase=True),
        ValueError,
        "pct_start must be at most 0.5 for three phases, got 0.6",
    ),
    (lambda: s.one_cycle(0.1, 9, anneal_strategy="poly"), ValueError, "anneal_strategy must be one of 'cos'"),
    (lambda: s.warmup("x", 3), TypeError, "after must be a number or a schedule, got str"),
    (lambda: s.warmup(-0.1, 3), ValueError, "after must be at least 0, got -0.1"),
    (lambda: s.warmup(0.1, -3), ValueError, "steps must be at least 0, got -3"),
    (lambda: s.piecewise([5], [0.1]), ValueError, "values must be one more than boundaries (1), got 1"),
    (lambda: s.piecewise([5], 0.1), TypeError, "values must be a list of numbers, got float"),
    (lambda: s.piecewise([5], [0.1, -1]), ValueError, "values[1] must be at least 0, got -1.0"),
    (lambda: s.piecewise([5], [0.1, 0.2], "cubic"), ValueError, "interpolation must be one of 'constant'"),
    (lambda: s.join([0.1], [5]), ValueError, "schedules must be one more than boundaries (1), got 1"),
    (lambda: s.join(0.1, []), TypeError, "schedules must be a list, got float"),
    (lambda: s.join([0.1, None], [5]), TypeError, "schedules[1] must be a number or a schedule, got NoneType"),
    (lambda: s.join([0.1, 0.2, 0.3], [9, 5]), ValueError, "boundaries must increase, got [9, 5]"),
    (lambda: s.cyclic_momentum(0.9, 0.8), ValueError, "max_momentum must be at least base_momentum (0.9), got 0.8"),
    (lambda: s.cyclic_momentum(0.9, 1.0), ValueError, "max_momentum must be in [0, 1), got 1.0"),
    (lambda: s.one_cycle_momentum(1), ValueError, "total_steps must be at least 2, got 1"),
    (
        lambda: s.one_cycle_momentum(9, pct_start=0.6, three_phase=True),
        ValueError,
        "pct_start must be at most 0.5 for three phases, got 0.6",
    ),
    (lambda: s.plateau(0.1, factor=1), ValueError, "factor must be in (0, 1), got 1.0"),
    (lambda: s.plateau(0.1, patience=-1), ValueError, "patience must be at least 0, got -1"),
    (lambda: s.plateau(0.1, mode="least"), ValueError, "mode must be one of 'min', 'max', got 'least'"),
    (lambda: s.plateau(0.1).update(), TypeError, "plateau needs the loss: call update(loss) after each epoch"),
    (lambda: s.plateau(0.1).update("low"), TypeError, "loss must be a real number, got str"),
    (lambda: s.plateau(0.1).update(np.ones(3)), TypeError, "loss must be a real number, got ndarray"),
    (lambda: fastgd.SGD(np.ones(1), lr=lambda t: -1.0), ValueError, "param_groups[0]['lr'](0) must be at least 0"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD, ids=[row[2] for row in BAD])
def test_bad_input(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_an_error_of_a_schedule_says_whose_it_is() -> None:
    with pytest.raises(TypeError) as raised:
        fastgd.SGD(np.ones(1), lr=s.cosine)
    assert raised.value.__notes__ == ["param_groups[0]['lr'](0), a schedule, raised it"]


def test_a_number_beside_one_that_is_refused_is_not_lost() -> None:
    array = np.ones(3)
    opt = fastgd.AdamW(array, lr=0.5)
    betas = opt.param_groups[0]["betas"]
    opt.param_groups[0].update(lr=0.25, betas=(0.9, 2.0))
    with pytest.raises(ValueError, match=r"betas'\]\[1\] must be in \[0, 1\), got 2"):
        opt.step(np.ones(3))
    opt.param_groups[0]["betas"] = betas
    assert opt.current()[0]["lr"] == 0.25
    twin = np.ones(3)
    fastgd.AdamW(twin, lr=0.25).step(np.ones(3))
    opt.step(np.ones(3))
    assert (array == twin).all()


def test_edges() -> None:
    assert s.warmup(0.3, 0)(0) == 0.3
    assert s.step(0.3, np.int64(3))(np.int64(4)) == pytest.approx(0.03)
    assert s.plateau(0.1).update(np.float32(1.0)) == s.plateau(0.1).update(np.array(1.0)) == 0.1
    assert s.exponential(1.0, 2.0, end_lr=5.0)(10**6) == 5.0  # 2**1e6 is beyond a double
    assert s.one_cycle(0.5, 10, pct_start=1.0)(9) == 0.5
    assert s.one_cycle(0.5, 10)(99) == s.one_cycle(0.5, 10)(9) == pytest.approx(0.5 / 25 / 1e4)
    assert s.cosine(0.1, 7, 0.02)(10**9) == 0.02
    opt = fastgd.SGD(np.ones(1), lr=s.exponential(1.0, 2.0))
    opt._steps.completed = 10**6
    with pytest.raises(ValueError, match="must be finite, got inf"):
        opt.step(np.ones(1))
