"""
The numbers are those of the papers: every rule against its textbook form, and the cases that implementations get wrong.
"""

import math
import threading
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd.optimizers.schedule_free import ScheduleFree
from fastgd.tools.bench import plain
from support.cases import BY_NAME, CASES, Case, every_case
from support.comparing import assert_equal, assert_equal_state
from support.running import by_dtype, by_isa, gradient, instruction_set, specials, threads

TOLERANCE = 1e-13  # of parameters in [1, 2), after 25 steps in float64: some 500 roundings


def moves(case: Case) -> bool:
    """Whether a parameter moves under a zero gradient, or goes into its own state."""
    restless = fastgd.ASGD, fastgd.AdamW, fastgd.LAMB, fastgd.StableAdamW, fastgd.Yogi, fastgd.Ftrl, ScheduleFree
    return case.arguments.get("weight_decay", 0) != 0 or issubclass(case.optimizer, restless)


@every_case
def test_the_formula_as_it_is_published(case: Case) -> None:
    rng = np.random.default_rng(19)
    param = rng.uniform(1, 2, 500) * rng.choice([-1, 1], 500)
    expected = param.copy()
    state: dict[str, Any] = {}
    optimizer = case.optimizer(param, **case.arguments)
    for t in range(1, 26):
        grad = rng.standard_normal(500)
        optimizer.step(grad)
        plain.PLAIN[case.optimizer.__name__](expected, grad, state, t, **case.arguments)
    np.testing.assert_allclose(param, expected, rtol=0, atol=TOLERANCE)


# ---- zeros, infinities, NaN ----------------------------------------------------------------------------------------


@by_dtype
@every_case
def test_zero_gradient_with_zero_state(case: Case, dtype: type) -> None:
    start = np.array([1.0, -2.0, 0.0, 1e10, -1e-30], dtype)
    for zero in (0.0, -0.0):
        param = start.copy()
        optimizer = case.optimizer(param, **case.arguments)
        for _ in range(8):
            optimizer.step(np.full_like(param, zero))
        assert np.isfinite(param).all()
        assert all(np.isfinite(value).all() for value in optimizer.state.get(0, {}).values())
        if not moves(case):
            assert_equal(param, start, "nothing to do")


@by_isa
@pytest.mark.parametrize("name", ["lion", "sign_sgd", "rprop"])
def test_sign_of_zero_is_zero(name: str, isa: str) -> None:
    case = BY_NAME[name]
    grad = np.array([0.0, -0.0, 1e-45, -1e-45, np.nan] * 9, np.float32)
    param = np.full_like(grad, 0.5)
    with instruction_set(isa):
        case.optimizer(param, **{**case.arguments, "lr": 0.25}).step(grad)
    # Lion's 0.1 * grad rounds to 0.
    moved = 0.0 if name == "lion" else 0.25
    assert_equal(param, np.array([0.5, 0.5, 0.5 - moved, 0.5 + moved, np.nan] * 9, np.float32), name)


@by_isa
@by_dtype
@pytest.mark.parametrize(("name", "key"), [("adam_amsgrad", "max_exp_avg_sq"), ("adamax", "exp_inf")])
def test_maximum_keeps_nan_as_numpy_does(name: str, key: str, dtype: type, isa: str) -> None:
    """From either side: NaN that is there stays, and NaN that comes is taken."""
    case = BY_NAME[name]
    values = np.repeat(specials(dtype), 5)
    param = np.ones_like(values)
    optimizer = case.optimizer(param, **case.arguments)
    steps = [values, np.ones_like(values), values[::-1].copy(), np.ones_like(values)]
    expected, state = param.copy(), {}
    with instruction_set(isa), np.errstate(all="ignore"):
        for t, grad in enumerate(steps, 1):
            optimizer.step(grad)
            case.reference(expected, grad, state, t, **case.arguments)
    assert_equal(param, expected, "param")
    assert_equal_state(optimizer, [state], "state")
    kept = optimizer.state[0][key]
    assert (np.isnan(kept) == (np.isnan(values) | np.isnan(values[::-1]))).all()


