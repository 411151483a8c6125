"""Schedules of fastgd in fastgd.torch: the numbers of the NumPy class, shown in the groups as torch's schedulers do."""

import copy
import io
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import schedules
from fastgd.hyperparameters import Scheduled, Several
from support.torch_nets import (
    NAMES,
    adapter,
    assert_equal,
    assert_near,
    loss_of,
    network,
    same,
    snapshot,
    torch,
    train,
    twins,
)

RATE = schedules.cosine(0.1, 8)


def falling(start: float) -> Callable[[int], float]:
    return lambda t: float(start * 0.9**t)


def hyperparameters() -> list[tuple[str, str]]:
    """(class, hyperparameter) for all that may be a schedule, those of a tuple by place."""
    found = []
    for name in NAMES:
        for key, check in getattr(fastgd, name).checks.items():
            if key == "initial_accumulator_value":
                continue  # state that exists from the start, here as in torch
            if isinstance(check, Scheduled):
                found.append((name, key))
            elif isinstance(check, Several) and isinstance(check.each, Scheduled):
                found += [(name, f"{key}[{i}]") for i in range(len(check.fields))]
    return found


def arguments(name: str, key: str, number: Any) -> dict[str, Any]:
    """Arguments of a class in which one number is another."""
    base, _, place = key.partition("[")
    value: Any = number
    if place:
        entries: list[Any] = list(getattr(fastgd, name)(np.ones((2, 2))).defaults[base])
        entries[int(place[:-1])] = number
        value = tuple(entries)
    return {"lr": 0.01, base: value} if name != "Rprop" or base != "lr" else {base: value}


def at(opt: Any, key: str) -> Any:
    base, _, place = key.partition("[")
    value = opt.param_groups[0][base]
    return value[int(place[:-1])] if place else value


@pytest.mark.parametrize(("name", "key"), hyperparameters(), ids=lambda part: part)
def test_every_number_that_may_be_a_schedule(name: str, key: str) -> None:
    """The bits of the NumPy class, and of numbers that are set by hand before each step."""
    schedule = falling(0.5)
    array = np.linspace(-1, 1, 12).reshape(3, 4)
    param, hand = (torch.from_numpy(array.copy()).requires_grad_() for _ in range(2))
    reference = getattr(fastgd, name)(array, **arguments(name, key, schedule))
    opt = getattr(adapter, name)([param], **arguments(name, key, schedule))
    manual = getattr(adapter, name)([hand], **arguments(name, key, 0.5))
    for t in range(4):
        assert at(opt, key) == schedule(t)
        assert opt.param_groups[0]["schedule_step"] == t
        for group, value in zip(manual.param_groups, [arguments(name, key, schedule(t))], strict=True):
            group.update(value)
        grad = np.cos(np.arange(12.0) + t).reshape(3, 4)
        param.grad, hand.grad = torch.from_numpy(grad), torch.from_numpy(grad)
        reference.step(grad)
        opt.step()
        manual.step()
        if name != "Muon":  # whose matrix products are another library's
            assert (param.detach().numpy() == array).all()
        assert_equal([param], [hand])
    assert list(opt.schedules[0]) == [key]


def test_rates_are_those_of_torchs_scheduler() -> None:
    nets = twins(torch.float64)
    ours = adapter.AdamW(nets[0].parameters(), lr=RATE, max_grad_norm=0.5)
    theirs = torch.optim.AdamW(nets[1].parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(theirs, 8)
    for t in range(8):
        assert ours.param_groups[0]["lr"] == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-14)
        train(nets[0], ours, range(t, t + 1))
        theirs.zero_grad()
        loss_of(nets[1], t).backward()
        torch.nn.utils.clip_grad_norm_(nets[1].parameters(), 0.5)
        theirs.step()
        scheduler.step()
    assert_near(*nets, 1e-12)


# ---- state ------------------------------------------------------------------------------------------------------


def saved_and_loaded(state: Any) -> Any:
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize("name", ["AdamW", "SGD"])
@pytest.mark.parametrize("way", ["state_dict", "deepcopy", "pickle"])
def test_a_run_that_is_resumed(name: str, way: str) -> None:
    nets = twins()
    kind = getattr(adapter, name)
    opt, whole = (kind(net.parameters(), lr=RATE) for net in nets)
    train(nets[0], opt, range(3))
    if way == "state_dict":
        other = kind(nets[0].parameters(), lr=schedules.cosine(0.1, 8))
        other.load_state_dict(saved_and_loaded(opt.state_dict()))
        net = nets[0]
    else:
        net, other = copy.deepcopy((nets[0], opt)) if way == "deepcopy" else pickle.loads(pickle.dumps((nets[0], opt)))
    assert (other.param_groups[0]["lr"], other.param_groups[0]["schedule_step"]) == (RATE(3), 3)
    train(net, other, range(3, 6))
    train(nets[1], whole, range(6))
    assert_equal(net, nets[1])


