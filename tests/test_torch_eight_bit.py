"""State in 8 bits of tensors: numbers of the NumPy front, and what torch, bitsandbytes and torchao take and give."""

import copy
import importlib
import io
import pickle
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import formats
from support.cases import BY_NAME
from support.comparing import assert_equal
from support.torch_nets import adapter, torch

FORMS = ["8bit", "8bit-sqrt"]
SHAPES = [(70, 80), (4096,), (173,)]
by_form = pytest.mark.parametrize("form", FORMS)


def leaves(seed: int = 0, dtype: str = "float32") -> list[Any]:
    rng = np.random.default_rng(seed)
    arrays = [rng.standard_normal(shape).astype(np.float32) for shape in SHAPES]
    return [torch.from_numpy(a).to(getattr(torch, dtype)).requires_grad_() for a in arrays]


def step(opt: Any, seed: int) -> None:
    params = [param for group in opt.param_groups for param in group["params"]]
    for param, grad in zip(params, leaves(seed), strict=True):
        param.grad = grad.detach().to(param.dtype)
    opt.step()


def arrays_of(params: list[Any]) -> list[np.ndarray]:
    return [formats.asarray(p.detach()).copy() for p in params]


@by_form
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("name", ["adamw_amsgrad", "sgd_nesterov", "lion", "rmsprop_momentum", "nadam"])
def test_numbers_are_those_of_the_numpy_front(name: str, dtype: str, form: str) -> None:
    case, params = BY_NAME[name], leaves(0, dtype)
    others = arrays_of(params)
    opt = getattr(adapter, case.optimizer.__name__)(params, **case.arguments, state_dtype=form)
    twin = case.optimizer(others, **case.arguments, state_dtype=form)
    for t in range(3):
        step(opt, t)
        twin.step(arrays_of([p.grad for p in params]))
    for i, (array, other) in enumerate(zip(arrays_of(params), others, strict=True)):
        assert_equal(array, other, f"parameter {i}")
        assert set(opt.state[params[i]]) - {"step"} == set(twin.state[i]) - {"step"}
        for key, value in twin.state[i].items():
            if key != "step":
                assert_equal(formats.asarray(opt.state[params[i]][key]), np.asarray(value), f"{key} of parameter {i}")


def loaded(opt: Any) -> Any:
    other = adapter.AdamW([p.detach().clone().requires_grad_() for p in opt.param_groups[0]["params"]])
    other.load_state_dict(opt.state_dict())
    return other


def through_a_file(opt: Any) -> Any:
    file = io.BytesIO()
    torch.save(opt.state_dict(), file)
    file.seek(0)
    other = adapter.AdamW([p.detach().clone().requires_grad_() for p in opt.param_groups[0]["params"]])
    other.load_state_dict(torch.load(file))
    return other


@by_form
def test_state_survives_loading_copying_and_pickling(form: str) -> None:
    opt = adapter.AdamW(leaves(), lr=0.01, state_dtype=form)
    for t in range(3):
        step(opt, t)
    others = [make(opt) for make in (loaded, through_a_file, copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o)))]
    for t in range(3, 5):
        step(opt, t)
    mine = opt.param_groups[0]["params"]
    for other in others:
        for t in range(3, 5):
            step(other, t)
        for a, b in zip(mine, other.param_groups[0]["params"], strict=True):
            assert torch.equal(a, b)
            assert set(opt.state[a]) == set(other.state[b])
            assert all(torch.equal(opt.state[a][key], other.state[b][key]) for key in opt.state[a])


