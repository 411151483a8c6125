"""
The numbers and the state of torch.optim.

torch contracts and has an inexact root, so that the bits differ: parameters of 1 to 2 in magnitude are compared after
twenty steps in ulps of max(|p|, 1), against the bound in each case's row.
"""

import functools
from typing import Any

import numpy as np
import pytest

import fastgd
from support.cases import CASES, Case
from support.running import DTYPES, by_dtype

torch = pytest.importorskip("torch")

STEPS = 20
SHAPES = [(173,), (5, 31), ()]
SHARED = [case for case in CASES if case.torch]
# torch 2.13 has fused forms of these on CPUs.
FUSED = [case for case in SHARED if case.torch in ("SGD", "Adagrad", "Adam", "AdamW")]
by_case = pytest.mark.parametrize("case", SHARED, ids=lambda case: case.name)


def start(dtype: type) -> list[np.ndarray]:
    rng = np.random.default_rng(41)
    return [np.asarray(rng.uniform(1, 2, shape) * rng.choice([-1, 1], shape)).astype(dtype) for shape in SHAPES]


def gradients(dtype: type, t: int) -> list[np.ndarray]:
    rng = np.random.default_rng([43, t])
    return [np.asarray(rng.standard_normal(shape)).astype(dtype) for shape in SHAPES]


def tensors(arrays: list[np.ndarray]) -> list[Any]:
    return [torch.from_numpy(a.copy()).requires_grad_() for a in arrays]


def theirs(case: Case, params: Any, **more: Any) -> Any:
    return getattr(torch.optim, case.torch)(params, **case.arguments, **more)


def their_step(optimizer: Any, params: list[Any], grads: list[np.ndarray]) -> None:
    for param, grad in zip(params, grads, strict=True):
        param.grad = torch.from_numpy(grad.copy())
    optimizer.step()


def ulps(actual: list[np.ndarray], expected: list[Any]) -> float:
    """The largest difference, in units of the last place of max(|expected|, 1)."""
    worst = 0.0
    for a, tensor in zip(actual, expected, strict=True):
        e = tensor.detach().numpy()
        unit = np.spacing(np.maximum(np.abs(e), e.dtype.type(1)))
        worst = max(worst, float(np.max(np.abs(a - e) / unit)))
    return worst


@functools.cache
def difference(name: str, dtype: type, fused: bool = False) -> float:
    case = next(case for case in SHARED if case.name == name)
    params, twins = start(dtype), tensors(start(dtype))
    ours, other = case.optimizer(params, **case.arguments), theirs(case, twins, **({"fused": True} if fused else {}))
    for t in range(STEPS):
        ours.step(gradients(dtype, t))
        their_step(other, twins, gradients(dtype, t))
    return ulps(params, twins)


@by_dtype
@by_case
def test_parity(case: Case, dtype: type) -> None:
    assert difference(case.name, dtype) <= case.ulps[DTYPES.index(dtype)]


@by_dtype
@pytest.mark.parametrize("case", FUSED, ids=lambda case: case.name)
def test_parity_with_fused(case: Case, dtype: type) -> None:
    assert difference(case.name, dtype, fused=True) <= case.ulps[DTYPES.index(dtype)]


# ---- state ---------------------------------------------------------------------------------------------------------


def as_tensors(state_dict: dict[str, Any]) -> dict[str, Any]:
    state = {i: {k: torch.as_tensor(v) for k, v in entry.items()} for i, entry in state_dict["state"].items()}
    return {"state": state, "param_groups": state_dict["param_groups"]}


