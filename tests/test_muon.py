"""Muon against its formula in float64 and, but for torch's bfloat16, against torch.optim.Muon; what it refuses."""

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
import fastgd.formats
from fastgd.tools.demo import digits
from support.comparing import assert_same

SHAPES: list[tuple[int, int]] = [(3, 5), (6, 2), (4, 4), (1, 7), (7, 1), (1, 1), (0, 3), (3, 0)]
OPTIONS: list[dict[str, Any]] = [
    {},
    dict(lr=0.1, weight_decay=0.3, momentum=0.8, nesterov=False, adjust_lr_fn="match_rms_adamw"),
    dict(lr=0.1, ns_coefficients=(2.0, -1.5, 0.5), ns_steps=9, eps=1e-3, adjust_lr_fn="original", maximize=True),
]
every_option = pytest.mark.parametrize("options", OPTIONS, ids=str)


def newton_schulz(u: np.ndarray, coefficients: tuple[float, ...], steps: int, eps: float) -> np.ndarray:
    """The iteration on singular values: what it makes of the matrix is the same."""
    if not u.size:
        return u
    left, values, right = np.linalg.svd(u, full_matrices=False)
    values = values / max(float(np.sqrt((values**2).sum())), eps)
    a, b, c = coefficients
    for _ in range(steps):
        values = a * values + b * values**3 + c * values**5
    return left @ np.diag(values) @ right


def muon(param: np.ndarray, grad: np.ndarray, state: dict[str, Any], options: dict[str, Any]) -> None:
    """A step as it is published."""
    o = {**dict(lr=1e-3, weight_decay=0.1, momentum=0.95, nesterov=True, eps=1e-7, ns_steps=5), **options}
    mu = o["momentum"]
    g = -grad if o.get("maximize") else grad
    m = state["m"] = mu * state.get("m", 0.0) + (1 - mu) * g
    u = (1 - mu) * g + mu * m if o["nesterov"] else m
    x = newton_schulz(u, o.get("ns_coefficients", (3.4445, -4.775, 2.0315)), o["ns_steps"], o["eps"])
    rows, columns = param.shape
    rms = o.get("adjust_lr_fn") == "match_rms_adamw"
    factor = 0.2 * max(rows, columns) ** 0.5 if rms else max(1, rows / max(columns, 1)) ** 0.5
    param *= 1 - o["lr"] * o["weight_decay"]
    param -= o["lr"] * factor * x


@every_option
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_formula(options: dict[str, Any], dtype: type) -> None:
    rng = np.random.default_rng(5)
    params = [np.asarray(rng.standard_normal(shape), dtype, order="F") for shape in SHAPES]
    expected = [param.astype(np.float64) for param in params]
    states: list[dict[str, Any]] = [{} for _ in SHAPES]
    opt = fastgd.Muon(params, **options)
    for _ in range(6):
        grads = [np.asarray(rng.standard_normal(shape), dtype, order="F") for shape in SHAPES]
        opt.step(grads)
        for param, grad, state in zip(expected, grads, states, strict=True):
            muon(param, grad.astype(np.float64), state, options)
    for param, twin in zip(params, expected, strict=True):
        np.testing.assert_allclose(param, twin, rtol=0, atol=1e-4 if dtype is np.float32 else 1e-11)


def test_gradients_are_treated_before_the_momentum() -> None:
    w, twin = np.zeros((2, 3)), np.zeros((2, 3))
    grad = np.arange(6.0).reshape(2, 3) - 2
    opt = fastgd.Muon([w, np.ones((2, 2))], max_grad_value=1.0, skip_nonfinite=True)
    opt.step([grad, None], grad_scale=0.5)
    assert_same(opt.state[0]["momentum_buffer"], (1 - 0.95) * np.clip(0.5 * grad, -1, 1))
    fastgd.Muon(twin).step(np.clip(0.5 * grad, -1, 1))
    assert_same(w, twin)
    assert list(opt.state) == [0]
    before = w.copy()
    opt.step([np.full((2, 3), np.nan), None])
    assert_same(w, before)


