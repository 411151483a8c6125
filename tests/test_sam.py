"""SAM and ASAM against their formula, for NumPy, minimize and torch; what they pass on, refuse and put back."""

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import formats
from fastgd.tools.demo import digits
from support.comparing import assert_same

SHAPES: list[tuple[int, ...]] = [(3, 4), (5,), (), (0,)]
CENTER = 0.3


def start(dtype: Any = np.float64) -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    return [np.asarray(rng.standard_normal(shape), dtype, order="F") for shape in SHAPES]


def gradients(params: list[np.ndarray]) -> list[np.ndarray]:
    """Of a sum of p**4 / 4 - CENTER * p, which is no quadratic."""
    return [np.asarray(p**3 - p.dtype.type(CENTER), p.dtype) for p in params]


def uphill(params: list[np.ndarray], rho: float, adaptive: bool, sign: float = 1.0) -> list[np.ndarray]:
    """The worst point nearby, as the papers have it."""
    size = [np.abs(p) if adaptive else np.ones_like(p) for p in params]
    ways = [sign * s * g for s, g in zip(size, gradients(params), strict=True)]
    norm = np.sqrt(sum((way.astype(np.float64) ** 2).sum() for way in ways)) + 1e-12
    return [np.asarray(p + rho * s * way / norm, p.dtype) for p, s, way in zip(params, size, ways, strict=True)]


@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float32, 1e-6), (np.float64, 1e-14)])
def test_the_formula(dtype: type, tolerance: float, maximize: bool, adaptive: bool) -> None:
    params, twins = start(dtype), start(dtype)
    opt = fastgd.SAM(fastgd.AdamW(params, lr=0.01, maximize=maximize), 0.5, adaptive)
    plain = fastgd.AdamW(twins, lr=0.01, maximize=maximize)
    for _ in range(6):
        opt.step(lambda: gradients(params), grad_scale=0.5)
        plain.step(gradients(uphill(twins, 0.5, adaptive, -1.0 if maximize else 1.0)), grad_scale=0.5)
    for param, twin in zip(params, twins, strict=True):
        np.testing.assert_allclose(param, twin, rtol=0, atol=10 * tolerance)
    assert opt.steps_completed == 6


def test_without_a_distance_it_is_the_optimizer() -> None:
    params, twins = start(), start()
    opt, plain = fastgd.SAM(fastgd.Adam(params, lr=0.1), rho=0.0), fastgd.Adam(twins, lr=0.1)
    for _ in range(3):
        opt.step(lambda: gradients(params))
        plain.step(gradients(twins))
    assert_same(params, twins)


def test_it_is_the_optimizer_in_all_else(tmp_path: Path) -> None:
    w = {"w": np.ones(3)}
    inner = fastgd.SGD(w, lr=fastgd.schedules.linear(0.5, 5), momentum=0.9, skip_nonfinite=True)
    opt = fastgd.SAM(fastgd.Lookahead(inner, k=2))
    assert opt.param_groups is inner.param_groups
    grad = {"w": np.ones(3)}
    opt.bind(grad)

    def into_the_bound() -> None:
        grad["w"][...] = w["w"]

    opt.step(into_the_bound)  # type: ignore[arg-type]
    assert (opt.current()[0]["lr"], opt.steps_completed, list(opt.state["w"])) == (0.4, 1, ["momentum_buffer"])
    before = w["w"].copy()
    opt.step(lambda: {"w": np.full(3, np.nan)})
    assert opt.skipped_steps == 1
    assert_same(w["w"], before)
    fastgd.save(tmp_path / "run.safetensors", opt)
    other = fastgd.SAM(fastgd.Lookahead(fastgd.SGD({"w": np.ones(3)}, momentum=0.9, skip_nonfinite=True)))
    fastgd.load(tmp_path / "run.safetensors", other)
    assert_same(other.state, opt.state)
    assert "SAM(Lookahead(SGD(" in repr(opt)
    for attempt in (lambda: copy.copy(opt), lambda: opt.nothing, lambda: opt._steps):
        with pytest.raises((TypeError, AttributeError)):
            attempt()


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_parameters_in_16_bits_come_back_exactly(dtype: str) -> None:
    params = [p.astype(formats.dtype(dtype)) for p in start(np.float32)]
    opt = fastgd.SAM(fastgd.AdamW(params, lr=0.0, weight_decay=0.0, master_weights=True), rho=0.5)
    before, seen = [p.tobytes() for p in params], []

    def closure() -> list[np.ndarray]:
        seen.append([p.tobytes() for p in params])
        return [np.asarray(p.astype(np.float32)) for p in params]

    for _ in range(2):
        opt.step(closure)
    assert [p.tobytes() for p in params] == before == seen[0] == seen[2] != seen[1]


