"""What the schedule-free optimizers do beyond others: parameters that hold one of two things."""

from typing import Any

import torch

from fastgd.engine.averaged import change
from fastgd.optimizers.schedule_free import IN_EVAL
from fastgd.torch.base import Closure, Optimizer


class ScheduleFreeBase(Optimizer):
    """
    Base of the schedule-free optimizers of `fastgd.torch`; `fastgd.ScheduleFreeSGD` says what y and x are.

    Attributes
    ----------
    training : bool
        Whether the parameters hold y, where they are trained, rather than x, which has been learned. True at first;
        ``"train_mode"`` in the groups, so that checkpoints remember it.
    """

    @property
    def training(self) -> bool:
        return all(group.get("train_mode", True) for group in self.param_groups)

    def eval(self) -> None:
        """Let the parameters hold x, in place; y is kept in `state`, so that `train` brings it back exactly."""
        self._steps.check_plain()
        entries: list[tuple[dict[str, Any], str, Any]] = [(group, "train_mode", False) for group in self.param_groups]
        pairs = []
        for group in self.param_groups:
            momentum = group["momentum"] if "momentum" in group else group["betas"][0]
            for param in group["params"]:
                entry = self.state.get(param, {})
                if "z" in entry and "y" not in entry:
                    y = param.detach().clone()
                    x = y.to(torch.promote_types(y.dtype, torch.float32), copy=True)
                    # x = y + (1 - 1 / momentum) * (z - y), rounded to the parameter's dtype once.
                    x.neg_().add_(entry["z"]).mul_(1.0 - 1.0 / float(momentum)).add_(y)
                    entries.append((entry, "y", y))
                    pairs.append((param.detach(), x))
        self._hold(entries, pairs)

    def train(self) -> None:
        """Let the parameters hold y again, with the bits that they had before `eval`."""
        self._steps.check_plain()
        entries: list[tuple[dict[str, Any], str, Any]] = [(group, "train_mode", True) for group in self.param_groups]
        pairs = []
        for group in self.param_groups:
            for param in group["params"]:
                entry = self.state.get(param, {})
                if "y" in entry:
                    entries.append((entry, "y", None))
                    pairs.append((param.detach(), entry["y"]))
        self._hold(entries, pairs)

    def _hold(self, entries: list[tuple[dict[str, Any], str, Any]], pairs: list[tuple[Any, Any]]) -> None:
        try:
            change(entries, pairs)
        finally:
            self._steps.refresh_copies(self)

    def _step(self, closure: Closure | None = None, zero_grads: bool = False) -> Any:
        if not self.training:
            raise RuntimeError(IN_EVAL)
        return super()._step(closure, zero_grads)

    def _step_in_backward(self, param: torch.Tensor) -> bool:
        if not self.training:
            raise RuntimeError(IN_EVAL)
        return super()._step_in_backward(param)
