"""What follows a parameter in the pass of its update, against a second loop that does the same."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from fastgd.optimizers.base import Optimizer
from fastgd.tools.bench import arrays, pairing, peers
from fastgd.tools.bench.pairing import Ratio
from fastgd.tools.bench.rows import BY_NAME
from fastgd.tools.bench.stepper import Stepper
from fastgd.tools.bench.threads import using

DECAY = 0.999
KINDS = ("moving average", "bfloat16 copy", "average and copy")
LOOPS = ("torch", "numpy")  # whose second loop it is


def _numpy_loop(averages: list[np.ndarray], copies: list[np.ndarray], params: list[np.ndarray]) -> Callable[[], None]:
    """NumPy's, without temporaries."""
    room = [np.empty_like(param) for param in averages and params]

    def follow() -> None:
        for average, param, way in zip(averages, params, room, strict=False):
            np.subtract(param, average, out=way)
            np.multiply(way, np.float32(1.0 - DECAY), out=way)
            np.add(average, way, out=average)
        for copy, param in zip(copies, params, strict=False):
            np.copyto(copy, param, casting="unsafe")

    return follow


def _torch_loop(averages: list[np.ndarray], copies: list[np.ndarray], params: list[np.ndarray]) -> Callable[[], None]:
    """torch's: one loop for all averages, as its AveragedModel has it, and one for all copies."""
    torch = peers.module("torch")
    sources = [torch.from_numpy(param) for param in params]
    means = [torch.from_numpy(average) for average in averages]
    targets = [torch.from_numpy(copy.view(np.int16)).view(torch.bfloat16) for copy in copies]

    def follow() -> None:
        if means:
            torch._foreach_lerp_(means, sources, 1.0 - DECAY)
        if targets:
            torch._foreach_copy_(targets, sources)

    return follow


def _followers(opt: Optimizer, copies: list[np.ndarray]) -> list[np.ndarray]:
    return [*(entry["ema"] for entry in opt.state.values() if "ema" in entry), *copies]


def followed(kind: str, library: str, shapes: arrays.Shapes) -> Stepper:
    """A step of AdamW and what follows it: in one pass with "fastgd", else in a loop of a library afterwards."""
    row, (params, grads) = BY_NAME["adamw"], arrays.fresh(shapes)
    inside, averaged, copied = library == "fastgd", "average" in kind, "copy" in kind
    settings: dict[str, Any] = {"ema_decay": DECAY} if inside and averaged else {}
    opt = peers.optimizer(row, params, row.lr, **settings)
    copies = [np.zeros(param.shape, peers.module("ml_dtypes").bfloat16) for param in params if copied]
    if inside and copied:
        opt.bind_copies(copies)
    opt.step(grads)  # with which averages begin
    if inside:
        return Stepper(library, params, functools.partial(opt.step, grads), lambda: _followers(opt, copies))
    averages = [param.copy() for param in params if averaged]
    follow = {"torch": _torch_loop, "numpy": _numpy_loop}[library](averages, copies, params)

    def step() -> None:
        opt.step(grads)
        follow()

    return Stepper(f"{library} afterwards", params, step, lambda: [*averages, *copies])


def in_the_pass(kind: str, library: str, shapes: arrays.Shapes, threads: int, seconds: float) -> Ratio:
    """`ratio` is how many times longer a step takes with a library's loop after it than with all in one pass."""
    with using(threads):
        ours, theirs = (followed(kind, name, shapes) for name in ("fastgd", library))
        return pairing.compare(ours, theirs, seconds, calm=threads > 1 and library == "torch")
