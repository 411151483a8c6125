"""fastgd.torch is torch.optim with other insides: arguments, numbers, state and habits of torch's optimizers."""

import copy
import inspect
import io
import pickle
from typing import Any

import numpy as np
import pytest

import fastgd
from support import stepping
from support.cases import CASES, Case, every_case
from support.torch_nets import (
    SHARED,
    TOLERANCE,
    adapter,
    assert_equal,
    assert_near,
    every_name,
    give,
    loss_of,
    network,
    ours,
    same,
    settings,
    shared_case,
    snapshot,
    tensors,
    theirs,
    torch,
    train,
    twins,
)  # fmt: skip

DOUBLE = torch.float64


# ---- arguments --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted({case.torch for case in SHARED}))
def test_arguments_stand_where_they_stand_in_torch(name: str) -> None:
    mine = inspect.signature(getattr(adapter, name)).parameters
    their = inspect.signature(getattr(torch.optim, name)).parameters
    positional = [p.name for p in their.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert [p.name for p in mine.values() if p.kind is p.POSITIONAL_OR_KEYWORD] == positional
    for key, parameter in their.items():
        assert mine[key].kind is parameter.kind
        assert mine[key].default == parameter.default


@pytest.mark.parametrize("name", sorted({case.torch for case in SHARED}))
def test_groups_have_torchs_keys_and_values(name: str) -> None:
    params = [torch.zeros(2, requires_grad=True)]
    mine, their = getattr(adapter, name)(params), getattr(torch.optim, name)(params)
    own = {"eps_root", "eps_hat", "momentum_form", "cautious", "corrected_weight_decay"}
    assert {k: v for k, v in mine.defaults.items() if k not in own} == their.defaults
    assert isinstance(mine, torch.optim.Optimizer)


def test_every_class_has_an_adapter() -> None:
    assert {case.optimizer.__name__ for case in CASES} <= set(adapter.__all__)


@every_name
@pytest.mark.parametrize("switch", ["capturable", "differentiable"])
def test_switches_that_are_refused(name: str, switch: str) -> None:
    cls = getattr(adapter, name)
    if switch not in inspect.signature(cls).parameters:
        pytest.skip(f"torch.optim.{name} does not have it")
    with pytest.raises(ValueError, match=f"^{switch} must be False"):
        cls([torch.zeros(2)], **{switch: True})


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        (dict(lr=-1.0), ValueError, r"^lr must be at least 0, got -1.0"),
        (
            dict(lr=torch.tensor([1.0, 2.0])),
            ValueError,
            r"^lr must be a number or a tensor of one element, got one of 2",
        ),
        (dict(lr=lambda t: -0.1), ValueError, r"^lr\(0\) must be at least 0, got -0\.1$"),
        (dict(eps_hat=lambda t: True), TypeError, r"^eps_hat must be a number, got a function, for which there is no"),
        (dict(betas=(0.9, torch.tensor(1.0))), ValueError, r"^betas\[1\] must be in \[0, 1\), got 1.0"),
        (dict(max_grad_norm=0.0), ValueError, r"^max_grad_norm must be above 0"),
        (dict(max_grad_nrom=1.0), TypeError, r"^Adam: unknown argument 'max_grad_nrom'; did you mean 'max_grad_norm'"),
    ],
)
def test_arguments_that_are_refused(arguments: Any, kind: Any, message: str) -> None:
    with pytest.raises(kind, match=message):
        adapter.Adam([torch.zeros(2)], **arguments)


def test_foreach_and_fused_mean_nothing() -> None:
    nets = [network() for _ in range(4)]
    for net, more in zip(nets, [{}, dict(foreach=True), dict(fused=True), dict(fused=False)], strict=True):
        train(net, adapter.AdamW(net.parameters(), **more), range(3))
        assert_equal(net, nets[0])


# ---- numbers ----------------------------------------------------------------------------------------------------


@every_case
def test_bits_are_those_of_the_numpy_class(case: Case) -> None:
    arrays, params = stepping.parameters(), tensors()
    opt, twin = ours(case, params), stepping.make(case, arrays)
    for t in range(8):
        grads = stepping.gradients(t)
        give(params, grads)
        opt.step()
        twin.step(grads)
    for param, array in zip(params, arrays, strict=True):
        assert param.detach().numpy().tobytes("K") == array.tobytes("K")
    for i, param in enumerate(params):
        expected = twin.state.get(i, {})
        assert opt.state[param].keys() == expected.keys()
        for key, value in expected.items():
            assert np.array_equal(opt.state[param][key].numpy(), value)


