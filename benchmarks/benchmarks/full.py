"""
The rest of the asv suite: every rule, type, size and library. `make bench-full` takes hours, most of it starting Python
and importing peers; `asv run --bench 'full.Step.*adamw.*fastgd'` picks a part.
"""

from fastgd.tools.bench import arrays, measures, memory, peers, training
from fastgd.tools.bench.rows import BY_NAME, ROWS

from . import core

RULES = [row.name for row in ROWS]
DTYPES = ["float32", "float64"]
LIBRARIES = list(peers.LIBRARIES)
THREADS = ["1", "all"]
WORK = list(arrays.WORK)
SIZES = ["1k", "10k", "100k", "1M", "20M"]


class Step(core.Step):
    params = [RULES, DTYPES, WORK, LIBRARIES]


class Clip(core.Clip):
    params = [["adam"], WORK, list(peers.CLIPPING)]


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
