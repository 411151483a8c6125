"""What a checkpoint says of itself: its metadata, as they are written and as they are read."""

import json
import re
from collections.abc import Mapping
from reprlib import repr as brief
from typing import Any

from fastgd import validation
from fastgd.around import Around
from fastgd.checkpoint.encoding import DEEPEST, encode, encode_group, loads
from fastgd.optimizers.settings import TOGETHER

FORMAT = 2
METADATA_KEY = "fastgd"
STATE_NAME = re.compile(r"(0|[1-9][0-9]{0,8})\.(\w+)", re.ASCII)
PARAMS = "params"  # what the names of parameters begin with

# Names in the metadata by version; `completed` may be absent.
KNOWN = {
    1: ("version", "optimizer", "completed", "param_groups"),
    2: ("version", "optimizer", "completed", "skipped", "settings", "param_groups", "extra"),
}


def written(
    opt: Any, groups: list[dict[str, Any]], completed: int, skipped: int, settings: Mapping[str, Any], extra: Any
) -> dict[str, str]:
    """The metadata of a file."""
    content = {
        "version": FORMAT,
        "optimizer": called(opt),
        "completed": completed,
        "skipped": skipped,
        "settings": {name: encode(name, value, DEEPEST) for name, value in settings.items()},
        "param_groups": [encode_group(f"param_groups[{i}]", group) for i, group in enumerate(groups)],
        "extra": encode("extra", extra, DEEPEST),
    }
    return {METADATA_KEY: json.dumps(content, allow_nan=False)}


def called(opt: Any) -> str:
    """The name of an optimizer's class, with that of the optimizer that it goes around."""
    name = type(opt).__name__
    return f"{name}({called(opt.optimizer)})" if isinstance(opt, Around) else name


def read(metadata: Mapping[str, str]) -> dict[str, Any]:
    """Read the metadata and check their form; who takes the values checks them."""
    if METADATA_KEY not in metadata:
        raise ValueError(f"not a checkpoint of fastgd: no {METADATA_KEY!r} in its metadata")
    content = loads("metadata", metadata[METADATA_KEY])
    if not isinstance(content, dict) or type(content.get("version")) is not int:
        raise TypeError("metadata: expected an object with an integer as 'version'")
    version = content["version"]
    if version not in KNOWN:
        raise ValueError(f"metadata: expected format version 1 or {FORMAT}, got {version}")
    names = KNOWN[version]
    validation.known("metadata", content, names)
    if missing := [name for name in names if name not in content and name != "completed"]:
        raise ValueError(f"metadata: missing {', '.join(map(repr, missing))}")
    if not isinstance(content["optimizer"], str):
        raise TypeError("metadata: expected a string as 'optimizer'")
    _check_groups(content["param_groups"])
    for name in ("completed", "skipped"):
        if name in content:
            _check_count(name, content[name])
    settings = content.setdefault("settings", {})
    if not isinstance(settings, dict):
        raise TypeError("metadata: expected an object as 'settings'")
    validation.known("settings", settings, TOGETHER)
    return content


def _check_count(name: str, value: object) -> None:
    if type(value) is not int:
        raise TypeError(f"metadata: expected an integer as {name!r}, got {type(value).__name__}")
    if not 0 <= value <= 2**53:
        raise ValueError(f"metadata: expected {name!r} in [0, 2**53], got {value}")


def _check_groups(groups: object) -> None:
    if not isinstance(groups, list):
        raise TypeError("param_groups: expected a list")
    total = 0
    for i, group in enumerate(groups):
        params = group.get("params") if isinstance(group, dict) else None
        if not isinstance(params, list) or any(type(number) is not int for number in params):
            raise TypeError(f"param_groups[{i}]: expected an object with a list of integers as 'params'")
        if params != list(range(total, total + len(params))):
            raise ValueError(f"param_groups[{i}]['params']: expected numbers from {total} on, got {brief(params)}")
        total += len(params)
        names = group.get("param_names", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise TypeError(f"param_groups[{i}]['param_names']: expected a list of strings")


def name_of_param(name: str | None) -> str:
    """What a parameter is called in a file; None for one array by itself."""
    return PARAMS if name is None else f"{PARAMS}.{name}"


def param_of(version: int, name: str) -> bool:
    """Whether an array of a file is a parameter, rather than state."""
    return version > 1 and (name == PARAMS or name.startswith(f"{PARAMS}."))


def state_of(name: str) -> tuple[int, str]:
    """(number of the parameter, state key) of an array of a file."""
    match = STATE_NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"expected arrays called '<number>.<state key>', got {brief(name)}")
    return int(match[1]), match[2]
