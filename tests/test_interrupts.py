"""Interrupts outside a step: whatever a call was doing when Ctrl-C came, it has done all of it or nothing."""

import gc
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import fastgd
import fastgd.torch
from fastgd import schedules
from support.comparing import freeze
from support.interrupts import interrupted, interrupted_at_line

# An interrupt may let go of an open file before a `with` has it: that is closed, with a warning.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")


def plateau() -> Any:
    return schedules.warmup(schedules.plateau(0.1, factor=0.5, patience=0), 2)


def make(rate: Callable[[], Any] = plateau) -> tuple[dict[str, np.ndarray], fastgd.Optimizer]:
    params = {"a": np.ones(5), "b": np.ones((2, 3), np.float32)}
    groups = [{"params": params}, {"params": np.ones(3), "momentum": 0.5, "momentum_form": "ema"}]
    return params, fastgd.SGD(groups, lr=rate(), momentum=0.9)


def step(opt: fastgd.Optimizer, times: int = 1) -> None:
    for _ in range(times):
        opt.step([np.cos(array) for group in opt.param_groups for array in group["params"]])


def started() -> fastgd.Optimizer:
    _, opt = make()
    step(opt)
    return opt


def everything(opt: fastgd.Optimizer) -> Any:
    rates = [group["lr"].state_dict() for group in opt.param_groups if hasattr(group["lr"], "state_dict")]
    groups = [{key: value for key, value in group.items() if key != "params"} for group in opt.param_groups]
    return freeze([opt.state_dict(), groups, opt._steps.states, opt._steps.completed, rates])


def told(opt: fastgd.Optimizer, losses: int) -> fastgd.Optimizer:
    for _ in range(losses):
        opt.param_groups[0]["lr"]._parts[0].update(1.0)
    return opt


def test_loading_is_all_or_nothing(tmp_path: Path) -> None:
    _, opt = make()
    step(opt, 3)
    path = tmp_path / "run"
    fastgd.save(path, told(opt, 3))
    saved, after = opt.state_dict(), everything(opt)
    for load in (lambda other: other.load_state_dict(saved), lambda other: fastgd.load(path, other)):
        moment, seen, other = 1, set(), None
        while True:
            if other is None:
                other = told(started(), 1)
                before = everything(other)
            came = interrupted(lambda: load(other), moment)  # noqa: B023
            found = everything(other)
            assert found in (before, after), f"a mixture at moment {moment}"
            seen.add(found == after)
            if found == after:
                step(other)
                other = None
            if not came:
                break
            moment += 1
        assert seen == {True, False}
        assert moment > 100


def open_files(folder: Path) -> list[str]:
    """Files in a folder that this process has open, where the system tells."""
    found = [str(link.readlink()) for link in Path("/proc/self/fd").glob("*") if link.is_symlink()]
    return [name for name in found if name.startswith(f"{folder}{os.sep}")]


def test_saving_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    opt = fastgd.Lion([np.ones(3)])  # few hyperparameters, so that there are few moments
    path = tmp_path / "run"
    fastgd.save(path, opt)
    old = path.read_bytes()
    step(opt)
    fastgd.save(path, opt)
    new = path.read_bytes()
    for existing in (True, False):
        moment, seen = 1, set()
        while True:
            path.write_bytes(old) if existing else path.unlink()
            before = open_files(tmp_path)
            came = interrupted(lambda: fastgd.save(path, opt), moment)
            assert [file.name for file in tmp_path.iterdir()] in (["run"], [] if not existing else ["run"]), moment
            content = path.read_bytes() if path.exists() else None
            assert content in (old if existing else None, new), f"neither file at moment {moment}"
            assert open_files(tmp_path) == before, f"a file stays open at moment {moment}"
            seen.add(content)
            path.write_bytes(new)
            if not came:
                break
            moment += 1
        assert seen == {old if existing else None, new}
        assert moment > 100


def test_adding_a_group_is_all_or_nothing() -> None:
    moment, seen = 1, set()
    while True:
        _, opt = make()
        step(opt)
        before = everything(opt)
        extra = {"params": {"c": np.ones(2)}, "lr": lambda t: 0.5, "momentum_form": "ema"}
        came = interrupted(lambda: opt.add_param_group(extra), moment)  # noqa: B023
        added = len(opt.param_groups) == 3
        assert added or everything(opt) == before, f"a mixture at moment {moment}"
        seen.add(added)
        step(opt)
        assert len(opt.state_dict()["param_groups"]) == 2 + added
        if not came:
            break
        moment += 1
    assert seen == {True, False}