@by_isa
@pytest.mark.parametrize(
    "case",
    [case for case in CASES if not moves(case) and case.optimizer is not fastgd.MADGRAD],  # which keeps the first one
    ids=lambda case: case.name,
)
def test_infinite_parameter_without_decay_leaves_state_finite(case: Case, isa: str) -> None:
    param = np.array([np.inf, -np.inf, 1.0] * 11, np.float32)
    optimizer = case.optimizer(param, **case.arguments)
    with instruction_set(isa):
        for t in range(8):
            optimizer.step(np.full_like(param, math.cos(t)))
    assert_equal(param[:2], np.array([np.inf, -np.inf], np.float32), "param")
    for key, value in optimizer.state.get(0, {}).items():
        assert np.isfinite(value).all(), key


# ---- ends of the hyperparameters -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("eps", "dtype", "finite"), [
    (1e-42, np.float32, True), (1e-44, np.float32, False), (0.0, np.float32, False),
    (1e-300, np.float64, True), (0.0, np.float64, False),
])  # fmt: skip
def test_eps_is_what_the_dtype_holds_of_it(eps: float, dtype: type, finite: bool) -> None:
    """docs/BITS.md says so."""
    w = np.ones(3, dtype)
    fastgd.Adam(w, eps=eps).step(np.zeros(3, dtype))
    assert np.isfinite(w).all() == finite


@pytest.mark.parametrize("case", [case for case in CASES if case.optimizer is not fastgd.Ftrl], ids=lambda c: c.name)
def test_lr_zero(case: Case) -> None:
    """Only the state moves. Rprop's step is then the smallest allowed, as in torch."""
    param = np.array([1.5, -0.25, 0.0])
    optimizer = case.optimizer(param, **{**case.arguments, "lr": 0.0})
    for t in range(8):
        optimizer.step(np.array([1.0, -2.0, 0.5]) * math.cos(t))
    if case.optimizer is fastgd.Rprop:
        assert (np.abs(param - [1.5, -0.25, 0.0]) <= 8 * case.arguments.get("step_sizes", (1e-6,))[0] * 1.5**8).all()
    else:
        assert_equal(param, np.array([1.5, -0.25, 0.0]), "param")
    assert any(np.any(value) for value in optimizer.state.get(0, {}).values()) or not optimizer.state


@pytest.mark.parametrize(
    "optimizer", [fastgd.Adam, fastgd.AdamW, fastgd.Adamax, fastgd.NAdam, fastgd.RAdam, fastgd.Lion]
)
def test_beta_zero(optimizer: Any) -> None:
    """Without memory the state is the gradient, and the step has lr's size: RAdam's is the gradient's."""
    param, grad = np.array([1.0, -1.0, 3.0]), np.array([4.0, -0.5, 1e-3])
    decay = {"weight_decay": 0.0} if optimizer is fastgd.AdamW else {}
    run = optimizer(param, lr=0.5, betas=(0.0, 0.0), **decay)
    for _ in range(3):
        run.step(grad)
    step = 0.5 * grad if optimizer is fastgd.RAdam else 0.5 * np.sign(grad)
    np.testing.assert_allclose(param, [1.0, -1.0, 3.0] - 3 * step, rtol=1e-4)
    state = run.state[0]
    assert_equal(state.get("exp_avg", state.get("momentum_buffer")), grad, "first moment")


@by_dtype
@pytest.mark.parametrize("optimizer", [fastgd.Adam, fastgd.AdamW, fastgd.Adamax, fastgd.NAdam, fastgd.RAdam])
@pytest.mark.parametrize("beta", [1 - 2**-40, 1 - 2**-53])
def test_beta_next_to_one(optimizer: Any, beta: float, dtype: type) -> None:
    """Bias correction makes up for the smallest 1 - beta that there is."""
    param, grad = np.array([1.0, -1.0], dtype), np.array([4.0, -0.5], dtype)
    decay = {"weight_decay": 0.0} if optimizer is fastgd.AdamW else {}
    run = optimizer(param, lr=0.25, betas=(0.9, beta), **decay)
    run.step(grad)
    assert np.isfinite(param).all()
    if optimizer in (fastgd.Adam, fastgd.AdamW, fastgd.Adamax):
        np.testing.assert_allclose(param, [0.75, -0.75], rtol=1e-6)
    for _ in range(9):
        run.step(grad)
    assert np.isfinite(param).all()
    assert (np.abs(param - [1, -1]) > 0.1).all()


