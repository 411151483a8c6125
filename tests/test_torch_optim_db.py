"""torch's own descriptions of its optimizers, with the inputs that they take and that they refuse, run against ours."""

import warnings
from typing import Any

import pytest

from support.torch_nets import SHARED, TOLERANCE, adapter, assert_near, torch, train, twins

pytest.importorskip("expecttest", reason="torch's test helpers import it")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of what the helpers import
    from torch.testing._internal.common_optimizers import optim_db

# torch's SparseAdam takes gradients of rows alone: tests/test_torch_rows.py.
INFOS = [i for i in optim_db if hasattr(adapter, i.optim_cls.__name__) and i.optim_cls.__name__ != "SparseAdam"]
# torch's Muon iterates in bfloat16: of a step of the rate's size, a few parts in a hundred differ.
NEAR = {**TOLERANCE, "Muon": 0.1, "Adafactor": 1e-11}
NEAR_IN_16 = 0.1  # of what a parameter has moved, which follows from parameters that differ by roundings
every_info = pytest.mark.parametrize("info", INFOS, ids=lambda info: info.optim_cls.__name__)


def test_all_of_torchs_descriptions_are_used() -> None:
    here = {case.torch for case in SHARED} - {"SparseAdam"} | {"Muon", "Adafactor"}
    assert {info.optim_cls.__name__ for info in INFOS} == here


def taken(info: Any, net: Any) -> list[Any]:
    """The parameters that an optimizer takes: Muon has matrices only."""
    return [p for p in net.parameters() if p.ndim == 2 or info.optim_cls.__name__ != "Muon"]


@every_info
def test_torchs_own_inputs(info: Any) -> None:
    for given in info.optim_inputs_func(device="cpu", dtype=torch.float64):
        arguments = {k: v for k, v in given.kwargs.items() if k not in ("foreach", "fused")}
        cls = getattr(adapter, info.optim_cls.__name__)
        net, twin = twins(torch.float64)
        if arguments.get("capturable") or arguments.get("differentiable"):
            with pytest.raises(ValueError, match="must be False"):
                cls(taken(info, net), **arguments)
            continue
        opt, other = cls(taken(info, net), **arguments), info.optim_cls(taken(info, twin), **arguments)
        train(net, opt, range(8))
        train(twin, other, range(8))
        assert_near(net, twin, NEAR[info.optim_cls.__name__])


@every_info
def test_torchs_own_inputs_in_bfloat16(info: Any) -> None:
    """
    Parameters and gradients in bfloat16 follow torch's float32 optimizer to the roundings of some steps.

    torch's own steps in bfloat16 round some eight times in each, and lose what is small.
    """
    cls = getattr(adapter, info.optim_cls.__name__)
    if info.optim_cls.__name__ == "Adafactor":
        with pytest.raises(TypeError, match="float32"):
            cls([torch.zeros(3, 2, dtype=torch.bfloat16, requires_grad=True)])
        return
    steps, generator = 8, torch.Generator().manual_seed(3)
    shapes = [(5, 7), (16, 3)] if info.optim_cls.__name__ == "Muon" else [(5, 7), (33,), ()]
    for given in info.optim_inputs_func(device="cpu", dtype=torch.float32):
        arguments = {k: v for k, v in given.kwargs.items() if k not in ("foreach", "fused")}
        if arguments.get("capturable") or arguments.get("differentiable"):
            continue
        start = [torch.randn(shape, generator=generator).bfloat16() for shape in shapes]
        ours, theirs = (
            [p.to(dtype, copy=True).requires_grad_() for p in start] for dtype in (torch.bfloat16, torch.float32)
        )
        opt, other = cls(ours, **arguments), info.optim_cls(theirs, **arguments)
        for _ in range(steps):
            for one, two in zip(ours, theirs, strict=True):
                one.grad = torch.randn(one.shape, generator=generator).bfloat16()
                two.grad = one.grad.float()
            opt.step()
            other.step()
        for first, one, two in zip(start, ours, theirs, strict=True):
            size = torch.maximum(first.float().abs(), two.detach().abs())
            moved = (two.detach() - first.float()).abs()
            error = (one.detach().float() - two.detach()).abs()
            assert (error <= steps * 2.0**-8 * size + NEAR_IN_16 * moved.max()).all(), str(given)


# What torch refuses for its own implementations' sake.
MEANINGLESS = ("foreach", "both floats or both Tensors", "capturable")


@every_info
def test_torchs_own_error_inputs(info: Any) -> None:
    cls = getattr(adapter, info.optim_cls.__name__)
    for error in info.optim_error_inputs_func(device="cpu", dtype=torch.float32):
        given = error.optimizer_error_input
        params = [torch.zeros(1, requires_grad=True)] if given.params is None else given.params
        if any(words in str(error.error_regex) for words in MEANINGLESS):
            cls(params, **given.kwargs)  # works here
            continue
        kind = (UserWarning, ValueError) if error.error_type is UserWarning else (error.error_type, TypeError)
        with pytest.raises(kind):
            cls(params, **given.kwargs)
