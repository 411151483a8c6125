"""
fastgd.torch where tensors, groups or state are no longer what they were: no step is lost, and no memory is touched
that is not there.
"""

import copy
import warnings
from typing import Any, Never

import numpy as np
import pytest

import fastgd
from fastgd.torch import checks, found
from support.torch_nets import (
    adapter,
    assert_equal,
    assert_near,
    every_name,
    loss_of,
    network,
    same,
    snapshot,
    torch,
    train,
    twins,
)

LIST = torch.nn.ParameterList


def stepped(n: Any = 4, cls: Any = None, **more: Any) -> Any:
    """A parameter with a gradient, and its optimizer after one step."""
    param = torch.nn.Parameter(torch.ones(n))
    param.grad = torch.ones(n)
    opt = (cls or adapter.Adam)([param], **more)
    opt.step()
    return param, opt


# ---- memory that is not there -----------------------------------------------------------------------------------


def test_a_storage_that_is_freed_and_filled_again() -> None:
    """As by FSDP. The optimizer does not forbid it, as NumPy's arrays would."""
    param, opt = stepped(1000, lr=0.1)
    before = snapshot(LIST([]), opt)
    values = param.detach().clone()
    param.untyped_storage().resize_(0)
    with pytest.raises(ValueError, match=r"\['params'\]\[0\]: expected elements in memory"):
        opt.step()
    param.untyped_storage().resize_(4000)
    param.data.copy_(values)
    assert same(snapshot(LIST([]), opt), before)
    twin, other = stepped(1000, lr=0.1)
    opt.step()
    other.step()
    assert_equal([param], [twin])


def without_storage() -> Any:
    grad = torch.ones(4)
    grad.untyped_storage().resize_(0)
    return grad


def fake() -> Any:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        return torch.ones(4)


def wrapped() -> Any:
    from torch.testing._internal.two_tensor import TwoTensor

    return TwoTensor(torch.ones(4), torch.ones(4))


@every_name
@pytest.mark.parametrize("make", [without_storage, fake, wrapped, lambda: torch._efficientzerotensor(4)])
def test_gradients_without_memory(name: Any, make: Any) -> None:
    param, opt = stepped(cls=getattr(adapter, name))
    before = snapshot(LIST([param]), opt)
    param.grad = make()
    with pytest.raises((TypeError, ValueError), match=r"^param_groups\[0\]\['params'\]\[0\].grad: expected"):
        opt.step()
    param.grad = None
    assert same(snapshot(LIST([param]), opt), before)


@pytest.mark.parametrize("make", [without_storage, fake, lambda: torch.ones([1] * 65)])
def test_parameters_without_memory(make: Any) -> None:
    with pytest.raises(ValueError, match=r"^param_groups\[0\]\['params'\]\[0\]: expected elements in memory"):
        adapter.Adam([make()])


def test_elements_that_torch_has_yet_to_negate() -> None:
    weight = torch.tensor([1.0])
    params = []
    for module in (adapter, torch.optim):
        param = torch.nn.Parameter(torch.ones(1))
        opt = module.SGD([param], lr=0.5)
        product = (torch.complex(weight, param).conj() * 1j).real.sum()
        (param.grad,) = torch.autograd.grad(product, param)
        assert param.grad.is_neg()
        opt.step()
        opt.step()
        params.append(param)
    assert_equal([params[0]], [params[1]])
    with pytest.raises(ValueError, match="got one with the negative bit set"):
        adapter.SGD([torch.complex(weight, weight).conj().imag])


def test_misaligned_memory() -> None:
    whole = torch.frombuffer(bytearray(40), dtype=torch.float32, offset=1, count=4)
    with pytest.raises(ValueError, match=r"\['params'\]\[0\]: expected an array aligned to its items"):
        adapter.SGD([whole])
    param, opt = stepped(cls=adapter.SGD, lr=0.5)
    param.grad = whole
    whole.fill_(1)
    opt.step()
    assert torch.equal(param.detach(), torch.zeros(4))


