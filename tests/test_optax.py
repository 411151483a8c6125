"""The numbers of optax, for the rules that torch does not have."""

import numpy as np
import pytest

import fastgd
from support.running import DTYPES

jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")
pytest.importorskip("optax.contrib")

STEPS = 20
# (ours, theirs, ulps of max(|p|, 1) in float32 and in float64, one above what has been measured unless that is 0)
ROWS = {
    "lion": (
        lambda p: fastgd.Lion(p, lr=0.01),
        lambda: optax.lion(0.01, b1=0.9, b2=0.99, weight_decay=0.0),
        (0, 0),
    ),
    # One factor, 1 - lr * weight_decay, where optax adds two terms.
    "lion_decay": (
        lambda p: fastgd.Lion(p, lr=0.01, betas=(0.8, 0.95), weight_decay=0.1),
        lambda: optax.lion(0.01, b1=0.8, b2=0.95, weight_decay=0.1),
        (9, 10),
    ),
    "sign_sgd": (
        lambda p: fastgd.SignSGD(p, lr=0.01),
        lambda: optax.sign_sgd(0.01),
        (0, 0),
    ),
    "sign_momentum": (
        lambda p: fastgd.SignSGD(p, lr=0.01, momentum=0.9),
        lambda: optax.signum(0.01, beta=0.9),
        (0, 0),
    ),
    "adam_eps_root": (
        lambda p: fastgd.Adam(p, lr=0.01, eps_root=1e-3),
        lambda: optax.adam(0.01, eps=1e-8, eps_root=1e-3),
        (3, 5),
    ),
    "adagrad_eps_root": (
        lambda p: fastgd.Adagrad(p, lr=0.01, initial_accumulator_value=0.1, eps=0.0, eps_root=1e-7),
        lambda: optax.adagrad(0.01, initial_accumulator_value=0.1, eps=1e-7),
        (2, 2),
    ),
    "rmsprop_eps_root": (
        lambda p: fastgd.RMSprop(p, lr=0.01, alpha=0.9, eps=0.0, eps_root=1e-7),
        lambda: optax.rmsprop(0.01, decay=0.9, eps=1e-7),
        (3, 2),
    ),
    "nadam_without_schedule": (
        lambda p: fastgd.NAdam(p, lr=0.01, momentum_decay=1e9),
        lambda: optax.nadam(0.01),
        (2, 5),
    ),
    "adabelief": (
        lambda p: fastgd.AdaBelief(p, lr=0.01, eps=1e-8),
        lambda: optax.adabelief(0.01, eps=1e-8, eps_root=1e-8),
        (3, 5),
    ),
    "yogi": (
        lambda p: fastgd.Yogi(p, lr=0.01),
        lambda: optax.yogi(0.01),
        (2, 5),
    ),
    "adopt": (
        lambda p: fastgd.ADOPT(p, lr=0.01),
        lambda: optax.contrib.adopt(0.01),
        (2, 2),
    ),
    "ademamix": (
        lambda p: fastgd.AdEMAMix(p, lr=0.01, weight_decay=0.0),
        lambda: optax.contrib.ademamix(0.01),
        (2, 5),
    ),
}


def difference(name: str, dtype: type) -> float:
    """The largest after twenty steps, in units of the last place of max(|p|, 1)."""
    ours, theirs, _ = ROWS[name]
    rng = np.random.default_rng(47)
    param = (rng.uniform(1, 2, 300) * rng.choice([-1, 1], 300)).astype(dtype)
    with jax.enable_x64(True):
        twin = jax.numpy.asarray(param.copy())
        optimizer, transformation = ours(param), theirs()
        state = transformation.init(twin)
        for _ in range(STEPS):
            grad = rng.standard_normal(300).astype(dtype)
            optimizer.step(grad)
            updates, state = transformation.update(jax.numpy.asarray(grad), state, twin)
            twin = optax.apply_updates(twin, updates)
        expected = np.asarray(twin)
    assert expected.dtype == dtype
    return float(np.max(np.abs(param - expected) / np.spacing(np.maximum(np.abs(expected), dtype(1)))))


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("name", ROWS)
def test_parity(name: str, dtype: type) -> None:
    assert difference(name, dtype) <= ROWS[name][2][DTYPES.index(dtype)]
