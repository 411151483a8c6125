"""Steps: every form of parameters and gradients, missing gradients, changes mid-run, saved states."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import fastgd
from support.cases import Case, every_case, every_optimizer
from support.comparing import assert_same, freeze
from support.stepping import Arrays, Wrap, gradients, make, parameters, run

# ---- forms --------------------------------------------------------------------------------------------------------

NAMES = ("W", "b", "params", "0", "x.y", "")


def by_name(a: Arrays) -> dict[str, np.ndarray]:
    return dict(zip(NAMES, a, strict=True))


def backwards(a: Arrays) -> dict[str, np.ndarray]:
    return dict(reversed(by_name(a).items()))


def groups(a: Arrays) -> list[dict[str, Any]]:
    """A group of each form."""
    return [{"params": a[:2]}, {"params": dict(zip("xy", a[2:4], strict=True))}, {"params": a[4]}, {"params": (a[5],)}]


def nested(a: Arrays) -> list[Any]:
    return [a[:2], dict(zip("yx", a[3:1:-1], strict=True)), a[4], (a[5],)]


FORMS: dict[str, tuple[Wrap, Wrap]] = {
    "tuple": (tuple, list),
    "grads tuple": (list, tuple),
    "dict": (by_name, by_name),
    "dict in another order": (by_name, backwards),
    "one group": (lambda a: [{"params": a}], lambda a: [a]),
    "one group, flat grads": (lambda a: [{"params": a}], list),
    "one group of names, flat grads": (lambda a: ({"params": by_name(a)},), tuple),
    "groups": (groups, nested),
    "groups, tuple of grads": (groups, lambda a: tuple(nested(a))),
    "groups, flat grads": (groups, list),
    "groups, grads as groups": (groups, lambda a: [{"params": entry} for entry in nested(a)]),
    "groups of single arrays": (lambda a: [{"params": p} for p in a], list),
    "groups of single arrays, nested grads": (
        lambda a: [{"params": [p]} for p in a], lambda a: [{"params": [g]} for g in a],
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_forms_give_the_same_bits(form: str) -> None:
    as_params, as_grads = FORMS[form]
    params, twins = parameters(), parameters()
    opt, twin = fastgd.AdamW(as_params(params), lr=0.1), fastgd.AdamW(twins, lr=0.1)
    run(opt, range(3), as_grads)
    run(twin, range(3))
    assert_same(params, twins)
    assert_same(list(opt.state.values()), list(twin.state.values()))


def test_one_array() -> None:
    for param, grad in zip(parameters(), gradients(0), strict=True):
        twin = param.copy("K")
        fastgd.Adam(param, lr=0.1).step(grad)
        fastgd.Adam([twin], lr=0.1).step([grad])
        assert_same(param, twin)


def test_state_is_by_name_or_number() -> None:
    for as_params, as_grads, keys in (
        (list, list, [0, 1, 2, 3, 4, 5]),
        (by_name, by_name, list(NAMES)),
        (groups, nested, [0, 1, 2, 3, 4, 5]),
    ):
        opt = fastgd.Lion(as_params(parameters()))
        assert list(opt.state) == []
        run(opt, range(1), as_grads)
        assert list(opt.state) == keys


def test_groups_have_hyperparameters_of_their_own() -> None:
    params, twins = parameters(), parameters()
    changes = [dict(lr=0.3), dict(betas=(0.5, 0.6)), dict(amsgrad=True), dict(maximize=True)]
    opt = fastgd.Adam([{**g, **c} for g, c in zip(groups(params), changes, strict=True)], lr=0.01)
    several = [fastgd.Adam(g["params"], **{"lr": 0.01, **c}) for g, c in zip(groups(twins), changes, strict=True)]
    for t in range(4):
        opt.step(nested(gradients(t)))
        for one, grads in zip(several, nested(gradients(t)), strict=True):
            one.step(grads)
    assert_same(params, twins)


# ---- missing gradients, moving gradients, bound gradients -----------------------------------------------------------

PRESENT = ((1, 1, 0, 1, 1, 1), (0, 1, 0, 0, 1, 1), (0, 0, 0, 0, 0, 0), (1, 1, 1, 0, 1, 0), (1, 0, 1, 1, 1, 1))


@every_case
def test_a_missing_gradient_leaves_its_parameter_alone(case: Case) -> None:
    params, twins = parameters(), parameters()
    opt, several = make(case, params), [make(case, twin) for twin in twins]
    for t, present in enumerate(PRESENT * 3):
        grads = [g if p else None for g, p in zip(gradients(t), present, strict=True)]
        opt.step(grads)
        for one, grad in zip(several, grads, strict=True):
            if grad is not None:
                one.step(grad)
    assert_same(params, twins)
    states = opt.state_dict()["state"]
    assert_same([states.get(i) for i in range(6)], [one.state_dict()["state"].get(0) for one in several])


@every_case
def test_gradients_at_another_address_each_step(case: Case) -> None:
    params, twins = parameters(), parameters()
    opt, twin = make(case, params), make(case, twins)
    buffers = gradients(0)
    kept = []  # so that no address comes twice
    for t in range(8):
        kept.append(gradients(t))
        opt.step(kept[-1])
        for buffer, grad in zip(buffers, kept[-1], strict=True):
            buffer[...] = grad
        twin.step(buffers)
    assert_same(params, twins)


@pytest.mark.parametrize("form", FORMS)
def test_bound_gradients(form: str) -> None:
    as_params, as_grads = FORMS[form]
    params, twins = parameters(), parameters()
    opt, twin = fastgd.Adam(as_params(params), lr=0.1), fastgd.Adam(twins, lr=0.1)
    buffers = gradients(0)
    opt.bind(as_grads(buffers))
    for t in range(4):
        opt.zero_grad()
        assert_same(buffers, [np.zeros_like(b) for b in buffers])
        for buffer, grad in zip(buffers, gradients(t), strict=True):
            np.add(buffer, grad, out=buffer)
        opt.step()
        twin.step(buffers)
    assert_same(params, twins)


def test_binding_with_none_binding_again_and_stepping_with_others() -> None:
    params, twins = parameters(), parameters()
    opt, twin = fastgd.Adam(params), fastgd.Adam(twins)
    first, second = gradients(1), gradients(2)
    opt.bind([None, *first[1:]])
    opt.step()
    opt.step(gradients(7))
    opt.step()
    with pytest.raises(TypeError, match=r"grads\[5\]"):
        opt.bind([*second[:5], "g"])
    opt.step()
    opt.bind(second)
    opt.step()
    for grads in ([None, *first[1:]], gradients(7), [None, *first[1:]], [None, *first[1:]], second):
        twin.step(grads)
    assert_same(params, twins)


@every_optimizer
def test_groups_added_mid_run(cls: type[fastgd.Optimizer]) -> None:
    params, twins = parameters(), parameters()
    opt, first, second = cls(params[:2]), cls(twins[:2]), cls(twins[2:], lr=0.5)
    opt.bind(gradients(0)[:2])
    opt.step()
    opt.add_param_group({"params": params[2:], "lr": 0.5})
    with pytest.raises(RuntimeError, match="no gradients"):
        opt.step()
    opt.step([gradients(1)[:2], gradients(1)[2:]])
    opt.step(gradients(2))
    for t in range(3):
        first.step(gradients(t)[:2])
        if t:
            second.step(gradients(t)[2:])
    assert_same(params, twins)
    assert_same([list(s.values()) for s in opt.state.values()],
                [list(s.values()) for one in (first, second) for s in one.state.values()])  # fmt: skip


# ---- hyperparameters changed mid-run: (optimizer, before, change, state arrays that then begin at zero) -------------

CHANGES: tuple[tuple[type[fastgd.Optimizer], dict[str, Any], dict[str, Any], tuple[str, ...]], ...] = (
    (fastgd.SGD, dict(lr=0.1), dict(momentum=0.9), ()),
    (fastgd.SGD, dict(lr=0.1), dict(momentum=0.9, nesterov=True, lr=0), ()),
    (fastgd.SGD, dict(momentum=0.9), dict(lr=0.3, momentum=0.5, dampening=0.1), ()),
    (fastgd.SGD, dict(momentum=0.9), dict(nesterov=True), ()),
    (fastgd.SGD, dict(momentum=0.9), dict(momentum_form="ema", maximize=True), ()),
    (fastgd.SignSGD, dict(), dict(momentum=0.9), ("momentum_buffer",)),
    (fastgd.SignSGD, dict(momentum=0.9), dict(momentum=0.5, weight_decay=0.1), ()),
    (fastgd.Adam, dict(), dict(lr=0.2, betas=(0.5, 0.6)), ()),
    (fastgd.Adam, dict(), dict(betas=[0, 0], eps=1e-3, eps_root=0.1, eps_hat=True), ()),
    (fastgd.Adam, dict(betas=(0.9, 0.5)), dict(amsgrad=True), ("max_exp_avg_sq",)),
    (fastgd.AdamW, dict(), dict(weight_decay=0.5, lr=np.float64(0.1)), ()),
    (fastgd.NAdam, dict(), dict(momentum_decay=1, betas=(0.8, 0.99)), ()),
    (fastgd.RAdam, dict(), dict(betas=(0.8, 0.5), decoupled_weight_decay=True, weight_decay=0.1), ()),
    (fastgd.Adamax, dict(), dict(lr=1, eps=0.1), ()),
    (fastgd.RMSprop, dict(), dict(momentum=0.9), ("momentum_buffer",)),
    (fastgd.RMSprop, dict(), dict(centered=True), ("grad_avg",)),
    (fastgd.RMSprop, dict(centered=True), dict(momentum=0.9, alpha=0), ("momentum_buffer",)),
    (fastgd.Adagrad, dict(), dict(lr_decay=0.1, eps=1), ()),
    (fastgd.Adadelta, dict(), dict(rho=1), ()),
    (fastgd.Rprop, dict(), dict(etas=(0.1, 3), step_sizes=(1e-3, 0.1)), ()),
    (fastgd.ASGD, dict(t0=0), dict(lambd=0.5, alpha=0.25, t0=2), ()),
    (fastgd.Lion, dict(), dict(betas=(0.1, 0.2), maximize=np.bool(True)), ()),
)  # fmt: skip


@pytest.mark.parametrize(("cls", "before", "change", "new"), CHANGES)
def test_changed_hyperparameters_hold_from_the_next_step(
    cls: type[fastgd.Optimizer], before: dict[str, Any], change: dict[str, Any], new: tuple[str, ...]
) -> None:
    params = parameters()
    opt = cls(params, **before)
    run(opt, range(3))
    saved = opt.state_dict()
    for entry, param in zip(saved["state"].values(), params, strict=False):
        entry.update((key, np.zeros_like(param)) for key in new)
    saved["param_groups"][0].update(change)
    twins = copy.deepcopy(params)
    twin = cls(twins)
    twin.load_state_dict(saved)
    opt.param_groups[0].update(change)
    run(opt, range(3, 6))
    run(twin, range(3, 6))
    assert_same(params, twins)
    assert_same(opt.state_dict(), twin.state_dict())
    assert not np.array_equal(params[0], parameters()[0])


def test_momentum_switched_on_begins_with_the_gradient() -> None:
    param, grad = np.array([1.0, 2.0]), np.array([0.5, -4.0])
    opt = fastgd.SGD(param, lr=0.5, dampening=0.25)
    opt.step(grad)
    opt.param_groups[0]["momentum"] = 0.5
    opt.step(grad)
    opt.step(grad)
    assert_same(param, np.array([1.0, 2.0]) - 0.5 * grad - 0.5 * grad - 0.5 * (0.5 * grad + 0.75 * grad))


@pytest.mark.parametrize(
    ("cls", "on", "off"),
    [
        (fastgd.Adam, dict(amsgrad=True), dict(amsgrad=False)),
        (fastgd.SGD, dict(momentum=0.9), dict(momentum=0)),
        (fastgd.RMSprop, dict(centered=True, momentum=0.9), dict(centered=False, momentum=0)),
    ],
)
def test_state_switched_off_is_kept_until_it_is_switched_on_again(cls: Any, on: Any, off: Any) -> None:
    opt = cls(parameters(), **on)
    run(opt, range(2))
    held = freeze(dict(opt.state[0]))
    opt.param_groups[0].update(off, lr=0.0)
    opt.step([None] * 6)
    opt.param_groups[0].update(on)
    opt.step([None] * 6)
    assert freeze(dict(opt.state[0])) == held


OFF_AND_ON: tuple[tuple[type[fastgd.Optimizer], dict[str, Any], dict[str, Any]], ...] = (
    (fastgd.Adam, dict(amsgrad=True), dict(amsgrad=False)),
    (fastgd.SGD, dict(momentum=0.9), dict(momentum=0)),
    (fastgd.SignSGD, dict(momentum=0.9), dict(momentum=0)),
    (fastgd.RMSprop, dict(centered=True, momentum=0.9), dict(centered=False, momentum=0)),
)


@pytest.mark.parametrize(("cls", "on", "off"), OFF_AND_ON)
def test_state_switched_off_is_saved_and_goes_on_when_it_is_switched_on_again(cls: Any, on: Any, off: Any) -> None:
    params = parameters()
    opt = cls(params, **on)
    run(opt, range(4))
    opt.param_groups[0].update(off)
    run(opt, range(4, 6))
    saved = pickle.loads(pickle.dumps(opt.state_dict()))
    twins = copy.deepcopy(params)
    twin = cls(twins)
    twin.load_state_dict(saved)
    for one in (opt, twin):
        one.param_groups[0].update(on)
        run(one, range(6, 9))
    assert_same(params, twins)
    assert_same(opt.state_dict(), twin.state_dict())


# ---- saved states ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("as_params", "as_grads"), [(list, list), (by_name, backwards), (groups, nested)])
@every_case
def test_a_saved_state_resumes_with_the_same_bits(case: Case, as_params: Wrap, as_grads: Wrap) -> None:
    params = parameters()
    opt = make(case, as_params(params))
    run(opt, range(4), as_grads)
    saved = pickle.loads(pickle.dumps(opt.state_dict()))
    twins = copy.deepcopy(params)
    twin = case.optimizer(as_params(twins))
    twin.load_state_dict(saved)
    assert_same(twin.state_dict(), opt.state_dict())
    run(opt, range(4, 9), as_grads)
    run(twin, range(4, 9), as_grads)
    assert_same(params, twins)
    assert_same(twin.state_dict(), opt.state_dict())


@every_case
def test_a_saved_state_is_a_copy_both_ways(case: Case) -> None:
    opt = make(case, parameters())
    run(opt, range(2))
    saved = opt.state_dict()
    before = freeze(saved)
    run(opt, range(2, 4))
    assert freeze(saved) == before
    opt.load_state_dict(saved)
    run(opt, range(2, 4))
    assert freeze(saved) == before
    loaded = opt.state_dict()
    for entry in saved["state"].values():
        for array in entry.values():
            array.fill(7)
    assert_same(opt.state_dict(), loaded)


def test_a_state_of_no_steps_starts_over() -> None:
    params = parameters()
    opt = fastgd.Adam(params)
    fresh = opt.state_dict()
    run(opt, range(3))
    opt.load_state_dict(fresh)
    assert not opt.state
    twins = copy.deepcopy(params)
    run(opt, range(2))
    run(fastgd.Adam(twins), range(2))
    assert_same(params, twins)


@pytest.mark.parametrize("step", [2**24 + 1, 10**9, 2**53])
def test_large_step_counts_survive(step: int) -> None:
    opt = fastgd.Adam(np.ones(3))
    opt.step(np.ones(3))
    saved = opt.state_dict()
    saved["state"][0]["step"] = step - 1
    opt.load_state_dict(saved)
    opt.step(np.ones(3))
    assert int(opt.state_dict()["state"][0]["step"]) == step
