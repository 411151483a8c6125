"""What the torch classes share whose compiled step is not all of a step."""

from typing import Any

import torch

from fastgd.torch.base import Closure, Optimizer


class Finishing(Optimizer):
    """Base of classes that go on, parameter by parameter, where the compiled step has counted a step."""

    def _finish(self, i: int) -> None:
        """What is left of the step of parameter `i`."""
        raise NotImplementedError

    def _step(self, closure: Closure | None = None, zero_grads: bool = False) -> Any:
        completed = self._steps.completed
        loss = super()._step(closure, zero_grads)
        if self._steps.completed != completed:
            self._steps.finish_step(self._finish)
        return loss

    def _step_in_backward(self, param: torch.Tensor) -> bool:
        completed = self._steps.completed
        known = super()._step_in_backward(param)
        if self._steps.completed != completed:
            self._steps.finish_step(self._finish, [self._steps.number_of(param)])
        return known
