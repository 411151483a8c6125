"""The C API computes what the optimizer classes compute, and what has once been in it stays as it was."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

import fastgd
from fastgd.engine import dispatch
from support.capi import (
    LEDGER,
    UNREAD,
    constants,
    declared,
    exported,
    function,
    hyper_of,
    scalars,
    scalars_size,
    struct_of,
    structs,
)
from support.cases import BY_NAME, CASES, PARTS, Case
from support.running import DTYPES, ISAS, gradient, instruction_set

HERE = Path(__file__).resolve().parent
DOC = (HERE.parent / "docs/C_API.md").read_text(encoding="utf-8")

SIZE = 4303  # more than one block of what is summed
CUTS = [0, 1, 334, SIZE]
SUFFIX = {np.float32: "f32", np.float64: "f64"}
OVER_ALL = [case for case in PARTS if case.name in ("prodigy", "dadapt_adam")]


class Stepper:
    """A case through the C API: state that begins as zeros, each step in pieces, but for what is measured."""

    def __init__(self, case: Case, param: np.ndarray) -> None:
        self.param, self.states = param, {}
        self.family, self.hyper = case.optimizer.family, hyper_of(case)
        self.rules = dispatch.families()[self.family][3]
        self.carry = np.zeros(constants()["MAX_CARRY"])

    def step(self, grad: np.ndarray, t: int) -> None:
        which, filled = scalars(self.family, t, self.hyper, self.carry)
        self.update(self.rules[which], grad, np.frombuffer(filled))

    def update(self, rule: str, grad: np.ndarray, s: np.ndarray) -> None:
        name = f"{rule}_{SUFFIX[grad.dtype.type]}"
        _, _, *keys, _, _ = declared()[name].arguments
        for key in keys:
            self.states.setdefault(key, np.zeros_like(grad))
        arrays = [self.param, grad, *[self.states[key] for key in keys]]
        s = self.settled(rule, [a.ctypes.data for a in arrays], s.copy())
        for start, stop in itertools.pairwise(CUTS):
            function(name)(*[a[start:].ctypes.data for a in arrays], stop - start, s.ctypes.data)

    def settled(self, rule: str, arrays: list[int], s: np.ndarray) -> np.ndarray:
        """The scalars of the last pass, after those before it."""
        suffix = SUFFIX[self.param.dtype.type]
        for which in ("", "_2")[: dispatch.pass_counts()[rule] - 1]:
            sums = np.zeros(constants()["MAX_SUMS"])
            function(f"{rule}_measure{which}_{suffix}")(*arrays, SIZE, s.ctypes.data, sums.ctypes.data)
            given = [s.ctypes.data, sums.ctypes.data, SIZE]
            if "carry" in declared()[f"{rule}_settle{which}"].arguments:
                given.append(self.carry.ctypes.data)
            function(f"{rule}_settle{which}")(*given)
        return s


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("case", [*CASES, *OVER_ALL], ids=lambda case: case.name)
def test_the_bits_of_the_class(case: Case, dtype: type) -> None:
    rng = np.random.default_rng(3)
    param = rng.standard_normal(SIZE).astype(dtype)
    stepper = Stepper(case, param.copy())
    opt = case.optimizer(param, **case.arguments)
    for t in range(1, 13):
        grad = gradient(rng, SIZE, dtype, special=t > 6)
        opt.step(grad, grad_scale=0.37)
        stepper.step(grad, t)
        assert stepper.param.tobytes() == param.tobytes()
    for key, state in stepper.states.items():
        assert state.tobytes() == opt.state[0][key].tobytes()
    for key, value in zip(dispatch.families()[stepper.family][2], stepper.carry, strict=False):
        assert np.array_equal(value, opt.state.get(0, {}).get(key, value), equal_nan=True)


def test_a_range_of_rows_is_a_place_and_a_length() -> None:
    """As docs/EMBEDDINGS.md has it: the caller counts the steps, and sums."""
    rng = np.random.default_rng(4)
    table, sums = rng.standard_normal((3, SIZE)), np.zeros((3, SIZE))
    expected = table.copy()
    stepper = Stepper(BY_NAME["adagrad"], table[1])
    stepper.states["sum"] = sums[1]
    opt = fastgd.Adagrad(expected, **BY_NAME["adagrad"].arguments)
    for t in (1, 2):
        grad = gradient(rng, SIZE, np.float64, special=False)
        stepper.step(grad, t)
        opt.step(fastgd.Rows(np.array([1]), grad[None]), grad_scale=0.37)
    assert table.tobytes() == expected.tobytes()
    assert sums.tobytes() == np.asarray(opt.state[0]["sum"]).tobytes()


# ---- structs that are smaller or larger than this build's ------------------------------------------------------------

FAMILIES = sorted(dispatch.families().keys() - {"adafactor", "row_wise_adagrad"})


def filled_in(family: str) -> tuple[np.ndarray, np.ndarray]:
    """Hyperparameters that every fold accepts, without its flags, and nothing carried."""
    hyper = np.full(len(structs()[struct_of(family)]), 0.25)
    return hyper, np.zeros(constants()["MAX_CARRY"])


@pytest.mark.parametrize("family", FAMILIES)
def test_fields_that_an_older_caller_does_not_have_are_zero(family: str) -> None:
    hyper, carry = filled_in(family)
    for count in range(1, len(hyper)):
        cut = np.where(np.arange(len(hyper)) < count, hyper, 0.0)
        short = np.append(hyper[:count], UNREAD)
        assert scalars(family, 3, short, carry.copy(), size=8 * count) == scalars(family, 3, cut, carry.copy())


@pytest.mark.parametrize("family", FAMILIES)
def test_fields_of_a_newer_caller_are_refused_unless_they_are_zero(family: str) -> None:
    hyper, carry = filled_in(family)
    known = scalars(family, 3, hyper, carry.copy())
    assert known[0] >= 0
    assert scalars(family, 3, np.append(hyper, [0.0, 0.0]), carry.copy()) == known
    untouched = np.full(scalars_size(), UNREAD).tobytes()
    for more in ([0.0, 1.0], [-0.0], [np.nan]):
        assert scalars(family, 3, np.append(hyper, more), carry) == (-1, untouched)
    assert not carry.any()


@pytest.mark.parametrize("size", [0, 1, 7, 9, 12])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_size_that_no_struct_has_is_refused(family: str, size: int) -> None:
    hyper, carry = filled_in(family)
    untouched = np.full(scalars_size(), UNREAD).tobytes()
    assert scalars(family, 3, np.append(hyper, [0.0, 0.0]), carry, size=size) == (-1, untouched)
    assert not carry.any()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_constants_are_what_a_fold_returns_and_where_it_carries(family: str) -> None:
    _, fields, carried, rules = dispatch.families()[family]
    assert list(fields) == structs()[struct_of(family)]
    for names in (rules, carried):
        assert [constants()[f"{family}_{name}".upper()] for name in names] == list(range(len(names)))


# ---- the norm --------------------------------------------------------------------------------------------------------


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


def test_the_interface_is_only_added_to() -> None:
    """`make derive` refuses to change what is recorded; here it is compared with what has been built."""
    functions = {f"{name}: {signature}" for name, signature in exported().items()}
    fields = {f"{name}[{i}]: double {field}" for name, keys in structs().items() for i, field in enumerate(keys)}
    numbers = {f"{name} = {value}" for name, value in constants().items() if name != "ABI_VERSION"}
    sizes = {line for line in LEDGER if line.startswith("Scalars: ")}
    assert functions | fields | numbers | sizes == set(LEDGER)
    assert len(LEDGER) == len(set(LEDGER))


def test_the_version_is_the_declared_one() -> None:
    assert function("abi_version")() == constants()["ABI_VERSION"]


# ---- docs/C_API.md ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["logistic.pyx", "setup.py", "pyproject.toml"])
def test_the_document_shows_the_project_of_the_tests(name: str) -> None:
    blocks = re.findall(r"^```\w+\n(.*?)^```", DOC, re.MULTILINE | re.DOTALL)
    assert (HERE / "capi_project" / name).read_text(encoding="utf-8") in blocks
