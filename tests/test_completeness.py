"""
A rule stands in five places: rule file, table, optimizer class, tests and benchmarks; and in the C API. What is in one
of them and not in another is named here.
"""

import inspect
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import fastgd
from capi import declared
from cases import CASES
from fastgd import functional
from fastgd.engine import dispatch
from fastgd.tools.bench.rows import ROWS
from running import ISAS, instruction_set

KERNELS = Path(__file__).parents[1] / "src/fastgd/kernels"
OPTIMIZERS = KERNELS.parent / "optimizers"

# Functions have no such option: whether the state array is given says it.
IMPLIED = {"amsgrad": "max_exp_avg_sq", "centered": "grad_avg"}

STRUCT = re.compile(r"^ctypedef struct (\w+):\n((?:    .*\n)+)", re.MULTILINE)
FIELD = re.compile(r"^    double (\w+)", re.MULTILINE)
FUNCTION = re.compile(r"^cdef inline void (\w+)\(([^)]*)\)", re.MULTILINE)
ARRAY = re.compile(r"real\* restrict (\w+)")
SCALARS = re.compile(r"const (\w+)\* s\b")


class Rule(NamedTuple):
    states: tuple[str, ...]
    scalars: tuple[str, ...]


def in_table() -> dict[str, Rule]:
    """The rows of table.pxi but the limits, which are not rules."""
    return {
        name: Rule(states, scalars)
        for name, (_, states, scalars) in dispatch.rules().items()
        if scalars != ("addend",) and not any(key.startswith("limit_") for key in states)
    }


def in_files() -> dict[str, Rule]:
    """The functions of kernels/rules/*.pxd, as their arguments and structs say."""
    rules = {}
    structs = in_structs()
    for path in rule_files():
        for name, arguments in FUNCTION.findall(path.read_text()):
            arrays, scalars = ARRAY.findall(arguments), SCALARS.search(arguments)
            if arrays[:2] == ["param", "grad"]:
                assert name not in rules, f"{path.name}: a second rule called {name}"
                assert scalars, f"{path.name}: {name} takes no scalars"
                rules[name] = Rule(tuple(arrays[2:]), structs[scalars[1]])
    return rules


def in_structs() -> dict[str, tuple[str, ...]]:
    """The structs of kernels/rules/*.pxd with their fields."""
    found = [pair for path in rule_files() for pair in STRUCT.findall(path.read_text())]
    assert len(dict(found)) == len(found), "a name for two structs"
    return {name: tuple(FIELD.findall(body)) for name, body in found}


def struct_of(rule: str) -> str:
    texts = [path.read_text() for path in rule_files()]
    (arguments,) = [arguments for text in texts for name, arguments in FUNCTION.findall(text) if name == rule]
    return SCALARS.search(arguments)[1]


def rule_files() -> list[Path]:
    files = [p for p in sorted((KERNELS / "rules").glob("*.pxd")) if p.stem not in ("__init__", "limits")]
    assert files, f"no rule files in {KERNELS / 'rules'}"
    return files


def run_by(case: object) -> set[str]:
    """The rules that a case really runs through; twelve steps see the one in which RAdam or ASGD changes its rule."""
    seen = set()
    prepare = case.optimizer._prepare

    class Watched(case.optimizer):
        @staticmethod
        def _prepare(*args, **kwargs):
            prepared = prepare(*args, **kwargs)
            seen.add(prepared[0])
            return prepared

    opt = Watched(np.ones(2), **case.arguments)
    seen.clear()
    for _ in range(12):
        opt.step(np.ones(2))
    return seen


def classes() -> dict[str, type[fastgd.Optimizer]]:
    exported = {name: getattr(fastgd, name) for name in fastgd.__all__}
    return {
        name: value
        for name, value in exported.items()
        if isinstance(value, type) and issubclass(value, fastgd.Optimizer) and value is not fastgd.Optimizer
    }


def functions() -> dict[str, object]:
    return {
        name: value
        for name, value in inspect.getmembers(functional, inspect.isfunction)
        if value.__module__ == functional.__name__ and not name.startswith("_")
    }


def function_of(name: str) -> str:
    return {"SignSGD": "sign_sgd"}.get(name, name.lower())


def assert_same_sets(what: str, first: set[str], where: str, second: set[str], there: str) -> None:
    assert first, f"no {what} found {where}"
    lacking, surplus = sorted(first - second), sorted(second - first)
    assert not lacking, f"{what} {where} without one {there}: {', '.join(lacking)}"
    assert not surplus, f"{what} {there} without one {where}: {', '.join(surplus)}"


def test_every_rule_file_is_in_the_table() -> None:
    assert_same_sets("rules", set(in_files()), "in kernels/rules", set(in_table()), "in kernels/table.pxi")


