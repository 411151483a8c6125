"""
The rest of the asv suite: every rule, type, size and library. `make bench-full` takes hours, most of it starting Python
and importing peers; `asv run --bench 'full.Step.*adamw.*fastgd'` picks a part.
"""

import time
from collections.abc import Callable

import numpy as np

import fastgd
from fastgd.tools.bench import arrays, embeddings, following, measures, memory, peers, training
from fastgd.tools.bench.rows import BY_NAME, ROWS

from . import core

RULES = [row.name for row in ROWS]
DTYPES = ["float32", "float64"]
NARROW = [name for name in arrays.KINDS if name not in DTYPES]
LIBRARIES = list(peers.LIBRARIES)
THREADS = ["1", "all"]
WORK = list(arrays.WORK)
SIZES = ["1k", "10k", "100k", "1M", "20M"]


class Step(core.Step):
    params = [RULES, DTYPES, WORK, LIBRARIES]


class Narrow(core.Narrow):
    params = [RULES, NARROW, SIZES, [library for library in LIBRARIES if library in peers.NARROW]]


class NarrowRoof(core.NarrowRoof):
    params = [RULES, NARROW, SIZES, THREADS, ["kernel", "step"]]


class OverFloat32(core.OverFloat32):
    params = [RULES, NARROW, SIZES, THREADS]


class Rows(core.Rows):
    params = [list(embeddings.RULES), [10_000, 100_000, 1_000_000, 4_000_000], list(embeddings.LIBRARIES)]


class Clip(core.Clip):
    params = [["adam"], WORK, list(peers.CLIPPING)]


class Following(core.Timed):
    """AdamW and what follows its parameters, in its pass or in a loop of a library afterwards."""

    params = [list(following.KINDS), ["1M", "20M"], ["fastgd", *following.LOOPS]]
    param_names = ["kind", "work", "library"]

    def setup(self, kind: str, work: str, library: str) -> None:
        self.start(following.followed(kind, library, arrays.WORK[work]))

    def time_step(self, *_: object) -> None:
        self.step()


class Training(core.Training):
    params = [list(training.NETWORKS), list(training.HOSTS), LIBRARIES]


class Roof(core.Roof):
    params = [RULES, DTYPES, SIZES, THREADS, ["kernel", "step"]]


class Bytes(core.Bytes):
    params = [RULES, SIZES[:4]]

    def track_peak_bytes(self, rule: str, work: str) -> int:
        return memory.peak_bytes(BY_NAME[rule], arrays.WORK[work])


class PeakMemory(core.Timed):
    """Of a process that takes some steps: interpreter, parameter, gradient, state."""

    params = [["adamw"], ["1k", "1M", "20M"], ["fastgd", "numpy", "torch", "torch fused"]]
    param_names = ["rule", "work", "library"]

    def setup(self, rule: str, work: str, library: str) -> None:
        self.build(library, rule, work)

    def peakmem_step(self, *_: object) -> None:
        self.step()


class PeakTraining:
    """Of a process that trains 20M parameters in 20 equal layers, so that one gradient is small against all."""

    params = [["fastgd.torch", "torch", "torch fused", "step_in_backward"]]
    param_names = ["way"]

    def setup(self, way: str) -> None:
        self.torch, self.ours = peers.module("torch"), peers.module("fastgd.torch")

    def peakmem_train(self, way: str) -> None:
        layers = [layer for _ in range(20) for layer in (self.torch.nn.Linear(1000, 1000), self.torch.nn.ReLU())]
        net = self.torch.nn.Sequential(*layers)
        if way == "step_in_backward":
            self.ours.step_in_backward(net, self.ours.AdamW)
        else:
            optimizer = peers.tensor_optimizer(way, measures.ADAMW, list(net.parameters()), 1e-3)
        for _ in range(5):
            net.zero_grad()
            net(self.torch.ones(64, 1000)).square().mean().backward()
            if way != "step_in_backward":
                optimizer.step()


class Subclass(np.ndarray):
    """A gradient that a step looks at in Python."""


def grouped(n):
    return fastgd.Adam([{"params": np.ones(4, np.float32)} for _ in range(n)])


def stepping(n, change):
    opt, grads = grouped(n), [change(np.ones(4, np.float32)) for _ in range(n)]
    return lambda: opt.step(grads)


def loading(n):
    opt = grouped(n)
    opt.step([np.ones(4, np.float32) for _ in range(n)])
    saved = opt.state_dict()
    for i, entry in saved["state"].items():
        entry["step"] = np.array(i + 1.0, np.float32)
    return lambda: opt.load_state_dict(saved)


class Many:
    """What one of many small parameters takes, each in a group of its own, over one of 10,000; 1 is linear."""

    ways: dict[str, Callable] = {
        "construct": lambda n: lambda: grouped(n),
        "step": lambda n: stepping(n, np.asarray),
        "step by Python's look": lambda n: stepping(n, lambda array: array.view(Subclass)),
        "load_state_dict": loading,
    }
    params = [list(ways), [30_000, 100_000]]
    param_names = ["way", "parameters"]
    unit = "x of 10,000"
    timeout = 600

    def track_each(self, way: str, n: int) -> float:
        few, many = self.seconds(way, 10_000), self.seconds(way, n)
        return many / few

    def seconds(self, way: str, n: int) -> float:
        """Of one parameter, in the best of a few calls."""
        work, best = self.ways[way](n), np.inf
        for _ in range(3):
            start = time.perf_counter()
            work()
            best = min(best, (time.perf_counter() - start) / n)
        return best
