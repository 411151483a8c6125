"""Real training of small networks in NumPy, with each library's optimizer."""

from fastgd.tools.bench.training import NETWORKS, Training

from .common import LIBRARIES, RULES


class Train:
    """Passes over the data, and the share of their time that the optimizer takes."""

    params = [RULES, list(NETWORKS), LIBRARIES]
    param_names = ["rule", "network", "library"]
    timeout = 120

    def setup(self, rule: str, network: str, library: str) -> None:
        self.training = Training(library, rule, network)
        self.training.epoch()

    def time_epoch(self, *_: object) -> None:
        self.training.epoch()

    def track_step_share(self, *_: object) -> float:
        return self.training.step_share()

    track_step_share.unit = "of the time"  # type: ignore[attr-defined]
