"""Clipping by the global norm together with the update."""

from fastgd.tools.bench.workloads import WORKLOADS

from .common import SIZES, Timed

LIBRARIES = ["fastgd", "numpy", "torch", "torch foreach", "torch fused"]


class Clip(Timed):
    params = [["adam"], SIZES, LIBRARIES]
    param_names = ["rule", "size", "library"]

    def setup(self, rule: str, size: int, library: str) -> None:
        self.build(library, rule, [(size,)], clip=1.0)

    def time_clip_and_step(self, *_: object) -> None:
        self.step()


class ClipMany(Timed):
    params = [["adam"], list(WORKLOADS), LIBRARIES]
    param_names = ["rule", "parameters", "library"]

    def setup(self, rule: str, parameters: str, library: str) -> None:
        self.build(library, rule, WORKLOADS[parameters], clip=1.0)

    def time_clip_and_step(self, *_: object) -> None:
        self.step()
