"""Adafactor against its formula and torch's: shapes of all kinds, state both ways, what it refuses."""

import copy
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
import fastgd.formats
from fastgd.tools.demo import digits
from support.comparing import assert_same, freeze
from support.interrupts import interrupted
from support.running import ISAS, instruction_set, threads

SHAPES: list[tuple[int, ...]] = [
    (), (1,), (7,), (40,), (3, 5), (5, 3), (1, 9), (9, 1), (33, 70), (2, 3, 4), (3, 1, 2, 17), (0,), (0, 3), (2, 0, 3),
]  # fmt: skip
OPTIONS: list[dict[str, Any]] = [
    {},
    dict(lr=0.5, weight_decay=0.1, d=1.0, beta2_decay=-0.5, eps=(1e-3, 0.1), maximize=True),
    dict(lr=1e-3, eps=(None, 0.0), d=100.0),
]
every_option = pytest.mark.parametrize("options", OPTIONS, ids=str)


def adafactor(p: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int, o: dict[str, Any]) -> None:
    """A step as it is published, in the dtype of the parameter."""
    if not p.size:
        return
    o = {**dict(lr=1e-2, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.0), **o}
    g = -g if o.get("maximize") else g
    eps1 = np.finfo(p.dtype).eps if o["eps"][0] is None else o["eps"][0]
    share = float(t) ** o["beta2_decay"]
    alpha = max(o["eps"][1], float(np.sqrt((p**2).mean()))) * min(o["lr"], 1 / t**0.5)
    p *= 1 - o["lr"] * o["weight_decay"]
    if p.ndim < 2:
        v = s["variance"] = (1 - share) * s.get("variance", 0.0) + share * g**2
    else:
        r = s["row_var"] = (1 - share) * s.get("row_var", 0.0) + share * (g**2).mean(-1, keepdims=True)
        c = s["col_var"] = (1 - share) * s.get("col_var", 0.0) + share * (g**2).mean(-2, keepdims=True)
        v = r @ c / np.maximum(r.mean(-2, keepdims=True), eps1)
    u = g / np.sqrt(np.maximum(v, eps1**2))
    p -= alpha / max(1.0, float(np.sqrt((u**2).mean())) / o["d"]) * u


def transformers(p: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int, o: dict[str, Any]) -> None:
    """A step as in transformers.optimization, with our names of its arguments."""
    if not p.size:
        return
    o = {**dict(lr=1e-2, beta2_decay=-0.8, eps=(None, 1e-3), d=1.0, weight_decay=0.0, scale_parameter=True), **o}
    rate = o["lr"]
    if o.get("relative_step", True):
        rate = min(1e-6 * t if o.get("warmup_init") else rate, t**-0.5)
    lr = rate * (max(o["eps"][1], float(np.sqrt((p**2).mean()))) if o["scale_parameter"] else 1.0)
    beta2 = 1 - t ** o["beta2_decay"]
    squares = g**2 + (1e-30 if o["eps"][0] is None else o["eps"][0])
    if p.ndim >= 2:
        r = s["row_var"] = beta2 * s.get("row_var", 0.0) + (1 - beta2) * squares.mean(-1, keepdims=True)
        c = s["col_var"] = beta2 * s.get("col_var", 0.0) + (1 - beta2) * squares.mean(-2, keepdims=True)
        u = g / np.sqrt(r / r.mean(-2, keepdims=True)) / np.sqrt(c)
    else:
        v = s["variance"] = beta2 * s.get("variance", 0.0) + (1 - beta2) * squares
        u = g / np.sqrt(v)
    u = lr * u / max(1.0, float(np.sqrt((u**2).mean())) / o["d"])
    if "beta1" in o:
        u = s["exp_avg"] = o["beta1"] * s.get("exp_avg", 0.0) + (1 - o["beta1"]) * u
    if o.get("cautious"):  # timm's
        mask = (u * g > 0).astype(np.float64)
        u = u * mask / max(mask.mean(), 1e-3)
    p -= o["weight_decay"] * lr * p + u


