"""fastgd.torch and the tensors' memory: what is shared, moved, refused, and what autograd is told."""

import copy
import weakref
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd.torch.views import Views
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


def one(value: Any, **more: Any) -> Any:
    param = torch.as_tensor(value).clone().requires_grad_()
    return param, adapter.AdamW([param], **more)


# ---- no copies --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [torch.Tensor, object], ids=["dlpack", "numpy"])
def test_views_are_the_tensors_memory(kind: Any) -> None:
    views = Views(kind)
    tensors = [torch.zeros(3, 2).t(), None, torch.tensor(1.0, dtype=torch.float64), torch.zeros(0, 3), torch.zeros(4)]
    arrays = views.look(tensors)
    assert views.look(tensors) is arrays
    for tensor, array in zip(tensors, arrays, strict=True):
        if tensor is not None:
            assert (array.shape, array.dtype) == (tuple(tensor.shape), tensor.numpy().dtype)
            assert tensor.numel() == 0 or array.ctypes.data == tensor.data_ptr()
            assert not array.flags.owndata or tensor.numel() == 0
    assert arrays[0].strides == (4, 8)
    assert arrays[1] is None
    tensors[4] = torch.zeros(4)
    later = views.look(tensors)
    assert later[4] is not arrays[4]
    assert later[0] is arrays[0]
    for tensor in (
        torch.zeros(2, dtype=torch.int32),
        torch.zeros(2, dtype=torch.complex64),
        torch.zeros(2).to_sparse(),
    ):
        assert views.look([tensor])[0] is tensor
    assert views.look([torch.zeros(2, device="meta")])[0].is_meta


def test_a_gradient_is_not_kept() -> None:
    param, opt = one(torch.zeros(3))
    param.grad = torch.ones(3)
    gone = weakref.ref(param.grad)
    opt.step()
    opt.zero_grad()
    assert gone() is None


def test_state_is_the_memory_that_the_step_writes() -> None:
    param, opt = one(torch.zeros(3))
    param.grad = torch.ones(3)
    opt.step()
    entry = dict(opt.state[param])
    before = entry["exp_avg"].clone()
    opt.step()
    assert all(opt.state[param][key] is value for key, value in entry.items())
    assert not torch.equal(entry["exp_avg"], before)
    assert entry["step"].dtype is torch.float32
    assert entry["step"].shape == ()
    assert float(entry["step"]) == 2


# ---- moved, replaced, of other strides --------------------------------------------------------------------------


def test_data_that_is_replaced_between_steps() -> None:
    nets = twins(torch.float64)
    for net, module in zip(nets, (adapter, torch.optim), strict=True):
        opt = module.AdamW(net.parameters(), lr=0.05)
        for t in range(8):
            if t % 3 == 2:
                for param in net.parameters():
                    param.data = param.data * 0.5
            if t == 4:
                net[0].weight.data = torch.empty(5, 9, dtype=torch.float64).t().copy_(net[0].weight.data)
            train(net, opt, range(t, t + 1))
    assert_near(*nets, 1e-12)


def test_a_changed_dtype_before_the_first_step() -> None:
    net, twin = twins()
    opt = adapter.AdamW(net.parameters())
    net.double()
    train(net, opt, range(2))
    other = torch.optim.AdamW(twin.double().parameters())
    train(twin, other, range(2))
    assert_near(net, twin, 1e-12)
    net.float()
    before = snapshot(net, opt)
    with pytest.raises(TypeError, match=r"\['exp_avg'\]: expected dtype float32, got float64"):
        train(net, opt, range(2, 3))
    assert same(snapshot(net, opt), before)


def test_parameters_that_are_replaced_in_a_group() -> None:
    nets = twins(torch.float64)
    for net, module in zip(nets, (adapter, torch.optim), strict=True):
        opt = module.AdamW(net.parameters(), lr=0.05)
        train(net, opt, range(2))
        net[0].bias = torch.nn.Parameter(torch.ones(9, dtype=torch.float64))
        opt.param_groups[0]["params"][1] = net[0].bias
        train(net, opt, range(2, 5))
        opt.param_groups[0]["params"] = list(net[0].parameters())
        train(net, opt, range(5, 7))
    assert_near(*nets, 1e-12)


