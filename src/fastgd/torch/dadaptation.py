"""What the optimizers that find their rate have beyond others: the rate."""

from fastgd.torch.base import Optimizer


class DadaptationBase(Optimizer):
    """Base of `fastgd.torch.Prodigy` and `fastgd.torch.DAdaptAdam`."""

    @property
    def d(self) -> float:
        """The rate that has been found: the first parameter's, which all with the same steps have."""
        group = self.param_groups[0]
        return float(self.state.get(group["params"][0], {}).get("d", group["d0"]))
