"""fastgd.mpi: ranks train as one process does, on threads everywhere, and with mpi4py where there is MPI."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fastgd.mpi import division, traffic
from support import mpi_scenarios
from support.communicators import on_threads

TIMEOUT = 300
MPIRUN = shutil.which("mpirun")
HERE = Path(__file__).resolve().parent


@pytest.mark.parametrize("ranks", [1, 2, 4])
@pytest.mark.parametrize("scenario", mpi_scenarios.SCENARIOS, ids=lambda scenario: scenario.__name__)
def test_on_threads(scenario: Callable[[Any], None], ranks: int) -> None:
    on_threads(ranks, scenario)


@pytest.mark.skipif(MPIRUN is None, reason="no mpirun: Debian has it in openmpi-bin")
@pytest.mark.skipif(importlib.util.find_spec("mpi4py") is None, reason="mpi4py is not installed")
# Where other programs run, too, each message waits for its turn on a processor: not all of them here.
@pytest.mark.parametrize(
    ("ranks", "names"), [(2, ["elements", "groups", "refusals", "spoiled_blocks"]), (4, ["together"])], ids=["2", "4"]
)
def test_with_mpi(ranks: int, names: list[str]) -> None:
    command = [MPIRUN or "", "-n", str(ranks), sys.executable, "-m", "mpi4py", "-m", "support.mpi_scenarios", *names]
    rights = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
    environment = {
        **os.environ,
        **rights,
        "OMPI_MCA_rmaps_base_oversubscribe": "1",
        "FASTGD_NUM_THREADS": "1",
    }
    run = subprocess.run(
        command, cwd=HERE, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [f"{ranks} ranks"]


def test_the_model_in_the_docs_gives_its_table() -> None:
    found: dict[str, Any] = {}
    exec(mpi_scenarios.code_of_docs(1), found)
    seconds, n = found["seconds"], 10**8
    page = (HERE.parent / "docs" / "MPI.md").read_text(encoding="utf-8")
    for ranks in (1, 2, 8, 64, 256, 1024):
        slow, fast = seconds(n, ranks, 1.25e9, 20e-6), seconds(n, ranks, 12.5e9, 2e-6)
        row = f"{ranks:,} | {800 / ranks:.1f} | {2.1e-9 * n / ranks * 1e3:.1f} | {1000 * slow:.0f} | {1000 * fast:.0f}"
        assert f"| {row} |" in page
    assert f"{1000 * seconds(n, 1024, 1.25e9, 20e-6, buffer=2**27):.0f} and" in page


@pytest.mark.parametrize("ranks", [1, 2, 3, 7])
def test_every_element_is_on_one_rank(ranks: int) -> None:
    sizes = [5, 0, 100, 1, 37, 16]
    for divide in (division.by_elements, division.by_tensors):
        found = divide(sizes, ranks)
        for i, size in enumerate(sizes):
            held = [range(*own[i]) for own in found]
            assert [element for own in held for element in own] == list(range(size))
    for rounds in (traffic.rounds_of(division.by_elements(sizes, ranks), elements) for elements in (1, 10, 64, 1000)):
        sent = sorted((c.param, k) for one in rounds for c in one.copies for k in range(c.start, c.stop))
        assert sent == [(i, k) for i, size in enumerate(sizes) for k in range(size)]
        for one in rounds:
            assert sum(one.counts) == sum(c.stop - c.start for c in one.copies)
            assert [c.place for c in one.copies] == sorted(c.place for c in one.copies)
