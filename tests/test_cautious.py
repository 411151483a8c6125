"""Cautious steps: timm's formula, numbers that have no product, NaN, storage, and what is switched on and off."""

from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import functional
from support.comparing import assert_equal_arrays
from support.running import by_dtype


def careful(u: np.ndarray, g: np.ndarray) -> np.ndarray:
    """As timm has it."""
    mask = (u * g > 0).astype(np.float64)
    return np.asarray(u * (mask / max(mask.mean(), 1e-3)))


def adamw(p: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> None:
    s["m"] = 0.9 * s.get("m", 0.0) + 0.1 * g
    s["v"] = 0.99 * s.get("v", 0.0) + 0.01 * g * g
    p *= 1 - 0.01 * 0.1
    p -= 0.01 * careful(s["m"], g) / (1 - 0.9**t) / (np.sqrt(s["v"] / (1 - 0.99**t)) + 1e-8)


def lion(p: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> None:
    m = s.get("m", np.zeros_like(g))
    p *= 1 - 0.01 * 0.1
    p -= 0.01 * careful(np.sign(0.9 * m + 0.1 * g), g)
    s["m"] = 0.99 * m + 0.01 * g


def adopt(p: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> None:
    if t > 1:
        p *= 1 - 0.01 * 0.1
        n = np.clip(g / np.maximum(np.sqrt(s["v"]), 1e-6), -((t - 1) ** 0.25), (t - 1) ** 0.25)
        s["m"] = 0.9 * s.get("m", 0.0) + 0.1 * n
        p -= 0.01 * careful(s["m"], g)
    s["v"] = 0.99 * s["v"] + 0.01 * g * g if t > 1 else g * g


def laprop(p: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> None:
    s["v"] = 0.99 * s.get("v", 0.0) + 0.01 * g * g
    s["m"] = 0.9 * s.get("m", 0.0) + 0.1 * 0.01 * g / (np.sqrt(s["v"] / (1 - 0.99**t)) + 1e-15)
    p -= careful(s["m"], g) / (1 - 0.9**t)
    p *= 1 - 0.01 * 0.1


def nadam(p: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> None:
    """With torch's momentum schedule, and weight decay in the gradient."""
    g = g + 0.1 * p
    mu, ahead = (0.9 * (1 - 0.5 * 0.96 ** (step * 4e-3)) for step in (t, t + 1))
    s["product"] = s.get("product", 1.0) * mu
    s["m"] = 0.9 * s.get("m", 0.0) + 0.1 * g
    s["v"] = 0.99 * s.get("v", 0.0) + 0.01 * g * g
    u = (1 - mu) / (1 - s["product"]) * g + ahead / (1 - s["product"] * ahead) * s["m"]
    p -= 0.01 * careful(u, g) / (np.sqrt(s["v"] / (1 - 0.99**t)) + 1e-8)


def mars(p: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> None:
    c = g + 0.025 * 0.9 / (1 - 0.9) * (g - s["g"]) if t > 1 else g
    s["g"] = g
    c = c / max(1.0, float(np.linalg.norm(c)))
    s["m"] = 0.9 * s.get("m", 0.0) + 0.1 * c
    s["v"] = 0.99 * s.get("v", 0.0) + 0.01 * c * c
    p *= 1 - 0.01 * 0.1
    p -= 0.01 * careful(s["m"], g) / (1 - 0.9**t) / (np.sqrt(s["v"] / (1 - 0.99**t)) + 1e-8)


def lamb(p: np.ndarray, g: np.ndarray, s: dict[str, Any], t: int) -> None:
    s["m"] = 0.9 * s.get("m", 0.0) + 0.1 * g
    s["v"] = 0.99 * s.get("v", 0.0) + 0.01 * g * g
    u = careful(s["m"] / (1 - 0.9**t) / (np.sqrt(s["v"] / (1 - 0.99**t)) + 1e-6), g) + 0.1 * p
    p -= 0.01 * float(np.linalg.norm(p) / np.linalg.norm(u)) * u


RULES: dict[str, tuple[Any, Any, tuple[float, float]]] = {
    "AdamW": (fastgd.AdamW, adamw, (0.9, 0.99)),
    "Lion": (fastgd.Lion, lion, (0.9, 0.99)),
    "ADOPT": (fastgd.ADOPT, adopt, (0.9, 0.99)),
    "LaProp": (fastgd.LaProp, laprop, (0.9, 0.99)),
    "NAdam": (fastgd.NAdam, nadam, (0.9, 0.99)),
    "MARS": (fastgd.MARS, mars, (0.9, 0.99)),
    "LAMB": (fastgd.LAMB, lamb, (0.9, 0.99)),
}
by_rule = pytest.mark.parametrize("name", RULES)


@by_rule
def test_the_formula(name: str) -> None:
    make, formula, betas = RULES[name]
    rng = np.random.default_rng(1)
    params = [rng.standard_normal(shape) for shape in ((), (7,), (3, 4, 5), (4099,))]
    twins = [param.copy() for param in params]
    states: list[dict[str, Any]] = [{} for _ in params]
    opt = make(params, lr=0.01, betas=betas, weight_decay=0.1, cautious=True)
    for t in range(1, 9):
        grads = [np.asarray(rng.standard_normal(param.shape)) for param in params]
        opt.step(grads)
        for twin, grad, state in zip(twins, grads, states, strict=True):
            formula(twin, grad, state, t)
    for param, twin in zip(params, twins, strict=True):
        np.testing.assert_allclose(param, twin, rtol=1e-11, atol=1e-13)


@by_dtype
def test_a_product_that_is_too_small_is_no_disagreement(dtype: type) -> None:
    tiny = np.finfo(dtype).smallest_normal
    moved = [np.zeros(4, dtype) for _ in range(2)]
    for param, size in zip(moved, (1.0, tiny), strict=True):
        fastgd.Lion(param, lr=0.5, cautious=True).step(np.full(4, size, dtype))
    assert_equal_arrays(moved, [np.full(4, -0.5, dtype)] * 2, "both")


def test_elements_that_disagree_stay_and_the_others_go_further() -> None:
    param = np.zeros(4)
    opt = fastgd.Lion(param, lr=0.5, betas=(0.9, 0.5), cautious=True)
    opt.step(np.array([1.0, 1.0, 1.0, 1.0]))
    assert param.tolist() == [-0.5] * 4
    opt.step(np.array([1.0, -1e-3, -1e-3, 0.0]))
    assert param.tolist() == [-2.5, -0.5, -0.5, -0.5]


def test_the_rate_grows_a_thousandfold_at_most() -> None:
    param = np.zeros(10_000)
    opt = fastgd.Lion(param, lr=2.0**-10, betas=(0.9, 0.5), cautious=True)
    opt.step(np.ones(10_000))
    opt.step(np.where(np.arange(10_000) == 7, 1.0, -1e-3))
    assert param[7] == -(2.0**-10) - 2.0**-10 / 1e-3
    assert param[6] == -(2.0**-10)


@by_rule
@by_dtype
def test_nan_spreads_where_it_is(name: str, dtype: type) -> None:
    make, _, betas = RULES[name]
    param = np.ones(5, dtype)
    opt = make(param, betas=betas, cautious=True)
    opt.step(np.ones(5, dtype))
    opt.step(np.array([1, np.nan, 1, 1, 1], dtype))
    opt.step(np.ones(5, dtype))
    spreads = name == "MARS"  # by its norm
    assert np.isnan(param).tolist() == [spreads, True, spreads, spreads, spreads]


@by_rule
def test_it_is_switched_on_and_off_in_a_training(name: str) -> None:
    make, _, betas = RULES[name]
    rng = np.random.default_rng(2)
    params = [rng.standard_normal(50) for _ in range(2)]
    twins = [param.copy() for param in params]
    opt, other = make(params, betas=betas), make(twins, betas=betas)
    for step in range(6):
        opt.param_groups[0]["cautious"] = step in (2, 3)
        grads = [rng.standard_normal(50) for _ in range(2)]
        opt.step(grads)
        changed = make(twins, betas=betas, cautious=step in (2, 3))
        if step:
            changed.load_state_dict({**other.state_dict(), "param_groups": changed.state_dict()["param_groups"]})
        changed.step(grads)
        other = changed
    assert_equal_arrays(params, twins, name)


def test_state_in_bfloat16_is_read_once() -> None:
    """The pass that counts changes no state, so that what is stored in 16 bits is rounded once in a step."""
    rng = np.random.default_rng(3)
    param = rng.standard_normal(600).astype(np.float32)
    twin = param.copy()
    opt = fastgd.AdamW(param, cautious=True, state_dtype="bfloat16")
    plain = fastgd.AdamW(twin, state_dtype="bfloat16")
    for _ in range(3):
        grad = rng.standard_normal(600).astype(np.float32)
        opt.step(grad)
        plain.step(grad)
    for key in ("exp_avg", "exp_avg_sq"):
        assert opt.state[0][key].tobytes() == plain.state[0][key].tobytes()
    assert not np.array_equal(param, twin)


@by_rule
def test_the_function_and_the_class_of_torch(name: str) -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch as hosted

    make, _, betas = RULES[name]
    rng = np.random.default_rng(4)
    param = rng.standard_normal(40)
    twin, tensor = param.copy(), torch.nn.Parameter(torch.from_numpy(param.copy()))
    opt = make(param, betas=betas, cautious=True)
    theirs = getattr(hosted, name)([tensor], lr=opt.defaults["lr"], betas=betas, cautious=True)
    assert theirs.param_groups[0]["cautious"] is True
    state = [np.zeros(40) for _ in range({"Lion": 1, "MARS": 3}.get(name, 2))]
    carried = {"LaProp": {"exp_avg_lr_1": 0.0, "exp_avg_lr_2": 0.0}, "NAdam": {"mu_product": 1.0}}.get(name, {})
    for t in range(1, 5):
        grad = rng.standard_normal(40)
        opt.step(grad)
        found = getattr(functional, name.lower())(twin, grad, *state, step=t, betas=betas, cautious=True, **carried)
        carried = dict(zip(carried, found if isinstance(found, tuple) else (found,), strict=False))
        tensor.grad = torch.from_numpy(grad)
        theirs.step()
    assert_equal_arrays([twin, tensor.detach().numpy()], [param, param], name)
