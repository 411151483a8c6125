"""
The core of the asv suite: what `make bench` measures in ten minutes, and what the dashboard follows.

Rows, work and libraries are those of fastgd.tools.bench, which `python -m fastgd bench` measures too. Libraries are
parameters; one that is absent is n/a. `time_` has seconds, `track_` what they are over the roof or over np.add, for asv
knows only that less is better: 1.0 is perfect. A figure that noise may be the cause of is left out.
"""

import math
import os
import sys
import time
from pathlib import Path
from typing import ClassVar

import fastgd
from fastgd.tools.bench import arrays, embeddings, measures, memory, peers, quantized, training
from fastgd.tools.bench.pairing import Ratio
from fastgd.tools.bench.rows import BY_NAME
from fastgd.tools.bench.stepper import Stepper, UnavailableError
from fastgd.tools.bench.threads import usable_cores, using

FEW = ["sgd_momentum", "rmsprop", "adamw", "lion"]
SECONDS = 0.5


def thread_count(threads: str) -> int:
    return 1 if threads == "1" else usable_cores()


def certain(pair: Ratio, value: float) -> float:
    """The value, or asv's n/a where it may be noise."""
    if not pair.doubt:
        return value
    print(f"left out: {pair.doubt}", file=sys.stderr)
    return math.nan


def clock() -> float:
    """Seconds, without those of what comes between two steps."""
    return time.perf_counter() - Timed.untimed


class Timed:
    """Base of what times a stepper."""

    untimed: ClassVar[float] = 0.0
    timer = staticmethod(clock)
    # Setup, which runs before each repeat, makes fresh arrays; so repeats are few and long.
    rounds = 1
    repeat = (3, 5, 1.0)
    warmup_time = 0.05
    stepper: Stepper

    def start(self, stepper: Stepper) -> None:
        self.stepper = stepper
        stepper.warm_up()

    def build(
        self, library: str, rule: str, work: str, dtype: str = "float32", threads: str = "all",
        clip: float | None = None,
    ) -> None:  # fmt: skip
        """Set up a library, or skip what is n/a."""
        if threads == "1" and library in peers.ALL_CORES:
            raise UnavailableError(f"{library} cannot be told a number of threads")
        peers.load(library, BY_NAME[rule])
        self.threads = using(thread_count(threads))
        self.threads.__enter__()
        params, grads = arrays.fresh(arrays.WORK[work], dtype)
        self.start(peers.build(library, BY_NAME[rule], params, grads, clip=clip, dtype=dtype))

    def step(self) -> None:
        if self.stepper.before is not None:
            start = time.perf_counter()
            self.stepper.before()
            Timed.untimed += time.perf_counter() - start
        self.stepper.step()

    def teardown(self, *_: object) -> None:
        # asv also calls this where setup has skipped.
        stepper = self.__dict__.pop("stepper", None)
        threads = self.__dict__.pop("threads", None)
        if threads is not None:
            threads.__exit__(None, None, None)
        if stepper is not None:
            stepper.check()


class Step(Timed):
    params = [["adamw"], ["float32"], ["1k", "100k", "1M", "20M", "500 x 64"],
              ["fastgd", "fastgd.torch", "numpy", "torch", "torch fused", "deepspeed"]]  # fmt: skip
    param_names = ["rule", "dtype", "work", "library"]

    def setup(self, rule: str, dtype: str, work: str, library: str) -> None:
        self.build(library, rule, work, dtype)

    def time_step(self, *_: object) -> None:
        self.step()


class Narrow(Step):
    """In bfloat16, all of it or beside state in float32, as DeepSpeed has it too; and with state in 8 bits."""

    params = [["adamw"], ["bfloat16", "bfloat16-float32", "8bit"], ["100k", "20M"],
              ["fastgd", "torch fused", "deepspeed"]]  # fmt: skip


class EightBits(Timed):
    """AdamW with state in 8 bits, beside those that have it too."""

    params = [["1M"], list(quantized.LIBRARIES)]
    param_names = ["work", "library"]

    def setup(self, work: str, library: str) -> None:
        self.threads = using(1)
        self.threads.__enter__()
        self.start(quantized.stepper(library, arrays.WORK[work]))

    def time_step(self, *_: object) -> None:
        self.step()


