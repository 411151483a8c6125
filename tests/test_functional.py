"""The functions of fastgd.functional, which `make derive` writes: the bits and the defaults of the classes."""

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import functional
from support.cases import CASES, Case
from support.running import DTYPES, gradient

SIZE = 103
SHARED = [case for case in CASES if case.optimizer.elementwise]
every_function = pytest.mark.parametrize("case", SHARED, ids=lambda case: case.name)


def function_of(cls: type[fastgd.Optimizer]) -> Callable[..., Any]:
    return getattr(functional, cls.family if "family" in cls.__dict__ else cls.__name__.lower())


def states_of(function: Callable[..., Any]) -> list[str]:
    arguments = inspect.signature(function).parameters.values()
    names = [a.name for a in arguments if a.kind is a.POSITIONAL_OR_KEYWORD]
    assert names[:2] == ["param", "grad"]
    return names[2:]


@pytest.mark.parametrize("dtype", DTYPES)
@every_function
def test_the_bits_of_the_class(case: Case, dtype: type) -> None:
    rng = np.random.default_rng(5)
    function, cls = function_of(case.optimizer), case.optimizer
    whole = rng.standard_normal(SIZE).astype(dtype)
    param = whole.copy()
    opt = cls(whole, **case.arguments)
    given = {key: value for key, value in case.arguments.items() if key not in cls.implied}
    carried = dict.fromkeys(cls.carried, 1.0)
    states: dict[str, np.ndarray] = {}
    for t in range(1, 13):
        grad = gradient(rng, SIZE, dtype, special=t > 6)
        opt.step(grad, grad_scale=0.37)
        for key in opt.state.get(0, ()):
            if key in states_of(function):
                states.setdefault(key, np.zeros_like(param))
        returned = function(param, grad, **states, **given, **carried, step=t, grad_scale=0.37)
        carried = dict(zip(carried, np.atleast_1d(returned).tolist(), strict=False))
        assert param.tobytes() == whole.tobytes()
        for key, state in states.items():
            assert state.tobytes() == opt.state[0][key].tobytes()
    assert all(carried[key] == opt.state[0][key] for key in carried)


@pytest.mark.parametrize("cls", dict.fromkeys(case.optimizer for case in SHARED), ids=lambda cls: cls.__name__)
def test_the_arguments_are_those_of_the_class(cls: type[fastgd.Optimizer]) -> None:
    given, own = (inspect.signature(f).parameters for f in (function_of(cls), cls))
    shared = [name for name in own if name in cls.checks and name not in cls.implied]
    named = [a.name for a in given.values() if a.kind is a.KEYWORD_ONLY]
    assert named == ["step", *cls.carried, *shared, "grad_scale"]
    assert [given[name].default for name in shared] == [own[name].default for name in shared]


def test_values_that_change_from_call_to_call() -> None:
    rng = np.random.default_rng(7)
    whole = rng.standard_normal(SIZE).astype(np.float32)
    param, betas = whole.copy(), [0.9, 0.999]
    opt = fastgd.Adam(whole)
    group = opt.param_groups[0]
    moments = {"exp_avg": np.zeros_like(param), "exp_avg_sq": np.zeros_like(param)}
    for t, lr in enumerate([1e-2, 1e-2, 3e-2, 1e-2, 1e-2], 1):
        grad = gradient(rng, SIZE, np.float32, special=False)
        if t > 3:
            betas[0] = 0.5 / t  # in the same list
            with pytest.raises(ValueError, match=r"lr must be at least 0.*, got -1.0"):
                functional.adam(param, grad, **moments, step=t, lr=-1.0, betas=(0.1, 0.2))
        group.update(lr=lr, betas=tuple(betas))
        opt.step(grad)
        functional.adam(param, grad, **moments, step=t, lr=lr, betas=betas)  # type: ignore[arg-type]
        assert param.tobytes() == whole.tobytes()


def test_values_that_do_not_go_together_whatever_came_before() -> None:
    """What was right by itself in an earlier call is not taken for right beside other values."""
    array = np.ones(3)
    given = dict(param=array, grad=array.copy(), momentum_buffer=np.zeros(3), step=1)
    refused = pytest.raises(ValueError, match="nesterov")
    functional.sgd(**given, momentum=0.9, nesterov=True)
    for _ in range(2):
        before = array.copy()
        with refused:
            functional.sgd(**given | {"momentum_buffer": None}, momentum=0.0, nesterov=True)
        assert (array == before).all()
    functional.sgd(**given, momentum=0.9, nesterov=True)
