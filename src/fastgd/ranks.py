"""
What processes exchange in a step of an optimizer whose parameters are divided between them.

Each sends a few numbers, and what came is put together in the order of the ranks, so that all find the same bits.
"""

import functools
import math
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

from fastgd.engine import dispatch

if TYPE_CHECKING:
    from fastgd.optimizers.base import Optimizer

Exchange = Callable[[list[float]], Sequence[Sequence[float]]]  # a rank's numbers -> those of all ranks, in order

READY, LEFT_OUT, REFUSED = 0.0, 1.0, 2.0  # what a rank says of its step; the largest is that of all


class LeftOut(Exception):  # noqa: N818  (it is no error, but says what the others do)
    """Another process leaves the step out, as GradScaler lets it, so that this one does too."""


class RefusedElsewhereError(RuntimeError):
    """Another process has refused its step, so that this one makes none."""

    def __init__(self) -> None:
        super().__init__("another process of this group has refused its step; its error says why")


class Ranks:
    """
    The processes that have parts of an optimizer's parameters.

    Parameters
    ----------
    exchanges : list of function
        One for each dimension of a mesh; what one of them has added is added by the next.
    elsewhere : set of int
        Numbers of the parameters that another process counts: those that several have.
    """

    known = True  # whether it can be asked for anything

    def __init__(self, exchanges: Sequence[Exchange], elsewhere: AbstractSet[int] = frozenset()) -> None:
        self._exchanges = exchanges
        self.elsewhere = elsewhere

    def norm(self, norm: float, largest: float, beside: float) -> tuple[float, float, float]:
        """
        What all processes have together: the norm, and what decides about it.

        That is the least of what each takes for the largest finite norm, and the largest norm of gradients beside state
        in 8 bits, which is negative where none has any.
        """
        status, norm, largest, beside = self._tell(READY, norm, largest, beside)
        if status == LEFT_OUT:
            raise LeftOut
        return norm, largest, beside

    def leave_out(self) -> None:
        """Let the others, which wait for the norm, leave the step out."""
        self._tell(LEFT_OUT, 0.0, 0.0, 0.0)

    def refuse(self) -> None:
        """Tell the others, which wait for the norm, that this process has refused its step."""
        self._tell(REFUSED, 0.0, 0.0, 0.0)

    def _tell(self, status: float, norm: float, largest: float, beside: float) -> tuple[float, float, float, float]:
        mine = status
        for exchange in self._exchanges:
            statuses, norms, bounds, all_beside = zip(*exchange([status, norm, largest, beside]), strict=True)
            status, norm, largest, beside = max(statuses), joint_norm(norms), min(bounds), max(all_beside)
        if status == REFUSED != mine:
            raise RefusedElsewhereError
        return status, norm, largest, beside

    def sums(self, sums: Sequence[float]) -> list[float]:
        """Each of these numbers summed over all processes."""
        result = list(sums)
        for exchange in self._exchanges:
            rows = exchange(result)
            result = [0.0] * len(result)
            for row in rows:
                result = [total + number for total, number in zip(result, row, strict=True)]
        return result


def joint_norm(norms: Sequence[float]) -> float:
    """The norm of parts with these norms; neither squares nor their sum overflow."""
    most = max(norms)
    if any(map(math.isnan, norms)) or not 0 < most < math.inf:
        return math.nan if any(map(math.isnan, norms)) else most
    total = 0.0
    for norm in norms:
        total += (norm / most) * (norm / most)
    return most * math.sqrt(total)


def sums_over_all(kind: "type[Optimizer]") -> bool:
    """Whether the rule of a class has sums over all parameters."""
    _, _, _, rules = dispatch.families()[kind.family]
    return not dispatch.over_all().isdisjoint(rules)


@functools.cache
def measures_each(rule: int) -> bool:
    """Whether a rule, given by its number, measures each parameter as a whole before it goes on."""
    name = next(name for name, (number, _) in dispatch.rules().items() if number == rule)
    return dispatch.pass_counts()[name] > 1 and name not in dispatch.over_all()