def test_a_step_of_rows_is_done_or_not_begun() -> None:
    moment, seen = 1, set()
    while True:
        table = np.ones((4, 2))
        opt = fastgd.Adagrad([table, np.ones(3)], lr=1.0, initial_accumulator_value=0.5, max_grad_norm=1e9)
        grads = [fastgd.Rows(np.array([3, 1, 3]), np.ones((3, 2))), np.ones(3)]
        came = interrupted(lambda: opt.step(grads), moment)  # noqa: B023
        done = opt.steps_completed
        assert (table[[1, 3], 0] < 1).all() == (opt.state[0]["sum"][3, 0] == 4.5) == done, moment
        seen.add(done)
        opt.step(grads)
        assert opt.steps_completed == done + 1
        if not came:
            break
        moment += 1
    assert seen == {0, 1}


def test_binding_and_settings_are_all_or_nothing() -> None:
    moment = 1
    while True:
        param, old, new = np.ones(4), np.ones(4), np.zeros(4)
        opt = fastgd.SGD([param], lr=1.0)
        opt.bind([old])
        came = interrupted(lambda: opt.bind([new]), moment)  # noqa: B023
        opt.step()
        assert param.tolist() in ([0.0] * 4, [1.0] * 4)
        came |= interrupted(lambda: setattr(opt, "max_grad_norm", 0.5), moment)  # noqa: B023
        assert opt.max_grad_norm in (None, 0.5)
        param[...] = 1.0
        opt.bind([old])
        opt.step()
        assert param.tolist() == [0.0 if opt.max_grad_norm is None else 1 - 0.5 / (2 + 1e-6)] * 4
        if not came:
            break
        moment += 1


def test_telling_a_loss_is_all_or_nothing() -> None:
    moment = 1
    while True:
        rate, other = (schedules.plateau(1.0, patience=0, cooldown=2) for _ in range(2))
        rate.update(1.0)
        other.update(1.0)
        before = rate.state_dict()
        other.update(1.0)
        came = interrupted(lambda: rate.update(1.0), moment)  # noqa: B023
        assert rate.state_dict() in (before, other.state_dict())
        if not came:
            break
        moment += 1
    assert moment > 5


SHAPES = [(3, 4), (4, 3), (2, 2)]


def changed(arrays: Any, before: list[Any]) -> set[bool]:
    return {not np.array_equal(array, old) for array, old in zip(arrays, before, strict=True)}


@pytest.mark.parametrize("steps", [0, 1])
@pytest.mark.parametrize("front", ["numpy", "torch"])
@pytest.mark.parametrize("name", ["Muon", "Adafactor"])
def test_a_step_that_is_more_than_a_pass_is_all_or_nothing(name: str, front: str, steps: int) -> None:
    """Every parameter with its state, or none; and where state has begun, all of it."""
    options = dict(beta1=0.9) if name == "Adafactor" else {}
    rng = np.random.default_rng(0)
    grads = [rng.standard_normal(shape) for shape in SHAPES]
    moment, seen = 1, set()
    while True:
        params = [np.ones(shape) for shape in SHAPES]
        if front == "numpy":
            opt: Any = getattr(fastgd, name)(params, lr=0.1, **options)
            step_once = lambda: opt.step(grads)  # noqa: E731, B023
        else:
            tensors = [torch.from_numpy(param) for param in params]
            for tensor, grad in zip(tensors, grads, strict=True):
                tensor.grad = torch.from_numpy(grad)
            opt = getattr(fastgd.torch, name)(tensors, lr=0.1, **options)
            step_once = opt.step
        for _ in range(steps):
            step_once()
        before = [param.copy() for param in params]
        came = interrupted(step_once, moment)
        (moved,) = changed(params, before)
        state = opt.state_dict()["state"]
        begun = [set(state.get(i, {})) for i in range(3)]
        assert begun[0] == begun[1] == begun[2], f"at moment {moment}"
        assert bool(begun[0]) == (moved or steps > 0), f"at moment {moment}"
        if name == "Adafactor" and begun[0]:
            assert begun[0] == {"step", "row_var", "col_var", "exp_avg"}
            assert {float(state[i]["step"]) for i in range(3)} == {steps + moved}
        seen.add(moved)
        if not came:
            break
        moment += 1
    assert moved
    assert seen == {True, False}
    assert moment > 20