@shared_case
def test_training_is_torchs(case: Case) -> None:
    net, twin = twins(DOUBLE)
    opt, other = ours(case, net.parameters()), theirs(case, twin.parameters())
    for steps in (range(5), range(5, 15) if case.arguments.get("maximize") else range(5, 40)):
        train(net, opt, steps)
        train(twin, other, steps)
        assert_near(net, twin, TOLERANCE[case.torch])
    assert [sorted(entry) for entry in opt.state.values()] == [sorted(entry) for entry in other.state.values()]


# ---- state ------------------------------------------------------------------------------------------------------


@shared_case
@pytest.mark.parametrize("to_torch", [False, True], ids=["from_torch", "to_torch"])
def test_state_is_exchanged_mid_training(case: Case, to_torch: bool) -> None:
    net, twin = twins(DOUBLE)
    make = (ours, theirs) if to_torch else (theirs, ours)
    first, whole = make[0](case, net.parameters()), theirs(case, twin.parameters())
    train(net, first, range(7))
    second = make[1](case, net.parameters(), lr=0.5)
    second.load_state_dict(first.state_dict())
    train(net, second, range(7, 20))
    train(twin, whole, range(20))
    assert_near(net, twin, TOLERANCE[case.torch])


@every_case
@pytest.mark.parametrize("way", ["state_dict", "torch.save", "pickle", "deepcopy"])
def test_resuming_gives_the_same_bits(case: Case, way: Any) -> None:
    net, twin = twins()
    opt, whole = ours(case, net.parameters()), ours(case, twin.parameters())
    train(net, opt, range(7))
    if way == "deepcopy":
        net, opt = copy.deepcopy((net, opt))
    elif way == "pickle":
        net, opt = pickle.loads(pickle.dumps((net, opt)))
    else:
        state = opt.state_dict()
        if way == "torch.save":
            file = io.BytesIO()
            torch.save(state, file)
            file.seek(0)
            state = torch.load(file)
        opt = ours(case, net.parameters(), lr=0.5)
        opt.load_state_dict(state)
    train(net, opt, range(7, 15))
    train(twin, whole, range(15))
    assert_equal(net, twin)
    assert same(opt.state_dict(), whole.state_dict())


def test_loaded_state_is_a_copy() -> None:
    net, twin = twins()
    opt, other = (adapter.AdamW(n.parameters()) for n in (net, twin))
    train(net, opt, range(3))
    other.load_state_dict(opt.state_dict())
    before = snapshot(net, opt)
    train(twin, other, range(3))
    assert same(snapshot(net, opt), before)


def test_settings_are_pickled_and_kept_when_state_is_loaded() -> None:
    opt = adapter.AdamW([torch.zeros(2)], max_grad_norm=2.0, max_grad_value=0.5, skip_nonfinite=True)
    assert settings(copy.deepcopy(opt)) == settings(opt) == settings(pickle.loads(pickle.dumps(opt)))
    opt.load_state_dict(opt.state_dict())
    assert settings(opt) == dict(max_grad_norm=2.0, max_grad_value=0.5, skip_nonfinite=True)


@every_name
def test_state_begins_with_the_first_step(name: str) -> None:
    net = network()
    opt = getattr(adapter, name)(net.parameters())
    assert bool(opt.state) == (name == "Adagrad")  # as in torch
    frozen, *_ = net.parameters()
    frozen.requires_grad_(False)
    train(net, opt, range(2))
    assert "exp_avg" not in opt.state.get(frozen, {})
    frozen.requires_grad_(True)
    train(net, opt, range(2, 4))
    if name not in ("SGD", "SignSGD"):
        assert [float(entry["step"]) for entry in map(opt.state.get, net.parameters())] == [2, 4, 4, 4]


def test_load_state_dict_refuses_and_changes_nothing() -> None:
    net = network()
    opt = adapter.AdamW(net.parameters())
    train(net, opt, range(3))
    before = snapshot(net, opt)
    for key, value, message in [
        ("exp_avg", None, "missing 'exp_avg'"),
        ("exp_avg_sq", torch.zeros(4), r"\['exp_avg_sq'\]: expected shape \(9, 5\), got \(4,\)"),
        ("step", torch.tensor(-1.0), r"\['step'\] must be an integer in"),
    ]:
        wrong = copy.deepcopy(before[1])
        wrong["state"][0][key] = value
        with pytest.raises(ValueError, match=message):
            opt.load_state_dict(wrong)
        assert same(snapshot(net, opt), before)
    wrong = copy.deepcopy(before[1])
    wrong["param_groups"][0]["betas"] = (0.9, 1.5)
    with pytest.raises(ValueError, match=r"param_groups\[0\]\['betas'\]\[1\] must be in"):
        opt.load_state_dict(wrong)
    assert same(snapshot(net, opt), before)
    train(net, opt, range(3, 5))


