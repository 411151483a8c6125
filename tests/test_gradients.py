"""Norms, scaling and clipping of gradients: the bits of plain NumPy, and the ends of the range."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

import fastgd
from support import reference
from support.cases import BY_NAME
from support.comparing import assert_equal, assert_equal_arrays, assert_equal_state
from support.running import ISAS, by_dtype, by_isa, gradient, instruction_set, placed, threads

# ---- norms ---------------------------------------------------------------------------------------------------------


def arrays_of_all_kinds(factor: float) -> list[np.ndarray]:
    """Sizes around lanes and blocks, both dtypes, many layouts; enough for a parallel region."""
    rng = np.random.default_rng(3)
    sizes = [0, 1, 15, 16, 17, 4095, 4096, 4097, 100_003]
    arrays = [placed(factor * rng.standard_normal(n), i % 8) for i, n in enumerate(sizes)]
    if 1e-30 < factor < 1e30:
        arrays += [placed((factor * rng.standard_normal(n)).astype(np.float32), 3) for n in (5, 4097, 50_001)]
    arrays.append(np.asfortranarray(factor * rng.standard_normal((67, 71))))
    arrays.append((factor * rng.standard_normal((9, 700, 5))).transpose(1, 2, 0))
    arrays.append((factor * rng.standard_normal((2, 3, 1, 5, 1))).transpose(4, 1, 0, 2, 3))
    arrays.append(np.asarray(factor))
    return arrays


@pytest.mark.parametrize("factor", [1.0, 1e-160, 1e160, 1e-310], ids=str)
def test_norm_bits(factor: Any) -> None:
    arrays = arrays_of_all_kinds(factor)
    with np.errstate(over="ignore", under="ignore"):
        expected = reference.norm(arrays)
    assert 0 < expected < math.inf
    for isa, n in itertools.product(ISAS, [1, 2, 3, 7]):
        with instruction_set(isa), threads(n):
            assert fastgd.grad_norm(arrays) == expected, f"{isa} on {n} threads"


@by_dtype
def test_norm_ignores_layout(dtype: type) -> None:
    values = gradient(np.random.default_rng(5), (6, 5, 700), dtype)
    expected = fastgd.grad_norm(values)
    for order in itertools.permutations(range(3)):
        array = values.transpose(order).copy(order="C").transpose(tuple(np.argsort(order)))
        assert fastgd.grad_norm(array) == expected, order


NORMS = [
    ("no arrays", [], 0.0),
    ("None", [None, None], 0.0),
    ("empty", [np.zeros((0, 3))], 0.0),
    ("zero", [np.zeros(5000)], 0.0),
    ("minus zero", [np.full(5000, -0.0)], 0.0),
    ("0-d", [np.array(-3.0)], 3.0),
    ("exact", [np.full(4, 3.0), np.full(4, 4.0, np.float32)], 10.0),
    ("squares above float32", [np.array([1.5e38, 2e38], np.float32)], 2.5e38),
    ("squares below float32", [np.array([3e-30, 4e-30], np.float32)], 5e-30),
    ("squares above float64", [np.array([3e200, 4e200])], 5e200),
    ("squares below float64", [np.array([3e-200, 4e-200])], 5e-200),
    ("smallest", [np.array([5e-324])], 5e-324),
    ("smallest float32", [np.array([1e-45], np.float32)], float(np.float32(1e-45))),
    ("largest", [np.array([np.finfo(np.float64).max])], np.finfo(np.float64).max),
    ("above float64", [np.full(4, np.finfo(np.float64).max)], math.inf),
    ("infinite", [np.zeros(9), np.array([1.0, -np.inf])], math.inf),
    ("NaN", [np.array([np.inf, np.nan]), np.ones(3)], math.nan),
    ("NaN after infinity", [np.array([np.inf]), np.array([np.nan], np.float32)], math.nan),
]


@pytest.mark.parametrize(("arrays", "expected"), [row[1:] for row in NORMS], ids=[row[0] for row in NORMS])
def test_norm_at_the_ends(arrays: Any, expected: Any) -> None:
    for isa in ISAS:
        with instruction_set(isa):
            actual = fastgd.grad_norm(arrays)
        assert isinstance(actual, float)
        assert actual == pytest.approx(expected, rel=1e-7, abs=0, nan_ok=True)
        assert math.copysign(1, actual) == 1 or math.isnan(actual)


@by_dtype
@pytest.mark.parametrize("max_norm", [0.5, 1e6])
def test_clip_grad_norm(dtype: type, max_norm: Any) -> None:
    rng = np.random.default_rng(11)
    start = [gradient(rng, shape, dtype) for shape in ((1000,), (), (0,), (70, 3))]
    grads = [start[0].copy(), start[1].copy(), None, np.asfortranarray(start[3])]
    total = fastgd.clip_grad_norm_(grads, max_norm)
    assert total == reference.norm(start)
    factor = min(1.0, max_norm / (total + 1e-6))
    expected = [factor * start[0], np.asarray(factor * start[1]), factor * start[3]]
    assert_equal_arrays([grads[0], grads[1], grads[3]], expected, "scaled")


@by_isa
@by_dtype
def test_clip_grad_value(isa: str, dtype: type) -> None:
    start = gradient(np.random.default_rng(13), 1037, dtype, special=True)
    grads = [placed(start, 1), np.asfortranarray(start[:1035].reshape(45, 23))]
    with instruction_set(isa):
        fastgd.clip_grad_value_(grads, 0.25)
    assert_equal(grads[0], np.clip(start, -0.25, 0.25), "clipped")
    assert_equal(grads[1], np.clip(start[:1035].reshape(45, 23), -0.25, 0.25), "clipped in F order")


# ---- within a step -------------------------------------------------------------------------------------------------

CLIPPING = [
    dict(grad_scale=0.3),
    dict(grad_scale=-2.0, max_grad_norm=1.5),
    dict(max_grad_norm=1.5),
    dict(max_grad_norm=1e9),
    dict(max_grad_value=0.05),
    dict(grad_scale=0.3, max_grad_value=0.05),
    dict(grad_scale=1.7, max_grad_norm=1.5, max_grad_value=0.01),
]


@by_dtype
@pytest.mark.parametrize("clipping", CLIPPING, ids="-".join)
@pytest.mark.parametrize(
    "name", ["sgd_l2", "sgd_nesterov_l2_maximize", "adam_l2", "adamw_amsgrad", "lion_decay", "rprop", "radam_l2"]
)
def test_scale_then_norm_then_value_then_sign_then_decay(name: str, clipping: Any, dtype: type) -> None:
    case = BY_NAME[name]
    rng = np.random.default_rng(17)
    shapes = [(3,), (130, 257), (), (513,), (0,)]
    expected = [gradient(rng, shape, dtype) for shape in shapes]
    states: list[dict] = [{} for _ in shapes]
    params = [placed(p, 1) for p in expected]
    grad_scale = clipping.get("grad_scale", 1.0)
    max_norm, max_value = clipping.get("max_grad_norm"), clipping.get("max_grad_value")
    optimizer = case.optimizer(params, **case.arguments, max_grad_norm=max_norm, max_grad_value=max_value)
    for t in range(1, 8):
        grads = [gradient(rng, shape, dtype) for shape in shapes]
        grads[0] = None
        given = grads[1:]
        scale = grad_scale if max_norm is None else reference.clipped_scale(given, grad_scale, max_norm)
        for param, grad, state in zip(expected[1:], given, states[1:], strict=True):
            if max_value is None:
                case.reference(param, grad, state, t, grad_scale=scale, **case.arguments)
            else:
                case.reference(param, reference.clipped(grad, scale, max_value), state, t, **case.arguments)
        with instruction_set(ISAS[t % len(ISAS)]), threads(t % 4 + 1):
            optimizer.step(grads, grad_scale=grad_scale)
        assert_equal_arrays(params, expected, f"step {t}")
        assert optimizer.grad_norm == (None if max_norm is None else reference.norm(given) * abs(grad_scale))
    assert_equal_state(optimizer, states, "after the last step")


@by_isa
@by_dtype
def test_not_finite_gradients_through_clipping(isa: str, dtype: type) -> None:
    """A norm that is not finite spreads to every element; clipping by value limits infinities and keeps NaN."""
    grad = np.array([np.nan, np.inf, -np.inf, 1.0, -0.001] * 7, dtype)
    with instruction_set(isa):
        params = [np.zeros_like(grad) for _ in range(2)]
        fastgd.SGD(params[0], lr=1.0, max_grad_value=0.5).step(grad)
        fastgd.SGD(params[1], lr=1.0, max_grad_norm=0.5).step(grad)
    assert_equal(params[0], -np.clip(grad, -0.5, 0.5), "by value")
    assert np.isnan(params[1]).all()
