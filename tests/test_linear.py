"""Work grows with the number of parameters and groups, not with its square: counted, as far as it is Python's."""

import sys
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import fastgd
import fastgd.torch
from support.interrupts import uncollected

PACKAGE = str(Path(fastgd.__file__).parent)
FEW, MANY = 30, 120


class Subclass(np.ndarray):
    """What a step looks at in Python."""


def events(call: Callable[[], object]) -> int:
    """Lines and calls of Python in a call, those that fastgd makes elsewhere too."""
    count = 0

    def trace(frame: Any, event: str, _: object) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    with uncollected():
        sys.settrace(trace)
        try:
            call()
        finally:
            sys.settrace(before)
    return count


def arrays(n: int) -> list[np.ndarray]:
    return [np.ones(3, np.float32) for _ in range(n)]


def as_groups(n: int) -> list[dict[str, Any]]:
    return [{"params": {f"p{i}": array}} for i, array in enumerate(arrays(n))]


def stepped(n: int, groups: bool = False, counts: bool = False) -> fastgd.Optimizer:
    opt = fastgd.NAdam(as_groups(n) if groups else arrays(n), max_grad_norm=1.0)
    opt.step(arrays(n))
    if counts:
        saved = opt.state_dict()
        for i, entry in saved["state"].items():
            entry["step"] = np.array(i + 1.0, np.float32)
        opt.load_state_dict(saved)
    return opt


def loading(n: int, groups: bool) -> Callable[[], object]:
    opt = stepped(n, groups)
    saved = opt.state_dict()
    return lambda: opt.load_state_dict(saved)


def files(n: int, path: Path, load: bool) -> Callable[[], object]:
    opt = stepped(n, groups=True)
    fastgd.save(path, opt)
    return lambda: (fastgd.load if load else fastgd.save)(path, opt)


def stepping(n: int, change: Callable[[np.ndarray], Any], **options: bool) -> Callable[[], object]:
    opt, grads = stepped(n, **options), [change(array) for array in arrays(n)]
    return lambda: opt.step(grads)


def network(n: int) -> Callable[[], object]:
    opt = fastgd.Adam({"layers": [{"w": array, "b": array.copy()} for array in arrays(n)]})
    grads = {"layers": tuple(OrderedDict(b=array, w=array) for array in arrays(n))}
    return lambda: opt.step(grads)


def torch_groups_without_state(n: int) -> Callable[[], object]:
    params = [torch.nn.Parameter(torch.ones(3)) for _ in range(n)]
    opt = fastgd.torch.Adagrad([{"params": [param]} for param in params])
    for param in params:
        param.grad = torch.ones(3)
    opt.step()
    opt.state.clear()
    return opt.step


WORK: dict[str, Callable[[int, Path], Callable[[], object]]] = {
    "construct": lambda n, path: lambda: fastgd.Adam(arrays(n)),
    "construct a network": lambda n, path: (
        lambda: fastgd.Adam([{"w": array, "b": [array.copy()]} for array in arrays(n)])
    ),
    "step of a network, out of order": lambda n, path: network(n),
    "construct groups": lambda n, path: lambda: fastgd.Adam(as_groups(n)),
    "state_dict": lambda n, path: stepped(n, groups=True).state_dict,
    "state": lambda n, path: lambda: dict(stepped(n, groups=True).state),
    "load_state_dict": lambda n, path: loading(n, groups=False),
    "load_state_dict of groups": lambda n, path: loading(n, groups=True),
    "save": lambda n, path: files(n, path, load=False),
    "load": lambda n, path: files(n, path, load=True),
    "step": lambda n, path: stepping(n, np.asarray),
    "step with gradients of a subclass": lambda n, path: stepping(n, lambda array: array.view(Subclass)),
    "step with memory of their own each time": lambda n, path: stepping(n, np.copy, groups=True),
    "step with unequal counts": lambda n, path: stepping(n, np.copy, counts=True),
    "bind": lambda n, path: lambda: stepped(n).bind(arrays(n)),
    "grad_norm": lambda n, path: lambda: fastgd.grad_norm(arrays(n)),
    "clip_grad_norm_": lambda n, path: lambda: fastgd.clip_grad_norm_(arrays(n), 1.0),
    "a step of torch's Adagrad without its state": lambda n, path: torch_groups_without_state(n),
    "repr": lambda n, path: lambda: repr(stepped(n, groups=True)),
}


@pytest.mark.parametrize("name", WORK)
def test_work_is_linear(name: str, tmp_path: Path) -> None:
    few, many = (events(WORK[name](n, tmp_path / "run")) for n in (FEW, MANY))
    assert many <= 1.2 * MANY / FEW * few


def test_quadratic_work_would_be_seen() -> None:
    def quadratic(n: int) -> Callable[[], object]:
        return lambda: [sum(1 for _ in range(n)) for _ in range(n)]

    assert events(quadratic(MANY)) > 1.2 * MANY / FEW * events(quadratic(FEW))
