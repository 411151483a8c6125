"""What a refused or odd call leaves behind, where one row of a table is not enough."""

import pickle
import subprocess
import sys
import warnings
from collections import OrderedDict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import validation
from fastgd.engine import zeros

RULE_CHANGES: tuple[tuple[type[fastgd.Optimizer], dict[str, Any], dict[str, Any]], ...] = (
    (fastgd.Adam, {}, dict(amsgrad=True)),
    (fastgd.Adam, dict(amsgrad=True), dict(amsgrad=False)),
    (fastgd.RMSprop, dict(momentum=0.9), dict(momentum=0.0)),
    (fastgd.RMSprop, {}, dict(centered=True)),
    (fastgd.SGD, {}, dict(momentum=0.9)),
    (fastgd.SGD, dict(momentum=0.9), dict(momentum=0.0)),
    (fastgd.SignSGD, {}, dict(momentum=0.9)),
)


@pytest.mark.parametrize(("cls", "before", "change"), RULE_CHANGES)
def test_a_state_saved_after_the_rule_has_changed_can_be_loaded(
    cls: type[fastgd.Optimizer], before: dict[str, Any], change: dict[str, Any]
) -> None:
    one, two, grad = np.ones(5), np.ones(5), np.arange(5.0)
    first, second = cls(one, lr=0.1, **before), cls(two, lr=0.1, **before)
    first.step(grad)
    first.param_groups[0].update(change)
    second.load_state_dict(first.state_dict())
    two[...] = one
    for _ in range(3):
        first.step(grad)
        second.step(grad)
    np.testing.assert_array_equal(one, two)


def test_a_list_of_betas_is_read_at_every_call() -> None:
    arrays = [np.ones(3), np.ones(3), np.zeros(3), np.zeros(3)]
    betas: Any = [0.9, 0.999]
    fastgd.functional.adam(*arrays, step=1, betas=betas)
    betas[0] = 0.0
    arrays[2][...] = 0
    fastgd.functional.adam(*arrays, step=1, betas=betas)
    np.testing.assert_array_equal(arrays[2], 1.0)
    betas[0] = 7.0
    with pytest.raises(ValueError, match=r"betas\[0\] must be in \[0, 1\), got 7.0"):
        fastgd.functional.adam(*arrays, step=1, betas=betas)


