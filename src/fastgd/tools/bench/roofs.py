"""
Roofs: what the hardware allows a rule, measured through fastgd's own engine.

There are two. The stream roof moves what the rule moves, with one add for each array that is written; the arithmetic
roof does the rule's divides and roots alone, on a tile that stays in L1. Both are loops of kernels/roofs.pxd, compiled
with the flags of the rules; the stream roof is run by the same plan, so that ranges, threads and alignment are the
rule's own. Which loop is the roof of a rule follows from the source of the two.
"""

import functools
import operator
import re
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from fastgd.engine import dispatch
from fastgd.tools.bench import arrays
from fastgd.tools.bench.peers import optimizer, rate, states
from fastgd.tools.bench.rows import BY_NAME, Row
from fastgd.tools.bench.stepper import Arrays, Stepper, UnavailableError

# Two arrays of a tile fit in any L1, and a call runs over them so often that the call itself does not count.
TILE_BYTES = 8192
TILES = 256

LOOP = re.compile(r"^cdef inline void (\w+)\(([^)]*)\) noexcept nogil:\n((?: +.*\n|\n)*)", re.MULTILINE)
SAME = re.compile(r"^cdef inline void (\w+)\([^)]*\) noexcept nogil:\n +(\w+)\(param, grad,", re.MULTILINE)
MEASURE = re.compile("_measure(_2)?$")
POINTER = re.compile(r"(\w+)\* restrict (\w+)")


class Cost(NamedTuple):
    """What a loop does for each element: arrays read and written, divides and roots."""

    reads: int
    writes: int
    divides: int
    roots: int


def cost(pointers: str, body: str) -> Cost:
    """Count in the source of a loop. An array that only stands to the left of = is not read."""
    body = re.sub("#.*", "", body)
    values = re.sub(r"^\s*\w+\[i\] = |\bstore\(&?\w+", "", body, flags=re.MULTILINE)
    # The terms of a measuring pass, which are doubles, stay in a tile.
    found = [name for kind, name in POINTER.findall(pointers) if kind != "double"]
    reads = sum(bool(re.search(rf"\b{name}\b", values)) for name in found)
    writes = sum(bool(re.search(rf"\b{name}\[i\] = |\bstore\(&?{name}\b", body)) for name in found)
    # These have some of their own.
    divides = body.count(" / ") + body.count("angle(") + body.count("careful_update(")
    return Cost(reads, writes, divides, len(re.findall(r"\broot\(|careful_update\(", body)))


@functools.cache
def costs() -> dict[str, Cost]:
    """The cost of every loop in the sources of the kernels, by its name."""
    kernels = files("fastgd.kernels")
    if not hasattr(dispatch, "roofs"):
        raise UnavailableError("this fastgd has no roofs")
    sources = [kernels / "roofs.pxd", *(kernels / "rules").iterdir()]
    texts = [source.read_text(encoding="utf-8") for source in sources if source.name.endswith(".pxd")]
    found = {name: cost(pointers, body) for text in texts for name, pointers, body in LOOP.findall(text)}
    for name, other in [match for text in texts for match in SAME.findall(text)]:
        found[name] = found[other]
    for measure in [name for name in found if MEASURE.search(name)]:
        # What a rule costs is what its passes cost.
        name = MEASURE.sub("", measure)
        found[name] = Cost(*map(operator.add, found[name], found.pop(measure)))
    return found


def stream_of(row: Row) -> str:
    """
    The roof that reads and writes as many arrays as the rule of a row, and does no arithmetic.

    For a rule of several passes it is that of its arrays, which are moved more than once.
    """
    reads, writes, _, _ = costs()[row.kernel()]
    states = len(dispatch.rules()[row.kernel()][1])
    own = [name for name, (_, keys) in dispatch.roofs().items() if len(keys) == states]
    same = [name for name in own if costs()[name] == (reads, writes, 0, 0)]
    return same[0] if same else f"stream_{states}"


def arithmetic_of(row: Row) -> str | None:
    """The roof with most of the rule's divides and roots, and no more than the rule has; None for a rule without."""
    _, _, divides, roots = costs()[row.kernel()]
    below = [name for name in dispatch.roofs() if costs()[name].divides <= divides and costs()[name].roots <= roots]
    best = max(below, key=lambda name: sum(costs()[name][2:]))
    return best if sum(costs()[best][2:]) else None


def times_moved(row: Row) -> float:
    """How many times what its stream roof moves a rule moves."""
    rule, roof = costs()[row.kernel()], costs()[stream_of(row)]
    return (rule.reads + rule.writes) / (roof.reads + roof.writes)


def bytes_per_element(row: Row, dtype: str) -> int:
    """What a step moves at least."""
    return arrays.KINDS[dtype].moved(costs()[row.kernel()].reads, costs()[row.kernel()].writes)


# ---- steppers -----------------------------------------------------------------------------------------------------


def kernel(row: Row, params: Arrays, grads: Arrays, roof: str = "", times: int = 1, dtype: str = "float32") -> Stepper:
    """The rule's kernel as the optimizer's plan runs it, without the call of a step; or a roof in its place."""
    kind = arrays.KINDS[dtype]
    opt = optimizer(row, list(params), rate(row, kind), **kind.storage)
    gradients = list(grads)
    # These are more than the steps that start a state: ASGD averages from its third on, RAdam rectifies from its sixth.
    for _ in range(12):
        opt.step(gradients)
    if roof:
        opt._steps.repeat(1, dispatch.roofs()[roof][0])
    # The plan holds addresses only, so the stepper keeps the gradients alive.
    return Stepper(
        roof or f"{row.name} kernel", params, functools.partial(opt._steps.repeat, times),
        lambda: states(opt) + gradients,
    )  # fmt: skip


def stream(row: Row, params: Arrays, grads: Arrays, dtype: str = "float32") -> Stepper:
    return kernel(row, params, grads, stream_of(row), dtype=dtype)


def arithmetic(row: Row, dtype: str) -> tuple[Stepper, int] | None:
    """One thread's divides and roots of the rule, and for how many elements; None for a rule without."""
    roof = arithmetic_of(row)
    if roof is None:
        return None
    compute = arrays.KINDS[dtype].compute
    n = TILE_BYTES // np.dtype(compute).itemsize
    tiles = [np.abs(side) for (side,) in arrays.fresh([(n,)], compute)]
    stepper = kernel(BY_NAME["sgd"], tiles[:1], tiles[1:], roof, TILES)
    # Dividing twice brings a tile back to what it was, so that nobody can see by the tile whether a step was made.
    stepper.current, stepper.inner = list, lambda: tiles
    return stepper, n * TILES
