"""Copies of torch's parameters in other formats, and sums of their gradients over several batches."""

import copy
import math
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import formats

torch = pytest.importorskip("torch")
import fastgd.torch as adapter  # noqa: E402
from support.torch_leaves import arrays, assert_all_equal, give, leaves, numbers  # noqa: E402

# ---- copies of parameters -----------------------------------------------------------------------------------------


def targets(params: list[Any], name: str = "bfloat16") -> list[Any]:
    return [torch.full_like(p, 77, dtype=getattr(torch, name)) for p in params]


def assert_copies(copies: list[Any], params: list[Any]) -> None:
    for copied, param in zip(copies, params, strict=True):
        if copied is not None:
            assert torch.equal(copied, param.detach().to(copied.dtype))


@pytest.mark.parametrize("name", ["float32", "float64", "bfloat16", "float16"])
@pytest.mark.parametrize("to", ["bfloat16", "float16", "float32"])
def test_copies_in_every_format(name: str, to: str) -> None:
    params, twins = leaves(name), leaves(name)
    opt, twin = adapter.AdamW(params, lr=0.1), adapter.AdamW(twins, lr=0.1)
    copies = targets(params, to)
    copies[1] = None
    opt.bind_copies(copies)
    if name == "float64" and to == "float16":
        params[0].detach().mul_(0)  # torch rounds once from float64, and fastgd by way of float32
    versions = [copies[0]._version, copies[2]._version]
    for t in range(3):
        give(params, t)
        give(twins, t)
        params[2].grad = twins[2].grad = params[2].grad if t else None
        opt.step()
        twin.step()
        for copied, param in zip(copies, params, strict=True):
            if copied is not None:
                assert torch.equal(copied, param.detach().float().to(copied.dtype))
    assert [copies[0]._version > versions[0], copies[2]._version > versions[1]] == [True, True]
    if not (name == "float64" and to == "float16"):
        assert_all_equal(numbers(params), numbers(twins))


def test_copies_of_master_weights_modes_and_steps_of_two_parts() -> None:
    param, wide = (torch.linspace(-1, 1, 12).bfloat16().to(d).requires_grad_() for d in (torch.bfloat16, torch.float32))
    opts = [adapter.AdamW([param], master_weights=True, ema_decay=0.5), adapter.AdamW([wide], ema_decay=0.5)]
    copied = torch.zeros(12)
    opts[0].bind_copies([copied])
    for t in range(3):
        param.grad = torch.linspace(1, 2, 12).add(t).bfloat16()
        wide.grad = param.grad.float()
        for opt in opts:
            opt.step()
        assert torch.equal(copied, wide)
    with opts[0].averaged():
        assert torch.equal(copied, opts[1].state[wide]["ema"])
    assert torch.equal(copied, wide)
    start = torch.linspace(-1, 1, 12).reshape(3, 4)
    for cls, settings in ((adapter.Muon, {}), (adapter.Adafactor, {}), (adapter.ScheduleFreeSGD, {"lr": 0.3})):
        param = start.clone().requires_grad_()
        opt, copies = cls([param], **settings), targets([param])
        opt.bind_copies(copies)
        for t in range(3):
            param.grad = (start * t).cos()
            opt.step()
            assert_copies(copies, [param])
        if cls is adapter.ScheduleFreeSGD:
            opt.eval()
            assert_copies(copies, [param])
            opt.train()
            assert_copies(copies, [param])


def test_copies_and_parameters_that_have_moved() -> None:
    params = leaves()
    opt, copies = adapter.Adam(params), targets(params)
    opt.bind_copies(copies)
    lookahead = adapter.Lookahead(opt, k=2)
    for t in range(4):
        give(params, t)
        opt.step()
        assert_copies(copies, params)
        params[0].data = params[0].data.clone()
        copies[1].data = torch.full_like(copies[1], 77)
        opt.state[params[2]]["exp_avg"] = opt.state[params[2]]["exp_avg"].clone()
    lookahead.remove()
    extra = torch.ones(2, requires_grad=True)
    opt.add_param_group({"params": [extra]})
    give(params, 5)
    extra.grad = torch.ones(2)
    opt.step()
    assert_copies(copies, params)
    opt.load_state_dict(opt.state_dict())
    give(params, 6)
    opt.step()
    assert_copies(copies, params)
    other = copy.deepcopy(opt)  # has none
    before = [c.clone() for c in copies]
    opt.bind_copies(None)
    give(params, 7)
    opt.step()
    assert all(torch.equal(a, b) for a, b in zip(copies, before, strict=True))
    give(other.param_groups[0]["params"], 7)
    other.step()


