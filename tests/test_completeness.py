"""
Each kernel module has the same table, and the tables of tests and benchmarks, which are written by hand, have a row for
every rule and every optimizer. What is missing is named here. `make derive` sees to all other places.
"""

import numpy as np
import pytest

import fastgd
from fastgd.engine import dispatch
from fastgd.tools.bench.rows import LEFT_OUT, ROWS
from support.capi import constants, hyper_of, scalars
from support.cases import CASES, PARTS, Case
from support.running import ISAS, instruction_set


def run_by(case: Case) -> set[str]:
    """The rules that a case really runs through; twelve steps see the one in which RAdam or ASGD changes its rule."""
    family = case.optimizer.family
    if not case.optimizer.in_c:
        return set(dispatch.families()[family][3])
    hyper, carry = hyper_of(case), np.zeros(constants()["MAX_CARRY"])
    return {dispatch.families()[family][3][scalars(family, t, hyper, carry)[0]] for t in range(1, 13)}


def classes() -> dict[str, type[fastgd.Optimizer]]:
    exported = {name: getattr(fastgd, name) for name in fastgd.__all__}
    return {
        name: value
        for name, value in exported.items()
        if isinstance(value, type) and issubclass(value, fastgd.Optimizer) and value is not fastgd.Optimizer
    }


def assert_same_sets(what: str, first: set[str], where: str, second: set[str], there: str) -> None:
    assert first, f"no {what} found {where}"
    lacking, surplus = sorted(first - second), sorted(second - first)
    assert not lacking, f"{what} {where} without one {there}: {', '.join(lacking)}"
    assert not surplus, f"{what} {there} without one {where}: {', '.join(surplus)}"


@pytest.mark.parametrize("isa", ISAS)
def test_every_kernel_module_has_the_table(isa: str) -> None:
    expected = dispatch.rules(), dispatch.families(), dispatch.roofs()
    with instruction_set(isa):
        assert (dispatch.rules(), dispatch.families(), dispatch.roofs()) == expected


@pytest.mark.parametrize("case", [*CASES, *PARTS], ids=lambda case: case.name)
def test_a_case_runs_through_the_rules_that_it_names(case: Case) -> None:
    assert run_by(case) == set(case.rules)


def test_every_rule_is_run_by_an_optimizer_in_a_case() -> None:
    run = {rule for case in [*CASES, *PARTS] for rule in run_by(case)}
    assert_same_sets("rules", set(dispatch.rules()), "in kernels/table.pxi", run, "run by a case in support/cases.py")


def test_every_optimizer_has_a_case() -> None:
    used = {case.optimizer.__name__ for case in [*CASES, *PARTS]}
    assert_same_sets("optimizers", set(classes()), "in fastgd", used, "in tests/support/cases.py")


def test_every_rule_has_a_benchmark() -> None:
    measured = {row.kernel() for row in ROWS} | set(LEFT_OUT.values())
    assert_same_sets("rules", set(dispatch.rules()), "in kernels/table.pxi", measured, "in bench/rows.py")


def test_every_optimizer_has_a_benchmark() -> None:
    measured = {row.optimizer for row in ROWS} | set(LEFT_OUT)
    assert_same_sets("optimizers", set(classes()), "in fastgd", measured, "in bench/rows.py")
