"""Gradients of rows: what is kept from step to step, and looked at again when it has changed."""

import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import fastgd
from fastgd import Rows

INDICES, VALUES = np.array([1, 2]), np.ones((2, 3), np.float32)
DECAY = "^grads: expected weight_decay=0 with Rows, or weight_decay_rows='touched'"


def test_what_rows_need_is_looked_at_again_when_it_changes() -> None:
    opt, rows = fastgd.SGD(np.ones((4, 3), np.float32)), Rows(INDICES, VALUES)
    for _ in range(2):
        opt.step(rows)
        opt.param_groups[0]["weight_decay"] = 0.1
        with pytest.raises(ValueError, match=DECAY):
            opt.step(rows)
        opt.weight_decay_rows = "touched"
        opt.step(rows)
        opt.weight_decay_rows = None
        with pytest.raises(ValueError, match=DECAY):
            opt.step(rows)
        opt.param_groups[0]["weight_decay"] = 0.0
    scheduled = fastgd.Adam(np.ones((4, 3)), lazy_rows=True, weight_decay=lambda t: 0.0 if t < 2 else 0.1)
    for _ in range(2):
        scheduled.step(Rows(INDICES, VALUES.astype(float)))
    with pytest.raises(ValueError, match=DECAY):
        scheduled.step(Rows(INDICES, VALUES.astype(float)))


def test_memory_that_one_large_gradient_has_needed_is_let_go() -> None:
    table = np.ones((4, 3), np.float32)
    opt, few = fastgd.SGD([table, np.ones(2)]), [Rows(INDICES, VALUES), None]
    many = [Rows(np.zeros(50_000, np.int64), np.ones((50_000, 3), np.float32)), None]
    opt.step(few)
    tracemalloc.start()
    try:
        opt.step(many)
        assert tracemalloc.get_traced_memory()[0] > 1_000_000
        for _ in range(100):
            opt.step(few)
        assert tracemalloc.get_traced_memory()[0] < 100_000
        opt.step(many)
        opt.step([None, np.ones(2)])
        assert tracemalloc.get_traced_memory()[0] > 1_000_000
        opt.step([np.ones_like(table), None])
        assert tracemalloc.get_traced_memory()[0] < 100_000
    finally:
        tracemalloc.stop()


def test_lookahead_leaves_other_rows_where_they_are() -> None:
    table, part, others = np.ones((4, 3), np.float32), np.ones((2, 3), np.float32), np.ones((2, 3), np.float32)
    opt, dense = (fastgd.Lookahead(fastgd.SparseAdam(p, lr=0.3), k=2, alpha=0.7) for p in (table, part))
    for t in range(5):
        opt.step(Rows(INDICES, VALUES * t))
        dense.step(VALUES * t)
    assert table[INDICES].tobytes() == part.tobytes() != others.tobytes()
    assert table[[0, 3]].tobytes() == others.tobytes()


@pytest.mark.parametrize("function", [fastgd.grad_norm, lambda g: fastgd.clip_grad_norm_(g, 1.0)], ids=["norm", "clip"])
def test_rows_are_summed_by_steps_alone(function: Callable[[object], object]) -> None:
    with pytest.raises(TypeError, match=r"^grads\['t'\]: expected an array, got Rows, whose sums a step takes: max_.*"):
        function({"t": Rows(INDICES, VALUES)})


# In a process of its own, whose memory nobody else touches. A table that a step goes over would become resident.
LARGE = """
import os
import numpy as np, fastgd

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

rows = 2**25 + 3
places = np.array([rows - 1, 5, 2**25, 5])
values = np.ones((4, 64), np.float16)
before = resident()
try:
    table = np.zeros((rows, 64), np.float16)
except MemoryError:
    raise SystemExit(77)
opt = fastgd.SGD(table, lr=1.0)
for t in range(2):
    opt.step(fastgd.Rows(places, values))
assert table.size > 2**31
assert (table[[5, 2**25, rows - 1, 2**24, 0]] == np.array([-4, -2, -2, 0, 0])[:, None]).all()
assert resident() - before < table.nbytes / 100
small = np.zeros((2**20, 64), np.float32)
before = resident()
opts = [make(small) for make in (fastgd.Adagrad, fastgd.SparseAdam, fastgd.RowWiseAdagrad)]
for opt in opts:
    for t in range(2):
        opt.step(fastgd.Rows(np.array([2**20 - 1, 7]), np.ones((2, 64), np.float32)))
assert resident() - before < small.nbytes / 100
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="resident memory is read from /proc")
def test_a_step_touches_its_rows_alone_also_beyond_2_31_elements() -> None:
    done = subprocess.run([sys.executable, "-c", LARGE], check=False)
    if done.returncode == 77:
        pytest.skip("there are no 4 GB of addresses")
    assert done.returncode == 0
