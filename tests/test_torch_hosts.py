"""fastgd.torch under hosts that wrap, scale, share or copy: what they mean is kept, or refused by name."""

import copy
import gc
import pickle
import weakref
from typing import Any

import numpy as np
import pytest

import fastgd
from support.torch_nets import (
    adapter,
    assert_equal,
    assert_near,
    every_name,
    loss_of,
    network,
    same,
    torch,
    train,
    twins,
)

LIST = torch.nn.ParameterList


def parameter(n: int = 3) -> Any:
    param = torch.nn.Parameter(torch.ones(n))
    param.grad = torch.ones(n)
    return param


# ---- attributes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opt", [fastgd.AdamW(np.ones(3)), adapter.AdamW([torch.ones(3)])], ids=["numpy", "torch"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lr", r"^AdamW\.lr is one for each group: set param_groups\[0\]\['lr'\]$"),
        ("betas", r"^AdamW\.betas is one for each group"),
        ("max_gradnorm", "^AdamW has no attribute 'max_gradnorm' to set; did you mean 'max_grad_norm'"),
        ("schedule", "^AdamW has no attribute 'schedule' to set; known: max_grad_norm, max_grad_value"),
        ("skipped_steps", "'skipped_steps' of 'AdamW' object has no setter"),
    ],
)
def test_attributes_that_no_step_would_read(opt: Any, name: str, message: str) -> None:
    with pytest.raises(AttributeError, match=message):
        setattr(opt, name, 1.0)
    assert name not in vars(opt)


@pytest.mark.parametrize("base", [fastgd.Adam, adapter.Adam], ids=["numpy", "torch"])
def test_subclasses_have_attributes_of_their_own(base: Any) -> None:
    class Counted(base):  # type: ignore[misc]
        def __init__(self, params: Any) -> None:
            self.calls = 0
            super().__init__(params, lr=0.5)
            self.more = 1

    opt = Counted([np.ones(3)] if base is fastgd.Adam else [torch.ones(3)])
    assert (opt.calls, opt.more) == (0, 1)
    with pytest.raises(AttributeError, match=r"^Counted\.lr is one for each group"):
        opt.lr = 0.1


def wrapped(opt: Any) -> Any:
    """An object with the class and the attributes of an optimizer, as Lightning gives one to its users."""

    class Wrapper:
        def step(self) -> Any:
            return self._optimizer.step()  # type: ignore[attr-defined]

    result: Any = Wrapper()
    result.__dict__ = {name: value for name, value in vars(opt).items() if name != "step"}
    result.__class__ = type(f"Wrapped{type(opt).__name__}", (Wrapper, type(opt)), {})
    result._optimizer = opt
    return result


def delegating(opt: Any) -> Any:
    """The same without the attributes, which are asked for."""

    class Wrapper:
        _optimizer: Any

        def __getattr__(self, name: str) -> Any:
            return getattr(self.__dict__["_optimizer"], name)

        def step(self) -> Any:
            return self._optimizer.step()

    result: Any = Wrapper()
    result.__class__ = type(f"Wrapped{type(opt).__name__}", (Wrapper, type(opt)), {})
    result.__dict__["_optimizer"] = opt
    return result


@pytest.mark.parametrize("wrap", [wrapped, delegating])
def test_wrappers_that_have_the_class(wrap: Any) -> None:
    param, twin = parameter(), parameter()
    opt, other = adapter.SGD([param], lr=0.5, skip_nonfinite=True), adapter.SGD([twin], lr=0.5, skip_nonfinite=True)
    wrapper = wrap(opt)
    assert wrapper.grad_norm is None
    for value in (np.nan, 2.0):
        param.grad = twin.grad = torch.full((3,), value)
        wrapper.step()
        other.step()
    assert wrapper.skipped_steps == opt.skipped_steps == 1
    assert wrapper.grad_norm == opt.grad_norm == other.grad_norm
    wrapper.max_grad_norm = other.max_grad_norm = 0.1
    assert opt.max_grad_norm == 0.1
    opt.skip_nonfinite = False
    assert not wrapper.skip_nonfinite
    wrapper.step()
    other.step()
    assert_equal([param], [twin])


# ---- GradScaler -------------------------------------------------------------------------------------------------


@every_name
@pytest.mark.parametrize("fused", [False, True])
def test_only_fused_takes_scaled_gradients(name: str, fused: bool) -> None:
    """Hosts that clip gradients refuse optimizers that do."""
    cls = getattr(adapter, name)
    arguments = dict(fused=True) if fused and "fused" in cls._numpy.torch_signature.split() else {}
    opt = cls([torch.ones(3)], **arguments)
    for one in (opt, copy.deepcopy(opt), pickle.loads(pickle.dumps(opt))):
        assert one._step_supports_amp_scaling is bool(arguments)
    assert "_step_supports_amp_scaling" not in vars(adapter.Optimizer)


