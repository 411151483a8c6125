"""Train torch networks with torch's optimizers and with fastgd.torch, and write the figures to docs/TORCH.md."""

import argparse
import functools
import itertools
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

import fastgd.torch
from fastgd.tools.bench import machine, pairing
from fastgd.tools.bench.stepper import ArrayStepper
from fastgd.tools.bench.threads import usable_cores, using

OUTPUT = Path(__file__).resolve().parent.parent / "docs" / "TORCH.md"
BATCH = 64
NETWORKS = {
    "8-64-64-4": (8, 64, 64, 4),
    "100k": (64, 280, 280, 10),
    "1M": (128, 928, 928, 10),
    "20M": (512, 4096, 4096, 256),
}
DEEP = 21 * (1000,)  # 20M parameters in equal layers, so that one gradient is small against all
OPTIMIZERS = {
    "fastgd.torch": fastgd.torch.AdamW,
    "default": torch.optim.AdamW,
    "fused": functools.partial(torch.optim.AdamW, fused=True),
}
WAYS = (*OPTIMIZERS, "step_in_backward")
ALLOCATION = {"peak, MB": {}, "with MALLOC_MMAP_THRESHOLD_=1000000": {"MALLOC_MMAP_THRESHOLD_": "1000000"}}

HEAD = """\
# fastgd.torch in training

Written by `python benchmarks/torch_training.py`; nothing in it was edited. Networks of dense layers with ReLU, float32,
batches of 64, AdamW. A step is `zero_grad`, forward, loss, backward and the optimizer's step. The three optimizers take
turns in one process, each with a network of its own; torch's OpenMP runtime and the system's, which fastgd uses, are
both alive, with the same number of threads. "x" is the median of the ratios, with its quartiles: how many times longer
training takes with torch's optimizer. The share is the part of the time that the optimizer's step takes.
"""

MEMORY = """\
## Peak memory

20 layers of 1000 to 1000, 20M parameters (80 MB), their gradients and AdamW's state (160 MB); 5 steps, each way in a
process of its own; what the process had used before the model was made is taken off. glibc keeps freed blocks of up to
32 MB for itself, unless it is told not to by the variable in the last column.
"""


def network(widths: Sequence[int]) -> torch.nn.Sequential:
    torch.manual_seed(0)
    layers = [(torch.nn.Linear(m, n), torch.nn.ReLU()) for m, n in itertools.pairwise(widths)]
    return torch.nn.Sequential(*list(itertools.chain(*layers))[:-1])


class Training(ArrayStepper):
    """A network that learns a fixed batch; `share` is the optimizer's part of the time of its steps."""

    def __init__(self, name: str, widths: Sequence[int]) -> None:
        self.net = network(widths)
        self.optimizer = OPTIMIZERS[name](self.net.parameters(), lr=1e-5)
        self.x, self.y = torch.randn(BATCH, widths[0]), torch.randn(BATCH, widths[-1])
        self.whole = self.stepping = 0.0
        super().__init__(name, [param.detach().numpy() for param in self.net.parameters()], self.train)

    def train(self) -> None:
        start = time.perf_counter()
        self.optimizer.zero_grad()
        torch.nn.functional.mse_loss(self.net(self.x), self.y).backward()
        middle = time.perf_counter()
        self.optimizer.step()
        end = time.perf_counter()
        self.whole += end - start
        self.stepping += end - middle

    def warm_up(self, steps: int = 3) -> None:
        super().warm_up(steps)
        self.whole = self.stepping = 0.0

    @property
    def share(self) -> float:
        return self.stepping / self.whole


@dataclass(frozen=True)
class Measured:
    network: str
    threads: int
    ratios: list[pairing.Ratio]  # against default and fused
    shares: list[float]  # of OPTIMIZERS, in their order

    def row(self) -> str:
        times = [f"{1e6 * self.ratios[0].ours:.0f}", *(f"{1e6 * ratio.other:.0f}" for ratio in self.ratios)]
        ratios = [f"{ratio.ratio:.2f} [{ratio.low:.2f}, {ratio.high:.2f}]" for ratio in self.ratios]
        shares = [f"{100 * share:.1f} %" for share in self.shares]
        return "| " + " | ".join([self.network, str(self.threads), *times, *ratios, *shares]) + " |"


def measure(name: str, threads: int, seconds: float) -> Measured:
    with using(threads):
        steppers = [Training(optimizer, NETWORKS[name]) for optimizer in OPTIMIZERS]
        times = pairing.interleave(steppers, seconds)
    ratios = [pairing.ratio(times[:, 0], times[:, k]) for k in (1, 2)]
    return Measured(name, threads, ratios, [stepper.share for stepper in steppers])


# ---- memory -----------------------------------------------------------------------------------------------------


def most() -> int:
    """Kilobytes that this process has used at most; getrusage would begin at what its parent has."""
    return int(re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())[1])


def peak(way: str) -> float:
    """Megabytes at most, beyond what was used before."""
    before = most()
    net = network(DEEP)
    optimizer = OPTIMIZERS[way](net.parameters()) if way in OPTIMIZERS else None
    if optimizer is None:
        fastgd.torch.step_in_backward(net, fastgd.torch.AdamW)
    for _ in range(5):
        net.zero_grad()
        net(torch.ones(BATCH, DEEP[0])).square().mean().backward()
        if optimizer is not None:
            optimizer.step()
    return (most() - before) / 1024


def peak_of_process(way: str, environment: dict[str, str]) -> str:
    command = [sys.executable, __file__, "--peak", way]
    environment = {**os.environ, **environment}
    return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.strip()


# ---- text -------------------------------------------------------------------------------------------------------


def document(results: Sequence[Measured], about: dict[str, str], peaks: dict[str, list[str]]) -> str:
    heads = ["parameters", "threads", *(f"{name}, µs" for name in OPTIMIZERS), "default x", "fused x"]
    heads += [f"share, {name}" for name in OPTIMIZERS]
    lines = [HEAD, "| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    lines += [*(result.row() for result in results), "", MEMORY, "| " + " | ".join(["", *ALLOCATION]) + " |"]
    lines += [
        "|---" * (len(ALLOCATION) + 1) + "|",
        *(f"| {way} | {' | '.join(megabytes)} |" for way, megabytes in peaks.items()),
    ]
    lines += ["", "## Machine", ""]
    return "\n".join([*lines, *(f"- {name}: {value}" for name, value in about.items()), ""])


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=list(NETWORKS), help="default: all")
    parser.add_argument("--seconds", type=float, default=4.0, help="of each row (default: 4)")
    parser.add_argument("--output", type=Path, default=OUTPUT, help=f"default: docs/{OUTPUT.name}")
    parser.add_argument("--peak", choices=WAYS, help="only print the peak memory of training in one way")
    options = parser.parse_args(argv)
    if options.peak:
        print(f"{peak(options.peak):.0f}")
        return 0
    peaks = {way: [peak_of_process(way, environment) for environment in ALLOCATION.values()] for way in WAYS}
    about, bystanders = machine.describe(), machine.Bystanders()
    results = []
    for name, threads in itertools.product(options.networks, sorted({1, min(2, usable_cores())})):
        results.append(measure(name, threads, options.seconds))
        print(results[-1].row(), file=sys.stderr, flush=True)
    others = bystanders.cores()
    about["cores busy with other work"] = "unknown" if others is None else f"{others:.2f}"
    options.output.write_text(document(results, about, peaks), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
