"""What the tests of fastgd.torch share: small networks, data, and runs."""

import copy
from typing import Any

import pytest

import fastgd
from support.cases import CASES, Case
from support.stepping import parameters

torch = pytest.importorskip("torch")
adapter = pytest.importorskip("fastgd.torch")

SHARED = [case for case in CASES if case.torch]
# torch keeps mu_product, eta and mu in float32.
TOLERANCE = {case.torch: 1e-7 if case.torch in ("NAdam", "ASGD") else 1e-12 for case in SHARED}
NAMES = sorted({case.optimizer.__name__ for case in CASES})
shared_case = pytest.mark.parametrize("case", SHARED, ids=lambda case: case.name)
every_name = pytest.mark.parametrize("name", NAMES)


def ours(case: Case, params: Any, **more: Any) -> Any:
    return getattr(adapter, case.optimizer.__name__)(params, **{**case.arguments, **more})


def theirs(case: Case, params: Any, **more: Any) -> Any:
    return getattr(torch.optim, case.torch)(params, **{**case.arguments, **more})


def tensors() -> list[Any]:
    """The parameters of stepping.py as tensors with memory of their own, laid out alike."""
    return [torch.from_numpy(array).requires_grad_() for array in parameters()]


def give(params: list[Any], grads: list[Any]) -> None:
    for param, grad in zip(params, grads, strict=True):
        param.grad = None if grad is None else torch.from_numpy(grad)


def network(dtype: Any = None, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(5, 9), torch.nn.Tanh(), torch.nn.Linear(9, 2))
    return net.to(dtype or torch.float32)


def batch(t: int, net: Any) -> tuple[Any, Any]:
    generator = torch.Generator().manual_seed(t)
    x = torch.randn(16, 5, generator=generator, dtype=torch.float64)
    y = torch.stack([x.sum(1), x[:, 0] * x[:, 1]], 1)
    dtype = next(net.parameters()).dtype
    return x.to(dtype), y.to(dtype)


def loss_of(net: Any, t: int) -> Any:
    x, y = batch(t, net)
    return (net(x) - y).square().mean()


def train(net: Any, opt: Any, steps: range) -> float:
    loss = torch.zeros(())
    for t in steps:
        opt.zero_grad()
        loss = loss_of(net, t)
        loss.backward()
        opt.step()
    return float(loss.detach())


def twins(dtype: Any = None) -> tuple[Any, Any]:
    net = network(dtype)
    return net, copy.deepcopy(net)


def assert_equal(a: Any, b: Any) -> None:
    """The same bits in two networks or lists of tensors."""
    for one, other in zip(listed(a), listed(b), strict=True):
        assert torch.equal(one, other)


def assert_near(a: Any, b: Any, tolerance: float = 1e-5) -> None:
    for one, other in zip(listed(a), listed(b), strict=True):
        torch.testing.assert_close(one, other, rtol=tolerance, atol=tolerance)


def listed(a: Any) -> list[Any]:
    return [p.detach() for p in (a.parameters() if isinstance(a, torch.nn.Module) else a)]


def snapshot(net: Any, opt: Any) -> Any:
    return copy.deepcopy((net.state_dict(), opt.state_dict()))


def same(a: Any, b: Any) -> bool:
    """Equality of nested state, tensors bit for bit."""
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def settings(opt: Any) -> dict[str, Any]:
    return {name: getattr(opt, name) for name in fastgd.optimizers.settings.TOGETHER}
