"""minimize in batches: which samples, in which order, judged once an epoch."""

import math
from typing import Any

import numpy as np
import pytest

from fastgd import minimize, schedules

rng = np.random.default_rng(0)
FEATURES = rng.normal(size=(23, 3))
TARGETS = FEATURES @ [1.0, -2.0, 3.0] + 0.5


def batch_loss(w: np.ndarray, index: np.ndarray) -> tuple[float, np.ndarray]:
    error = FEATURES[index] @ w[:3] + w[3] - TARGETS[index]
    return float((error**2).mean() / 2), np.append(FEATURES[index].T @ error, error.sum()) / len(index)


def batches_of(max_iter: int, **options: Any) -> tuple[list[np.ndarray], Any]:
    seen: list[np.ndarray] = []

    def fun(w: np.ndarray, index: np.ndarray) -> tuple[float, np.ndarray]:
        seen.append(index.copy())
        return batch_loss(w, index)

    result = minimize(fun, np.zeros(4), jac=True, optimizer="sgd", lr=0.1, max_iter=max_iter, n_samples=23, **options)
    return seen, result


@pytest.mark.parametrize(("size", "sizes"), [(1, [1] * 23), (5, [5, 5, 5, 5, 3]), (23, [23]), (None, [23])])
def test_batches_cover_each_epoch(size: int | None, sizes: list[int]) -> None:
    epochs = 4
    seen, result = batches_of(epochs * len(sizes), batch_size=size, seed=7)
    assert [len(index) for index in seen] == [*sizes * epochs, 23]
    orders = [np.concatenate(seen[i * len(sizes) : (i + 1) * len(sizes)]) for i in range(epochs)]
    for order in orders:
        assert sorted(order) == list(range(23))
    assert len({tuple(order) for order in orders}) == epochs
    assert (result.nit, result.nfev, result.status) == (epochs * len(sizes), epochs * len(sizes) + 1, 1)
    value, gradient = batch_loss(result.x, np.arange(23))
    assert result.fun == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(result.jac, gradient, rtol=0, atol=1e-14)


def test_batches_follow_the_seed() -> None:
    (a, first), (b, second), (c, third) = (batches_of(40, batch_size=4, seed=seed) for seed in (3, 3, 4))
    assert all((x == y).all() for x, y in zip(a, b, strict=True))
    np.testing.assert_allclose(first.x, second.x, rtol=1e-13)
    assert any((x != y).any() for x, y in zip(a, c, strict=True))
    assert np.abs(first.x - third.x).max() > 1e-3
    generator = batches_of(40, batch_size=4, seed=np.random.default_rng(3))[1]
    np.testing.assert_allclose(first.x, generator.x, rtol=1e-13)


def test_batches_in_order_are_the_loop_of_the_documents() -> None:
    _, result = batches_of(15, batch_size=5, shuffle=False)
    w = np.zeros(4)
    for _ in range(3):
        for i in range(0, 23, 5):
            w -= 0.1 * batch_loss(w, np.arange(i, min(i + 5, 23)))[1]
    np.testing.assert_allclose(result.x, w, rtol=1e-13)


def test_row_7_stochastic_descent_with_one_sample() -> None:
    _, result = batches_of(10 * 23, batch_size=1, seed=0)
    assert result.x == pytest.approx([1, -2, 3, 0.5], abs=0.02)


def test_batches_judge_once_an_epoch() -> None:
    for rules, status in ((dict(ftol=1e-3), 2), (dict(gtol=0.3), 0), (dict(xtol=0.1), 3)):
        seen, result = batches_of(1000, batch_size=5, seed=0, **rules)
        assert (result.status, result.success) == (status, True)
        assert result.nit % 5 == 4  # before the last update of an epoch
        assert len(seen) == result.nit + 2


def test_epoch_values_are_means_over_samples() -> None:
    told = []

    class Spy(schedules.Plateau):
        def update(self, loss: float | None = None) -> float:
            told.append(loss)
            return super().update(loss)

    rate = Spy(schedules.plateau(0.0)._arguments)
    minimize(batch_loss, np.ones(4), jac=True, optimizer="sgd", lr=rate, max_iter=10, n_samples=23, batch_size=5)
    whole = batch_loss(np.ones(4), np.arange(23))[0]
    assert told == pytest.approx([whole, whole], rel=1e-14)


def test_batches_without_gradient_and_with_arguments() -> None:
    def fun(w: np.ndarray, index: np.ndarray, scale: float) -> float:
        return scale * batch_loss(w, index)[0]

    result = minimize(fun, np.zeros(4), args=(2.0,), n_samples=23, batch_size=5, optimizer="sgd", lr=0.05, max_iter=50,
                      seed=1)  # fmt: skip
    exact = minimize(batch_loss, np.zeros(4), jac=True, n_samples=23, batch_size=5, optimizer="sgd", lr=0.1,
                     max_iter=50, seed=1)  # fmt: skip
    np.testing.assert_allclose(result.x, exact.x, rtol=1e-5)


def test_a_batch_that_is_not_finite() -> None:
    def fun(w: np.ndarray, index: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = batch_loss(w, index)
        return (math.nan if 7 in index and len(index) < 23 else value), gradient

    result = minimize(fun, np.zeros(4), jac=True, optimizer="sgd", lr=0.1, n_samples=23, batch_size=2, seed=0,
                      record=True)  # fmt: skip
    assert (result.status, result.success) == (4, False)
    assert len(result.path) == result.nit + 1
    assert result.fun == pytest.approx(batch_loss(result.x, np.arange(23))[0], rel=1e-13)


def test_index_is_read_only() -> None:
    def fun(w: np.ndarray, index: np.ndarray) -> float:
        index[0] = 0
        return 0.0

    with pytest.raises(ValueError, match="read-only"):
        minimize(fun, np.zeros(2), n_samples=5)


def test_batches_call_back_after_each_update() -> None:
    seen: list[int] = []

    def callback(intermediate_result: Any) -> None:
        seen.append(intermediate_result.nit)

    minimize(batch_loss, np.zeros(4), jac=True, max_iter=7, n_samples=23, batch_size=5, callback=callback)
    assert seen == list(range(1, 8))
