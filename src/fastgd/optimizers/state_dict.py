"""State as a dict in torch's layout: what goes out, and what comes in, checked before anything is changed."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from fastgd import formats, validation
from fastgd.engine.formats import ABSMAX, AVERAGE, MASTER, Storage, absmax_keys
from fastgd.engine.plan import Group
from fastgd.hyperparameters import Flag, schedules_of
from fastgd.optimizers import packed, storage

if TYPE_CHECKING:
    from fastgd.optimizers.base import Optimizer

Entry = tuple[int, tuple[float, ...], dict[str, np.ndarray]]  # steps, carried numbers, state arrays of a parameter

# torch's switches with their defaults. Where that is None they say how torch computes, which changes no number here;
# where it is False they ask for what a step on the CPU does not do.
SWITCHES = {"foreach": None, "fused": None, "capturable": False, "differentiable": False}
COUNT = "schedule_step"  # in groups of fastgd.torch with schedules
# What torch and its schedulers keep in a group, without meaning here.
IGNORED = (*SWITCHES, COUNT, "initial_lr", "max_lr", "min_lr", "base_momentum", "max_momentum", "swa_lr")


def export_step(steps: int) -> np.ndarray:
    """torch's float32 scalar, or float64 where float32 would round."""
    return np.array(steps, np.float32 if steps <= 2**24 else np.float64)


def import_step(name: str, value: object) -> int:
    steps = number(name, value)
    if not (0 <= steps <= 2**53 and steps == int(steps)):
        raise ValueError(f"{name} must be an integer in [0, 2**53], got {steps}")
    return int(steps)


def number(name: str, value: object) -> float:
    array = np.asarray(validation.unmasked(name, value))
    if array.ndim or array.dtype.kind not in "fiu":
        raise TypeError(f"{name} must be a real number, got {type(value).__name__}")
    return validation.real(name, array.item())


def export_schedules(group: Mapping[str, Any]) -> dict[str, Any]:
    """What a group keeps of its schedules: the state of those that have state, of `lr` and of others by name."""
    found = schedules_of(group).items()
    states = {name: s.state_dict() for name, s in found if hasattr(s, "state_dict")}
    states = {name: state for name, state in states.items() if state}
    lr = {"schedule": states.pop("lr")} if "lr" in states else {}
    return {**lr, **({"schedules": states} if states else {})}


def load(optimizer: "Optimizer", state_dict: Mapping[str, Any]) -> None:
    """Take over all that a state dict has, or nothing, also where an interrupt comes."""
    values, stored, entries = read(optimizer, state_dict)
    completed = _completed(optimizer, state_dict, entries)
    if not optimizer.has_step:  # SGD, as torch's; but bits of stochastic rounding follow from the step
        entries = [(completed, carry, arrays) for _, carry, arrays in entries]
    steps, before = optimizer._steps, []
    try:
        for schedule, state in _states_of_schedules(optimizer, state_dict):
            before.append((schedule, schedule.state_dict()))
            schedule.load_state_dict(state)
        steps.load(optimizer.param_groups, values, stored, entries, completed)
    except BaseException:
        # The compiled load is not interrupted; what comes right after it finds the new arrays in their places.
        if steps.states[-1] is not entries[-1][2]:
            for schedule, state in reversed(before):  # one schedule may serve several groups
                schedule.load_state_dict(state)
        raise


def _completed(optimizer: "Optimizer", state_dict: Mapping[str, Any], entries: list[Entry]) -> int:
    """The steps that schedules count from: those saved, or the most that a parameter's state tells."""
    if "completed" in state_dict:
        return import_step("state_dict['completed']", state_dict["completed"])
    if counts := [import_step(COUNT, group[COUNT]) for group in state_dict["param_groups"] if COUNT in group]:
        return max(counts)
    return max(steps for steps, _, _ in entries) if optimizer.has_step else 0


