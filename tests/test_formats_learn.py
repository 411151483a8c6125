"""Real training in 16 and 8 bits: the digits, with each way of storing, as well as in float32."""

from typing import Any

import numpy as np
import pytest

import fastgd
from fastgd import formats
from fastgd.tools.demo import digits

STORED: list[tuple[str, str, dict[str, Any]]] = [
    ("bfloat16", "bfloat16", {}),
    ("bfloat16", "float32", {}),
    ("float32", "bfloat16", {}),
    ("float16", "float16", {}),
    ("bfloat16", "bfloat16", {"state_dtype": "param"}),
    ("bfloat16", "bfloat16", {"state_dtype": "bfloat16"}),
    ("bfloat16", "bfloat16", {"rounding": "stochastic", "seed": 1}),
    ("bfloat16", "bfloat16", {"master_weights": True}),
    ("float16", "float16", {"master_weights": True}),
    ("float32", "float32", {"state_dtype": "8bit"}),
    ("float32", "float32", {"state_dtype": "8bit-sqrt"}),
    ("bfloat16", "bfloat16", {"state_dtype": "8bit"}),
]


def accuracy(param: str, grad: str, storage: dict[str, Any]) -> float:
    """Of a network whose parameters are stored so, and whose gradients are rounded to a format."""
    data, start = digits.load(), digits.initial()
    stored = {name: value.astype(formats.dtype(param)) for name, value in start.items()}
    opt = fastgd.AdamW(stored, lr=4e-3, weight_decay=0.05, **storage)
    rng = np.random.default_rng(digits.SEED)
    for _ in range(digits.EPOCHS):
        for x, y in digits.batches(data, rng):
            params = {name: value.astype(np.float32) for name, value in stored.items()}
            grads = digits.loss_and_gradients(params, x, y)[1]
            opt.step({name: value.astype(formats.dtype(grad)) for name, value in grads.items()})
    params = {name: value.astype(np.float32) for name, value in stored.items()}
    right: np.ndarray = digits.forward(params, data.x_test)[1].argmax(axis=1) == data.y_test
    return float(right.mean())


@pytest.mark.parametrize(("param", "grad", "storage"), STORED, ids=str)
def test_the_digits_are_learned(param: str, grad: str, storage: dict[str, Any]) -> None:
    assert accuracy(param, grad, storage) > digits.REQUIRED_ACCURACY


def test_with_master_weights_as_exactly_as_in_float32() -> None:
    """The same gradients, whatever the parameters are rounded to, are those of the master's trajectory."""
    data, rng = digits.load(), np.random.default_rng(digits.SEED)
    exact = {name: value.astype(formats.bfloat16()).astype(np.float32) for name, value in digits.initial().items()}
    stored = {name: value.astype(formats.bfloat16()) for name, value in exact.items()}
    opts = fastgd.AdamW(exact, lr=4e-3), fastgd.AdamW(stored, lr=4e-3, master_weights=True)
    for x, y in digits.batches(data, rng):
        grads = digits.loss_and_gradients(exact, x, y)[1]
        for opt in opts:
            opt.step(grads)
    for name, value in exact.items():
        upper, lower = stored[name].view(np.uint16), opts[1].state[name]["param_remainder"]
        bits = (upper.astype(np.uint32) << 16) + lower.astype(np.int32).view(np.uint32)
        np.testing.assert_array_equal(bits.view(np.float32), value)
