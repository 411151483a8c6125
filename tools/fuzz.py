"""
Random programs for the state machines of tests/support, new ones at every run, until the time is over.

    make fuzz SECONDS=600

The first fault ends it: the shortest program that shows it is printed, ready to become a test.
"""

import sys
import time
import warnings
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from test_fuzz import MACHINES

LONG = settings(
    max_examples=40, stateful_step_count=30, database=None, deadline=None, suppress_health_check=list(HealthCheck)
)


def main(seconds: float) -> None:
    warnings.simplefilter("error")
    end, rounds = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        for machine in MACHINES:
            run_state_machine_as_test(machine, settings=LONG)
        rounds += 1
    print(f"{rounds} rounds of {LONG.max_examples} programs for each of {len(MACHINES)} machines: no fault")


if __name__ == "__main__":
    main(float(sys.argv[1]))
