"""What minimize and its method for SciPy refuse, and what they say."""

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.optimize

import fastgd
from fastgd import minimize, schedules


def square(x: np.ndarray) -> float:
    return float((x**2).sum())


def slope(x: np.ndarray) -> np.ndarray:
    return 2 * x


BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    (dict(fun=3), TypeError, "fun must be callable, got int"),
    (dict(fun=lambda x: "low"), TypeError, "fun must return a real number, got str of dtype <U3"),
    (dict(fun=lambda x: None), TypeError, "fun must return a real number, got NoneType of dtype object"),
    (dict(fun=lambda x: x), TypeError, "fun must return a real number, got ndarray of shape (2,)"),
    (dict(fun=lambda x: 1j), TypeError, "fun must return a real number, got complex of dtype complex128"),
    (dict(jac=True), TypeError, "fun must return (value, gradient) with jac=True, got float"),
    (dict(jac=True, fun=lambda x: (1, 2, 3)), TypeError, "with jac=True, got 3 values"),
    (dict(jac="2-point"), TypeError, "jac must be a callable, True or None, got '2-point'"),
    (dict(jac=False), TypeError, "jac must be a callable, True or None, got False"),
    (dict(jac=1), TypeError, "jac must be a callable, True or None, got int"),
    (dict(jac=lambda x: np.ones(3)), ValueError, "jac: expected shape (2,) like x0's, got (3,)"),
    (dict(jac=lambda x: np.ones((2, 1))), ValueError, "jac: expected shape (2,) like x0's, got (2, 1)"),
    (dict(jac=lambda x: 1.0), ValueError, "jac: expected shape (2,) like x0's, got ()"),
    (dict(jac=lambda x: None), ValueError, "jac: expected shape (2,) like x0's, got ()"),
    (dict(jac=lambda x: np.ones(2, np.float32)), TypeError, "jac: expected dtype float64 like x0's, got float32"),
    (dict(jac=lambda x: np.ones(2, int)), TypeError, "jac: expected dtype float64 like x0's, got int64"),
    (dict(jac=lambda x: "ab"), TypeError, "jac: expected an array, got str"),
    (
        dict(jac=True, fun=lambda x: (1.0, np.ones(3))),
        ValueError,
        "the gradient of fun: expected shape (2,) like x0's, got (3,)",
    ),
    (dict(x0=[1j, 0]), TypeError, "x0 must be an array of real numbers, got dtype complex128"),
    (dict(x0="12"), TypeError, "x0 must be an array of real numbers, got dtype <U2"),
    (dict(x0=[1.0, math.nan]), ValueError, "x0 must be finite, got infinity or NaN in it"),
    (dict(max_iter=-1), ValueError, "max_iter must be at least 0, got -1"),
    (dict(max_iter=1.5), TypeError, "max_iter must be an integer, got float"),
    (dict(gtol=-1), ValueError, "gtol must be at least 0, got -1.0"),
    (dict(ftol="tight"), TypeError, "ftol must be a real number, got str"),
    (dict(xtol=math.nan), ValueError, "xtol must be finite, got nan"),
    (dict(lr=-0.1), ValueError, "lr must be at least 0, got -0.1"),
    (dict(lr="fast"), TypeError, "lr must be a real number, got str"),
    (dict(optimizer="adm"), ValueError, "optimizer: unknown name 'adm'; did you mean 'adam'?"),
    (dict(optimizer="newton"), ValueError, "optimizer: unknown name 'newton'"),
    (dict(optimizer=3), TypeError, "optimizer must be a name, a class or a factory, got int"),
    (dict(optimizer=lambda x: x), TypeError, "optimizer must make a fastgd.Optimizer, got ndarray"),
    (
        dict(optimizer=lambda x: fastgd.SGD(x.copy())),
        ValueError,
        "optimizer must be made for the array that the factory is given",
    ),
    (dict(callback=3), TypeError, "callback must be callable, got int"),
    (dict(record=1), TypeError, "record must be a bool, got int"),
    (dict(progress="yes"), TypeError, "progress must be a bool, got str"),
    (dict(maximize=1), TypeError, "maximize must be a bool, got int"),
    (dict(shuffle=0), TypeError, "shuffle must be a bool, got int"),
    (dict(batch_size=2), ValueError, "batch_size needs n_samples, got batch_size=2 alone"),
    (dict(n_samples=5, batch_size=6), ValueError, "batch_size must be at most n_samples (5), got 6"),
    (dict(n_samples=5, batch_size=0), ValueError, "batch_size must be at least 1, got 0"),
    (dict(n_samples=0), ValueError, "n_samples must be at least 1, got 0"),
    (dict(n_samples=5, seed="x"), TypeError, "seed must be None, an integer or a numpy.random.Generator, got str"),
    (dict(n_samples=5, seed=-1), ValueError, "seed must be at least 0, got -1"),
    (dict(optimizer="sgd", line_search="wolfe"), ValueError, "line_search must be one of 'armijo', 'goldstein', got"),
    (
        dict(optimizer="sgd", line_search="armijo", lr=schedules.constant(0.1)),
        ValueError,
        "line_search and a schedule as lr both choose the step; give one of them",
    ),
    (
        dict(line_search="armijo"),
        ValueError,
        "line_search needs optimizer='sgd' (steepest descent), got 'adam'",
    ),
    (dict(optimizer="sgd", line_search="armijo", lr=0), ValueError, "lr must be above 0 as the first step"),
]


@pytest.mark.parametrize(("bad", "error", "message"), BAD, ids=[row[2] for row in BAD])
def test_bad_input(bad: dict[str, Any], error: type[Exception], message: str) -> None:
    x0 = np.array([3.0, 2.0])
    arguments: dict[str, Any] = {**dict(fun=square, x0=x0, jac=slope), **bad}
    with pytest.raises(error, match=re.escape(message)):
        minimize(**arguments)
    np.testing.assert_array_equal(x0, [3.0, 2.0])


BAD_CALLS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: fastgd.scipy_method("adm"), ValueError, "optimizer: unknown name 'adm'; did you mean 'adam'?"),
    (lambda: fastgd.scipy_method("adam", maxiter=3), ValueError, "did you mean 'max_iter'?"),
    (
        lambda: scipy.optimize.minimize(square, [1.0], method=fastgd.scipy_method("adam"), bounds=[(0, 1)]),
        ValueError,
        "bounds: not taken by gradient descent, got list",
    ),
    (
        lambda: scipy.optimize.minimize(square, [1.0], method=fastgd.scipy_method(), options=dict(gtoll=1)),
        ValueError,
        "options: unknown name 'gtoll'; did you mean 'gtol'?",
    ),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD_CALLS, ids=[row[2] for row in BAD_CALLS])
def test_bad_calls(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()