LATE = ["adam_l2", "adam_amsgrad", "adamw", "adamax", "radam", "adagrad_l2_lr_decay", "rmsprop", "adadelta", "lion"]


@pytest.mark.parametrize("steps", [2**24 - 2, 2**24 - 1, 2**24, 2**24 + 1, 10**9])
@pytest.mark.parametrize("name", LATE)
def test_late_steps(name: str, steps: Any) -> None:
    """The count goes on where a float32 would stay, and biases are then corrected no more."""
    case = BY_NAME[name]
    rng = np.random.default_rng(23)
    param = gradient(rng, 40, np.float32)
    expected = param.copy()
    optimizer = case.optimizer(param, **case.arguments)
    optimizer.step(np.zeros_like(param))
    saved = optimizer.state_dict()
    saved["state"][0]["step"] = np.array(steps, np.float64)
    state = {key: value.copy() for key, value in saved["state"][0].items() if key != "step"}
    expected[...] = param
    optimizer.load_state_dict(saved)
    for t in range(steps + 1, steps + 4):
        grad = gradient(rng, 40, np.float32)
        optimizer.step(grad)
        case.reference(expected, grad, state, t, **case.arguments)
        count = optimizer.state[0]["step"]
        assert count == t
        assert count.shape == ()
        assert count.dtype == (np.float32 if t <= 2**24 else np.float64)
    assert_equal(param, expected, "param")
    assert_equal_state(optimizer, [state], "state")


CHANGES = {
    "sgd_nesterov": dict(lr=0.5, momentum=0.5),
    "sgd_dampening": dict(lr=0.5, dampening=0.9, weight_decay=0.0),
    "adam_l2": dict(lr=0.5, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.0),
    "adamw": dict(lr=0.5, betas=(0.0, 0.99), weight_decay=0.5),
    "nadam": dict(lr=0.5, betas=(0.5, 0.9), momentum_decay=0.5),
    "radam": dict(lr=0.5, betas=(0.5, 0.9)),
    "rmsprop_centered_momentum": dict(lr=0.5, alpha=0.5, momentum=0.1),
    "adagrad_l2_lr_decay": dict(lr=0.5, lr_decay=0.5, initial_accumulator_value=3.0),
    "rprop": dict(lr=0.5, etas=(0.25, 2.0)),
    "asgd_average": dict(lr=0.5, lambd=0.5),
    "lion": dict(lr=0.5, betas=(0.5, 0.5)),
}


@by_dtype
@pytest.mark.parametrize("name", CHANGES)
def test_hyperparameters_that_change(name: str, dtype: type) -> None:
    case = BY_NAME[name]
    rng = np.random.default_rng(29)
    param = gradient(rng, 333, dtype)
    expected, state = param.copy(), {}
    optimizer = case.optimizer(param, **case.arguments)
    arguments = dict(case.arguments)
    for t in range(1, 13):
        if t == 5:
            optimizer.param_groups[0].update(CHANGES[name])
            arguments |= CHANGES[name]
        grad = gradient(rng, 333, dtype)
        optimizer.step(grad)
        case.reference(expected, grad, state, t, **arguments)
        assert_equal(param, expected, f"step {t}")
    assert_equal_state(optimizer, [state], "state")


# ---- rules that are often wrong, by hand ---------------------------------------------------------------------------


def test_adagrad_decays_in_numerator_and_denominator() -> None:
    param = np.array([4.0])
    optimizer = fastgd.Adagrad(param, lr=0.5, weight_decay=0.5, eps=0.0)
    optimizer.step(np.array([1.0]))
    assert optimizer.state[0]["sum"] == 9.0  # (1 + 0.5 * 4)**2
    assert param == 3.5
    optimizer.step(np.array([2.25]))
    assert optimizer.state[0]["sum"] == 25.0  # 9 + (2.25 + 0.5 * 3.5)**2
    assert param == 3.5 - 0.5 * 4.0 / 5.0


