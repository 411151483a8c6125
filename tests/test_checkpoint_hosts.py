"""Checkpoints of whole runs in torch, and from NumPy's optimizers to torch's and back."""

from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
import torch

import fastgd
import fastgd.torch
from fastgd import schedules
from support.cases import CASES, Case
from support.comparing import assert_same
from support.stepping import gradients, make, parameters, run


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.safetensors"


def module() -> torch.nn.Sequential:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Linear(4, 1).bfloat16())


def learn(model: torch.nn.Module, opt: torch.optim.Optimizer, times: int) -> None:
    for t in range(times):
        opt.zero_grad()
        x = torch.cos(torch.arange(24.0) + t).reshape(8, 3)
        model[2](model[1](model[0](x)).bfloat16()).square().mean().backward()  # type: ignore[index]
        opt.step()


@pytest.mark.parametrize("name", ["AdamW", "SGD", "NAdam"])
@pytest.mark.parametrize("wait", [True, False])
def test_a_module_and_its_optimizer(name: str, wait: bool, file: Path) -> None:
    def build() -> tuple[torch.nn.Module, Any]:
        model = module()
        return model, getattr(fastgd.torch, name)(model.parameters(), lr=0.01, max_grad_norm=1.0, state_dtype="float32")

    model, opt = build()
    learn(model, opt, 3)
    saving = fastgd.save(file, opt, params=model.state_dict(), extra={"epoch": 3}, wait=wait)
    if saving is not None:
        learn(model, opt, 1)  # the file has what was before
        saving.wait()
        model, opt = build()
        learn(model, opt, 3)
    other, resumed = build()
    resumed.max_grad_norm = None
    assert fastgd.load(file, resumed, params=other.state_dict()) == {"epoch": 3}
    assert_same_tensors(other.state_dict(), model.state_dict())
    learn(model, opt, 3)
    learn(other, resumed, 3)
    assert_same_tensors(other.state_dict(), model.state_dict())
    assert resumed.max_grad_norm == 1.0
    kept = fastgd.inspect(file).params
    assert kept["1.num_batches_tracked"] == ("int64", ())
    assert kept["2.weight"] == ("bfloat16", (1, 4))


def assert_same_tensors(ours: Any, theirs: Any) -> None:
    assert list(ours) == list(theirs)
    for name in ours:
        assert (ours[name].dtype, ours[name].shape) == (theirs[name].dtype, theirs[name].shape)
        assert torch.equal(ours[name], theirs[name]), name


def test_autograd_is_told_of_loaded_parameters(file: Path) -> None:
    param = torch.nn.Parameter(torch.ones(2))
    opt = fastgd.torch.SGD([param])
    fastgd.save(file, opt, params=[param])
    loss = (param * param).sum()
    fastgd.load(file, opt, params=[param])
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


IN_TORCH = [case for case in CASES if hasattr(fastgd.torch, case.optimizer.__name__)]


def twins(case: Case) -> tuple[list[np.ndarray], list[Any], Any]:
    arrays = [np.array(param) for param in parameters()]
    tensors = [torch.nn.Parameter(torch.from_numpy(array.copy("K"))) for array in arrays]
    return arrays, tensors, getattr(fastgd.torch, case.optimizer.__name__)(tensors, **case.arguments)


def step_tensors(opt: Any, tensors: list[Any], t: int) -> None:
    for tensor, grad in zip(tensors, gradients(t), strict=True):
        tensor.grad = torch.from_numpy(np.array(grad, order="K"))
    opt.step()


@pytest.mark.parametrize("by", ["file", "state dict"])
@pytest.mark.parametrize("case", IN_TORCH, ids=lambda case: case.name)
def test_from_numpy_to_torch_and_back(case: Case, by: str, file: Path) -> None:
    def move(source: Any, target: Any, given: Any, taken: Any) -> None:
        if by == "file":
            fastgd.save(file, source, params=given)
            fastgd.load(file, target, params=taken)
        else:
            target.load_state_dict(source.state_dict())

    arrays, tensors, theirs = twins(case)
    ours = make(case, arrays)
    run(ours, range(3))
    for tensor, array in zip(tensors, arrays, strict=True):
        tensor.detach().copy_(torch.from_numpy(array))
    move(ours, theirs, arrays, tensors)
    for t in range(3, 5):
        ours.step(gradients(t))
        step_tensors(theirs, tensors, t)
    assert_same([tensor.detach().numpy() for tensor in tensors], arrays)
    back = [array.copy("K") for array in arrays]
    again = case.optimizer(back)
    move(theirs, again, tensors, back)
    ours.step(gradients(5))
    again.step(gradients(5))
    assert_same(back, arrays)
    assert_same(list(again.state_dict()["state"].values()), list(ours.state_dict()["state"].values()))