def test_steps_beyond_float32() -> None:
    param = torch.zeros(3, requires_grad=True)
    opt = adapter.Adam([param])
    param.grad = torch.ones(3)
    opt.step()
    opt.state[param]["step"].fill_(2**24 - 1)
    for steps in (2**24, 2**24 + 1, 2**24 + 2):
        opt.step()
        assert int(opt.state[param]["step"]) == steps
    again = adapter.Adam([param])
    again.load_state_dict(copy.deepcopy(opt.state_dict()))
    again.step()
    assert int(again.state[param]["step"]) == 2**24 + 3


def test_state_may_be_edited() -> None:
    def edited(opt: Any, params: Any, edit: Any) -> Any:
        for t in range(6):
            if t == 3:
                for param in params:
                    edit(opt, opt.state[param])
            give(params, stepping.gradients(t)[:3])
            opt.step()
        return params

    case = next(case for case in SHARED if case.name == "adam")
    for edit in (
        lambda _, entry: entry["exp_avg"].zero_(),
        lambda _, entry: entry["step"].fill_(1),
        lambda _, entry: entry.update(exp_avg=torch.ones_like(entry["exp_avg"]), step=torch.tensor(9.0)),
        lambda opt, _: opt.state.clear(),
        lambda opt, _: setattr(opt, "state", type(opt.state)(dict)),
    ):
        params, other = tensors()[:3], tensors()[:3]
        assert_near(edited(ours(case, params), params, edit), edited(theirs(case, other), other, edit))


def test_groups_may_be_edited_and_rules_changed_mid_run() -> None:
    net, twin = twins(DOUBLE)
    pairs = [
        (adapter.SGD, torch.optim.SGD, dict(momentum=0.9), dict(momentum=0.0), dict(momentum=0.5, nesterov=True)),
        (adapter.Adam, torch.optim.Adam, dict(betas=(0.5, 0.9), lr=0.3), dict(lr=0.0), dict(weight_decay=0.1)),
    ]
    for mine, their, *changes in pairs:
        opt, other = mine(net.parameters(), lr=0.01), their(twin.parameters(), lr=0.01)
        train(net, opt, range(3))
        train(twin, other, range(3))
        for change in changes:
            for o, n in ((opt, net), (other, twin)):
                o.param_groups[0].update(change)
                train(n, o, range(3, 6))
            assert_near(net, twin, 1e-12)


# ---- what trains with it ----------------------------------------------------------------------------------------

SCHEDULERS = {
    "StepLR": dict(step_size=3),
    "CosineAnnealingLR": dict(T_max=10),
    "OneCycleLR": dict(max_lr=0.1, total_steps=12),
    "CyclicLR": dict(base_lr=0.01, max_lr=0.1, step_size_up=3),
    "LambdaLR": dict(lr_lambda=lambda t: 0.9**t),
    "LinearLR": {},
}


@pytest.mark.parametrize("tensor_lr", [False, True])
@pytest.mark.parametrize("name", SCHEDULERS)
@pytest.mark.parametrize("optimizer", ["SGD", "AdamW"])
def test_schedulers(name: str, optimizer: Any, tensor_lr: bool) -> None:
    nets = twins(DOUBLE)
    momentum = dict(momentum=0.9) if optimizer == "SGD" else {}
    for net, module in zip(nets, (adapter, torch.optim), strict=True):
        lr = torch.tensor(0.05, dtype=DOUBLE) if tensor_lr else 0.05
        opt = getattr(module, optimizer)(net.parameters(), lr=lr, **momentum)
        scheduler = getattr(torch.optim.lr_scheduler, name)(opt, **SCHEDULERS[name])
        for t in range(11):
            train(net, opt, range(t, t + 1))
            scheduler.step()
    assert_near(*nets, 1e-12)


def test_plateau_and_averages() -> None:
    nets = twins(DOUBLE)
    for net, module in zip(nets, (adapter, torch.optim), strict=True):
        opt = module.AdamW(net.parameters(), lr=0.05)
        scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=1)
        average = torch.optim.swa_utils.AveragedModel(net)
        for t in range(10):
            scheduler.step(train(net, opt, range(t, t + 1)) * (1 + t))
            average.update_parameters(net)
    assert_near(*nets, 1e-12)


def test_hooks() -> None:
    from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

    net = network()
    opt = adapter.AdamW(net.parameters())
    seen = []
    handles = [
        opt.register_step_pre_hook(lambda o, args, kwargs: seen.append(("pre", o is opt))),
        opt.register_step_post_hook(lambda o, args, kwargs: seen.append(("post", o is opt))),
        register_optimizer_step_pre_hook(lambda o, args, kwargs: seen.append("all pre")),
        register_optimizer_step_post_hook(lambda o, args, kwargs: seen.append("all post")),
    ]
    train(net, opt, range(1))
    assert seen == ["all pre", ("pre", True), ("post", True), "all post"]
    for handle in handles:
        handle.remove()
    train(net, opt, range(1))
    assert len(seen) == 4
    opt.register_step_pre_hook(lambda o, args, kwargs: (args, {"closure": lambda: 7}))
    assert opt.step() == 7