# ---- interrupts -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "begun"), [("increment_version", False), ("increment_version", True), ("from_numpy", False)]
)
def test_ctrl_c(where: Any, begun: Any, monkeypatch: Any) -> None:
    """A step that is interrupted is either whole, as here, or has not begun."""
    net, twin = twins()
    opt, other = adapter.NAdam(net.parameters()), adapter.NAdam(twin.parameters())
    opt.step()  # no gradients yet
    if begun:
        train(net, opt, range(2))
        train(twin, other, range(2))
    loss_of(net, 2).backward()
    loss_of(twin, 2).backward()
    versions = [param._version for param in net.parameters()]

    def interrupted(function: Any) -> Any:
        calls = iter([True])

        def run(*args: Any) -> Any:
            result = function(*args)
            if next(calls, False):
                raise KeyboardInterrupt
            return result

        return run

    owner = torch if where == "from_numpy" else found
    monkeypatch.setattr(owner, where, interrupted(getattr(owner, where)))
    with pytest.raises(KeyboardInterrupt):
        opt.step()
    monkeypatch.undo()
    other.step()
    assert all(param._version > version for param, version in zip(net.parameters(), versions, strict=True))
    assert_equal(net, twin)
    assert same(opt.state_dict()["state"], other.state_dict()["state"])
    train(net, opt, range(3, 6))
    train(twin, other, range(3, 6))
    assert_equal(net, twin)


def test_ctrl_c_while_a_group_is_added(monkeypatch: Any) -> None:
    param, opt = stepped()
    more = torch.nn.Parameter(torch.ones(2))

    def interrupted(*args: Any) -> Never:
        raise KeyboardInterrupt

    monkeypatch.setattr(checks, "parameter", interrupted)
    with pytest.raises(KeyboardInterrupt):
        opt.add_param_group({"params": [more]})
    changed = copy.deepcopy(opt.state_dict())
    changed["param_groups"][0]["lr"] = 7.0
    with pytest.raises(KeyboardInterrupt):
        opt.load_state_dict(changed)
    monkeypatch.undo()
    assert [group["lr"] for group in opt.param_groups] == [1e-3]
    opt.step()
    assert float(opt.state[param]["step"]) == 2


@pytest.mark.parametrize("where", ["params", "grads"])
def test_memory_that_moves_while_gradients_are_asked_for(where: Any) -> None:
    class Late(torch.nn.Parameter):
        @property
        def grad(self) -> Any:
            moved = first if where == "params" else first.grad
            moved.data = torch.full((1000,), 5.0)
            return torch.ones(2)

    first = torch.nn.Parameter(torch.ones(1000))
    first.grad = torch.ones(1000)
    late = Late(torch.ones(2))
    opt = adapter.SGD([first, late], lr=1.0)
    with pytest.raises(RuntimeError, match="was moved while gradients were asked for"):
        opt.step()
    assert torch.equal(late.detach(), torch.ones(2))
    assert torch.equal(first.detach(), torch.full((1000,), 5.0 if where == "params" else 1.0))


def test_gradients_that_are_computed_when_they_are_asked_for() -> None:
    class Late(torch.nn.Parameter):
        asked = 0

        @property
        def grad(self) -> Any:
            self.asked += 1
            return torch.full((3,), 2.0) if self.asked % 2 else torch.full((6,), 2.0)[::2]

    params = [Late(torch.ones(3)) for _ in range(4)]
    opt = adapter.SGD(params, lr=1.0)
    for _ in range(4):
        opt.step()
    assert all(param.asked == 4 and torch.equal(param.detach(), torch.full((3,), -7.0)) for param in params)


# ---- steps in the backward pass ---------------------------------------------------------------------------------