@pytest.mark.parametrize("grad", [
    lambda g: g, lambda g: g.t().contiguous().t(), lambda g: torch.stack([g, g], -1)[..., 0],
    lambda g: g[:1].expand(5, 7), lambda g: g.flip(0).flip(0),
], ids=["C", "F", "strided", "expanded", "flipped"])  # fmt: skip
@pytest.mark.parametrize("order", ["C", "F", "channels_last"])
def test_gradients_of_other_strides_are_paired_rightly(grad: np.ndarray, order: Any) -> None:
    generator = torch.Generator().manual_seed(0)
    start, g = torch.randn(2, 5, 7, generator=generator).unbind()
    params = [start.clone(memory_format=torch.contiguous_format), start.clone()]
    if order == "F":
        params = [p.t().contiguous().t() for p in params]
    elif order == "channels_last":
        params = [p.view(1, 5, 7, 1).to(memory_format=torch.channels_last) for p in params]
    params = [p.requires_grad_() for p in params]
    for param, module in zip(params, (adapter, torch.optim), strict=True):
        opt = module.Adam([param], lr=0.1)
        for t in range(3):
            # The setter of .grad takes any strides.
            param.grad = (
                grad(g * (t + 1)).view_as(param)
                if order == "channels_last" and grad(g).is_contiguous()
                else grad(g * (t + 1)).reshape(param.shape)
            )
            opt.step()
    assert_near([params[0]], [params[1]])


def test_channels_last_and_shared_gradients_in_a_network() -> None:
    nets = []
    for module in (adapter, torch.optim):
        torch.manual_seed(3)
        net = torch.nn.Sequential(torch.nn.Conv2d(3, 8, 3), torch.nn.Flatten(), torch.nn.LazyLinear(4))
        x = torch.randn(2, 3, 8, 8)
        net(x)
        net = net.double().to(memory_format=torch.channels_last)
        opt = module.AdamW(net.parameters(), lr=0.05)
        for _ in range(5):
            opt.zero_grad()
            net(x.double()).square().mean().backward()
            opt.step()
        nets.append(net)
    assert_near(*nets, 1e-12)


# ---- refused ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: torch.zeros(3, dtype=torch.int16), TypeError, "torch.bfloat16 or torch.float16, got torch.int16"),
        (lambda: torch.zeros(3, dtype=torch.float8_e4m3fn), TypeError, "got torch.float8_e4m3fn"),
        (lambda: torch.zeros(3, dtype=torch.complex64), TypeError, "got torch.complex64"),
        (lambda: torch.zeros(3, device="meta"), ValueError, "expected a tensor on the CPU, got one on meta"),
        (lambda: torch.eye(3).to_sparse(), ValueError, "expected a dense tensor, got layout torch.sparse_coo"),
        (lambda: torch.zeros(1).expand(3), ValueError, "expected a dense array"),
        (lambda: torch.zeros(6)[::2], ValueError, "expected a dense array"),
    ],
)  # fmt: skip
def test_parameters_that_are_refused(make: Any, kind: Any, message: str) -> None:
    fine = torch.zeros(2, requires_grad=True)
    with pytest.raises(kind, match=rf"^param_groups\[0\]\['params'\]\[1\]: .*{message}"):
        adapter.AdamW([fine, make()])
    opt = adapter.AdamW([fine])
    with pytest.raises(kind, match=rf"^param_groups\[1\]\['params'\]\[0\]: .*{message}"):
        opt.add_param_group({"params": [make()]})
    assert len(opt.param_groups) == 1


def test_overlapping_parameters_are_refused() -> None:
    whole = torch.zeros(6)
    with pytest.raises(ValueError, match=r"^param_groups\[0\]\['params'\]\[1\]: expected memory of its own"):
        adapter.AdamW([whole[:4], whole[2:]])
    opt = adapter.AdamW([whole[:4]])
    with pytest.raises(ValueError, match=r"^param_groups\[1\]\['params'\]\[0\]: expected memory of its own"):
        opt.add_param_group({"params": [whole[2:]]})
    assert len(opt.param_groups) == 1


