from typing import Any

import torch
from typing_extensions import disjoint_base

from fastgd.engine.reader import Reader
from fastgd.engine.steps import Steps
from fastgd.optimizers.base import Optimizer
from fastgd.torch.shown import Shown

@disjoint_base
class Bound(Steps):
    shown: Shown
    leaves: list[torch.Tensor]
    def __init__(self, reader: Reader, kind: type[Optimizer]) -> None: ...
    def look(self, front: Any) -> None: ...
    def number_of(self, leaf: torch.Tensor) -> int: ...
    def find(self, front: Any, copying: bool = False) -> None: ...
    def step_tensors(self, front: Any, groups: Any, scale: float, zeroes: bool) -> None: ...
    def step_one(self, front: Any, groups: Any, leaf: torch.Tensor, backward: int) -> bool: ...
