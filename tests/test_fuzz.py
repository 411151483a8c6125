"""A few programs of each state machine, the same at every run; `make fuzz SECONDS=600` makes new ones."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from support.machines import NumPyMachine
from support.machines_of_calls import FunctionMachine, MinimizeMachine, ScheduleMachine
from support.machines_of_rows import RowsMachine, TorchRowsMachine
from support.machines_of_stages import StagesMachine
from support.machines_of_torch import TorchMachine

MACHINES = [
    NumPyMachine,
    FunctionMachine,
    ScheduleMachine,
    MinimizeMachine,
    TorchMachine,
    RowsMachine,
    TorchRowsMachine,
    StagesMachine,
]

SHORT = settings(
    max_examples=12, stateful_step_count=12, derandomize=True, database=None, deadline=None,
    phases=[Phase.generate], suppress_health_check=list(HealthCheck),
)  # fmt: skip


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.__name__)
def test_some_programs(machine: type) -> None:
    run_state_machine_as_test(machine, settings=SHORT)
