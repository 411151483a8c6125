"""State in 8 bits for bitsandbytes and torchao, and from them: the same codes under other names."""

import importlib
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from fastgd.engine.formats import absmax_keys, format_in_blocks
from fastgd.engine.tile import unpack

QUANTIZED = "__bnb_optimizer_quant_state__"  # where bitsandbytes has all but the step
OWN = ("state_dtype", "rounding", "seed", "master_weights", "ema_decay")
# Keys here and the number in names of bitsandbytes; a rule of one state has either of the first two.
PLACES = {"exp_avg": 1, "momentum_buffer": 1, "exp_avg_sq": 2}
MOMENTS = ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
SIGNED, POSITIVE = (format_in_blocks(key, False) for key in ("exp_avg", "exp_avg_sq"))


def dynamic_map(signed: bool) -> np.ndarray:
    """
    What each code of 8 bits stands for, times the largest magnitude of its block.

    Parameters
    ----------
    signed : bool
        Whether the numbers may be below zero, as first moments; second moments may not.

    Returns
    -------
    ndarray
        256 numbers in float32, ascending: bit for bit the dynamic map of bitsandbytes and torchao.

    Examples
    --------
    >>> import fastgd.formats
    >>> table = fastgd.formats.dynamic_map(signed=True)
    >>> float(table[127]), float(table[255])
    (0.0, 1.0)
    """
    table = np.empty(256, np.float32)
    unpack(np.arange(256, dtype=np.uint8), np.ones(1, np.float32), SIGNED if signed else POSITIVE, table)
    return table


def to_bitsandbytes(state_dict: Mapping[str, Any]) -> dict[str, Any]:
    """
    The state dict of an optimizer in 8 bits as bitsandbytes has it.

    Parameters
    ----------
    state_dict : mapping
        Of `Adam`, `AdamW` or `Lion` of `fastgd` or `fastgd.torch` with ``state_dtype="8bit"``.

    Returns
    -------
    dict
        For `load_state_dict` of the class of the same name in bitsandbytes. Codes and the largest magnitudes of blocks
        are the same memory.

    Raises
    ------
    ValueError
        If an entry has other state, which is named, such as square roots.
    ImportError
        If torch is not installed.
    """
    state = {i: _to_bitsandbytes(f"state_dict['state'][{i!r}]", e) for i, e in state_dict["state"].items()}
    groups = [{"eps": 0.0, **_foreign(group)} for group in state_dict["param_groups"]]
    return {"state": state, "param_groups": groups}


def from_bitsandbytes(state_dict: Mapping[str, Any]) -> dict[str, Any]:
    """
    The state dict of an optimizer of bitsandbytes, in 8 bits or in float32, as it is here.

    Parameters
    ----------
    state_dict : mapping
        Of bitsandbytes' Adam, AdamW or Lion, whose parameters are contiguous.

    Returns
    -------
    dict
        For `load_state_dict` of the class of the same name in `fastgd` or `fastgd.torch`. Codes and the largest
        magnitudes of blocks are the same memory.

    Raises
    ------
    ValueError
        If an entry has other state, which is named.
    """
    state = {i: _from_bitsandbytes(f"state_dict['state'][{i!r}]", e) for i, e in state_dict["state"].items()}
    two = any("exp_avg_sq" in entry for entry in state.values())
    return {"state": state, "param_groups": [_own(group, two) for group in state_dict["param_groups"]]}


def to_torchao(state_dict: Mapping[str, Any]) -> dict[str, Any]:
    """
    The state dict of an optimizer in 8 bits as torchao has it.

    Parameters
    ----------
    state_dict : mapping
        Of `Adam` or `AdamW` of `fastgd` or `fastgd.torch` with ``state_dtype="8bit"``, whose parameters have less than
        4,096 elements or a multiple of 256.

    Returns
    -------
    dict
        For `load_state_dict` of torchao's ``Adam8bit`` or ``AdamW8bit``.

    Raises
    ------
    ValueError
        If an entry has other state, or blocks that torchao does not have.
    ImportError
        If torchao is not installed.
    """
    subclasses = importlib.import_module("torchao.optim.subclass_8bit")
    state: dict[Any, Any] = {}
    for i, entry in state_dict["state"].items():
        label = f"state_dict['state'][{i!r}]"
        arrays = _arrays(label, entry, MOMENTS)
        state[i] = {"step": _tensor(np.array(float(entry["step"]), np.float32))}
        for key, (numbers, absmax) in arrays.items():
            state[i][key] = _tensor(numbers)
            if absmax is not None:
                codes = _tensor(numbers)
                if codes.numel() % 256:
                    raise ValueError(f"{label}[{key!r}]: expected a multiple of 256 elements, got {codes.numel()}")
                signed = key == "exp_avg"
                state[i][key] = subclasses.OptimState8bit(codes, _tensor(absmax), _tensor(dynamic_map(signed)), signed)
    groups = [_foreign(group) for group in state_dict["param_groups"]]
    return {"state": state, "param_groups": [{**g, "lr": _tensor(np.array(g["lr"], np.float32))} for g in groups]}