def test_step_in_backward_leaves_what_is_no_longer_in_a_group() -> None:
    net = network()
    handle = adapter.step_in_backward(net, adapter.AdamW)
    loss_of(net, 0).backward()
    weight = handle.optimizer.param_groups[0]["params"].pop(0)
    before = weight.detach().clone()
    others = [param.detach().clone() for param in handle.optimizer.param_groups[0]["params"]]
    loss_of(net, 1).backward()
    assert torch.equal(weight, before)
    assert weight.grad is not None
    assert not any(map(torch.equal, others, handle.optimizer.param_groups[0]["params"]))


def test_step_in_backward_sees_state_that_is_replaced_between_passes() -> None:
    """Also where a pass reaches other parameters than the one before."""
    results = []
    for in_backward in (True, False):
        a, b = torch.nn.Parameter(torch.zeros(3)), torch.nn.Parameter(torch.zeros(3))
        opt = adapter.step_in_backward([a, b], adapter.Adam).optimizer if in_backward else adapter.Adam([a, b])

        def run(loss: Any, opt: Any = opt, in_backward: Any = in_backward) -> None:
            loss.backward()
            if not in_backward:
                opt.step()
                opt.zero_grad()

        run((a + b).sum())
        run(a.sum())
        opt.state[b]["exp_avg"] = torch.full((3,), 5.0)
        run(b.sum())
        run((a + 2 * b).sum())
        results.append(([a, b], opt.state_dict()))
    assert_equal(results[0][0], results[1][0])
    assert same(results[0][1], results[1][1])


@pytest.mark.parametrize("setting", [dict(max_grad_norm=1.0), dict(skip_nonfinite=True)])
def test_step_in_backward_refuses_settings_that_come_later(setting: Any) -> None:
    net = network()
    handle = adapter.step_in_backward(net, adapter.SGD)
    before = snapshot(net, handle.optimizer)
    for name, value in setting.items():
        setattr(handle.optimizer, name, value)
        with pytest.raises(ValueError, match=f"^{name} needs all gradients at once"):
            loss_of(net, 0).backward()
    assert same(snapshot(net, handle.optimizer), before)


# ---- state and groups that are not the adapter's ------------------------------------------------------------------


def of_sgd() -> Any:
    return stepped(3, torch.optim.SGD, momentum=0.9)[1].state_dict()


def of_objects() -> Any:
    opt = fastgd.AdamW([np.ones(3, np.float32)])
    opt.step([np.ones(3, np.float32)])
    saved = opt.state_dict()
    saved["state"][0]["step"] = np.array(None)
    return saved


@pytest.mark.parametrize(
    ("state", "kind", "message"),
    [
        (of_sgd, ValueError, r"state_dict\['state'\]\[0\]: missing 'step', got 'momentum_buffer'"),
        (
            of_objects,
            TypeError,
            r"state_dict\['state'\]\[0\]\['step'\]: expected dtype float32, float64, bfloat16 or float16, got object",
        ),
        (dict, ValueError, "state_dict: expected the keys 'state' and 'param_groups', missing 'state'"),
        (list, TypeError, "state_dict: expected a mapping, got list"),
    ],
)
def test_state_of_another_kind_is_refused(state: Any, kind: Any, message: Any) -> None:
    param = torch.nn.Parameter(torch.ones(3))
    opt = adapter.AdamW([param])
    before = copy.deepcopy(opt.state_dict())
    with pytest.raises(kind, match=f"^{message}"):
        opt.load_state_dict(state())
    assert same(opt.state_dict(), before)


def test_a_setting_of_all_groups_is_refused_in_one() -> None:
    param = torch.nn.Parameter(torch.ones(3))
    with pytest.raises(ValueError, match=r"param_groups\[0\]: max_grad_norm is for all groups together"):
        adapter.AdamW([{"params": [param], "max_grad_norm": 1.0}])
    opt = adapter.AdamW([param])
    with pytest.raises(ValueError, match=r"param_groups\[1\]: skip_nonfinite is for all groups together"):
        opt.add_param_group({"params": [torch.nn.Parameter(torch.ones(2))], "skip_nonfinite": True})
    assert len(opt.param_groups) == 1
    param.grad = torch.ones(3)
    opt.param_groups[0]["max_grad_norm"] = 1.0
    with pytest.raises(ValueError, match=r"param_groups\[0\]: max_grad_norm is for all groups together"):
        opt.step()
    del opt.param_groups[0]["max_grad_norm"]
    opt.step()


