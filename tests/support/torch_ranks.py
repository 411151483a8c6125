"""
What two gloo ranks do where nothing but `process_group` tells who has what, where rates are found together, and where
one of them refuses a step. Each is a function of (rank, ranks, path), as in test_torch_shards.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.torch_nets import adapter, assert_near, same, torch

STEPS = 4


def tensors(t: int) -> list[Any]:
    """Gradients of one sign, so that there is a way to go for those that look for their rate."""
    generator = torch.Generator().manual_seed(t)
    return [1 + torch.rand(shape, generator=generator, dtype=torch.float64) for shape in ((6, 3), (5,), (4, 4))]


def chunks(given: list[Any], rank: int, ranks: int) -> list[Any]:
    """A rank's rows of each; the second has fewer on the last."""
    return [tensor.tensor_split(ranks)[rank].clone() for tensor in given]


def step(opt: Any, params: list[Any], grads: list[Any]) -> None:
    for param, grad in zip(params, grads, strict=True):
        param.grad = grad
    opt.step()


def joined(params: list[Any], ranks: int) -> list[Any]:
    """All of what ranks have rows of."""
    found: list[Any] = [None] * ranks
    torch.distributed.all_gather_object(found, [param.detach() for param in params])
    return [torch.cat(rows) for rows in zip(*found, strict=True)]


def parts(rank: int, ranks: int, path: Path) -> Any:
    """Rows that a user has divided by himself: norms and sums are of all of them."""
    found = []
    for name, settings in (
        ("AdamW", dict(max_grad_norm=0.5, skip_nonfinite=True)),
        ("Prodigy", {}),
        ("DAdaptAdam", dict(max_grad_norm=10.0)),
    ):
        whole = [torch.nn.Parameter(tensor) for tensor in tensors(0)]
        mine = [torch.nn.Parameter(tensor) for tensor in chunks(tensors(0), rank, ranks)]
        one = getattr(adapter, name)(whole, **settings)
        opt = getattr(adapter, name)(mine, process_group=torch.distributed.group.WORLD, **settings)
        for t in range(1, STEPS + 1):
            grads = tensors(t)
            if t == 2 and name == "AdamW":
                grads[0][-1, 0] = float("nan")  # of the last rank alone
            if t == 3 and name == "Prodigy":
                grads = [grads[0], grads[1], None]
                step(one, whole, grads)
                step(opt, mine, [*chunks(grads[:2], rank, ranks), None])
                continue
            step(one, whole, grads)
            step(opt, mine, chunks(grads, rank, ranks))
        assert_near(joined(mine, ranks), whole, 1e-12)
        assert opt.skipped_steps == one.skipped_steps == (name == "AdamW")
        if name == "AdamW":
            assert opt.grad_norm == pytest.approx(one.grad_norm, rel=1e-14)
        else:
            assert opt.d == pytest.approx(one.d, rel=1e-12)
            assert opt.d > 1e-5
        found += joined(mine, ranks)
    return found


def rates(rank: int, ranks: int, path: Path) -> Any:
    """A rate that is found from DTensors, of which some are replicas, and from what a rank of ZeRO has."""
    import warnings

    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor import Replicate, Shard, distribute_tensor

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch.distributed.optim import ZeroRedundancyOptimizer

    mesh, places = init_device_mesh("cpu", (ranks,)), [Shard(0), Replicate(), Shard(1)]

    def divided(given: list[Any]) -> list[Any]:
        return [distribute_tensor(tensor, mesh, [place]) for tensor, place in zip(given, places, strict=True)]

    whole, split, every = (
        [torch.nn.Parameter(t) for t in made] for made in (tensors(0), divided(tensors(0)), tensors(0))
    )
    one, opt = adapter.Prodigy(whole), adapter.Prodigy(split)
    zero = ZeroRedundancyOptimizer(every, adapter.Prodigy, lr=1.0)
    nothing = ZeroRedundancyOptimizer([torch.nn.Parameter(tensors(0)[0])], adapter.Prodigy, lr=1.0)
    for t in range(1, STEPS + 1):
        step(one, whole, tensors(t))
        step(opt, split, divided(tensors(t)))
        step(zero, every, tensors(t))
        step(nothing, nothing.param_groups[0]["params"], tensors(t)[:1])  # the second rank has no parameter
    found = [param.detach().full_tensor() for param in split]
    assert_near(found, whole, 1e-12)
    assert_near(every, whole, 1e-12)
    assert opt.d == pytest.approx(one.d, rel=1e-12)
    assert opt.d > 1e-5
    return found


def refused(rank: int, kind: type[Exception], message: str, call: Callable[[], Any]) -> None:
    """Rank 0 raises its own error, and the others raise one, too, in the place of waiting."""
    with pytest.raises(kind if rank == 0 else RuntimeError, match=message if rank == 0 else "^another process of this"):
        call()


def fail(*_: Any) -> Any:
    raise ArithmeticError("on purpose")


