"""zero_grad, compiled, does to gradients what torch.optim's does, whatever they are."""

from typing import Any

import pytest

from support.torch_nets import adapter, loss_of, network, same, torch, train


def of_a_graph(p: Any) -> Any:
    (grad,) = torch.autograd.grad(p.square().sum(), p, create_graph=True)
    return grad


class Subclass(torch.Tensor):
    pass


KINDS = {
    "none": lambda p: None,
    "plain": torch.ones_like,
    "transposed": lambda p: torch.ones_like(p.T).T,
    "every second": lambda p: torch.ones(p.shape[0], 2 * p.shape[1])[:, ::2],
    "expanded": lambda p: torch.ones(()).expand_as(p),
    "requires grad": lambda p: torch.ones_like(p).requires_grad_(),
    "of a graph": of_a_graph,
    "negated": lambda p: torch._neg_view(torch.ones_like(p)),
    "sparse": lambda p: torch.ones_like(p.detach()).to_sparse(),
    "of a subclass": lambda p: torch.ones_like(p.detach()).as_subclass(Subclass),
    "shared": lambda p: torch.ones_like(p).share_memory_(),
}


def result(grad: Any) -> Any:
    if grad is None:
        return None
    elements = (grad.to_dense() if grad.is_sparse else grad).detach().resolve_neg().tolist()
    return type(grad), grad.shape, grad.stride() if not grad.is_sparse else (), elements, grad.requires_grad


@pytest.mark.parametrize("set_to_none", [True, False])
@pytest.mark.parametrize("foreach", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_gradient(kind: str, foreach: bool, set_to_none: bool) -> None:
    outcomes = []
    for module in (torch.optim, adapter):
        params = [torch.nn.Parameter(torch.full((2, 3), float(i))) for i in range(3)]
        params[0].grad, params[2].grad = torch.ones(2, 3), torch.ones(2, 3)
        grad = params[1].grad = KINDS[kind](params[1])
        held = params[1].grad
        # torch's own with foreach refuses negated tensors.
        opt = module.Adam(params, foreach=foreach and module is adapter)
        version = held._version if held is not None else 0
        try:
            opt.zero_grad(set_to_none)
        except RuntimeError as error:
            outcomes.append((type(error), str(error)))
            continue
        same_object = params[1].grad is held and (held is None or grad._version > version) is not set_to_none
        outcomes.append(([result(p.grad) for p in params], same_object))
    assert outcomes[0] == outcomes[1]


def test_autograd_is_told() -> None:
    param = torch.nn.Parameter(torch.ones(3))
    param.grad = torch.ones(3)
    x = torch.ones(3, requires_grad=True)
    y = (x * param.grad).sum()
    adapter.SGD([param]).zero_grad(set_to_none=False)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_gradients_that_are_properties() -> None:
    class Computed(torch.nn.Parameter):
        asked = 0
        kept: Any = None

        @property
        def grad(self) -> Any:  # type: ignore[override]
            type(self).asked += 1
            return self.kept

        @grad.setter
        def grad(self, value: Any) -> None:
            self.kept = value

    param = Computed(torch.ones(2))
    opt = adapter.SGD([param])
    param.grad = torch.ones(2)
    opt.zero_grad(set_to_none=False)
    assert (Computed.asked, param.grad.tolist()) == (1, [0.0, 0.0])
    opt.zero_grad()
    assert param.grad is None


def test_the_profiler_sees_it() -> None:
    net = network()
    opt = adapter.AdamW(net.parameters())
    with torch.profiler.profile() as profile:
        opt.zero_grad()
    assert "Optimizer.zero_grad#AdamW.zero_grad" in [event.key for event in profile.key_averages()]


def test_groups_that_were_changed_since_the_step() -> None:
    net = network()
    opt = adapter.AdamW(net.parameters())
    train(net, opt, range(1))
    last = opt.param_groups[0]["params"].pop()
    opt.zero_grad()
    assert [p.grad is None for p in net.parameters()] == [True] * 3 + [False]
    opt.param_groups.append({**opt.param_groups[0], "params": (last,)})
    opt.zero_grad()
    assert last.grad is None


def test_training_with_zeros_is_training_with_none() -> None:
    nets = network(), network()
    for net, set_to_none in zip(nets, (True, False), strict=True):
        opt = adapter.AdamW(net.parameters(), max_grad_norm=0.5)
        for t in range(5):
            opt.zero_grad(set_to_none=set_to_none)
            loss_of(net, t).backward()
            opt.step()
    assert same(nets[0].state_dict(), nets[1].state_dict())
