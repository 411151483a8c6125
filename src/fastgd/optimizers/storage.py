"""How the arrays of a group are stored: keywords of every optimizer, and keys of a group where they are given."""

from collections.abc import Mapping
from typing import Any, TypedDict

from fastgd import formats
from fastgd.engine.formats import Storage
from fastgd.hyperparameters import Check, Choice


class StorageSettings(TypedDict, total=False):
    """What may differ by group; see `Optimizer`."""

    state_dtype: str | None


CHECKS: dict[str, Check] = {"state_dtype": Choice("float32", "bfloat16", "param")}
NAMES = tuple(CHECKS)


def given(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the settings that say how arrays are stored, without those that leave it to the parameter."""
    return {name: settings[name] for name in NAMES if settings.get(name) is not None}


def read(where: str, group: Mapping[str, Any]) -> Storage:
    """The storage that a group or the arguments of a constructor ask for, checked."""
    label = f"{where}[{{!r}}]" if where else "{}"
    found = {name: CHECKS[name](label.format(name), value) for name, value in given(group).items()}
    if "bfloat16" in found.values():
        formats.bfloat16()
    return Storage(**found)