def test_wrapped_tensors_are_refused() -> None:
    from torch.testing._internal.two_tensor import TwoTensor

    with pytest.raises(TypeError, match="expected a plain tensor, got TwoTensor"):
        adapter.AdamW([TwoTensor(torch.zeros(3), torch.zeros(3))])


@every_name
@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda p: torch.sparse_coo_tensor([[4]], [1.0], (4,), check_invariants=False), (IndexError, TypeError),
         r"\.grad(.indices\[0\] must be in \[0, 4\), got 4$|: expected a gradient of all rows)"),
        (lambda p: p.detach(), ValueError, r"\.grad: expected memory of its own"),
    ],
    ids=["sparse", "overlapping"],
)  # fmt: skip
def test_gradients_that_are_refused_change_nothing(name: str, make: Any, kind: Any, message: str) -> None:
    params = [torch.ones(4, requires_grad=True), torch.ones(4, requires_grad=True)]
    opt = getattr(adapter, name)(params)
    for step in range(2):
        params[0].grad, params[1].grad = torch.ones(4), make(params[1])
        before = snapshot(torch.nn.ParameterList(params), opt)
        with pytest.raises(kind, match=rf"^param_groups\[0\]\['params'\]\[1\]{message}"):
            opt.step()
        assert same(snapshot(torch.nn.ParameterList(params), opt), before)
        if step == 0:
            params[1].grad = torch.ones(4)
            opt.step()


def test_groups_that_are_refused_change_nothing() -> None:
    net = network()
    opt = adapter.AdamW(net.parameters())
    train(net, opt, range(2))
    for key, value, message in [("lr", -1.0, r"lr'\] must be at least 0"), ("eps", None, r"eps'\] must be a real")]:
        before = snapshot(net, opt)
        kept, opt.param_groups[0][key] = opt.param_groups[0][key], value
        with pytest.raises((TypeError, ValueError), match=rf"^param_groups\[0\]\['{message}"):
            opt.step()
        opt.param_groups[0][key] = kept
        assert same(snapshot(net, opt), before)
    train(net, opt, range(2, 3))


def test_two_threads_in_one_step() -> None:
    net = network()
    opt = adapter.AdamW(net.parameters())
    with opt._steps, pytest.raises(RuntimeError, match="in use by another thread"):
        opt.step()
    train(net, opt, range(1))


# ---- what autograd is told --------------------------------------------------------------------------------------


@every_name
def test_autograd_notices_a_step_between_forward_and_backward(name: str) -> None:
    net = network()
    opt = getattr(adapter, name)(net.parameters())
    for _ in range(2):
        train(net, opt, range(1))
        loss = loss_of(net, 0)
        versions = [p._version for p in net.parameters()]
        opt.step()
        assert all(p._version > version for p, version in zip(net.parameters(), versions, strict=True))
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            loss.backward()


def test_only_what_was_updated_has_a_new_version() -> None:
    net = network()
    opt = adapter.AdamW(net.parameters(), skip_nonfinite=True)
    train(net, opt, range(1))
    first, *others = net.parameters()
    first.grad = None
    versions = [p._version for p in net.parameters()]
    opt.step()
    assert [p._version - v for p, v in zip(net.parameters(), versions, strict=True)] == [0, 1, 1, 1]
    others[0].grad[0] = torch.nan
    opt.step()
    assert [p._version - v for p, v in zip(net.parameters(), versions, strict=True)] == [0, 1, 1, 1]
    assert opt.skipped_steps == 1


# ---- steps inside the backward pass -----------------------------------------------------------------------------


@every_name
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_step_in_backward_has_the_same_numbers(name: str, dtype: Any) -> None:
    net, twin = twins(dtype)
    cls = getattr(adapter, name)
    arguments = dict(max_grad_value=0.01)
    handle = adapter.step_in_backward(net, cls, **arguments)
    opt = cls(twin.parameters(), **arguments)
    schedulers = [torch.optim.lr_scheduler.ExponentialLR(o, 0.9) for o in (handle.optimizer, opt)]
    for t in range(6):
        loss_of(net, t).backward()
        assert all(p.grad is None for p in net.parameters())
        train(twin, opt, range(t, t + 1))
        for scheduler in schedulers:
            scheduler.step()
        if t == 3:
            net[0].weight.data = net[0].weight.data.clone()
    assert_equal(net, twin)
    mine, whole = handle.optimizer.state_dict(), opt.state_dict()
    assert same(mine["state"], whole["state"])
    handle.remove()
    handle.remove()
    train(net, handle.optimizer, range(6, 9))
    train(twin, opt, range(6, 9))
    assert_equal(net, twin)