@pytest.mark.parametrize("name", sorted(in_table()))
def test_the_table_has_the_states_and_scalars_of_the_rule_in_order(name: str) -> None:
    assert in_table()[name] == in_files()[name]


@pytest.mark.parametrize("isa", ISAS)
def test_every_kernel_module_has_the_table(isa: str) -> None:
    expected = dispatch.rules()
    with instruction_set(isa):
        assert dispatch.rules() == expected


def test_every_rule_file_has_an_optimizer_file() -> None:
    lacking = {path.stem for path in rule_files()} - {path.stem for path in OPTIMIZERS.glob("*.py")}
    assert not lacking, f"kernels/rules without a file in optimizers: {', '.join(sorted(lacking))}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_runs_through_the_rules_that_it_names(case: object) -> None:
    assert run_by(case) == set(case.rules)


def test_every_rule_is_run_by_an_optimizer_in_a_case() -> None:
    run = {rule for case in CASES for rule in run_by(case)}
    assert_same_sets("rules", set(in_table()), "in kernels/table.pxi", run, "run by a case in tests/cases.py")


def test_every_optimizer_has_a_case() -> None:
    used = {case.optimizer.__name__ for case in CASES}
    assert_same_sets("optimizers", set(classes()), "in fastgd", used, "in tests/cases.py")


def test_every_rule_has_a_benchmark() -> None:
    assert_same_sets("rules", set(in_table()), "in kernels/table.pxi", {row.rule for row in ROWS}, "in bench/rows.py")


def test_every_optimizer_has_a_benchmark() -> None:
    assert_same_sets("optimizers", set(classes()), "in fastgd", {row.optimizer for row in ROWS}, "in bench/rows.py")


def test_every_optimizer_has_a_function() -> None:
    expected = {function_of(name) for name in classes()}
    assert_same_sets("functions", expected, "named after optimizers", set(functions()), "in fastgd.functional")


@pytest.mark.parametrize("name", sorted(classes()))
def test_a_function_has_the_hyperparameters_of_its_class(name: str) -> None:
    given = inspect.signature(functions()[function_of(name)]).parameters
    own = inspect.signature(classes()[name]).parameters
    expected = {key: p.default for key, p in own.items() if key != "params" and p.kind is not p.VAR_KEYWORD}
    for key, state in IMPLIED.items():
        if key in expected and state in given:
            del expected[key]
    lacking = sorted(set(expected) - set(given))
    assert not lacking, f"fastgd.functional.{function_of(name)} without {', '.join(lacking)}"
    assert {key: given[key].default for key in expected} == expected


@pytest.mark.parametrize("name", sorted(classes()))
def test_a_function_takes_the_states_of_its_class(name: str) -> None:
    states = {
        key for case in CASES if case.optimizer.__name__ == name for r in case.rules for key in in_table()[r].states
    }
    positional = [
        key
        for key, parameter in inspect.signature(functions()[function_of(name)]).parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    assert positional[:2] == ["param", "grad"]
    assert_same_sets("states", states | {"param"}, f"of {name}", {*positional} - {"grad"}, "among the arguments")


def test_every_rule_is_in_the_c_api_for_both_dtypes() -> None:
    expected = {f"{rule}_{dtype}" for rule in in_table() for dtype in ("f32", "f64")}
    names = {name for name in declared() if re.search("_f(32|64)$", name) and not name.startswith("norm_")}
    assert_same_sets("rules", expected, "in kernels/table.pxi", names, "in capi.pxd")


@pytest.mark.parametrize(("suffix", "real"), [("f32", "float*"), ("f64", "double*")])
@pytest.mark.parametrize("rule", sorted(in_table()))
def test_a_rule_in_the_c_api_takes_the_arrays_and_scalars_of_the_rule(rule: str, suffix: str, real: str) -> None:
    name = f"{rule}_{suffix}"
    assert name in declared(), f"{name} is not in capi.pxd"
    arrays = {"param": real, "grad": f"const {real}", **dict.fromkeys(in_table()[rule].states, real)}
    expected = {**arrays, "n": "Py_ssize_t", "s": f"const {struct_of(rule)}*"}
    assert list(declared()[name].arguments.items()) == list(expected.items())


def test_every_optimizer_has_its_scalars_in_the_c_api() -> None:
    expected = {f"{function_of(name)}_scalars" for name in classes()}
    lacking = sorted(expected - set(declared()))
    assert not lacking, f"optimizers in fastgd without their scalars in capi.pxd: {', '.join(lacking)}"


def test_every_struct_is_filled_by_the_c_api() -> None:
    filled = {d.arguments["s"].rstrip("*") for name, d in declared().items() if name.endswith("_scalars")}
    assert_same_sets("structs", set(in_structs()), "in kernels/rules", filled, "filled in capi.pxd")