@by_form
def test_to_float32_and_back(form: str, tmp_path: Any) -> None:
    """torch's own AdamW takes what a group in float32 has; a checkpoint goes to the NumPy front."""
    opt = adapter.AdamW(leaves(), state_dtype=form)
    step(opt, 1)
    content = opt.state_dict()
    del content["param_groups"][0]["state_dtype"]
    wide = adapter.AdamW(leaves())
    wide.load_state_dict(content)
    assert {v.dtype for entry in wide.state.values() for v in entry.values()} == {torch.float32}
    torch.optim.AdamW(leaves()).load_state_dict(wide.state_dict())
    content = wide.state_dict()
    back = adapter.AdamW(leaves(), state_dtype=form)
    back.load_state_dict(content)
    first, again = (opt.param_groups[0]["params"][0], back.param_groups[0]["params"][0])
    assert torch.equal(back.state[again]["exp_avg_sq"], opt.state[first]["exp_avg_sq"])
    fastgd.save(tmp_path / "state", opt)
    numpys = fastgd.AdamW(arrays_of(leaves()))
    fastgd.load(tmp_path / "state", numpys)
    assert_equal(numpys.state[0]["exp_avg"], opt.state[first]["exp_avg"].numpy(), "from the file")


@by_form
def test_parameters_may_move_and_change_their_layout(form: str) -> None:
    """State goes on where it was; out of C order, which blocks are in, it becomes float32."""
    opt, other = (adapter.AdamW(leaves(), state_dtype=form) for _ in range(2))
    step(opt, 1)
    step(other, 1)
    [param, *_], [same, *_] = opt.param_groups[0]["params"], other.param_groups[0]["params"]
    param.data = param.data.clone()
    step(opt, 2)
    step(other, 2)
    assert torch.equal(param, same)
    assert opt.state[param]["exp_avg"].dtype == torch.uint8
    param.data = param.data.t().contiguous().t()
    step(opt, 3)
    step(other, 3)
    assert opt.state[param]["exp_avg"].dtype == torch.float32
    torch.testing.assert_close(param, same, atol=2e-3, rtol=0)


