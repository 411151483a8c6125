"""What Adafactor does beyond others: moments of rows and columns, which have another shape than their parameter."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from fastgd.optimizers.adafactor import begun, update
from fastgd.torch.base import Closure, Optimizer

MOMENTS = ("row_var", "col_var", "variance")


class AdafactorBase(Optimizer):
    """Base of `fastgd.torch.Adafactor`."""

    def _step(self, closure: Closure | None = None) -> Any:
        completed = self._steps.completed
        loss = super()._step(closure)
        if self._steps.completed != completed:
            for i in self._steps.updated():
                self._update(i)
        return loss

    def _step_in_backward(self, param: torch.Tensor) -> bool:
        completed = self._steps.completed
        known = super()._step_in_backward(param)
        if self._steps.completed != completed:
            self._update(next(i for i, leaf in enumerate(self._steps.leaves) if leaf is param))
        return known

    def _update(self, i: int) -> None:
        leaf, param = self._steps.leaves[i], self._steps.params[i]
        steps, _ = self._steps.progress(i)
        entry = self.state[leaf]
        for name, array in begun(param).items():
            if entry.get(name) is None:
                entry[name] = torch.from_numpy(array)
        number, _ = self._steps.place_of(i)
        values = dict(zip(self._numpy.checks, self._steps.plain(number), strict=True))
        moments = {name: entry[name].detach().numpy() for name in begun(param)}
        grad = np.asarray(leaf.grad.detach().resolve_neg())
        update(param, grad, moments, steps, values, self._steps.treatment())

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        super().load_state_dict(state_dict)
        for entry in self.state.values():
            for name in MOMENTS:
                if entry.get(name) is not None:
                    entry[name] = entry[name].contiguous().clone()