def test_state_resumes(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    w = {"w": rng.standard_normal((4, 3))}
    opt = fastgd.Muon(w, lr=fastgd.schedules.linear(0.1, 9))
    for _ in range(3):
        opt.step({"w": rng.standard_normal((4, 3))})
    assert set(opt.state["w"]) == {"momentum_buffer"}
    fastgd.save(tmp_path / "run.safetensors", opt)
    copied = {"w": w["w"].copy()}
    other = fastgd.Muon(copied, lr=fastgd.schedules.linear(0.1, 9))
    fastgd.load(tmp_path / "run.safetensors", other)
    grad = rng.standard_normal((4, 3))
    opt.step({"w": grad})
    other.step({"w": grad})
    assert_same(copied, w)


def test_parameters_in_16_bits() -> None:
    """Master weights train as float32 does; the matrices are small, so that every BLAS sums them alike."""
    bfloat16 = fastgd.formats.dtype("bfloat16")
    rng = np.random.default_rng(9)
    w = rng.standard_normal((2, 3)).astype(bfloat16)
    twin, plain, random = w.astype(np.float32), w.copy(), w.copy()
    optimizers = [
        fastgd.Muon(w, lr=0.01, master_weights=True),
        fastgd.Muon(twin, lr=0.01),
        fastgd.Muon(plain, lr=0.01),
        fastgd.Muon(random, lr=0.01, rounding="stochastic", seed=3),
    ]
    for _ in range(5):
        grad = rng.standard_normal((2, 3)).astype(bfloat16)
        for opt in optimizers:
            opt.step(grad.astype(np.float32) if opt is optimizers[1] else grad)
    np.testing.assert_allclose(w.astype(np.float32), twin, rtol=2.0**-8)
    for other in (plain, random):
        np.testing.assert_allclose(other.astype(np.float32), twin, rtol=0.05, atol=0.03)
    assert not np.array_equal(plain, random)


REFUSED: list[tuple[Any, type[Exception], str]] = [
    (lambda: fastgd.Muon({"w": np.ones((2, 2)), "b": np.ones(3), "s": np.ones(())}), ValueError,
     "Muon takes matrices, got params['b'] of shape (3,), params['s'] of shape (): give those to AdamW; muon_groups"),
    (lambda: fastgd.Muon(np.ones((2, 2))).add_param_group({"params": np.ones(2)}), ValueError, "Muon takes matrices"),
    (lambda: fastgd.Muon(np.ones((2, 2)), ns_steps=0), ValueError, "ns_steps must be an integer of at least 1, got 0"),
    (lambda: fastgd.Muon(np.ones((2, 2)), ns_steps=5.0), TypeError,
     "ns_steps must be an integer of at least 1, got float"),
    (lambda: fastgd.Muon(np.ones((2, 2)), ns_steps=100), ValueError, "ns_steps must be below 100, got 100"),
    (lambda: fastgd.Muon(np.ones((2, 2)), ns_coefficients=(1, 2)), ValueError,
     "ns_coefficients must be a triple of numbers, got 2 of them"),
    (lambda: fastgd.Muon(np.ones((2, 2)), adjust_lr_fn="keller"), ValueError,
     "adjust_lr_fn must be one of 'original', 'match_rms_adamw', got 'keller'"),
    (lambda: fastgd.Muon(np.ones((2, 2)), momentum=1), ValueError, "momentum must be in [0, 1), got 1.0"),
    (lambda: fastgd.muon_groups([np.ones((2, 2))]), TypeError, "params must be a dict of arrays by name, got list"),  # type: ignore[arg-type]
    (lambda: fastgd.muon_groups({"w": np.ones((2, 2))}, exclude=["x"]), ValueError, "exclude: unknown name 'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), REFUSED, ids=[row[2] for row in REFUSED])
def test_bad_input(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_it_learns_the_digits() -> None:
    data, params = digits.load(), digits.initial()
    matrices, rest = fastgd.muon_groups(params)
    optimizers = fastgd.Muon(matrices, lr=0.02), fastgd.AdamW(rest, lr=4e-3)
    rng = np.random.default_rng(0)
    for _ in range(10):
        for x, y in digits.batches(data, rng):
            _, grads = digits.loss_and_gradients(params, x, y)
            for opt, group in zip(optimizers, (matrices, rest), strict=True):
                opt.step({name: grads[name] for name in group})
    right = digits.forward(params, data.x_test)[1].argmax(axis=1) == data.y_test
    assert right.mean() > digits.REQUIRED_ACCURACY


# ---- torch ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", OPTIONS[:2], ids=str)
def test_torch_has_the_numbers_of_numpy(options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    rng = np.random.default_rng(5)
    shapes = SHAPES[:-2]
    params = [rng.standard_normal(shape) for shape in shapes]
    tensors = [torch.nn.Parameter(torch.from_numpy(p.copy())) for p in params]
    theirs = [torch.nn.Parameter(torch.from_numpy(p.copy())) for p in params]
    opt, other = fastgd.Muon(params, **options), fastgd.torch.Muon(tensors, **options)
    peer = torch.optim.Muon(theirs, **options)
    for t in range(6):
        grads = [rng.standard_normal(shape) if t % 2 or i else None for i, shape in enumerate(shapes)]
        opt.step(grads)
        for tensor, twin, grad in zip(tensors, theirs, grads, strict=True):
            tensor.grad = None if grad is None else torch.from_numpy(grad.copy())
            twin.grad = tensor.grad
        other.step()
        peer.step()
        if t == 2:  # into torch's class and back
            peer.load_state_dict(copy.deepcopy(other.state_dict()))
            other.load_state_dict(copy.deepcopy(peer.state_dict()))
    for param, tensor, twin in zip(params, tensors, theirs, strict=True):
        np.testing.assert_allclose(tensor.detach().numpy(), param, rtol=0, atol=1e-11)
        # A 64th of each of six updates, which bfloat16 takes away.
        largest = 6 * options.get("lr", 1e-3) * max(param.shape) ** 0.5
        np.testing.assert_allclose(twin.detach().numpy(), param, rtol=0, atol=largest / 32)
    assert all(set(entry) == {"momentum_buffer"} for entry in other.state_dict()["state"].values())


def test_torch_multiplies_matrices_of_a_shape_together() -> None:
    """In float32; torch's class does so in bfloat16."""
    torch = pytest.importorskip("torch")
    import fastgd.torch

    rng = np.random.default_rng(6)
    shapes = [(5, 3), (4, 6), (5, 3), (0, 3), (5, 3), (0, 3), (3, 5), (300, 2)]
    params = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]
    tensors, theirs = ([torch.nn.Parameter(torch.from_numpy(p.copy())) for p in params] for _ in range(2))
    groups = [{"params": tensors[:4]}, {"params": tensors[4:], "lr": 0.2}]
    opt = fastgd.Muon([{"params": params[:4]}, {"params": params[4:], "lr": 0.2}], lr=0.1)
    other = fastgd.torch.Muon(groups, lr=0.1)
    full = [i for i, shape in enumerate(shapes) if 0 not in shape]  # torch's class divides by 0 columns
    peer = torch.optim.Muon([{"params": [theirs[i]], "lr": 0.1 if i < 4 else 0.2} for i in full])
    for _ in range(3):
        grads = [rng.standard_normal(shape).astype(np.float32) for shape in shapes]
        opt.step(grads)
        for tensor, twin, grad in zip(tensors, theirs, grads, strict=True):
            tensor.grad = twin.grad = torch.from_numpy(grad)
        other.step()
        peer.step()
    for i in full:
        found, numpy, bfloat16 = tensors[i].detach().numpy(), params[i], theirs[i].detach().numpy()
        # A few roundings of each of three updates of 0.2; in bfloat16 these are of 2**-8, and add up in the iteration.
        np.testing.assert_allclose(found, numpy, rtol=0, atol=1e-4)
        np.testing.assert_allclose(found, bfloat16, rtol=0, atol=0.1)


def test_torch_steps_in_the_backward_pass_and_with_hooks() -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    def trained(in_backward: bool) -> list[Any]:
        torch.manual_seed(0)
        model = torch.nn.Sequential(torch.nn.Linear(3, 4, bias=False), torch.nn.Linear(4, 2, bias=False))
        if in_backward:
            fastgd.torch.step_in_backward(model, fastgd.torch.Muon, lr=0.1)
        else:
            opt = fastgd.torch.Muon(model.parameters(), lr=0.1)
            opt.register_step_post_hook(lambda *_: None)
        for _ in range(4):
            model(torch.ones(5, 3)).square().sum().backward()
            if not in_backward:
                opt.step()
                opt.zero_grad()
        return [param.detach().numpy() for param in model.parameters()]

    assert_same(trained(True), trained(False))


def test_torch_names_what_is_no_matrix() -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    model = torch.nn.Sequential(torch.nn.Embedding(5, 3), torch.nn.Linear(3, 4), torch.nn.Linear(4, 2))
    with pytest.raises(
        ValueError, match=re.escape("Muon takes matrices, got param_groups[0]['params'][2] of shape (4,)")
    ):
        fastgd.torch.Muon(model.parameters())
    matrices, rest = fastgd.torch.muon_groups(model, exclude=["2"])
    assert [name for name, _ in matrices] == ["1.weight"]
    assert [name for name, _ in rest] == ["0.weight", "1.bias", "2.weight", "2.bias"]
    opt = fastgd.torch.Muon(matrices)
    with pytest.raises(ValueError, match=re.escape("Muon takes matrices")):
        opt.add_param_group({"params": [("b", model[1].bias)]})
    assert len(opt.param_groups) == 1
