"""Where a schedule starts: at the steps that the optimizer has completed, for every class and every way there."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import fastgd
import fastgd.torch
from fastgd import schedules
from support.cases import every_optimizer
from support.comparing import assert_same

SGD_WITH_MOMENTUM: dict[str, Any] = dict(momentum=0.9)
OLD, NEW = schedules.constant(0.01), schedules.exponential(0.01, 0.9)


def train(opt: fastgd.Optimizer, steps: int) -> None:
    for _ in range(steps):
        opt.step([np.cos(array) for array in opt.param_groups[0]["params"]])


def asked(opt: fastgd.Optimizer) -> list[int]:
    """The steps that a new schedule is asked about in two steps."""
    seen: list[int] = []
    opt.param_groups[0]["lr"] = lambda t: seen.append(t) or 0.01
    train(opt, 2)
    return sorted(set(seen))


KINDS = [(cls, {}) for cls in (fastgd.SGD, fastgd.Adam, fastgd.NAdam, fastgd.ASGD, fastgd.Lion, fastgd.Rprop)]
KINDS += [(fastgd.SGD, SGD_WITH_MOMENTUM)]
by_kind = pytest.mark.parametrize(("cls", "options"), KINDS, ids=lambda value: getattr(value, "__name__", str(value)))


@by_kind
@pytest.mark.parametrize("first", [0.01, OLD], ids=["number", "schedule"])
@pytest.mark.parametrize("way", ["same", "state_dict", "file"])
def test_a_new_schedule_starts_at_the_steps_completed(
    cls: Any, options: dict[str, Any], first: Any, way: str, tmp_path: Path
) -> None:
    opt = cls([np.ones(3), np.ones(2)], lr=first, **options)
    train(opt, 9)
    if way == "same":
        assert asked(opt) == [9, 10]
        return
    for lr in (0.5, NEW):
        other = cls([np.ones(3), np.ones(2)], lr=lr, **options)
        if way == "state_dict":
            other.load_state_dict(opt.state_dict())
        else:
            fastgd.save(tmp_path / "run", opt)
            fastgd.load(tmp_path / "run", other)
        assert other.param_groups[0]["lr"] is NEW if callable(lr) else other.param_groups[0]["lr"] == 0.01
        assert other.state_dict()["param_groups"][0]["lr"] == (NEW(9) if callable(lr) else 0.01)
        assert asked(other) == [9, 10]


@by_kind
def test_a_schedule_is_exchanged_for_a_number_and_back(cls: Any, options: dict[str, Any]) -> None:
    """The bits are those of one run with the same rates."""
    params, twins = [np.ones(3)], [np.ones(3)]
    opt, other = cls(params, lr=OLD, **options), cls(twins, lr=0.0, **options)
    rates = [OLD(t) for t in range(2)] + [0.003] * 2 + [NEW(t) for t in range(4, 8)] + [0.25]
    for t, rate in enumerate(rates):
        if t in (2, 8):
            opt.param_groups[0]["lr"] = rate
        if t == 4:
            resumed = cls(params, lr=NEW, **options)
            resumed.load_state_dict(opt.state_dict())
            opt = resumed
        other.param_groups[0]["lr"] = rate
        grads = [np.cos(array) for array in params]
        opt.step(grads)
        other.step(grads)
        assert_same(params, twins)


@every_optimizer
def test_the_count_is_always_saved(cls: type[fastgd.Optimizer]) -> None:
    opt = cls([np.ones(3), np.ones(2)])  # type: ignore[call-arg]
    assert opt.state_dict()["completed"] == 0
    for t in range(3):
        opt.step([np.ones(3), None] if t else [None, None])  # the first changes nothing
    assert opt.state_dict()["completed"] == 2


def test_dicts_without_a_count() -> None:
    """torch's: the largest step of a parameter, and 0 where the state has none."""
    for cls, options, expected in (
        (torch.optim.Adam, {}, 4),
        (torch.optim.SGD, {}, 0),
        (torch.optim.SGD, SGD_WITH_MOMENTUM, 0),
    ):
        param = torch.ones(3, requires_grad=True)
        theirs = cls([param], **options)
        for _ in range(4):
            param.grad = torch.ones(3)
            theirs.step()
        ours = getattr(fastgd, cls.__name__)([np.ones(3, np.float32)], **options)
        ours.load_state_dict(theirs.state_dict())
        assert asked(ours) == [expected, expected + 1]


