"""Moments of Adafactor that somebody else has changed, has given as a gradient, or loads: refused, nothing changed."""

import copy
import re
from typing import Any

import numpy as np
import pytest

from support.comparing import assert_same

CHANGED: list[tuple[str, Any, type[Exception], str]] = [
    ("dtype", lambda e: e.update(row_var=e["row_var"].double()), TypeError, "expected dtype float32, got float64"),
    ("shape", lambda e: e.update(row_var=e["row_var"].t()), ValueError, "expected shape (5, 1), got (1, 5)"),
    ("size", lambda e: e["col_var"].resize_(1, 1), ValueError, "expected shape (1, 2), got (1, 1)"),
    ("strides", lambda e: e.update(col_var=e["col_var"].repeat(1, 2)[:, ::2]), ValueError, "expected a dense array"),
    ("elements", lambda e: e["exp_avg"].set_(e["exp_avg"][:1].expand(5, 2)), ValueError, "expected a dense array"),
    ("signs", lambda e: e.update(col_var=_neg_view(e["col_var"])), ValueError, "got one with the negative bit set"),
    ("kind", lambda e: e.update(col_var=3.0), TypeError, "expected a torch.Tensor, got float"),
]


def _neg_view(tensor: Any) -> Any:
    import torch

    return torch._neg_view(tensor)


@pytest.mark.parametrize(("change", "error", "message"), [row[1:] for row in CHANGED], ids=[row[0] for row in CHANGED])
def test_torch_moments_that_others_have_changed(change: Any, error: type[Exception], message: str) -> None:
    """The last parameter's are refused before the first is updated."""
    torch = pytest.importorskip("torch")
    import fastgd.torch

    params = [torch.nn.Parameter(torch.ones(3, 4)), torch.nn.Parameter(torch.ones(5, 2))]
    opt = fastgd.torch.Adafactor(params, lr=0.1, beta1=0.9)
    for param in params:
        param.grad = torch.linspace(-1, 2, param.numel()).reshape(param.shape)
    opt.step()
    change(opt.state[params[1]])
    before = [param.detach().clone() for param in params]
    with pytest.raises(error, match=re.escape(message)):
        opt.step()
    assert all(map(torch.equal, params, before))
    assert [float(opt.state[param]["step"]) for param in params] == [1, 1]


@pytest.mark.parametrize("front", ["numpy", "torch"])
@pytest.mark.parametrize("key", ["exp_avg", "row_var"])
def test_a_gradient_is_no_moment(key: str, front: str) -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    params, grads = [np.ones((3, 1)), np.ones((3, 1))], [np.ones((3, 1)), np.full((3, 1), 2.0)]
    if front == "numpy":
        opt: Any = fastgd.Adafactor(params, beta1=0.9)
        step = opt.step
    else:
        tensors = [torch.nn.Parameter(torch.from_numpy(param)) for param in params]
        opt = fastgd.torch.Adafactor(tensors, beta1=0.9)

        def step(given: list[Any]) -> None:
            for tensor, grad in zip(tensors, given, strict=True):
                tensor.grad = torch.as_tensor(grad)
            opt.step()

    step(grads)
    held = opt.state[1 if front == "numpy" else tensors[1]][key]
    before = [p.copy() for p in params], held.tolist()
    with pytest.raises(ValueError, match=re.escape(f"shares with state {key!r} of param_groups[0]['params'][1]")):
        step([held, grads[1]])
    assert_same(params, before[0])
    assert held.tolist() == before[1]
    if front == "torch":
        opt.state[tensors[0]]["row_var"] = opt.state[tensors[0]]["exp_avg"]
        with pytest.raises(ValueError, match="expected memory of its own, got memory that it shares with state"):
            step(grads)
        assert_same(params, before[0])


def test_torch_refuses_moments_when_they_are_loaded() -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    params = [torch.nn.Parameter(torch.ones(3, 4)), torch.nn.Parameter(torch.ones(5))]
    opt = fastgd.torch.Adafactor(params, beta1=0.9)
    for param in params:
        param.grad = torch.ones_like(param)
    opt.step()
    saved = copy.deepcopy(opt.state_dict())
    label = "state_dict['state'][0]"
    for key, value, error, message in (
        ("row_var", torch.ones(1, 3), ValueError, f"{label}['row_var']: expected shape (3, 1), got (1, 3)"),
        ("col_var", 3.0, TypeError, f"{label}['col_var']: expected a torch.Tensor, got float"),
        ("col_var", None, ValueError, f"{label}: missing 'col_var'"),
        ("exp_avg", torch.ones(4, 3), ValueError, f"{label}['exp_avg']: expected shape (3, 4), got (4, 3)"),
    ):
        bad = copy.deepcopy(saved)
        bad["state"][0][key] = value
        with pytest.raises(error, match=re.escape(message)):
            opt.load_state_dict(bad)
        found = opt.state_dict()
        assert all(torch.equal(found["state"][i][k], saved["state"][i][k]) for i in (0, 1) for k in saved["state"][i])
        assert found["param_groups"] == saved["param_groups"]
    del opt.state[params[0]]["row_var"]
    with pytest.raises(ValueError, match=re.escape("state 'row_var' of param_groups[0]['params'][0]: missing after 1")):
        opt.step()
