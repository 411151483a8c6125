"""State and parameters as arrays, from optimizers of NumPy and of torch, and parameters back to where they lie."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from fastgd import formats, validation
from fastgd.checkpoint.content import STATE_NAME, name_of_param
from fastgd.checkpoint.files import NAMES, OF_STATE
from fastgd.engine.formats import MASTER
from fastgd.lookahead import Lookahead
from fastgd.optimizers import storage
from fastgd.optimizers.base import Optimizer
from fastgd.optimizers.tree import Tree
from fastgd.sam import SAM

NARROW = ("float16", "bfloat16")


def is_of_fastgd_torch(opt: object) -> bool:
    module = sys.modules.get("fastgd.torch.base")
    return module is not None and isinstance(opt, module.Optimizer)


def check_optimizer(opt: object) -> None:
    if not isinstance(opt, (Optimizer, Lookahead, SAM)) and not is_of_fastgd_torch(opt):
        hint = "; for torch.optim's there is torch.save(opt.state_dict(), path)" if validation.is_of_torch(opt) else ""
        raise TypeError(f"opt must be a fastgd optimizer, got {type(opt).__name__}{hint}")


def inner(opt: Any) -> Any:
    """What has the settings and makes the steps."""
    while isinstance(opt, (Lookahead, SAM)):
        opt = opt.optimizer
    return opt


# ---- what is saved ------------------------------------------------------------------------------------------------


def state(opt: Any, copied: bool) -> tuple[list[dict[str, Any]], dict[str, np.ndarray], int]:
    """(groups, arrays by their names in a file, steps completed) of an optimizer; NumPy's gives copies in any case."""
    saved = opt.state_dict()
    if "completed" in saved:
        arrays = {f"{i}.{key}": array for i, entry in saved["state"].items() for key, array in entry.items()}
        return saved["param_groups"], arrays, saved["completed"]
    arrays = {}
    for i, entry in saved["state"].items():
        for key, value in entry.items():
            if value is not None:
                label = f"state_dict['state'][{i!r}][{key!r}]"
                if STATE_NAME.fullmatch(f"{i}.{key}") is None:
                    raise ValueError(f"{label}: expected the number of a parameter, and a key of letters and digits")
                arrays[f"{i}.{key}"] = _of_state(label, value, copied)
    groups = [
        {key: _number(value) for key, value in group.items() if key not in storage.NAMES or value is not None}
        for group in saved["param_groups"]
    ]
    counted = [int(arrays[name]) for name in arrays if name.endswith(".step")]
    return groups, arrays, max([opt._steps.completed, *counted])


def _number(value: Any) -> Any:
    """A hyperparameter that torch lets be a tensor as a number."""
    return value.item() if validation.is_of_torch(value) and value.numel() == 1 else value


def _of_state(label: str, value: Any, copied: bool) -> np.ndarray:
    if isinstance(value, (int, float)):
        return np.array(float(value))
    return readable(label, value, copied, tuple(OF_STATE.values()))


def readable(label: str, value: Any, copied: bool, names: tuple[str, ...] = tuple(NAMES.values())) -> np.ndarray:
    """The numbers of an array, a tensor, or of what else shares its memory."""
    if validation.is_of_torch(value) and hasattr(value, "detach"):
        if value.device.type != "cpu":
            raise ValueError(f"{label}: expected a tensor on the CPU, got one on {value.device}")
        value = value.detach().resolve_conj().resolve_neg()
    array = validation.unmasked(label, validation.shared(label, value))
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{label}: expected an array or a tensor, got {type(value).__name__}")
    if array.dtype.name not in names or (array.dtype.name == "bfloat16" and array.dtype != formats.bfloat16()):
        raise TypeError(f"{label}: expected dtype {formats.listed(names)}, got {array.dtype}")
    return np.array(array, order="K") if copied else array


def named(params: object) -> dict[str, tuple[str, Any]]:
    """By their names in a file: what messages call each parameter, and the parameter."""
    _refuse_holder(params)
    tree = Tree("params", params)
    names: tuple[str | None, ...] = tree.names or tuple(map(str, range(len(tree.arrays))))
    if tree.form is None:
        names = (None,)
    labels = [tree.label("params", k) for k in range(len(tree.arrays))]
    return dict(zip(map(name_of_param, names), zip(labels, tree.arrays, strict=True), strict=True))


