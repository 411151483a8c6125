"""`python -m fastgd checkpoint FILE`: what is in a checkpoint."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from fastgd.checkpoint import Checkpoint, inspect


def main(argv: Sequence[str] | None = None) -> int:
    """Describe a file; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fastgd checkpoint", description=__doc__)
    parser.add_argument("file", help="what fastgd.save has written")
    arguments = parser.parse_args(argv)
    try:
        found = inspect(arguments.file)
    except (ImportError, OSError, TypeError, ValueError) as error:
        print(f"python -m fastgd checkpoint: {error}", file=sys.stderr)
        return 1
    print("\n".join(lines(found)))
    return 0


def lines(found: Checkpoint) -> Iterator[str]:
    """What is in a checkpoint, for people; names and texts of a file are shown as Python writes them."""
    steps = f"{found.completed} step{'' if found.completed == 1 else 's'}"
    yield f"{found.path!r}: {found.optimizer!r} after {steps}, {found.skipped} skipped"
    yield f"format: version {found.version}"
    yield f"settings: {_items(found.settings)}"
    yield f"extra: {found.extra!r}"
    for i, group in enumerate(found.param_groups):
        yield f"group {i}: {_items({k: v for k, v in group.items() if k not in ('params', 'param_names')})}"
        names = group.get("param_names", group["params"])
        for number, name in zip(group["params"], names, strict=False):
            kept = found.state.get(number, {})
            yield f"  {name!r}: " + (", ".join(f"{key} {_info(kept[key])}" for key in kept) or "no state yet")
    yield "parameters:" if found.params else "parameters: none"
    for name, info in found.params.items():
        yield f"  {name!r}: {_info(info)}" if name else f"  one array, without a name: {_info(info)}"


def _items(values: dict[str, Any]) -> str:
    return ", ".join(f"{name if name.isidentifier() else repr(name)}={value!r}" for name, value in values.items())


def _info(info: Any) -> str:
    return f"{info.dtype} {info.shape}"
