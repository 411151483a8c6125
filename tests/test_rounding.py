"""Rounding at random, of parameters and of state that hardly moves in a step."""

import numpy as np

import fastgd
from fastgd.engine import dispatch
from fastgd.engine import formats as engine_formats
from support.comparing import assert_equal
from support.formats import BFLOAT16, QUICK, SEED, SLOW


def test_each_state_is_known_to_be_slow_or_quick() -> None:
    keys = {key for _, states in dispatch.rules().values() for key in states}
    assert keys <= SLOW | QUICK
    assert engine_formats.SLOW == SLOW


def rounded(values: np.ndarray, steps: int, seed: int = SEED) -> list[np.ndarray]:
    """What steps that add nothing make of a parameter: SGD with its gradient at 1 and a rate of 0 rounds again."""
    ends = []
    for k in range(steps):
        w = np.zeros(values.size, BFLOAT16)
        opt = fastgd.SGD([w], lr=1.0, rounding="stochastic", seed=seed + k)
        opt.step([-values])
        ends.append(w.astype(np.float64))
    return ends


def test_rounding_at_random_is_exact_in_the_mean() -> None:
    """Representable numbers stay; others go to either neighbour, as often as they are near it."""
    rng = np.random.default_rng(2)
    codes = rng.standard_normal(1000).astype(BFLOAT16).astype(np.float32)
    assert_equal(rounded(codes, 1)[0], codes.astype(np.float64), "representable")
    for share in (1 / 16, 0.25, 0.5, 0.9):
        values = np.full(100_000, 1 + share / 128, np.float32)
        ends = rounded(values, 4)
        for end in ends:
            assert set(np.unique(end)) == {1.0, 1 + 1 / 128}
            up = (end > 1).mean()
            deviation = (share * (1 - share) / end.size) ** 0.5
            assert abs(up - share) < 4 * deviation
            assert abs(np.corrcoef(end[:-1], end[1:])[0, 1]) < 4 / end.size**0.5
        assert abs(np.corrcoef(ends)[0, 1:]).max() < 4 / values.size**0.5


def test_rounding_at_random_makes_no_infinity_and_no_number_of_nan() -> None:
    most = np.float32(3.3895314e38)
    with np.errstate(over="ignore"):
        values = np.array([most, -most, most * np.float32(1.001), np.inf, -np.inf, np.nan, 1e-45, 0.0], np.float32)
        expected = values.astype(BFLOAT16)
    for seed in range(50):
        w = np.zeros(8, BFLOAT16)
        fastgd.SGD([w], lr=1.0, rounding="stochastic", seed=seed).step([-values])
        assert_equal(w[:6], expected[:6], "the largest and what is beyond")
        assert w[7] == 0
        assert w[6] in (0, np.float32(9.2e-41).astype(BFLOAT16))


def test_small_steps_are_not_lost() -> None:
    """A thousand steps of 1e-4 from 1, each less than half a unit; and a second moment that decays."""
    w = np.ones(4096, BFLOAT16)
    opt = fastgd.SGD([w], lr=1e-4, rounding="stochastic")
    for _ in range(1000):
        opt.step([np.ones(4096, BFLOAT16)])
    assert abs(w.astype(float).mean() - 0.9) < 0.003
    w = np.zeros(4096, BFLOAT16)
    opt = fastgd.AdamW([w], lr=1e-3, state_dtype="bfloat16")
    for t in range(2300):
        opt.step([np.full(4096, t < 300, BFLOAT16)])
    exact = (1 - 0.999**300) * 0.999**2000
    assert abs(opt.state[0]["exp_avg_sq"].astype(float).mean() / exact - 1) < 0.05


def test_seeds_and_parameters_have_bits_of_their_own() -> None:
    values = np.full(1000, 1 + 1 / 300, np.float32)
    one, other = rounded(values, 2)
    assert 0 < (one != other).sum() < 1000
    params = [np.zeros(1000, BFLOAT16) for _ in range(2)]
    fastgd.SGD(params, lr=1.0, rounding="stochastic", seed=SEED).step([-values, -values])
    assert_equal(params[0].astype(np.float64), one, "the first parameter")
    assert 0 < (params[0] != params[1]).sum() < 1000