# ---- other parts of torch that reach into an optimizer ----------------------------------------------------------


def test_swapped_tensors() -> None:
    torch.__future__.set_swap_module_params_on_conversion(True)
    try:
        nets = twins()
        for net, module in zip(nets, (adapter, torch.optim), strict=True):
            opt = module.AdamW(net.parameters(), lr=0.05)
            train(net, opt, range(2))
            net.zero_grad()
            net.double().float()
            train(net, opt, range(2, 5))
        assert_near(*nets)
    finally:
        torch.__future__.set_swap_module_params_on_conversion(False)


def test_state_dicts_of_torch_distributed() -> None:
    """They are made with a step of zero gradients where there is no state yet, and loaded through the model's names."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what torch itself imports there
        from torch.distributed.checkpoint.state_dict import get_optimizer_state_dict, set_optimizer_state_dict
    nets = twins()
    for net, module in zip(nets, (adapter, torch.optim), strict=True):
        opt = module.AdamW(net.parameters(), lr=0.05)
        get_optimizer_state_dict(net, opt)
        train(net, opt, range(3))
        state = copy.deepcopy(get_optimizer_state_dict(net, opt))
        opt = module.AdamW(net.parameters(), lr=0.5)
        set_optimizer_state_dict(net, opt, state)
        train(net, opt, range(3, 6))
        assert opt.param_groups[0]["lr"] == 0.05
    assert_near(*nets)


@pytest.mark.filterwarnings("ignore:Dynamo does not know how to trace")
def test_a_compiled_training_step() -> None:
    """torch.compile leaves the graph for the optimizer's step."""
    nets = twins()
    for net, compiled in zip(nets, (True, False), strict=True):
        opt = adapter.AdamW(net.parameters(), lr=0.05)
        data = torch.randn(16, 5, generator=torch.Generator().manual_seed(0))

        def step(x: Any, net: Any = net, opt: Any = opt) -> None:
            opt.zero_grad()
            net(x).square().mean().backward()
            opt.step()

        run = torch.compile(step, backend="eager") if compiled else step
        for _ in range(5):
            run(data)
        assert {float(entry["step"]) for entry in opt.state.values()} == {5}
    assert_near(*nets)


def test_inference_mode() -> None:
    param, opt = stepped()
    twin, other = stepped()
    version = param._version
    with torch.inference_mode():
        opt.step()
    other.step()
    assert param._version > version
    opt.step()
    other.step()
    assert_equal([param], [twin])
    assert same(opt.state_dict(), other.state_dict())


def test_views_of_one_buffer() -> None:
    flat = torch.ones(10)
    params = [torch.nn.Parameter(flat[:3]), torch.nn.Parameter(flat[3:])]
    for param in params:
        param.grad = torch.ones_like(param)
    version = flat._version
    adapter.SGD(params, lr=0.5).step()
    assert torch.equal(flat, torch.full((10,), 0.5))
    assert flat._version > version


def test_two_optimizers_with_one_parameter() -> None:
    nets = twins(torch.float64)
    for net, module in zip(nets, (adapter, torch.optim), strict=True):
        opts = [module.AdamW(net.parameters(), lr=0.05), module.SGD(net[0].parameters(), lr=0.01, momentum=0.9)]
        for t in range(6):
            train(net, opts[t % 2], range(t, t + 1))
    assert_near(*nets, 1e-12)


def test_adagrad_beside_another_default_device() -> None:
    with torch.device("meta"):
        opt = adapter.Adagrad([torch.zeros(3, device="cpu", requires_grad=True)])
    assert next(iter(opt.state.values()))["step"].device.type == "cpu"
