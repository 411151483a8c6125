"""Who has parts of the parameters of a torch optimizer."""

from collections.abc import Sequence
from typing import Any

import torch

from fastgd.ranks import Exchange, Ranks
from fastgd.torch import shards


def exchange(group: Any) -> Exchange:
    """How the processes of a group exchange numbers."""

    def gather(numbers: list[float]) -> list[list[float]]:
        mine = torch.tensor(numbers, dtype=torch.float64)
        all_of_them = [torch.empty_like(mine) for _ in range(torch.distributed.get_world_size(group))]
        torch.distributed.all_gather(all_of_them, mine, group=group)
        return [each.tolist() for each in all_of_them]

    return gather


class Unknown(Ranks):
    """Where it is not known who has what, until something is asked for."""

    known = False

    def __init__(self, message: str) -> None:
        super().__init__(())
        self._message = message

    def norm(self, norm: float, largest: float, beside: float) -> tuple[float, float, float]:
        raise ValueError(self._message)


def ranks_of(params: Sequence[Any], group: Any) -> Ranks | None:
    """
    The processes that have parts of these parameters; None where each has all of them.

    `group` is one whose processes have other parameters each: that of a ZeroRedundancyOptimizer, or `process_group`.
    """
    if group is not None:
        return Ranks([exchange(group)])
    split = next((param for param in params if shards.is_split(param)), None)
    if split is None:
        return None
    mesh = split.device_mesh
    place = mesh.get_coordinate()
    elsewhere = set()
    for i, param in enumerate(params):
        if not shards.is_sharded(param):
            repeated = place
        elif param.device_mesh == mesh:
            repeated = [k for k, placement in zip(place, param.placements, strict=True) if placement.is_replicate()]
        else:
            return Unknown(
                f"max_grad_norm, skip_nonfinite and sums over all parameters look at all of them together: expected "
                f"DTensors of one mesh, got {mesh} and {param.device_mesh}"
            )
        if any(repeated):
            elsewhere.add(i)
    return Ranks([exchange(mesh.get_group(k)) for k in range(mesh.ndim)], elsewhere)
