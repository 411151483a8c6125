"""What stands around a rule, with torch's tensors: zeroed gradients and moving averages."""

import copy
import math
import pickle
from typing import Any

import pytest

import fastgd

torch = pytest.importorskip("torch")
import fastgd.torch as adapter  # noqa: E402
from support.cases import BY_NAME, CASES, Case  # noqa: E402
from support.torch_leaves import arrays, assert_all_equal, give, leaves, numbers  # noqa: E402

SHARED = [case for case in CASES if hasattr(adapter, case.optimizer.__name__)]
by_case = pytest.mark.parametrize("case", SHARED, ids=lambda case: case.name)


def assert_zeros(params: list[Any]) -> None:
    assert [bool((p.grad == 0).all()) for p in params] == [True] * len(params)


def make(case: Case, params: Any, **more: Any) -> Any:
    arguments = dict(case.arguments)
    arguments.pop("initial_accumulator_value", None)
    return getattr(adapter, case.optimizer.__name__)(params, **arguments, **more)


# ---- both ---------------------------------------------------------------------------------------------------------


@by_case
def test_numbers_are_those_of_the_numpy_front(case: Case) -> None:
    params, others = leaves(), numbers(leaves())
    opt = make(case, params, ema_decay=0.75)
    arguments = {key: value for key, value in case.arguments.items() if key != "initial_accumulator_value"}
    twin = case.optimizer(others, **arguments, ema_decay=0.75)
    for t in range(4):
        give(params, t)
        opt.step(zero_grads=True)
        twin.step(arrays(t))
        assert_zeros(params)
    assert_all_equal(numbers(params), others)
    assert_all_equal(numbers(opt.state[p]["ema"] for p in params), [twin.state[i]["ema"] for i in range(3)])


@pytest.mark.parametrize("name", ["Muon", "Adafactor"])
def test_steps_of_two_parts(name: str) -> None:
    start = torch.linspace(-1, 1, 12).reshape(3, 4)
    param, other = start.clone().requires_grad_(), start.clone().requires_grad_()
    opt, twin = getattr(adapter, name)([param], ema_decay=0.75), getattr(adapter, name)([other])
    average = None
    for t in range(3):
        param.grad, other.grad = ((start * (t + 1)).cos().t().contiguous().t() for _ in range(2))  # F order: copied
        opt.step(zero_grads=True)
        twin.step()
        average = other.detach().clone() if average is None else average + 0.25 * (other.detach() - average)
        assert torch.equal(param, other)
        assert torch.equal(opt.state[param]["ema"], average)
        assert_zeros([param])
    with opt.averaged():
        assert torch.equal(param, average)
    assert torch.equal(param, other)


# ---- gradients that become zero -----------------------------------------------------------------------------------


def test_strided_negative_and_converted_gradients_are_zeroed_where_they_lie() -> None:
    params, twins = leaves(), leaves()
    opt, twin = adapter.AdamW(params), adapter.AdamW(twins)
    strided = torch.randn(4, 3).t()
    for param in (params[0], twins[0]):
        param.grad = strided.clone(memory_format=torch.preserve_format)
    for param in (params[2], twins[2]):
        param.grad = torch.complex(torch.zeros(2500), torch.arange(2500.0)).conj().imag
    assert params[0].grad.stride() == (1, 3)
    assert params[2].grad.is_neg()
    opt.step(zero_grads=True)
    twin.step()
    assert_all_equal(numbers(params), numbers(twins))
    assert_zeros([params[0], params[2]])
    assert params[1].grad is None


def test_gradients_that_share_memory_are_refused_before_anything_changes() -> None:
    params, twins = leaves(), leaves()
    opt = adapter.AdamW(params)
    both = torch.ones(12)
    params[0].grad, params[1].grad = both.reshape(3, 4), both[3]
    with pytest.raises(ValueError, match=r"param_groups\[0\]\['params'\]\[.\].grad: expected memory of its own"):
        opt.step(zero_grads=True)
    params[0].grad, params[1].grad = torch.ones(1, 1).expand(3, 4), None
    message = r"param_groups\[0\]\['params'\]\[0\].grad: expected elements of their own .* got strides \(0, 0\)"
    with pytest.raises(ValueError, match=message):
        opt.step(zero_grads=True)
    assert_all_equal(numbers(params), numbers(twins))
    assert not opt.state
    assert float(both.sum()) == 12
    opt.step()


