from typing import Any

import torch

from fastgd.engine.steps import Steps

class Bound(Steps):
    leaves: list[torch.Tensor]
    def find(self, front: Any) -> None: ...
    def step_tensors(self, front: Any, groups: Any, state: Any, scale: float) -> None: ...
    def step_one(self, front: Any, groups: Any, state: Any, leaf: torch.Tensor, backward: int) -> bool: ...