def test_formats_go_between_hosts(file: Path) -> None:
    w = np.linspace(-1, 1, 8).astype(ml_dtypes.bfloat16)
    opt = fastgd.AdamW(w, master_weights=True, state_dtype="bfloat16")
    opt.step(np.ones(8, np.float32))
    fastgd.save(file, opt, params={"w": w})
    tensor = torch.nn.Parameter(torch.zeros(8, dtype=torch.bfloat16))
    theirs = fastgd.torch.AdamW([tensor])
    fastgd.load(file, theirs, params={"w": tensor})
    assert theirs.param_groups[0]["master_weights"] is True
    assert theirs.state[tensor]["param_remainder"].dtype == torch.int16
    tensor.grad = torch.ones(8, dtype=torch.bfloat16)
    theirs.step()
    opt.step(np.ones(8, ml_dtypes.bfloat16))
    assert tensor.detach().view(torch.int16).numpy().tobytes() == w.tobytes()


def test_a_schedule_becomes_the_rate_it_has_come_to(file: Path) -> None:
    opt = fastgd.SGD(np.ones(2, np.float32), lr=schedules.plateau(1.0, factor=0.5, patience=0))
    opt.param_groups[0]["lr"].update(1.0)
    opt.param_groups[0]["lr"].update(2.0)
    theirs = fastgd.torch.SGD([torch.nn.Parameter(torch.ones(2))], lr=7.0)
    theirs.load_state_dict(opt.state_dict())
    assert theirs.param_groups[0]["lr"] == 0.5
    assert not {"schedule", "schedules"} & theirs.param_groups[0].keys()


@pytest.mark.parametrize("by", ["file", "state dict"])
def test_schedules_of_both_hosts_count_on(by: str, file: Path) -> None:
    def move(source: Any, target: Any) -> None:
        if by == "file":
            fastgd.save(file, source)
            fastgd.load(file, target)
        else:
            target.load_state_dict(source.state_dict())

    rate = schedules.linear(1.0, 10)
    ours, param = fastgd.SGD(np.ones(2, np.float32), lr=rate), torch.nn.Parameter(torch.ones(2))
    for _ in range(3):
        ours.step(np.ones(2, np.float32))
    theirs = fastgd.torch.SGD([param], lr=rate)
    move(ours, theirs)
    assert theirs.param_groups[0]["lr"] == ours.lr == rate(3)
    param.grad = torch.ones(2)
    theirs.step()
    again = fastgd.SGD(np.ones(2, np.float32), lr=rate)
    move(theirs, again)
    assert (again.lr, again.steps_completed) == (rate(4), 4)
    with pytest.raises(TypeError, match="completed"):
        theirs.load_state_dict({**ours.state_dict(), "completed": "three"})
    assert theirs.param_groups[0]["lr"] == rate(4)


def test_moving_averages_are_in_the_file_and_parameters_are_not_they(file: Path) -> None:
    w = np.ones(3, np.float32)
    opt = fastgd.Adam(w, lr=0.1, ema_decay=0.9)
    for _ in range(3):
        opt.step(np.ones(3, np.float32))
    with opt.averaged(), pytest.raises(RuntimeError, match="averages"):
        fastgd.save(file, opt, params=w)
    assert not file.exists()
    fastgd.save(file, opt, params=w)
    twin = np.zeros(3, np.float32)
    resumed = fastgd.Adam(twin)
    fastgd.load(file, resumed, params=twin)
    with opt.averaged(), resumed.averaged():
        assert_same(twin, w)
    assert_same(twin, w)
