"""For all tests: threads are used from a size at which whole tests of them are still quick; workers of pytest-xdist."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

# Threads of NumPy's and torch's products wait by spinning, for which the workers leave no core: a test then takes ten
# times the processor's time. It is said before either library is loaded; fastgd's own threads heed neither.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from fastgd import set_parallel_from

pytest.register_assert_rewrite("support")

# Files whose tests share what takes long to make: builds, and processes that learn together.
TOGETHER = tuple(
    f"tests/test_{name}.py" for name in ("packaging", "new_rule", "torch_shards", "torch_distributed", "dashboard")
)
# What takes more than ten seconds. Other tests begin in the order of how many parameters they have, so that the end is
# all small ones and the workers come to it together.
LONG = (
    *TOGETHER,
    "tests/test_bench_reports.py::test_every_benchmark_runs",
    "tests/test_bits.py::test_sizes_threads_and_alignments",
    "tests/test_bad_input.py::test_refused_with_its_message_and_nothing_changed",
    "tests/test_benchmarks.py::test_training_learns",
    "tests/test_demo.py::test_every_rule_learns_the_digits",
)


@pytest.fixture(scope="session", autouse=True)
def threads_from_small_sizes_on() -> Iterator[None]:
    before = set_parallel_from(32768)
    assert before is None  # what users have
    yield
    set_parallel_from(before)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measurements of benchmarks that are too short to say anything."""
    from fastgd.tools.bench import embeddings, measures, pairing

    monkeypatch.setattr(pairing, "BLOCK", 1e-5)
    monkeypatch.setattr(pairing, "TRIES", 1)
    monkeypatch.setattr(measures, "COLD", 80_000)
    monkeypatch.setattr(embeddings, "TOUCHED", 64)
    monkeypatch.setattr(embeddings, "BATCHES", 2)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give a worker whole files of TOGETHER, and of the others all the parameters of a test, which share caches."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return file if file in TOGETHER else nodeid.partition("[")[0]

        def _assign_work_unit(self, node: Any) -> None:
            if waiting := [scope for scope in LONG if scope in self.workqueue]:
                self.workqueue.move_to_end(waiting[0], last=False)
            super()._assign_work_unit(node)

    return Scheduling(config, log)