@pytest.mark.parametrize(
    "bad",
    [dict(lr=True), dict(lr=np.ones(1)), dict(maximize=1), dict(step=True), dict(grad_scale="1"), dict(betas=[1j, 0])],
)
def test_a_value_equal_to_the_one_before_is_checked_all_the_same(bad: dict[str, Any]) -> None:
    arrays = [np.ones(3), np.ones(3), np.zeros(3), np.zeros(3)]
    good = dict(step=1, lr=1.0, maximize=True, grad_scale=1.0, betas=(0.5, 0.0))
    fastgd.functional.adam(*arrays, **good)
    with pytest.raises(TypeError, match=next(iter(bad))):
        fastgd.functional.adam(*arrays, **{**good, **bad})


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the checks in Python that are made of gradients."""
    made: list[str] = []
    for name in ("beside", "not_within"):
        check = getattr(validation, name)
        monkeypatch.setattr(validation, name, lambda *args, n=name, c=check: made.append(n) or c(*args))
    return made


def test_unpickled_gradients_need_no_check_in_python(checks: list[str]) -> None:
    params = [np.zeros(4, np.float32) for _ in range(3)]
    grads = pickle.loads(pickle.dumps([np.ones(4, np.float32) for _ in params]))
    assert grads[0].dtype is not params[0].dtype
    fastgd.SGD(params, lr=1.0).step(grads)
    assert checks == []
    np.testing.assert_array_equal(params, -1)


def test_gradients_of_a_subclass_are_checked_once_each(checks: list[str], tmp_path: Path) -> None:
    params = [np.zeros(4, np.float32) for _ in range(3)]
    mapped = np.memmap(tmp_path / "g", np.float32, "w+", shape=4)
    mapped[...] = 1
    fastgd.SGD(params, lr=1.0).step([mapped, np.ones(4, np.float32), mapped])
    assert checks == ["beside", "beside"]
    np.testing.assert_array_equal(params, -1)


def test_more_threads_than_the_work_is_worth_are_not_started() -> None:
    code = (
        "import resource; resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30)); import numpy as np, fastgd;"
        "fastgd.set_num_threads(1024); w = np.zeros(400_000, np.float32); fastgd.SGD(w, lr=1.0).step(np.ones_like(w));"
        "assert (w == -1).all(); fastgd.grad_norm(np.ones(200_000))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


def test_a_gradient_that_the_scale_takes_beyond_its_dtype_is_left_out() -> None:
    w = np.ones(2, np.float32)
    opt = fastgd.Adam(w, skip_nonfinite=True)
    opt.step(np.full(2, 1e30, np.float32), grad_scale=1e20)
    assert opt.skipped_steps == 1
    np.testing.assert_array_equal(w, 1)


def test_a_refused_step_keeps_the_norm_of_the_latest() -> None:
    opt = fastgd.SGD(np.ones(2), max_grad_norm=1.0)
    opt.step(np.array([3.0, 4.0]))
    opt.param_groups[0]["nesterov"] = True
    with pytest.raises(ValueError, match="nesterov"):
        opt.step(np.array([30.0, 40.0]))
    assert opt.grad_norm == 5.0


@pytest.mark.parametrize(
    ("groups", "message"),
    [(None, "param_groups must be a list, got NoneType"), (["x"], r"param_groups\[0\] must be a dict, got str")],
)
def test_param_groups_of_another_type(groups: Any, message: str) -> None:
    opt = fastgd.SGD(np.ones(2))
    opt.param_groups = groups
    with pytest.raises(TypeError, match=message):
        opt.step(np.ones(2))


def test_equal_parameters_in_place_of_the_bound_ones_are_refused() -> None:
    opt = fastgd.SGD(np.ones(1))
    opt.param_groups[0]["params"] = (np.ones(1),)
    with pytest.raises(ValueError, match="cannot be replaced"):
        opt.step(np.ones(1))


def test_a_parameter_of_another_dtype_in_the_same_memory_is_refused() -> None:
    w = np.zeros(3, np.float32)
    opt = fastgd.SGD(w)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # NumPy means to forbid it
        w.dtype = np.int32  # type: ignore[misc]
    with pytest.raises((TypeError, ValueError)):
        opt.step(np.ones(3, np.float32))
    np.testing.assert_array_equal(w, 0)


def test_a_step_without_gradients_does_not_advance_a_schedule() -> None:
    seen: list[int] = []

    def lr(step: int) -> float:
        seen.append(step)
        return 0.1

    opt = fastgd.SGD([np.ones(2)], lr=lr)
    for grads in ([None], [np.ones(2)], [None], [np.ones(2)]):
        opt.step(grads)
    assert seen[1:] == [0, 0, 1, 1]


@pytest.mark.parametrize("call", ["add", "load"])
def test_memory_that_runs_out_leaves_the_optimizer_as_it_was(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    params = [np.ones(3), np.ones(4)]
    opt = fastgd.Adam(params)
    opt.step([np.ones(3), np.ones(4)])
    saved = opt.state_dict()
    calls = iter(range(100))

    def scarce(*args: Any) -> np.ndarray:
        if next(calls) == 1:
            raise MemoryError
        return np.zeros(*args)

    monkeypatch.setattr(zeros, "zeros", scarce)
    changed = {**saved, "param_groups": [{**saved["param_groups"][0], "lr": 0.5}]}
    act = partial(opt.add_param_group, {"params": [np.ones(2), np.ones(5)]})
    with pytest.raises(MemoryError):
        act() if call == "add" else opt.load_state_dict(changed)
    monkeypatch.undo()
    assert repr(opt.state_dict()) == repr(saved)
    opt.step([np.ones(3), np.ones(4)])
    assert opt.state[1]["step"] == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda groups: groups[0].update(params=(np.ones(2),)), "cannot be replaced"),
        (lambda groups: groups[0].update(momentm=0.9), "unknown name 'momentm'"),
        (lambda groups: groups.append(groups[0]), "expected 1 groups, got 2"),
    ],
)
def test_a_state_is_not_loaded_over_groups_that_a_step_would_refuse(change: Any, message: str) -> None:
    """Taken as read, arrays put in the place of the parameters would never be updated and never be named."""
    w = np.zeros(2)
    opt = fastgd.SGD(w, lr=1.0)
    saved = opt.state_dict()
    change(opt.param_groups)
    with pytest.raises(ValueError, match=message):
        opt.load_state_dict(saved)
    with pytest.raises(ValueError, match=message):
        opt.step(np.ones(2))
    np.testing.assert_array_equal(w, 0)


def test_groups_that_become_fewer_while_they_are_read() -> None:
    class Rate(float):
        def __float__(self) -> float:
            del opt.param_groups[1:]
            return 0.1

    opt = fastgd.SGD([{"params": np.ones(2)} for _ in range(300)])
    opt.param_groups[0]["lr"] = Rate(0.1)
    with pytest.raises(ValueError, match="expected 300 groups, got 1"):
        opt.step([np.ones(2)] * 300)


def test_a_parameter_of_another_shape_in_the_same_memory_is_refused() -> None:
    """Its state would keep the old shape, and a state dict of it could not be loaded."""
    w = np.ones((4, 4))
    opt = fastgd.Adam(w)
    opt.step(np.ones((4, 4)))
    before = w.copy()
    w.shape = (2, 8)
    for grad in (np.ones((2, 8)), np.ones((4, 4))):
        with pytest.raises(ValueError, match="params: expected the array that was given, got one changed in shape"):
            opt.step(grad)
    w.shape = (4, 4)
    np.testing.assert_array_equal(w, before)
    opt.step(np.ones((4, 4)))
    assert opt.state[0]["step"] == 2


def test_a_gradient_that_resizes_a_parameter_when_it_is_looked_at() -> None:
    class Grad(np.ndarray):
        @property
        def dtype(self) -> Any:
            params[0].resize(100_000, refcheck=False)
            return super().dtype

    params = [np.ones(3), np.ones(3)]
    opt = fastgd.SGD(params)
    with pytest.raises(ValueError, match=r"params\[0\]: expected the array that was given, got one resized"):
        opt.step([np.ones(3), np.ones(3).view(Grad)])
    np.testing.assert_array_equal(params[1], 1)


def test_a_gradient_that_changes_its_own_parameter_when_it_is_looked_at() -> None:
    class Grad(np.ndarray):
        @property
        def shape(self) -> Any:
            param.flags.writeable = False
            return super().shape

    param = np.ones(3)
    opt = fastgd.SGD(param)
    with pytest.raises(ValueError, match=r"params: expected a writeable array, got a read-only one"):
        opt.step(np.ones(3).view(Grad))
    np.testing.assert_array_equal(param, 1)


def test_groups_that_come_one_by_one_are_not_compared_with_all_before(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    check = validation.extent_of
    monkeypatch.setattr(validation, "extent_of", lambda array: made.append(array) or check(array))
    opt = fastgd.Adam(np.ones(2))
    for _ in range(50):
        opt.add_param_group({"params": np.ones(2)})
    assert len(made) == 51
    taken = opt.param_groups[20]["params"][0]
    for array in (taken, opt._steps.states[7]["exp_avg"]):
        with pytest.raises(ValueError, match=r"params\[51\]\[0\]: expected memory of its own|state 'exp_avg'"):
            opt.add_param_group({"params": [array]})
    assert len(opt.param_groups) == 51


def test_groups_and_their_list_may_be_of_subclasses() -> None:
    class Groups(list[Any]):
        pass

    w, twin = np.ones(2), np.ones(2)
    opt, other = fastgd.Adam(w), fastgd.Adam(twin)
    opt.param_groups = Groups(OrderedDict(group) for group in opt.param_groups)
    for lr in (0.1, 0.1, 0.2):
        for one in (opt, other):
            one.param_groups[0]["lr"] = lr
            one.step(np.ones(2))
    opt.load_state_dict(other.state_dict())
    opt.add_param_group({"params": np.ones(3)})
    opt.step([np.ones(2), None])
    other.step(np.ones(2))
    np.testing.assert_array_equal(w, twin)


def test_a_group_is_not_added_to_what_a_step_would_refuse() -> None:
    opt = fastgd.Adam(np.ones(2))
    groups = opt.param_groups
    opt.param_groups = tuple(groups)  # type: ignore[assignment]
    with pytest.raises(TypeError, match="param_groups must be a list, got tuple"):
        opt.add_param_group({"params": np.ones(3)})
    opt.param_groups = groups
    opt.add_param_group({"params": np.ones(3)})
    opt.step([np.ones(2), np.ones(3)])
