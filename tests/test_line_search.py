"""Line searches against their definitions, and steepest descent with them."""

import math
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

import fastgd
from fastgd import minimize
from fastgd.line_search import armijo, goldstein

START = np.array([-1.2, 1.0])

SLOPE = -float(rosen_der(START) @ rosen_der(START))


def down(step: float) -> float:
    return float(rosen(START - step * rosen_der(START)))


@pytest.mark.parametrize("decrease", [1e-4, 0.1, 0.4])
@pytest.mark.parametrize("shrink", [0.5, 0.9])
@pytest.mark.parametrize("first", [1e-8, 1e-3, 1.0, 100.0])
def test_armijo_by_definition(first: float, shrink: float, decrease: float) -> None:
    step = armijo(down, down(0), SLOPE, first, decrease=decrease, shrink=shrink)
    assert step is not None
    assert down(step) <= down(0) + decrease * step * SLOPE
    tried = round(math.log(step / first, shrink))
    assert step == pytest.approx(first * shrink**tried)
    if tried:
        before = step / shrink
        assert down(before) > down(0) + decrease * before * SLOPE


@pytest.mark.parametrize("decrease", [0.01, 0.25, 0.45])
@pytest.mark.parametrize("first", [1e-8, 1e-3, 1.0, 100.0])
def test_goldstein_by_definition(first: float, decrease: float) -> None:
    step = goldstein(down, down(0), SLOPE, first, decrease=decrease)
    assert step is not None
    assert down(0) + (1 - decrease) * step * SLOPE <= down(step) <= down(0) + decrease * step * SLOPE


def test_line_searches_that_find_nothing() -> None:
    assert armijo(lambda t: 1.0 + t, 1.0, -1.0) is None
    assert armijo(lambda t: math.nan, 1.0, -1.0) is None
    assert goldstein(lambda t: 1.0 + t, 1.0, -1.0) is None
    assert goldstein(lambda t: 1.0 - t, 1.0, -1.0) is None  # falls for ever
    assert goldstein(lambda t: 1.0 - t if t < 0.1 else math.inf, 1.0, -1.0) is None
    result = minimize(lambda x: x @ x, [1.0], jac=lambda x: -2 * x, optimizer="sgd", line_search="armijo")
    assert (result.status, result.success, result.nit, result.x[0]) == (5, False, 0, 1.0)


@pytest.mark.parametrize("search", [armijo, goldstein])
@pytest.mark.parametrize("first", [5e-324, 1e-310, 5e-306, 6e-306, 1e-300, 1.0, 3.4e38])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 0.0, 1.0, 2.0])
def test_a_search_ends_whatever_the_first_step(search: Any, first: float, value: float) -> None:
    """Where no value is low enough, from any first step on; the limit is 2**-60 of the first, which may round to 0."""
    trials: list[float] = []

    def value_at(step: float) -> float:
        trials.append(step)
        return value

    found = search(value_at, 1.0, -1.0, first)
    assert found is None or value == 0.0
    assert 1 <= len(trials) <= 61
    assert trials[0] == first
    assert all(0 < step < math.inf for step in trials)


@pytest.mark.parametrize("shrink", [math.nextafter(1.0, 0.0), 0.9999, 5e-324])
def test_armijo_ends_whatever_the_factor(shrink: float) -> None:
    trials: list[float] = []
    assert armijo(lambda t: trials.append(t) or 2.0, 1.0, -1.0, shrink=shrink) is None
    assert len(trials) == (10_000 if shrink > 0.5 else 1)


@pytest.mark.parametrize("name", ["armijo", "goldstein"])
@pytest.mark.parametrize("maximize", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_steepest_descent_on_rosenbrock(name: str, maximize: bool, dtype: type) -> None:
    sign = -1 if maximize else 1
    search = dict(armijo=armijo, goldstein=goldstein)[name]
    result = minimize(lambda x: sign * rosen(x.astype(float)), START.astype(dtype), optimizer="sgd", line_search=name,
                      jac=lambda x: (sign * rosen_der(x)).astype(dtype), max_iter=50, maximize=maximize,
                      record=True)  # fmt: skip
    values = [rosen(x.astype(float)) for x in result.path]
    assert all(later <= earlier for earlier, later in pairwise(values))
    assert (result.nit, result.fun) == (50, sign * values[-1])
    assert result.nfev > 50 * 2
    if dtype is np.float64:
        x = START
        for point in result.path[1:6]:
            gradient = rosen_der(x)
            step = search(lambda t, x=x, g=gradient: rosen(x - t * g), rosen(x), -float(gradient @ gradient))
            x = x - step * gradient
            np.testing.assert_allclose(point, x, rtol=1e-12)


def test_line_search_converges() -> None:
    for name in ("armijo", "goldstein"):
        result = minimize(
            rosen, START, jac=rosen_der, optimizer=fastgd.SGD, line_search=name, max_iter=20000, gtol=1e-5
        )
        assert (result.status, result.success) == (0, True)
        assert result.x == pytest.approx([1, 1], abs=1e-4)


def test_line_search_begins_with_lr() -> None:
    result = minimize(
        lambda x: x @ x, [1.0], jac=lambda x: 2 * x, optimizer="sgd", lr=0.25, line_search="armijo", max_iter=1
    )
    assert result.x[0] == 0.5


BAD: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: armijo(down, 1.0, 1.0), ValueError, "slope must be below 0, got 1.0"),
    (lambda: armijo(down, 1.0, -1.0, 0.0), ValueError, "step must be above 0, got 0.0"),
    (lambda: armijo(down, 1.0, -1.0, shrink=1.0), ValueError, "shrink must be in (0, 1), got 1.0"),
    (lambda: armijo(down, 1.0, -1.0, decrease=0.0), ValueError, "decrease must be in (0, 1), got 0.0"),
    (lambda: goldstein(down, 1.0, -1.0, decrease=0.5), ValueError, "decrease must be in (0, 0.5), got 0.5"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD, ids=[row[2] for row in BAD])
def test_bad_input(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()