def test_a_count_is_checked() -> None:
    opt = fastgd.Adam([np.ones(2)])
    for bad, error in ((-1, ValueError), (1.5, ValueError), ("3", TypeError), (None, TypeError)):
        with pytest.raises(error, match=r"state_dict\['completed'\] must be "):
            opt.load_state_dict({**opt.state_dict(), "completed": bad})


def test_the_state_of_a_schedule_goes_to_one_that_has_state() -> None:
    def plateau() -> Any:
        return schedules.plateau(0.1, patience=0)

    opt = fastgd.SGD([np.ones(2)], lr=plateau())
    opt.param_groups[0]["lr"].update(1.0)
    opt.param_groups[0]["lr"].update(1.0)
    saved = opt.state_dict()
    same, constant, number = (fastgd.SGD([np.ones(2)], lr=lr) for lr in (plateau(), OLD, 0.5))
    for other in (same, constant, number):
        other.load_state_dict(saved)
    assert same.param_groups[0]["lr"].state_dict() == opt.param_groups[0]["lr"].state_dict()
    assert constant.param_groups[0]["lr"] is OLD
    assert number.param_groups[0]["lr"] == pytest.approx(0.01)
    fresh = plateau()
    again = fastgd.SGD([np.ones(2)], lr=fresh)
    again.load_state_dict(number.state_dict())
    assert fresh.state_dict() == plateau().state_dict()
    with pytest.raises(ValueError, match="the state of warmup: unknown name 'lr'"):
        fastgd.SGD([np.ones(2)], lr=schedules.warmup(plateau(), 3)).load_state_dict(saved)


# ---- state that says it has not begun ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Adam", "NAdam", "Adagrad", "Rprop", "Ftrl", "Prodigy"])
def test_state_at_step_0_is_what_a_run_begins_with(name: str) -> None:
    """A rule would begin anew, and what was saved would be lost."""
    first, second = np.ones(3), np.ones(3)
    grad = np.array([1.0, -2.0, 0.5])
    opt, other = getattr(fastgd, name)(first), getattr(fastgd, name)(second)
    opt.step(grad)
    saved = opt.state_dict()
    saved["state"][0]["step"] = np.array(0.0)
    message = "'mu_product'] must be 1 at step 0" if name == "NAdam" else "'step']: expected at least 1 beside a '"
    with pytest.raises(ValueError, match=re.escape(message)):
        other.load_state_dict(saved)
    zeros = {key: np.zeros_like(value) for key, value in saved["state"][0].items()}
    begun = other.entry(0, (), zeros, other.current()[0])
    other.load_state_dict({**saved, "state": {0: {**zeros, **begun}}})
    other.step(grad)
    assert (first == second).all()


def test_torchs_product_at_step_0() -> None:
    param = torch.nn.Parameter(torch.ones(3))
    opt = fastgd.torch.NAdam([param])
    entry = dict(
        mu_product=torch.tensor(0.5), exp_avg=torch.zeros(3), exp_avg_sq=torch.zeros(3), step=torch.tensor(0.0)
    )
    opt.state[param] = entry
    param.grad = torch.ones(3)
    with pytest.raises(ValueError, match=r"\['mu_product'\] must be 1 at step 0, got 0.5"):
        opt.step()
    entry["mu_product"].fill_(1.0)
    opt.step()
    assert float(entry["step"]) == 1
