"""`python -m fastgd bench`: fastgd against the machine's roofs and the installed peers, in about a minute."""

import argparse
import importlib.util
import itertools
import json
import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path

import fastgd
from fastgd import formats
from fastgd.tools.bench import arrays, machine, measures, peers, roofs
from fastgd.tools.bench.rows import BY_NAME, Row
from fastgd.tools.bench.stepper import UnavailableError
from fastgd.tools.bench.table import Cell, aligned, cell, grid
from fastgd.tools.bench.threads import using

DEFAULT_RULES = ("sgd_momentum", "rmsprop", "adamw", "lion")
DEFAULT_SIZES = (1_000, 10_000, 100_000, 1_000_000, 4_000_000)
LARGEST = 10**9
PEERS = peers.PEERS


# ---- arguments --------------------------------------------------------------------------------------------------


def size(text: str) -> int:
    """A number of elements: 1000, 100k, 20M."""
    digits = text[:-1] if text[-1:] in arrays.UNITS else text
    if not digits.isascii() or not digits.isdigit() or not 1 <= arrays.elements_of(text) <= LARGEST:
        raise argparse.ArgumentTypeError(f"expected 1 to 1000M elements, such as 1000, 100k or 20M, got {text!r}")
    return arrays.elements_of(text)


def rule(text: str) -> str:
    if text not in BY_NAME:
        raise argparse.ArgumentTypeError(f"no rule {text!r}; there are {', '.join(BY_NAME)}")
    return text


def dtype(text: str) -> str:
    if text not in arrays.KINDS:
        raise argparse.ArgumentTypeError(f"no dtype {text!r}; there are {', '.join(arrays.KINDS)}")
    if "bfloat16" in text:
        try:
            formats.bfloat16()
        except ImportError as error:
            raise argparse.ArgumentTypeError(str(error)) from error
    return text


def number(expected: str, kind: type, least: float, most: float) -> Callable[[str], float]:
    """A number of a kind in a range, or an error that says what is `expected`."""

    def parsed(text: str) -> float:
        try:
            value: float = kind(text)
        except ValueError:
            value = math.nan
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}")
        return value

    return parsed


def output(text: str) -> Path:
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"expected a file, {text!r} is a folder")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"the folder {str(path.parent)!r} does not exist")
    return path


def picture(text: str) -> Path:
    path = output(text)
    if path.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise argparse.ArgumentTypeError(f"expected a name that ends with .png, .svg or .pdf, got {text!r}")
    if importlib.util.find_spec("matplotlib") is None:
        raise argparse.ArgumentTypeError("needs matplotlib, which is not installed: pip install matplotlib")
    return path


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m fastgd bench", description=__doc__)
    parser.add_argument("--rules", nargs="+", type=rule, metavar="RULE", default=list(DEFAULT_RULES),
                        help=f"of {', '.join(BY_NAME)} (default: {' '.join(DEFAULT_RULES)})")  # fmt: skip
    parser.add_argument("--sizes", nargs="+", type=size, metavar="N", default=list(DEFAULT_SIZES),
                        help="elements of the parameter, such as 100k 20M (default: 1k 10k 100k 1M 4M)")  # fmt: skip
    parser.add_argument("--dtype", type=dtype, default="float32", metavar="DTYPE",
                        help=f"of {', '.join(arrays.KINDS)}: of everything, of parameters and state, with master "
                        "weights, of parameters and gradients, or of state (default: float32)")  # fmt: skip
    parser.add_argument("--calls", action="store_true", help="measure what a small step costs, and no rules")
    parser.add_argument("--threads", type=number("a number of threads from 1 to 1024", int, 1, 1024), metavar="N",
                        help="default: all that fastgd would use")  # fmt: skip
    parser.add_argument("--seconds", type=number("seconds above 0", float, 1e-9, 86_400), default=60.0,
                        help="time to spend, roughly (default: 60)")  # fmt: skip
    parser.add_argument("--json", type=output, metavar="FILE", help="write the figures to FILE")
    parser.add_argument("--plot", type=picture, metavar="FILE.png", help="draw them: fraction of the roof over size")
    options = parser.parse_args(argv)
    if options.calls and options.plot:
        parser.error("--plot draws rules, which --calls leaves out")
    if options.calls and options.dtype != "float32":
        parser.error("--calls measures small steps in float32")
    storage = arrays.KINDS[options.dtype].storage
    for name in options.rules:
        try:
            peers.optimizer(BY_NAME[name], arrays.fresh([(8,)], options.dtype)[0], 0.0, **storage)
        except ValueError as error:
            parser.error(f"{name} cannot be stored as {options.dtype}: {error}")
    return options


