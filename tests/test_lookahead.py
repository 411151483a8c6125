"""Lookahead against its formula, for NumPy and torch; what it passes on, keeps and refuses."""

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
from support.comparing import assert_same, freeze
from support.interrupts import interrupted

SHAPES: list[tuple[int, ...]] = [(3, 4), (5,), (), (0,)]


def start(dtype: type = np.float64) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [np.asarray(rng.standard_normal(shape), dtype, order="F") for shape in SHAPES]


def gradients(t: int, dtype: type = np.float64) -> list[np.ndarray]:
    rng = np.random.default_rng(100 + t)
    return [np.asarray(rng.standard_normal(shape), dtype, order="F") for shape in SHAPES]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("k", "alpha"), [(1, 0.5), (3, 0.8), (6, 0.0), (2, 1.0)])
def test_the_formula(k: int, alpha: float, dtype: type) -> None:
    params, twins = start(dtype), start(dtype)
    slow = start(dtype)
    opt = fastgd.Lookahead(fastgd.Adam(params, lr=0.1), k, alpha)
    plain = fastgd.Adam(twins, lr=0.1)
    for t in range(1, 11):
        opt.step(gradients(t, dtype), grad_scale=0.5)
        plain.step(gradients(t, dtype), grad_scale=0.5)
        if t % k == 0:
            for twin, back in zip(twins, slow, strict=True):
                back[...] = back + dtype(alpha) * (twin - back)
                twin[...] = back
        assert_same(params, twins)
    assert_same(list(opt.slow), slow)
    assert opt.steps_completed == 10


def test_it_is_the_optimizer_in_all_else() -> None:
    w = {"w": np.ones(3)}
    inner = fastgd.SGD(w, lr=fastgd.schedules.linear(0.5, 5), momentum=0.9, max_grad_norm=1.0, skip_nonfinite=True)
    opt = fastgd.Lookahead(inner, k=1)
    assert opt.optimizer is inner
    assert opt.param_groups is inner.param_groups
    opt.bind({"w": np.full(3, np.nan)})
    opt.step()
    assert (opt.skipped_steps, opt._behind.count, opt.max_grad_norm) == (1, 0, 1.0)
    opt.bind({"w": np.ones(3)})
    opt.step()
    assert opt.current()[0]["lr"] == 0.4
    assert list(opt.state["w"]) == ["momentum_buffer"]
    opt.zero_grad()
    late = np.ones(2)
    opt.add_param_group({"params": {"late": late}})
    opt.step([{"w": np.ones(3)}, {"late": np.ones(2)}])
    assert_same(opt.slow[1], late)
    assert "Lookahead(SGD(" in repr(opt)
    for attempt in (lambda: copy.copy(opt), lambda: opt.nothing, lambda: opt._steps):
        with pytest.raises((TypeError, AttributeError)):
            attempt()


@pytest.mark.parametrize("steps", [0, 2, 3, 7])
@pytest.mark.parametrize("on_disk", [False, True])
def test_state_resumes(steps: int, on_disk: bool, tmp_path: Path) -> None:
    params = start()
    opt = fastgd.Lookahead(fastgd.AdamW(params, lr=0.1), k=3)
    for t in range(steps):
        opt.step(gradients(t))
    theirs = copy.deepcopy(params)
    other = fastgd.Lookahead(fastgd.AdamW(theirs), k=3)
    if on_disk:
        fastgd.save(tmp_path / "run.safetensors", opt)
        fastgd.load(tmp_path / "run.safetensors", other)
    else:
        other.load_state_dict(opt.state_dict())
    for t in range(steps, steps + 5):
        opt.step(gradients(t))
        other.step(gradients(t))
    assert_same(theirs, params)
    assert_same(other.slow, opt.slow)


def test_bad_input() -> None:
    opt = fastgd.SGD(np.ones(2))
    for call, error, message in (
        (lambda: fastgd.Lookahead(np.ones(2)), TypeError, "opt must be a fastgd optimizer, got ndarray"),
        (lambda: fastgd.Lookahead(opt, k=0), ValueError, "k must be at least 1, got 0"),
        (lambda: fastgd.Lookahead(opt, alpha=1.5), ValueError, "alpha must be in [0, 1], got 1.5"),
        (
            lambda: fastgd.Lookahead(opt).load_state_dict(fastgd.Lookahead(opt).state_dict() | {"state": {}}),
            ValueError, "state_dict['state'][0]: missing 'slow'",
        ),
        (
            lambda: fastgd.Lookahead(opt).load_state_dict(opt.state_dict()),
            TypeError, "state_dict['param_groups'][0]['lookahead_step'] must be a real number",
        ),
    ):  # fmt: skip
        with pytest.raises(error, match=re.escape(message)):
            call()  # type: ignore[no-untyped-call]


