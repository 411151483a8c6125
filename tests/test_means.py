"""The weighted mean of a state and a gradient: its error, at every beta; numbers at the ends of float32's range."""

import re
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import functional
from support.comparing import freeze
from support.running import by_dtype, by_isa, instruction_set

BETAS = [0.0, 1e-3, 0.1, 0.3, 0.49, 0.5, 0.51, 0.7, 0.9, 0.99, 0.999]


def moments(beta: float, dtype: type, before: np.ndarray, grad: np.ndarray) -> np.ndarray:
    """exp_avg after a step with `grad`, where it was `before`."""
    opt = fastgd.Adam([np.zeros_like(grad)], betas=(beta, 0.9))
    opt.step([before])
    saved = opt.state_dict()
    saved["state"][0]["exp_avg"] = before
    opt.load_state_dict(saved)
    opt.step([grad])
    return np.array(opt.state[0]["exp_avg"])


@by_isa
@by_dtype
@pytest.mark.parametrize("beta", BETAS)
def test_the_error_of_a_mean(beta: float, dtype: type, isa: str) -> None:
    """Below 3 units in the last place of the larger of the two parts that are added, whichever that is."""
    rng = np.random.default_rng(0)
    before, grad = ((rng.standard_normal(500) * 10.0 ** rng.uniform(-6, 6, 500)).astype(dtype) for _ in range(2))
    with instruction_set(isa):
        found = moments(beta, dtype, before, grad)
    for m, g, result in zip(before.tolist(), grad.tolist(), found.tolist(), strict=True):
        parts = Fraction(beta) * Fraction(m), (1 - Fraction(beta)) * Fraction(g)
        unit = Fraction(float(np.spacing(dtype(max(abs(float(part)) for part in parts)))))
        assert abs(Fraction(result) - sum(parts)) < 3 * unit, (m, g)


@by_dtype
def test_without_momentum_the_mean_is_the_gradient(dtype: type) -> None:
    before, grad = np.array([1e8, -1e3, 3.0, 0.0], dtype), np.array([1.0, 1e-5, 1 / 3, -0.7], dtype)
    assert moments(0.0, dtype, before, grad).tolist() == grad.tolist()


# ---- the ends of float32's range ----------------------------------------------------------------------------------

BEYOND = "these hyperparameters need a number in this step that is beyond float32's range"
LARGEST = float(np.finfo(np.float32).max)
# Class, hyperparameters that are each within float32's range, and whether a scalar made of them is not.
EXTREMES: list[tuple[type[fastgd.Optimizer], dict[str, Any], bool]] = [
    (fastgd.SGD, dict(lr=LARGEST), False),
    (fastgd.Adam, dict(lr=LARGEST), False),
    (fastgd.Adam, dict(lr=LARGEST, betas=(0.999, 0.5)), True),
    (fastgd.AdamW, dict(lr=1e20, weight_decay=1e20), True),
    (fastgd.AdamW, dict(lr=1e10, weight_decay=1e10), False),
    (fastgd.Adamax, dict(lr=LARGEST), True),
    (fastgd.RAdam, dict(lr=1e38), True),
    (fastgd.Adagrad, dict(lr=LARGEST, lr_decay=LARGEST), False),
]


@pytest.mark.parametrize(
    ("cls", "arguments", "beyond"), EXTREMES, ids=lambda value: getattr(value, "__name__", str(value))
)
def test_hyperparameters_whose_product_float32_does_not_hold(cls: Any, arguments: dict[str, Any], beyond: bool) -> None:
    """A zero gradient leaves parameters without decay as they are: no infinity, and no NaN, comes of it."""
    for dtype in (np.float32, np.float64):
        params, zeros = [np.ones(3, dtype), np.ones(2, dtype)], [np.zeros(3, dtype), None]
        opt = cls(params, **arguments)
        before = freeze([params, opt.state_dict()])
        if beyond and dtype is np.float32:
            with pytest.raises(ValueError, match=re.escape(f"param_groups[0]: {BEYOND}")):
                opt.step(zeros)
            assert freeze([params, opt.state_dict()]) == before
            opt.param_groups[0]["lr"] = 0.0
        opt.step(zeros)
        assert np.isfinite(params[0]).all()
        if "weight_decay" not in arguments:
            assert params[0].tolist() == [1.0, 1.0, 1.0]


def test_functions_refuse_them_too() -> None:
    for dtype in (np.float32, np.float64):
        arrays = [np.ones(3, dtype), *(np.zeros(3, dtype) for _ in range(3))]
        if dtype is np.float64:
            functional.adamw(*arrays, step=1, lr=1e20, weight_decay=1e20)
            continue
        with pytest.raises(ValueError, match=BEYOND):
            functional.adamw(*arrays, step=1, lr=1e20, weight_decay=1e20)
        assert arrays[0].tolist() == [1.0, 1.0, 1.0]


def test_a_group_of_both_dtypes_is_refused_for_its_float32() -> None:
    params = [np.ones(2), np.ones(2, np.float32)]
    opt = fastgd.Adamax(params, lr=LARGEST)
    opt.step([np.ones(2), None])
    with pytest.raises(ValueError, match=BEYOND):
        opt.step([None, np.ones(2, np.float32)])
