"""What `load_state_dict` makes of a state dict, as torch's makes it, in time that grows with its size alone."""

import copy
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from fastgd import formats, validation
from fastgd.engine.formats import ABSMAX, Storage
from fastgd.optimizers import state_dict as saved
from fastgd.optimizers import storage
from fastgd.torch import checks, shards
from fastgd.torch.clock import COUNT

if TYPE_CHECKING:
    from fastgd.torch.base import Optimizer

IMMUTABLE = (float, int, bool, str, type(None))


def groups(
    ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]], completed: int | None = None
) -> list[dict[str, Any]]:
    """Groups with the hyperparameters of a state dict and the parameters of an optimizer."""
    if len(ours) != len(theirs):
        raise ValueError(f"state_dict: expected {len(ours)} groups, got {len(theirs)}")
    result = []
    for i, (mine, group) in enumerate(zip(ours, theirs, strict=True)):
        if len(mine["params"]) != len(group["params"]):
            label = f"state_dict['param_groups'][{i}]"
            raise ValueError(f"{label}: expected {len(mine['params'])} parameters, got {len(group['params'])}")
        own = {key: value if type(value) in IMMUTABLE else copy.deepcopy(value) for key, value in group.items()}
        if completed is not None:  # of NumPy's optimizers, which count once for all groups
            own.setdefault(COUNT, completed)
        names = {"param_names": mine["param_names"]} if "param_names" in mine else {}
        result.append({**names, **own, "params": mine["params"]})
    return result


def schedules(groups: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What the groups of a state dict have of schedules that remember something, by name; it is taken from them."""
    result = []
    for i, group in enumerate(groups):
        label = f"state_dict['param_groups'][{i}]"
        kept = dict(saved.mapping(f"{label}['schedules']", group.pop("schedules", {})))
        if "schedule" in group:
            kept["lr"] = group.pop("schedule")
        for name, state in kept.items():
            kept[name] = dict(saved.mapping(f"{label}['schedules'][{name!r}]", state))
        result.append(kept)
    return result


def check_param(label: str, param: torch.Tensor, stored: Storage) -> None:
    """Refuse a parameter that cannot be stored as its group asks for."""
    storage.check_param(label, param.dtype, stored)
    shards.check_blocks(label, param, stored)


def storages(front: "Optimizer", groups: Sequence[dict[str, Any]]) -> list[Storage]:
    """How groups that are loaded ask for their arrays to be stored, checked."""
    result = []
    absent = {**front.defaults, **saved.switched_off(front._numpy)}
    for n, group in enumerate(groups):
        where = f"param_groups[{n}]"
        stored = front._storage(where, group)
        if stored.in_blocks:
            values = front._reader.values({**absent, **group}, where)
            storage.check_rule(front._numpy, front._reader, where, stored, values)
        for k, param in enumerate(group["params"]):
            check_param(f"{where}['params'][{k}]", param, stored)
        result.append(stored)
    return result


def state(
    ours: Sequence[Mapping[str, Any]],
    storages: Sequence[Storage],
    theirs: Sequence[Mapping[str, Any]],
    entries: Mapping[Any, Any],
    exact: Container[str],
) -> defaultdict[Any, Any]:
    """
    State by parameter, on each one's device and as each one's group stores it; what belongs to none stays as it is.

    `exact` are the keys of numbers, which another dtype might round.
    """
    numbers = [number for group in theirs for number in group["params"]]
    params = [(param, stored) for group, stored in zip(ours, storages, strict=True) for param in group["params"]]
    known = dict(zip(numbers, params, strict=True))
    result: defaultdict[Any, Any] = defaultdict(dict)
    for number, entry in entries.items():
        if number in known:
            param, stored = known[number]
            result[param] = _cast(param, stored, "", entry, exact)
        else:
            result[number] = entry
    return result


def _cast(param: torch.Tensor, stored: Storage, key: str, value: Any, exact: Container[str]) -> Any:
    if isinstance(value, torch.Tensor):
        name = checks.name_of(param)
        if name not in checks.DTYPES or not value.is_floating_point():  # A parameter in another dtype is refused later.
            return value
        if stored.in_blocks or key.endswith(ABSMAX):  # which `packed` brings into its form
            return value.to(param.device)
        return value.to(param.device, checks.DTYPES[stored.state_name(key, name)])
    if isinstance(value, dict):
        return {k: each if k in exact else _cast(param, stored, k, each, exact) for k, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_cast(param, stored, key, each, exact) for each in value)
    return value


def entry_of(label: str, has_step: bool, entry: Any) -> Any:
    """An entry as torch has it, with tensors for NumPy's arrays; one of another class is refused."""
    if not isinstance(entry, Mapping):
        return entry
    there = [key for key, value in entry.items() if value is not None]
    if there and "step" not in there and has_step:
        raise ValueError(f"{label}: missing 'step', got {', '.join(map(repr, there))}")
    return {key: _tensor(f"{label}[{key!r}]", value) for key, value in entry.items()}


def _tensor(label: str, value: Any) -> Any:
    if not isinstance(value, (np.ndarray, np.generic)):
        return value
    array = np.asarray(validation.unmasked(label, value))
    plain = array.dtype in (np.int16, np.uint8)
    if not plain and not formats.name_of(array.dtype):
        raise TypeError(f"{label}: expected dtype {formats.listed(formats.ALL)}, got {array.dtype}")
    own = np.array(array, array.dtype if plain else formats.dtype(formats.name_of(array.dtype)), order="K")
    return checks.tensor(checks.plain_view(own), own)
