"""
Two threads against one in all circumstances: `python -m fastgd.tools.bench.load`, in some six minutes.

A step is shared with threads that may have no core to run on, beside libraries with threads of their own, and after
pauses in which threads fall asleep. Each company of libraries is a process, for the order of imports matters; in it
the variants take turns, and what is printed are medians in microseconds and the median of the ratios of each turn.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from fastgd.tools.bench.threads import usable_cores

TORCH = "import torch; (torch.ones(512, 512) @ torch.ones(512, 512)).sum()"
SKLEARN = "import numpy as n; from sklearn.cluster import KMeans; KMeans(2, n_init=1).fit(n.eye(600))"
COMPANY = {
    "alone": "import fastgd",
    "torch first": f"{TORCH}; import fastgd",
    "torch second": f"import fastgd; {TORCH}",
    "scikit-learn": f"{SKLEARN}; import fastgd",
}
SIZES = {"1M": (1_000_000, 20), "20M": (20_000_000, 2)}  # elements, and steps in a turn
PAUSES = {"back to back": 0.0, "2 ms apart": 0.002}
RUN = "; from fastgd.tools.bench import load; load.measure({!r}, {})"


def turn(step: Callable[[], object], steps: int, pause: float) -> float:
    """Median seconds of a step."""
    times = []
    for _ in range(steps):
        if pause:
            time.sleep(pause)
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def variants(n: int) -> Iterator[tuple[str, Callable[[], object], Callable[[], object]]]:
    """(name, what sets its threads, its step) of AdamW by fastgd, and of torch's and DeepSpeed's where torch is."""
    import fastgd
    from fastgd.tools.bench import arrays, peers
    from fastgd.tools.bench.rows import BY_NAME

    libraries = ["fastgd", *(["torch fused", "deepspeed"] if "torch" in sys.modules else [])]
    for library in libraries:
        try:
            peers.load(library, BY_NAME["adamw"])
            stepper = peers.build(library, BY_NAME["adamw"], *arrays.fresh([(n,)]))
        except NotImplementedError:
            continue
        for count in (1, 2) if library == "fastgd" else (2,):
            yield f"{library}, {count}", lambda count=count: fastgd.set_num_threads(count), stepper.step  # type: ignore[misc]


def measure(company: str, seconds: float) -> None:
    """Print a line of JSON for each size and pause, in a process that has imported what belongs to a company."""
    for (size, (n, steps)), (spacing, pause) in ((s, p) for s in SIZES.items() for p in PAUSES.items()):
        made = list(variants(n))
        rounds: list[list[float]] = []
        end = time.perf_counter() + seconds
        while len(rounds) < 5 or time.perf_counter() < end:
            found = []
            for _, prepare, step in made:
                prepare()
                step()
                found.append(turn(step, steps, pause))
            rounds.append(found)
        times = np.array(rounds[1:])
        line = {"company": company, "size": size, "spacing": spacing}
        line |= {name: round(1e6 * t) for (name, _, _), t in zip(made, np.median(times, axis=0), strict=True)}
        print(json.dumps(line | {"two / one": round(float(np.median(times[:, 1] / times[:, 0])), 3)}), flush=True)


@contextmanager
def busy(cores: int) -> Iterator[None]:
    """So many cores have other work."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print every cell; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fastgd.tools.bench.load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0, help="for each cell (default: 5)")
    options = parser.parse_args(argv)
    for cores in sorted({0, 1, usable_cores()}):
        with busy(cores):
            for company, imports in COMPANY.items():
                code = imports + RUN.format(company, options.seconds)
                done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
                failed = json.dumps({"company": company, "failed": done.stderr[-300:]})
                # Libraries print too.
                lines = [line for line in done.stdout.splitlines() if line.startswith('{"company"')]
                for line in lines or [failed]:
                    print(json.dumps({"busy cores": cores} | json.loads(line)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