def test_settings_are_those_of_the_optimizer() -> None:
    w = np.ones(2)
    opt = fastgd.Lookahead(fastgd.SGD(w, lr=1.0), k=3)
    opt.max_grad_norm = 1.0
    opt.step(np.array([3.0, 4.0]))
    assert opt.optimizer.max_grad_norm == 1.0
    assert np.allclose(w, [0.4, 0.2])
    for name in ("k", "alpha", "optimizer", "slow", "lr", "max_norm"):
        with pytest.raises(AttributeError):
            setattr(opt, name, 2)
    assert opt.k == 3


@pytest.mark.parametrize("due", [False, True])
def test_a_step_is_done_or_not_begun(due: bool) -> None:
    """With its part of the way back, at whatever moment Ctrl-C comes."""
    results = []
    for times in (1, 2):
        params = start()
        opt = fastgd.Lookahead(fastgd.Adam(params, lr=0.1), 2 if due else 3)
        for t in range(times):
            opt.step(gradients(t))
        results.append(freeze([params, opt.state_dict()]))
    moment, seen = 1, set()
    while True:
        params = start()
        opt = fastgd.Lookahead(fastgd.Adam(params, lr=0.1), 2 if due else 3)
        opt.step(gradients(0))
        grads = gradients(1)
        came = interrupted(lambda: opt.step(grads), moment)  # noqa: B023
        found = freeze([params, opt.state_dict()])
        assert found in results, moment
        seen.add(results.index(found))
        if not came:
            break
        moment += 1
    assert seen == {0, 1}


# ---- torch ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("whose", ["fastgd", "torch"])
def test_torch(whose: str) -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    params = start(np.float32)
    tensors = [torch.nn.Parameter(torch.from_numpy(np.array(p, order="C"))) for p in params]
    opt = fastgd.Lookahead(fastgd.SGD(params, lr=0.1), 3)
    cls = fastgd.torch.SGD if whose == "fastgd" else torch.optim.SGD
    other = cls(tensors, lr=0.1)
    fastgd.torch.Lookahead(other, 3)
    scheduler = torch.optim.lr_scheduler.LambdaLR(other, lambda t: 1.0)
    for t in range(8):
        opt.step(gradients(t, np.float32))
        for tensor, grad in zip(tensors, gradients(t, np.float32), strict=True):
            tensor.grad = torch.from_numpy(np.array(grad, order="C"))
        other.step()
        scheduler.step()
        if t == 4:  # resumed in the middle of the three
            kept = copy.deepcopy(other.state_dict())
            other = cls(tensors, lr=0.5)
            lookahead = fastgd.torch.Lookahead(other, 3)
            other.load_state_dict(kept)
            scheduler = torch.optim.lr_scheduler.LambdaLR(other, lambda t: 1.0)
        for tensor, param in zip(tensors, params, strict=True):
            found = tensor.detach().numpy()
            if whose == "fastgd":
                assert_same(found, np.array(param, order="C"))
            np.testing.assert_allclose(found, param, rtol=0, atol=1e-6)
    lookahead.remove()
    before = other.param_groups[0]["lookahead_step"]
    other.step()
    assert other.param_groups[0]["lookahead_step"] == before == 8


@pytest.mark.parametrize("due", [False, True])
@pytest.mark.parametrize("begun", [False, True])
def test_a_step_of_torch_is_done_or_not_begun(begun: bool, due: bool) -> None:
    """With its count and its part of the way back, at whatever moment Ctrl-C comes, in the first step too."""
    torch = pytest.importorskip("torch")
    import fastgd.torch

    k = (1 + begun) if due else 3

    def scene() -> tuple[list[Any], Any]:
        tensors = [torch.nn.Parameter(torch.from_numpy(p)) for p in start()]
        opt = fastgd.torch.SGD(tensors, lr=0.1, momentum=0.9)
        fastgd.torch.Lookahead(opt, k)
        for t in range(1 + begun):
            for tensor, grad in zip(tensors, gradients(t), strict=True):
                tensor.grad = torch.from_numpy(grad)
            if t < begun:
                opt.step()
        return tensors, opt

    def everything(tensors: list[Any], opt: Any) -> Any:
        saved = opt.state_dict()
        state = {i: {key: value.numpy() for key, value in e.items()} for i, e in saved["state"].items() if e}
        counts = [group.get("lookahead_step", 0) for group in saved["param_groups"]]
        return freeze([[tensor.detach().numpy() for tensor in tensors], state, counts])

    tensors, opt = scene()
    results = [everything(tensors, opt)]
    opt.step()
    results.append(everything(tensors, opt))
    moment, seen = 1, set()
    while True:
        tensors, opt = scene()
        came = interrupted(opt.step, moment)
        found = everything(tensors, opt)
        assert found in results, moment
        seen.add(results.index(found))
        if not came:
            break
        moment += 1
    assert seen == {0, 1}