def test_bad_copies() -> None:
    params = leaves()
    opt, copies = adapter.Adam(params), targets(params)
    give(params, 1)
    opt.step()
    bad: list[tuple[Any, type[Exception], str]] = [
        (copies[:2], ValueError, r"copies: expected 3 entries, one for each parameter, got 2"),
        ([torch.zeros(3, 4, dtype=torch.float64), None, None], TypeError,
         r"copies\[0\]: expected dtype torch.float32, torch.bfloat16 or torch.float16, got torch.float64"),
        ([np.zeros((3, 4)), None, None], TypeError, r"copies\[0\]: expected a torch.Tensor, got ndarray"),
        ([torch.zeros(4, 3), None, None], ValueError, r"copies\[0\]: expected shape \(3, 4\), got \(4, 3\)"),
        ([torch.zeros(4, 3).t(), None, None], ValueError, r"copies\[0\]: expected strides"),
        ([torch.zeros(1, 1).expand(3, 4), None, None], ValueError, r"copies\[0\]: expected a dense array"),
        ([None, None, params[2].detach()], ValueError, "memory of its own"),
        ([opt.state[params[0]]["exp_avg"], None, None], ValueError, "memory of its own"),
        ([copies[2][:12].view(3, 4), None, copies[2]], ValueError, "memory of its own"),
    ]  # fmt: skip
    opt.bind_copies(copies)
    for given, error, message in bad:
        with pytest.raises(error, match=message):
            opt.bind_copies(given)
    give(params, 2)
    opt.step()
    assert_copies(copies, params)
    params[2].grad = copies[2].float()
    params[0].grad = copies[2][:12].view(3, 4).float()
    opt.step()
    copies[0].data = torch.zeros(2, dtype=torch.bfloat16)
    before = numbers(params)
    give(params, 3)
    with pytest.raises(ValueError, match=r"copies\[0\]: expected shape \(3, 4\), got \(2,\)"):
        opt.step()
    assert_all_equal(numbers(params), before)


# ---- gradients of several batches -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", ["AdamW", "LAMB", "SGD"])
def test_sums_are_those_of_the_numpy_front(kind: str, name: str) -> None:
    params, others = leaves(name), numbers(leaves(name))
    opt = getattr(adapter, kind)(params, max_grad_norm=1.0)
    twin = getattr(fastgd, kind)(others, **{"lr": 1e-3} if kind == "SGD" else {}, max_grad_norm=1.0)
    for window in (3, 1):
        for k in range(window):
            give(params, k)
            if k == 1:
                params[1].grad = None
                params[0].grad = params[0].grad.t().contiguous().t()
            twin.accumulate([None if p.grad is None else np.array(formats.asarray(p.grad), order="C") for p in params])
            opt.accumulate()
            assert [p.grad for p in params] == [None] * 3
        assert opt.accumulated == window
        opt.step()
        twin.step()
        assert opt.accumulated == 0
        assert opt.grad_norm == twin.grad_norm
    assert_all_equal(numbers(params), others)


def test_a_gradient_beside_sums_is_refused() -> None:
    params, twins = leaves(), leaves()
    opt, twin = adapter.Adam(params), adapter.Adam(twins)
    give(params, 1)
    opt.accumulate()
    give(params, 2)
    message = r"param_groups\[0\]\['params'\]\[0\].grad: gradients have been accumulated over 1 batch: call accumulate"
    with pytest.raises(RuntimeError, match=message):
        opt.step()
    opt.accumulate()
    opt.step()
    for param, one, two in zip(twins, arrays(1), arrays(2), strict=True):
        param.grad = (torch.tensor(one.tolist()) + torch.tensor(two.tolist())) * 0.5
    twin.step()
    assert_all_equal(numbers(params), numbers(twins))
    give(params, 3)  # goes on as ever
    give(twins, 3)
    opt.step()
    twin.step()
    assert_all_equal(numbers(params), numbers(twins))


def test_sums_stay_where_parameters_move_and_groups_come() -> None:
    params, twins = leaves(), leaves()
    opt, twin = adapter.Adam(params), adapter.Adam(twins)
    give(params, 1)
    opt.accumulate()
    params[0].data = params[0].data.clone()
    opt.add_param_group({"params": [torch.ones(2, requires_grad=True)]})
    give(params, 2)
    opt.accumulate()
    opt.step()
    for param, one, two in zip(twins, arrays(1), arrays(2), strict=True):
        param.grad = (torch.tensor(one.tolist()) + torch.tensor(two.tolist())) * 0.5
    twin.step()
    assert_all_equal(numbers(params), numbers(twins))
    give(params, 3)
    opt.accumulate()
    params[0].data = params[0].data.double()
    with pytest.raises((RuntimeError, TypeError, ValueError)):
        opt.step()


def test_sums_that_are_refused_left_out_or_forgotten() -> None:
    param = torch.ones(3, requires_grad=True)
    opt = adapter.Adam([param], skip_nonfinite=True, lazy_rows=True)
    param.grad = torch.full((3,), math.nan)
    opt.accumulate()
    opt.step()
    assert (opt.skipped_steps, opt.accumulated, param.tolist()) == (1, 0, [1.0] * 3)
    param.grad = torch.ones(3)
    opt.accumulate()
    param.grad = torch.ones(3, dtype=torch.float32).to_sparse()
    with pytest.raises(TypeError, match="expected a dense tensor to accumulate, got a sparse one"):
        opt.accumulate()
    assert opt.accumulated == 1
    param.grad = None
    opt.load_state_dict(opt.state_dict())
    assert opt.accumulated == 0
    opt.step()
    assert param.tolist() == [1.0] * 3
    opt.accumulate()  # of no gradients
    opt.step()
    assert param.tolist() == [1.0] * 3


@pytest.mark.parametrize("name", ["Muon", "Adafactor"])
def test_sums_for_steps_of_two_parts(name: str) -> None:
    start = torch.linspace(-1, 1, 12).reshape(3, 4)
    param, other = start.clone().requires_grad_(), start.clone().requires_grad_()
    opt, twin = getattr(adapter, name)([param]), getattr(adapter, name)([other])
    for t in range(3):
        for k in range(2):
            param.grad = (start * (t + k)).cos()
            opt.accumulate()
        other.grad = ((start * t).cos() + (start * (t + 1)).cos()) * 0.5
        opt.step()
        twin.step()
        assert torch.equal(param, other)
