"""Measure every row of what fastgd is to reach and write the figures down: `make report`."""

import argparse
import re
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fastgd.tools.bench import machine, table
from fastgd.tools.bench.table import Cell
from reach import TARGETS, Settings, Target

OUTPUT = Path(__file__).resolve().parent.parent / "docs" / "PERFORMANCE_REPORT.md"
# From so many busy cores on, the report says that others were at work.
BUSY = 0.1

HEAD = """\
# What fastgd reaches

Written by `make report`; nothing in it was edited. A figure is the median of ratios of paired runs in one process
(A B A B ...), float32, random gradients, each variant on arrays of its own, warm. "x" is how many times faster fastgd
is. The roof of a rule is the longer of two loops compiled and run as the rule is: one only moves the rule's streams
with one add each, and one only does its divides and roots, in L1. A figure against the roof is roof / fastgd. Calls are
measured in calls of np.add(a, b, out=c) on 16 elements. In training, a forward and a backward pass stand between two
steps. A row is met if every cell of it is. A figure with ? stayed above the roof, or its quartiles far apart, when it
was measured again; it decides nothing. [LIMITS.md](LIMITS.md) says what stands between.
"""


@dataclass(frozen=True)
class Measured:
    """A row with its cells, and the cores that other processes used meanwhile."""

    target: Target
    cells: list[Cell]
    others: float | None


def measure(target: Target, settings: Settings) -> Measured:
    bystanders, cells = machine.Bystanders(), []
    for cell in target.measure(settings):
        cells.append(cell)
        print(f"{target.name:<18}{cell.line:<42}{cell.column:<34}{cell.text()}", file=sys.stderr, flush=True)
    return Measured(target, cells, bystanders.cores())


# ---- text -------------------------------------------------------------------------------------------------------


def closeness(cell: Cell) -> float:
    """1 is on the target, below is missed."""
    assert cell.figure is not None
    if not cell.need:
        return cell.figure if cell.need is None else -cell.figure
    return cell.need / max(cell.figure, 1e-12) if cell.at_most else cell.figure / cell.need


def verdict(cells: Sequence[Cell]) -> str:
    decided = [cell.met for cell in cells if cell.met is not None]
    missed, absent = decided.count(False), sum(cell.figure is None for cell in cells)
    doubtful = sum(bool(cell.doubt) for cell in cells)
    text = f"**missed** in {missed} of {len(decided)}" if missed else "met" if decided else ""
    parts = [text, f"{absent} n/a" if absent else "", f"{doubtful} in doubt" if doubtful else ""]
    return ", ".join(part for part in parts if part) or "-"


def summary(measured: Measured) -> list[str]:
    known = [cell for cell in measured.cells if cell.figure is not None and not cell.doubt]
    target, worst_text, middle = measured.target, "n/a", "n/a"
    if known:
        worst = min(known, key=closeness)
        worst_text = f"{worst.text().removesuffix(' (missed)')} ({worst.line}, {worst.column})"
        middle = f"{statistics.median(cell.figure for cell in known if cell.figure is not None):.3g}"
    return [target.work, target.against, target.reach, worst_text, middle, verdict(measured.cells)]


def details(measured: Measured) -> list[str]:
    """Every cell: lines by columns, then what is n/a and why, and what disturbed."""
    target = measured.target
    lines = [f"## {target.work}", "", f"Against: {target.against}. Reach: {target.reach}.", ""]
    lines += [*table.markdown(table.grid(measured.cells, entry)), ""]
    lines += [f"n/a: {reason}." for reason in dict.fromkeys(c.note for c in measured.cells if c.figure is None)]
    if measured.others is not None and measured.others > BUSY:
        lines += ["", f"Other processes kept {measured.others:.2f} cores busy meanwhile: take it with care."]
    return [*lines, ""]


def entry(cell: Cell) -> str:
    text = cell.text().replace("(missed)", "**missed**")
    return f"{text} [{cell.spread[0]:.3g}, {cell.spread[1]:.3g}]; {cell.note}" if cell.spread else text


def document(results: Sequence[Measured], about: dict[str, str], settings: Settings) -> str:
    lines = [HEAD]
    if settings.quick:
        lines += ["**Quick run: fewer rules, 4M elements instead of 20M, short measurements.**", ""]
    heads = ["work", "against", "reach", "worst cell", "median", "verdict"]
    lines += [*table.markdown([heads, *map(summary, results)]), "", "## Machine", ""]
    lines += [*(f"- {name}: {value}" for name, value in about.items()), ""]
    lines += ["# Every cell", "", "In brackets the quartiles of the ratios, then the time of fastgd's part.", ""]
    return "\n".join([*lines, *(line for measured in results for line in details(measured))])


# ---- command ------------------------------------------------------------------------------------------------------


def pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise argparse.ArgumentTypeError(f"not a regular expression: {error}") from error


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rules, smaller arrays, short measurements")
    parser.add_argument(
        "--only", type=pattern, metavar="PATTERN", help="rows whose name matches; prints, writes nothing"
    )
    parser.add_argument("--seconds", type=float, default=None, help="of each paired run (default: 1, quick 0.1)")
    parser.add_argument("--output", type=Path, help=f"default: docs/{OUTPUT.name}, with --only none")
    parser.add_argument("--list", action="store_true", help="print the names of the rows")
    options = parser.parse_args(argv)
    if options.seconds is not None and not options.seconds > 0:
        parser.error(f"--seconds must be above 0, got {options.seconds}")
    options.targets = [target for target in TARGETS if options.only is None or options.only.search(target.name)]
    if not options.targets:
        parser.error(f"--only: no row matches; there are {', '.join(target.name for target in TARGETS)}")
    return options


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    if options.list:
        print(*(target.name for target in options.targets), sep="\n")
        return 0
    settings = Settings(options.seconds or (0.1 if options.quick else 1.0), options.quick)
    about, start, bystanders = machine.describe(), time.perf_counter(), machine.Bystanders()
    results = [measure(target, settings) for target in options.targets]
    others = bystanders.cores()
    about["cores busy with other work"] = "unknown" if others is None else f"{others:.2f}"
    about["time taken"] = f"{time.perf_counter() - start:.0f} s"
    text = document(results, about, settings)
    output = options.output or (OUTPUT if options.only is None else None)
    if output is None:
        print(text)
    else:
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_text(text, encoding="utf-8")
        print(f"{output.name}: {sum(any(c.met is False for c in m.cells) for m in results)} rows missed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
