"""Gradients of rows: what is kept from step to step, and looked at again when it has changed."""

import tracemalloc

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
