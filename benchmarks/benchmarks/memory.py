"""What a step allocates, what a process needs, and what importing costs."""

import os
from pathlib import Path

import fastgd
from fastgd.tools.bench.memory import new_bytes, peak_bytes

from .common import BY_NAME, RULES, SIZES, Timed


class NewBytes:
    """Bytes allocated by steps, after the first ones: left behind, and needed for a while."""

    params = [RULES, SIZES[:4]]
    param_names = ["rule", "size"]
    unit = "bytes"

    def track_new_bytes(self, rule: str, size: int) -> int:
        return new_bytes(BY_NAME[rule], [(size,)])

    def track_peak_bytes(self, rule: str, size: int) -> int:
        return peak_bytes(BY_NAME[rule], [(size,)])


class PeakMemory(Timed):
    """Of a process that takes some steps: interpreter, parameter, gradient, state."""

    params = [["adamw"], [1_000, 1_000_000, 20_000_000], ["fastgd", "numpy", "torch", "torch fused"]]
    param_names = ["rule", "size", "library"]

    def setup(self, rule: str, size: int, library: str) -> None:
        self.build(library, rule, [(size,)])

    def peakmem_step(self, *_: object) -> None:
        self.step()


class Import:
    """In a fresh interpreter."""

    repeat = (5, 10, 5.0)
    number = 1

    def setup(self) -> None:
        # asv takes PYTHONPATH away, without which the other interpreter would not find a checkout.
        os.environ["PYTHONPATH"] = str(Path(fastgd.__file__).parents[1])

    def timeraw_import(self) -> str:
        return "import fastgd"

    def timeraw_import_numpy(self) -> str:
        return "import numpy"