def test_step_in_backward_takes_groups_and_leaves_frozen_parameters() -> None:
    net, twin = twins()
    for n in (net, twin):
        n[0].weight.requires_grad_(False)
    groups = [
        [{"params": list(n[0].parameters()), "lr": 0.1}, {"params": list(n[2].parameters())}] for n in (net, twin)
    ]
    handle = adapter.step_in_backward(groups[0], adapter.SGD, momentum=0.9, lr=0.01)
    opt = adapter.SGD(groups[1], momentum=0.9, lr=0.01)
    for t in range(4):
        handle.optimizer.param_groups[1]["lr"] = opt.param_groups[1]["lr"] = 0.1 / (t + 1)
        loss_of(net, t).backward()
        train(twin, opt, range(t, t + 1))
    assert_equal(net, twin)


@pytest.mark.parametrize("arguments", [dict(max_grad_norm=1.0), dict(skip_nonfinite=True)])
def test_step_in_backward_refuses_what_needs_all_gradients(arguments: Any) -> None:
    with pytest.raises(ValueError, match=f"^{next(iter(arguments))} needs all gradients at once"):
        adapter.step_in_backward(network(), adapter.AdamW, **arguments)
    with pytest.raises(TypeError, match=r"^factory: expected a class of fastgd\.torch, got one that makes AdamW"):
        adapter.step_in_backward(network(), torch.optim.AdamW)
    with pytest.raises(TypeError, match=r"^factory: expected a class of fastgd\.torch, got fastgd\.AdamW, for NumPy"):
        adapter.step_in_backward(network(), fastgd.AdamW)


def test_step_in_backward_refuses_a_second_one_until_the_first_is_removed() -> None:
    net, twin = twins()
    first = adapter.step_in_backward(net, adapter.AdamW)
    with pytest.raises(ValueError, match="got one in number 0 of those that require a gradient; call remove"):
        adapter.step_in_backward(net, adapter.AdamW, lr=0.1)
    adapter.step_in_backward(copy.deepcopy(net), adapter.AdamW)
    first.remove()
    adapter.step_in_backward(net, adapter.AdamW, lr=0.1)
    loss_of(net, 0).backward()
    train(twin, adapter.AdamW(twin.parameters(), lr=0.1), range(1))
    assert_equal(net, twin)


def test_step_in_backward_frees_gradients() -> None:
    def most(net: Any, step: Any) -> Any:
        """Largest number of bytes of gradients alive when a gradient is complete."""
        alive = []
        for param in net.parameters():
            param.register_post_accumulate_grad_hook(
                lambda _: alive.append(sum(p.grad.nbytes for p in net.parameters() if p.grad is not None))
            )
        x = torch.ones(4, 64)
        net(x).square().mean().backward()
        step()
        return max(alive)

    def deep() -> Any:
        torch.manual_seed(0)
        return torch.nn.Sequential(*[torch.nn.Linear(64, 64) for _ in range(12)])

    plain, other = deep(), deep()
    opt = adapter.AdamW(plain.parameters())
    total = sum(p.nbytes for p in plain.parameters())
    assert most(plain, opt.step) == total
    # The probe is registered after the update's hook, so it runs when the gradient has been freed.
    adapter.step_in_backward(other, adapter.AdamW)
    assert most(other, lambda: None) == 0
    assert_equal(plain, other)


def test_numpy_class_over_the_same_memory_gives_the_same_bits() -> None:
    param, opt = one(torch.linspace(-1, 1, 1001), lr=0.1)
    array = param.detach().numpy().copy()
    twin = fastgd.AdamW(array, lr=0.1)
    for t in range(3):
        grad = np.cos(np.arange(1001) * (t + 1)).astype(np.float32)
        param.grad = torch.from_numpy(grad)
        opt.step()
        twin.step(grad)
    assert np.array_equal(param.detach().numpy(), array)
