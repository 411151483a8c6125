"""The documents' functions against the documents' own NumPy formulas; losses against finite differences."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import textbook

ULPS = 4
DTYPES = [np.float32, np.float64]


def numbers(seed: int, dtype: type = np.float64, shape: Any = (5, 7)) -> np.ndarray:
    """Normal numbers over several orders of magnitude."""
    rng = np.random.default_rng(seed)
    return (rng.standard_normal(shape) * 10.0 ** rng.uniform(-2, 2, shape)).astype(dtype)


def assert_near(ours: np.ndarray, before: np.ndarray, theirs: np.ndarray) -> None:
    """Within four units in the last place of the larger of the old and the new value."""
    scale = np.spacing(np.maximum(np.abs(before), np.abs(theirs)))
    assert ours.dtype == theirs.dtype
    assert (np.abs(ours - theirs) <= ULPS * scale).all()


# ---- the documents' formulas, as they write them -------------------------------------------------------------------


def document_adagrad(w: Any, g: Any, cache: Any, lr: float) -> None:  # type: ignore[no-untyped-def]
    cache += g**2
    w -= lr * g / (np.sqrt(cache) + 1e-8)


def document_momentum(w: Any, g: Any, v: Any, r: Any) -> None:  # type: ignore[no-untyped-def]
    v[...] = 0.9 * v + (1 - 0.9) * g
    w -= r * v


def document_rmsprop(w: Any, g: Any, s: Any, r: Any) -> None:  # type: ignore[no-untyped-def]
    s[...] = 0.9 * s + (1 - 0.9) * g**2
    w -= r * g / np.sqrt(s + 1e-8)


UPDATES: list[tuple[Callable[..., None], Callable[..., Any]]] = [
    (document_adagrad, lambda w, g, state, lr: textbook.adagrad(w, g, lr, state)),
    (document_momentum, textbook.momentum),
    (document_rmsprop, textbook.rmsprop),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("document", "ours"), UPDATES, ids=[row[0].__name__ for row in UPDATES])
def test_updates_equal_the_documents(document: Callable[..., None], ours: Callable[..., Any], dtype: type) -> None:
    w, state = numbers(0, dtype), np.zeros((5, 7), dtype)
    for t in range(30):
        gradient = numbers(t + 1, dtype)
        theirs, their_state = w.copy(), state.copy()
        document(theirs, gradient, their_state, 0.01)
        before, state_before, kept = w.copy(), state.copy(), gradient.copy()
        returned = ours(w, gradient, state, 0.01)
        assert returned[0] is w
        assert returned[1] is state
        assert_near(w, before, theirs)
        assert_near(state, np.maximum(np.abs(state_before), np.abs(gradient)), their_state)
        np.testing.assert_array_equal(gradient, kept)


def test_adagrad_mutates_both_and_returns_them() -> None:
    w, cache = np.array([1.0, 2.0]), np.array([0.0, 9.0])
    new_w, new_cache = textbook.adagrad(w, np.array([2.0, 4.0]), 0.5, cache)
    assert new_w is w
    assert new_cache is cache
    assert cache.tolist() == [4.0, 25.0]
    assert w == pytest.approx([0.5, 1.6])


def test_gradient_descent() -> None:
    x = np.array([2.0])
    for _ in range(100):
        assert textbook.gradient_descent(x, 2 * x, 0.1) is x
    assert x[0] == 4.0740719526689754e-10


@pytest.mark.parametrize("dtype", DTYPES)
def test_adam_over_dicts_equals_the_documents(dtype: type) -> None:
    parameters = {"W1": numbers(0, dtype), "b1": numbers(1, dtype, (5, 1)), "W2": numbers(2, dtype, (1, 5))}
    v, s = textbook.initialize_adam(parameters)
    assert list(v) == list(s) == ["dW1", "db1", "dW2"]
    for name, array in parameters.items():
        for zeros in (v[f"d{name}"], s[f"d{name}"]):
            assert (zeros.shape, zeros.dtype, np.count_nonzero(zeros)) == (array.shape, array.dtype, 0)
    for t in range(1, 31):
        grads = {f"d{name}": numbers(100 * t + i, dtype, a.shape) for i, (name, a) in enumerate(parameters.items())}
        before = {name: a.copy() for name, a in parameters.items()}
        old_v, old_s = ({key: a.copy() for key, a in moment.items()} for moment in (v, s))
        returned = textbook.update_parameters_with_adam(parameters, grads, v, s, t)
        assert [a is b for a, b in zip(returned, (parameters, v, s), strict=True)] == [True] * 3
        for name, param in parameters.items():
            g = grads[f"d{name}"]
            m = 0.9 * old_v[f"d{name}"] + (1 - 0.9) * g
            q = 0.999 * old_s[f"d{name}"] + (1 - 0.999) * g**2
            expected = before[name] - 0.01 * (m / (1 - 0.9**t)) / np.sqrt(q / (1 - 0.999**t) + 1e-8)
            # 1 - 0.999**t loses digits, so that an update is known to 2e-14 of itself and not to the last bit.
            size = np.maximum(np.abs(before[name]), 100 * np.abs(expected - before[name]))
            assert_near(param, size, expected)
            assert_near(v[f"d{name}"], np.maximum(np.abs(g), np.abs(old_v[f"d{name}"])), m)
            assert_near(s[f"d{name}"], old_s[f"d{name}"], q)


def test_the_documents_call_of_torch() -> None:
    """Row 14: ``SGD(model.parameters(), lr=.01, momentum=.9, weight_decay=1e-4, nesterov=True)`` on Linear(10, 1)."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    model = torch.nn.Linear(10, 1)
    params = [p.detach().numpy().copy() for p in model.parameters()]
    hyperparameters: dict[str, Any] = dict(lr=0.01, momentum=0.9, weight_decay=1e-4, nesterov=True)
    theirs = torch.optim.SGD(model.parameters(), **hyperparameters)
    ours = fastgd.SGD(params, **hyperparameters)
    x, y = torch.randn(64, 10), torch.randn(64, 1)
    for _ in range(50):
        theirs.zero_grad()
        torch.nn.functional.mse_loss(model(x), y).backward()
        ours.step([p.grad.numpy() for p in model.parameters()])
        theirs.step()
    for p, q in zip(params, model.parameters(), strict=True):
        np.testing.assert_allclose(p, q.detach().numpy(), rtol=1e-5, atol=1e-6)


