"""`python -m fastgd examples`: lists the examples, or runs one by name."""

import argparse
import importlib
import importlib.util
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

# The names that users type stand for modules.
EXAMPLES = {
    "descent": "descent",
    "rosenbrock": "rosenbrock",
    "regression": "regression",
    "classification": "classification",
    "schedules": "rates",
    "clipping": "clipping",
    "holdout": "holdout",
    "words": "words",
}
NEEDED = ("scipy", "sklearn", "matplotlib")


def _budget(text: str) -> float:
    try:
        budget = float(text)
    except ValueError:
        budget = math.nan
    if not 0 < budget <= 1:
        raise argparse.ArgumentTypeError(f"must be in (0, 1], got {text!r}")
    return budget


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fastgd examples", description=__doc__)
    parser.add_argument("name", nargs="?", choices=[*EXAMPLES, "all"], help="which to run; without it they are listed")
    parser.add_argument("--output", type=Path, default=Path(), help="folder of the picture (default: here)")
    parser.add_argument("--budget", type=_budget, default=1.0, help="share of the iterations, in (0, 1] (default: 1)")
    parser.add_argument(
        "--titanic", type=Path, metavar="FILE.csv", help="for classification: learn from these passengers"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """List the examples, or run those asked for; returns the exit status."""
    args = _parser().parse_args(argv)
    if args.titanic is not None and args.name != "classification":
        print("--titanic goes with the example classification", file=sys.stderr)
        return 2
    if args.name is None:
        for name in EXAMPLES:
            print(f"{name:<16}{describe(name)}")
        return 0
    if missing := [module for module in NEEDED if importlib.util.find_spec(module) is None]:
        print(f"the examples need {', '.join(missing)}: pip install 'fastgd[demo,scipy]'", file=sys.stderr)
        return 1
    names = list(EXAMPLES) if args.name == "all" else [args.name]
    for name in names:
        print(f"== {name}: {describe(name)}\n")
        options = {} if args.titanic is None else {"csv": args.titanic}
        try:
            module(name).run(args.output, args.budget, **options)
        except (OSError, ValueError) as error:
            if args.titanic is None:
                raise
            print(f"{args.titanic}: {error}", file=sys.stderr)
            return 1
        print()
    return 0


def module(name: str) -> Any:
    """The module of an example."""
    return importlib.import_module(f"fastgd.tools.examples.{EXAMPLES[name]}")


def describe(name: str) -> str:
    """The first line of its docstring."""
    return (module(name).__doc__ or "").strip().splitlines()[0]