def whole_run(host: str) -> tuple[dict[str, Any], Any]:
    """(parameters, optimizer) of a run whose state dict is small."""
    if host == "torch":
        param = torch.nn.Parameter(torch.arange(3.0))
        opt: Any = fastgd.torch.Lion([param], max_grad_norm=1.0)
        param.grad = torch.ones(3)
        return {"w": param, "buffer": torch.arange(2)}, opt
    params = {"w": np.arange(3.0), "b": np.ones(2)}
    opt = fastgd.Lion(params, max_grad_norm=1.0)
    opt.bind({"w": np.ones(3), "b": np.ones(2)})
    return params, opt


def run_of(params: dict[str, Any], opt: Any) -> Any:
    settings = [opt.max_grad_norm, opt.skip_nonfinite, opt.skipped_steps, opt._steps.completed]
    return repr([params, opt.state_dict(), settings])


@pytest.mark.parametrize(("host", "every"), [("numpy", 1), ("torch", 3)])  # torch has many moments, and takes long
def test_loading_a_run_is_all_or_nothing(host: str, every: int, tmp_path: Path) -> None:
    path = tmp_path / "run"
    params, opt = whole_run(host)
    opt.step()
    fastgd.save(path, opt, params=params)
    after = run_of(params, opt)

    def other() -> tuple[dict[str, Any], Any]:
        params, opt = whole_run(host)
        opt.param_groups[0]["lr"], opt.max_grad_norm, opt.skip_nonfinite = 0.5, None, True
        for param in params.values():
            (param.detach() if host == "torch" else param)[...] = 7
        opt.step()
        opt.step()
        return params, opt

    moment, seen = 1, set()
    params, opt = other()
    before = run_of(params, opt)
    while True:
        came = interrupted(lambda: fastgd.load(path, opt, params=params), moment)  # noqa: B023
        found = run_of(params, opt)
        assert found in (before, after), f"a mixture at moment {moment}"
        seen.add(found == after)
        if found == after:
            params, opt = other()
        if not came:
            break
        moment += every
    assert seen == {True, False}
    assert moment > 100


@pytest.mark.parametrize("kind", ["lookahead", "schedule-free"])
def test_loading_what_is_more_than_a_state_dict(kind: str) -> None:
    def make(steps: int) -> Any:
        opt: Any = fastgd.Lookahead(fastgd.Lion(np.ones(2)), k=1)
        if kind == "schedule-free":
            opt = fastgd.ScheduleFreeSGD(np.ones(2))
        for _ in range(steps):
            opt.step(np.ones(2))
        if kind == "schedule-free" and steps > 1:
            opt.eval()
        return opt

    saved, moment, seen = make(3).state_dict(), 1, set()
    before = freeze(make(1).state_dict())
    while True:
        opt = make(1)
        came = interrupted(lambda: opt.load_state_dict(saved), moment)  # noqa: B023
        found = freeze(opt.state_dict())
        assert found in (before, freeze(saved)), f"a mixture at moment {moment}"
        seen.add(found == freeze(saved))
        if not came:
            break
        moment += 1
    assert seen == {True, False}


@pytest.mark.parametrize("clip", [fastgd.clip_grad_norm_, fastgd.clip_grad_value_])
def test_clipping_is_all_or_nothing(clip: Callable[..., object]) -> None:
    after = [np.full(3, 4.0), np.full(2, 4.0, np.float32)]
    clip(after, 0.5)
    moment, seen = 1, set()
    while True:
        grads = [np.full(3, 4.0), np.full(2, 4.0, np.float32)]
        before = freeze(grads)
        came = interrupted_at_line(lambda: clip(grads, 0.5), moment)  # noqa: B023
        assert freeze(grads) in (before, freeze(after)), f"a mixture at moment {moment}"
        seen.add(freeze(grads) == before)
        if not came:
            break
        moment += 1
    assert seen == {True, False}
    assert moment > 10


