import numpy as np
from typing_extensions import disjoint_base

from fastgd.engine.plan import Plan

@disjoint_base
class Following(Plan):
    def show(self, averages: bool) -> None: ...
    def gradient(self, i: int) -> np.ndarray: ...
