"""What torch's Adagrad does beyond other optimizers: its state exists from the start."""

from typing import Any, ClassVar

import numpy as np
import torch

from fastgd import validation
from fastgd.engine.formats import Storage
from fastgd.engine.plan import Group
from fastgd.hyperparameters import Check
from fastgd.optimizers import state_dict as saved
from fastgd.torch import checks
from fastgd.torch.base import Optimizer


class Initial(Check):
    """What the state begins with. It is there before the first step, so that C has nothing to add: it gets 0."""

    def __call__(self, name: str, value: object) -> float:
        return validation.nonnegative(name, value)

    def doubles(self, value: Any) -> tuple[float, ...]:
        return (0.0,)


class AdagradBase(Optimizer):
    """Base of `fastgd.torch.Adagrad`; as in torch, state exists from the start, and may be changed before a step."""

    _own_checks: ClassVar[dict[str, Check]] = {"initial_accumulator_value": Initial("at least 0")}

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        stored = self._storage("", param_group)
        for param in param_group["params"]:
            self._begin(param, param_group, stored)

    def _begin(self, param: torch.Tensor, group: dict[str, Any], stored: Storage) -> None:
        dtype = checks.DTYPES[stored.state_name("sum", checks.name_of(param))]
        initial = torch.full_like(param.detach(), group["initial_accumulator_value"], dtype=dtype)
        self.state[param] = dict(step=torch.zeros((), device="cpu"), sum=initial)

    def _begin_all(self) -> None:
        """Give every parameter the state that it lacks, in one pass however many of them do."""
        for group in self.param_groups:
            stored = self._storage("", group)
            for param in group["params"]:
                if not self.state.get(param):
                    self._begin(param, group, stored)

    def _entry(
        self, i: int, param: torch.Tensor, array: np.ndarray, slots: Group, shown: tuple[str, ...], copying: bool
    ) -> saved.Entry:
        if not self.state.get(param):
            self._begin_all()
        return super()._entry(i, param, array, slots, shown, copying)

    def share_memory(self) -> None:
        """Let processes share the sums, as in torch: each of them changes those of all."""
        for group in self.param_groups:
            for param in group["params"]:
                self.state[param]["sum"].share_memory_()
