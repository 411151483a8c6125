"""Schedules: equal to torch's, optax's and keras' over hundreds of steps; composed, resumed, refused."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from fastgd import schedules as s

STEPS = 400
TOLERANCE = 1e-12


def assert_equal(ours: Callable[[int], float], theirs: list[float], what: str) -> None:
    values = [ours(t) for t in range(len(theirs))]
    assert values == pytest.approx(theirs, rel=TOLERANCE, abs=TOLERANCE * max(theirs)), what


# ---- torch: ours, torch.optim.lr_scheduler's from a base of 0.3 (or several, one after another) -------------------

TORCH: list[tuple[Any, str, dict[str, Any]]] = [
    (s.constant(0.3), "LambdaLR", dict(lr_lambda=lambda t: 1.0)),
    (s.piecewise([5], [0.1, 0.3]), "ConstantLR", {}),
    (s.step(0.3, 30), "StepLR", dict(step_size=30)),
    (s.step(0.3, 7, 0.9), "StepLR", dict(step_size=7, gamma=0.9)),
    (s.multistep(0.3, [1, 20, 21, 300]), "MultiStepLR", dict(milestones=[1, 20, 21, 300])),
    (s.exponential(0.3, 0.98), "ExponentialLR", dict(gamma=0.98)),
    (s.linear(0.1, 5, 0.3), "LinearLR", {}),
    (s.linear(0.3, 200, 0.03), "LinearLR", dict(start_factor=1.0, end_factor=0.1, total_iters=200)),
    (s.polynomial(0.3, 5), "PolynomialLR", {}),
    (s.polynomial(0.3, 333, power=2.5), "PolynomialLR", dict(total_iters=333, power=2.5)),
    (s.cosine(0.3, 50, periodic=True), "CosineAnnealingLR", dict(T_max=50)),
    (s.cosine(0.3, 77, 0.01, periodic=True), "CosineAnnealingLR", dict(T_max=77, eta_min=0.01)),
    (s.warm_restarts(0.3, 30), "CosineAnnealingWarmRestarts", dict(T_0=30)),
    (
        s.warm_restarts(0.3, 7, 0.02, length_factor=2),
        "CosineAnnealingWarmRestarts",
        dict(T_0=7, T_mult=2, eta_min=0.02),
    ),
    (s.cyclic(0.1, 0.5, 40), "CyclicLR", dict(base_lr=0.1, max_lr=0.5, step_size_up=40)),
    (
        s.cyclic(0.1, 0.5, 30, 50, mode="triangular2"),
        "CyclicLR",
        dict(base_lr=0.1, max_lr=0.5, step_size_up=30, step_size_down=50, mode="triangular2"),
    ),
    (
        s.cyclic(0.1, 0.5, 40, 8, mode="exp_range", gamma=0.99),
        "CyclicLR",
        dict(base_lr=0.1, max_lr=0.5, step_size_up=40, step_size_down=8, mode="exp_range", gamma=0.99),
    ),
    (s.one_cycle(0.5, STEPS), "OneCycleLR", dict(max_lr=0.5, total_steps=STEPS)),
    (
        s.one_cycle(0.5, STEPS, pct_start=0.25, div_factor=10, final_div_factor=50, anneal_strategy="linear"),
        "OneCycleLR",
        dict(
            max_lr=0.5, total_steps=STEPS, pct_start=0.25, div_factor=10, final_div_factor=50, anneal_strategy="linear"
        ),
    ),
    (
        s.one_cycle(0.5, STEPS, pct_start=0.4, three_phase=True),
        "OneCycleLR",
        dict(max_lr=0.5, total_steps=STEPS, pct_start=0.4, three_phase=True),
    ),
    (s.one_cycle(0.5, STEPS, pct_start=0.0), "OneCycleLR", dict(max_lr=0.5, total_steps=STEPS, pct_start=0.0)),
]


def torch_rates(scheduler: Any, optimizer: Any, steps: int) -> list[float]:
    rates = []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if len(rates) < steps:
            scheduler.step()
    return rates


@pytest.fixture
def torch_sgd() -> Any:
    torch = pytest.importorskip("torch")
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.3, momentum=0.5)


@pytest.mark.parametrize(("ours", "name", "arguments"), TORCH, ids=lambda v: repr(v) if callable(v) else None)
def test_equals_torch(ours: Any, name: str, arguments: dict[str, Any], torch_sgd: Any) -> None:
    import torch

    scheduler = getattr(torch.optim.lr_scheduler, name)(torch_sgd, **arguments)
    assert_equal(ours, torch_rates(scheduler, torch_sgd, STEPS), name)


@pytest.mark.filterwarnings("ignore:The epoch parameter in:UserWarning")
def test_warmup_and_join_equal_torchs_sequence(torch_sgd: Any) -> None:
    from torch.optim import lr_scheduler as t

    parts = [
        t.LinearLR(torch_sgd, 0.25, total_iters=20),
        t.CosineAnnealingLR(torch_sgd, 100),
        t.ExponentialLR(torch_sgd, 0.9),
    ]
    theirs = torch_rates(t.SequentialLR(torch_sgd, parts, [20, 150]), torch_sgd, STEPS)
    first = s.warmup(s.cosine(0.3, 100, periodic=True), 20, start_lr=0.075)
    assert_equal(s.join([first, s.exponential(0.3, 0.9)], [150]), theirs, "SequentialLR")


# ---- optax --------------------------------------------------------------------------------------------------------

OPTAX: list[tuple[Any, Callable[[Any], Any]]] = [
    (s.constant(0.3), lambda o: o.constant_schedule(0.3)),
    (s.linear(0.3, 100, 0.1), lambda o: o.linear_schedule(0.3, 0.1, 100)),
    (s.polynomial(0.3, 100, 0.1, 2), lambda o: o.polynomial_schedule(0.3, 0.1, 2, 100)),
    (s.exponential(0.3, 0.5, 10), lambda o: o.exponential_decay(0.3, 10, 0.5)),
    (s.exponential(0.3, 0.5, 10, end_lr=0.01), lambda o: o.exponential_decay(0.3, 10, 0.5, end_value=0.01)),
    (s.exponential(0.3, 1.5, 10, end_lr=2.0), lambda o: o.exponential_decay(0.3, 10, 1.5, end_value=2.0)),
    (s.exponential(0.3, 0.5, 10, staircase=True), lambda o: o.exponential_decay(0.3, 10, 0.5, staircase=True)),
    (s.cosine(0.3, 100), lambda o: o.cosine_decay_schedule(0.3, 100)),
    (s.cosine(0.3, 100, 0.03), lambda o: o.cosine_decay_schedule(0.3, 100, alpha=0.1)),
    (s.cosine(0.3, 100, 0.03, exponent=1.5), lambda o: o.cosine_decay_schedule(0.3, 100, alpha=0.1, exponent=1.5)),
    (
        s.piecewise([10, 200], [0.3, 0.15, 0.6]),
        lambda o: o.piecewise_constant_schedule(0.3, {10: 0.5, 200: 4.0}),
    ),
    (
        s.piecewise([10, 200], [0.3, 0.15, 0.6], "linear"),
        lambda o: o.piecewise_interpolate_schedule("linear", 0.3, {10: 0.5, 200: 4.0}),
    ),
    (
        s.piecewise([10, 200], [0.3, 0.15, 0.6], "cosine"),
        lambda o: o.piecewise_interpolate_schedule("cosine", 0.3, {10: 0.5, 200: 4.0}),
    ),
    (
        s.piecewise([90, 300], [0.02, 0.5, 0.02 / 1e4], "cosine"),
        lambda o: o.cosine_onecycle_schedule(300, 0.5),
    ),
    (
        s.piecewise([90, 255, 300], [0.02, 0.5, 0.02, 0.02 / 1e4], "linear"),
        lambda o: o.linear_onecycle_schedule(300, 0.5),
    ),
    (s.warmup(0.3, 50), lambda o: o.warmup_constant_schedule(0.0, 0.3, 50)),
    (
        s.warmup(s.cosine(0.3, 250, 0.01), 50, 0.1),
        lambda o: o.warmup_cosine_decay_schedule(0.1, 0.3, 50, 300, 0.01),
    ),
    (
        s.warmup(s.exponential(0.3, 0.5, 20), 50, 0.1),
        lambda o: o.warmup_exponential_decay_schedule(0.1, 0.3, 50, 20, 0.5),
    ),
    (
        s.join([0.1, s.linear(0.3, 30), s.cosine(0.2, 60)], [100, 150]),
        lambda o: o.join_schedules(
            [o.constant_schedule(0.1), o.linear_schedule(0.3, 0.0, 30), o.cosine_decay_schedule(0.2, 60)], [100, 150]
        ),
    ),
    (
        s.join([s.warmup(s.cosine(0.3, 80), 20), s.warmup(s.cosine(0.1, 180, 0.01), 20, 0.05)], [100]),
        lambda o: o.sgdr_schedule(
            [
                dict(init_value=0.0, peak_value=0.3, warmup_steps=20, decay_steps=100),
                dict(init_value=0.05, peak_value=0.1, warmup_steps=20, decay_steps=200, end_value=0.01),
            ]
        ),
    ),
]


@pytest.mark.parametrize(("ours", "make"), OPTAX, ids=lambda v: repr(v) if isinstance(v, s.Schedule) else "")
def test_equals_optax(ours: Any, make: Callable[[Any], Any]) -> None:
    jax = pytest.importorskip("jax")
    optax = pytest.importorskip("optax")
    with jax.enable_x64(True):
        steps = jax.numpy.arange(STEPS, dtype=jax.numpy.float64)
        theirs = jax.vmap(make(optax))(steps)
        assert_equal(ours, np.broadcast_to(np.asarray(theirs, np.float64), STEPS).tolist(), repr(ours))


# ---- keras --------------------------------------------------------------------------------------------------------

KERAS: list[tuple[Any, str, dict[str, Any]]] = [
    (s.exponential(0.3, 0.5, 10), "ExponentialDecay", dict(decay_steps=10, decay_rate=0.5)),
    (
        s.exponential(0.3, 0.5, 10, staircase=True),
        "ExponentialDecay",
        dict(decay_steps=10, decay_rate=0.5, staircase=True),
    ),
    (s.inverse_time(0.3, 0.1), "InverseTimeDecay", dict(decay_steps=1, decay_rate=0.1)),
    (s.inverse_time(0.3, 0.5, 10), "InverseTimeDecay", dict(decay_steps=10, decay_rate=0.5)),
    (
        s.inverse_time(0.3, 0.5, 10, staircase=True),
        "InverseTimeDecay",
        dict(decay_steps=10, decay_rate=0.5, staircase=True),
    ),
    (s.polynomial(0.3, 90, 0.01, 2), "PolynomialDecay", dict(decay_steps=90, end_learning_rate=0.01, power=2.0)),
    (
        s.polynomial(0.3, 90, 0.01, 2, cycle=True),
        "PolynomialDecay",
        dict(decay_steps=90, end_learning_rate=0.01, power=2.0, cycle=True),
    ),
    (s.cosine(0.3, 100, 0.03), "CosineDecay", dict(decay_steps=100, alpha=0.1)),
    (
        s.warmup(s.cosine(0.5, 100), 20, 0.3),
        "CosineDecay",
        dict(decay_steps=100, warmup_target=0.5, warmup_steps=20),
    ),
    (
        s.warm_restarts(0.3, 15, length_factor=2, lr_factor=0.8),
        "CosineDecayRestarts",
        dict(first_decay_steps=15, t_mul=2.0, m_mul=0.8),
    ),
    (
        s.warm_restarts(0.3, 15, length_factor=1.5),
        "CosineDecayRestarts",
        dict(first_decay_steps=15, t_mul=1.5),
    ),
    (s.warm_restarts(0.3, 15, lr_factor=0.9), "CosineDecayRestarts", dict(first_decay_steps=15, t_mul=1.0, m_mul=0.9)),
]


@pytest.fixture(scope="module")
def keras() -> Any:
    os.environ["KERAS_BACKEND"] = "torch"  # the only one here that computes in double
    keras = pytest.importorskip("keras")
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    yield keras
    keras.config.set_floatx(before)


@pytest.mark.parametrize(("ours", "name", "arguments"), KERAS, ids=lambda v: repr(v) if callable(v) else None)
def test_equals_keras(ours: Any, name: str, arguments: dict[str, Any], keras: Any) -> None:
    theirs = getattr(keras.optimizers.schedules, name)(0.3, **arguments)
    assert_equal(ours, [float(theirs(t)) for t in range(STEPS)], name)


def test_piecewise_equals_keras_with_boundaries_one_less(keras: Any) -> None:
    theirs = keras.optimizers.schedules.PiecewiseConstantDecay([9, 199], [0.3, 0.2, 0.1])
    assert_equal(s.piecewise([10, 200], [0.3, 0.2, 0.1]), [float(theirs(t)) for t in range(STEPS)], "piecewise")


# ---- plateau ------------------------------------------------------------------------------------------------------

LOSSES = {
    "falls, then stalls": [1 / (1 + t) if t < 30 else 0.03 for t in range(150)],
    "noise": np.random.default_rng(3).normal(1, 1, 300).tolist(),
    "never better": [1.0] * 100,
    "nan and inf": [1.0, float("nan"), 0.5, float("inf"), float("-inf"), float("nan"), *[0.4] * 60],
}
PLATEAUS: list[dict[str, Any]] = [
    {},
    dict(factor=0.5, patience=2, cooldown=3),
    dict(factor=0.5, patience=0, min_lr=0.01),
    dict(mode="max", patience=3, factor=0.3),
    dict(mode="max", patience=3, threshold=0.2, threshold_mode="abs"),
    dict(threshold=0.1, patience=4, threshold_mode="abs"),
    dict(factor=0.9, patience=1, eps=0.02),
]


@pytest.mark.parametrize("arguments", PLATEAUS, ids=str)
@pytest.mark.parametrize("losses", LOSSES)
def test_plateau_equals_torch(losses: str, arguments: dict[str, Any], torch_sgd: Any) -> None:
    import torch

    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(torch_sgd, **arguments)
    ours = s.plateau(0.3, **arguments)
    for t, loss in enumerate(LOSSES[losses]):
        theirs.step(loss)
        assert ours.update(loss) == ours(t) == torch_sgd.param_groups[0]["lr"], t
    reduced = ours.lr < 0.3
    assert reduced or "eps" not in arguments


def test_plateau_reduces() -> None:
    lr = s.plateau(0.1, patience=1)
    assert [lr.update(1.0) for _ in range(5)] == pytest.approx([0.1, 0.1, 0.01, 0.01, 0.001])


def test_plateau_acts_below_zero() -> None:
    lr = s.plateau(1.0, patience=2, factor=0.5)
    assert [lr.update(-1.0) for _ in range(8)] == [1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25]


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
@pytest.mark.parametrize("threshold", [0.0, 2**-13, 0.25, 1.0, 3.0])
@pytest.mark.parametrize("best", [-2.0, -0.0, 0.0, 2.0])
def test_what_plateau_takes_for_progress(mode: str, threshold_mode: str, threshold: float, best: float) -> None:
    """A loss is better if it passes the best one by more than the margin, on either side of zero."""
    margin = threshold * abs(best) if threshold_mode == "rel" else threshold
    for loss in (
        best - 2 * margin,
        best - margin,
        best - margin / 2,
        best,
        best + margin,
        best + 2 * margin,
        -9.0,
        9.0,
    ):
        lr = s.plateau(1.0, mode=mode, threshold=threshold, threshold_mode=threshold_mode)
        lr.best = best
        lr.update(loss)
        better = loss < best - margin if mode == "min" else loss > best + margin
        assert (lr.num_bad_epochs == 0) is better, loss


# ---- the documents' own numbers -----------------------------------------------------------------------------------


def test_recursive_inverse_time_is_the_assignment_in_a_loop() -> None:
    ours, literal = s.inverse_time(0.1, 0.1, recursive=True), []
    lr = 0.1
    for epoch in range(300):
        lr = lr / (1 + 0.1 * epoch)
        literal.append(lr)
    assert [round(lr, 4) for lr in literal[:3]] == [0.1, 0.0909, 0.0758]
    assert [ours(t) for t in range(300)] == literal
    assert [ours(t) for t in (299, 5, 0, 7, 6)] == [literal[t] for t in (299, 5, 0, 7, 6)]
    epochs = s.inverse_time(0.1, 0.1, steps=10, recursive=True)
    assert [epochs(t) for t in range(3000)] == [literal[t // 10] for t in range(3000)]
    assert ours(10**9) == 0.0


def test_closed_inverse_time() -> None:
    ours = s.inverse_time(0.1, 0.1)
    assert [ours(t) for t in range(50)] == [0.1 / (1 + 0.1 * t) for t in range(50)]