@pytest.mark.parametrize("zero_grads", [False, True])
@pytest.mark.parametrize("dense", [True, False])
def test_gradients_in_what_the_step_writes_to(dense: bool, zero_grads: bool) -> None:
    """Those that a step reads from a copy are looked at where they lie."""
    wide = torch.ones(4, 6)
    params = [torch.nn.Parameter(wide.view(-1)[:12]), torch.nn.Parameter(torch.ones(4, 3))]
    opt = adapter.SGD(params, lr=0.5)
    params[1].grad = torch._neg_view(wide.view(-1)[:12].view(4, 3)) if dense else wide[:, ::2]
    if not dense and not zero_grads:
        opt.step()
        assert params[1].tolist() == [[0.5] * 3] * 4
        return
    with pytest.raises(
        ValueError, match=r"\['params'\]\[1\].grad: expected memory of its own, got memory that the step"
    ):
        opt.step(zero_grads=zero_grads)
    assert wide.tolist() == [[1.0] * 6] * 4
    assert params[1].tolist() == [[1.0] * 3] * 4
    params[1].grad = torch.ones(4, 6)[:, ::2]
    opt.step(zero_grads=zero_grads)
    assert params[1].tolist() == [[0.5] * 3] * 4


def test_backward_adds_to_zeros_and_autograd_knows_of_them() -> None:
    param = torch.ones(3, requires_grad=True)
    opt = adapter.SGD([param], lr=0.0)
    (param * 2).sum().backward()
    grad, version = param.grad, param.grad._version
    opt.step(zero_grads=True)
    assert param.grad is grad
    assert grad._version > version
    (param * 3).sum().backward()
    assert param.grad.tolist() == [3.0] * 3


def test_steps_that_are_left_out() -> None:
    param = torch.ones(3, requires_grad=True)
    opt = adapter.Adam([param], skip_nonfinite=True)
    param.grad = torch.full((3,), math.nan)
    opt.step(zero_grads=True)
    assert (opt.skipped_steps, param.tolist(), param.grad.tolist()) == (1, [1.0] * 3, [0.0] * 3)
    for fused in (False, True):
        opt = adapter.Adam([param], fused=fused)
        scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
        scaler.scale((param * math.inf).sum()).backward()
        scaler.step(opt, zero_grads=True)
        scaler.update()
        assert param.tolist() == [1.0] * 3
        # GradScaler itself leaves out the step of an optimizer that does not take its scale.
        assert param.grad.isfinite().all() == fused
        param.grad = None


def test_hooks_closures_and_schedulers_pass_it_on() -> None:
    param = torch.ones(3, requires_grad=True)
    opt = adapter.SGD([param], lr=0.5)
    scheduler = torch.optim.lr_scheduler.StepLR(opt, 1)
    seen = []
    opt.register_step_post_hook(lambda _, args, kwargs: seen.append(kwargs))

    def closure() -> Any:
        loss = (param * 2).sum()
        loss.backward()
        return loss

    assert opt.step(closure, zero_grads=True).item() == 6.0
    scheduler.step()
    assert (param.tolist(), param.grad.tolist(), seen) == ([0.0] * 3, [0.0] * 3, [{"zero_grads": True}])
    with pytest.raises(TypeError, match="zero_grads must be a bool, got str"):
        opt.step(zero_grads="yes")


# ---- averages -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decay", [0.3, 0.99])
def test_averages_are_those_of_torchs_averaged_model(decay: float) -> None:
    """torch may fuse a product and a sum, which rounds once instead of twice."""
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(8, 16), torch.nn.Tanh(), torch.nn.Linear(16, 2))
    opt = adapter.AdamW(model.parameters(), lr=0.01, ema_decay=decay)
    multi = torch.optim.swa_utils.get_ema_multi_avg_fn(decay)
    twin = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=multi)
    x = torch.randn(32, 8)
    for _ in range(20):
        opt.zero_grad()
        model(x).square().mean().backward()
        opt.step()
        twin.update_parameters(model)
    for param, theirs in zip(model.parameters(), twin.module.parameters(), strict=True):
        torch.testing.assert_close(opt.state[param]["ema"], theirs.detach(), rtol=1e-5, atol=1e-7)
    with torch.no_grad(), opt.averaged():
        torch.testing.assert_close(model(x), twin(x), rtol=1e-4, atol=1e-6)


STORED: list[tuple[str, dict[str, Any], str]] = [
    ("bfloat16", {}, "float32"),
    ("bfloat16", {"state_dtype": "param"}, "bfloat16"),
    ("float16", {"master_weights": True}, "float32"),
    ("float64", {}, "float64"),
]


@pytest.mark.parametrize(("name", "stored", "expected"), STORED, ids=str)
def test_averages_in_formats_survive_loading_copying_and_pickling(
    name: str, stored: dict[str, Any], expected: str
) -> None:
    params = leaves(name)
    opt = adapter.AdamW(params, lr=0.1, ema_decay=0.75, **stored)
    for t in range(3):
        give(params, t)
        opt.step()
    assert {opt.state[p]["ema"].dtype for p in params} == {getattr(torch, expected)}
    others = [copy.deepcopy(opt), pickle.loads(pickle.dumps(opt))]
    fresh = [p.detach().clone().requires_grad_() for p in params]
    others.append(adapter.AdamW(fresh))
    others[-1].load_state_dict(opt.state_dict())
    give(params, 7)
    opt.step()
    for other in others:
        mine = other.param_groups[0]["params"]
        give(mine, 7)
        other.step()
        assert_all_equal(numbers(mine), numbers(params))
        for theirs, param in zip(mine, params, strict=True):
            assert other.state[theirs]["ema"].dtype == opt.state[param]["ema"].dtype
            assert torch.equal(other.state[theirs]["ema"], opt.state[param]["ema"])


