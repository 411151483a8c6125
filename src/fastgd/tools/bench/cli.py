"""`python -m fastgd bench`: fastgd against the machine's roofs and the installed peers, in about a minute."""

import argparse
import importlib.util
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import fastgd
from fastgd.tools.bench import machine, measures, peers, roofs
from fastgd.tools.bench.pairing import Ratio
from fastgd.tools.bench.rows import BY_NAME, Row
from fastgd.tools.bench.stepper import UnavailableError
from fastgd.tools.bench.threads import using

DEFAULT_RULES = ("sgd_momentum", "rmsprop", "adamw", "lion")
DEFAULT_SIZES = (1_000, 10_000, 100_000, 1_000_000, 4_000_000)
UNITS = {"k": 10**3, "M": 10**6}
LARGEST = 10**9
PEERS = peers.PEERS
WIDTH = max(map(len, measures.CALLS))


@dataclass
class Result:
    """
    A line of the table: `of_roof` is roof / step, `peers` how many times longer each peer takes.

    `doubts` says of which of these figures noise may be the cause, and why.
    """

    rule: str
    size: int
    us: float
    gb_per_s: float
    of_roof: float
    kernel_of_roof: float
    peers: dict[str, float | None] = field(default_factory=dict)
    doubts: dict[str, str] = field(default_factory=dict)


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
        value = math.nan
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


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m fastgd bench", description=__doc__)
    parser.add_argument("--rules", nargs="+", type=rule, metavar="RULE", default=list(DEFAULT_RULES),
                        help=f"of {', '.join(BY_NAME)} (default: {' '.join(DEFAULT_RULES)})")  # fmt: skip
    parser.add_argument("--sizes", nargs="+", type=size, metavar="N", default=list(DEFAULT_SIZES),
                        help="elements of the parameter, such as 100k 20M (default: 1k 10k 100k 1M 4M)")  # fmt: skip
    parser.add_argument("--calls", action="store_true", help="measure what a small step costs, and no rules")
    parser.add_argument("--threads", type=thread_count, metavar="N", help="default: all that fastgd would use")
    parser.add_argument("--seconds", type=seconds, default=60.0, help="time to spend, roughly (default: 60)")
    parser.add_argument("--json", type=output, metavar="FILE", help="write the figures to FILE")
    parser.add_argument("--plot", type=picture, metavar="FILE.png", help="draw them: fraction of the roof over size")
    options = parser.parse_args(argv)
    if options.calls and options.plot:
        parser.error("--plot draws rules, which --calls leaves out")
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


def measure(row: Row, n: int, threads: int, libraries: Sequence[str], clock: Clock) -> Result:
    shapes, dtype = [(n,)], "float32"
    doubts: dict[str, str] = {}

    def figure(name: str, function: Callable[..., Ratio], *arguments: object, **options: object) -> Ratio:
        pair = function(*arguments, shapes, dtype, threads, clock.share(), least=3, **options)
        if pair.doubt:
            doubts[name] = pair.doubt
        return pair

    kernel = figure("kernel_of_roof", measures.of_roof, row, part="kernel")
    step = figure("of_roof", measures.of_roof, row)
    moved = roofs.bytes_per_element(row, 4) * n
    result = Result(row.name, n, step.ours * 1e6, moved / step.ours / 1e9, step.ratio, kernel.ratio, doubts=doubts)
    for library in libraries:
        try:
            result.peers[library] = figure(library, measures.against_peer, row, library).ratio
        except UnavailableError:
            result.peers[library] = None
    return result


def measure_all(
    rules: Sequence[str], sizes: Sequence[int], threads: int, libraries: Sequence[str], total: float
) -> Iterator[Result]:
    # Imports, and the compilation that some peers do at their first use, come before the clock starts.
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


def columns(libraries: Sequence[str]) -> dict[str, int]:
    """Heads of the table and their widths."""
    heads = {"rule": max(map(len, BY_NAME)), "size": 6, "us": 10, "GB/s": 7, "% of roof": 10, "kernel %": 8}
    return {**heads, **{f"x {name}": max(8, len(name) + 2) for name in libraries}}


def line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join([first.strip().ljust(widths[0]), *others])


def cells(result: Result) -> list[str]:
    def marked(name: str, value: float | None, text: str) -> str:
        return "n/a" if value is None else f"{text.format(value)}{'?' if name in result.doubts else ''}"

    return [
        result.rule,
        short(result.size),
        f"{result.us:.2f}",
        f"{result.gb_per_s:.1f}",
        marked("of_roof", 100 * result.of_roof, "{:.0f}"),
        marked("kernel_of_roof", 100 * result.kernel_of_roof, "{:.0f}"),
        *(marked(name, value, "{:.1f}") for name, value in result.peers.items()),
    ]


NOTE = """\
% of roof: the roof is the longer of a loop that only moves the rule's arrays and of its divides and roots alone;
of the whole call of step, and of the compiled kernel without the call. x: times faster than a peer, medians of
paired runs. float32. A figure with ? stayed impossible or unsteady when it was measured again: take it for noise."""


def rules_table(options: argparse.Namespace, threads: int) -> list[Result]:
    rules, sizes = list(dict.fromkeys(options.rules)), list(dict.fromkeys(options.sizes))
    rows = [BY_NAME[name] for name in rules]
    # A library is shown if it is installed and has at least one of the rules.
    libraries = [name for name in PEERS if peers.installed(name) and any(peers.has(name, row) for row in rows)]
    heads = columns(libraries)
    print("\n" + line(list(heads), list(heads.values())))
    results = []
    for result in measure_all(rules, sizes, threads, libraries, options.seconds):
        results.append(result)
        print(line(cells(result), list(heads.values())), flush=True)
    print("\n" + NOTE)
    return results


def calls_table(total: float) -> dict[str, Ratio]:
    results = {}
    clock = Clock(total, len(measures.CALLS))
    print(f"\n{'call':<{WIDTH}}  x np.add(a, b, out=c) of 16 elements")
    for name in measures.CALLS:
        results[name] = measures.call(name, clock.share())
        print(f"{name:<{WIDTH}}  {results[name].ratio:.3f}{'?' if results[name].doubt else ''}", flush=True)
    return results


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, print and write what the options ask for; returns the exit status."""
    options = parse(argv)
    threads = options.threads or fastgd.get_num_threads()
    about, others = machine.describe(), machine.Bystanders()
    with using(threads):
        about["threads"] = str(fastgd.get_num_threads())
    for name, value in about.items():
        print(f"{name + ':':<17}{value}")
    results = [] if options.calls else rules_table(options, threads)
    calls = calls_table(options.seconds) if options.calls else {}
    if (busy := others.cores()) is not None:
        about["cores busy with other work"] = f"{busy:.2f}"
        print(f"Other work kept {busy:.2f} of {about['cores']} cores busy meanwhile.")
    if options.json is not None:
        figures = {"results": [asdict(result) for result in results], "calls": {k: asdict(v) for k, v in calls.items()}}
        document = {"version": 1, "machine": about, "dtype": "float32", **figures}
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if options.plot is not None:
        from fastgd.tools.bench.picture import draw

        draw(results, about, options.plot)
    return 0