@pytest.mark.parametrize("unscale", [False, True])
@pytest.mark.parametrize("fused", [False, True])
def test_grad_scaler(fused: bool, unscale: bool) -> None:
    nets = twins()
    for net, module in zip(nets, (adapter, torch.optim), strict=True):
        opt = module.AdamW(net.parameters(), lr=0.05, fused=fused)
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=2)
        for t in range(8):
            opt.zero_grad()
            loss = loss_of(net, t)
            scaler.scale(loss * torch.inf if t == 4 else loss).backward()
            if unscale:
                scaler.unscale_(opt)
                torch.nn.utils.clip_grad_norm_(net.parameters(), 0.1)
            scaler.step(opt)
            scaler.update()
        assert scaler.get_scale() == 2.0**12
        assert {float(entry["step"]) for entry in opt.state.values()} == {7}
        assert not {"found_inf", "grad_scale"} & vars(opt).keys()
    assert_near(*nets)


@pytest.mark.parametrize("fused", [False, True])
def test_a_scale_that_has_vanished(fused: bool) -> None:
    """torch makes NaN of what is left of the gradients, and `skip_nonfinite` sees it."""
    nets = [network() for _ in range(3)]
    opts = [adapter.AdamW(net.parameters(), fused=fused, skip_nonfinite=k == 1) for k, net in enumerate(nets[:2])]
    opts.append(torch.optim.AdamW(nets[2].parameters(), fused=fused))
    for net, opt in zip(nets, opts, strict=True):
        scaler = torch.amp.GradScaler("cpu", init_scale=0.0)
        scaler.scale(loss_of(net, 0)).backward()
        scaler.step(opt)
    assert all(torch.isnan(param).all() for net in (nets[0], nets[2]) for param in net.parameters())
    assert_equal(nets[1], network())
    assert opts[1].skipped_steps == 1


# ---- steps in the backward pass ---------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [False, True])
def test_step_in_backward_lets_the_model_go(keep: bool) -> None:
    net = network()
    handle = adapter.step_in_backward(net, adapter.AdamW)
    gone = [weakref.ref(param) for param in net.parameters()] + [weakref.ref(handle.optimizer)]
    if not keep:
        del handle
    for t in range(2):
        gc.collect()
        before = copy.deepcopy(net.state_dict())
        loss_of(net, t).backward()
        assert not same(net.state_dict(), before)
        assert all(param.grad is None for param in net.parameters())
    if keep:
        del handle
    del net
    gc.collect()
    assert not any(ref() is not None for ref in gone)


@pytest.mark.parametrize("way", [copy.deepcopy, lambda net: pickle.loads(pickle.dumps(net))])
def test_copies_of_a_model_are_not_updated_in_backward(way: Any) -> None:
    net = network()
    handle = adapter.step_in_backward(net, adapter.AdamW)
    other = way(net)
    loss_of(other, 0).backward()
    assert same(other.state_dict(), net.state_dict())
    assert all(param.grad is not None for param in other.parameters())
    adapter.step_in_backward(other, adapter.AdamW)
    handle.remove()
    loss_of(net, 0).backward()
    assert all(param.grad is not None for param in net.parameters())


# ---- what torch takes, too --------------------------------------------------------------------------------------


def test_a_parameter_that_is_listed_twice() -> None:
    first, second = parameter(), parameter(2)
    with pytest.warns(UserWarning, match="duplicate parameters"):
        opt = adapter.SGD([first, second, first], lr=0.5)
    opt.step()
    assert_equal([first, second], [torch.full((3,), 0.5), torch.full((2,), 0.5)])
    opt.load_state_dict(opt.state_dict())
    with pytest.warns(UserWarning, match="duplicate parameters"):
        opt = adapter.SGD([("a", first), ("b", second), ("c", first)])
    assert opt.param_groups[0]["param_names"] == ["a", "b"]
    with pytest.raises(ValueError, match="appear in more than one parameter group"):
        opt.add_param_group({"params": [("d", first)]})


def test_groups_that_do_not_go_together() -> None:
    """As torch refuses them, which the constructor finds out once for all groups."""
    first, second = parameter(), parameter(2)
    for groups, message in [
        ([{"params": [first]}, {"params": [second, first]}], "some parameters appear in more than one parameter group"),
        ([{"params": [("a", first)]}, {"params": [second]}], "all optimizer param groups should be with/without names"),
    ]:
        for module in (adapter, torch.optim):
            with pytest.raises(ValueError, match=f"^{message}"):
                module.SGD(copy.copy(groups))
            opt = module.SGD(groups[:1])
            with pytest.raises(ValueError, match=f"^{message}"):
                opt.add_param_group(groups[1])
            assert len(opt.param_groups) == 1


