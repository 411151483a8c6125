"""What `load_state_dict` makes of a state dict, as torch's makes it, in time that grows with its size alone."""

import copy
from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from typing import Any

import torch

IMMUTABLE = (float, int, bool, str, type(None))


def groups(ours: Sequence[Mapping[str, Any]], theirs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Groups with the hyperparameters of a state dict and the parameters of an optimizer."""
    if len(ours) != len(theirs):
        raise ValueError(f"state_dict: expected {len(ours)} groups, got {len(theirs)}")
    result = []
    for i, (mine, group) in enumerate(zip(ours, theirs, strict=True)):
        if len(mine["params"]) != len(group["params"]):
            label = f"state_dict['param_groups'][{i}]"
            raise ValueError(f"{label}: expected {len(mine['params'])} parameters, got {len(group['params'])}")
        own = {key: value if type(value) in IMMUTABLE else copy.deepcopy(value) for key, value in group.items()}
        names = {"param_names": mine["param_names"]} if "param_names" in mine else {}
        result.append({**names, **own, "params": mine["params"]})
    return result


def state(
    ours: Sequence[Mapping[str, Any]],
    theirs: Sequence[Mapping[str, Any]],
    entries: Mapping[Any, Any],
    exact: Container[str],
) -> defaultdict[Any, Any]:
    """
    State by parameter, in each one's dtype and device; what belongs to none stays as it is.

    `exact` are the keys of numbers, which the dtype of a parameter might round.
    """
    numbers = [number for group in theirs for number in group["params"]]
    params = dict(zip(numbers, [param for group in ours for param in group["params"]], strict=True))
    result: defaultdict[Any, Any] = defaultdict(dict)
    for number, entry in entries.items():
        if number in params:
            result[params[number]] = _cast(params[number], entry, exact)
        else:
            result[number] = entry
    return result


def _cast(param: torch.Tensor, value: Any, exact: Container[str]) -> Any:
    if isinstance(value, torch.Tensor):
        return value.to(param.device, param.dtype if param.is_floating_point() else None)
    if isinstance(value, dict):
        return {key: each if key in exact else _cast(param, each, exact) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_cast(param, each, exact) for each in value)
    return value


def check_entry(label: str, has_step: bool, entry: Any) -> None:
    """Refuse an entry that is of another class, or not torch's."""
    if not isinstance(entry, dict):
        return
    there = [key for key, value in entry.items() if value is not None]
    if there and "step" not in there and has_step:
        raise ValueError(f"{label}: missing 'step', got {', '.join(map(repr, there))}")
    for key in there:
        if type(entry[key]).__module__ == "numpy":
            raise TypeError(f"{label}[{key!r}]: expected a number or a torch.Tensor, got {type(entry[key]).__name__}")
