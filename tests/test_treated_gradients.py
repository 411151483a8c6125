"""Steps left out, what is done to gradients on the way, and kinds of arrays that bring gradients."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import fastgd
from support.cases import Case, every_case, every_optimizer
from support.comparing import assert_same, freeze
from support.stepping import Arrays, gradients, make, parameters, run

# ---- steps left out, and what is done to gradients on the way -------------------------------------------------------


@pytest.mark.parametrize("when", [0, 3], ids=["first step", "mid-run"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@every_optimizer
def test_steps_with_nonfinite_gradients_are_left_out(cls: type[fastgd.Optimizer], value: float, when: int) -> None:
    params, twins = parameters(), parameters()
    opt, twin = cls(params, skip_nonfinite=True), cls(twins)
    run(opt, range(when))
    run(twin, range(when))
    for count, place in enumerate((0, 1, 2, 3, 5), 1):
        grads = gradients(50)
        grads[place][(-1,) * grads[place].ndim] = value
        opt.step(grads)
        assert_same(params, twins)
        assert_same(opt.state_dict(), twin.state_dict())
        assert opt.skipped_steps == count
        assert opt.grad_norm is not None
        assert not math.isfinite(opt.grad_norm)
    run(opt, range(when, when + 2))
    run(twin, range(when, when + 2))
    assert_same(params, twins)
    assert opt.skipped_steps == 5


def test_large_finite_gradients_are_not_left_out() -> None:
    param = np.ones(2)
    opt = fastgd.SGD(param, lr=1e-200, skip_nonfinite=True)
    opt.step(np.array([1e200, -1e200]))
    assert_same(param, np.array([0.0, 2.0]))
    assert opt.skipped_steps == 0


def test_grad_norm_is_that_of_all_gradients_before_clipping() -> None:
    opt = fastgd.SGD(parameters(), max_grad_norm=0.5)
    grads = gradients(0)
    expected = math.sqrt(math.fsum(float(x) ** 2 for g in grads for x in g.ravel()))
    opt.step(grads)
    assert opt.grad_norm == pytest.approx(expected, rel=1e-15)
    assert opt.grad_norm == fastgd.grad_norm(grads)
    opt.step(grads, grad_scale=-0.25)
    assert opt.grad_norm == fastgd.grad_norm(grads) / 4
    opt.step([*grads[:2], None, *grads[3:]])
    assert opt.grad_norm == fastgd.grad_norm([*grads[:2], *grads[3:]])
    opt.step([None] * 6)
    assert opt.grad_norm == 0
    opt.max_grad_norm = None
    opt.step(grads)
    assert opt.grad_norm is None


# Each changes the gradient in a way that does not round, or rounds as the step does: what is done to it beforehand,
# the arguments of the optimizer, and those of the step that do the same in its one pass.
TREATED: dict[str, tuple[Callable[[Arrays], object], dict[str, Any], dict[str, Any]]] = {
    "halved": (lambda g: scale(g, 0.5), {}, dict(grad_scale=0.5)),
    "turned": (lambda g: scale(g, -1), {}, dict(grad_scale=-1)),
    "zeroed": (lambda g: scale(g, 0), {}, dict(grad_scale=0)),
    "clipped by norm": (lambda g: fastgd.clip_grad_norm_(g, 0.7), dict(max_grad_norm=0.7), {}),
    "norm below its limit": (lambda g: None, dict(max_grad_norm=1e3), {}),
    "clipped by value": (lambda g: fastgd.clip_grad_value_(g, 0.3), dict(max_grad_value=0.3), {}),
    "by norm, then value": (
        lambda g: [fastgd.clip_grad_norm_(g, 0.9), fastgd.clip_grad_value_(g, 0.1)],
        dict(max_grad_norm=0.9, max_grad_value=0.1), {},
    ),
    "halved, by norm, then value": (
        lambda g: [scale(g, 0.5), fastgd.clip_grad_norm_(g, 0.9), fastgd.clip_grad_value_(g, 0.1)],
        dict(max_grad_norm=0.9, max_grad_value=0.1), dict(grad_scale=0.5),
    ),
}  # fmt: skip


def scale(grads: Arrays, factor: float) -> None:
    for grad in grads:
        np.multiply(grad, factor, out=grad)


@pytest.mark.parametrize("treatment", TREATED)
@every_case
def test_gradients_are_treated_in_the_pass_as_beforehand(case: Case, treatment: str) -> None:
    beforehand, arguments, of_step = TREATED[treatment]
    params, twins = parameters(), parameters()
    opt, twin = make(case, params, **arguments), make(case, twins)
    for t in range(4):
        grads, treated = gradients(t), gradients(t)
        opt.step(grads, **of_step)
        assert_same(grads, gradients(t))
        beforehand(treated)
        twin.step(treated)
    assert_same(params, twins)
    assert_same(opt.state_dict(), twin.state_dict())


@every_optimizer
def test_maximize_is_the_step_of_the_negated_gradient(cls: type[fastgd.Optimizer]) -> None:
    params, twins = parameters(), parameters()
    opt, twin = cls(params, maximize=True, max_grad_value=0.5), cls(twins, max_grad_value=0.5)
    for t in range(3):
        opt.step(gradients(t))
        twin.step(gradients(t), grad_scale=-1)
    assert_same(params, twins)


# ---- kinds of arrays ------------------------------------------------------------------------------------------------


class Named(np.ndarray):
    """A subclass whose arithmetic must not be used."""

    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> Any:
        raise AssertionError("a step made new arrays")


@pytest.mark.parametrize("which", ["params", "grads", "both"])
def test_subclasses_of_arrays(which: str) -> None:
    params, twins = parameters(), parameters()
    opt = fastgd.AdamW([p.view(Named) if which != "grads" else p for p in params], max_grad_norm=1)
    twin = fastgd.AdamW(twins, max_grad_norm=1)
    for t in range(3):
        opt.step([g.view(Named) if which != "params" else g for g in gradients(t)])
        twin.step(gradients(t))
    assert_same(params, twins)


def test_memory_mapped_parameters_and_gradients(tmp_path: Path) -> None:
    twin = np.linspace(-1, 1, 5000, dtype=np.float32).reshape(50, 100)
    grad = np.cos(twin)
    for name, array in (("param", twin), ("grad", grad)):
        array.tofile(tmp_path / name)
    param = np.memmap(tmp_path / "param", np.float32, "r+", shape=(50, 100))
    read = np.memmap(tmp_path / "grad", np.float32, "r", shape=(50, 100))
    opt, other = fastgd.Adam({"w": param}), fastgd.Adam({"w": twin})
    for _ in range(3):
        opt.step({"w": read})
        other.step({"w": grad})
    param.flush()
    assert_same(np.fromfile(tmp_path / "param", np.float32).reshape(50, 100), twin)


@every_case
def test_several_dtypes_in_one_optimizer(case: Case) -> None:
    params, twins = parameters(), parameters()
    opt, several = make(case, params), [make(case, [p for p in twins if p.dtype == d]) for d in ("f4", "f8")]
    for t in range(7):
        opt.step(gradients(t))
        for one, dtype in zip(several, ("f4", "f8"), strict=True):
            one.step([g for g in gradients(t) if g.dtype == dtype])
    assert_same(params, twins)


@pytest.mark.parametrize("bad", [np.inf, np.nan])
def test_a_norm_of_all_gradients_spoils_no_block(bad: float) -> None:
    """The NaN of a parameter whose state is in float32 reaches the others by `max_grad_norm`, an infinity as 0."""
    params = [np.ones(10, np.float32), np.ones(5000, np.float32)]
    opt = fastgd.AdamW(params, state_dtype="8bit", max_grad_norm=1.0)
    opt.step([np.ones(10, np.float32), np.ones(5000, np.float32)])
    before = freeze((params, {i: dict(entry) for i, entry in opt.state.items()}))
    grads = [np.full(10, bad, np.float32), np.ones(5000, np.float32)]
    if np.isnan(bad):
        with pytest.raises(ValueError, match=r"^gradients: expected finite numbers with a norm of at most 2\*\*63"):
            opt.step(grads)
        assert freeze((params, {i: dict(entry) for i, entry in opt.state.items()})) == before
    opt.step([grads[0] if np.isinf(bad) else None, grads[1]])
    assert np.isfinite(params[1]).all()
    assert opt.state[1]["exp_avg_absmax"].all()