def test_gradients_that_would_spoil_a_block() -> None:
    opt = adapter.AdamW(leaves(), state_dtype="8bit")
    step(opt, 1)
    param = opt.param_groups[0]["params"][0]
    before = param.detach().clone(), copy.deepcopy(opt.state_dict()["state"])
    param.grad[3, 3] = torch.nan
    with pytest.raises(ValueError, match=r"^param_groups\[0\]\['params'\]\[0\].grad: expected finite numbers"):
        opt.step()
    assert torch.equal(param, before[0])
    assert torch.equal(opt.state[param]["exp_avg"], before[1][0]["exp_avg"])


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("Adagrad", {}, r"^param_groups\[0\]\['state_dtype'\]: .* this Adagrad has 'sum'"),
        ("RMSprop", {"centered": True}, r"^param_groups\[0\]\['state_dtype'\]: .* this RMSprop has 'grad_avg'"),
        ("Muon", {}, r"^state_dtype: Muon reads its state outside of the pass"),
    ],
)
def test_rules_that_cannot(name: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        getattr(adapter, name)([torch.ones(70, 70, requires_grad=True)], **arguments, state_dtype="8bit")
    opt = getattr(adapter, name)([torch.ones(70, 70, requires_grad=True)], **arguments)
    content = opt.state_dict()
    content["param_groups"][0]["state_dtype"] = "8bit"
    with pytest.raises(ValueError, match=message.replace("^state_dtype", r"\['state_dtype'\]")):
        opt.load_state_dict(content)


# ---- bitsandbytes and torchao --------------------------------------------------------------------------------------


def peer(name: str) -> Any:
    return pytest.importorskip(name, reason=f"{name} is not installed: the group `quantized` of pyproject.toml has it")


def test_the_layout_of_bitsandbytes() -> None:
    """As written down where it is converted: what it names is renamed, and comes back as it was."""
    opt = adapter.AdamW(leaves(), state_dtype="8bit", weight_decay=0.1)
    step(opt, 1)
    content = opt.state_dict()
    theirs = formats.to_bitsandbytes(content)
    inner = theirs["state"][0]["__bnb_optimizer_quant_state__"]
    assert theirs["state"][0]["step"] == 1
    assert sorted(inner) == ["absmax1", "absmax2", "qmap1", "qmap2", "state1", "state2"]
    assert inner["state1"] is content["state"][0]["exp_avg"]
    assert inner["absmax2"] is content["state"][0]["exp_avg_sq_absmax"]
    assert sorted(theirs["state"][2]["__bnb_optimizer_quant_state__"]) == ["state1", "state2"]
    again = adapter.AdamW(leaves())
    again.load_state_dict(formats.from_bitsandbytes(theirs))
    assert again.param_groups[0]["weight_decay"] == 0.1
    assert again.param_groups[0]["state_dtype"] == "8bit"
    for i, entry in content["state"].items():
        mine = again.state[again.param_groups[0]["params"][i]]
        assert all(torch.equal(mine[key], value) for key, value in entry.items())


@pytest.mark.parametrize("name", ["AdamW", "Adam", "Lion"])
def test_bitsandbytes_goes_on_with_the_same_codes(name: str) -> None:
    bnb = peer("bitsandbytes")
    arguments = dict(lr=1e-3, weight_decay=0.01) if name != "Adam" else dict(lr=1e-3)
    opt = getattr(adapter, name)(leaves(), **arguments, state_dtype="8bit")
    step(opt, 1)
    params = [p.detach().clone().requires_grad_() for p in opt.param_groups[0]["params"]]
    theirs = getattr(bnb.optim, f"{name}8bit")(params, **arguments)
    theirs.load_state_dict(formats.to_bitsandbytes(opt.state_dict()))
    keys = {"state1": "momentum_buffer"} if name == "Lion" else {"state1": "exp_avg", "state2": "exp_avg_sq"}
    for param, mine in zip(params, opt.param_groups[0]["params"], strict=True):
        for foreign, key in keys.items():
            assert torch.equal(theirs.state[param][foreign], opt.state[mine][key])
    step(theirs, 2)
    step(opt, 2)
    for param, mine in zip(params, opt.param_groups[0]["params"], strict=True):
        torch.testing.assert_close(param, mine, atol=2e-3 if name == "Lion" else 1e-6, rtol=0)
    back = getattr(adapter, name)([p.detach().clone().requires_grad_() for p in params])
    back.load_state_dict(formats.from_bitsandbytes(theirs.state_dict()))
    for param, mine in zip(params, back.param_groups[0]["params"], strict=True):
        assert all(torch.equal(theirs.state[param][foreign], back.state[mine][key]) for foreign, key in keys.items())
    step(back, 3)


@pytest.mark.parametrize("name", ["AdamW", "Adam"])
def test_torchao_goes_on_with_the_same_codes(name: str) -> None:
    peer("torchao")
    kind = getattr(importlib.import_module("torchao.optim"), f"{name}8bit")
    few = [leaf for leaf in leaves() if leaf.numel() != 70 * 80]
    opt = getattr(adapter, name)(few, lr=1e-3, state_dtype="8bit")
    for param in few:
        param.grad = torch.ones_like(param)
    opt.step()
    params = [p.detach().clone().requires_grad_() for p in few]
    theirs = kind(params, lr=1e-3)
    theirs.load_state_dict(formats.to_torchao(opt.state_dict()))
    assert torch.equal(theirs.state[params[0]]["exp_avg"].codes, opt.state[few[0]]["exp_avg"])
    content = formats.from_torchao(theirs.state_dict())
    back = getattr(adapter, name)([p.detach().clone().requires_grad_() for p in few])
    back.load_state_dict(content)
    for param, mine in zip(few, back.param_groups[0]["params"], strict=True):
        assert set(opt.state[param]) == set(back.state[mine])
        assert all(torch.equal(opt.state[param][key], back.state[mine][key]) for key in opt.state[param])
    whole = adapter.AdamW(leaves(), state_dtype="8bit")
    step(whole, 1)
    with pytest.raises(ValueError, match=r"\['exp_avg'\]: expected a multiple of 256 elements, got 5600"):
        formats.to_torchao(whole.state_dict())


@pytest.mark.parametrize("to", [formats.to_bitsandbytes, formats.to_torchao])
def test_what_does_not_go_to_others(to: Any) -> None:
    if to is formats.to_torchao:
        peer("torchao")
    opt = adapter.AdamW(leaves(), state_dtype="8bit-sqrt")
    step(opt, 1)
    with pytest.raises(ValueError, match=r"got exp_avg_sq_sqrt_absmax$"):
        to(opt.state_dict())