def _states_of_schedules(optimizer: "Optimizer", state_dict: Mapping[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
    """Each schedule that has state, with what a state dict has for it."""
    result = []
    for i, (group, ours) in enumerate(zip(state_dict["param_groups"], optimizer.param_groups, strict=True)):
        label = f"state_dict['param_groups'][{i}]"
        kept = {"lr": (f"{label}['schedule']", group["schedule"])} if "schedule" in group else {}
        for name, state in mapping(f"{label}['schedules']", group.get("schedules", {})).items():
            kept[name] = f"{label}['schedules'][{name!r}]", state
        schedules: dict[str, Any] = schedules_of({name: ours[name] for name in optimizer.checks})
        for name, (where, state) in kept.items():
            saved = dict(mapping(where, state))
            if name in schedules and hasattr(schedules[name], "load_state_dict") and schedules[name].state_dict():
                result.append((schedules[name], saved))
    return result


def write(
    optimizer: "Optimizer", values: list[tuple[Any, ...]], entries: list[dict[str, Any]], completed: int
) -> dict[str, Any]:
    """The state dict: hyperparameters of each group, copies of the parameters' entries, and the steps completed."""
    groups = []
    for number, (group, slots) in enumerate(zip(optimizer.param_groups, optimizer._steps.groups, strict=True)):
        names = optimizer._steps.trees[number].names
        groups.append(
            {
                **dict(zip(optimizer.checks, values[number], strict=True)),
                **storage.given(group),
                **export_schedules({name: group[name] for name in optimizer.checks}),
                "params": list(range(slots.start, slots.start + slots.count)),
                **({} if names is None else {"param_names": list(names)}),
            }
        )
    copies = [{key: np.array(array, order="K") for key, array in entry.items()} for entry in entries]
    state = {i: entry for i, entry in enumerate(copies) if entry}
    return {"state": state, "param_groups": groups, "completed": completed}


Stored = tuple[dict[str, Any], Storage]  # what a group says of how its arrays are stored, and what that means


def read(
    optimizer: "Optimizer", state_dict: Mapping[str, Any]
) -> tuple[list[tuple[Any, ...]], list[Stored], list[Entry]]:
    """
    What is loaded, checked.

    Hyperparameters of each group, how its arrays are stored, and (steps, carried numbers, new state arrays) of each
    parameter.
    """
    groups, state = parts(state_dict)
    if len(groups) != len(optimizer.param_groups):
        raise ValueError(f"state_dict: expected {len(optimizer.param_groups)} groups, got {len(groups)}")
    values = [_hyperparameters(optimizer, i, group) for i, group in enumerate(groups)]
    stored = [_stored(optimizer, i, group) for i, group in enumerate(groups)]
    entries: list[Entry] = []
    ids = {key for group in groups for key in group["params"]}
    if unknown := [key for key in state if key not in ids]:
        raise ValueError(f"state_dict: state of unknown parameters {unknown}")
    for group, ours, checked, (_, means) in zip(groups, optimizer._steps.groups, values, stored, strict=True):
        slots = Group(optimizer._family, 0, 0, means)
        storage.check_rule(
            type(optimizer), optimizer._reader, f"state_dict['param_groups'][{len(entries)}]", means, checked
        )
        slots.set_hyper(optimizer._reader.doubles(checked))
        for key, param in zip(
            group["params"], optimizer._steps.params[ours.start : ours.start + ours.count], strict=True
        ):
            label = f"state_dict['state'][{key!r}]"
            entry = {k: v for k, v in mapping(label, state.get(key, {})).items() if v is not None}
            steps, carry, arrays = read_entry(type(optimizer), label, entry, param, slots)
            if not steps:  # What a state begins with is the rule's to say, on the first step.
                _not_begun(optimizer, label, arrays, checked)
                carry, arrays = (), {}
            entries.append((steps, carry, with_zeros(arrays, slots, param)))
    return values, stored, entries


def _not_begun(optimizer: "Optimizer", label: str, arrays: dict[str, np.ndarray], values: tuple[Any, ...]) -> None:
    """Raise if state arrays of a parameter at step 0 hold anything but what a run begins with: the step counts."""
    begins = optimizer.entry(0, (), arrays, dict(zip(optimizer.checks, values, strict=True)))
    for key, array in arrays.items():
        if np.any(array != begins.get(key, 0)):
            raise ValueError(f"{label}['step']: expected at least 1 beside a {key!r} that has begun, got 0")


def switched_off(kind: "Optimizer | type[Optimizer]") -> dict[str, bool]:
    """Switches that came into torch later: versions that lack one do what it does when it is off."""
    later = {name: kind.checks[name] for name in ("maximize", "decoupled_weight_decay") if name in kind.checks}
    return {name: isinstance(check, Flag) and bool(check.only) for name, check in later.items()}


def mapping(label: str, value: Any) -> Mapping[Any, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{label}: expected a mapping, got {type(value).__name__}")
    return value


def _list(label: str, value: Any) -> list[Any]:
    if not isinstance(value, (list, tuple)):
        raise TypeError(f"{label}: expected a list, got {type(value).__name__}")
    return list(value)


def parts(state_dict: Any) -> tuple[list[Mapping[str, Any]], Mapping[int, Any]]:
    """(groups, state), which have the form that they must have."""
    for key in ("state", "param_groups"):
        if key not in mapping("state_dict", state_dict):
            raise ValueError(f"state_dict: expected the keys 'state' and 'param_groups', missing {key!r}")
    groups = _list("state_dict['param_groups']", state_dict["param_groups"])
    for i, group in enumerate(groups):
        label = f"state_dict['param_groups'][{i}]"
        if "params" not in mapping(label, group):
            raise ValueError(f"{label}: missing 'params'")
        for key in _list(f"{label}['params']", group["params"]):
            if not isinstance(key, (int, str)):
                raise TypeError(f"{label}['params']: expected numbers of parameters, got {key!r}")
    times = Counter(key for group in groups for key in group["params"])
    if repeated := {key for key, count in times.items() if count > 1}:
        raise ValueError(f"state_dict['param_groups']: expected each parameter once, got {sorted(repeated)} again")
    return groups, mapping("state_dict['state']", state_dict["state"])


def _hyperparameters(optimizer: "Optimizer", i: int, group: Mapping[str, Any]) -> tuple[Any, ...]:
    """Checked hyperparameters of one saved group."""
    label = f"state_dict['param_groups'][{i}]"
    names = list(optimizer.checks)
    known = ["params", "param_names", "schedule", "schedules", *storage.NAMES, *names]
    validation.known(label, [key for key in group if key not in IGNORED], known)
    group = {**switched_off(optimizer), **group}
    required = [name for name in names if name not in optimizer.beyond_torch]
    if missing := [name for name in required if name not in group]:
        raise ValueError(f"{label}: missing {', '.join(map(repr, missing))}")
    ours = optimizer.param_groups[i]
    schedules = schedules_of({name: ours[name] for name in names})
    if len(group["params"]) != len(ours["params"]):
        raise ValueError(f"{label}: expected {len(ours['params'])} parameters, got {len(group['params'])}")
    saved_names = group.get("param_names")
    if saved_names is not None and "param_names" in ours and tuple(saved_names) != ours["param_names"]:
        raise ValueError(f"{label}: expected the names {list(ours['param_names'])}, got {list(saved_names)}")
    given = {name: group.get(name, optimizer.defaults[name]) for name in names}
    given.update({name: ours[name] for name in {scheduled.partition("[")[0] for scheduled in schedules}})
    checked = tuple(check(f"{label}[{name!r}]", _plain(given[name])) for name, check in optimizer.checks.items())
    if not schedules:
        optimizer.check_together(dict(zip(names, checked, strict=True)))
    return checked


def _stored(optimizer: "Optimizer", i: int, group: Mapping[str, Any]) -> Stored:
    """How a group's arrays will be stored: as they were, where the saved group says it, if only that it is None."""
    label = f"state_dict['param_groups'][{i}]"
    ours = optimizer.param_groups[i]
    named = dict.fromkeys(name for name in storage.NAMES if name in ours) | storage.given({**ours, **group})
    means = storage.read(type(optimizer), label, named)
    for param in ours["params"]:
        storage.check_param(f"{label}['rounding']", param.dtype, means)
    return named, means


def _plain(value: Any) -> Any:
    """A number kept as a 0-d tensor or array, as torch allows for lr."""
    return value.item() if getattr(value, "shape", None) == () else value


def with_zeros(arrays: dict[str, np.ndarray], slots: Group, param: np.ndarray) -> dict[str, np.ndarray]:
    """State arrays with those of a group's rule that are lacking."""
    keys = slots.keys()
    return arrays | slots.zeros_of([key for key in keys if key not in arrays], param)


def read_entry(
    kind: type["Optimizer"],
    label: str,
    entry: Mapping[str, Any],
    param: np.ndarray,
    slots: Group,
    needed: Iterable[str] | None = None,
    take: Callable[[str, str, Any, np.ndarray, Group], np.ndarray] | None = None,
) -> Entry:
    """
    State of one parameter of a group, in arrays that `take` makes, or in arrays of its own.

    The keys `needed`, by default those of the group's rule, must be there; others of its family are taken where they
    are, since an option that is off now may be switched on again.
    """
    if not entry:
        return 0, (), {}
    scalars = [*(["step"] if kind.has_step else []), *kind.carried]
    master = slots.master_key(param)
    known = dict.fromkeys([*slots.keys(), *slots.all_keys(), *([] if master is None else [master]), AVERAGE])
    validation.known(label, entry, [*scalars, *known, *(name for key in known for name in absmax_keys(key))])
    needed = [key for key in (slots.keys() if needed is None else needed) if key not in kind.scratch]
    if missing := [key for key in (*scalars, *needed) if key not in entry]:
        raise ValueError(f"{label}: missing {', '.join(map(repr, missing))}")
    steps, carry = kind.progress(label, entry)
    take = take or copied
    arrays: dict[str, np.ndarray] = {}
    for key in known:
        in_blocks = packed.read(label, key, entry, param, slots, take)
        if in_blocks is not None:
            arrays |= in_blocks
        elif key in entry:
            arrays[key] = take(label, key, entry[key], param, slots)
    return steps, carry, arrays


def copied(label: str, key: str, value: Any, param: np.ndarray, slots: Group) -> np.ndarray:
    """A copy of a state array, laid out like its parameter and as its group stores it."""
    if key.endswith(ABSMAX):
        return packed.absmax(f"{label}[{key!r}]", value, param)
    result: np.ndarray = slots.zeros(key, param)
    # It is as it will be stored, as the rule computes, or as torch stores it: in the parameter's dtype.
    computed = np.dtype(np.float64 if param.dtype == np.float64 else np.float32)
    alone = key in MASTER or result.dtype == np.uint8
    dtypes = [result.dtype] if alone else [result.dtype, param.dtype, computed]
    result[...] = array_like(f"{label}[{key!r}]", value, result, dtypes)
    return result


def array_like(label: str, value: Any, param: np.ndarray, dtypes: Iterable[np.dtype]) -> np.ndarray:
    """A saved array of the shape of `param`, a parameter or state, in one of `dtypes` and of any layout."""
    array = formats.asarray(validation.unmasked(label, value))
    if array.shape != param.shape:
        raise ValueError(f"{label}: expected shape {param.shape}, got {array.shape}")
    allowed = tuple(dict.fromkeys(dtype.name for dtype in dtypes))
    if array.dtype.name not in allowed:
        raise TypeError(f"{label}: expected dtype {formats.listed(allowed)}, got {array.dtype}")
    return array
