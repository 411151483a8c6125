import numpy as np
from typing_extensions import disjoint_base

from fastgd.engine.measured import Measured

AVERAGE: str

CHANGED_SINCE: str

@disjoint_base
class Following(Measured):
    averaged: bool
    window: int
    def batches(self) -> str: ...
    def forget_sums(self) -> None: ...
    def set_copies(self, arrays: list[np.ndarray | None]) -> None: ...
    def show(self, averages: bool) -> None: ...
    def gradient(self, i: int) -> np.ndarray: ...
