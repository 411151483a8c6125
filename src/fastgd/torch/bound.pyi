from typing import Any

import torch
from typing_extensions import disjoint_base

from fastgd.engine.reader import Reader
from fastgd.engine.steps import Steps
from fastgd.optimizers.base import Optimizer
from fastgd.torch.clock import Clock
from fastgd.torch.shown import Shown

IN_USE: str

@disjoint_base
class Bound(Steps):
    clock: Clock
    shown: Shown
    leaves: list[torch.Tensor]
    def __init__(self, reader: Reader, kind: type[Optimizer], clock: Clock) -> None: ...
    def number_of(self, leaf: torch.Tensor) -> int: ...
    def find(self, front: Any, copying: bool = False) -> None: ...
    def find_loaded(self, front: Any, remembered: list[dict[str, Any]]) -> None: ...
    def step_tensors(self, front: Any, groups: Any, scale: float) -> None: ...
    def step_one(self, front: Any, groups: Any, leaf: torch.Tensor, backward: int) -> bool: ...