# ---- losses ---------------------------------------------------------------------------------------------------------


def differences(value: Callable[[np.ndarray], float], x: np.ndarray, step: float = 1e-6) -> np.ndarray:
    result = np.empty_like(x)
    for i in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[i] = step
        result[i] = (value(x + shift) - value(x - shift)) / (2 * step)
    return result


CLASSES = np.array([0, 3, 1, 1, 2, 0])
LOSSES: list[tuple[str, Callable[[np.ndarray], tuple[float, np.ndarray]], tuple[int, ...]]] = [
    ("mse", lambda p: textbook.mean_squared_error(p, np.arange(12.0).reshape(3, 4)), (3, 4)),
    ("half mse", lambda p: textbook.mean_squared_error(p, np.arange(12.0).reshape(3, 4), half=True), (3, 4)),
    ("cross-entropy", lambda p: textbook.cross_entropy(p, CLASSES), (6, 4)),
    ("logistic", lambda p: textbook.logistic(p, np.array([0, 1, 1, 0, 1, 0, 0])), (7,)),
]


@pytest.mark.parametrize(("name", "loss", "shape"), LOSSES, ids=[row[0] for row in LOSSES])
def test_gradients_of_losses(name: str, loss: Callable[..., Any], shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(0, 3, shape)
    kept = x.copy()
    value, gradient = loss(x)
    assert isinstance(value, float)
    np.testing.assert_allclose(gradient, differences(lambda x: loss(x)[0], x), rtol=1e-6, atol=1e-8)
    np.testing.assert_array_equal(x, kept)
    single = loss(x.astype(np.float32))
    assert single[1].dtype == np.float32
    assert single[0] == pytest.approx(value, rel=1e-5)


def test_values_of_losses() -> None:
    error = np.array([1.0, -2.0, 3.0])
    assert textbook.mean_squared_error(error, np.zeros(3))[0] == pytest.approx(14 / 3)
    assert textbook.mean_squared_error(error, np.zeros(3), half=True)[0] == pytest.approx(7 / 3)
    scores = np.random.default_rng(1).normal(size=(6, 4))
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert textbook.cross_entropy(scores, CLASSES)[0] == pytest.approx(-np.log(p[np.arange(6), CLASSES]).mean())
    z, y = scores[:, 0], np.array([0, 1, 1, 0, 1, 0])
    q = 1 / (1 + np.exp(-z))
    assert textbook.logistic(z, y)[0] == pytest.approx(-(y * np.log(q) + (1 - y) * np.log(1 - q)).mean())


def test_losses_do_not_overflow() -> None:
    for score in (1e4, -1e4):
        value, gradient = textbook.logistic(np.array([score]), np.array([0]))
        assert value == max(score, 0.0)
        assert gradient[0] == (score > 0)
    value, gradient = textbook.cross_entropy(np.array([[1e4, -1e4]]), np.array([1]))
    assert value == 2e4
    assert gradient.tolist() == [[1.0, -1.0]]


def test_min_max_scale_is_global() -> None:
    x = numbers(3)
    scaled = textbook.min_max_scale(x)
    np.testing.assert_array_equal(scaled, (x - x.min()) / (x.max() - x.min()))
    assert (scaled.min(), scaled.max()) == (0.0, 1.0)
    assert (scaled.min(axis=0) > 0).sum() == x.shape[1] - 1


# ---- bad input ------------------------------------------------------------------------------------------------------

ONE, TWO = np.ones(1), np.ones(2)


def adam(**changed: Any) -> Any:
    good: dict[str, Any] = dict(
        parameters={"W1": np.ones(2), "b1": np.ones(1)},
        grads={"dW1": np.ones(2), "db1": np.ones(1)},
        v={"dW1": np.zeros(2), "db1": np.zeros(1)},
        s={"dW1": np.zeros(2), "db1": np.zeros(1)},
        t=1,
    )
    arguments = {**good, **changed}
    try:
        return textbook.update_parameters_with_adam(**arguments)
    finally:
        assert good["parameters"]["W1"].tolist() == [1, 1]
        assert good["v"]["dW1"].tolist() == [0, 0]


BAD: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: textbook.adagrad(ONE, TWO, 0.1, ONE), ValueError, "grad: expected shape (1,), got (2,)"),
    (lambda: textbook.adagrad(ONE, np.ones(1), -1, np.ones(1)), ValueError, "lr must be at least 0, got -1.0"),
    (lambda: textbook.momentum(ONE, np.ones(1), np.ones(1), 0.1, k=0), ValueError, "k must be in (0, 1), got 0"),
    (lambda: textbook.momentum(ONE, np.ones(1), np.ones(1), 0.1, k=1), ValueError, "k must be in (0, 1), got 1"),
    (lambda: textbook.rmsprop(ONE, np.ones(1), ONE, 0.1), ValueError, "memory of its own"),
    (lambda: textbook.gradient_descent(np.ones(1, int), ONE, 0.1), TypeError, "expected dtype float32, float64"),
    (lambda: textbook.initialize_adam([ONE]), TypeError, "parameters must be a dict of arrays by name, got list"),
    (lambda: textbook.initialize_adam({"W1": 1.0}), TypeError, "parameters['W1']: expected a numpy.ndarray, got float"),
    (lambda: adam(grads={"dW1": np.ones(2)}), ValueError, "grads: missing 'db1'"),
    (lambda: adam(grads=[ONE]), TypeError, "grads must be a dict of arrays by name, got list"),
    (
        lambda: adam(grads={"dW1": np.ones(2), "db1": np.ones(2)}),
        ValueError,
        "grads['db1']: expected shape (1,), got (2,)",
    ),
    (
        lambda: adam(s={"dW1": np.ones(2), "db1": np.ones(1, np.float32)}),
        TypeError,
        "s['db1']: expected dtype float64 like the parameter's, got float32",
    ),
    (lambda: adam(t=0), ValueError, "step must be at least 1, got 0"),
    (lambda: adam(t=2**53 + 1), ValueError, "step must be at most 2**53, got 9007199254740993"),
    (lambda: adam(beta1=1.0), ValueError, "betas[0] must be in [0, 1), got 1.0"),
    (lambda: textbook.mean_squared_error([1.0], ONE), TypeError, "prediction: expected a numpy.ndarray, got list"),
    (lambda: textbook.mean_squared_error(ONE, TWO), ValueError, "target: expected shape (1,) like prediction's, got"),
    (lambda: textbook.mean_squared_error(np.ones(0), np.ones(0)), ValueError, "prediction: expected at least one"),
    (lambda: textbook.cross_entropy(ONE, np.array([0])), ValueError, "scores: expected shape (samples, classes), got"),
    (lambda: textbook.cross_entropy(np.ones((2, 3)), np.array([0, 3])), ValueError, "labels must be in [0, 3), got"),
    (lambda: textbook.cross_entropy(np.ones((2, 3)), TWO), TypeError, "labels: expected integers, got dtype float64"),
    (lambda: textbook.cross_entropy(np.ones((2, 3)), np.array([0])), ValueError, "labels: expected shape (2,), got"),
    (lambda: textbook.logistic(TWO, np.array([0, 2])), ValueError, "labels must be in [0, 2), got 0 to 2"),
    (lambda: textbook.logistic(np.ones(2, int), np.array([0, 1])), TypeError, "scores: expected dtype float32"),
    (lambda: textbook.min_max_scale(TWO), ValueError, "x: expected two different values at least, got 1.0 to 1.0"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD, ids=[row[2] for row in BAD])
def test_bad_input(call: Callable[[], Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        call()
    assert (ONE.tolist(), TWO.tolist()) == ([1.0], [1.0, 1.0])
