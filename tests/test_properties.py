"""fastgd equals reference.py bit for bit, whatever the shapes, layouts, hyperparameters and gaps in the gradients."""

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import fastgd
from support import reference
from support import reference_later as later
from support.comparing import assert_equal_arrays, assert_equal_state
from support.running import DTYPES, ISAS, gradient, instruction_set, placed, threads

quick = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])

flags = st.booleans()
rates = st.floats(0, 10, allow_subnormal=False)
# Below, float32 rounds to 0 what is not 0; the kernels then leave the decay out.
decays = st.sampled_from([0.0, 0.0, 1e-4, 0.1, 1.5])
fractions = st.floats(0, 1)
betas = st.tuples(*[st.floats(0, 1, exclude_max=True)] * 2)
inner = st.floats(0, 1, exclude_min=True, exclude_max=True)
# A power of what is smaller would be subnormal, and then only nearly the right one.
lrs = st.sampled_from([0.0, 1.0]) | st.floats(1e-9, 10)
triples = st.tuples(*[st.floats(0, 1, exclude_max=True)] * 3)
epsilons = st.sampled_from([0.0, 1e-30, 1e-8, 1e-3, 1.0])
common = dict(lr=rates, maximize=flags)

# Class, reference, strategies of its hyperparameters.
OPTIMIZERS: list[tuple[type[fastgd.Optimizer], Any, dict[str, Any]]] = [
    (fastgd.SGD, reference.sgd, dict(momentum=rates, dampening=st.floats(-2, 2), weight_decay=decays)),
    (fastgd.SGD, reference.sgd, dict(momentum=st.floats(0.01, 2), nesterov=st.just(True), weight_decay=decays)),
    (
        fastgd.SGD,
        reference.sgd,
        dict(momentum=st.floats(0.01, 0.99), momentum_form=st.just("ema"), nesterov=flags, weight_decay=decays),
    ),
    (
        fastgd.SignSGD,
        reference.sign_sgd,
        dict(momentum=st.floats(0, 1, exclude_max=True), weight_decay=decays, decoupled_weight_decay=flags),
    ),
    (fastgd.Lion, reference.lion, dict(betas=betas, weight_decay=decays)),
    (
        fastgd.Adagrad,
        reference.adagrad,
        dict(lr_decay=rates, weight_decay=decays, initial_accumulator_value=rates, eps=epsilons, eps_root=epsilons),
    ),
    (fastgd.Adadelta, reference.adadelta, dict(rho=fractions, eps=epsilons, weight_decay=decays)),
    (
        fastgd.RMSprop,
        reference.rmsprop,
        dict(alpha=fractions, momentum=rates, centered=flags, weight_decay=decays, eps=epsilons, eps_root=epsilons),
    ),
    (
        fastgd.Rprop,
        reference.rprop,
        dict(
            etas=st.tuples(st.floats(0.01, 0.99), st.floats(1.01, 9)),
            step_sizes=st.tuples(st.floats(1e-9, 1e-3), st.floats(1e-2, 1e3)),
        ),
    ),
    (
        fastgd.Adam,
        reference.adam,
        dict(
            betas=betas, amsgrad=flags, decoupled_weight_decay=flags, weight_decay=decays, eps=epsilons,
            eps_root=epsilons, eps_hat=flags,
        ),
    ),
    (
        fastgd.AdamW,
        reference.adamw,
        dict(betas=betas, amsgrad=flags, weight_decay=decays, eps=epsilons, eps_root=epsilons, eps_hat=flags),
    ),
    (fastgd.Adamax, reference.adamax, dict(betas=betas, eps=epsilons, weight_decay=decays)),
    (
        fastgd.NAdam,
        reference.nadam,
        dict(
            betas=betas, momentum_decay=rates, decoupled_weight_decay=flags, weight_decay=decays, eps=epsilons,
            eps_root=epsilons,
        ),
    ),
    (
        fastgd.RAdam,
        reference.radam,
        dict(betas=betas, decoupled_weight_decay=flags, weight_decay=decays, eps=epsilons, eps_root=epsilons),
    ),
    (
        fastgd.ASGD,
        reference.asgd,
        dict(lambd=rates, alpha=st.floats(0, 1), t0=st.floats(0, 6), weight_decay=decays),
    ),
    (fastgd.AdaBelief, later.adabelief, dict(betas=betas, eps=epsilons, weight_decay=decays)),
    (
        fastgd.Yogi,
        later.yogi,
        dict(betas=betas, eps=epsilons, initial_accumulator_value=rates, weight_decay=decays),
    ),
    (
        fastgd.ADOPT,
        later.adopt,
        dict(betas=betas, eps=epsilons, clip_exponent=st.floats(0, 2), weight_decay=decays),
    ),
    (
        fastgd.AdEMAMix,
        later.ademamix,
        dict(betas=triples, alpha=rates, t_alpha=rates, t_beta3=rates, eps=epsilons, weight_decay=decays),
    ),
    (fastgd.Adan, later.adan, dict(betas=triples, eps=epsilons, weight_decay=decays, no_prox=flags)),
    (
        fastgd.Ftrl,
        later.ftrl,
        dict(
            lr=st.floats(1e-9, 10), initial_accumulator_value=rates, l1_regularization_strength=rates,
            l2_regularization_strength=decays, l2_shrinkage_regularization_strength=decays, beta=rates,
        ),
    ),
    (
        fastgd.ScheduleFreeSGD,
        later.schedule_free_sgd,
        dict(
            lr=lrs, momentum=inner, weight_decay=decays, warmup_steps=rates, r=st.floats(0, 2),
            weight_lr_power=st.floats(0, 3),
        ),
    ),
    (
        fastgd.ScheduleFreeAdamW,
        later.schedule_free_adamw,
        dict(
            lr=lrs, betas=st.tuples(inner, st.floats(0, 1, exclude_max=True)), eps=epsilons, weight_decay=decays,
            warmup_steps=rates, r=st.floats(0, 2), weight_lr_power=st.floats(0, 3),
        ),
    ),
    (
        fastgd.ScheduleFreeRAdam,
        later.schedule_free_radam,
        dict(
            lr=lrs, betas=st.tuples(inner, st.floats(0, 1, exclude_max=True)), eps=epsilons, weight_decay=decays,
            r=st.floats(0, 2), weight_lr_power=st.floats(0, 3), silent_sgd_phase=flags,
        ),
    ),
]  # fmt: skip


