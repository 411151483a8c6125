"""minimize and the precision of values: single precision, values that do not differ, the best point seen."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

from fastgd import minimize, schedules

GOAL = np.array([3.0, -2.0])


def distance(x: Any) -> Any:
    return ((x - x.dtype.type(1) * GOAL.astype(x.dtype)) ** 2).sum()


# What returns a value that was computed in single precision or less, in the forms in which libraries give it.
SINGLE: dict[str, Callable[[np.ndarray], Any]] = {
    "float32": lambda x: distance(x.astype(np.float32)),
    "Python's float": lambda x: float(distance(x.astype(np.float32))),
    "0-d array": lambda x: np.asarray(distance(x.astype(np.float32))),
    "float16": lambda x: distance(x.astype(np.float16)),
}


@pytest.mark.parametrize("form", SINGLE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_objective_of_single_precision(form: str, dtype: type) -> None:
    result = minimize(SINGLE[form], np.zeros(2, dtype), lr=0.05, max_iter=400, gtol=0.01)
    np.testing.assert_allclose(result.x, GOAL, atol=0.2 if form == "float16" else 0.01)
    assert result.fun < distance(np.zeros(2)) / 100


def test_an_objective_of_torch() -> None:
    torch = pytest.importorskip("torch")

    def fun(x: np.ndarray) -> float:
        return float(((torch.from_numpy(x).float() - torch.tensor(GOAL).float()) ** 2).sum().item())

    result = minimize(fun, np.zeros(2), lr=0.05, max_iter=400, gtol=0.01)
    assert result.success
    np.testing.assert_allclose(result.x, GOAL, atol=0.01)


@pytest.mark.parametrize("start", [0.0, 2.0, 1e6])
def test_double_precision_keeps_its_step(start: float) -> None:
    """A short step, from which forward differences are exact to eight digits, and one more value for each element."""
    seen: list[float] = []
    result = minimize(lambda x: seen.append(x[0]) or float(x[0] ** 2), [start], max_iter=0)
    assert len(seen) == result.nfev == 3
    assert 0 < seen[-1] - start < 2e-8 * max(1.0, start)
    assert result.jac[0] == pytest.approx(2 * start, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("value", [5.0, 0.0, np.float32(1.5), 7, 1 / 3])
@pytest.mark.parametrize("batches", [{}, dict(n_samples=4, batch_size=2)], ids=["whole", "batches"])
def test_values_that_do_not_differ_are_no_convergence(value: Any, batches: dict[str, Any]) -> None:
    result = minimize(lambda x, *index: value, [1.0, 2.0], max_iter=20, **batches)
    assert (result.success, result.status, result.x.tolist()) == (False, 6, [1.0, 2.0])
    assert "give jac" in result.message


def test_a_minimum_at_which_short_steps_change_nothing() -> None:
    """At 1e8 + x**2 only a long step shows that x = 0 is a minimum; a gradient of the caller's that is 0 is taken."""
    assert minimize(lambda x: 1e8 + float(x @ x), np.zeros(2)).status == 0
    assert minimize(lambda x: 5.0, np.zeros(2), jac=np.zeros_like).status == 0
    assert minimize(SINGLE["float32"], GOAL).status == 0


# ---- the best point seen ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "nag"])
def test_the_best_point_seen_is_returned(optimizer: str, maximize: bool) -> None:
    """With rates that are too high the last point is worse than others."""
    sign = -1.0 if maximize else 1.0
    result = minimize(
        lambda x: sign * float(x @ x), [1.0, -0.5], jac=lambda x: sign * 2 * x, optimizer=optimizer,
        lr=0.95 if optimizer != "sgd" else 1.01, max_iter=25, record=True, maximize=maximize, gtol=1e-9,
    )  # fmt: skip
    values = [float(x @ x) for x in result.path]
    assert (result.status, result.nit, len(values)) == (1, 25, 26)
    assert sign * result.fun == min(values)
    assert result.x.tolist() == result.path[int(np.argmin(values))].tolist()
    assert result.jac.tolist() == (sign * 2 * result.x).tolist()