def test_state_goes_to_torch_and_comes_from_it() -> None:
    net = network()
    opt = adapter.AdamW(net.parameters(), lr=RATE)
    train(net, opt, range(3))
    theirs = torch.optim.AdamW(net.parameters())
    theirs.load_state_dict(opt.state_dict())
    assert theirs.param_groups[0]["lr"] == RATE(3)
    train(net, theirs, range(2))
    state = theirs.state_dict()
    del state["param_groups"][0]["schedule_step"]  # as if it had never been here
    fresh = adapter.AdamW(net.parameters(), lr=RATE)
    fresh.load_state_dict(state)
    assert (fresh.param_groups[0]["lr"], fresh.param_groups[0]["schedule_step"]) == (RATE(5), 5)
    plain = adapter.AdamW(net.parameters(), lr=0.5)
    plain.load_state_dict(opt.state_dict())
    assert plain.param_groups[0]["lr"] == RATE(3)
    assert "schedule_step" not in plain.param_groups[0]
    plain.param_groups[0]["lr"] = RATE  # a schedule goes on where the run is, also a run that had none
    train(net, plain, range(1))
    assert plain.param_groups[0]["lr"] == RATE(4)


def test_what_schedules_remember() -> None:
    losses = (3.0, 3.0, 3.0, 1.0)
    net = network()
    plateau = schedules.plateau(0.1, factor=0.5, patience=0)
    beta = schedules.plateau(0.5, factor=0.5, patience=0)
    opt = adapter.AdamW(net.parameters(), lr=plateau, betas=(beta, 0.9))
    for t, loss in enumerate(losses):
        train(net, opt, range(t, t + 1))
        assert plateau.update(loss) == plateau(0)
        beta.update(loss)
    state = saved_and_loaded(opt.state_dict())
    assert state["param_groups"][0]["schedule"] == plateau.state_dict()
    assert state["param_groups"][0]["schedules"] == {"betas[0]": beta.state_dict()}
    again = schedules.plateau(0.1, factor=0.5, patience=0)
    more = schedules.plateau(0.5, factor=0.5, patience=0)
    other = adapter.AdamW(net.parameters(), lr=again, betas=(more, 0.9))
    other.load_state_dict(state)
    assert (again.state_dict(), more.state_dict()) == (plateau.state_dict(), beta.state_dict())
    assert other.param_groups[0]["lr"] == plateau(0) == 0.025
    plateau.update(9.0)
    train(net, opt, range(1))  # asked before the step too
    assert opt.param_groups[0]["lr"] == 0.0125
    bad = copy.deepcopy(state)
    bad["param_groups"][0]["schedule"]["lr"] = -1.0
    before = copy.deepcopy((other.state_dict(), again.state_dict()))
    with pytest.raises(ValueError, match=r"^lr must be at least 0, got -1"):
        other.load_state_dict(bad)
    assert same((other.state_dict(), again.state_dict()), before)
    train(net, other, range(1))


def test_torch_distributed_checkpoint_makes_state_by_a_step() -> None:
    from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict, set_optimizer_state_dict

    net, twin = twins()
    opt, other = (adapter.AdamW(n.parameters(), lr=RATE) for n in (net, twin))
    train(net, opt, range(3))
    state = get_optimizer_state_dict(net, opt)
    set_optimizer_state_dict(twin, other, state)
    twin.load_state_dict(net.state_dict())
    train(net, opt, range(3, 5))
    train(twin, other, range(3, 5))
    assert_equal(net, twin)
    fresh = adapter.SGD(twin.parameters(), lr=RATE)  # which has no state, so that each call makes such a step
    twin.zero_grad()
    before = copy.deepcopy(twin.state_dict())
    for _ in range(2):
        get_optimizer_state_dict(twin, fresh)
    assert same(twin.state_dict(), before)
    assert (fresh.param_groups[0]["lr"], fresh.param_groups[0]["schedule_step"]) == (RATE(0), 0)
    train(twin, fresh, range(1))
    assert fresh.param_groups[0]["schedule_step"] == 1


# ---- beside torch's schedulers ----------------------------------------------------------------------------------

TWO = "^a schedule of fastgd and a scheduler of torch.optim.lr_scheduler would both set the numbers"