def spoiled_blocks(rank: int, ranks: int, path: Path) -> Any:
    """A gradient that would spoil rank 0's state in 8 bits is refused on all ranks, with blocks or without."""
    found = []
    for settings in ({}, {"max_grad_norm": 1.0}, {"max_grad_value": 1.0}):
        params = [torch.nn.Parameter(torch.ones(5000 if rank == 0 else 50)), torch.nn.Parameter(torch.ones(3))]
        group = torch.distributed.group.WORLD
        opt = adapter.AdamW(params, state_dtype="8bit", process_group=group, **settings)
        for t in range(4):
            for param in params:
                param.grad = torch.ones_like(param)
            before = joined(params, ranks)
            if t == 0:
                opt.param_groups[0]["lr"] = -1.0 if rank == 0 else 1e-3
                refused(rank, ValueError, r"\['lr'\] must be", opt.step)  # before groups have been taken over
                opt.param_groups[0]["lr"] = 1e-3
            elif t == 2:
                if rank == 0:
                    params[0].grad[4000] = float("inf")
                refused(rank, ValueError, "beside state in 8 bits", opt.step)
            else:
                opt.step()
            assert same(joined(params, ranks), before) == (t in (0, 2))
        assert opt.state[params[1]]["step"] == 2
        found += joined(params, ranks)
    return found


def early_refusals(rank: int, ranks: int, path: Path) -> Any:
    """What a rank refuses before its step begins, and before its first one."""
    params = [torch.nn.Parameter(tensor) for tensor in chunks(tensors(0), rank, ranks)]
    group = torch.distributed.group.WORLD
    opt = adapter.AdamW(params, max_grad_norm=0.5, process_group=group, ema_decay=0.5)
    first = rank == 0
    for param, grad in zip(params, chunks(tensors(1), rank, ranks), strict=True):
        param.grad = grad
    before = joined(params, ranks)
    opt.param_groups[0]["lr"] = -1.0 if first else 0.1
    refused(rank, ValueError, r"\['lr'\] must be", opt.step)  # ranks have never been asked for before
    opt.param_groups[0]["lr"] = 0.1
    refused(rank, TypeError, "^closure must be callable", lambda: opt.step(1) if first else opt.step())
    refused(rank, ArithmeticError, "on purpose", lambda: opt.step(fail if first else None))
    refused(rank, TypeError, "^zero_grads must be", lambda: opt.step(zero_grads="yes" if first else True))
    hook = opt.register_step_pre_hook(fail if first else lambda *_: None)
    refused(rank, ArithmeticError, "on purpose", opt.step)
    hook.remove()
    assert same(joined(params, ranks), before)
    opt.step()
    before = joined(params, ranks)
    if first:
        with opt.averaged():
            refused(rank, RuntimeError, "hold their averages", opt.step)
    else:
        refused(rank, RuntimeError, "", opt.step)
    assert same(joined(params, ranks), before)
    hook = opt.register_step_post_hook(fail if first else lambda *_: None)
    if first:
        with pytest.raises(ArithmeticError):
            opt.step()
    else:
        opt.step()  # which was complete on both
    hook.remove()
    # GradScaler leaves a step out where it has found something infinite; all others do so with it.
    before = joined(params, ranks)
    opt.found_inf, opt.grad_scale = torch.tensor(float(first)), torch.tensor(2.0)
    opt.step(zero_grads=True)
    assert all(not param.grad.any() for param in params)
    del opt.found_inf, opt.grad_scale
    assert same(joined(params, ranks), before)
    step(opt, params, chunks(tensors(2), rank, ranks))
    assert opt.grad_norm == pytest.approx(float(torch.cat([t.flatten() for t in tensors(2)]).norm()), rel=1e-14)
    return joined(params, ranks)


def groups(rank: int, ranks: int, path: Path) -> Any:
    """What cannot be a process_group, or stand beside one."""
    import copy

    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.tensor import Shard, distribute_tensor

    group = torch.distributed.group.WORLD
    param = torch.nn.Parameter(torch.ones(4))
    for wrong in (1, "gloo", torch.distributed.GroupMember.NON_GROUP_MEMBER):
        with pytest.raises(TypeError, match=r"^process_group must be a ProcessGroup of this process, got "):
            adapter.SGD([param], process_group=wrong)
    split = torch.nn.Parameter(distribute_tensor(torch.ones(4), init_device_mesh("cpu", (ranks,)), [Shard(0)]))
    with pytest.raises(TypeError, match=r"\[0\]: expected a plain tensor beside process_group, got a DTensor"):
        adapter.SGD([split], process_group=group)
    assert adapter.SGD([param], process_group=None).step() is None
    twin = copy.deepcopy(adapter.Prodigy([param], process_group=group))
    twin.param_groups[0]["params"][0].grad = torch.ones(4)
    with pytest.raises(ValueError, match=r"^this Prodigy is a copy, which does not know the processes"):
        twin.step()
    return []


SCENARIOS = (parts, rates, early_refusals, spoiled_blocks, groups)
