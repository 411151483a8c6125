"""The oracle for gradients of rows: the rows that there are, summed, through a rule's reference as a small matrix."""

import math

import numpy as np

from support.reference_passes import squares


def summed(rows, dtype):
    """Distinct numbers, ascending, and the sum of each one's values, added in the order in which they come."""
    sums = {}
    for number, value in zip(rows.indices.tolist(), rows.values.astype(dtype), strict=True):
        sums[number] = sums[number] + value if number in sums else value
    numbers = sorted(sums)
    values = np.array([sums[number] for number in numbers], dtype)
    return np.array(numbers, np.int64), values.reshape(len(numbers), *rows.values.shape[1:])


def step(rule, param, rows, state, t, **arguments):
    """
    One step of `rule`, a function of reference.py, on the rows of `param` and `state` that a gradient has.

    The state of the others begins as the first step leaves it.
    """
    numbers, values = summed(rows, param.dtype)
    part, own = param[numbers], {key: array[numbers] for key, array in state.items()}
    rule(part, values, own, t, **arguments)
    param[numbers] = part
    for key, array in own.items():
        begun = np.full((len(param), *array.shape[1:]), arguments.get("initial_accumulator_value", 0.0), array.dtype)
        state.setdefault(key, begun)[numbers] = array


def row_wise_adagrad(param, grad, state, t, *, lr=1e-2, weight_decay=0.0, eps=1e-10, maximize=False, grad_scale=1.0):
    g = (-grad_scale if maximize else grad_scale) * grad
    if weight_decay != 0:
        g = g + weight_decay * param
    sums = state.setdefault("sum", np.zeros(param.shape[:1], param.dtype))
    for r in range(len(param) if param.size else 0):
        total = float(sums[r]) + squares(np.asarray(g[r])) / g[r].size
        sums[r] = total
        param[r] = param[r] - lr / (math.sqrt(total) + eps) * g[r]
