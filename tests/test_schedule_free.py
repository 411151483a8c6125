"""Schedule-free optimizers: what the parameters hold in training and in evaluation, and that the way back is exact."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd.optimizers.schedule_free import ScheduleFree
from fastgd.tools.demo import digits
from support.comparing import assert_same
from support.running import DTYPES, gradient

CLASSES = [fastgd.ScheduleFreeSGD, fastgd.ScheduleFreeAdamW, fastgd.ScheduleFreeRAdam]
every_class = pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
SHAPES: list[tuple[int, ...]] = [(3, 4), (5,), (), (0,), (2, 3, 4)]


def arguments(cls: Any) -> dict[str, Any]:
    own = dict(momentum=0.8) if cls is fastgd.ScheduleFreeSGD else dict(betas=(0.8, 0.9))
    return dict(lr=0.1, weight_decay=0.1, **own)


def started(cls: Any, dtype: type = np.float32) -> tuple[Any, list[np.ndarray], np.random.Generator]:
    rng = np.random.default_rng(3)
    params = [np.asfortranarray(gradient(rng, shape, dtype)) for shape in SHAPES]
    return cls(params, **arguments(cls)), params, rng


def run(opt: Any, params: list[np.ndarray], rng: np.random.Generator, steps: int) -> None:
    for _ in range(steps):
        grads = [np.empty_like(p) for p in params]
        for grad in grads:
            grad[...] = rng.standard_normal(grad.shape)
        opt.step(grads)


def copies(params: list[np.ndarray]) -> list[np.ndarray]:
    return [np.array(param, order="K") for param in params]


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
@every_class
def test_eval_holds_the_average(cls: Any, dtype: type) -> None:
    """x averages z by the weights of the steps, of which y is a part, and the momentum says how large."""
    opt, params, rng = started(cls, dtype)
    x = [p.astype(np.float64) for p in params]
    total = 0.0
    for _ in range(12):
        run(opt, params, rng, 1)
        before, total = total, float(opt.state[0]["weight_sum"])
        share = (total - before) / total if total else 0.0
        for i, average in enumerate(x):
            average *= 1 - share
            average += share * opt.state[i]["z"]
    opt.eval()
    assert not opt.training
    for param, average in zip(params, x, strict=True):
        np.testing.assert_allclose(param, average, rtol=1e-5 if dtype is np.float32 else 1e-13)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
@every_class
def test_there_and_back_are_the_same_bits(cls: Any, dtype: type) -> None:
    opt, params, rng = started(cls, dtype)
    other, theirs, their_rng = started(cls, dtype)
    for steps in (0, 1, 7, 1):
        run(opt, params, rng, steps)
        run(other, theirs, their_rng, steps)
        held = copies(params)
        for _ in range(2):
            opt.eval()
            opt.eval()
            seen = copies(params)
            opt.train()
            opt.train()
            assert_same(copies(params), held)
        assert_same(params, theirs)
        assert_same(opt.state, other.state)
    changed = [bool((a != b).any()) for a, b in zip(seen, held, strict=True) if a.size]
    assert all(changed)


def test_infinite_and_missing_values_come_back() -> None:
    w = np.array([np.inf, -np.inf, np.nan, -0.0, 1e-45], np.float32)
    opt = fastgd.ScheduleFreeSGD(w, lr=0.1)
    opt.step(np.ones_like(w))
    held = w.tobytes()
    with np.errstate(invalid="ignore"):
        opt.eval()
    opt.train()
    assert w.tobytes() == held


def test_a_parameter_without_steps_stays() -> None:
    params = [np.ones(3), np.ones(3)]
    opt = fastgd.ScheduleFreeAdamW(params)
    opt.step([np.ones(3), None])
    opt.eval()
    assert_same(params[1], np.ones(3))
    opt.add_param_group({"params": np.ones(2)})
    params[1] += 1  # what has no average is the user's to change
    opt.train()
    assert_same(params[1], np.full(3, 2.0))


@every_class
def test_a_step_in_eval_mode_is_refused(cls: Any) -> None:
    opt, params, rng = started(cls)
    run(opt, params, rng, 3)
    opt.eval()
    before = copies(params), opt.state_dict()
    with pytest.raises(RuntimeError, match=re.escape("call train() before a step")):
        run(opt, params, rng, 1)
    assert_same((copies(params), opt.state_dict()), before)
    opt.train()
    run(opt, params, rng, 1)


@every_class
@pytest.mark.parametrize("evaluated", [False, True])
def test_checkpoints_remember_the_mode(cls: Any, evaluated: bool, tmp_path: Path) -> None:
    opt, params, rng = started(cls)
    run(opt, params, rng, 9)
    if evaluated:
        opt.eval()
    path = tmp_path / "run.safetensors"
    fastgd.save(path, opt)
    theirs = copies(params)
    other = cls(theirs)
    fastgd.load(path, other)
    assert other.training is opt.training is not evaluated
    opt.train()
    other.train()
    run(opt, params, np.random.default_rng(1), 3)
    run(other, theirs, np.random.default_rng(1), 3)
    assert_same(theirs, params)
    assert_same(other.state, opt.state)


def damage(saved: dict[str, Any], what: str) -> None:
    if what == "mode":
        saved["param_groups"][0]["train_mode"] = 0
    elif what == "missing":
        del saved["state"][0]["y"]
    elif what == "shape":
        saved["state"][0]["y"] = np.ones(2, np.float32)
    elif what == "dtype":
        saved["state"][0]["y"] = saved["state"][0]["y"].astype(np.float64)
    else:
        saved["param_groups"][1]["train_mode"] = True


REFUSED = {
    "mode": (TypeError, "state_dict['param_groups'][0]['train_mode'] must be a bool, got int"),
    "missing": (ValueError, "state_dict['state'][0]: missing 'y'"),
    "shape": (ValueError, "state_dict['state'][0]['y']: expected shape (3,), got (2,)"),
    "dtype": (TypeError, "state_dict['state'][0]['y']: expected dtype float32, got float64"),
    "modes": (ValueError, "state_dict['param_groups']: expected one 'train_mode' for all, got [False, True]"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_bad_checkpoint_changes_nothing(what: str) -> None:
    def made() -> tuple[ScheduleFree, list[np.ndarray]]:
        params = [np.ones(3, np.float32), np.ones(2, np.float32)]
        opt = fastgd.ScheduleFreeSGD([{"params": params[0]}, {"params": params[1]}])
        opt.step([np.ones(3, np.float32), np.ones(2, np.float32)])
        return opt, params

    opt, _ = made()
    opt.eval()
    saved = opt.state_dict()
    damage(saved, what)
    other, params = made()
    before = copies(params), other.state_dict()
    error, message = REFUSED[what]
    with pytest.raises(error, match=re.escape(message)):
        other.load_state_dict(saved)
    assert_same((copies(params), other.state_dict()), before)


# ---- torch ---------------------------------------------------------------------------------------------------------


@every_class
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_torch_has_the_same_bits(cls: Any, dtype: str) -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    opt, params, rng = started(cls, np.dtype(dtype).type)
    tensors = [torch.nn.Parameter(torch.from_numpy(np.array(p, order="C"))) for p in params]
    other = getattr(fastgd.torch, cls.__name__)(tensors, **arguments(cls))
    assert other.training
    for t in range(9):
        for tensor in tensors:
            tensor.grad = torch.from_numpy(rng.standard_normal(tuple(tensor.shape)).astype(dtype))
        other.step()
        opt.step([np.asfortranarray(tensor.grad.numpy()) for tensor in tensors])
        if t % 4 == 3:
            opt.eval()
            other.eval()
            assert not other.training
            with pytest.raises(RuntimeError, match=re.escape("call train() before a step")):
                other.step()
            assert_same([p.detach().numpy() for p in tensors], [np.array(p, order="C") for p in params])
            saved = other.state_dict()
            opt.train()
            other.train()
        assert_same([p.detach().numpy() for p in tensors], [np.array(p, order="C") for p in params])
    again = getattr(fastgd.torch, cls.__name__)(tensors, **arguments(cls))
    again.load_state_dict(saved)
    assert not again.training
    again.train()
    assert all("y" not in entry for entry in again.state.values())


def test_torch_refuses_a_step_with_hooks_and_in_the_backward_pass() -> None:
    torch = pytest.importorskip("torch")
    import fastgd.torch

    model = torch.nn.Linear(3, 1)
    opt = fastgd.torch.ScheduleFreeSGD(model.parameters())
    opt.register_step_pre_hook(lambda *_: None)
    model(torch.ones(2, 3)).sum().backward()
    opt.step()
    opt.eval()
    with pytest.raises(RuntimeError, match=re.escape("call train() before a step")):
        opt.step()
    with pytest.raises(RuntimeError, match=re.escape("call train() before a step")):
        opt._step_in_backward(model.weight)


def test_no_schedule_is_as_good_as_a_cosine_on_the_digits() -> None:
    """At equal steps, with rates that suit each of them: the loss is a third lower, far from where rounding decides."""
    data = digits.load()
    losses = []
    for make in (
        lambda p: fastgd.ScheduleFreeAdamW(p, lr=0.02, weight_decay=0.05),
        lambda p: fastgd.AdamW(p, lr=fastgd.schedules.cosine(0.016, 5 * 23), weight_decay=0.05),
    ):
        params, rng = digits.initial(), np.random.default_rng(0)
        opt = make(params)
        for _ in range(5):
            for x, y in digits.batches(data, rng):
                opt.step(digits.loss_and_gradients(params, x, y)[1])
        losses.append(digits.measured(opt, lambda: digits.loss_of(digits.forward(params, data.x)[1], data.y)))  # noqa: B023
    assert losses[0] < losses[1]
