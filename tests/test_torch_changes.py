"""fastgd.torch where state or groups are changed between steps: used as torch uses them, or refused by name."""

import collections
import copy
from typing import Any

import numpy as np
import pytest

from support.torch_nets import (
    adapter,
    assert_equal,
    assert_near,
    every_name,
    ours,
    same,
    shared_case,
    snapshot,
    theirs,
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


def same_as_torch(change: Any) -> None:
    """With `change(opt, param)` between two of its steps, each library comes to the same numbers and state."""
    results = []
    for module in (adapter, torch.optim):
        param, opt = stepped(cls=module.Adam, lr=0.1)
        for t in range(6):
            if t == 3:
                change(opt, param)
            opt.step()
        results.append([param, *(opt.state[param][key] for key in ("step", "exp_avg", "exp_avg_sq"))])
    assert_near(*results)


# ---- state that lies elsewhere ----------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["exp_avg", "exp_avg_sq", "step"])
@pytest.mark.parametrize("way", ["data", "share_memory"])
def test_state_that_is_moved(key: Any, way: Any) -> None:
    def move(opt: Any, param: Any) -> None:
        tensor = opt.state[param][key]
        if way == "data":
            tensor.data = tensor.data.clone()
        else:
            tensor.share_memory_()

    same_as_torch(move)
    param, opt = stepped()
    move(opt, param)
    before = opt.state[param][key].clone()
    opt.step()
    opt.step()
    assert not torch.equal(opt.state[param][key], before)


def test_state_that_is_sent_to_a_process() -> None:
    """torch.multiprocessing moves what it sends into shared memory."""

    def send(opt: Any, _: Any) -> None:
        queue = torch.multiprocessing.get_context("spawn").SimpleQueue()
        queue.put(opt.state_dict())
        queue.get()

    same_as_torch(send)


def test_state_in_another_mapping() -> None:
    same_as_torch(lambda opt, _: setattr(opt, "state", dict(opt.state)))
    param, opt = stepped()
    opt.state = {}
    opt.step()
    assert float(opt.state[param]["step"]) == 1


def test_state_that_is_deleted_is_missed() -> None:
    param, opt = stepped()
    before = param.detach().clone()
    del opt.state[param]["exp_avg"]
    with pytest.raises(ValueError, match=r"state_dict\['state'\]\[0\]: missing 'exp_avg'"):
        opt.step()
    assert torch.equal(param.detach(), before)


@pytest.mark.parametrize(
    ("name", "on", "off"),
    [
        ("SGD", dict(momentum=0.9), dict(momentum=0)),
        ("Adam", dict(amsgrad=True), dict(amsgrad=False)),
        ("RMSprop", dict(momentum=0.9, centered=True), dict(momentum=0, centered=False)),
    ],
)
@pytest.mark.parametrize("way", ["as it is", "data", "load", "in place"])
def test_state_of_an_option_that_is_switched_off_and_on(name: Any, on: Any, off: Any, way: Any) -> None:
    results = []
    for module in (adapter, torch.optim):
        param, opt = stepped(cls=getattr(module, name), lr=0.1, **on)
        opt.step()
        opt.param_groups[0].update(off)
        opt.step()
        if way == "data":
            param.data = param.data.double()
            param.grad = torch.ones(4, dtype=torch.float64)
            opt.load_state_dict(copy.deepcopy(opt.state_dict()))
        elif way == "load":
            opt.load_state_dict(copy.deepcopy(opt.state_dict()))
        elif way == "in place":
            for key in ("momentum_buffer", "max_exp_avg_sq"):
                if key in opt.state[param]:
                    opt.state[param][key].mul_(3)
        opt.step()
        opt.param_groups[0].update(on)
        opt.step()
        opt.step()
        results.append([param, *(tensor for _, tensor in sorted(opt.state[param].items()))])
    assert_near(*results)


@every_name
def test_parameters_in_another_order(name: Any) -> None:
    """A step count stays with its parameter, in `state` as in the engine."""
    params = [torch.nn.Parameter(torch.ones(n)) for n in (2, 3, 4)]
    opt = getattr(adapter, name)(params)
    for k, param in enumerate(params):
        for _ in range(k + 1):
            param.grad = torch.ones_like(param)
            opt.step()
            param.grad = None
    before = {param: copy.deepcopy(opt.state.get(param, {})) for param in params}
    opt.param_groups[0]["params"].reverse()
    opt.step()
    assert all(same(opt.state.get(param, {}), before[param]) for param in params)
    for param in params:
        param.grad = torch.ones_like(param)
    opt.step()
    opt.step()
    for k, param in enumerate(params):
        if "step" in opt.state.get(param, {}):
            assert float(opt.state[param]["step"]) == k + 3


# ---- groups -----------------------------------------------------------------------------------------------------


def test_groups_that_are_subclasses_of_dict() -> None:
    def replace(opt: Any, _: Any) -> None:
        opt.param_groups[0] = collections.OrderedDict(opt.param_groups[0])

    def change(opt: Any, param: Any) -> None:
        replace(opt, param)
        opt.param_groups[0]["lr"] = 0.5

    same_as_torch(replace)
    same_as_torch(change)
    params = []
    for module in (adapter, torch.optim):
        param = torch.nn.Parameter(torch.ones(3))
        param.grad = torch.ones(3)
        module.SGD([collections.OrderedDict(params=[param], lr=0.5)]).step()
        params.append(param)
    assert_equal([params[0]], [params[1]])


@pytest.mark.parametrize("entry", [None, [], 3])
def test_state_that_is_no_mapping_is_named(entry: Any) -> None:
    param, opt = stepped()
    before = param.detach().clone()
    opt.state[param] = entry
    with pytest.raises(TypeError, match=r"state_dict\['state'\]\[0\]: expected a mapping, got"):
        opt.step()
    assert torch.equal(param.detach(), before)


def test_groups_in_tuples() -> None:
    def params(opt: Any, _: Any) -> None:
        opt.param_groups[0]["params"] = tuple(opt.param_groups[0]["params"])

    def groups(opt: Any, _: Any) -> None:
        opt.param_groups = tuple(opt.param_groups)

    same_as_torch(params)
    same_as_torch(groups)


@pytest.mark.parametrize("intruder", [None, np.zeros(4), 3.0])
def test_what_is_no_tensor_is_named(intruder: Any) -> None:
    param, opt = stepped()
    before = snapshot(LIST([param]), opt)
    opt.param_groups[0]["params"].append(intruder)
    with pytest.raises(TypeError, match=r"^param_groups\[0\]\['params'\]\[1\]: expected a torch.Tensor, got"):
        opt.step()
    opt.param_groups[0]["params"].pop()
    assert same(snapshot(LIST([param]), opt), before)


@shared_case
def test_memory_that_changes_mid_training(case: Any) -> None:
    """State is taken along to the new memory, whatever it consists of."""
    nets = twins(torch.float64)
    for net, make in zip(nets, (ours, theirs), strict=True):
        opt = make(case, net.parameters())
        for t in range(9):
            if t in (1, 4, 5):
                net[0].weight.data = net[0].weight.data.clone()
            train(net, opt, range(t, t + 1))
    assert_near(*nets, 1e-7)
