"""
The comparisons that the command, the asv suite and the report are made of.

Each returns a `Ratio`, judged for noise, or raises UnavailableError where it is n/a. Rows, libraries and work are given
by name or as they stand in the tables.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

import fastgd
from fastgd.engine import dispatch, pool
from fastgd.tools.bench import arrays, pairing, peers, roofs, training
from fastgd.tools.bench.pairing import Ratio
from fastgd.tools.bench.rows import BY_NAME, Row
from fastgd.tools.bench.stepper import Stepper, UnavailableError
from fastgd.tools.bench.threads import usable_cores, using

ADAMW = BY_NAME["adamw"]


def shares(stepper: Stepper) -> bool:
    """Whether the engine gives a step to more than one thread, once it knows what the rule costs."""
    stepper.warm_up(5)
    before = pool.shared()
    stepper.step()
    return pool.shared() > before


# ---- rules --------------------------------------------------------------------------------------------------------


def of_roof(
    row: Row, shapes: arrays.Shapes, dtype: str, threads: int, seconds: float, *, part: str = "step", least: int = 5
) -> Ratio:
    """
    `ratio` is roof / ours, at most about 1, where roof = max(stream, arithmetic) of the same round.

    Ours is the whole of `Optimizer.step`, or with ``part="kernel"`` the kernel as the plan runs it.
    """
    n = arrays.elements(shapes)

    def once() -> Ratio:
        pure = roofs.arithmetic(row, dtype)
        ours, other = arrays.fresh(shapes, dtype), arrays.fresh(shapes, dtype)
        made = peers.build("fastgd", row, *ours) if part == "step" else roofs.kernel(row, *ours)
        steppers = [made, roofs.stream(row, *other), *([pure[0]] if pure else [])]
        # The engine gives small work to one thread, so its roof is one thread's.
        cores = threads if shares(made) else 1
        times = pairing.interleave(steppers, seconds, least=least)
        moved = roofs.times_moved(row) * times[:, 1]
        roof = np.maximum(moved, times[:, 2] * n / pure[1] / cores) if pure else moved
        return pairing.ratio(times[:, 0], roof)

    with using(threads):
        return pairing.judged(once, pairing.ABOVE)


def against_peer(
    row: Row, library: str, shapes: arrays.Shapes, dtype: str, threads: int, seconds: float, *,
    clip: float | None = None, least: int = 5, cold: bool = False, ours: str = "fastgd",
) -> Ratio:  # fmt: skip
    """`ratio` is how many times longer a library's step takes; `cold`: with COLD bytes touched between two steps."""
    peers.load(library, row)
    with using(threads):
        one, two = (peers.build(name, row, *arrays.fresh(shapes, dtype), clip=clip) for name in (ours, library))
        if cold:
            one, two = chilled(one), chilled(two)
        calm = threads > 1 and library not in peers.ONE_THREAD
        return pairing.compare(one, two, seconds, calm=calm, least=least)


def clip_cost(row: Row, shapes: arrays.Shapes, threads: int, seconds: float) -> Ratio:
    """`ratio` is the time with clipping by the global norm over that of the update alone."""
    with using(threads):
        plain, clipped = (peers.build("fastgd", row, *arrays.fresh(shapes), clip=clip) for clip in (None, 1.0))
        return pairing.compare(plain, clipped, seconds)


def two_threads(row: Row, shapes: arrays.Shapes, seconds: float) -> Ratio:
    """`ratio` is the time of the kernel on one thread over that on two."""
    if usable_cores() < 2:
        raise UnavailableError("there is one core")

    def on(count: int) -> Stepper:
        stepper = roofs.kernel(row, *arrays.fresh(shapes))
        run = stepper.step

        def step() -> None:
            fastgd.set_num_threads(count)
            run()

        stepper.step = step
        return stepper

    with using(2):
        return pairing.compare(on(2), on(1), seconds)


def instruction_set_kernel(name: str, row: Row, shapes: arrays.Shapes, dtype: str = "float32") -> Stepper:
    """The kernel of an instruction set, as FASTGD_ISA chooses it; a plan keeps the functions of its latest step."""
    if name not in dispatch.available():
        raise UnavailableError(f"this CPU or this build has no {name}")
    before = dispatch.chosen()
    dispatch.select(name)
    try:
        return roofs.kernel(row, *arrays.fresh(shapes, dtype))
    finally:
        dispatch.select(before)


def two_instruction_sets(row: Row, shapes: arrays.Shapes, above: str, below: str, seconds: float) -> Ratio:
    """`ratio` is the time of the kernel `below` over that of the one `above`."""
    with using(1):
        wider, narrower = (instruction_set_kernel(name, row, shapes) for name in (above, below))
        return pairing.compare(wider, narrower, seconds)


# ---- calls, in units of np.add ------------------------------------------------------------------------------------

