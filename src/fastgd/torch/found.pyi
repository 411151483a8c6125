from typing import Any

import numpy as np
import torch
from typing_extensions import disjoint_base

from fastgd.engine.reader import Reader
from fastgd.engine.steps import Steps
from fastgd.optimizers.base import Optimizer
from fastgd.torch.clock import Clock
from fastgd.torch.shown import Shown
from fastgd.torch.targets import Targets

COUNT: str

@disjoint_base
class Found(Steps):
    clock: Clock
    shown: Shown
    leaves: list[torch.Tensor]
    targets: Targets
    def __init__(self, reader: Reader, kind: type[Optimizer], clock: Clock) -> None: ...
    def look(self, front: Any) -> None: ...
    def bind_copies(self, front: Any, tensors: list[torch.Tensor | None]) -> None: ...
    def refresh_copies(self, front: Any) -> None: ...
    def number_of(self, leaf: torch.Tensor) -> int: ...
    def may_touch(self, array: np.ndarray) -> bool: ...
    def written_arrays(self) -> list[np.ndarray]: ...
    def find(self, front: Any, copying: bool = False) -> None: ...
    def find_loaded(self, front: Any, remembered: list[dict[str, Any]]) -> None: ...