def test_averages_begin_rest_and_go_on() -> None:
    param = torch.ones(3, requires_grad=True)
    opt = adapter.SGD([param], lr=0.5)
    seen = []
    for decay in (None, 0.5, 0.5, None, 0.25):
        opt.param_groups[0]["ema_decay"] = decay
        param.grad = torch.ones(3)
        opt.step()
        seen.append((param[0].item(), opt.state[param]["ema"][0].item() if "ema" in opt.state[param] else None))
    assert seen == [(0.5, None), (0.0, 0.0), (-0.5, -0.25), (-1.0, -0.25), (-1.5, -1.5 + 0.25 * (-0.25 + 1.5))]
    opt.param_groups[0]["ema_decay"] = 2
    with pytest.raises(ValueError, match=r"param_groups\[0\]\['ema_decay'\] must be in \[0, 1\), got 2"):
        opt.step()


def test_averages_that_others_have_replaced_and_parameters_that_have_moved() -> None:
    params, twins = leaves(), leaves()
    opt, twin = adapter.Adam(params, ema_decay=0.75), adapter.Adam(twins, ema_decay=0.75)
    for t in range(4):
        give(params, t)
        give(twins, t)
        opt.step()
        twin.step()
        opt.state[params[0]]["ema"] = opt.state[params[0]]["ema"].clone()
        params[2].data = params[2].data.clone()
    give(params, 5)
    give(twins, 5)
    with opt.averaged():
        for param, other in zip(params, twins, strict=True):
            assert torch.equal(param, twin.state[other]["ema"])
        params[1].data = params[1].data.clone()
        opt.state[params[0]]["ema"] = opt.state[params[0]]["ema"].clone()
    assert_all_equal(numbers(params), numbers(twins))
    opt.step()
    twin.step()
    assert_all_equal(numbers(opt.state[p]["ema"] for p in params), numbers(twin.state[p]["ema"] for p in twins))


def test_in_the_backward_pass() -> None:
    param, other = (torch.ones(3, requires_grad=True) for _ in range(2))
    handle = adapter.step_in_backward([param], adapter.AdamW, lr=0.1, ema_decay=0.75)
    twin = adapter.AdamW([other], lr=0.1, ema_decay=0.75)
    for _ in range(3):
        (param * param).sum().backward()
        (other * other).sum().backward()
        twin.step(zero_grads=True)
    assert torch.equal(handle.optimizer.state[param]["ema"], twin.state[other]["ema"])
    with handle.optimizer.averaged(), pytest.raises(RuntimeError, match="the parameters hold their averages"):
        (param * param).sum().backward()
    assert torch.equal(param, other)


def test_an_average_may_be_used_where_autograd_runs() -> None:
    param = torch.ones(3, requires_grad=True)
    opt = adapter.SGD([param], lr=0.5, ema_decay=0.5)
    loss = (param * param).sum()
    loss.backward()
    opt.step()
    version = param._version
    square = (param * param).sum()
    with opt.averaged():
        assert param._version > version
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        square.backward()
    assert torch.equal(param, torch.zeros(3))


@pytest.mark.parametrize("name", ["ScheduleFreeAdamW", "Adam"])
def test_what_is_refused_inside(name: str) -> None:
    params = leaves()
    opt = getattr(adapter, name)(params, ema_decay=0.5)
    give(params, 1)
    opt.step()
    give(params, 2)
    opt.step()
    before, saved = numbers(params), opt.state_dict()
    calls = [opt.step, opt.averaged().__enter__, lambda: opt.load_state_dict(saved)]
    calls += [lambda: opt.add_param_group({"params": [torch.ones(2)]})]
    calls += [opt.eval, opt.train] if name == "ScheduleFreeAdamW" else []
    with opt.averaged():
        for call in calls:
            with pytest.raises(RuntimeError, match="the parameters hold their averages"):
                call()
    assert_all_equal(numbers(params), before)
    opt.step()


def test_the_class_that_has_no_averages() -> None:
    param = torch.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="no averages are kept"):
        adapter.SGD([param]).averaged().__enter__()
    with pytest.raises(ValueError, match=r"ema_decay must be in \[0, 1\), got 1.0"):
        adapter.SGD([param], ema_decay=1.0)
    assert "ema_decay: 0.5" in repr(adapter.SGD([param], ema_decay=0.5))
    assert BY_NAME["sgd"].optimizer is fastgd.SGD
