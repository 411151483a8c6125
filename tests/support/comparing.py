"""
What "the same" means.

Two runs of fastgd are the same bit for bit: `assert_same`. A run of fastgd and the oracle are equal number for number:
`assert_equal`, since NumPy makes other signs of zeros and of NaN than the kernels do.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

import fastgd


def freeze(value: Any) -> Any:
    """`value` in a form that `==` compares bit for bit, NaN and signed zeros included."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.strides, value.flags.writeable, value.tobytes("K")
    if isinstance(value, Mapping):
        return {key: freeze(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(freeze, value)]
    return repr(value)


def assert_same(actual: Any, expected: Any) -> None:
    """Arrays, or structures of them, bit for bit, layout included."""
    assert freeze(actual) == freeze(expected)


def assert_equal(actual: np.ndarray, expected: np.ndarray, what: str) -> None:
    """Every element equal, NaN to NaN."""
    assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape), what
    if np.array_equal(actual, expected, equal_nan=True):
        return
    wrong = np.argwhere(~((actual == expected) | ((actual != actual) & (expected != expected))))
    first = tuple(wrong[0])
    raise AssertionError(
        f"{what}: {len(wrong)} of {actual.size} elements differ, the first at {first}: "
        f"{float(actual[first]).hex()} instead of {float(expected[first]).hex()}"
    )


def assert_equal_arrays(actual: Iterable[np.ndarray], expected: Iterable[np.ndarray], what: str) -> None:
    for i, pair in enumerate(zip(actual, expected, strict=True)):
        assert_equal(*pair, f"{what}: parameter {i}")


def assert_equal_state(optimizer: fastgd.Optimizer, states: Sequence[dict], what: str) -> None:
    """Arrays and carried numbers of all parameters equal those of the reference, and there are no others."""
    state = optimizer.state
    for i, expected in enumerate(states):
        actual = dict(state.get(i, {}))
        if actual.pop("step", None) == 0:
            continue  # Adagrad, like torch's, has its state before the first step
        assert set(actual) == set(expected), f"{what}: state of parameter {i}"
        for key, value in expected.items():
            assert_equal(np.asarray(actual[key]), np.asarray(value), f"{what}: {key} of parameter {i}")


def assert_refused(scene: Any, act: Callable[[Any], object], error: type[Exception], message: str) -> None:
    """A call raises with words that begin so, and changes neither the parameter of a scene nor its state."""
    before = scene.param.copy(), {k: v.copy() for k, v in scene.opt.state[0].items()}
    with pytest.raises(error) as caught:
        act(scene)
    assert str(caught.value).startswith(message)
    assert_same((scene.param, dict(scene.opt.state[0])), before)