class Rows(Timed):
    """4,096 rows of a table."""

    params = [["SparseAdam"], [1_000_000], list(embeddings.LIBRARIES)]
    param_names = ["rule", "rows", "library"]

    def setup(self, rule: str, rows: int, library: str) -> None:
        if "torch" in library:
            peers.module("torch")
        self.start(embeddings.stepper(library, rule, rows))

    def time_step(self, *_: object) -> None:
        self.step()


class Clip(Timed):
    """The global norm, and the update with what it leaves of the gradients."""

    params = [["adam"], ["20M"], ["fastgd", "torch fused"]]
    param_names = ["rule", "work", "library"]

    def setup(self, rule: str, work: str, library: str) -> None:
        self.build(library, rule, work, clip=1.0)

    def time_clip_and_step(self, *_: object) -> None:
        self.step()


class Training(Timed):
    """The step of a network in training, where it is used."""

    params = [["8-64-64-4"], ["numpy", "torch"], ["fastgd", "fastgd.torch", "torch", "torch fused"]]
    param_names = ["network", "host", "library"]

    def setup(self, network: str, host: str, library: str) -> None:
        self.threads = using(1)
        self.threads.__enter__()
        self.start(training.training(library, measures.ADAMW, network, host))

    def time_step(self, *_: object) -> None:
        self.step()


class Construct(Timed):
    """2,000 parameters, each in a group of its own; torch takes seconds."""

    number = 1
    repeat = (2, 5, 1.0)
    params = [["fastgd", "fastgd.torch", "torch"]]
    param_names = ["library"]

    def setup(self, library: str) -> None:
        self.start(measures.construction(library, 2000))

    def time_construct(self, *_: object) -> None:
        self.step()


class Roof:
    """Time over what the machine allows, of the whole call of `step` or of the kernel in it."""

    params = [FEW, ["float32"], ["100k", "20M"], ["1", "all"], ["step"]]
    param_names = ["rule", "dtype", "work", "threads", "part"]
    unit = "x roof"

    def track_over_roof(self, rule: str, dtype: str, work: str, threads: str, part: str) -> float:
        shapes, count = arrays.WORK[work], thread_count(threads)
        pair = measures.of_roof(BY_NAME[rule], shapes, dtype, count, SECONDS, part=part)
        return certain(pair, 1.0 / pair.ratio)


class NarrowRoof(Roof):
    """In bfloat16, over a roof that moves the same bytes."""

    params = [["adamw"], ["bfloat16", "bfloat16-float32"], ["100k", "20M"], ["1"], ["step"]]


class OverFloat32:
    """The time of a step over that of the same step where everything is in float32."""

    params = [["adamw"], ["bfloat16", "bfloat16-float32", "bfloat16-master", "8bit"], ["100k", "20M"], ["1"]]
    param_names = ["rule", "dtype", "work", "threads"]
    unit = "x float32"

    def track_over_float32(self, rule: str, dtype: str, work: str, threads: str) -> float:
        row, shapes = BY_NAME[rule], arrays.WORK[work]
        pair = measures.against_float32(row, shapes, dtype, thread_count(threads), SECONDS)
        return certain(pair, 1.0 / pair.ratio)


class Calls:
    """What a small step costs, in units of np.add(a, b, out=c) on 16 elements."""

    params = [list(measures.CALLS)]
    param_names = ["call"]
    unit = "x np.add"

    def track_np_add(self, call: str) -> float:
        pair = measures.call(call, SECONDS)
        return certain(pair, pair.ratio)


class Bytes:
    """What steps leave behind after the first ones: 0 is the promise."""

    params = [FEW, ["1k", "100k"]]
    param_names = ["rule", "work"]
    unit = "bytes"

    def track_new_bytes(self, rule: str, work: str) -> int:
        return memory.new_bytes(BY_NAME[rule], arrays.WORK[work])


class Import:
    """In a fresh interpreter."""

    rounds = 1
    repeat = (5, 10, 5.0)
    number = 1

    def setup(self) -> None:
        # asv takes PYTHONPATH away, without which the other interpreter would not find a checkout.
        os.environ["PYTHONPATH"] = str(Path(fastgd.__file__).parents[1])

    def timeraw_import(self) -> str:
        return "import fastgd"

    def timeraw_import_numpy(self) -> str:
        return "import numpy"