def test_dampening_begins_with_the_second_step() -> None:
    param = np.array([0.0])
    optimizer = fastgd.SGD(param, lr=1.0, momentum=0.5, dampening=0.75)
    optimizer.step(np.array([1.0]))
    assert param == -1.0
    optimizer.step(np.array([2.0]))
    assert optimizer.state[0]["momentum_buffer"] == 1.0  # 0.5 * 1 + 0.25 * 2
    assert param == -2.0


def test_momentum_of_a_parameter_begins_with_its_own_first_gradient() -> None:
    params = [np.array([0.0]), np.array([0.0])]
    optimizer = fastgd.SGD(params, lr=1.0, momentum=0.5, dampening=0.75)
    optimizer.step([np.array([1.0]), None])
    optimizer.step([np.array([1.0]), np.array([1.0])])
    assert params[1] == -1.0


def test_radam_is_rectified_from_its_sixth_step() -> None:
    """A constant gradient: before, each step is lr * gradient; then it no longer depends on the gradient's size."""
    params = [np.array([0.0]), np.array([0.0])]
    optimizer = fastgd.RAdam(params, lr=1.0)
    sizes = []
    for _ in range(7):
        before = [p.copy() for p in params]
        optimizer.step([np.array([1.0]), np.array([8.0])])
        sizes.append([(b - p).item() for b, p in zip(before, params, strict=True)])
    np.testing.assert_allclose(sizes[:5], [[1.0, 8.0]] * 5, rtol=1e-12)
    np.testing.assert_allclose(sizes[5][0], sizes[5][1], rtol=1e-6)
    assert 0 < sizes[5][0] < sizes[6][0] < 0.1


def test_amsgrad_keeps_the_largest_second_moment() -> None:
    params = [np.array([0.0]), np.array([0.0])]
    optimizers = [
        fastgd.Adam(param, lr=1.0, betas=(0.5, 0.5), amsgrad=amsgrad)
        for param, amsgrad in zip(params, (True, False), strict=True)
    ]
    for grad in (1.0, 0.0, 0.0):
        for optimizer in optimizers:
            optimizer.step(np.array([grad]))
    assert optimizers[0].state[0]["max_exp_avg_sq"] == 0.5
    assert optimizers[0].state[0]["exp_avg_sq"] == optimizers[1].state[0]["exp_avg_sq"] == 0.125
    assert params[0] > params[1]


# ---- subnormals ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["adam", "sgd_momentum", "rmsprop", "lion"])
def test_state_decays_into_subnormals(name: str) -> None:
    case = BY_NAME[name]
    start = gradient(np.random.default_rng(31), 40, np.float32)
    param, expected, state = start.copy(), start.copy(), {}
    optimizer = case.optimizer(param, **case.arguments)
    grad = start
    with threads(1), np.errstate(under="ignore"):
        for t in range(1, 10_001):
            optimizer.step(grad)
            case.reference(expected, grad, state, t, **case.arguments)
            grad = np.zeros_like(start)
    assert_equal(param, expected, "param")
    assert_equal_state(optimizer, [state], "state")
    if name != "rmsprop":
        (key,) = set(state) & {"exp_avg", "momentum_buffer"}
        assert (np.abs(state[key]) < np.finfo(np.float32).tiny).all()


def subnormal_arithmetic_works() -> bool:
    single, double = np.full(40, np.finfo(np.float32).tiny), np.full(40, np.finfo(np.float64).tiny)
    return bool((single / 4 * 4 == single).all() and (double / 4 * 4 == double).all())


@by_isa
def test_subnormals_are_not_flushed(isa: str) -> None:
    """Neither in the workers nor, afterwards, in the caller's threads."""
    param = np.full(100_000, 3e-39, np.float32)
    found = []

    def work() -> None:
        fastgd.Adam(np.ones(50_000)).step(np.ones(50_000))
        found.append(subnormal_arithmetic_works())

    with instruction_set(isa), threads(7):
        fastgd.SGD(param, lr=1.0, max_grad_norm=1.0).step(np.full_like(param, 1e-39))
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
    assert_equal(param, np.full_like(param, np.float32(3e-39) - np.float32(1e-39)), "param")
    assert found == [True]
    assert subnormal_arithmetic_works()
