"""For all tests: threads are used from a size at which whole tests of them are still quick."""

from collections.abc import Iterator

import pytest

from fastgd.engine.execute import PARALLEL_FROM, set_parallel_from

pytest.register_assert_rewrite("support")


@pytest.fixture(scope="session", autouse=True)
def threads_from_small_sizes_on() -> Iterator[None]:
    before = set_parallel_from(32768)
    assert before == PARALLEL_FROM  # what users have
    yield
    set_parallel_from(before)
