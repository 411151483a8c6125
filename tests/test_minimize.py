"""minimize: the documents' end values, every stopping rule, batches, look-ahead, line searches, SciPy, bad input."""

import builtins
import math
import re
import subprocess
import sys
from functools import partial
from typing import Any

import numpy as np
import pytest
import scipy.optimize
from scipy.optimize import rosen, rosen_der

import fastgd
from fastgd import minimize, schedules
from fastgd.optimizers.schedule_free import ScheduleFree

START = np.array([-1.2, 1.0])


def square(x: np.ndarray) -> float:
    return float((x**2).sum())


def slope(x: np.ndarray) -> np.ndarray:
    return 2 * x


def both(x: np.ndarray) -> tuple[float, np.ndarray]:
    return square(x), slope(x)


# ---- the documents' end values ------------------------------------------------------------------------------------


def test_row_2_plain_descent_on_a_square() -> None:
    result = minimize(lambda x: x**2, 2.0, jac=slope, optimizer="sgd", lr=0.1, max_iter=100, gtol=None)
    assert float(result.x) == 4.0740719526689754e-10
    assert float(result.fun) == float(result.x) ** 2
    assert (result.nit, result.nfev, result.njev, result.status, result.success) == (100, 101, 101, 1, False)


@pytest.mark.parametrize(
    ("lr", "end"),
    [(0.1, (4.2817e-5, 2.8545e-5)), (0.01, (3 * 0.98**50, 2 * 0.98**50)), (0.4, (3 * 0.2**50, 2 * 0.2**50))],
)
def test_row_3_two_variables(lr: float, end: tuple[float, float]) -> None:
    result = minimize(square, (3, 2), jac=slope, optimizer="sgd", lr=lr, max_iter=50, gtol=None, record=True)
    assert result.x == pytest.approx(end, rel=2e-5)
    assert result.path.shape == (51, 2)
    assert result.path[1] == pytest.approx([3 * (1 - 2 * lr), 2 * (1 - 2 * lr)])
    np.testing.assert_array_equal(result.path[-1], result.x)


@pytest.mark.parametrize(("recursive", "third"), [(True, 0.1 / 1.1 / 1.2), (False, 0.1 / 1.2)])
def test_row_21_inverse_time(recursive: bool, third: float) -> None:
    rate = schedules.inverse_time(0.1, 0.1, recursive=recursive)
    result = minimize(square, [1.0], jac=slope, optimizer="sgd", lr=rate, max_iter=3, record=True)
    expected = 1.0
    for lr in (0.1, 0.1 / 1.1, third):
        expected -= lr * 2 * expected
    assert result.x[0] == pytest.approx(expected, rel=1e-15)


def test_row_12_ascent() -> None:
    up = minimize(lambda x: -square(x), (3, 2), jac=lambda x: -2 * x, optimizer="sgd", lr=0.1, max_iter=50,
                  maximize=True, record=True)  # fmt: skip
    down = minimize(square, (3, 2), jac=slope, optimizer="sgd", lr=0.1, max_iter=50, record=True)
    np.testing.assert_array_equal(up.path, down.path)
    assert up.fun == -down.fun


# ---- how it stops: arguments, status, success, updates -------------------------------------------------------------

QUADRATIC = dict(jac=slope, optimizer="sgd", lr=0.25)  # halves x at each update, from 1
STOPS: list[tuple[dict[str, Any], int, bool, int]] = [
    (dict(gtol=0.25), 0, True, 3),
    (dict(gtol=0.24), 0, True, 4),
    (dict(gtol=2.0), 0, True, 0),
    (dict(gtol=None, max_iter=7), 1, False, 7),
    (dict(max_iter=0), 1, False, 0),
    (dict(gtol=None, ftol=0.1875), 2, True, 2),  # 1 -> 1/4 -> 1/16: changes of 0.75 and 0.1875
    (dict(gtol=None, ftol=0.18), 2, True, 3),
    (dict(gtol=None, xtol=0.125), 3, True, 3),
    (dict(gtol=None, xtol=0.12), 3, True, 4),
    (dict(gtol=0.25, ftol=0.1875, xtol=0.5), 3, True, 1),
]


