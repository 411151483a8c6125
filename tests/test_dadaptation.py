"""Prodigy and D-Adaptation, bit for bit against plain NumPy that sums over all parameters, and as their papers say."""

import math
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd.tools.demo import digits
from support.comparing import assert_equal, assert_same
from support.reference import power
from support.running import DTYPES, by_isa, gradient, instruction_set, placed, threads

Arrays = list[np.ndarray]
State = dict[str, Any]
SIZES = [0, 1, 15, 16, 17, 511, 512, 513, 4095, 4096, 4097, 33, 40_000, 3]


def lanes(terms: np.ndarray) -> float:
    """A sum of at most 512 terms in 16 lanes, which are added as a tree."""
    padded = np.zeros(-(-len(terms) // 16) * 16)
    padded[: len(terms)] = terms
    lane = np.zeros(16)
    for row in padded.reshape(-1, 16):
        lane += row
    lane[:8] += lane[8:]
    lane[:4] += lane[4:8]
    return (float(lane[0]) + float(lane[2])) + (float(lane[1]) + float(lane[3]))


def sum_over_all(terms: Sequence[np.ndarray]) -> float:
    """Tiles of 512 make blocks of 4096 in the order of memory, and these are added one after the other."""
    total = 0.0
    for flat in terms:
        for start in range(0, flat.size, 4096):
            block = 0.0
            for tile in range(start, min(start + 4096, flat.size), 512):
                block += lanes(flat[tile : min(tile + 512, start + 4096)])
            total += block
    return total


def treated(params: Arrays, grads: Arrays, o: State) -> Arrays:
    scaled = [(-1.0 if o.get("maximize") else 1.0) * g for g in grads]
    if o.get("weight_decay") and not o.get("decouple", True):
        return [g + o["weight_decay"] * p for g, p in zip(scaled, params, strict=True)]
    return scaled


def corrected(dlr: float, t: int, beta1: float, beta2: float, o: State) -> float:
    if o.get("use_bias_correction"):
        return dlr * math.sqrt(1.0 - power(beta2, t)) / (1.0 - power(beta1, t))
    return dlr


def prodigy(params: Arrays, grads: Arrays, states: list[State], all_of_them: State, t: int, o: State) -> None:
    beta1, beta2 = o.get("betas", (0.9, 0.999))
    beta3 = o.get("beta3") or math.sqrt(beta2)
    d0, lr = o.get("d0", 1e-6), o.get("lr", 1.0)
    d, d_max, r = (all_of_them.get(key, start) for key, start in (("d", d0), ("d_max", d0), ("r", 0.0)))
    dlr = corrected(d * lr, t, beta1, beta2, o)
    wd = o.get("weight_decay", 0.0)
    keep = 1.0 - dlr * wd if o.get("decouple", True) else 1.0
    share = d / d0 * (d if o.get("safeguard_warmup") else dlr)
    numerators, denominators = [], []
    for p, g, state in zip(params, treated(params, grads, o), states, strict=True):
        zeros = np.zeros_like(p)
        first = state.setdefault("p0", p.copy())
        m = state["exp_avg"] = beta1 * state.get("exp_avg", zeros) + d * (1.0 - beta1) * g
        assert m.dtype == p.dtype
        state["exp_avg_sq"] = beta2 * state.get("exp_avg_sq", zeros) + d * d * (1.0 - beta2) * g * g
        s = state["s"] = beta3 * state.get("s", zeros) + share * g
        numerators.append(g.astype(np.float64) * (first - p).astype(np.float64))
        denominators.append(np.abs(s).astype(np.float64))
    numerator, denominator = sum_over_all(numerators), sum_over_all(denominators)
    new, step = d, dlr
    if denominator == 0:
        keep, step = 1.0, 0.0
    else:
        r = beta3 * r + d / d0 * dlr * numerator
        if lr > 0:
            estimate = o.get("d_coef", 1.0) * r / denominator
            new = max(d, estimate) if d == d0 else d
            d_max = max(d_max, estimate)
            new = min(d_max, new * o.get("growth_rate", math.inf))
    for p, state in zip(params, states, strict=True):
        p[...] = keep * p - step * state["exp_avg"] / (np.sqrt(state["exp_avg_sq"]) + new * o.get("eps", 1e-8))
    all_of_them.update(d=new, d_max=d_max, r=r)


def dadapt_adam(params: Arrays, grads: Arrays, states: list[State], all_of_them: State, t: int, o: State) -> None:
    beta1, beta2 = o.get("betas", (0.9, 0.999))
    q, eps, lr = math.sqrt(beta2), o.get("eps", 1e-8), o.get("lr", 1.0)
    d, r = all_of_them.get("d", o.get("d0", 1e-6)), all_of_them.get("r", 0.0)
    dlr = corrected(d * lr, t, beta1, beta2, o)
    keep = 1.0 - dlr * o.get("weight_decay", 0.0) if o.get("decouple", True) else 1.0
    numerators, denominators = [], []
    for p, g, state in zip(params, treated(params, grads, o), states, strict=True):
        zeros = np.zeros_like(p)
        v, s = state.get("exp_avg_sq", zeros), state.get("s", zeros)
        numerators.append(g.astype(np.float64) * (s / (np.sqrt(v) + eps)).astype(np.float64))
        state["exp_avg"] = beta1 * state.get("exp_avg", zeros) + dlr * (1.0 - beta1) * g
        state["exp_avg_sq"] = beta2 * v + (1.0 - beta2) * g * g
        state["s"] = q * s + dlr * (1.0 - q) * g
        denominators.append(np.abs(state["s"]).astype(np.float64))
    numerator, denominator = sum_over_all(numerators), sum_over_all(denominators)
    moves, new = 1.0, d
    if denominator == 0:
        keep, moves = 1.0, 0.0
    else:
        r = q * r + (1.0 - q) * (dlr * numerator)
        if lr > 0:
            new = max(d, min(r / ((1.0 - q) * denominator), d * o.get("growth_rate", math.inf)))
    for p, state in zip(params, states, strict=True):
        p[...] = keep * p - moves * state["exp_avg"] / (np.sqrt(state["exp_avg_sq"]) + eps)
    all_of_them.update(d=new, r=r)


Model = Callable[[Arrays, Arrays, list[State], State, int, State], None]
ROWS: list[tuple[Any, Model, State]] = [
    (fastgd.Prodigy, prodigy, {}),
    (fastgd.Prodigy, prodigy, dict(weight_decay=0.1, d0=1e-3, d_coef=2.0, growth_rate=1.5, use_bias_correction=True)),
    (
        fastgd.Prodigy, prodigy,
        dict(lr=0.5, betas=(0.0, 0.9), beta3=0.8, weight_decay=0.1, decouple=False, safeguard_warmup=True, d0=1e-2,
             maximize=True),
    ),
    (fastgd.DAdaptAdam, dadapt_adam, {}),
    (
        fastgd.DAdaptAdam, dadapt_adam,
        dict(lr=0.5, weight_decay=0.1, d0=1e-2, growth_rate=1.02, use_bias_correction=True, maximize=True),
    ),
    (fastgd.DAdaptAdam, dadapt_adam, dict(betas=(0.8, 0.9), weight_decay=0.1, decouple=False, d0=1e-3)),
]  # fmt: skip
every_row = pytest.mark.parametrize(
    ("cls", "model", "options"), ROWS, ids=[f"{row[0].__name__}-{i}" for i, row in enumerate(ROWS)]
)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
@every_row
@by_isa
def test_the_bits_of_the_reference(isa: str, cls: Any, model: Model, options: State, dtype: type) -> None:
    rng = np.random.default_rng(3)
    expected = [gradient(rng, size, dtype) for size in SIZES]
    params = [placed(p, i % 3) for i, p in enumerate(expected)]
    states: list[State] = [{} for _ in SIZES]
    opt, all_of_them = cls(params, **options), State()
    for t in range(1, 9):
        # Downhill with noise, so that the rate is found to be too small.
        grads = [dtype(-1 if options.get("maximize") else 1) * (p + gradient(rng, p.size, dtype)) for p in expected]
        with instruction_set(isa), threads([1, 2, 3, 7][t % 4]):
            opt.step(grads)
        model(expected, grads, states, all_of_them, t, options)
        for i, (param, twin) in enumerate(zip(params, expected, strict=True)):
            assert_equal(param, twin, f"step {t}, parameter {i}")
    for i, state in enumerate(states):
        for key, value in state.items():
            assert_equal(opt.state[i][key], value, f"{key} of {i}")
        assert opt.state[i]["d"] == all_of_them["d"] == opt.d
    assert opt.d > options.get("d0", 1e-6)


@every_row
def test_layouts(cls: Any, model: Model, options: State) -> None:
    """Terms are summed in the order of memory; 0 to 4 axes, of one, of none."""
    shapes: list[tuple[int, ...]] = [(), (1,), (0, 3), (37, 41), (5, 1, 7), (2, 3, 4, 5), (1, 1)]
    rng = np.random.default_rng(5)
    params = [np.asarray(gradient(rng, shape, np.float64), order="F") for shape in shapes]
    flat = [param.ravel(order="F").copy() for param in params]
    opt, states, all_of_them = cls(params, **options), [State() for _ in shapes], State()
    for t in range(1, 6):
        grads = [np.asarray(gradient(rng, shape, np.float64), order="F") for shape in shapes]
        opt.step(grads)
        model(flat, [grad.ravel(order="F") for grad in grads], states, all_of_them, t, options)
        for param, twin in zip(params, flat, strict=True):
            assert_equal(param.ravel(order="F"), twin, f"step {t}")


@pytest.mark.parametrize("cls", [fastgd.Prodigy, fastgd.DAdaptAdam])
def test_zero_gradients_move_nothing(cls: Any) -> None:
    w = np.array([1.0, -2.0])
    opt = cls(w, weight_decay=0.1)
    for _ in range(3):
        opt.step(np.zeros(2))
    assert_same(w, np.array([1.0, -2.0]))
    assert opt.d == 1e-6
    opt.step(np.ones(2))
    assert (w != [1.0, -2.0]).all()


@pytest.mark.parametrize("cls", [fastgd.Prodigy, fastgd.DAdaptAdam])
def test_groups_share_their_sums(cls: Any) -> None:
    rng = np.random.default_rng(9)
    one = [rng.standard_normal(7), rng.standard_normal(5)]
    two = [p.copy() for p in one]
    opt = cls(one, d0=1e-3)
    other = cls([{"params": two[0]}, {"params": two[1], "weight_decay": 0.0}], d0=1e-3)
    for _ in range(6):
        grads = [rng.standard_normal(7), rng.standard_normal(5)]
        opt.step(grads)
        other.step(grads)
    assert_same(two, one)
    assert opt.d == other.d > 1e-3


@pytest.mark.parametrize("cls", [fastgd.Prodigy, fastgd.DAdaptAdam])
def test_state_resumes(cls: Any, tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    w = rng.standard_normal(9)
    opt = cls(w, lr=fastgd.schedules.cosine(1.0, 30), d0=1e-3)
    for _ in range(5):
        opt.step(rng.standard_normal(9))
    fastgd.save(tmp_path / "run.safetensors", opt)
    copied = w.copy()
    other = cls(copied, lr=fastgd.schedules.cosine(1.0, 30))
    fastgd.load(tmp_path / "run.safetensors", other)
    assert other.d == opt.d
    grad = rng.standard_normal(9)
    opt.step(grad)
    other.step(grad)
    assert_same((copied, other.d), (w, opt.d))


@pytest.mark.parametrize("cls", [fastgd.Prodigy, fastgd.DAdaptAdam])
def test_it_learns_the_digits_without_a_rate(cls: Any) -> None:
    data, params = digits.load(), digits.initial()
    opt = cls(params)
    rng = np.random.default_rng(0)
    for _ in range(digits.EPOCHS):
        for x, y in digits.batches(data, rng):
            opt.step(digits.loss_and_gradients(params, x, y)[1])
    right = digits.forward(params, data.x_test)[1].argmax(axis=1) == data.y_test
    assert right.mean() > digits.REQUIRED_ACCURACY


REFUSED: list[tuple[Any, type[Exception], str]] = [
    (lambda: fastgd.Prodigy(np.ones(2), d0=0.0), ValueError, "d0 must be above 0, got 0.0"),
    (lambda: fastgd.Prodigy(np.ones(2), eps=0.0), ValueError, "eps must be above 0, got 0.0"),
    (lambda: fastgd.Prodigy(np.ones(2), beta3=1.0), ValueError, "beta3 must be in (0, 1), got 1.0"),
    (lambda: fastgd.Prodigy(np.ones(2), growth_rate=0.5), ValueError, "growth_rate must be at least 1, got 0.5"),
    (lambda: fastgd.Prodigy(np.ones(2), growth_rate=math.inf), ValueError, "growth_rate must be finite, got inf"),
    (lambda: fastgd.DAdaptAdam(np.ones(2), growth_rate="a"), TypeError, "growth_rate must be a real number, got str"),
    (lambda: fastgd.DAdaptAdam(np.ones(2), betas=(1.0, 0.9)), ValueError, "betas[0] must be in [0, 1), got 1.0"),
]


@pytest.mark.parametrize(("call", "error", "message"), REFUSED, ids=[row[2] for row in REFUSED])
def test_bad_input(call: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()


@pytest.mark.parametrize("name", ["Prodigy", "DAdaptAdam"])
def test_torch_has_the_same_bits(name: str) -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    rng = np.random.default_rng(13)
    params = [rng.standard_normal(shape).astype(np.float32) for shape in [(3, 4), (5,), ()]]
    tensors = [torch.nn.Parameter(torch.from_numpy(p.copy())) for p in params]
    opt = getattr(fastgd, name)(params, d0=1e-3, weight_decay=0.1)
    other = getattr(fastgd.torch, name)(tensors, d0=1e-3, weight_decay=0.1)
    assert other.d == 1e-3
    for t in range(6):
        grads = [rng.standard_normal(p.shape).astype(np.float32) for p in params]
        opt.step(grads)
        for tensor, grad in zip(tensors, grads, strict=True):
            tensor.grad = torch.from_numpy(np.asarray(grad).copy())
        other.step()
        if t == 2:
            kept = other.state_dict()
            other = getattr(fastgd.torch, name)(tensors)
            other.load_state_dict(kept)
        assert_same([p.detach().numpy() for p in tensors], params)
    assert other.d == opt.d > 1e-3
