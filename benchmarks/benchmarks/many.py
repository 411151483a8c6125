"""Many parameters, one step."""

from fastgd.tools.bench.workloads import WORKLOADS

from .common import LIBRARIES, RULES, Timed


class Many(Timed):
    params = [RULES, list(WORKLOADS), LIBRARIES]
    param_names = ["rule", "parameters", "library"]

    def setup(self, rule: str, parameters: str, library: str) -> None:
        self.build(library, rule, WORKLOADS[parameters])

    def time_step(self, *_: object) -> None:
        self.step()
