"""A short life of tools/soak.py, which `make soak` runs for a million steps."""

import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).resolve().parent.parent / "tools" / "soak.py"


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read in /proc")
def test_memory_stays_flat() -> None:
    done = subprocess.run(
        [sys.executable, SOAK, "20000", "300", "20"], check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["steps:", "optimizers:", "forks:"]