def test_schedulers_of_torch_are_refused_beside_a_schedule() -> None:
    net = network()
    opt = adapter.AdamW(net.parameters(), lr=RATE)
    with pytest.raises(ValueError, match=TWO):
        torch.optim.lr_scheduler.StepLR(opt, 3)
    train(net, opt, range(2))
    assert opt.param_groups[0]["lr"] == RATE(2)

    opt = adapter.AdamW(net.parameters(), lr=0.1)
    scheduler = torch.optim.lr_scheduler.StepLR(opt, 1)
    train(net, opt, range(1))
    scheduler.step()
    assert opt.param_groups[0]["lr"] == pytest.approx(0.01)
    with pytest.raises(ValueError, match=TWO):
        opt.add_param_group({"params": [torch.zeros(2)], "lr": RATE})
    assert len(opt.param_groups) == 1
    opt.schedules[0]["lr"] = RATE
    with pytest.raises(ValueError, match=TWO):
        opt.step()
    opt.schedules[0].clear()
    opt.step()
    torch.optim.lr_scheduler.StepLR(opt, 1)
    opt.param_groups[0]["lr"] = RATE
    with pytest.raises(ValueError, match=TWO):
        opt.step()


@pytest.mark.parametrize(("key", "value"), [("lr", 0.5), ("lr", 0.0), ("betas", (0.5, 0.5))])
def test_numbers_that_something_else_sets_are_refused(key: str, value: Any) -> None:
    net = network()
    opt = adapter.AdamW(net.parameters(), lr=RATE, betas=(falling(0.5), 0.9))
    train(net, opt, range(1))
    opt.param_groups[0][key] = value
    before = snapshot(net, opt)
    with pytest.raises(ValueError, match=rf"^param_groups\[0\]: {key}.* was changed from .* to .*, but its schedule"):
        opt.step()
    assert same(snapshot(net, opt), before)
    name = {"lr": "lr", "betas": "betas[0]"}[key]
    opt.schedules[0].pop(name)
    opt.step()
    assert opt.param_groups[0][key] == value
    assert opt.param_groups[0]["schedule_step"] == 2


def test_a_plateau_of_torch_is_refused_when_it_acts() -> None:
    net = network()
    opt = adapter.AdamW(net.parameters(), lr=RATE)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=0)
    train(net, opt, range(1))
    scheduler.step(1.0)
    scheduler.step(1.0)
    with pytest.raises(ValueError, match=r"^param_groups\[0\]: lr was changed from 0\.09.* but its schedule sets it"):
        train(net, opt, range(1, 2))


def test_schedules_are_exchanged() -> None:
    net = network()
    opt = adapter.SGD(net.parameters(), lr=0.1)
    train(net, opt, range(2))
    opt.param_groups[0]["lr"] = schedules.constant(0.25)
    train(net, opt, range(1))
    assert (opt.param_groups[0]["lr"], opt.param_groups[0]["schedule_step"]) == (0.25, 3)
    opt.schedules[0]["lr"] = RATE
    train(net, opt, range(1))
    assert opt.param_groups[0]["lr"] == RATE(4)
    opt.param_groups[0]["schedule_step"] = 6
    train(net, opt, range(1))
    assert opt.param_groups[0]["lr"] == RATE(7)
    opt.schedules[0].clear()
    opt.param_groups[0]["lr"] = 0.5
    train(net, opt, range(1))
    assert opt.param_groups[0]["lr"] == 0.5
    assert "schedule_step" not in opt.param_groups[0]
    for name, schedule, kind in (("nesterov", RATE, ValueError), ("lr", 0.1, TypeError)):
        opt.schedules[0][name] = schedule
        with pytest.raises(kind, match=r"^schedules"):
            opt.step()
        opt.schedules[0].clear()


# ---- what counts ------------------------------------------------------------------------------------------------


def test_steps_that_are_left_out_do_not_count() -> None:
    net = network()
    opt = adapter.AdamW(net.parameters(), lr=RATE, skip_nonfinite=True)
    for p in net.parameters():
        p.grad = torch.full_like(p, np.nan)
    opt.step()
    assert (opt.skipped_steps, opt.param_groups[0]["schedule_step"]) == (1, 0)
    opt.zero_grad()
    opt.step()  # no gradients
    assert opt.param_groups[0]["schedule_step"] == 0
    loss = opt.step(lambda: train_loss(net))
    assert loss > 0
    assert opt.param_groups[0]["lr"] == RATE(1)


def train_loss(net: Any) -> Any:
    loss = loss_of(net, 0)
    loss.backward()
    return loss.detach()


@pytest.mark.parametrize("fused", [False, True])
def test_grad_scaler(fused: bool) -> None:
    net, twin = twins()
    opt = adapter.AdamW(net.parameters(), lr=RATE, fused=fused)
    plain = adapter.AdamW(twin.parameters(), lr=RATE)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0, growth_interval=10**6)
    for t in range(4):
        opt.zero_grad()
        scaler.scale(loss_of(net, t)).backward()
        if t == 2:
            next(net.parameters()).grad[0] = np.inf
        scaler.step(opt)
        scaler.update()
        if t != 2:
            train(twin, plain, range(t, t + 1))
    assert opt.param_groups[0]["schedule_step"] == 3
    assert_equal(net, twin)


