"""Beside: what a step writes to that its plan does not know, such as moments of another shape and slow parameters."""

from collections.abc import Iterable, Sequence
from typing import Any

from fastgd import validation
from fastgd.engine.extents import lie_apart


def label(steps: Any, i: int) -> str:
    """What messages call a parameter."""
    return "param_groups[{}]['params'][{}]".format(*steps.place_of(i))


def check_apart(steps: Any, own: Sequence[validation.Named], updated: Iterable[int]) -> None:
    """Raise if dense arrays share memory with what else the step under way writes to, or with a gradient of it."""
    states = [array for entry in steps.states for array in entry.values()]
    copies = [copy for copy in steps.copies if copy is not None]
    grads = {i: steps.gradient(i) for i in updated}
    if lie_apart([*steps.params, *states, *copies, *(array for _, array in own)], list(grads.values())):
        return
    written = [(label(steps, i), param) for i, param in enumerate(steps.params)]
    written += [
        (f"state {key!r} of {label(steps, i)}", array)
        for i, entry in enumerate(steps.states)
        for key, array in entry.items()
    ]
    written += [(f"the copy of {label(steps, i)}", copy) for i, copy in enumerate(steps.copies) if copy is not None]
    validation.apart([*written, *own])
    for i, grad in grads.items():
        validation.not_within(f"the gradient of {label(steps, i)}", grad, own)
