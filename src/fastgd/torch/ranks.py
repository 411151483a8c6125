"""
The norm of gradients of which each process has a part.

Processes exchange a few numbers of each step and add them in the order of their ranks, so that all find the same bits.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch

from fastgd.torch import shards


class Ranks:
    """
    The processes that have parts of an optimizer's parameters.

    Parameters
    ----------
    groups : list of ProcessGroup
        One for each dimension of a mesh; what one of them has added is added by the next.
    elsewhere : list of int
        Numbers of the parameters that another process counts: those that several have.
    """

    def __init__(self, groups: list[Any], elsewhere: list[int]) -> None:
        self.groups = groups
        self.elsewhere = elsewhere

    def norm(self, norm: float, largest: float) -> tuple[float, float]:
        """The norm over all processes, and the least of what each takes for the largest finite one."""
        failed, norm, largest = self._exchange(0.0, norm, largest)
        if failed:
            raise RuntimeError("another process of this group has refused its step; its error says why")
        return norm, largest

    def refuse(self) -> None:
        """Tell the others, which wait for the norm, that this process has none."""
        self._exchange(1.0, 0.0, 0.0)

    def _exchange(self, failed: float, norm: float, largest: float) -> tuple[float, float, float]:
        for group in self.groups:
            mine = torch.tensor([failed, norm, largest], dtype=torch.float64)
            all_of_them = [torch.empty_like(mine) for _ in range(torch.distributed.get_world_size(group))]
            torch.distributed.all_gather(all_of_them, mine, group=group)
            refusals, norms, bounds = zip(*(each.tolist() for each in all_of_them), strict=True)
            failed, norm, largest = max(refusals), together(norms), min(bounds)
        return failed, norm, largest


def together(norms: Sequence[float]) -> float:
    """The norm of parts with these norms; neither squares nor their sum overflow."""
    most = max(norms)
    if any(map(math.isnan, norms)) or not 0 < most < math.inf:
        return math.nan if any(map(math.isnan, norms)) else most
    total = 0.0
    for norm in norms:
        total += (norm / most) * (norm / most)
    return most * math.sqrt(total)


class Unknown:
    """In the place of Ranks where it is not known who has what, until a norm is asked for."""

    elsewhere: tuple[int, ...] = ()

    def __init__(self, message: str) -> None:
        self._message = message

    def norm(self, norm: float, largest: float) -> tuple[float, float]:
        raise ValueError(self._message)

    def refuse(self) -> None:
        """Tell nobody, since no other process waits."""


def find(params: Sequence[Any], of_zero: Any) -> Ranks | Unknown | None:
    """
    The processes that have parts of these parameters; None where each has all of them.

    `of_zero` is the group of a ZeroRedundancyOptimizer, whose processes have other parameters each.
    """
    if of_zero is not None:
        return Ranks([of_zero], [])
    split = next((param for param in params if shards.is_split(param)), None)
    if split is None:
        return None
    mesh = split.device_mesh
    place = mesh.get_coordinate()
    elsewhere = []
    for i, param in enumerate(params):
        if not shards.is_sharded(param):
            repeated = place
        elif param.device_mesh == mesh:
            repeated = [k for k, placement in zip(place, param.placements, strict=True) if placement.is_replicate()]
        else:
            return Unknown(
                f"max_grad_norm and skip_nonfinite look at all gradients together: expected DTensors of one mesh, got "
                f"{mesh} and {param.device_mesh}"
            )
        if any(repeated):
            elsewhere.append(i)
    return Ranks([mesh.get_group(k) for k in range(mesh.ndim)], elsewhere)