def test_each_backward_pass_counts() -> None:
    net, twin = twins()
    handle = adapter.step_in_backward(net, adapter.AdamW, lr=RATE)
    plain = adapter.AdamW(twin.parameters(), lr=RATE)
    for t in range(4):
        loss_of(net, t).backward()
        train(twin, plain, range(t, t + 1))
    assert_equal(net, twin)
    assert handle.optimizer.state_dict()["param_groups"][0]["schedule_step"] == 4
    handle.remove()
    train(net, handle.optimizer, range(4, 6))
    train(twin, plain, range(4, 6))
    assert_equal(net, twin)


def test_groups() -> None:
    params = [torch.nn.Parameter(torch.ones(2)) for _ in range(4)]
    opt = adapter.AdamW([{"params": params[:1]}, {"params": params[1:2], "lr": 0.5}], lr=RATE, weight_decay=falling(1))
    assert [list(group) for group in opt.schedules] == [["lr", "weight_decay"], ["weight_decay"]]
    for param in params:
        param.grad = torch.ones(2)
    opt.step()
    opt.add_param_group({"params": params[2:3], "betas": (falling(0.5), 0.9)})
    assert list(opt.schedules[2]) == ["betas[0]", "lr", "weight_decay"]
    assert [group["lr"] for group in opt.param_groups] == [RATE(1), 0.5, RATE(1)]
    for bad, kind in (({"lr": lambda t: -1.0}, ValueError), ({"lr": RATE, "eps": -1.0}, ValueError)):
        with pytest.raises(kind, match=r"^param_groups\[3\]\['(lr|eps)'\].* must be at least 0"):
            opt.add_param_group({"params": params[3:], **bad})
        assert len(opt.param_groups) == len(opt.schedules) == 3
    opt.step()
    assert [group["weight_decay"] for group in opt.param_groups] == [falling(1)(2)] * 3
    opt.param_groups.reverse()
    del opt.param_groups[1]
    opt.step()
    assert [list(group) for group in opt.schedules] == [["betas[0]", "lr", "weight_decay"], ["lr", "weight_decay"]]
    opt.param_groups[0] = dict(opt.param_groups[0])
    with pytest.raises(ValueError, match=r"^param_groups\[0\]: expected the dict that the schedules of the group"):
        opt.step()


def test_schedules_that_fail() -> None:
    """Nothing of a step is done, and a step that is done is not undone by what the next one will find."""

    def ending(t: int) -> float:
        if t == 2:
            raise RuntimeError("over")
        return 0.5 if t < 3 else -1.0

    net = network()
    opt = adapter.AdamW(net.parameters(), lr=ending)
    train(net, opt, range(2))
    assert opt.param_groups[0]["schedule_step"] == 2
    before = snapshot(net, opt)
    with pytest.raises(RuntimeError, match="over") as caught:
        opt.step()
    assert caught.value.__notes__ == ["param_groups[0]['lr'](2), a schedule, raised it"]
    opt.param_groups[0]["schedule_step"] = 3
    with pytest.raises(ValueError, match=r"^param_groups\[0\]\['lr'\]\(3\) must be at least 0, got -1"):
        opt.step()
    opt.param_groups[0]["schedule_step"] = "3"
    with pytest.raises(TypeError, match=r"^param_groups\[0\]\['schedule_step'\] must be an integer, got str"):
        opt.step()
    opt.param_groups[0]["schedule_step"] = 2
    assert same(snapshot(net, opt), before)
    opt.param_groups[0]["schedule_step"] = 1
    opt.step()


@pytest.mark.skipif(not torch.distributed.is_available(), reason="torch without distributed")
def test_zero_redundancy_optimizer(tmp_path: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what torch itself imports there
        from torch.distributed.optim import ZeroRedundancyOptimizer
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/meet", rank=0, world_size=1)
    try:
        net, twin = twins()
        opt = ZeroRedundancyOptimizer(net.parameters(), adapter.AdamW, lr=RATE)
        plain = adapter.AdamW(twin.parameters(), lr=RATE)
        train(net, opt, range(3))
        opt.consolidate_state_dict()
        state = saved_and_loaded(opt.state_dict())
        again = ZeroRedundancyOptimizer(net.parameters(), adapter.AdamW, lr=RATE)
        again.load_state_dict(state)
        train(net, again, range(3, 6))
        train(twin, plain, range(6))
        assert again.param_groups[0]["lr"] == RATE(6)
        assert_equal(net, twin)
    finally:
        torch.distributed.destroy_process_group()