THEIRS: list[dict[str, Any]] = [
    {},
    dict(scale_parameter=False, relative_step=False, lr=0.1, weight_decay=0.1),
    dict(warmup_init=True, weight_decay=0.1, eps=(1e-3, 0.1), beta1=0.9),
    dict(beta1=0.5, relative_step=False, lr=0.3, d=2.0, beta2_decay=-0.5),
    dict(beta1=0.9, cautious=True, scale_parameter=False, weight_decay=0.1),
]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("options", THEIRS, ids=str)
def test_the_form_of_transformers(options: dict[str, Any], order: Any) -> None:
    params = gradients(0, np.float64, order)
    permuted = np.random.default_rng(3).standard_normal((4, 3, 2)).transpose(1, 2, 0)
    params.append(permuted)
    expected = [param.copy() for param in params]
    states: list[dict[str, Any]] = [{} for _ in params]
    opt = fastgd.Adafactor(params, form="transformers", **options)
    for t in range(1, 9):
        grads = [
            *gradients(t, np.float64, order),
            np.random.default_rng(t).standard_normal((4, 3, 2)).transpose(1, 2, 0),
        ]
        opt.step(grads)
        for param, grad, state in zip(expected, grads, states, strict=True):
            transformers(param, grad, state, t, options)
    for i, (param, twin) in enumerate(zip(params, expected, strict=True)):
        np.testing.assert_allclose(param, twin, rtol=0, atol=1e-11)
        for key, value in states[i].items():
            np.testing.assert_allclose(opt.state[i][key], value, rtol=1e-10, atol=1e-13)
    bits = [param.tobytes() for param in params]
    resumed = [param.copy(order="K") for param in params]
    other = fastgd.Adafactor(resumed, form="transformers", **options)
    other.load_state_dict(opt.state_dict())
    for both in (opt, other):
        both.step(grads)
    assert [param.tobytes() for param in params] == [param.tobytes() for param in resumed] != bits