def test_what_goes_wrong_changes_nothing() -> None:
    params = start()
    before = [p.tobytes() for p in params]
    opt = fastgd.SAM(fastgd.Adam(params))
    calls = 0

    def interrupted() -> list[np.ndarray]:
        nonlocal calls
        calls += 1
        if calls % 2 == 0:
            raise KeyboardInterrupt
        return gradients(params)

    def bad_second() -> list[np.ndarray]:
        nonlocal calls
        calls += 1
        return gradients(params)[: 4 if calls % 2 else 3]

    for closure, error in ((interrupted, KeyboardInterrupt), (bad_second, ValueError)):
        calls = 0
        with pytest.raises(error):
            opt.step(closure)
        assert calls == 2
        assert ([p.tobytes() for p in params], opt.steps_completed, dict(opt.state)) == (before, 0, {})


def test_bad_input() -> None:
    table = np.ones((4, 2))
    opt = fastgd.SAM(fastgd.SGD(table))
    rows = fastgd.Rows(np.array([1]), np.ones((1, 2)))
    for call, error, message in (
        (lambda: fastgd.SAM(np.ones(2)), TypeError, "opt must be a fastgd optimizer, got ndarray"),
        (lambda: fastgd.SAM(opt), TypeError, "opt must be a fastgd optimizer, got SAM"),
        (lambda: fastgd.SAM(fastgd.SGD(table), rho=-1), ValueError, "rho must be at least 0, got -1"),
        (lambda: fastgd.SAM(fastgd.SGD(table), adaptive=1), TypeError, "adaptive must be a bool, got int"),
        (lambda: opt.step(table), TypeError, "closure must be a callable that returns gradients, got ndarray"),
        (lambda: opt.step(lambda: rows), TypeError, "grads: expected a dense gradient for SAM, got Rows"),
        (lambda: opt.step(lambda: np.ones(3)), ValueError, "grads: expected shape (4, 2)"),
    ):  # fmt: skip
        with pytest.raises(error, match=re.escape(message)):
            call()  # type: ignore[no-untyped-call]


def test_it_learns_the_digits() -> None:
    data, params, rng = digits.load(), digits.initial(), np.random.default_rng(0)
    opt = fastgd.SAM(fastgd.SGD(params, lr=0.1, momentum=0.9))
    for _ in range(digits.EPOCHS):
        for x, y in digits.batches(data, rng):
            opt.step(lambda: digits.loss_and_gradients(params, x, y)[1])  # noqa: B023
    right = digits.forward(params, data.x_test)[1].argmax(axis=1) == data.y_test
    assert right.mean() > digits.REQUIRED_ACCURACY


# ---- minimize ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("maximize", [False, True])
def test_minimize(maximize: bool) -> None:
    sign = -1.0 if maximize else 1.0
    points: list[np.ndarray] = []

    def gradient(x: np.ndarray) -> np.ndarray:
        points.append(x)
        return np.asarray(sign * (x**3 - CENTER))

    result = fastgd.minimize(
        lambda x: sign * float((x**4 / 4 - CENTER * x).sum()), np.array([1.0, -0.5]), jac=gradient, max_iter=3,
        optimizer=lambda x, lr: fastgd.SAM(fastgd.SGD(x, lr=lr), rho=0.1), lr=0.2, maximize=maximize,
    )  # fmt: skip
    x = np.array([1.0, -0.5])
    for t in range(3):
        worst = uphill([x], 0.1, False)[0]
        np.testing.assert_allclose(points[2 * t], x, rtol=1e-12)
        np.testing.assert_allclose(points[2 * t + 1], worst, rtol=1e-12)
        x = x - 0.2 * (worst**3 - CENTER)
    assert (result.nit, result.njev) == (3, 7)


