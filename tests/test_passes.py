"""Rules of several passes: threads, clipping, progress and formats of what is summed over a parameter."""

from typing import Any

import numpy as np
import pytest

import fastgd
from support import reference, reference_passes
from support.comparing import assert_equal_arrays
from support.running import by_dtype, threads

RULES: dict[str, Any] = {
    "LAMB": (fastgd.LAMB, reference_passes.lamb, dict(lr=0.01)),
    "LARS": (fastgd.LARS, reference_passes.lars, dict(lr=0.1, weight_decay=0.1)),
    "NovoGrad": (fastgd.NovoGrad, reference_passes.novograd, dict(lr=0.01)),
    "AdamW": (fastgd.AdamW, reference.adamw, dict(lr=0.01, cautious=True)),
    "Lion": (fastgd.Lion, reference.lion, dict(lr=0.01, cautious=True)),
    "StableAdamW": (fastgd.StableAdamW, reference_passes.stable_adamw, dict(lr=0.01)),
}
by_rule = pytest.mark.parametrize("name", RULES)
# Some go through their passes at once, and others one pass after the other where threads share a step.
SIZES = (5, 40_001, 0, 300, 100_003, 32_768, 32_769, 1)


def numbers(seed: int, dtype: type) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(size).astype(dtype) for size in SIZES]


@by_rule
@by_dtype
def test_any_number_of_threads_gives_the_same_bits(name: str, dtype: type) -> None:
    make, _, options = RULES[name]
    results = []
    for n in (1, 2, 3, 5, 16):
        params = numbers(0, dtype)
        opt = make(params, **options, max_grad_norm=3.0, max_grad_value=0.01)
        with threads(n):
            for step in range(3):
                opt.step(numbers(step + 1, dtype))
        results.append([p.tobytes() for p in params] + [value.tobytes() for value in opt.state[1].values()])
    assert results.count(results[0]) == len(results)


@by_rule
@by_dtype
@pytest.mark.parametrize("n", [1, 3])
def test_what_is_summed_has_been_scaled_and_clipped(n: int, name: str, dtype: type) -> None:
    make, rule, options = RULES[name]
    params, twins = numbers(0, dtype), numbers(0, dtype)
    opt = make(params, **options, max_grad_value=0.5)
    states: list[dict[str, Any]] = [{} for _ in twins]
    for t in range(1, 4):
        grads = numbers(t, dtype)
        with threads(n):
            opt.step(grads, grad_scale=0.3)
        for twin, grad, state in zip(twins, grads, states, strict=True):
            rule(twin, reference.clipped(grad, 0.3, 0.5), state, t, **options)
    assert_equal_arrays(params, twins, name)


@by_rule
def test_rules_of_one_pass_and_of_several_in_one_training(name: str) -> None:
    """An optimizer has one family, so that they meet in threads of a process alone."""
    make, _, options = RULES[name]
    params, twins = numbers(0, np.float32), numbers(0, np.float32)
    plain, plain_twins = numbers(9, np.float32), numbers(9, np.float32)
    for some, others, n in ((params, plain, 3), (twins, plain_twins, 1)):
        opts = make(some, **options), fastgd.AdamW(others)
        with threads(n):
            for step in range(3):
                for opt in opts:
                    opt.step(numbers(step + 1, np.float32))
    assert_equal_arrays(params, twins, name)
    assert_equal_arrays(plain, plain_twins, "adamw")


@by_rule
def test_groups_have_sums_of_their_own(name: str) -> None:
    make, _, options = RULES[name]
    params, twins = numbers(0, np.float64), numbers(0, np.float64)
    together = make([{"params": params[:3]}, {"params": params[3:], "lr": 0.5}], **options)
    apart = make(twins[:3], **options), make(twins[3:], **{**options, "lr": 0.5})
    for step in range(3):
        grads = numbers(step + 1, np.float64)
        together.step(grads)
        apart[0].step(grads[:3])
        apart[1].step(grads[3:])
    assert_equal_arrays(params, twins, name)


@by_rule
def test_a_training_goes_on_from_its_state(name: str) -> None:
    make, _, options = RULES[name]
    params, twins = numbers(0, np.float32), numbers(0, np.float32)
    opt, other = make(params, **options), make(twins, **options)
    for step in range(2):
        opt.step(numbers(step + 1, np.float32))
        other.step(numbers(step + 1, np.float32))
    resumed = make(twins, **options)
    resumed.load_state_dict(other.state_dict())
    opt.step(numbers(7, np.float32))
    resumed.step(numbers(7, np.float32))
    assert_equal_arrays(params, twins, name)


def test_the_second_moment_of_novograd_is_one_number_for_each_parameter() -> None:
    params = [np.ones(3), np.ones((2, 2))]
    opt = fastgd.NovoGrad(params, betas=(0.5, 0.75))
    opt.step([np.array([0.0, 3.0, 4.0]), np.full((2, 2), 2.0)])
    assert [float(opt.state[i]["exp_avg_sq"]) for i in range(2)] == [25.0, 16.0]
    opt.step([np.zeros(3), np.full((2, 2), 4.0)])
    assert [float(opt.state[i]["exp_avg_sq"]) for i in range(2)] == [18.75, 28.0]


def test_a_norm_of_zero_leaves_the_rate_as_it_is() -> None:
    param = np.zeros(4)
    fastgd.LAMB(param, lr=0.5, eps=0.0, weight_decay=0.1).step(np.full(4, 2.0))
    np.testing.assert_allclose(param, -0.5, rtol=1e-12)
    param = np.ones(4)
    fastgd.LARS(param, lr=0.5, momentum=0.0, weight_decay=0.5).step(np.zeros(4))
    assert_equal_arrays([param], [np.full(4, 0.75)], "LARS")
