import numpy as np
from typing_extensions import disjoint_base

from fastgd.engine.plan import Plan

AVERAGE: str

CHANGED_SINCE: str

@disjoint_base
class Following(Plan):
    averaged: bool
    window: int
    def batches(self) -> str: ...
    def forget_sums(self) -> None: ...
    def set_copies(self, arrays: list[np.ndarray | None]) -> None: ...
    def show(self, averages: bool) -> None: ...
    def gradient(self, i: int) -> np.ndarray: ...