def _refuse_holder(params: object) -> None:
    """Say how what has parameters gives them by name."""
    kind = type(params).__name__
    if hasattr(params, "param_groups"):
        raise TypeError(f"params: expected the parameters, as the optimizer was given them, got the optimizer, {kind}")
    if hasattr(params, "state_dict"):
        raise TypeError(f"params: expected arrays or tensors by name, got {kind}: give its state_dict()")
    if isinstance(params, Iterator):
        raise TypeError(f"params: expected a list or dict of arrays or tensors, got {kind}; a module has state_dict()")


# ---- what is loaded -----------------------------------------------------------------------------------------------


def as_mine(base: Any, state: Mapping[int, Mapping[str, np.ndarray]]) -> dict[int, dict[str, np.ndarray]]:
    """
    State as an optimizer with other options has it.

    Master weights are left out where it keeps none, since its steps would leave them behind. NumPy's, which reads no
    other, has zeros for what its options need and those of the file did not, and 16 bits as rules compute them.
    """
    result: dict[int, dict[str, np.ndarray]] = {}
    number = 0
    for k, group in enumerate(base.param_groups):
        for param in group["params"]:
            entry = dict(state.get(number, {}))
            if not group.get("master_weights"):
                entry = {key: array for key, array in entry.items() if key not in MASTER}
            if entry and not is_of_fastgd_torch(base):
                entry = _completed(base, k, param, entry)
            if entry:
                result[number] = entry
            number += 1
    return result | {i: dict(entry) for i, entry in state.items() if i >= number}  # which are refused later


def _completed(base: Any, k: int, param: np.ndarray, entry: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """An entry of NumPy's group `k`, not in 16 bits, and with zeros for what the group's options choose."""
    wide = np.float64 if param.dtype == np.float64 else np.float32
    entry = {key: array.astype(wide) if array.dtype.name in NARROW else array for key, array in entry.items()}
    slots = base._steps.groups[k]
    chosen = [key for key in tuple(slots.keys()) if key not in (*slots.common_keys(), *base.scratch)]
    return {key: np.zeros(param.shape, wide) for key in chosen} | entry


def targets(params: object, kept: Mapping[str, np.ndarray]) -> list[tuple[Any, np.ndarray]]:
    """Checked pairs of a parameter and what a file has for it."""
    wanted = named(params)
    missing = [_shown(name) for name in wanted if name not in kept]
    unknown = [_shown(name) for name in kept if name not in wanted]
    if missing or unknown:
        raise ValueError(
            "params: expected the names in the file"
            + (f", which has no {', '.join(missing)}" if missing else "")
            + (f", which has {', '.join(unknown)} too" if unknown else "")
        )
    pairs = []
    for name, (label, target) in wanted.items():
        source = kept[name]
        if validation.is_of_torch(target):
            tensor_like = readable(label, target, False)
        elif isinstance(target, np.ndarray):
            tensor_like = validation.unmasked(label, target)
            if not target.flags.writeable:
                raise ValueError(f"{label}: expected a writeable array, got a read-only one")
        else:
            raise TypeError(f"{label}: expected an array or a tensor to write to, got {type(target).__name__}")
        if tensor_like.dtype.name != source.dtype.name:
            raise TypeError(f"{label}: expected dtype {source.dtype} as in the file, got {tensor_like.dtype}")
        if tensor_like.shape != source.shape:
            raise ValueError(f"{label}: expected shape {source.shape} as in the file, got {tensor_like.shape}")
        pairs.append((target, source))
    return pairs


def _shown(name: str) -> str:
    """What messages call a parameter of a file."""
    return "'' (one array by itself)" if name == name_of_param(None) else repr(name.removeprefix(name_of_param("")))


def put(pairs: list[tuple[Any, np.ndarray]]) -> None:
    """Write what was loaded where it belongs; the same if it is done again."""
    for target, source in pairs:
        if isinstance(target, np.ndarray):
            np.copyto(target, source)
        else:
            target.detach().copy_(_tensor(source))


def _tensor(source: np.ndarray) -> Any:
    torch = sys.modules["torch"]
    if source.dtype.name == "bfloat16":
        return torch.from_numpy(source.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(source)
