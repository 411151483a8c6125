"""`python -m fastgd bench`: fastgd against the machine's limit and the installed peers, in about a minute."""

import argparse
import importlib.util
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import fastgd
from fastgd.tools.bench import machine, pairing, peers
from fastgd.tools.bench.rows import BY_NAME, Row
from fastgd.tools.bench.stepper import UnavailableError
from fastgd.tools.bench.threads import using

DEFAULT_RULES = ("sgd_momentum", "rmsprop", "adamw", "lion")
DEFAULT_SIZES = (1_000, 10_000, 100_000, 1_000_000, 4_000_000)
PEERS = tuple(name for name in peers.LIBRARIES if name != "fastgd")
UNITS = {"k": 10**3, "M": 10**6}
LARGEST = 10**9


@dataclass
class Result:
    """A line of the table: `of_limit` is limit / step, `peers` how many times longer each peer takes."""

    rule: str
    size: int
    us: float
    gb_per_s: float
    of_limit: float
    kernel_of_limit: float
    peers: dict[str, float | None] = field(default_factory=dict)


# ---- arguments --------------------------------------------------------------------------------------------------


def size(text: str) -> int:
    """A number of elements: 1000, 100k, 20M."""
    digits, factor = (text[:-1], UNITS[text[-1]]) if text[-1:] in UNITS else (text, 1)
    if not digits.isascii() or not digits.isdigit() or not 1 <= int(digits) * factor <= LARGEST:
        raise argparse.ArgumentTypeError(f"expected 1 to 1000M elements, such as 1000, 100k or 20M, got {text!r}")
    return int(digits) * factor


def rule(text: str) -> str:
    if text not in BY_NAME:
        raise argparse.ArgumentTypeError(f"no rule {text!r}; there are {', '.join(BY_NAME)}")
    return text


def thread_count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1024:
        raise argparse.ArgumentTypeError(f"expected a number of threads from 1 to 1024, got {text!r}")
    return int(text)


def seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 86_400:
        raise argparse.ArgumentTypeError(f"expected seconds above 0, got {text!r}")
    return value


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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the subcommand."""
    parser.add_argument("--rules", nargs="+", type=rule, metavar="RULE", default=list(DEFAULT_RULES),
                        help=f"of {', '.join(BY_NAME)} (default: {' '.join(DEFAULT_RULES)})")  # fmt: skip
    parser.add_argument("--sizes", nargs="+", type=size, metavar="N", default=list(DEFAULT_SIZES),
                        help="elements of the parameter, such as 100k 20M (default: 1k 10k 100k 1M 4M)")  # fmt: skip
    parser.add_argument("--threads", type=thread_count, metavar="N", help="default: all that fastgd would use")
    parser.add_argument("--seconds", type=seconds, default=60.0, help="time to spend, roughly (default: 60)")
    parser.add_argument("--json", type=output, metavar="FILE", help="write the figures to FILE")
    parser.add_argument("--plot", type=picture, metavar="FILE.png", help="draw them: fraction of the limit over size")


# ---- measurement ------------------------------------------------------------------------------------------------


def available_peers(rows: Sequence[Row]) -> list[str]:
    """Installed libraries that have at least one of the rules."""
    return [name for name in PEERS if peers.installed(name) and any(peers.has(name, row) for row in rows)]


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


def measure(row: Row, n: int, threads: int, libraries: Sequence[str], clock: Clock) -> Result:
    shapes, dtype = [(n,)], "float32"
    kernel = pairing.against_limit(row, shapes, dtype, threads, clock.share(), least=3)
    step = pairing.against_limit(row, shapes, dtype, threads, clock.share(), least=3, whole_step=True)
    moved = row.bytes_per_element(np.dtype(dtype).itemsize) * n
    result = Result(row.name, n, step.ours * 1e6, moved / step.ours / 1e9, step.ratio, kernel.ratio)
    for library in libraries:
        share = clock.share()
        try:
            pair = pairing.against_peer(row, library, shapes, dtype, threads, share, least=3)
            result.peers[library] = pair.ratio
        except UnavailableError:
            result.peers[library] = None
    return result


def measure_all(
    rules: Sequence[str], sizes: Sequence[int], threads: int, libraries: Sequence[str], total: float
) -> Iterator[Result]:
    # Before the clock starts: imports, and the compilation that some peers do at their first use.
    for library in libraries:
        for name in rules:
            try:
                peers.load(library, BY_NAME[name])
            except UnavailableError:
                continue
    clock = Clock(total, len(rules) * len(sizes) * (2 + len(libraries)))
    for name in rules:
        for n in sizes:
            yield measure(BY_NAME[name], n, threads, libraries, clock)


# ---- output -----------------------------------------------------------------------------------------------------


def short(n: int) -> str:
    """1000 -> 1k."""
    for unit, factor in reversed(UNITS.items()):
        if n % factor == 0:
            return f"{n // factor}{unit}"
    return str(n)


def columns(libraries: Sequence[str]) -> list[tuple[str, int]]:
    names = ["rule", "size", "us", "GB/s", "% of limit", "kernel %"]
    widths = [max(len(name) for name in BY_NAME), 6, 10, 7, 10, 8]
    return [*zip(names, widths, strict=True), *((f"x {name}", max(8, len(name) + 2)) for name in libraries)]


def line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    return "  ".join([first, *(cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))])


def cells(result: Result) -> list[str]:
    ratios = ["n/a" if value is None else f"{value:.1f}" for value in result.peers.values()]
    return [
        result.rule,
        short(result.size),
        f"{result.us:.2f}",
        f"{result.gb_per_s:.1f}",
        f"{100 * result.of_limit:.0f}",
        f"{100 * result.kernel_of_limit:.0f}",
        *ratios,
    ]


NOTE = """\
% of limit: the limit is the longer of a loop that only moves the rule's arrays and of its divides and roots alone;
of the whole call of step, and of the compiled kernel without the Python part of the call. x: times faster than a peer,
medians of paired runs. float32."""


def run(args: argparse.Namespace) -> int:
    """The subcommand; returns the exit status."""
    threads = args.threads or fastgd.get_num_threads()
    rules, sizes = list(dict.fromkeys(args.rules)), list(dict.fromkeys(args.sizes))
    libraries = available_peers([BY_NAME[name] for name in rules])
    about = machine.describe()
    with using(threads):
        about["threads"] = str(fastgd.get_num_threads())
    write = sys.stdout.write
    for name, value in about.items():
        write(f"{name + ':':<17}{value}\n")
    heads = columns(libraries)
    widths = [width for _, width in heads]
    write("\n" + line([name for name, _ in heads], widths) + "\n")
    results = []
    others = machine.Bystanders()
    for result in measure_all(rules, sizes, threads, libraries, args.seconds):
        results.append(result)
        write(line(cells(result), widths) + "\n")
        sys.stdout.flush()
    write("\n" + NOTE + "\n")
    if (busy := others.cores()) is not None:
        about["cores busy with other work"] = f"{busy:.2f}"
        write(f"Other work kept {busy:.2f} of {about['cores']} cores busy meanwhile.\n")
    if args.json is not None:
        args.json.write_text(json.dumps(document(about, results), indent=1) + "\n", encoding="utf-8")
    if args.plot is not None:
        from fastgd.tools.bench.picture import draw

        draw(results, about, args.plot)
    return 0


def document(about: dict[str, str], results: Sequence[Result]) -> dict[str, Any]:
    """What `--json` writes."""
    return {"version": 1, "machine": about, "dtype": "float32", "results": [asdict(result) for result in results]}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser("python -m fastgd bench", description=__doc__)
    add_arguments(parser)
    return run(parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
