"""JSON of what a checkpoint says of itself: strict, with two conventions for what JSON lacks."""

import json
import math
from collections.abc import Mapping
from reprlib import repr as brief
from typing import Any

import numpy as np

DEEPEST = 32
NONFINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def encode_group(label: str, group: Mapping[str, Any]) -> dict[str, Any]:
    """A group for JSON; the pairs among hyperparameters are lists there, as `load_state_dict` takes them."""
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in group.items()}
    return {key: encode(f"{label}[{key!r}]", value, DEEPEST) for key, value in plain.items()}


def encode(label: str, value: Any, deepest: int) -> Any:
    """`value` as standard JSON has it, which knows no infinity, no NaN and no tuple."""
    if deepest < 0:
        raise ValueError(f"{brief(label)}: expected at most {DEEPEST} levels inside one another")
    if isinstance(value, np.generic) and value.dtype.kind in "biuf":
        value = value.item()
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return {"$float": "nan" if value != value else "inf" if value > 0 else "-inf"}
    if isinstance(value, (list, tuple)):
        items = [encode(f"{label}[{i}]", item, deepest - 1) for i, item in enumerate(value)]
        return {"$tuple": items} if isinstance(value, tuple) else items
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str) or key.startswith("$"):
                raise TypeError(f"{label}: expected keys that are strings and do not begin with '$', got {brief(key)}")
        return {key: encode(f"{label}[{key!r}]", item, deepest - 1) for key, item in value.items()}
    raise TypeError(
        f"{label}: expected None, a bool, number, string, list, tuple or dict, which JSON can hold, "
        f"got {type(value).__name__}"
    )


def loads(what: str, text: str | bytes) -> Any:
    """JSON by the standard, without names that stand twice in an object."""
    try:
        if isinstance(text, bytes):
            # json.loads would take UTF-16 bytes too, which the format does not allow.
            text = text.decode()
        return json.loads(text, object_pairs_hook=_object, parse_float=_finite, parse_constant=_finite)
    except RecursionError:
        raise ValueError(f"{what}: bad JSON: nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"{what}: bad JSON: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> Any:
    """A JSON object as a dict, or as what `encode` wrote it for."""
    match pairs:
        case [("$float", str(name))] if name in NONFINITE:
            return NONFINITE[name]
        case [("$tuple", list(items))]:
            return tuple(items)
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"the name {brief(key)} stands twice in an object")
        if key.startswith("$"):
            raise ValueError(f"unknown object {brief({key: value})}")
        result[key] = value
    return result


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"expected a finite number, got {brief(text)}")
    return number
