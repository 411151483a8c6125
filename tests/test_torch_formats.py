"""fastgd.torch in bfloat16 and float16: the numbers of the NumPy front, torch's where it is right, and its state."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import formats
from support.cases import CASES, Case
from support.comparing import assert_equal
from support.torch_nets import adapter, torch

NAMES = ["bfloat16", "float16"]
STEPS = 6
by_name = pytest.mark.parametrize("name", NAMES)
SHAPES = [(173,), (5, 31), (), (1500,)]
SHARED = [case for case in CASES if case.torch]


def arrays(name: str, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.standard_normal(shape)).astype(formats.dtype(name)) for shape in SHAPES]


def tensor(array: np.ndarray) -> Any:
    """A copy as a tensor."""
    wide = torch.from_numpy(array.astype(np.float32))
    return wide.to(getattr(torch, formats.name_of(array.dtype)))


def numbers(tensors: Any) -> list[np.ndarray]:
    return [formats.asarray(t.detach()) for t in tensors]


def leaves(name: str, seed: int = 0) -> list[Any]:
    return [tensor(a).requires_grad_() for a in arrays(name, seed)]


def step(opt: Any, params: list[Any], grads: list[np.ndarray]) -> None:
    for param, grad in zip(params, grads, strict=True):
        param.grad = tensor(grad)
    opt.step()


STORED = [
    ("bfloat16", {}),
    ("float16", {}),
    ("bfloat16", {"state_dtype": "param"}),
    ("float16", {"state_dtype": "param"}),
    ("bfloat16", {"rounding": "stochastic", "seed": 5}),
    ("float32", {"state_dtype": "bfloat16", "seed": 2}),
]


@pytest.mark.parametrize(("name", "stored"), STORED, ids=str)
@pytest.mark.parametrize("case", SHARED, ids=lambda case: case.name)
def test_numbers_are_those_of_the_numpy_front(case: Case, name: str, stored: dict[str, Any]) -> None:
    params, others = leaves(name), arrays(name, 0)
    arguments = dict(case.arguments)
    if case.torch == "Adagrad" and "initial_accumulator_value" in arguments:
        arguments["initial_accumulator_value"] = 0.125  # As in torch it is stored before the first step, and rounded.
    opt = getattr(adapter, case.torch)(params, **arguments, **stored)
    twin = case.optimizer(others, **arguments, **stored)
    for t in range(STEPS):
        step(opt, params, arrays(name, t + 1))
        twin.step(arrays(name, t + 1))
    for i, (param, array, other) in enumerate(zip(params, numbers(params), others, strict=True)):
        assert_equal(array, other, f"parameter {i}")
        for key, value in twin.state.get(i, {}).items():
            assert_equal(formats.asarray(opt.state[param][key]), value, f"{key} of parameter {i}")


@by_name
@pytest.mark.parametrize("cls", ["Adam", "AdamW"])
def test_state_in_the_parameters_dtype_is_that_of_torchs_fused_step(cls: str, name: str) -> None:
    """
    Both compute in float32 and round each array once. Their order of operations differs, so that one in a thousand
    numbers that lie between two others may be rounded to the other one.
    """
    torch.manual_seed(0)
    params, twins = ([torch.linspace(-2, 2, 5000).to(getattr(torch, name)).requires_grad_()] for _ in range(2))
    ours = getattr(adapter, cls)(params, lr=1e-2, eps=1e-4, weight_decay=0.01, state_dtype="param")
    theirs = getattr(torch.optim, cls)(twins, lr=1e-2, eps=1e-4, weight_decay=0.01, fused=True)
    for _ in range(10):
        grad = torch.randn(5000).to(params[0].dtype)
        params[0].grad, twins[0].grad = grad.clone(), grad.clone()
        ours.step()
        theirs.step()
    pairs = [(params[0], twins[0])]
    pairs += [(ours.state[params[0]][key], theirs.state[twins[0]][key]) for key in ("exp_avg", "exp_avg_sq")]
    for a, b in pairs:
        assert a.dtype == b.dtype
        assert (a != b).sum() <= 5
        assert (a.float() - b.float()).abs().max() <= torch.finfo(a.dtype).eps * b.abs().max()


@by_name
@pytest.mark.parametrize("case", SHARED, ids=lambda case: case.name)
def test_state_goes_to_torch_and_comes_from_it(case: Case, name: str) -> None:
    """torch's state is in the parameter's dtype; here it becomes float32, without a change of its numbers."""
    params = leaves(name)
    theirs = getattr(torch.optim, case.torch)(params, **case.arguments)
    step(theirs, params, arrays(name, 1))
    ours = getattr(adapter, case.torch)(params, **case.arguments)
    ours.load_state_dict(theirs.state_dict())
    for param in params:
        for key, value in theirs.state[param].items():
            mine = ours.state[param][key]
            assert mine.dtype == (torch.float32 if value.shape or key not in ("step", "mu_product", "eta", "mu")
                                  else mine.dtype)  # fmt: skip
            assert torch.equal(mine.double(), value.double()), key
    step(ours, params, arrays(name, 2))
    theirs.load_state_dict(ours.state_dict())
    step(theirs, params, arrays(name, 3))


@by_name
@pytest.mark.parametrize("state_dtype", [None, "float32", "param"])
def test_state_survives_loading_copying_and_pickling(name: str, state_dtype: str | None) -> None:
    params = leaves(name)
    opt = adapter.AdamW(params, lr=0.01, state_dtype=state_dtype)
    for t in range(3):
        step(opt, params, arrays(name, t))
    expected = torch.float32 if state_dtype != "param" else getattr(torch, name)
    ends = []
    for make in (load_new, copy.deepcopy, lambda opt: pickle.loads(pickle.dumps(opt))):
        other = make(opt)
        for param, mine in zip(params, other.param_groups[0]["params"], strict=True):
            for key in ("exp_avg", "exp_avg_sq"):
                assert other.state[mine][key].dtype == expected
                assert torch.equal(other.state[mine][key], opt.state[param][key])
        step(other, other.param_groups[0]["params"], arrays(name, 9))
        ends.append(numbers(other.param_groups[0]["params"]))
    step(opt, params, arrays(name, 9))
    for end in ends:
        for a, b in zip(end, numbers(params), strict=True):
            assert_equal(a, b, "after one more step")


def load_new(opt: Any) -> Any:
    params = [p.detach().clone().requires_grad_() for p in opt.param_groups[0]["params"]]
    other = adapter.AdamW(params)
    other.load_state_dict(opt.state_dict())
    return other


def test_bits_of_rounding_at_random_go_on_where_they_were() -> None:
    params = leaves("bfloat16")
    opt = adapter.AdamW(params, lr=0.01, rounding="stochastic", state_dtype="bfloat16", seed=7)
    for t in range(3):
        step(opt, params, arrays("bfloat16", t))
    other = load_new(opt)
    assert [other.param_groups[0][key] for key in ("rounding", "state_dtype", "seed")] == ["stochastic", "bfloat16", 7]
    for t in range(3, 5):
        step(opt, params, arrays("bfloat16", t))
        step(other, other.param_groups[0]["params"], arrays("bfloat16", t))
    for a, b in zip(numbers(params), numbers(other.param_groups[0]["params"]), strict=True):
        assert_equal(a, b, "after two more steps")
    half = torch.zeros(2, dtype=torch.float16, requires_grad=True)
    with pytest.raises(TypeError, match=r"\['params'\]\[0\]: expected another dtype with rounding='stochastic'"):
        adapter.AdamW([half], rounding="stochastic")


def test_hooks_of_load_state_dict_see_tensors() -> None:
    params = leaves("bfloat16")
    opt = adapter.AdamW(params)
    step(opt, params, arrays("bfloat16", 1))
    seen: list[Any] = []
    opt.register_load_state_dict_pre_hook(lambda o, given: seen.append(given["state"][0]["exp_avg"].dtype))
    opt.register_load_state_dict_post_hook(lambda o: seen.append(o.state[params[0]]["exp_avg"].dtype))
    opt.load_state_dict(opt.state_dict())
    assert seen == [torch.float32, torch.float32]
    assert len(opt._optimizer_load_state_dict_pre_hooks) == len(opt._optimizer_load_state_dict_post_hooks) == 1


@by_name
def test_gradients_of_other_strides_negated_or_wider(name: str) -> None:
    dtype = getattr(torch, name)
    start, grad = torch.randn(6, 7).to(dtype), torch.randn(6, 7).to(dtype)
    ends = []
    for make in (grad.clone, lambda: grad.t().contiguous().t(), lambda: torch._neg_view(-grad)):
        param = start.clone().requires_grad_()
        opt = adapter.AdamW([param], lr=0.1)
        param.grad = make()
        opt.step()
        ends.append(param.detach())
    assert torch.equal(ends[0], ends[1])
    assert torch.equal(ends[0], ends[2])


def test_a_wider_gradient_where_torch_allows_it() -> None:
    params = [torch.ones(7, dtype=torch.bfloat16, requires_grad=True) for _ in range(2)]
    params[0].grad_dtype = None
    params[0].grad, params[1].grad = torch.full((7,), 0.5), torch.full((7,), 0.5, dtype=torch.bfloat16)
    opt = adapter.AdamW(params, lr=0.1)
    opt.step()
    assert torch.equal(params[0], params[1])
    params[0].grad = torch.ones(7, dtype=torch.float64)
    with pytest.raises(TypeError, match=r"torch.bfloat16 or torch.float16 beside torch.bfloat16, got torch.float64"):
        opt.step()


@by_name
def test_a_network_learns(name: str) -> None:
    torch.manual_seed(0)
    dtype = getattr(torch, name)
    net = torch.nn.Sequential(torch.nn.Linear(4, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1)).to(dtype)
    x = torch.randn(64, 4).to(dtype)
    y = (x[:, :1] * x[:, 1:2]).detach()
    opt = adapter.AdamW(net.parameters(), lr=1e-2, max_grad_norm=1.0)
    losses = []
    for _ in range(200):
        opt.zero_grad()
        loss = (net(x).float() - y.float()).square().mean()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


def test_in_the_backward_pass() -> None:
    torch.manual_seed(0)
    net = torch.nn.Linear(3, 2).bfloat16()
    twin = copy.deepcopy(net)
    handle = fastgd.torch.step_in_backward(net, adapter.AdamW, lr=0.1)
    opt = adapter.AdamW(twin.parameters(), lr=0.1)
    x = torch.randn(5, 3).bfloat16()
    for _ in range(3):
        net(x).float().square().mean().backward()
        opt.zero_grad()
        twin(x).float().square().mean().backward()
        opt.step()
    handle.remove()
    for a, b in zip(net.parameters(), twin.parameters(), strict=True):
        assert torch.equal(a, b)


def test_grad_scaler_with_float16() -> None:
    param = torch.ones(4, dtype=torch.float16, requires_grad=True)
    opt = adapter.SGD([param], lr=0.5, fused=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=8.0)
    scaler.scale(param.float().sum()).backward()
    scaler.step(opt)
    scaler.update()
    assert torch.equal(param.detach(), torch.full((4,), 0.5, dtype=torch.float16))


def test_groups_and_what_is_refused() -> None:
    a, b = (torch.zeros(3, dtype=torch.bfloat16, requires_grad=True) for _ in range(2))
    opt = adapter.AdamW([{"params": [a]}, {"params": [b], "state_dtype": "float32"}], state_dtype="param")
    assert [group["state_dtype"] for group in opt.param_groups] == ["param", "float32"]
    for param in (a, b):
        param.grad = torch.ones(3, dtype=torch.bfloat16)
    opt.step()
    assert [opt.state[param]["exp_avg"].dtype for param in (a, b)] == [torch.bfloat16, torch.float32]
    opt.param_groups[0]["state_dtype"] = "float32"
    with pytest.raises(ValueError, match="how state is stored cannot be changed"):
        opt.step()
    with pytest.raises(ValueError, match=r"param_groups\[0\]\['state_dtype'\] must be one of"):
        adapter.AdamW([{"params": [a], "state_dtype": "float8"}])
    with pytest.raises(ValueError, match=r"^state_dtype must be one of"):
        adapter.AdamW([a], state_dtype="float8")


def test_adagrad_has_its_state_from_the_start() -> None:
    param = torch.zeros(3, dtype=torch.bfloat16, requires_grad=True)
    for state_dtype, expected in ((None, torch.float32), ("param", torch.bfloat16)):
        opt = adapter.Adagrad([param], initial_accumulator_value=0.1, state_dtype=state_dtype)
        assert opt.state[param]["sum"].dtype == expected
