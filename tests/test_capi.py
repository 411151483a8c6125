"""The C API computes what the optimizer classes compute, and what has once been in it stays as it was."""

import ctypes
import itertools
import re
from pathlib import Path

import numpy as np
import pytest

import fastgd
from fastgd.engine import dispatch
from support.capi import PXD, declared, exported, function
from support.cases import Case, every_case
from support.running import DTYPES, ISAS, gradient, instruction_set
from test_completeness import in_structs

HERE = Path(__file__).resolve().parent
DOC = (HERE.parent / "docs/C_API.md").read_text(encoding="utf-8")

SIZE = 1003
CUTS = [0, 1, 334, SIZE]
SUFFIX = {np.float32: "f32", np.float64: "f64"}

# Where a function of scalars is not called after the rule that they are for.
OF_RULE = {
    "amsgrad": "adam",
    "rmsprop_centered": "rmsprop",
    "rmsprop_centered_momentum": "rmsprop_momentum",
}
OF_OPTIMIZER = {fastgd.AdamW: "adamw", fastgd.RAdam: "radam"}
# What they return, where they return something: the rule of the step.
RULE_OF = {"radam": ("adam_unrectified", "adam"), "asgd": ("asgd", "asgd_average")}


def flat(case: Case) -> dict[str, float]:
    """Hyperparameters by the names of the C API."""
    values = dict(case.optimizer(np.ones(1), **case.arguments).param_groups[0])
    for pair, names in (("betas", "beta1 beta2"), ("etas", "eta_minus eta_plus"), ("step_sizes", "smallest largest")):
        if pair in values:
            values.update(zip(names.split(), values[pair], strict=True))
    values["ema"] = values.get("momentum_form") == "ema"
    return values


class Stepper:
    """A case through the C API: state that begins as zeros, each step in pieces."""

    def __init__(self, case: Case, param: np.ndarray) -> None:
        self.param, self.states = param, {}
        self.scalars = OF_OPTIMIZER.get(case.optimizer) or OF_RULE.get(case.rules[0], case.rules[0])
        self.rules = RULE_OF.get(self.scalars, case.rules)
        self.given = flat(case)
        self.carried = {name: ctypes.c_double(-1) for name in ("mu_product", "eta", "mu")}
        self.given |= {name: ctypes.byref(number) for name, number in self.carried.items()}

    def step(self, grad: np.ndarray, t: int, grad_scale: float) -> None:
        s = (ctypes.c_double * 16)()
        given = self.given | {"s": s, "t": t, "grad_scale": grad_scale}
        name = f"{self.scalars}_scalars"
        which = function(name)(*[given[argument] for argument in declared()[name].arguments])
        self.update(self.rules[which or 0], grad, s)

    def update(self, rule: str, grad: np.ndarray, s: object) -> None:
        name = f"{rule}_{SUFFIX[grad.dtype.type]}"
        _, _, *keys, _, _ = declared()[name].arguments
        for key in keys:
            self.states.setdefault(key, np.zeros_like(grad))
        arrays = [self.param, grad, *[self.states[key] for key in keys]]
        for start, stop in itertools.pairwise(CUTS):
            function(name)(*[a[start:].ctypes.data for a in arrays], stop - start, s)


@pytest.mark.parametrize("dtype", DTYPES)
@every_case
def test_the_bits_of_the_class(case: Case, dtype: type) -> None:
    rng = np.random.default_rng(3)
    param = rng.standard_normal(SIZE).astype(dtype)
    stepper = Stepper(case, param.copy())
    opt = case.optimizer(param, **case.arguments)
    for t in range(1, 13):
        grad = gradient(rng, SIZE, dtype, special=t > 6)
        opt.step(grad, grad_scale=0.37)
        stepper.step(grad, t, 0.37)
        assert stepper.param.tobytes() == param.tobytes()
    for key, state in stepper.states.items():
        assert state.tobytes() == opt.state[0][key].tobytes()
    for key, number in stepper.carried.items():
        assert number.value == opt.state.get(0, {}).get(key, -1)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [0, 1, 15, 4096, 4097, 300_000])
def test_a_norm_has_the_bits_of_grad_norm(n: int, dtype: type) -> None:
    x = gradient(np.random.default_rng(n), n, dtype)
    norm = function(f"norm_{SUFFIX[dtype]}")(x.ctypes.data, n)
    assert norm == fastgd.grad_norm(x)
    assert (norm > 0) is (n > 0)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_norm_whose_squares_leave_the_range(dtype: type) -> None:
    info, norm = np.finfo(dtype), function(f"norm_{SUFFIX[dtype]}")
    for value in (info.max, info.tiny, info.smallest_subnormal):
        x = np.full(4, value / 4 if value == info.max else value, dtype)
        assert norm(x.ctypes.data, 4) == 2.0 * float(x[0]) == fastgd.grad_norm(x)
        x[2] = np.inf
        assert norm(x.ctypes.data, 4) == np.inf
        x[1] = np.nan
        assert np.isnan(norm(x.ctypes.data, 4))


@pytest.mark.parametrize("isa", ISAS)
def test_the_instruction_set_is_the_chosen_one(isa: str) -> None:
    with instruction_set(isa):
        assert function("instruction_set")().decode() == isa == dispatch.chosen()


# ---- what importers rely on ------------------------------------------------------------------------------------------


def interface() -> list[str]:
    """Functions with their signatures in C, and structs with their fields, a line each."""
    structs = {name: fields for name, fields in in_structs().items() if re.search(rf"\b{name}\b", PXD)}
    lines = [f"{name}: {signature}" for name, signature in exported().items()]
    return sorted([*lines, *[f"{name}: {' '.join(fields)}" for name, fields in structs.items()]])


def test_the_interface_is_only_added_to() -> None:
    recorded = (HERE / "capi_abi.txt").read_text(encoding="utf-8").splitlines()
    changed = sorted(set(recorded) - set(interface()))
    assert not changed, "changed or gone, on which compiled projects rely:\n" + "\n".join(changed)
    added = sorted(set(interface()) - set(recorded))
    assert not added, "new in the C API; record it with these lines in tests/capi_abi.txt:\n" + "\n".join(added)


def test_the_version_is_the_declared_one() -> None:
    (version,) = re.findall(r"^    ABI_VERSION = (\d+)\b", PXD, re.MULTILINE)
    assert function("abi_version")() == int(version)


# ---- docs/C_API.md ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["logistic.pyx", "setup.py", "pyproject.toml"])
def test_the_document_shows_the_project_of_the_tests(name: str) -> None:
    blocks = re.findall(r"^```\w+\n(.*?)^```", DOC, re.MULTILINE | re.DOTALL)
    assert (HERE / "capi_project" / name).read_text(encoding="utf-8") in blocks


def test_the_document_names_every_function_of_scalars_and_every_rule() -> None:
    for name in declared():
        assert f"`{re.sub('_f(32|64)$', '_*', name)}`" in DOC, name