def test_an_update_of_thinc_is_all_or_nothing() -> None:
    optimizer_of = pytest.importorskip("fastgd.thinc").Adam

    def begun() -> tuple[Any, np.ndarray, np.ndarray]:
        optimizer, weights = optimizer_of(0.1, L2=0.1, L2_is_weight_decay=False), np.full(3, 4.0)
        optimizer((1, "W"), weights, np.ones(3))
        return optimizer, weights, np.full(3, 2.0)

    def bits(optimizer: Any, weights: np.ndarray, gradient: np.ndarray) -> Any:
        state = [dict(getattr(optimizer, name)) for name in ("mom1", "mom2", "averages", "nr_update")]
        return freeze([weights, gradient, state])

    scene = begun()
    before = bits(*scene)
    scene[0]((1, "W"), *scene[1:])
    after = bits(*scene)
    moment, seen = 1, set()
    while True:
        scene = begun()
        came = interrupted_at_line(lambda: scene[0]((1, "W"), *scene[1:]), moment)  # noqa: B023
        assert bits(*scene) in (before, after), f"a mixture at moment {moment}"
        seen.add(bits(*scene) == before)
        if not came:
            break
        moment += 1
    assert seen == {True, False}


@pytest.mark.parametrize("front", ["numpy", "torch"])
def test_a_step_of_sam_is_done_or_not_begun(front: str) -> None:
    """Parameters that were at the worst point nearby come back from there."""
    results: list[list[float]] = [[1.0, -2.0]]
    moment, seen = 1, set()
    while True:
        param = np.array([1.0, -2.0])
        if front == "numpy":
            opt: Any = fastgd.SAM(fastgd.SGD(param, lr=0.5), rho=0.5)
            call = lambda: opt.step(lambda: 2 * param)  # noqa: E731, B023
        else:
            tensor = torch.nn.Parameter(torch.from_numpy(param))
            opt = fastgd.torch.SGD([tensor], lr=0.5)
            fastgd.torch.SAM(opt, rho=0.5)

            def closure() -> None:
                tensor.grad = 2 * tensor.detach()  # noqa: B023

            call = lambda: opt.step(closure)  # noqa: E731, B023
        if moment == 1:
            call()
            results.append(param.tolist())
            param[...] = results[0]
        came = interrupted(call, moment)
        assert param.tolist() in results, moment
        seen.add(results.index(param.tolist()))
        if not came:
            break
        moment += 1
    assert seen == {0, 1}


@pytest.mark.parametrize("front", ["numpy", "torch"])
@pytest.mark.parametrize("method", ["eval", "train"])
def test_schedule_free_parameters_hold_one_of_two(method: str, front: str) -> None:
    def scene() -> tuple[Any, Any]:
        params = [np.arange(3.0), np.ones(2)]
        grads = [np.ones(3), np.ones(2)]
        if front == "numpy":
            opt: Any = fastgd.ScheduleFreeSGD(params)
            opt.bind(grads)
        else:
            opt = fastgd.torch.ScheduleFreeSGD([torch.from_numpy(param) for param in params])
            for tensor, grad in zip(opt.param_groups[0]["params"], grads, strict=True):
                tensor.grad = torch.from_numpy(grad)
        for _ in range(2):
            opt.step()
        if method == "train":
            opt.eval()
        return params, opt

    def seen_in(params: Any, opt: Any) -> Any:
        return freeze([params, opt.training, [sorted(opt.state_dict()["state"][i]) for i in range(2)]])

    params, opt = scene()
    results = [seen_in(params, opt)]
    getattr(opt, method)()
    results.append(seen_in(params, opt))
    moment, seen = 1, set()
    while True:
        params, opt = scene()
        came = interrupted(getattr(opt, method), moment)
        found = seen_in(params, opt)
        assert found in results, f"a mixture at moment {moment}"
        seen.add(results.index(found))
        if not came:
            break
        moment += 1
    assert seen == {0, 1}


def test_no_moment_is_in_the_collection_of_garbage() -> None:
    """Else an interrupt would be lost in a callback that a library has left there."""
    called: list[str] = []
    during: list[str] = []

    def collected(phase: str, info: dict[str, int]) -> None:
        called.append(phase)

    def call() -> None:
        called.clear()
        opt.state_dict()
        during.extend(called)

    opt = fastgd.Lion(np.ones(2))
    before = gc.get_threshold()
    gc.callbacks.append(collected)
    gc.set_threshold(1)
    try:
        call()
        assert during.count("start") > 0  # were it not for `interrupted`
        during.clear()
        assert not interrupted(call, 100_000)
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(collected)
    assert during == []
