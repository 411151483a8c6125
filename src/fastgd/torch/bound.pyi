from typing import Any

import torch
from typing_extensions import disjoint_base

from fastgd.engine.reader import Reader
from fastgd.optimizers.base import Optimizer
from fastgd.torch.clock import Clock
from fastgd.torch.found import Found

@disjoint_base
class Bound(Found):
    def __init__(self, reader: Reader, kind: type[Optimizer], clock: Clock) -> None: ...
    def accumulate_tensors(self, front: Any, groups: Any) -> None: ...
    def step_tensors(self, front: Any, groups: Any, scale: float, zeroes: bool) -> None: ...
    def step_one(self, front: Any, groups: Any, leaf: torch.Tensor, backward: int) -> bool: ...