@pytest.mark.parametrize("form", [dict(jac=slope), dict(jac=True)], ids=["callable", "True"])
@pytest.mark.parametrize(("rules", "status", "success", "nit"), STOPS, ids=[str(row[0]) for row in STOPS])
def test_stops(rules: dict[str, Any], status: int, success: bool, nit: int, form: dict[str, Any]) -> None:
    fun = both if form["jac"] is True else square
    x0 = np.array([1.0])
    result = minimize(fun, x0, **{**QUADRATIC, **rules, **form}, record=True)  # type: ignore[arg-type]
    assert (result.status, result.success, result.nit) == (status, success, nit)
    assert (result.nfev, result.njev) == (nit + 1, nit + 1)
    assert result.x[0] == 0.5**nit
    assert (result.fun, result.jac[0]) == (0.25**nit, 2 * 0.5**nit)
    assert result.path.shape == (nit + 1, 1)
    assert x0[0] == 1.0
    assert isinstance(result, scipy.optimize.OptimizeResult)
    assert fastgd.minimize.__annotations__["return"].strip('"') == "OptimizeResult"
    assert isinstance(result.message, str)


def test_messages_say_which_rule() -> None:
    words = {0: "gtol", 1: "max_iter", 2: "ftol", 3: "xtol"}
    for rules, status, _, _ in STOPS:
        assert words[status] in minimize(square, [1.0], **{**QUADRATIC, **rules}).message  # type: ignore[arg-type]


# ---- what is not finite --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("where", ["value", "gradient"])
@pytest.mark.parametrize("optimizer", ["sgd", "adam", "nag"])
def test_not_finite_gives_the_last_good_point(bad: float, where: str, optimizer: str) -> None:
    def fun(x: np.ndarray) -> float:
        return bad if where == "value" and x[0] < 0.5 else square(x)

    def jac(x: np.ndarray) -> np.ndarray:
        return np.array([bad]) if where == "gradient" and x[0] < 0.5 else slope(x)

    result = minimize(fun, [1.0], jac=jac, optimizer=optimizer, lr=0.1, record=True)
    assert (result.status, result.success) == (4, False)
    assert 0.5 <= result.x[0] < 1
    assert (result.fun, result.jac[0]) == (square(result.x), 2 * result.x[0])
    assert len(result.path) == result.nit + 1
    assert result.path[-1] == result.x
    assert "not finite" in result.message


def test_not_finite_at_once() -> None:
    result = minimize(lambda x: math.nan, [1.0, 2.0], jac=slope)
    assert (result.status, result.nit, result.x.tolist(), result.path if "path" in result else None) == (
        4, 0, [1.0, 2.0], None,
    )  # fmt: skip
    assert math.isnan(result.fun)


def test_x_that_overflows_is_not_finite() -> None:
    result = minimize(lambda x: 0.0, [1e308], jac=lambda x: np.array([-1e308]), optimizer="sgd", lr=10.0)
    assert (result.status, result.nit, result.x[0]) == (4, 0, 1e308)


# ---- optimizers ----------------------------------------------------------------------------------------------------

CLASSES = [
    c
    for name in fastgd.__all__
    if isinstance(c := getattr(fastgd, name), type)
    and issubclass(c, fastgd.Optimizer)
    and c not in (fastgd.Optimizer, fastgd.Muon)
]


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_optimizer_by_name_class_and_factory(cls: type[fastgd.Optimizer], dtype: type) -> None:
    x0 = START.astype(dtype)
    x = x0.copy()
    opt = cls(x, lr=1e-4)  # type: ignore[call-arg]
    best, least = x.copy(), rosen(x)
    for _ in range(30):
        opt.step(rosen_der(x).astype(dtype))
        if rosen(x) <= least:
            best, least = x.copy(), rosen(x)
    if isinstance(opt, ScheduleFree):
        opt.eval()
        best = x
    run = partial(minimize, rosen, x0, jac=lambda x: rosen_der(x).astype(dtype), max_iter=30)
    for optimizer, lr in ((cls.__name__.lower(), 1e-4), (cls, 1e-4), (lambda x: cls(x, lr=1e-4), None)):  # type: ignore[call-arg]
        result = run(optimizer=optimizer, lr=lr)
        np.testing.assert_array_equal(result.x, best)
        assert result.x.dtype == dtype
    np.testing.assert_array_equal(x0, START.astype(dtype))


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("momentum", partial(fastgd.SGD, momentum=0.9)),
        ("nesterov", partial(fastgd.SGD, momentum=0.9, nesterov=True)),
        ("amsgrad", partial(fastgd.Adam, amsgrad=True)),
        ("Adam", fastgd.Adam),
    ],
)
def test_names_of_variants(name: str, make: Any) -> None:
    run = partial(minimize, rosen, START, jac=rosen_der, lr=1e-4, max_iter=30)
    np.testing.assert_array_equal(run(optimizer=name).x, run(optimizer=make).x)


def test_default_is_adam() -> None:
    run = partial(minimize, rosen, START, jac=rosen_der, max_iter=30)
    np.testing.assert_array_equal(run().x, run(optimizer=fastgd.Adam).x)