def test_hooks_of_loading() -> None:
    """They are called as by torch: one before, which may give another state dict, and one after."""
    states = []
    for module in (adapter, torch.optim):
        param = parameter()
        opt = module.Adam([param])
        opt.step()

        def before(_: Any, state: Any) -> Any:
            return {**state, "param_groups": [{**state["param_groups"][0], "lr": 0.5, "note": [1, 2]}]}

        def after(opt: Any) -> None:
            opt.param_groups[0]["eps"] = 0.25

        opt.register_load_state_dict_pre_hook(before)
        opt.register_load_state_dict_post_hook(after)
        given = copy.deepcopy(opt.state_dict())
        opt.load_state_dict(given)
        assert "note" not in given["param_groups"][0]
        opt.step()
        states.append(opt.state_dict())
    assert_near([states[0]["state"][0]["exp_avg"]], [states[1]["state"][0]["exp_avg"]])
    for key, value in states[1]["param_groups"][0].items():
        assert states[0]["param_groups"][0][key] == value


@every_name
def test_lazy_modules_before_their_first_pass(name: str) -> None:
    if name == "Adagrad":  # as torch's, whose state begins with the optimizer
        return
    torch.manual_seed(0)
    lazy = torch.nn.Sequential(torch.nn.LazyLinear(4), torch.nn.Linear(4, 2))
    opt = getattr(adapter, name)(lazy.parameters())
    opt.step()
    opt.load_state_dict(opt.state_dict())
    lazy(torch.ones(1, 5))
    net = torch.nn.Sequential(torch.nn.Linear(5, 4), torch.nn.Linear(4, 2))
    net.load_state_dict(lazy.state_dict())
    train(lazy, opt, range(3))
    train(net, getattr(adapter, name)(net.parameters()), range(3))
    assert_equal(net, lazy)


@every_name
def test_dicts_of_older_versions(name: str) -> None:
    """They lack switches that came later; what averages weights has put a rate of its own beside `lr`."""
    numpy_class = getattr(fastgd, name)
    arrays = [np.ones(3, np.float32), np.ones(3, np.float32)]
    first = numpy_class(arrays[0])
    first.step(np.full(3, 0.5, np.float32))
    state = first.state_dict()
    for key in ("maximize", "decoupled_weight_decay"):
        state["param_groups"][0].pop(key, None)
    state["param_groups"][0]["swa_lr"] = 0.5
    second = numpy_class(arrays[1], maximize=True)
    second.load_state_dict(state)
    assert second.param_groups[0] == {**first.param_groups[0], "params": second.param_groups[0]["params"]}
    param = torch.nn.Parameter(torch.ones(3))
    opt = getattr(adapter, name)([param], maximize=True)
    state["state"] = {i: {k: torch.from_numpy(a) for k, a in entry.items()} for i, entry in state["state"].items()}
    opt.load_state_dict(state)
    assert opt.param_groups[0].get("maximize", False) is False
    assert opt.param_groups[0].get("decoupled_weight_decay") is first.param_groups[0].get("decoupled_weight_decay")


# ---- messages that point on -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        lambda net: net.weight,
        lambda net: list(net.parameters()),
        lambda net: net.parameters(),
        lambda net: net.named_parameters(),
        lambda net: dict(net.named_parameters()),
        lambda net: [{"lr": 0.5, "params": net.parameters()}],
    ],
)
def test_tensors_for_a_class_of_arrays(form: Any) -> None:
    with pytest.raises(
        TypeError, match=r"^params: expected NumPy arrays, got a torch Parameter: use fastgd\.torch\.Lion$"
    ):
        fastgd.Lion(form(torch.nn.Linear(2, 2)))


def test_other_things_that_are_of_the_other_library(tmp_path: Any) -> None:
    with pytest.raises(TypeError, match=r"^opt must be a fastgd optimizer, got AdamW; for tensors there is torch.save"):
        fastgd.save(tmp_path / "a.safetensors", adapter.AdamW([torch.ones(2)]))


@pytest.mark.parametrize("opt", [fastgd.AdamW, adapter.AdamW])
def test_the_one_value_of_a_hyperparameter(opt: Any) -> None:
    params = [np.ones(3)] if opt is fastgd.AdamW else [torch.ones(3)]
    assert opt(params, decoupled_weight_decay=True).param_groups[0]["decoupled_weight_decay"] is True
    with pytest.raises(ValueError, match=r"^decoupled_weight_decay must be True for AdamW, got False; Adam has both"):
        opt(params, decoupled_weight_decay=False)
