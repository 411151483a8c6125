"""The weighted mean of a state and a gradient: its error, at every beta; numbers at the ends of float32's range."""

from fractions import Fraction

import numpy as np
import pytest

import fastgd
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