@pytest.mark.parametrize("lr", [1e-4, schedules.cosine(1e-3, 100)], ids=["constant", "schedule"])
@pytest.mark.parametrize("maximize", [False, True])
def test_nag_takes_the_gradient_ahead(lr: Any, maximize: bool) -> None:
    sign = -1.0 if maximize else 1.0
    points = []

    def jac(x: np.ndarray) -> np.ndarray:
        points.append(x)
        return sign * rosen_der(x)

    result = minimize(lambda x: sign * rosen(x), START, jac=jac, optimizer="nag", lr=lr, max_iter=60, record=True,
                      maximize=maximize)  # fmt: skip
    x, v, path, ahead = START.copy(), np.zeros(2), [START], []
    for t in range(60):
        rate = lr(t) if callable(lr) else lr
        ahead.append(x - rate * 0.9 * v)
        v = 0.9 * v + rosen_der(ahead[-1])
        x = x - rate * v
        path.append(x)
    np.testing.assert_allclose(result.path, path, rtol=1e-12)
    np.testing.assert_allclose([points[0], *points[2::2]], ahead, rtol=1e-12)
    assert (result.nfev, result.njev) == (61, 120)


def test_nag_seen_from_ahead_is_the_nesterov_of_torch() -> None:
    lr, rate = 0.01, 0.9
    nag = minimize(square, [3.0, 2.0], jac=slope, optimizer="nag", lr=lr, max_iter=80, gtol=None, record=True)
    nesterov = minimize(square, [3.0, 2.0], jac=slope, optimizer="nesterov", lr=lr, max_iter=80, gtol=None, record=True)
    v = np.diff(nag.path, axis=0)  # x[t + 1] - x[t] = -lr * v
    np.testing.assert_allclose(nag.path[1:] + rate * v, nesterov.path[1:], rtol=0, atol=1e-14)


# ---- gradients ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_finite_differences(dtype: type) -> None:
    run = partial(minimize, rosen, START.astype(dtype), optimizer="sgd", lr=1e-3, max_iter=20)
    exact = run(jac=lambda x: rosen_der(x).astype(dtype))
    differences = run()
    np.testing.assert_allclose(differences.x, exact.x, rtol=1e-5)
    assert differences.x.dtype == dtype
    assert (differences.nfev, differences.njev) == (21 * (1 + 1 + 2), 21)


def test_any_shape() -> None:
    for x0 in (np.float64(2.0), np.ones((2, 3)), np.ones((2, 3), order="F"), [[1, 2], [3, 4]]):
        for jac in (slope, None):
            result = minimize(square, x0, jac=jac, optimizer="sgd", lr=0.25, gtol=1e-3)
            assert result.x.shape == result.jac.shape == np.shape(x0)
            assert result.success
    assert minimize(square, np.ones(0)).success


def test_args_and_python_numbers() -> None:
    def fun(x: np.ndarray, a: float, b: float) -> float:
        return float((a * x[0] - b) ** 2)

    def jac(x: np.ndarray, a: float, b: float) -> list[float]:
        return [float(2 * a * (a * x[0] - b))]

    for x0 in ([0.0], np.zeros(1, np.float32)):
        result = minimize(fun, x0, jac=jac, args=(2.0, 3.0), optimizer="sgd", lr=0.1)
        assert result.x == pytest.approx([1.5], rel=1e-5)
    assert minimize(lambda x, a: a * square(x), [1.0], args=2.0, jac=lambda x, a: a * slope(x), lr=0.1).success


def test_functions_get_arrays_of_their_own() -> None:
    seen = []
    buffer = np.empty(2)

    def fun(x: np.ndarray) -> tuple[float, np.ndarray]:
        seen.append(x)
        buffer[...] = slope(x)
        value = square(x)
        x[...] = 100.0
        return value, buffer

    x0 = np.array([3.0, 2.0])
    result = minimize(fun, x0, jac=True, optimizer="sgd", lr=0.1, max_iter=50, gtol=None)
    assert result.x == pytest.approx([4.2817e-5, 2.8545e-5], rel=2e-5)
    assert len({id(x) for x in seen}) == 51
    np.testing.assert_array_equal(x0, [3.0, 2.0])
    assert result.jac is not buffer


# ---- callbacks, progress --------------------------------------------------------------------------------------------


def test_callback_of_scipys_form() -> None:
    seen = []

    def callback(*, intermediate_result: Any) -> None:
        seen.append(intermediate_result)

    result = minimize(square, [1.0], **QUADRATIC, max_iter=3, callback=callback)  # type: ignore[arg-type]
    assert [(r.nit, r.x[0], r.fun, r.jac[0]) for r in seen] == [
        (1, 0.5, 0.25, 1.0), (2, 0.25, 0.0625, 0.5), (3, 0.125, 0.015625, 0.25)
    ]  # fmt: skip
    assert result.nit == 3