# ---- measurement ------------------------------------------------------------------------------------------------


class Clock:
    """Shares what is left of the time among the measurements that are left."""

    def __init__(self, total: float, measurements: int) -> None:
        self.end = time.perf_counter() + total
        self.left = measurements

    def share(self) -> float:
        left = max(0.0, self.end - time.perf_counter()) / max(1, self.left)
        self.left -= 1
        # About half of a measurement is the making of its arrays.
        return min(1.0, 0.5 * left)


def measure(row: Row, n: int, dtype: str, threads: int, libraries: Sequence[str], clock: Clock) -> list[Cell]:
    """The line of a rule and a size."""
    line, work = f"{row.name}, {arrays.size_of(n)}", ([(n,)], dtype, threads)
    pair = measures.of_roof(row, *work, clock.share(), least=3)
    moved = roofs.bytes_per_element(row, dtype) * n / pair.ours / 1e9
    cells = [Cell(line, "us", 1e6 * pair.ours), Cell(line, "GB/s", moved)]
    cells.append(cell(line, "% of roof", None, lambda: pair, factor=100))
    kernel = partial(measures.of_roof, row, *work, clock.share(), part="kernel", least=3)
    cells.append(cell(line, "kernel %", None, kernel, factor=100))
    for library in libraries:
        peer = partial(measures.against_peer, row, library, *work, clock.share(), least=3)
        cells.append(cell(line, f"x {library}", None, peer))
    return cells


NOTE = """\
% of roof: the roof is the longer of a loop that only moves the rule's arrays and of its divides and roots alone;
of the whole call of step, and of the compiled kernel without the call. x: times faster than a peer, medians of
paired runs. {}. A figure with ? stayed impossible or unsteady when it was measured again: take it for noise."""


def rules_table(options: argparse.Namespace, threads: int) -> list[Cell]:
    rows = [BY_NAME[name] for name in dict.fromkeys(options.rules)]
    sizes = list(dict.fromkeys(options.sizes))
    # A library is shown if it is installed and has at least one of the rules.
    libraries = [name for name in PEERS if peers.installed(name) and any(peers.has(name, row) for row in rows)]
    # Imports, and the compilation that some peers do at their first use, come before the clock starts.
    for library, row in itertools.product(libraries, rows):
        with suppress(UnavailableError):
            peers.load(library, row)
    clock = Clock(options.seconds, len(rows) * len(sizes) * (2 + len(libraries)))
    widths = [max(len(row.name) for row in rows) + 6, *(max(9, len(name) + 2) for name in ("", "", "", "", *libraries))]
    results: list[Cell] = []
    for row, n in itertools.product(rows, sizes):
        cells = measure(row, n, options.dtype, threads, libraries, clock)
        for line in aligned(grid(cells), widths)[bool(results) :]:
            print(line, flush=True)
        results += cells
    print("\n" + NOTE.format(options.dtype))
    return results


def calls_table(total: float) -> list[Cell]:
    clock = Clock(total, len(measures.CALLS))
    column = "x np.add(a, b, out=c), 16 elements"
    cells = [cell(name, column, None, partial(measures.call, name, clock.share())) for name in measures.CALLS]
    print("\n".join(aligned(grid(cells))))
    return cells


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and write what the options ask for; returns the exit status."""
    options = parse(argv)
    threads = options.threads or fastgd.get_num_threads()
    about, others = machine.describe(), machine.Bystanders()
    with using(threads):
        about["threads"] = str(fastgd.get_num_threads())
    for name, value in about.items():
        print(f"{name + ':':<17}{value}")
    print()
    cells = calls_table(options.seconds) if options.calls else rules_table(options, threads)
    if (busy := others.cores()) is not None:
        about["cores busy with other work"] = f"{busy:.2f}"
        print(f"Other work kept {busy:.2f} of {about['cores']} cores busy meanwhile.")
    if options.json is not None:
        document = {"version": 1, "machine": about, "dtype": options.dtype, "cells": [asdict(one) for one in cells]}
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if options.plot is not None:
        from fastgd.tools.bench.picture import draw

        draw(cells, about, options.plot)
    return 0