@by_dtype
@by_case
def test_torch_continues_from_our_state(case: Case, dtype: type) -> None:
    params = start(dtype)
    ours = case.optimizer(params, **case.arguments)
    for t in range(STEPS // 2):
        ours.step(gradients(dtype, t))
    twins = tensors(params)
    other = theirs(case, twins)
    other.load_state_dict(as_tensors(ours.state_dict()))
    for t in range(STEPS // 2, STEPS):
        ours.step(gradients(dtype, t))
        their_step(other, twins, gradients(dtype, t))
    assert ulps(params, twins) <= case.ulps[DTYPES.index(dtype)]


@by_dtype
@by_case
def test_we_continue_from_torch_state(case: Case, dtype: type) -> None:
    twins = tensors(start(dtype))
    other = theirs(case, twins)
    for t in range(STEPS // 2):
        their_step(other, twins, gradients(dtype, t))
    params = [twin.detach().numpy().copy() for twin in twins]
    ours = case.optimizer(params)
    ours.load_state_dict(other.state_dict())
    for t in range(STEPS // 2, STEPS):
        ours.step(gradients(dtype, t))
        their_step(other, twins, gradients(dtype, t))
    assert ulps(params, twins) <= case.ulps[DTYPES.index(dtype)]


@by_case
def test_state_has_torch_keys_and_kinds(case: Case) -> None:
    """The same keys for the same parameters; arrays of the parameter's shape, step a float32 scalar as torch's."""
    params, twins = start(np.float32), tensors(start(np.float32))
    ours, other = case.optimizer(params, **case.arguments), theirs(case, twins)
    for t in range(3):
        ours.step([*gradients(np.float32, t)[:2], None])
        for param, grad in zip(twins[:2], gradients(np.float32, t), strict=False):
            param.grad = torch.from_numpy(grad)
        other.step()
    mine, yours = ours.state_dict()["state"], other.state_dict()["state"]
    for i, entry in yours.items():
        expected = {key: value for key, value in entry.items() if value is not None}
        assert set(mine.get(i, {})) == set(expected)
        for key, value in expected.items():
            assert mine[i][key].shape == tuple(value.shape), key
        if "step" in expected:
            assert mine[i]["step"].dtype == np.float32
            assert mine[i]["step"] == expected["step"]
    assert set(mine) <= set(yours)


@by_case
def test_state_of_no_steps(case: Case) -> None:
    """What either has before its first step loads into the other."""
    params, twins = start(np.float32), tensors(start(np.float32))
    ours, other = case.optimizer(params, **case.arguments), theirs(case, twins)
    theirs(case, tensors(start(np.float32))).load_state_dict(as_tensors(ours.state_dict()))
    ours.load_state_dict(other.state_dict())
    ours.step(gradients(np.float32, 0))
    their_step(other, twins, gradients(np.float32, 0))
    assert ulps(params, twins) <= case.ulps[0]


def test_names_of_parameters() -> None:
    arrays = dict(zip(("weight", "bias", "scale"), start(np.float32), strict=True))
    twins = dict(zip(arrays, tensors(list(arrays.values())), strict=True))
    ours = fastgd.Adam(arrays)
    other = torch.optim.Adam(twins.items())
    ours.step(dict(zip(arrays, gradients(np.float32, 0), strict=True)))
    their_step(other, list(twins.values()), gradients(np.float32, 0))
    assert other.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias", "scale"]
    assert ours.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias", "scale"]
    other.load_state_dict(as_tensors(ours.state_dict()))
    ours.load_state_dict(other.state_dict())
    renamed = other.state_dict()
    renamed["param_groups"][0]["param_names"] = ["weight", "scale", "bias"]
    with pytest.raises(ValueError, match=r"expected the names \['weight', 'bias', 'scale'\]"):
        ours.load_state_dict(renamed)
    assert ours.state["weight"]["step"] == 1


def test_groups() -> None:
    """Each group's hyperparameters and state go to the group of the same number."""
    params, twins = start(np.float32), tensors(start(np.float32))
    groups = [{"params": [0, 2]}, {"params": [1], "lr": 0.1, "betas": (0.5, 0.9)}]
    other = torch.optim.Adam([{**g, "params": [twins[i] for i in g["params"]]} for g in groups])
    ours = fastgd.Adam([{"params": [params[i] for i in g["params"]]} for g in groups])
    their_step(other, twins, gradients(np.float32, 0))
    for param, twin in zip(params, twins, strict=True):
        param[...] = twin.detach().numpy()
    ours.load_state_dict(other.state_dict())
    for t in range(1, 5):
        g = gradients(np.float32, t)
        ours.step([[g[0], g[2]], [g[1]]])
        their_step(other, twins, g)
    assert ours.param_groups[1]["betas"] == (0.5, 0.9)
    assert ulps(params, twins) <= 2
