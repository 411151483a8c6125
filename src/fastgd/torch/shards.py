"""
DTensors, of which each process has a part: a step updates the parts.

What torch calls placements says how a DTensor lies in a mesh of processes. State has the placements of its parameter,
so that torch.distributed.checkpoint saves, loads and reshards it as it does that of torch's optimizers.
"""

import sys
from collections.abc import Mapping
from typing import Any

import torch

from fastgd import formats
from fastgd.engine.formats import Storage
from fastgd.engine.plan import Group
from fastgd.engine.reader import Reader
from fastgd.optimizers.base import Optimizer
from fastgd.ranks import measures_each
from fastgd.torch.views import let_in


def is_sharded(tensor: object) -> bool:
    """Whether something is a DTensor, which `views.find` then finds the part of."""
    kind = getattr(sys.modules.get("torch.distributed.tensor"), "DTensor", None)
    if kind is None or type(tensor) is not kind:
        return False
    let_in(kind)
    return True


def is_split(tensor: Any) -> bool:
    """Whether a tensor is a DTensor of which this process has less than all."""
    return is_sharded(tensor) and not all(place.is_replicate() for place in tensor.placements)


def part(tensor: torch.Tensor) -> torch.Tensor:
    """The part of a DTensor that is here; any other tensor itself."""
    if not is_sharded(tensor):
        return tensor
    local: torch.Tensor = tensor._local_tensor  # type: ignore[attr-defined]
    return local.wait() if hasattr(local, "wait") else local  # where it is still on its way


def place(label: str, param: Any) -> None:
    """Refuse a DTensor that is no whole of its parts."""
    if is_sharded(param) and any(place.is_partial() for place in param.placements):
        raise ValueError(f"{label}: expected placements Shard or Replicate, got {_placements(param)}")


def beside(label: str, tensor: Any, param: Any) -> torch.Tensor:
    """The part of a tensor that belongs to the part of its parameter: a gradient, or state."""
    if not is_sharded(param):
        return tensor  # type: ignore[no-any-return]
    if not is_sharded(tensor):
        raise TypeError(f"{label}: expected a DTensor as its parameter is, got {type(tensor).__name__}")
    if tensor.device_mesh != param.device_mesh:
        raise ValueError(f"{label}: expected the mesh {param.device_mesh} of its parameter, got {tensor.device_mesh}")
    if tensor.shape != param.shape:
        raise ValueError(f"{label}: expected shape {tuple(param.shape)}, got {tuple(tensor.shape)}")
    return part(tensor.detach().redistribute(param.device_mesh, param.placements))


def entry(label: str, given: Mapping[str, Any], numbers: tuple[str, ...], param: Any) -> Mapping[str, Any]:
    """An entry of `state` with the parts that are here."""
    if not is_sharded(param):
        return given
    result = dict(given)
    for key, value in given.items():
        if isinstance(value, torch.Tensor) and key not in numbers:
            local = beside(f"{label}[{key!r}]", value, param)
            # What has come from another placement is nobody's else, so that it cannot be used where it lies.
            result[key] = local if value.placements == param.placements else formats.asarray(local)  # type: ignore[attr-defined]
    return result


def like(param: Any, local: torch.Tensor) -> torch.Tensor:
    """A tensor that has, of each process, what lies there as its part of a parameter does."""
    if not is_sharded(param):
        return local
    return type(param).from_local(
        local, param.device_mesh, param.placements, run_check=False, shape=param.shape, stride=param.stride()
    )


def check_group(where: str, kind: type[Optimizer], reader: Reader, group: dict[str, Any]) -> None:
    """Refuse a group whose rule needs all of a tensor that is divided."""
    params = group["params"]
    if not any(map(is_sharded, params)):
        return
    slots = Group(kind._family, 0, 0, Storage())
    slots.set_hyper(reader.doubles(reader.values(group, where)))
    several = measures_each(slots.rule())
    for k, param in enumerate(params):
        if is_sharded(param) and (kind.whole or (several and is_split(param))):
            raise ValueError(
                f"{where}['params'][{k}]: {kind.__name__} with these hyperparameters needs each tensor as a whole, of "
                f"which this process may have a part; got {_placements(param)}"
            )


def check_blocks(label: str, param: Any, stored: Storage) -> None:
    """Refuse state in 8 bits beside a part of a tensor: its blocks would be others for another number of processes."""
    flat = any(getattr(param, name, False) for name in ("_is_flat_param", "_fsdp_flattened"))
    if stored.in_blocks and (is_sharded(param) or flat):
        form = _placements(param) if is_sharded(param) else "one of FullyShardedDataParallel"
        raise ValueError(
            f"{label}: expected a tensor that each process has as a whole with state_dtype={stored.state_dtype!r}, "
            f"got {form}"
        )


def _placements(tensor: Any) -> str:
    return f"a DTensor with placements {tuple(tensor.placements)}"