COLD = 8_000_000


def chilled(stepper: Stepper) -> Stepper:
    """Let other data pass through the caches between two steps, as it does in training."""
    other = np.zeros(COLD // 4, np.float32)
    stepper.before = functools.partial(np.add, other, np.float32(1), out=other)
    return stepper


def np_add() -> Stepper:
    """The unit: what NumPy's users pay for anything."""
    a, b, c = np.ones(16, np.float32), np.ones(16, np.float32), np.zeros(16, np.float32)
    return Stepper("np.add", [c], functools.partial(np.add, a, b, out=c))


def small(row: Row = ADAMW, lr: Any = None, **settings: Any) -> Stepper:
    params, grads = arrays.fresh([(16,)])
    opt = peers.optimizer(row, params, row.lr if lr is None else lr, **settings)
    return Stepper("step", params, functools.partial(opt.step, grads))


def named(row: Row = ADAMW) -> Stepper:
    params, grads = ({"W": side[0], "b": side[1]} for side in arrays.fresh([(16,), (16,)]))
    return Stepper("dict", [*params.values()], functools.partial(peers.optimizer(row, params, row.lr).step, grads))


def bound(row: Row = ADAMW) -> Stepper:
    params, grads = arrays.fresh([(16,)])
    opt = peers.optimizer(row, params, row.lr)
    opt.bind(grads)
    return Stepper("bound", params, opt.step)


def functional_adam() -> Stepper:
    """A call as a library makes it, that counts the steps itself."""
    (param,), (grad,) = arrays.fresh([(16,)])
    moments = np.zeros_like(param), np.zeros_like(param)
    call = functools.partial(fastgd.functional.adam, param, grad, *moments, step=10, lr=1e-6)
    return Stepper("functional.adam", [param], call, lambda: list(moments))


def many(cold: bool) -> Stepper:
    stepper = peers.build("fastgd", ADAMW, *arrays.fresh(arrays.WORK["500 x 64"]))
    return chilled(stepper) if cold else stepper


# Each call has its stepper and the number of parts that it is divided by.
CALLS: dict[str, tuple[Callable[..., Stepper], int]] = {
    "step(grads), one tensor of 16": (small, 1),
    "step(grads), dict of 2": (named, 1),
    "step(), bound": (bound, 1),
    "step(grads), max_grad_norm": (functools.partial(small, max_grad_norm=1e9), 1),
    "step(grads), schedule in Python": (functools.partial(small, lr=lambda step: 1e-6 / (1 + step)), 1),
    "functional.adam, 16 elements": (functional_adam, 1),
    "500 tensors of 64, each, warm": (functools.partial(many, False), 500),
    "500 tensors of 64, each, cold": (functools.partial(many, True), 500),
}


def call(name: str, seconds: float, row: Row | None = None) -> Ratio:
    """`ratio` is the time of a call in units of np.add(a, b, out=c) on 16 elements; `row` is another rule's."""
    make, parts = CALLS[name]
    stepper = make() if row is None else make(row)
    with using(1):
        return pairing.compare(np_add(), stepper, seconds).per(parts)


# ---- training and construction ------------------------------------------------------------------------------------


def in_training(
    library: str, host: str, other: str, other_host: str, network: str, threads: int, seconds: float, *,
    whole: bool = False, loop: bool = False,
) -> Ratio:  # fmt: skip
    """`ratio` is how many times longer the other's step takes in training, or its `whole` training, or its `loop`."""
    with using(threads):
        ours = training.training(library, ADAMW, network, host, whole=whole, loop=loop)
        theirs = training.training(other, ADAMW, network, other_host, whole=whole, loop=loop)
        return pairing.compare(ours, theirs, seconds, calm=whole and threads > 1)


def construction(library: str, count: int) -> Stepper:
    """The making of an optimizer of `count` parameters of 16 elements, each in a group of its own."""
    params, _ = arrays.fresh(count * [(16,)])
    make: Callable[..., object] = fastgd.AdamW
    groups: list[dict[str, Any]] = [{"params": [p]} for p in params]
    if library != "fastgd":
        torch = peers.module("torch")
        make = peers.module("fastgd.torch").AdamW if library == "fastgd.torch" else torch.optim.AdamW
        groups = [{"params": [torch.tensor(p).requires_grad_(True)]} for p in params]
    made = np.zeros(1)

    def step() -> None:
        # An optimizer takes over the dicts of its groups, so each gets new ones.
        make([dict(group) for group in groups], lr=1e-3)
        made[0] += 1

    return Stepper(f"{library} construction", [made], step)


def construct(library: str, other: str, count: int, seconds: float) -> Ratio:
    """`ratio` is how many times longer the other's construction takes."""
    return pairing.compare(construction(library, count), construction(other, count), seconds)