def from_torchao(state_dict: Mapping[str, Any]) -> dict[str, Any]:
    """
    The state dict of an optimizer of torchao in 8 bits as it is here.

    Parameters
    ----------
    state_dict : mapping
        Of torchao's ``Adam8bit`` or ``AdamW8bit`` with blocks of 256, whose parameters are contiguous.

    Returns
    -------
    dict
        For `load_state_dict` of `Adam` or `AdamW` in `fastgd` or `fastgd.torch`. Codes and the largest magnitudes of
        blocks are the same memory.

    Raises
    ------
    ValueError
        If an entry has blocks of another size.
    """
    state: dict[Any, Any] = {}
    for i, entry in state_dict["state"].items():
        state[i] = {"step": entry["step"]}
        for key in MOMENTS:
            if key in entry and hasattr(entry[key], "codes"):
                if entry[key].block_size != 256:
                    raise ValueError(
                        f"state_dict['state'][{i!r}][{key!r}]: expected blocks of 256, got {entry[key].block_size}"
                    )
                state[i] |= {key: entry[key].codes, absmax_keys(key)[0]: entry[key].scale}
            elif key in entry:
                state[i][key] = entry[key]
    return {"state": state, "param_groups": [_own(group, True) for group in state_dict["param_groups"]]}


def _arrays(label: str, entry: Mapping[str, Any], keys: Collection[str]) -> dict[str, tuple[Any, Any]]:
    """By state key: codes and the largest magnitudes of blocks, or numbers and None."""
    known = {"step", *keys, *(absmax_keys(key)[0] for key in keys)}
    if others := [key for key in entry if key not in known]:
        raise ValueError(f"{label}: expected no state but {', '.join(sorted(known))}, got {', '.join(others)}")
    return {key: (entry[key], entry.get(absmax_keys(key)[0])) for key in keys if key in entry}


def _to_bitsandbytes(label: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    inner = {}
    for key, (numbers, absmax) in _arrays(label, entry, PLACES).items():
        place = PLACES[key]
        inner[f"state{place}"] = _tensor(numbers)
        if absmax is not None:
            inner |= {f"absmax{place}": _tensor(absmax), f"qmap{place}": _tensor(dynamic_map(place == 1))}
    return {"step": int(entry["step"]), QUANTIZED: inner}


def _from_bitsandbytes(label: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    inner = {**{key: value for key, value in entry.items() if key != QUANTIZED}, **entry.get(QUANTIZED, {})}
    known = {"step", *(f"{name}{k}" for name in ("state", "absmax", "qmap") for k in (1, 2))}
    if others := [key for key in inner if key not in known]:
        raise ValueError(f"{label}: expected states with their absmax and qmap, got {', '.join(others)} too")
    keys = ("exp_avg", "exp_avg_sq") if "state2" in inner else ("momentum_buffer",)
    result: dict[str, Any] = {"step": np.array(inner["step"], np.float32)}
    for place, key in enumerate(keys, 1):
        result[key] = inner[f"state{place}"]
        if f"absmax{place}" in inner:
            result[absmax_keys(key)[0]] = inner[f"absmax{place}"]
    return result


def _foreign(group: Mapping[str, Any]) -> dict[str, Any]:
    """A group without what only this library has."""
    return {key: value for key, value in group.items() if key not in OWN}


def _own(group: Mapping[str, Any], two: bool) -> dict[str, Any]:
    """A group of another library with what is kept of it here; `two`: of optimizers with two states."""
    kept = {key: group[key] for key in ("params", "param_names", "lr", "betas", "eps", "weight_decay") if key in group}
    kept |= {"amsgrad": group.get("amsgrad", False)} if two else {}
    if not two:
        kept.pop("eps", None)
    return {**kept, "betas": tuple(kept["betas"]), "maximize": group.get("maximize", False), "state_dtype": "8bit"}


def _tensor(value: Any) -> Any:
    """A tensor over the memory of an array, or a tensor itself."""
    import torch

    return value if isinstance(value, torch.Tensor) else torch.from_numpy(np.asarray(value))
