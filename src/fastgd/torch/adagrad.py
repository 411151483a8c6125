"""What torch's Adagrad does beyond other optimizers: its state exists from the start."""

from typing import Any

import torch

from fastgd.torch import checks
from fastgd.torch.base import Optimizer


class AdagradBase(Optimizer):
    """Base of `fastgd.torch.Adagrad`; as in torch, state exists from the start."""

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        stored = self._storage("", param_group)
        for param in param_group["params"]:
            dtype = checks.DTYPES[stored.state_name("sum", checks.name_of(param))]
            initial = torch.full_like(param.detach(), param_group["initial_accumulator_value"], dtype=dtype)
            self.state[param].update(step=torch.zeros((), device="cpu"), sum=initial)

    def share_memory(self) -> None:
        """
        Refuse: several processes cannot share this optimizer's state.

        Raises
        ------
        RuntimeError
            Always.
        """
        raise RuntimeError("the state of fastgd.torch.Adagrad cannot be shared by processes; use torch.optim.Adagrad")