# ---- torch ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("adaptive", [False, True])
@pytest.mark.parametrize("whose", ["fastgd", "torch"])
def test_torch(whose: str, adaptive: bool) -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    params = start()
    tensors = [torch.nn.Parameter(torch.from_numpy(np.array(p, order="C"))) for p in params]
    opt = fastgd.SAM(fastgd.SGD(params, lr=0.1, momentum=0.9), 0.5, adaptive)
    other = (fastgd.torch.SGD if whose == "fastgd" else torch.optim.SGD)(tensors, lr=0.1, momentum=0.9)
    sam = fastgd.torch.SAM(other, 0.5, adaptive)
    scheduler = torch.optim.lr_scheduler.LambdaLR(other, lambda t: 1.0)
    losses = []

    def closure() -> Any:
        other.zero_grad()
        loss = sum((t**4 / 4 - CENTER * t).sum() for t in tensors)
        loss.backward()
        losses.append(float(loss.detach()))
        return loss

    for t in range(5):
        opt.step(lambda: gradients(params))
        returned = other.step(closure) if t % 2 else other.step(closure=closure)
        assert float(returned.detach()) == losses[2 * t] < losses[2 * t + 1]
        scheduler.step()
    for tensor, param in zip(tensors, params, strict=True):
        np.testing.assert_allclose(tensor.detach().numpy(), param, rtol=0, atol=1e-14)
    with pytest.raises(TypeError, match=re.escape("closure must be callable, which SAM calls twice, got NoneType")):
        other.step()
    sam.remove()
    other.step()


def test_torch_puts_back_and_refuses() -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    table = torch.nn.Embedding(3, 2, sparse=True)
    opt = fastgd.torch.SGD(table.parameters(), lr=0.1)
    fastgd.torch.SAM(opt)
    before = table.weight.detach().clone()
    with pytest.raises(TypeError, match=re.escape("param_groups[0]['params'][0].grad: expected a dense gradient")):
        opt.step(lambda: table(torch.tensor([1])).sum().backward())
    w = torch.nn.Parameter(torch.ones(2))
    opt = fastgd.torch.SGD([w], lr=0.1)
    fastgd.torch.SAM(opt)

    def fails() -> None:
        if not bool((w == 1).all()):
            raise KeyboardInterrupt
        w.grad = torch.ones(2)

    with pytest.raises(KeyboardInterrupt):
        opt.step(fails)
    assert (w.tolist(), torch.equal(table.weight, before)) == ([1.0, 1.0], True)
    with pytest.raises(TypeError, match=re.escape("opt must be a torch.optim.Optimizer, got SGD")):
        fastgd.torch.SAM(fastgd.SGD(np.ones(2)))


def test_settings_are_those_of_the_optimizer() -> None:
    w = np.ones(2)
    opt = fastgd.SAM(fastgd.SGD(w, lr=1.0), rho=0.1)
    opt.max_grad_norm, opt.rho = 1.0, 0.0
    opt.step(lambda: np.array([3.0, 4.0]))
    assert opt.optimizer.max_grad_norm == 1.0
    assert opt.rho == 0.0
    assert np.allclose(w, [0.4, 0.2])
    for name in ("optimizer", "max_norm"):
        with pytest.raises(AttributeError):
            setattr(opt, name, 1.0)


def test_torch_in_the_backward_pass_is_refused() -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    def factory(params: list[object]) -> object:
        opt = fastgd.torch.SGD(params, lr=0.1)
        fastgd.torch.SAM(opt)
        return opt

    with pytest.raises(ValueError, match="SAM needs a closure: use step after the backward pass"):
        fastgd.torch.step_in_backward(torch.nn.Linear(2, 2), factory)
