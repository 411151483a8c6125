"""What fastgd.thinc takes as weights, gradients and state, and what it refuses before anything is changed."""

from typing import Any

import numpy as np
import pytest

import fastgd
from support.thinc_twins import KEY, every_name, normal, ours, same, snapshot


class Matrix(np.ndarray):
    """A subclass, as numpy.memmap is one."""


LAYOUTS = {
    "C": lambda a: a.copy(),
    "F": np.asfortranarray,
    "axes": lambda a: a.transpose(1, 2, 0).copy().transpose(2, 0, 1),
    "subclass": lambda a: a.copy().view(Matrix),
}


@every_name
@pytest.mark.parametrize("gradient", LAYOUTS)
@pytest.mark.parametrize("weights", LAYOUTS)
def test_layouts_give_the_same_bits(name: str, weights: Any, gradient: Any) -> None:
    shape = (3, 4, 5)
    mine, plain = (ours(name, 0.05, L2=0.1) for _ in range(2))
    w, v = LAYOUTS[weights](normal(0, shape)), normal(0, shape)
    for t in range(10):
        g = LAYOUTS[gradient](normal(t, shape))
        assert mine(KEY, w, g)[0] is w
        plain(KEY, v, normal(t, shape))
        assert not g.any()
        assert np.array_equal(w, v)
        assert np.array_equal(mine.averages[KEY], plain.averages[KEY])


@every_name
def test_an_array_that_threads_share_has_the_same_bits(name: str) -> None:
    results = []
    before = fastgd.get_num_threads()
    for threads in (1, 2):
        fastgd.set_num_threads(threads)
        w = normal(0, 300_000)
        optimizer = ours(name, 0.05, L2=0.1)
        for t in range(3):
            optimizer(KEY, w, normal(t, 300_000))
        results.append((w, optimizer.averages[KEY]))
    fastgd.set_num_threads(before)
    assert same(*results)


@every_name
def test_nothing_is_done_without_a_gradient(name: str) -> None:
    optimizer, w, g = ours(name), normal(0, (1, 2)), np.zeros(0, np.float32)
    before = snapshot(optimizer, w, g)
    updated, gradient = optimizer(KEY, w, g)
    assert updated is w
    assert gradient is g
    assert same(snapshot(optimizer, w, g), before)


class OnGPU:
    __cuda_array_interface__ = {}


def read_only(array: Any) -> Any:
    array.flags.writeable = False
    return array


def refused() -> Any:
    w = normal(0, (4, 3))
    both = np.zeros(20, np.float32)
    return {
        "list": (w, [1.0], TypeError, r"^gradient: expected a numpy.ndarray, got list"),
        "gpu weights": (OnGPU(), w, TypeError, r"^weights: expected an array in the CPU's memory, got one on a GPU"),
        "gpu gradient": (w, OnGPU(), TypeError, r"^gradient: expected an array in the CPU's memory"),
        "dtypes": (w, normal(1, (4, 3), np.float64), TypeError, r"^gradient: expected dtype float32 like"),
        "half": (w.astype(np.float16), w, TypeError, r"^weights: expected dtype float32 or float64, got float16"),
        "integers": (w, np.ones((4, 3), int), TypeError, r"^gradient: expected dtype float32 or float64, got int64"),
        "byte order": (w.astype(">f4"), w, TypeError, r"^weights: expected native byte order"),
        "shape": (w, normal(1, (3, 4)), ValueError, r"^gradient: expected shape \(4, 3\), got \(3, 4\)"),
        "size": (w, normal(1, (4, 4)), ValueError, r"^gradient: expected shape \(4, 3\), got \(4, 4\)"),
        "strided": (normal(0, (4, 6))[:, ::2], w, ValueError, r"^weights: expected a dense array"),
        "broadcast": (w, np.broadcast_to(w[0], (4, 3)), ValueError, r"^gradient: expected a dense array"),
        "read-only weights": (read_only(w.copy()), w, ValueError, r"^weights: expected a writeable array"),
        "read-only gradient": (w, read_only(normal(1, (4, 3))), ValueError, r"^gradient: expected a writeable array"),
        "shared": (both[:12], both[8:], ValueError, r"^gradient: expected memory of its own, .* with weights"),
        "itself": (w, w, ValueError, r"expected memory of its own"),
    }


@every_name
@pytest.mark.parametrize("which", refused())
def test_arrays_that_are_refused(name: str, which: Any) -> None:
    weights, gradient, kind, message = refused()[which]
    optimizer = ours(name)
    before = snapshot(optimizer, weights, gradient)
    with pytest.raises(kind, match=message):
        optimizer(KEY, weights, gradient)
    if not isinstance(weights, OnGPU) and not isinstance(gradient, OnGPU):
        assert same(snapshot(optimizer, weights, gradient), before)
    assert not optimizer.mom1
    assert not optimizer.averages
    assert not optimizer.nr_update


@every_name
@pytest.mark.parametrize("kind", ["mom1", "mom2", "averages"])
def test_state_that_is_refused(name: str, kind: Any) -> None:
    optimizer, w, g = ours(name), normal(0), normal(1)
    optimizer(KEY, w, g)
    for bad, message in [
        (np.zeros((3, 3), np.float32), "expected shape"),
        (getattr(optimizer, kind)[KEY].astype(np.float64), "expected dtype float32 like"),
        (read_only(getattr(optimizer, kind)[KEY].copy()), "expected a writeable array"),
    ]:
        getattr(optimizer, kind)[KEY] = bad
        before = snapshot(optimizer, w, g)
        with pytest.raises((TypeError, ValueError), match=rf"^{kind}\[\(1, 'W'\)\]: {message}"):
            optimizer(KEY, w, g)
        assert same(snapshot(optimizer, w, g), before)
        getattr(optimizer, kind)[KEY] = np.zeros(w.shape if kind == "averages" else w.size, np.float32)


@every_name
@pytest.mark.parametrize(
    ("one", "other"),
    [("mom1", "mom2"), ("averages", "mom1"), ("averages", "mom2"), ("averages", "weights"), ("mom2", "weights"),
     ("mom1", "gradient"), ("averages", "gradient")],
)  # fmt: skip
def test_state_that_shares_memory_is_refused(name: str, one: Any, other: Any) -> None:
    optimizer, w, g = ours(name), normal(0), normal(1)
    optimizer(KEY, w, g)
    arrays = {"weights": w, "gradient": normal(2)}
    whole = arrays[other] if other in arrays else getattr(optimizer, other)[KEY]
    getattr(optimizer, one)[KEY] = whole.reshape(w.shape if one == "averages" else -1)
    before = snapshot(optimizer, *arrays.values())
    with pytest.raises(ValueError, match="expected memory of its own, got memory that it shares with"):
        optimizer(KEY, *arrays.values())
    assert same(snapshot(optimizer, *arrays.values()), before)
