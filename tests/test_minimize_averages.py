"""minimize with schedule-free optimizers: what comes back is the average, which is what has been learned."""

from typing import Any

import numpy as np
import pytest

pytest.importorskip("scipy")

import fastgd

TARGET = np.array([1.0, -2.0, 0.5])


def bowl(x: np.ndarray) -> float:
    return float(((x - TARGET) ** 2).sum())


def slope(x: np.ndarray) -> np.ndarray:
    return 2 * (x - TARGET)


def average_of(opt: Any, steps: int, gradient: Any) -> np.ndarray:
    (x,) = opt.param_groups[0]["params"]
    for _ in range(steps):
        opt.step(gradient(x))
    opt.eval()
    return np.array(x)


@pytest.mark.parametrize("name", ["schedulefreesgd", "schedulefreeadamw", "schedulefreeradam"])
def test_the_average_comes_back(name: str) -> None:
    make = fastgd.descent.minimize.named_optimizers()[name]
    result = fastgd.minimize(bowl, np.zeros(3), jac=slope, optimizer=name, lr=0.1, max_iter=30, gtol=None, record=True)
    expected = average_of(make(np.zeros(3), lr=0.1), 30, slope)
    assert result.x.tolist() == expected.tolist() != result.path[-1].tolist()
    assert result.fun == bowl(expected)
    assert result.jac.tolist() == slope(expected).tolist()
    assert (result.nit, result.status, len(result.path)) == (30, 1, 31)


def test_success_is_that_of_the_average() -> None:
    result = fastgd.minimize(bowl, np.zeros(3), jac=slope, optimizer="schedulefreesgd", lr=0.4, gtol=1e-3)
    assert result.success
    assert np.linalg.norm(result.jac) <= 1e-3
    assert result.jac.tolist() == slope(result.x).tolist()


def test_a_small_gradient_elsewhere_is_no_success() -> None:
    """Every gradient is 0 where one is taken, from the second on, and 1 at the average, which is looked at after it."""
    seen: list[np.ndarray] = []

    def jac(x: np.ndarray) -> np.ndarray:
        seen.append(x)
        return np.full(1, 1.0 if len(seen) % 2 else 0.0)

    options: dict[str, Any] = dict(jac=jac, optimizer="schedulefreesgd", lr=0.5, gtol=1e-9)
    result = fastgd.minimize(lambda x: 1.0, np.zeros(1), max_iter=3, **options)
    assert (result.success, result.status, result.nit) == (False, 1, 3)
    assert len(seen) == result.njev == 8


def test_a_callback_that_stops_and_batches() -> None:
    def stop(intermediate_result: Any) -> None:
        if intermediate_result.nit == 5:
            raise StopIteration

    options: dict[str, Any] = dict(jac=slope, optimizer="schedulefreeadamw", lr=0.1)
    result = fastgd.minimize(bowl, np.zeros(3), callback=stop, **options)
    expected = average_of(fastgd.ScheduleFreeAdamW(np.zeros(3), lr=0.1), 5, slope)
    assert (result.status, result.x.tolist()) == (99, expected.tolist())
    data = np.arange(8.0)

    def gradient(x: np.ndarray, index: Any) -> np.ndarray:
        return np.asarray(2 * (x - data[index].mean()))

    result = fastgd.minimize(
        lambda x, index: float(((x - data[index]) ** 2).mean()), np.zeros(1), jac=gradient, optimizer="schedulefreesgd",
        lr=0.1, n_samples=8, batch_size=4, shuffle=False, max_iter=6, gtol=None,
    )  # fmt: skip
    opt = fastgd.ScheduleFreeSGD(np.zeros(1), lr=0.1)
    (x,) = opt.param_groups[0]["params"]
    for k in range(6):
        opt.step(gradient(x, slice(0, 4) if k % 2 == 0 else slice(4, 8)))
    opt.eval()
    assert result.x.tolist() == x.tolist()
    assert result.fun == ((x - data) ** 2).mean()


def test_what_is_not_finite_leaves_the_best_point() -> None:
    result = fastgd.minimize(
        lambda x: float(x[0]) if x[0] > -1 else np.nan, np.zeros(1), jac=lambda x: np.ones(1),
        optimizer="schedulefreesgd", lr=0.3, max_iter=50, gtol=None,
    )  # fmt: skip
    assert result.status == 4
    assert -1 < result.x[0] < 0
    assert result.fun == result.x[0]


def test_nothing_to_average() -> None:
    result = fastgd.minimize(bowl, np.ones(3), jac=slope, optimizer="schedulefreesgd", max_iter=0)
    assert result.x.tolist() == [1.0, 1.0, 1.0]
    assert result.nfev == 1
