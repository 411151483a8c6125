"""Any number of an optimizer may be a schedule, also one of a pair; and what an optimizer says of its next step."""

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import schedules as s
from support.comparing import assert_same
from support.running import gradient


def ramp(start: float, step: float) -> Any:
    return lambda t: start + step * t


# (class, hyperparameters with schedules)
SCHEDULED: list[tuple[Any, dict[str, Any]]] = [
    (fastgd.AdamW, dict(betas=(s.linear(0.85, 5, 0.95), 0.999), weight_decay=s.cosine(0.1, 8))),
    (fastgd.AdamW, dict(lr=s.linear(0.1, 9), betas=(0.9, ramp(0.9, 0.01)), eps=ramp(1e-8, 1e-3))),
    (
        fastgd.SGD,
        dict(momentum=s.cyclic_momentum(0.5, 0.9, 3), dampening=ramp(-1.0, 0.25), weight_decay=ramp(0.0, 0.1)),
    ),
    (fastgd.SGD, dict(lr=0.1, momentum=lambda t: 0.9 if t > 2 else 0.0)),
    (fastgd.SGD, dict(lr=0.1, momentum=ramp(0.5, 0.01), nesterov=True)),
    (fastgd.Lion, dict(betas=(ramp(0.1, 0.1), ramp(0.9, -0.1)), weight_decay=ramp(0.1, 0.1))),
    (fastgd.Adan, dict(betas=(0.9, ramp(0.5, 0.05), 0.99), weight_decay=ramp(0.1, 0.1))),
    (fastgd.ASGD, dict(alpha=ramp(0.0, 0.1), t0=ramp(0.0, 1.0))),
    (fastgd.Ftrl, dict(lr=ramp(0.1, 0.1), l1_regularization_strength=ramp(0.0, 0.1))),
    (fastgd.ScheduleFreeAdamW, dict(weight_decay=ramp(0.0, 0.1))),
]


def at(value: Any, t: int) -> Any:
    if isinstance(value, tuple):
        return tuple(at(entry, t) for entry in value)
    return value(t) if callable(value) else value


@pytest.mark.parametrize(("cls", "arguments"), SCHEDULED, ids=lambda value: getattr(value, "__name__", ""))
def test_each_step_has_its_numbers(cls: Any, arguments: dict[str, Any]) -> None:
    rng = np.random.default_rng(11)
    param = gradient(rng, 50, np.float32)
    twin = param.copy()
    opt = cls(param, **arguments)
    other = cls(twin, **{name: at(value, 0) for name, value in arguments.items()})
    for t in range(8):
        other.param_groups[0].update({name: at(value, t) for name, value in arguments.items()})
        assert opt.current() == other.current()
        assert opt.steps_completed == t
        grad = gradient(rng, 50, np.float32)
        opt.step(grad)
        other.step(grad)
        assert_same(param, twin)
    assert_same(opt.state, other.state)


def test_groups_have_their_own() -> None:
    params = [np.zeros(1), np.zeros(1)]
    groups = [{"params": params[0], "weight_decay": ramp(0.0, 1.0)}, {"params": params[1]}]
    opt = fastgd.SGD(groups, weight_decay=s.constant(0.5))
    opt.step([np.ones(1), None])
    assert [group["weight_decay"] for group in opt.current()] == [1.0, 0.5]
    opt.param_groups[0]["weight_decay"] = 0.25
    opt.param_groups[1]["momentum"] = s.constant(0.75)
    now = opt.current()
    assert (now[0]["weight_decay"], now[1]["momentum"]) == (0.25, 0.75)
    assert opt.param_groups[1]["momentum"](0) == 0.75


def test_current_copies_no_state_and_checks_groups() -> None:
    opt = fastgd.Adam({"w": np.ones(3)}, lr=0.5)
    assert opt.current() == [{**{name: opt.defaults[name] for name in opt.checks}}]
    opt.param_groups[0]["lr"] = -1
    with pytest.raises(ValueError, match=re.escape("param_groups[0]['lr'] must be at least 0, got -1.0")):
        opt.current()


def test_skipped_steps_are_not_completed() -> None:
    opt = fastgd.SGD(np.ones(2), skip_nonfinite=True)
    opt.step(np.full(2, np.nan))
    opt.step(np.ones(2))
    assert (opt.steps_completed, opt.skipped_steps) == (1, 1)


REFUSED: list[tuple[Any, dict[str, Any], type[Exception], str]] = [
    (
        fastgd.Adam,
        dict(betas=(0.9, lambda t: 1.0)),
        ValueError,
        "param_groups[0]['betas'][1](0) must be in [0, 1), got 1",
    ),
    (
        fastgd.Adam,
        dict(weight_decay=lambda t: "a"),
        TypeError,
        "param_groups[0]['weight_decay'](0) must be a real number",
    ),
    (fastgd.Ftrl, dict(lr=lambda t: 0.0), ValueError, "param_groups[0]['lr'](0) must be above 0, got 0.0"),
    (fastgd.SGD, dict(momentum=lambda t: 0.0, nesterov=True), ValueError, "nesterov needs momentum above 0"),
    (fastgd.Rprop, dict(etas=(lambda t: 0.5, 1.2)), TypeError, "etas[0] must be a real number, got function"),
    (fastgd.Adam, dict(amsgrad=lambda t: True), TypeError, "amsgrad must be a bool, got function"),
    (fastgd.ScheduleFreeSGD, dict(momentum=lambda t: 0.5), TypeError, "momentum must be a real number, got function"),
]


