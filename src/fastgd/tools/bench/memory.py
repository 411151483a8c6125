"""What a step allocates, and what training in torch needs at most."""

import itertools
import re
import tracemalloc
from pathlib import Path
from typing import Any

from fastgd.tools.bench import arrays, measures, peers
from fastgd.tools.bench.rows import Row

STEPS = 100
LAYERS, WIDTH = 20, 1000  # 20M parameters in equal layers, so that one gradient is small against all of them
WAYS = ("fastgd.torch", "torch", "torch fused", "step_in_backward")


def _traced(row: Row, shapes: arrays.Shapes) -> tuple[int, int]:
    """(bytes that steps leave behind, bytes that they need at most while they run)."""
    stepper = peers.build("fastgd", row, *arrays.fresh(shapes))
    stepper.warm_up(10)
    step = stepper.step
    tracemalloc.start()
    try:
        # Steps under the tracer come first, so that what Python itself keeps for the loop is there before it counts.
        for _ in range(3):
            step()
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(STEPS):
            step()
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    stepper.check()
    return after - before, peak - before


def new_bytes(row: Row, shapes: arrays.Shapes) -> int:
    """Bytes left behind by STEPS steps: 0 is the promise."""
    return _traced(row, shapes)[0]


def peak_bytes(row: Row, shapes: arrays.Shapes) -> int:
    """Bytes of the small objects of one call, which must not grow with the size."""
    return _traced(row, shapes)[1]


def peak_of_process() -> int:
    """Kilobytes that this process has used at most; getrusage would begin at what its parent has."""
    found = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) if found else 0


def peak_of_training(way: str) -> int:
    """Megabytes at most that five steps of training add to what the process has used before."""
    torch, ours = peers.module("torch"), peers.module("fastgd.torch")
    before = peak_of_process()
    layers: list[Any] = [[torch.nn.Linear(WIDTH, WIDTH), torch.nn.ReLU()] for _ in range(LAYERS)]
    net = torch.nn.Sequential(*itertools.chain(*layers))
    if way == "step_in_backward":
        ours.step_in_backward(net, ours.AdamW)
    else:
        optimizer = peers.tensor_optimizer(way, measures.ADAMW, list(net.parameters()), 1e-3)
    for _ in range(5):
        net.zero_grad()
        net(torch.ones(64, WIDTH)).square().mean().backward()
        if way != "step_in_backward":
            optimizer.step()
    return (peak_of_process() - before) // 1024