def test_callback_of_x() -> None:
    seen: list[np.ndarray] = []
    minimize(square, [1.0], **QUADRATIC, max_iter=3, callback=seen.append)  # type: ignore[arg-type]
    assert [x.tolist() for x in seen] == [[0.5], [0.25], [0.125]]


@pytest.mark.parametrize("options", [{}, dict(n_samples=1)], ids=["whole", "batches"])
def test_stop_iteration_stops(options: dict[str, Any]) -> None:
    def fun(x: np.ndarray, *index: Any) -> tuple[float, np.ndarray]:
        return both(x)

    def callback(x: np.ndarray) -> None:
        if x[0] <= 0.25:
            raise StopIteration

    result = minimize(fun, [1.0], jac=True, optimizer="sgd", lr=0.25, callback=callback, **options)
    assert (result.status, result.success, result.nit, result.x[0], result.fun) == (99, False, 2, 0.25, 0.0625)


def test_errors_come_through() -> None:
    def callback(x: np.ndarray) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        minimize(square, [1.0], jac=slope, callback=callback)


def test_progress(capsys: pytest.CaptureFixture[str]) -> None:
    minimize(square, [1.0], **QUADRATIC, max_iter=5, progress=True)  # type: ignore[arg-type]
    assert "5/5" in capsys.readouterr().err
    minimize(square, [1.0], **QUADRATIC, max_iter=5)  # type: ignore[arg-type]
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("module", "options", "message"),
    [
        ("scipy.optimize", {}, "fastgd.minimize needs SciPy: pip install 'fastgd[scipy]'"),
        ("tqdm", dict(progress=True), "progress=True needs tqdm: pip install tqdm"),
    ],
)
def test_without_an_optional_package(
    module: str, options: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.partition(".")[0] == module.partition(".")[0]:
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=re.escape(message)):
        minimize(square, [1.0], jac=slope, **options)


# ---- schedules ------------------------------------------------------------------------------------------------------


def test_a_schedule_as_lr() -> None:
    result = minimize(square, [1.0], jac=slope, optimizer="sgd", lr=schedules.step(0.25, 2, 0.5), max_iter=4, gtol=None)
    assert result.x[0] == 0.5 * 0.5 * 0.75 * 0.75


def test_plateau_is_told_the_value() -> None:
    rate = schedules.plateau(0.1, factor=0.5, patience=2)
    result = minimize(lambda x: 1.0, [1.0], jac=slope, optimizer="sgd", lr=rate, max_iter=10, gtol=None)
    assert rate.best == 1.0
    assert rate.lr < 0.1 / 4
    assert result.nit == 10


# ---- as a method of SciPy -------------------------------------------------------------------------------------------


def test_scipy_method_is_the_same_run() -> None:
    method = fastgd.scipy_method("adam", lr=0.1)
    theirs = scipy.optimize.minimize(rosen, START, jac=rosen_der, method=method, options=dict(max_iter=500))
    ours = minimize(rosen, START, jac=rosen_der, optimizer="adam", lr=0.1, max_iter=500)
    np.testing.assert_array_equal(theirs.x, ours.x)
    assert (theirs.nit, theirs.status, theirs.fun) == (ours.nit, ours.status, ours.fun)


def test_scipy_method_takes_what_scipy_says(capsys: pytest.CaptureFixture[str]) -> None:
    seen = []

    def callback(intermediate_result: Any) -> None:
        seen.append(intermediate_result.fun)

    def scaled(x: np.ndarray, a: float) -> tuple[float, np.ndarray]:
        return a * square(x), a * slope(x)

    method = fastgd.scipy_method(fastgd.SGD, lr=0.125, max_iter=3)
    result = scipy.optimize.minimize(scaled, [1.0], (2.0,), jac=True, method=method, tol=0.3, callback=callback,
                                     options=dict(maxiter=100, disp=True))  # fmt: skip
    assert (result.status, result.nit, result.x[0]) == (0, 4, 0.0625)
    assert seen == [2 * 0.25**k for k in range(1, 5)]
    assert "gtol" in capsys.readouterr().out
    without = scipy.optimize.minimize(
        square, [1.0], method=fastgd.scipy_method("sgd", lr=0.25), options=dict(gtol=1e-3)
    )
    assert without.success


def test_scipy_is_imported_only_when_used() -> None:
    program = (
        "import sys, fastgd\n"
        "assert not {'scipy', 'matplotlib', 'sklearn', 'tqdm', 'torch'} & sys.modules.keys()\n"
        "fastgd.minimize(lambda x: x @ x, [1.0])\n"
        "assert 'scipy' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
