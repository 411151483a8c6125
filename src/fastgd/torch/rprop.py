"""What Rprop's rule does beyond others: it begins its state itself, so that there can be none before."""

from fastgd.torch.base import Optimizer


class RpropBase(Optimizer):
    """Base of `fastgd.torch.Rprop`."""

    def _check_beginning(self, label: str) -> None:
        raise ValueError(f"{label}['step']: expected at least 1, got 0; Rprop begins its state in the first step")