def test_hooks_run_once_in_a_subclass_that_has_its_own_step() -> None:
    class Mine(adapter.AdamW):
        def step(self, closure: Any = None) -> Any:
            return super().step(closure)

    net = network()
    opt, seen = Mine(net.parameters()), []
    opt.register_step_pre_hook(lambda *_: seen.append(1))
    train(net, opt, range(1))
    assert seen == [1]


def test_the_profiler_sees_the_step() -> None:
    net = network()
    opt = adapter.AdamW(net.parameters())
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], acc_events=True) as profile:
        train(net, opt, range(1))
    assert "Optimizer.step#AdamW.step" in {event.key for event in profile.key_averages()}


def test_gradients_are_no_closure() -> None:
    opt = adapter.AdamW(network().parameters())
    with pytest.raises(TypeError, match=r"^closure must be callable or None, got list$"):
        opt.step([torch.ones(2)])


def test_closure() -> None:
    nets = twins(DOUBLE)
    losses = []
    for net, module in zip(nets, (adapter, torch.optim), strict=True):
        opt = module.AdamW(net.parameters(), lr=0.05)

        def closure(net: Any = net, opt: Any = opt) -> Any:
            opt.zero_grad()
            loss = loss_of(net, 0)
            loss.backward()
            return loss

        with torch.no_grad():
            losses.append([float(opt.step(closure).detach()) for _ in range(5)])
    assert losses[0] == pytest.approx(losses[1], rel=1e-12)
    assert_near(*nets, 1e-12)


def test_zero_grad_keeps_or_frees() -> None:
    net = network()
    opt = adapter.SGD(net.parameters(), foreach=True)
    train(net, opt, range(1))
    opt.zero_grad(set_to_none=False)
    assert not any(p.grad.any() for p in net.parameters())
    opt.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    before = snapshot(net, opt)
    opt.step()
    assert same(snapshot(net, opt), before)


def test_gradients_are_treated_as_in_the_numpy_class() -> None:
    for arguments in (dict(max_grad_norm=0.5), dict(max_grad_value=0.1), dict(max_grad_norm=2.0, skip_nonfinite=True)):
        arrays, params = stepping.parameters(), tensors()
        opt, twin = adapter.AdamW(params, **arguments), fastgd.AdamW(arrays, **arguments)
        for t in range(5):
            grads = stepping.gradients(t)
            if t == 2 and opt.skip_nonfinite:
                grads[1][0, 0] = np.nan
            give(params, grads)
            opt.step()
            twin.step(grads)
            assert opt.grad_norm == twin.grad_norm or t == 2
            assert opt.skipped_steps == twin.skipped_steps
        assert_equal(params, map(torch.from_numpy, arrays))
    opt.max_grad_norm = None
    opt.max_grad_value = 1e-3
    twin.max_grad_norm, twin.max_grad_value = None, 1e-3
    opt.step()
    twin.step(grads)
    assert_equal(params, map(torch.from_numpy, arrays))
    assert copy.deepcopy(opt).skipped_steps == 1


def test_groups_are_added_and_may_be_empty() -> None:
    nets = twins(DOUBLE)
    for net, module in zip(nets, (adapter, torch.optim), strict=True):
        first, second, *rest = net.parameters()
        opt = module.AdamW([{"params": [first], "lr": 0.1}, {"params": []}, {"params": [second], "betas": (0.5, 0.9)}])
        train(net, opt, range(3))
        opt.add_param_group({"params": rest, "weight_decay": 0.3})
        train(net, opt, range(3, 8))
        assert [float(entry["step"]) for entry in map(opt.state.get, net.parameters())] == [8, 8, 5, 5]
    assert_near(*nets, 1e-12)
    empty = adapter.AdamW([{"params": []}])
    empty.step()
    empty.load_state_dict(empty.state_dict())


def test_named_parameters() -> None:
    net = network()
    opt = adapter.AdamW(net.named_parameters())
    train(net, opt, range(2))
    assert opt.state_dict()["param_groups"][0]["param_names"] == [name for name, _ in net.named_parameters()]


def test_torch_compile_leaves_the_step_alone() -> None:
    assert adapter.AdamW.step.hooked
    assert "Parameter Group 0" in repr(adapter.AdamW([torch.zeros(1)]))