def test_the_best_point_where_values_become_infinite() -> None:
    def fun(x: np.ndarray) -> float:
        return math.inf if abs(x[0]) > 50 else float(rosen(x))

    result = minimize(fun, [-1.2, 1.0], jac=rosen_der, optimizer="sgd", lr=0.01, record=True)
    assert result.status == 4
    assert result.fun == min(rosen(x) for x in result.path) == rosen(result.x)


def test_a_callback_ends_where_it_says() -> None:
    def callback(x: np.ndarray) -> None:
        if x[0] < -0.9:
            raise StopIteration

    result = minimize(lambda x: float(x @ x), [1.0], jac=lambda x: 2 * x, optimizer="sgd", lr=0.99, callback=callback)
    assert (result.status, result.x[0]) == (99, 1 - 2 * 0.99)


# ---- defaults -----------------------------------------------------------------------------------------------------


def logistic(penalty: float) -> tuple[Callable[..., Any], Callable[..., Any]]:
    rng = np.random.default_rng(7)
    features = np.column_stack([rng.standard_normal((200, 5)), np.ones(200)])
    labels = (rng.random(200) < 1 / (1 + np.exp(-features @ rng.standard_normal(6)))).astype(float)

    def fun(w: np.ndarray) -> float:
        scores = features @ w
        return float(np.mean(np.logaddexp(0, scores) - labels * scores) + penalty / 2 * w @ w)

    def jac(w: np.ndarray) -> np.ndarray:
        return features.T @ (1 / (1 + np.exp(-features @ w)) - labels) / 200 + penalty * w

    return fun, jac


def bowl(*weights: float) -> tuple[Callable[..., Any], Callable[..., Any]]:
    scale = np.array(weights)
    return lambda x: float(scale @ (x - 1) ** 2), lambda x: 2 * scale * (x - 1)


PROBLEMS: dict[str, tuple[Callable[..., Any], Callable[..., Any], Any]] = {
    "bowl": (*bowl(1.0, 1.0), [3.0, -2.0]),
    "bowl from afar": (*bowl(1.0, 1.0), [1e4, -300.0]),
    "valley": (*bowl(1.0, 1e3), [10.0, 10.0]),
    "flat valley": (*bowl(1e-3, 1.0, 1e-2), np.zeros(3)),
    "rosenbrock": (rosen, rosen_der, [-1.2, 1.0]),
    "rosenbrock of five": (rosen, rosen_der, [1.3, 0.7, 0.8, 1.9, 1.2]),
    "logistic regression": (*logistic(1e-2), np.zeros(6)),
    "logistic regression without penalty": (*logistic(0.0), np.zeros(6)),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_defaults_arrive(name: str) -> None:
    fun, jac, start = PROBLEMS[name]
    result = minimize(fun, start, jac=jac)
    assert (result.success, result.status) == (True, 0), result
    assert np.linalg.norm(jac(result.x)) <= 1e-6
    if "logistic" not in name:
        np.testing.assert_allclose(result.x, 1.0, atol=1e-3)


def test_the_default_rate_is_adams_alone() -> None:
    by_default = minimize(rosen, [-1.2, 1.0], jac=rosen_der, max_iter=30)
    given = minimize(rosen, [-1.2, 1.0], jac=rosen_der, max_iter=30, lr=schedules.cosine(0.6, 30))
    assert by_default.x.tolist() == given.x.tolist()
    own = minimize(rosen, [-1.2, 1.0], jac=rosen_der, optimizer="adamw", max_iter=30)
    same = minimize(rosen, [-1.2, 1.0], jac=rosen_der, optimizer="adamw", max_iter=30, lr=1e-3)
    assert own.x.tolist() == same.x.tolist()
    for far in (1e300, -1e38):
        assert minimize(lambda x: float(np.abs(x).sum()), [far], jac=np.sign, max_iter=3).nit == 3