@st.composite
def layouts(draw: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """A shape, and the order of its axes in memory."""
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=9))
    return shape, tuple(draw(st.permutations(range(len(shape)))))


def laid_out(values: np.ndarray, order: tuple[int, ...], shift: int) -> np.ndarray:
    """A copy with the axes in that order in memory, `shift` elements off a cache line."""
    return placed(values.transpose(order).copy(order="C"), shift).transpose(tuple(np.argsort(order)))


@quick
@given(st.data())
def test_equals_the_reference(data: Any) -> None:
    optimizer_class, rule, hyperparameters = data.draw(st.sampled_from(OPTIMIZERS))
    arguments = data.draw(st.fixed_dictionaries({**common, **hyperparameters}))
    kinds = data.draw(
        st.lists(st.tuples(layouts(), st.sampled_from(DTYPES), st.integers(0, 15)), min_size=1, max_size=5)
    )
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    expected = [gradient(rng, shape, dtype) for (shape, _), dtype, _ in kinds]
    params = [laid_out(p, order, shift) for p, ((_, order), _, shift) in zip(expected, kinds, strict=True)]
    states: list[dict[str, Any]] = [{} for _ in kinds]
    steps = [0] * len(kinds)
    optimizer = optimizer_class(params, **arguments)
    isa = data.draw(st.sampled_from(ISAS))
    for _ in range(data.draw(st.integers(1, 7))):
        present = data.draw(st.lists(flags, min_size=len(kinds), max_size=len(kinds)))
        scale = data.draw(st.sampled_from([1.0, 1.0, 0.25, -3.7]))
        grads: list[np.ndarray | None] = []
        for i, ((shape, order), dtype, shift) in enumerate(kinds):
            grad = gradient(rng, shape, dtype, special=True)
            grads.append(laid_out(grad, order, 15 - shift) if present[i] else None)
            if present[i]:
                steps[i] += 1
                with np.errstate(all="ignore"):
                    rule(expected[i], grad, states[i], steps[i], grad_scale=scale, **arguments)
        with instruction_set(isa):
            optimizer.step(grads, grad_scale=scale)
        assert_equal_arrays(params, expected, f"{arguments}")
    assert_equal_state(optimizer, states, f"{arguments}")


@quick
@given(st.data())
def test_norm_equals_the_reference(data: Any) -> None:
    kinds = data.draw(st.lists(st.tuples(layouts(), st.sampled_from(DTYPES)), max_size=6))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    factor = 10.0 ** data.draw(st.integers(-200, 200))
    values, arrays = [], []
    for (shape, order), dtype in kinds:
        values.append((gradient(rng, shape, np.float64) * (factor if dtype is np.float64 else 1.0)).astype(dtype))
        arrays.append(laid_out(values[-1], order, len(arrays)))
    with np.errstate(all="ignore"):
        expected = reference.norm(values)
    with instruction_set(data.draw(st.sampled_from(ISAS))), threads(data.draw(st.integers(1, 4))):
        assert fastgd.grad_norm(arrays) == expected