def test_torch_counts_the_steps_that_are_made() -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    w = torch.nn.Parameter(torch.zeros(2))
    opt = fastgd.torch.SGD([w], lr=1.0, skip_nonfinite=True)
    fastgd.torch.Lookahead(opt, k=2, alpha=0.25)
    copy_of_w = torch.zeros(2, dtype=torch.bfloat16)
    opt.bind_copies([copy_of_w])

    def closure() -> None:  # The parameter has no gradient before.
        w.grad = torch.full((2,), next(values))

    values = iter([-4.0, float("nan"), -4.0])
    for expected in (4.0, 4.0, 2.0):
        opt.step(closure)
        assert w.tolist() == copy_of_w.tolist() == [expected] * 2
    assert opt.param_groups[0]["lookahead_step"] == 2
    assert opt.state[w]["slow"].tolist() == [2.0, 2.0]


def test_torch_loads_all_or_nothing() -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    def scene() -> tuple[Any, Any]:
        w = torch.nn.Parameter(torch.ones(3, dtype=torch.bfloat16))
        opt = fastgd.torch.Adam([w], lr=0.1, state_dtype="float32")
        fastgd.torch.Lookahead(opt, k=2)
        w.grad = torch.tensor([1.0, -2.0, 0.5], dtype=torch.bfloat16)
        opt.step()
        return w, opt

    w, opt = scene()
    saved, slow = copy.deepcopy(opt.state_dict()), "state 'slow' of param_groups[0]['params'][0]"
    for key, value, error, message in (
        ("slow", torch.ones(4), ValueError, f"{slow}: expected shape (3,), got (4,)"),
        ("slow", 3.0, TypeError, f"{slow}: expected a torch.Tensor, got float"),
        ("lookahead_step", -1, ValueError, "param_groups[0]['lookahead_step'] must be at least 0, got -1"),
    ):
        bad = copy.deepcopy(saved)
        (bad["param_groups"][0] if key == "lookahead_step" else bad["state"][0])[key] = value
        with pytest.raises(error, match=re.escape(message)):
            opt.load_state_dict(bad)
        assert freeze([opt.state_dict()]) == freeze([saved])
    opt.load_state_dict(saved)
    other, twin = scene()
    opt.step()
    twin.step()
    assert opt.state[w]["slow"].dtype == torch.bfloat16
    assert torch.equal(w, other)


def test_torch_slow_parameters_are_nobody_elses() -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    w = torch.nn.Parameter(torch.ones(3))
    opt = fastgd.torch.SGD([w], lr=1.0)
    lookahead = fastgd.torch.Lookahead(opt, k=1)
    w.grad = torch.ones(3)
    opt.step()
    before = w.tolist(), opt.state[w]["slow"].tolist()
    w.grad = opt.state[w]["slow"]
    message = "the gradient of param_groups[0]['params'][0]: expected memory of its own, got memory that it shares with"
    with pytest.raises(ValueError, match=re.escape(message)):
        opt.step()
    assert (w.tolist(), opt.state[w]["slow"].tolist()) == before
    with pytest.raises(ValueError, match="opt has a Lookahead already"):
        fastgd.torch.Lookahead(opt)
    with pytest.raises(ValueError, match="Lookahead counts whole steps"):
        opt._step_in_backward(w)
    lookahead.remove()
    fastgd.torch.Lookahead(opt)
    copied = copy.deepcopy(opt)
    assert copied._steps.behind is None


def test_torch_refuses() -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    with pytest.raises(TypeError, match=re.escape("opt must be a torch.optim.Optimizer, got SGD")):
        fastgd.torch.Lookahead(fastgd.SGD(np.ones(2)))
    with pytest.raises(ValueError, match=re.escape("k must be at least 1, got 0")):
        fastgd.torch.Lookahead(torch.optim.SGD([torch.zeros(1, requires_grad=True)]), k=0)
