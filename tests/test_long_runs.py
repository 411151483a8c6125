"""
Thousands of steps: the bits are the reference's and those that other machines have.

What is folded from the step count differs first after hundreds of steps if a power is not that of every machine.
"""

import functools
import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import fastgd
from support import reference
from support.cases import BY_NAME, CASES, Case

STEPS = 5000


def gradient(t: int) -> np.ndarray:
    """Of whole numbers and one division, so that no machine and no version of NumPy has others."""
    return np.array([(7919 * i + 104729 * t) % 2003 - 1001 for i in range(5)]) / 997.0


def start() -> np.ndarray:
    return np.arange(1.0, 6.0) / 3.0


def digest(param: np.ndarray, states: list[Any]) -> str:
    """Of the bits of a parameter and of its state arrays and carried numbers."""
    numbers = [param, *(np.asarray(value, np.float64).reshape(-1) for value in states)]
    return hashlib.sha256(np.concatenate(numbers).astype("<f8").tobytes()).hexdigest()[:16]


def run(case: Case) -> tuple[list[bytes], str]:
    """The bits of the parameter after each step, and a digest of everything after the last."""
    param = start()
    optimizer = case.optimizer(param, **case.arguments)
    after = []
    for t in range(1, STEPS + 1):
        optimizer.step(gradient(t))
        after.append(param.tobytes())
    state = {key: value for key, value in optimizer.state.get(0, {}).items() if key != "step"}
    return after, digest(param, [state[key] for key in sorted(state)])


def reference_run(case: Case) -> list[bytes]:
    param = start()
    state: dict[str, Any] = {}
    after = []
    for t in range(1, STEPS + 1):
        case.reference(param, gradient(t), state, t, **case.arguments)
        after.append(param.tobytes())
    return after


@pytest.fixture(autouse=True, scope="module")
def powers_once() -> Any:
    """Decimal arithmetic takes 0.2 ms, and cases ask for the same powers."""
    before: Callable[[float, float], float] = reference.real_power
    reference.real_power = functools.cache(before)
    yield
    reference.real_power = before


LONG = [
    *(case for case in CASES if case.name in ("adam", "adamax", "radam", "nadam", "nadam_l2", "asgd", "asgd_average")),
    Case("adam_slow", fastgd.Adam, reference.adam, dict(betas=(0.99, 0.9999)), ()),
    Case("asgd_steep", fastgd.ASGD, reference.asgd, dict(lr=0.1, lambd=0.01, alpha=0.6), ()),
]


@pytest.mark.parametrize("case", LONG, ids=lambda case: case.name)
def test_long_run_of_the_reference(case: Case) -> None:
    """Those rules whose scalars depend on the step."""
    after, _ = run(case)
    expected = reference_run(case)
    assert [t for t in range(STEPS) if after[t] != expected[t]][:1] == []


EXPECTED = {
    "sgd": "d07132480fce32de",
    "sgd_l2": "f745f1032c8ba83a",
    "sgd_maximize": "d44054c43a55cbd3",
    "sgd_momentum": "1aed5fe3d9382c4b",
    "sgd_dampening": "b8c3a98cd24658b8",
    "sgd_nesterov": "d86cd6b61f907525",
    "sgd_nesterov_l2_maximize": "bfe754f0b3b55b48",
    "sgd_ema": "e523b4920e5e55c6",
    "sgd_ema_nesterov": "3e51c71ec77b0d35",
    "sign_sgd": "1fb028701ba2ed06",
    "sign_sgd_l2": "5515206baeb6e7f2",
    "sign_momentum": "416fb6fa5f5e972b",
    "lion": "496f39e7f0c2d83e",
    "lion_decay": "371d1ac32e611cec",
    "adagrad": "c472d247b07be687",
    "adagrad_l2_lr_decay": "d170f88490e8b23e",
    "adagrad_initial": "092c8e2634e1edd6",
    "adagrad_eps_root": "234797f9f0770c55",
    "adadelta": "09c013cd605f9588",
    "adadelta_l2": "fa203ab5521985c4",
    "rmsprop": "2ec6c9e9731d61f6",
    "rmsprop_l2": "729e9b3bd436c9ab",
    "rmsprop_eps_root": "65a3f0b87c77d635",
    "rmsprop_momentum": "a4c3da9e9abaa45c",
    "rmsprop_centered": "2350fc487bb42401",
    "rmsprop_centered_momentum": "c4b5aaea698aa047",
    "rmsprop_centered_eps_root": "168ed2d392d9e2d5",
    "rprop": "a4061a33eede78d4",
    "rprop_bounds": "f117e544ab058f50",
    "adam": "5edb75aa92088ebc",
    "adam_l2": "c1adf7c2ab3e84bb",
    "adam_maximize": "3ee280c9e3fda955",
    "adam_decoupled": "7bc8e81df108c2ea",
    "adam_eps_root": "dabe5b0325b6b2ff",
    "adam_eps_hat": "830b144b7f8001f7",
    "adam_amsgrad": "796bb12eac88586c",
    "adam_amsgrad_l2": "f0cd5200e336483e",
    "adamw": "8f5979a50ee51731",
    "adamw_amsgrad": "71bfe38b7ac44953",
    "adamax": "48991284be48d3bb",
    "adamax_l2": "3158e702c7e697e5",
    "nadam": "7ae9dffd1940057d",
    "nadam_l2": "87aa1e1fa376885e",
    "nadam_decoupled": "90d309d9f015ab03",
    "nadam_eps_root": "2bc47f0d7e2eda26",
    "radam": "708cc9cce0d4f9d1",
    "radam_l2": "c07997c12dfac053",
    "radam_decoupled": "e1ff06abf4cd2680",
    "radam_eps_root": "ddf0ff04419bf941",
    "asgd": "2b61957e49c7e7f5",
    "asgd_average": "c4d182ae2f0f1d71",
}


@pytest.mark.parametrize("name", EXPECTED)
def test_bits_of_other_machines(name: str) -> None:
    assert run(BY_NAME[name])[1] == EXPECTED[name]