@pytest.mark.parametrize("options", [dict(beta1=0.9), dict(beta1=0.9, cautious=True, scale_parameter=False)], ids=str)
def test_torch_has_a_momentum_too(options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    params = [p for p in gradients(0, np.float32, "C") if p.size]
    tensors = [torch.nn.Parameter(torch.from_numpy(p.copy())) for p in params]
    opt, theirs = fastgd.Adafactor(params, **options), fastgd.torch.Adafactor(tensors, **options)
    for t in range(1, 6):
        grads = [g for g in gradients(t, np.float32, "C") if g.size]
        opt.step(grads)
        for tensor, grad in zip(tensors, grads, strict=True):
            tensor.grad = torch.from_numpy(grad.copy())
        theirs.step()
        if t == 3:
            theirs.load_state_dict(copy.deepcopy(theirs.state_dict()))
    assert_same([tensor.detach().numpy() for tensor in tensors], params)


def gradients(t: int, dtype: type, order: Any) -> list[np.ndarray]:
    rng = np.random.default_rng(t)
    return [np.asarray(rng.standard_normal(shape) * 10.0 ** rng.uniform(-3, 1), dtype, order=order) for shape in SHAPES]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@every_option
def test_the_formula(options: dict[str, Any], dtype: type, order: Any) -> None:
    params = gradients(0, dtype, order)
    expected = [param.astype(np.float64) for param in params]
    states: list[dict[str, Any]] = [{} for _ in SHAPES]
    opt = fastgd.Adafactor(params, **options)
    eps1, eps2 = options.get("eps", (None, 1e-3))
    options = {**options, "eps": (float(np.finfo(dtype).eps) if eps1 is None else eps1, eps2)}
    for t in range(1, 9):
        grads = gradients(t, dtype, order)
        opt.step(grads)
        for param, grad, state in zip(expected, grads, states, strict=True):
            adafactor(param, grad.astype(np.float64), state, t, options)
    for i, (param, twin) in enumerate(zip(params, expected, strict=True)):
        np.testing.assert_allclose(param, twin, rtol=0, atol=2e-5 if dtype is np.float32 else 1e-11)
        for key, value in states[i].items():
            assert opt.state[i][key].shape == np.shape(value)
            np.testing.assert_allclose(opt.state[i][key], value, rtol=1e-5 if dtype is np.float32 else 1e-11)


def test_the_bits_of_every_machine() -> None:
    found = []
    for isa, n in [(isa, n) for isa in ISAS for n in (1, 3)]:
        params = gradients(0, np.float32, "C")
        opt = fastgd.Adafactor(params, max_grad_norm=1.0, weight_decay=0.1)
        with instruction_set(isa), threads(n):
            for t in range(1, 4):
                opt.step(gradients(t, np.float32, "C"))
        found.append(params)
    for params in found:
        assert_same(params, found[0])


def test_threads_share_rows_and_blocks() -> None:
    """More than one block of rows, several matrices, a long vector; also with momentum and a cautious step."""
    shapes = [(703, 801), (2, 300, 451), (300_001,)]
    options = dict(beta1=0.9, cautious=True, scale_parameter=True, weight_decay=0.1)
    found = []
    for isa, n in [(ISAS[0], 1), (ISAS[0], 3), (ISAS[-1], 2)]:
        rng = np.random.default_rng(0)
        params = [rng.standard_normal(shape, np.float32) for shape in shapes]
        expected = [param.astype(np.float64) for param in params]
        opt = fastgd.Adafactor(params, form="transformers", **options)
        states: list[dict[str, Any]] = [{} for _ in shapes]
        before = fastgd.set_parallel_from(0)
        try:
            for t in range(1, 3):
                grads = [rng.standard_normal(shape, np.float32) for shape in shapes]
                with instruction_set(isa), threads(n):
                    opt.step(grads)
                for param, grad, state in zip(expected, grads, states, strict=True):
                    if not found:
                        transformers(param, grad.astype(np.float64), state, t, options)
        finally:
            fastgd.set_parallel_from(before)
        if not found:
            for param, twin in zip(params, expected, strict=True):
                np.testing.assert_allclose(param, twin, rtol=0, atol=2e-5)
        found.append(params)
    for params in found:
        assert_same(params, found[0])


def test_permuted_axes_are_copied() -> None:
    w = np.random.default_rng(1).standard_normal((4, 3, 2))
    permuted = w.transpose(1, 0, 2).copy().transpose(1, 0, 2)
    opt, other = fastgd.Adafactor(w), fastgd.Adafactor(permuted)
    grad = np.random.default_rng(2).standard_normal((4, 3, 2))
    opt.step(grad)
    other.step(grad.transpose(1, 0, 2).copy().transpose(1, 0, 2))
    assert_same(np.ascontiguousarray(permuted), w)


def test_gradients_are_treated() -> None:
    w, twin = np.ones((3, 4)), np.ones((3, 4))
    grad = np.arange(12.0).reshape(3, 4) - 5
    opt = fastgd.Adafactor([w, np.ones(2)], max_grad_value=1.0, skip_nonfinite=True)
    opt.step([grad, None], grad_scale=0.5)
    fastgd.Adafactor(twin).step(np.clip(0.5 * grad, -1, 1))
    assert_same(w, twin)
    assert list(opt.state) == [0]
    opt.step([np.full((3, 4), np.nan), None])
    assert_same(w, twin)
    opt.bind([grad, np.ones(2)])
    opt.step()
    assert list(opt.state) == [0, 1]
    late = np.ones((2, 2))
    opt.add_param_group({"params": late})
    opt.step([grad, None, np.ones((2, 2))])
    assert (late < 1).all()


@pytest.mark.parametrize("steps", [0, 4])
def test_state_resumes(steps: int, tmp_path: Path) -> None:
    params = gradients(0, np.float64, "C")
    opt = fastgd.Adafactor(params, lr=fastgd.schedules.cosine(0.5, 20), eps=(None, 1e-2))
    for t in range(1, steps + 1):
        opt.step(gradients(t, np.float64, "C"))
    fastgd.save(tmp_path / "run.safetensors", opt)
    theirs = copy.deepcopy(params)
    other = fastgd.Adafactor(theirs, lr=fastgd.schedules.cosine(0.5, 20))
    fastgd.load(tmp_path / "run.safetensors", other)
    for t in range(8, 11):
        opt.step(gradients(t, np.float64, "C"))
        other.step(gradients(t, np.float64, "C"))
    assert_same(theirs, params)
    assert_same(other.state, opt.state)


def test_it_learns_the_digits() -> None:
    data, params = digits.load(), digits.initial()
    opt = fastgd.Adafactor(params, lr=0.05)
    rng = np.random.default_rng(0)
    for _ in range(digits.EPOCHS):
        for x, y in digits.batches(data, rng):
            opt.step(digits.loss_and_gradients(params, x, y)[1])
    right = digits.forward(params, data.x_test)[1].argmax(axis=1) == data.y_test
    assert right.mean() > digits.REQUIRED_ACCURACY


REFUSED: list[tuple[Any, type[Exception], str]] = [
    (lambda: fastgd.Adafactor(np.ones(2), beta2_decay=0.5), ValueError, "beta2_decay must be at most 0, got 0.5"),
    (lambda: fastgd.Adafactor(np.ones(2), eps=1e-3), TypeError, "eps must be a pair of numbers, got float"),
    (lambda: fastgd.Adafactor(np.ones(2), eps=(-1.0, 1.0)), ValueError, "eps[0] must be at least 0, got -1.0"),
    (lambda: fastgd.Adafactor(np.ones(2), eps=(None, -1.0)), ValueError, "eps[1] must be at least 0, got -1.0"),
    (lambda: fastgd.Adafactor(np.ones(2), d=0.5), ValueError, "d must be at least 1, got 0.5"),
    (lambda: fastgd.Adafactor(np.ones(2), warmup_init=True, relative_step=False), ValueError,
     "warmup_init must be False without relative_step, got True"),
    (lambda: fastgd.Adafactor(np.ones(2), cautious=True), ValueError, "cautious must be False without beta1, got True"),
    (lambda: fastgd.Adafactor(np.ones(2), beta1=1.0), ValueError, "beta1 must be in (0, 1), got 1.0"),
    (lambda: fastgd.Adafactor(np.ones(2), form="keras"), ValueError, "form must be one of 'torch', 'transformers'"),
    (lambda: fastgd.Adafactor(np.ones(2, np.float16)), TypeError, "Adafactor takes float32 and float64, got params of"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "error", "message"), REFUSED, ids=[row[2] for row in REFUSED])
def test_bad_input(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()


def test_a_bad_state_changes_nothing() -> None:
    opt = fastgd.Adafactor(np.ones((2, 3)))
    opt.step(np.ones((2, 3)))
    before = copy.deepcopy(opt.state_dict())
    for change, error, message in (
        (lambda e: e.pop("row_var"), ValueError, "state_dict['state'][0]: missing 'row_var'"),
        (lambda e: e.update(col_var=np.ones((2, 3))), ValueError, "['col_var']: expected shape (1, 3), got (2, 3)"),
        (lambda e: e.update(more=1), ValueError, "unknown name 'more'"),
    ):
        saved = copy.deepcopy(before)
        change(saved["state"][0])
        with pytest.raises(error, match=re.escape(message)):
            opt.load_state_dict(saved)
        assert_same(opt.state_dict(), before)


def test_loading_is_all_or_nothing() -> None:
    """Whenever Ctrl-C comes, the moments belong to the steps."""
    grad = np.linspace(-1, 2, 12).reshape(3, 4)

    def stepped(times: int) -> fastgd.Adafactor:
        opt = fastgd.Adafactor(np.ones((3, 4)))
        for t in range(1, times + 1):
            opt.step(t * grad)
        return opt

    saved = stepped(3).state_dict()
    results = [freeze(stepped(1).state_dict()), freeze(saved)]
    opt, moment, seen, came = stepped(1), 1, set(), True
    while came:
        came = interrupted(lambda: opt.load_state_dict(saved), moment)  # noqa: B023
        found = freeze(opt.state_dict())
        assert found in results, moment
        seen.add(results.index(found))
        if found == results[1]:
            opt = stepped(1)
        moment += 1
    assert seen == {0, 1}


# ---- torch ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_torch_and_back(options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    params = [p for p in gradients(0, np.float64, "C") if p.size]
    tensors = [torch.nn.Parameter(torch.from_numpy(p.copy())) for p in params]
    theirs = [torch.nn.Parameter(torch.from_numpy(p.copy())) for p in params]
    opt, other = fastgd.Adafactor(params, **options), fastgd.torch.Adafactor(tensors, **options)
    peer = torch.optim.Adafactor(theirs, foreach=False, **options)
    for t in range(1, 9):
        grads = [g for g in gradients(t, np.float64, "C") if g.size]
        opt.step(grads)
        for tensor, twin, grad in zip(tensors, theirs, grads, strict=True):
            tensor.grad, twin.grad = torch.from_numpy(grad.copy()), torch.from_numpy(grad.copy())
        other.step()
        peer.step()
        if t == 3:
            peer.load_state_dict(copy.deepcopy(other.state_dict()))
            other.load_state_dict(copy.deepcopy(peer.state_dict()))
            opt.load_state_dict(peer.state_dict())
    for param, tensor, twin in zip(params, tensors, theirs, strict=True):
        np.testing.assert_allclose(tensor.detach().numpy(), param, rtol=0, atol=1e-11)
        np.testing.assert_allclose(twin.detach().numpy(), param, rtol=0, atol=1e-11)


def test_torch_in_the_backward_pass() -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    def trained(in_backward: bool) -> list[Any]:
        torch.manual_seed(0)
        model = torch.nn.Linear(3, 4)
        opt = None if in_backward else fastgd.torch.Adafactor(model.parameters(), lr=0.1)
        if in_backward:
            fastgd.torch.step_in_backward(model, fastgd.torch.Adafactor, lr=0.1)
        for _ in range(4):
            model(torch.ones(5, 3)).square().sum().backward()
            if opt is not None:
                opt.step()
                opt.zero_grad()
        return [param.detach().numpy() for param in model.parameters()]

    assert_same(trained(True), trained(False))


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_gradients_in_16_bits(name: str) -> None:
    """They are widened, which is exact."""
    torch = pytest.importorskip("torch")
    import fastgd.torch

    grad = torch.linspace(-2, 2, 12).reshape(3, 4).to(getattr(torch, name))
    wide = grad.float().numpy()
    expected, param, twin = np.ones((3, 4), np.float32), np.ones((3, 4), np.float32), torch.ones(3, 4)
    given = wide.astype(fastgd.formats.dtype(name))
    opt, other, ours = fastgd.Adafactor(expected), fastgd.Adafactor(param), fastgd.torch.Adafactor([twin])
    twin.grad_dtype = None
    for _ in range(2):
        opt.step(wide)
        other.step(given)
        twin.grad = grad.clone()
        ours.step()
    assert_same([param, twin.numpy()], [expected, expected])


def test_torch_parameters_in_16_bits_are_refused() -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    opt = fastgd.torch.Adafactor([torch.ones(3, 4)])
    refused = "Adafactor takes float32 and float64, got param_groups[1]['params'][0] of dtype torch.bfloat16"
    with pytest.raises(TypeError, match=re.escape(refused)):
        opt.add_param_group({"params": [torch.ones(2, dtype=torch.bfloat16)]})
    assert len(opt.param_groups) == 1


def test_moments_whose_shape_was_set() -> None:
    params = [np.ones((3, 4)), np.ones((5, 2))]
    opt = fastgd.Adafactor(params)
    opt.step([np.ones_like(p) for p in params])
    before = [p.copy() for p in params]
    opt.state[1]["col_var"].resize((2, 1), refcheck=False)
    with pytest.raises(ValueError, match=r"state 'col_var' .*: expected shape \(1, 2\), got \(2, 1\)"):
        opt.step([np.ones_like(p) for p in params])
    assert_same(params, before)
    assert [int(opt.state[i]["step"]) for i in range(2)] == [1, 1]


def test_a_saved_state_stays_as_it_was() -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    param = torch.nn.Parameter(torch.ones(3, 4).t())
    param.grad = torch.linspace(-1, 2, 12).reshape(3, 4).t()
    opt = fastgd.torch.Adafactor([param], beta1=0.9)
    opt.step()
    saved = opt.state_dict()["state"][0]
    kept = copy.deepcopy(saved)
    other = fastgd.torch.Adafactor([torch.nn.Parameter(param.detach().clone())], beta1=0.9)
    other.load_state_dict(opt.state_dict())
    twin = other.param_groups[0]["params"][0]
    twin.grad = param.grad
    other.step()
    assert all(torch.equal(saved[key], kept[key]) for key in kept)
    opt.step()
    assert torch.equal(param, twin)