@pytest.mark.parametrize(("cls", "arguments", "error", "message"), REFUSED, ids=[row[3] for row in REFUSED])
def test_what_a_schedule_may_not_return(cls: Any, arguments: dict[str, Any], error: Any, message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        cls(np.ones(2), **arguments)


def test_a_bad_number_in_a_later_step_changes_nothing() -> None:
    w = np.ones(3)
    opt = fastgd.SGD(w, momentum=lambda t: 0.9 if t < 2 else 2.0, momentum_form="ema")
    opt.step(np.ones(3))
    opt.step(np.ones(3))
    before = w.copy(), copy.deepcopy({key: dict(entry) for key, entry in opt.state.items()})
    with pytest.raises(ValueError, match=re.escape("momentum_form='ema' needs momentum in (0, 1)")):
        opt.step(np.ones(3))
    assert_same((w, {key: dict(entry) for key, entry in opt.state.items()}), before)


@pytest.mark.parametrize("on_disk", [False, True])
def test_state_resumes_all_schedules(on_disk: bool, tmp_path: Path) -> None:
    def made(param: np.ndarray) -> tuple[fastgd.Optimizer, s.Plateau]:
        plateau = s.plateau(0.5, patience=0)
        return fastgd.Adam(param, lr=s.linear(0.1, 9), betas=(plateau, 0.9), weight_decay=s.cosine(0.1, 9)), plateau

    w = np.ones(3)
    opt, plateau = made(w)
    for t in range(5):
        opt.step(np.full(3, np.sin(t)))
        plateau.update(1.0)
    saved, copied = opt.state_dict(), w.copy()
    assert set(saved["param_groups"][0]["schedules"]) == {"betas[0]"}
    assert saved["completed"] == 5
    other, theirs = made(copied)
    if on_disk:
        fastgd.save(tmp_path / "run.safetensors", opt)
        fastgd.load(tmp_path / "run.safetensors", other)
    else:
        other.load_state_dict(saved)
    assert theirs.state_dict() == plateau.state_dict()
    assert (other.current(), other.steps_completed) == (opt.current(), 5)
    for t in range(5, 8):
        opt.step(np.full(3, np.sin(t)))
        other.step(np.full(3, np.sin(t)))
    assert_same(copied, w)


def test_a_number_takes_that_of_a_schedule_and_a_schedule_stays() -> None:
    opt = fastgd.Adam(np.ones(2), betas=(s.linear(0.5, 4, 0.9), 0.999), weight_decay=s.constant(0.5))
    opt.step(np.ones(2))
    other = fastgd.Adam(np.ones(2), eps=s.constant(0.25))
    other.load_state_dict(opt.state_dict())
    assert other.param_groups[0]["weight_decay"] == 0.5
    assert other.param_groups[0]["betas"] == (0.6, 0.999)
    assert other.current()[0]["eps"] == 0.25


CYCLE = dict(base_lr=0.1, max_lr=0.5, step_size_up=7, step_size_down=4)
MOMENTUM: list[tuple[s.Schedule, str, dict[str, Any]]] = [
    (s.cyclic_momentum(0.8, 0.9, 7, 4), "CyclicLR", CYCLE),
    (s.cyclic_momentum(0.8, 0.9, 7, 4, mode="triangular2"), "CyclicLR", CYCLE | {"mode": "triangular2"}),
    (
        s.cyclic_momentum(0.8, 0.9, 7, 4, mode="exp_range", gamma=0.9), "CyclicLR",
        CYCLE | {"mode": "exp_range", "gamma": 0.9},
    ),
    (s.one_cycle_momentum(40), "OneCycleLR", {}),
    (s.one_cycle_momentum(40, three_phase=True), "OneCycleLR", dict(three_phase=True)),
    (
        s.one_cycle_momentum(40, pct_start=0.2, base_momentum=0.7, max_momentum=0.99, anneal_strategy="linear"),
        "OneCycleLR",
        dict(pct_start=0.2, base_momentum=0.7, max_momentum=0.99, anneal_strategy="linear"),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("ours", "name", "given"), MOMENTUM, ids=lambda value: repr(value)[:40])
def test_momentum_as_torch_cycles_it(ours: s.Schedule, name: str, given: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1, momentum=0.5)
    more = dict(max_lr=0.5, total_steps=40) if name == "OneCycleLR" else {}
    scheduler = getattr(torch.optim.lr_scheduler, name)(optimizer, **more, **given)
    for t in range(40):
        assert ours(t) == pytest.approx(optimizer.param_groups[0]["momentum"], rel=1e-12)
        optimizer.step()
        if t < 39:
            scheduler.step()
